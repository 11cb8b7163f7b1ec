package tlswire

import "twinspect.dev/capture"

const (
	// maxSlack is how many sequence numbers beyond the least possible one are
	// tried after a gap. A gap in a stream of full records, with 22 bytes of
	// at most 2053 additional ones, takes 1 in 9 more numbers than the least:
	// enough for 600 MB; of records as small as 100 bytes, for 400 kB.
	maxSlack = 4096
	// maxVain is how many bytes are opened in vain before a direction is given
	// up, about a tenth of a second of GCM at 2 GB/s: 4 full records with all
	// of maxSlack. Slower algorithms have less, see suite.vain.
	maxVain = 256 << 20
	// maxEpochs is how far ahead a key is sought: a gap may hide the end of
	// early data and of the handshake.
	maxEpochs = 4
)

// found is an authentic record.
type found struct {
	epoch int // ahead of the current one
	seq   uint64
	plain []byte
}

// record deals with a record that begins where it is expected; h.pos is behind
// it.
func (h *half) record(b []byte) {
	if h.unprotected(b) {
		h.clear(b)
		return
	}
	if f, ok := h.prove(b); ok {
		h.accept(b, f)
		return
	}
	h.refuse(b)
}

// unprotected reports whether a record is one that is never encrypted: in TLS
// 1.3 all but those of application data, in TLS 1.2 those before the
// ChangeCipherSpec.
func (h *half) unprotected(b []byte) bool {
	return b[0] != typeApplication && (h.plan.version == tls13 || h.epochs[0].kind == inClear)
}

func (h *half) clear(b []byte) {
	switch b[0] {
	case typeChangeCipherSpec:
		h.c.d.filter(ChangeCipherSpec, 1)
		if h.plan.version == tls12 {
			h.loss = loss{} // handshake alone
			h.advance(1, 0)
		}
	case typeAlert:
		h.c.d.filter(Alert, 1)
	default:
		h.learn(b)
		h.c.d.filter(Handshake, 1)
	}
}

// prove finds the epoch and the sequence number of a record.
func (h *half) prove(b []byte) (found, bool) {
	for i := range maxEpochs {
		e := h.ahead(i)
		if e == nil {
			break
		}
		if e.opener == nil {
			continue
		}
		from, slack := uint64(0), min(maxSlack, h.loss.slack(e.opener.overhead()))
		if i == 0 {
			from = h.seq + h.loss.least()
		}
		for seq := from; seq <= from+slack && h.budget > 0; seq++ {
			plain, err := e.opener.open(h.c.d.scratch[:0], seq, b)
			if err == nil {
				return found{epoch: i, seq: seq, plain: plain}, true
			}
			h.budget -= int64(len(b))
		}
	}
	return found{}, false
}

// advance makes the i-th epoch the current one, which expects seq.
func (h *half) advance(i int, seq uint64) {
	h.epochs = append(h.epochs[:0:0], h.epochs[i:]...)
	h.seq = seq
}

// accept takes an authentic record, after the gap that it proves.
func (h *half) accept(b []byte, f found) {
	if h.resumption != nil {
		h.remember()
	}
	h.settle(f)
	if f.epoch > 0 {
		h.advance(f.epoch, 0)
	}
	h.seq = f.seq + 1
	h.budget = h.plan.suite.vain()
	typ, plain := b[0], f.plain
	if h.plan.version == tls13 {
		typ, plain = unwrap(plain)
	}
	h.deliver(typ, plain)
}

// settle counts and tells what was lost before an authentic record.
func (h *half) settle(f found) {
	if h.loss.bytes == 0 {
		h.loss = loss{}
		return
	}
	was, is := h.epochs[0].kind, h.epochs[f.epoch]
	lost := f.seq
	if f.epoch == 0 {
		lost -= h.seq
	} else if was == application || was == early {
		lost++ // at least the record that ended it
	}
	h.c.d.drop(LostRecord, max(lost, h.loss.counted, 1)-h.loss.counted)
	switch {
	case f.epoch == 0 && was == handshake, is.kind == handshake && was != early:
		lost = 0
	case was == inClear && h.plan.version == tls12 && lost > 0:
		lost-- // Finished
	}
	n := h.loss.plain(lost, is.opener.overhead())
	if was != application || f.epoch == 0 {
		n = min(n, int64(lost)*maxPlain)
	}
	h.tell(n)
}

// unwrap takes the content type and the padding off the inner plaintext of TLS
// 1.3 (RFC 8446 section 5.4). Type 0 means that there is none.
func unwrap(b []byte) (uint8, []byte) {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0 {
			return b[i], b[:i]
		}
	}
	return 0, nil
}

// deliver counts an authentic record and hands its application data on.
func (h *half) deliver(typ uint8, plain []byte) {
	d := h.c.d
	switch {
	case typ == typeApplication:
		h.give(plain)
	case typ == typeAlert:
		d.filter(Alert, 1)
	case typ == typeHandshake:
		d.filter(handshakeReason(plain), 1)
	case typ == typeChangeCipherSpec:
		d.filter(ChangeCipherSpec, 1)
		h.kill(Renegotiated)
	default:
		d.drop(Malformed, 1)
	}
}

func handshakeReason(message []byte) capture.Reason {
	switch {
	case len(message) == 0:
	case message[0] == sessionTicketMessage:
		return SessionTicket
	case message[0] == keyUpdateMessage:
		return KeyUpdate
	}
	return Handshake
}

// refuse deals with a record that nothing authenticates.
func (h *half) refuse(b []byte) {
	opening := h.epochs[0].kind == inClear && h.loss.bytes == 0
	switch {
	case opening && h.plan.early == earlyRejected:
		h.c.d.filter(RejectedEarly, 1)
	case opening && h.plan.early == earlyUnknown:
		h.lose(EarlyUndecided, capture.Gap, int64(len(b)))
		h.tell(h.loss.guess(h.overhead()))
	case opening && h.plan.version == tls13 && h.ahead(1).kind == application:
		h.c.d.filter(Handshake, 1) // of which the key log has no secret
	default:
		h.lose(Undecryptable, capture.Gap, int64(len(b)))
	}
	if h.budget <= 0 {
		h.kill(Unsynchronised)
	}
}

// kill gives the direction up. What is missing so far is told at once, what
// follows at the end.
func (h *half) kill(reason capture.Reason) {
	h.free()
	h.c.d.drop(reason, 1)
	h.dead, h.search = true, false
	h.tell(h.loss.guess(h.overhead()))
	h.loss.blame(capture.Gap)
}

// overhead is that of the records to come.
func (h *half) overhead() int {
	for i := range maxEpochs {
		if e := h.ahead(i); e != nil && e.opener != nil {
			return e.opener.overhead()
		}
	}
	return 0
}
