package tlswire

import (
	"time"

	"twinspect.dev/capture"
)

// half is one direction of a connection that is decrypted.
type half struct {
	c     *Conn
	plan  *plan
	dir   int
	other *half

	pos   int64 // of the next ciphertext byte
	plain int64 // of the next plaintext byte, gaps included
	marks marks
	at    time.Time
	acked int64 // of the first byte of the record at hand

	buf    []byte // the beginning of a record, or what is searched
	skip   int64  // what is still to come of a record with a gap
	search bool   // it is not known where the next record begins
	dead   bool   // given up

	epochs []epoch // the first is the current one
	seq    uint64  // of its next record, unless some were lost
	loss   loss
	// budget is how many bytes may be opened in vain until a record is proven.
	budget int64
	// resumption, of a server of TLS 1.2 until its first protected record.
	resumption *resumption
}

// newHalves returns both directions of a session.
func newHalves(c *Conn, p *plan, client int) (*[2]half, error) {
	var h [2]half
	for dir := range h {
		list, err := p.epochs(dir == client)
		if err != nil {
			return nil, err
		}
		h[dir] = half{c: c, plan: p, dir: dir, other: &h[1-dir], epochs: append([]epoch{{}}, list...), budget: p.suite.vain()}
		if p.version == tls12 && dir != client {
			h[dir].resumption = newResumption(p)
		}
	}
	return &h, nil
}

// data takes the next bytes.
func (h *half) data(at time.Time, acked int64, p []byte) {
	h.at = at
	for len(p) > 0 {
		if len(h.buf) == 0 {
			h.acked = acked
		}
		n := h.step(p)
		p = p[n:]
	}
}

// step takes the beginning of p and returns how much of it.
func (h *half) step(p []byte) int {
	switch {
	case h.dead:
		h.pos += int64(len(p))
		h.loss.bytes += int64(len(p))
		return len(p)
	case h.skip > 0:
		n := min(h.skip, int64(len(p)))
		h.skip -= n
		h.pos += n
		return int(n)
	case h.search:
		return h.find(p)
	}
	return h.collect(p)
}

// collect takes records that begin where they are expected, those that are
// whole in p without copying them.
func (h *half) collect(p []byte) int {
	if len(h.buf) == 0 && len(p) >= headerSize {
		n, ok := recordSize(p)
		if !ok {
			h.stray()
			return 0
		}
		if n <= len(p) {
			h.pos += int64(n)
			h.record(p[:n])
			return n
		}
	}
	if h.buf == nil && !h.allot(p) {
		return 0
	}
	want := headerSize
	if len(h.buf) >= headerSize {
		want, _ = recordSize(h.buf)
	}
	n := min(want-len(h.buf), len(p))
	h.buf = append(h.buf, p[:n]...)
	h.pos += int64(n)
	if len(h.buf) < headerSize {
		return n
	}
	size, ok := recordSize(h.buf)
	switch {
	case !ok:
		h.stray()
	case len(h.buf) == size:
		b := h.buf
		h.buf = nil
		h.record(b)
		h.c.d.release(b)
	}
	return n
}

// allot gets a buffer. Where there is no room, the record that p begins is
// lost.
func (h *half) allot(p []byte) bool {
	if h.buf = h.c.d.buffer(); h.buf != nil {
		return true
	}
	if len(p) >= headerSize {
		n, _ := recordSize(p)
		h.lose(MemoryLimit, capture.Evicted, int64(n))
		h.skip = int64(n)
		return false
	}
	h.loss.why = capture.Evicted
	h.search = true
	return false
}

// free gives the buffer back.
func (h *half) free() {
	if h.buf != nil {
		h.c.d.release(h.buf)
		h.buf = nil
	}
}

// stray deals with bytes that are no record where one should begin.
func (h *half) stray() {
	h.c.d.drop(Malformed, 1)
	h.loss.counted++
	h.loss.blame(capture.Gap)
	h.search = true
}

// gap goes over n missing bytes.
func (h *half) gap(at time.Time, n int64, why capture.Incomplete) {
	h.at = at
	if h.search {
		h.scan(true)
	}
	h.pos += n
	h.loss.blame(why)
	switch {
	case h.dead:
		h.loss.bytes += n
		return
	case h.skip > 0:
		n -= h.skip
		h.skip = max(-n, 0)
	case len(h.buf) >= headerSize:
		size, _ := recordSize(h.buf)
		n -= int64(size - len(h.buf))
		h.skip = max(-n, 0)
		h.lose(LostRecord, why, int64(size))
		h.free()
	}
	if n > 0 {
		h.loss.bytes += int64(len(h.buf)) + n
		h.free()
		h.search = true
	}
}

// lose counts a record of a known length as lost. Whether it took a sequence
// number, the next one will show.
func (h *half) lose(reason capture.Reason, why capture.Incomplete, size int64) {
	h.c.d.drop(reason, 1)
	h.loss.blame(why)
	h.loss.bytes += size
	h.loss.counted++
}

// end tells what is missing at the end: where the sender closed, a record that
// is cut is missing to those who take the end for that of a message.
func (h *half) end(at time.Time, why capture.Incomplete) {
	h.at = at
	if h.search {
		h.scan(true)
	}
	h.loss.bytes -= h.skip // never came
	h.skip = 0
	if len(h.buf) > 0 {
		h.c.d.drop(Truncated, 1)
		if why == capture.Closed && h.epochs[0].kind == application && h.buf[0] == typeApplication {
			h.loss.blame(why)
			h.loss.bytes += int64(len(h.buf))
			h.loss.counted++
		}
		h.free()
	}
	if h.loss.bytes > 0 && !h.dead {
		h.c.d.drop(LostRecord, max(1, h.loss.counted)-h.loss.counted)
	}
	h.tell(h.loss.guess(h.overhead()))
}

// ahead returns the i-th epoch from the current one, or nil.
func (h *half) ahead(i int) *epoch {
	for len(h.epochs) <= i {
		next, ok := h.plan.update(h.epochs[len(h.epochs)-1])
		if !ok {
			return nil
		}
		h.epochs = append(h.epochs, next)
	}
	return &h.epochs[i]
}

// tell gives the consumer a gap of n plaintext bytes.
func (h *half) tell(n int64) {
	why := h.loss.why
	h.loss = loss{}
	if n <= 0 {
		return
	}
	h.plain += n
	h.c.next.Gap(h.dir, h.at, n, why)
}

// give hands plaintext on.
func (h *half) give(p []byte) {
	h.c.d.write()
	if len(p) == 0 {
		return
	}
	acked := h.acked
	if acked >= 0 {
		acked = h.other.marks.at(acked)
	}
	h.plain += int64(len(p))
	h.marks.add(mark{cipher: h.pos, plain: h.plain})
	h.c.next.Data(h.dir, h.at, acked, p)
}
