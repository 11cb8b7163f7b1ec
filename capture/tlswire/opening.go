package tlswire

import (
	"bytes"
	"time"

	"twinspect.dev/capture"
)

const (
	// maxHeld is how many bytes of a connection wait for its ServerHello and
	// its secrets: a handshake with long certificate chains, and a little of
	// what follows.
	maxHeld = 64 << 10
	// maxHeldTotal bounds what all connections hold back, these bytes and
	// records that have not ended: 2048 handshakes, 14000 records.
	maxHeldTotal = 256 << 20
	// eventCost is what an event takes besides its bytes.
	eventCost = 96
)

// event is one call of a Consumer.
type event struct {
	kind  eventKind
	dir   int
	at    time.Time
	acked int64
	n     int64 // bytes of data, or missing
	why   capture.Incomplete
}

type eventKind uint8

const (
	dataEvent eventKind = iota
	gapEvent
	endEvent
)

// opening is a connection of which it is not known yet what is to be done with
// it. It keeps everything, for either.
type opening struct {
	events []event
	bytes  [2][]byte // of all data events
	whole  [2]int    // how many of them came before a gap, -1 for all
	ended  int
	cost   int
	client int // -1 while unknown
	ch     *clientHello
	sh     *serverHello
}

func newOpening() *opening { return &opening{client: -1, whole: [2]int{-1, -1}} }

func (o *opening) add(e event, p []byte) {
	if !o.extends(e) {
		o.events = append(o.events, e)
		o.cost += eventCost
	}
	o.cost += len(p)
	switch e.kind {
	case dataEvent:
		o.bytes[e.dir] = append(o.bytes[e.dir], p...)
	case gapEvent:
		if o.whole[e.dir] < 0 {
			o.whole[e.dir] = len(o.bytes[e.dir])
		}
	case endEvent:
		o.ended++
	}
}

// extends joins data to the event before it where nothing tells them apart, so
// that small cuts take no more room than large ones.
func (o *opening) extends(e event) bool {
	if len(o.events) == 0 || e.kind != dataEvent {
		return false
	}
	last := &o.events[len(o.events)-1]
	if last.kind != dataEvent || last.dir != e.dir || last.acked != e.acked || !last.at.Equal(e.at) {
		return false
	}
	last.n += e.n
	return true
}

// lead returns what an end sent up to the first gap, and whether more of it may
// come.
func (o *opening) lead(dir int) ([]byte, bool) {
	if n := o.whole[dir]; n >= 0 {
		return o.bytes[dir][:n], false
	}
	return o.bytes[dir], o.ended < 2
}

// judge decides: a plan, or a reason to pass the connection on, or neither yet.
func (o *opening) judge(keys *KeyLog) (*plan, capture.Reason) {
	if o.client < 0 {
		if reason := o.findClient(); o.client < 0 {
			return nil, reason
		}
	}
	if o.sh == nil {
		if reason := o.readHellos(); o.sh == nil {
			return nil, reason
		}
	}
	p := &plan{
		version: o.sh.version, suite: lookupSuite(o.sh.version, o.sh.suite),
		clientRandom: o.ch.random, serverRandom: o.sh.random, etm: o.sh.etm,
	}
	p.name, p.named = o.sh.name(o.ch)
	if p.secrets = o.secrets(keys, p); p.secrets == nil {
		if !keys.grows() || o.ended == 2 {
			return nil, NoSecret
		}
		return nil, ""
	}
	if o.ch.early && !o.judgeEarly(p) {
		return nil, ""
	}
	return p, ""
}

// secrets returns those of the session: of this connection, or of one that it
// resumes.
func (o *opening) secrets(keys *KeyLog, p *plan) *session {
	if s := keys.lookup(p.clientRandom, p.enough); s != nil || !p.named || !o.sh.resumes(o.ch) {
		return s
	}
	return keys.resumed(p.name)
}

// findClient looks who begins with a ClientHello.
func (o *opening) findClient() capture.Reason {
	first := o.first()
	lead, more := o.lead(first)
	switch judgeBeginning(lead) {
	case helloBegins:
		o.client = first
	case recordBegins:
		return MidConnection
	case noTLS:
		return NotTLS
	default:
		if !more || len(o.bytes[1-first]) > 0 {
			return NotTLS
		}
	}
	return ""
}

// first returns the end of which something was seen first.
func (o *opening) first() int {
	for _, e := range o.events {
		if e.kind != endEvent {
			return e.dir
		}
	}
	return 0
}

// readHellos reads the first handshake message of either end. It returns why
// they will not come, or cannot be used.
func (o *opening) readHellos() capture.Reason {
	for o.ch == nil {
		lead, more := o.lead(o.client)
		message, ok := firstMessage(lead)
		if message == nil {
			return o.wait(ok, more)
		}
		if o.ch, ok = parseClientHello(message); !ok {
			o.ch = nil
			return Malformed
		}
	}
	lead, more := o.lead(1 - o.client)
	message, ok := firstMessage(lead)
	if message == nil {
		return o.wait(ok, more)
	}
	h, ok := parseServerHello(message)
	if !ok {
		return Malformed
	}
	if reason := support(h); reason != "" {
		return reason
	}
	o.sh = h
	return ""
}

// wait says why a message that is not whole never will be.
func (o *opening) wait(ok, more bool) capture.Reason {
	switch {
	case !ok:
		return Malformed
	case more:
		return ""
	case o.whole[0] >= 0 || o.whole[1] >= 0:
		return HandshakeLost
	}
	return NoServerHello
}

// judgeEarly finds out whether 0-RTT data was accepted, which the server says
// in its first encrypted record. It is false while that is not there.
func (o *opening) judgeEarly(p *plan) bool {
	if p.version != tls13 || o.sh.retry() {
		p.early = earlyRejected
		return true
	}
	p.early = earlyUnknown
	b, more := o.lead(1 - o.client)
	for {
		record, rest, whole, ok := nextRecord(b)
		if !ok || !whole {
			return !ok || !more
		}
		if record[0] == typeApplication {
			p.early = readEarly(p, record)
			return true
		}
		b = rest
	}
}

func readEarly(p *plan, record []byte) earlyData {
	list, err := p.epochs(false)
	if err != nil || len(list) == 0 || list[0].kind != handshake {
		return earlyUnknown
	}
	plain, err := list[0].opener.open(nil, 0, record)
	if err != nil {
		return earlyUnknown
	}
	accepted, ok := acceptsEarlyData(bytes.TrimRight(plain, "\x00"))
	switch {
	case !ok:
		return earlyUnknown
	case accepted && p.secrets.get(clientEarly) == nil:
		return earlyUnknown
	case accepted:
		return earlyAccepted
	}
	return earlyRejected
}

// overdue says for what the connection waited too long.
func (o *opening) overdue() capture.Reason {
	if o.sh == nil {
		return NoServerHello
	}
	return NoSecret
}

// replay makes the calls that were held back.
func (o *opening) replay(to Consumer) {
	for _, e := range o.events {
		switch e.kind {
		case dataEvent:
			p := o.bytes[e.dir][:e.n]
			o.bytes[e.dir] = o.bytes[e.dir][e.n:]
			to.Data(e.dir, e.at, e.acked, p)
		case gapEvent:
			to.Gap(e.dir, e.at, e.n, e.why)
		case endEvent:
			to.End(e.dir, e.at, e.why)
		}
	}
}
