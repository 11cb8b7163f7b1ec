package httpwire

import "twinspect.dev/capture"

// record is an exchange in the making.
type record struct {
	capture.Exchange
	reqSeen, respSeen bool  // the half began
	reqDone, respDone bool  // the half is over
	reqCut            bool  // the head of the request is not whole
	reqStart, reqEnd  int64 // where the request lies in its direction
	answersAt         int64 // what the client had of the responses when it began the request, -1 unknown
	sync              bool  // the request begins at a certain message boundary
	held              int   // bytes that the record holds
	first             bool  // no response byte had been seen when the request began
	vague             bool  // it is in doubt whether the request begins here
}

// The pool keeps at most maxPool records, and no body buffer above maxKept: 64
// times 256 KiB is 16 MiB. Larger bodies are rare and left to the collector, as
// are headers of more than maxFields fields, 8 KiB of them.
const (
	maxPool   = 64
	maxKept   = 256 << 10
	maxFields = 256
)

func (p *Parser) record() *record {
	p.exchanges.Seen++
	p.exchanges.Open++
	n := len(p.pool)
	if n == 0 {
		return &record{}
	}
	r := p.pool[n-1]
	p.pool = p.pool[:n-1]
	return r
}

// hold counts bytes that a record keeps until it is taken.
func (p *Parser) hold(r *record, n int) {
	r.held += n
	p.held += n
}

// recycle takes back the record that the last Next gave out. Headers and bodies
// keep their memory; strings are never shared.
func (p *Parser) recycle() {
	r := p.taken
	p.taken = nil
	if r != nil {
		p.held -= r.held
		p.queued -= r.held
	}
	if r == nil || len(p.pool) >= maxPool {
		return
	}
	req, resp := emptied(&r.Request.Message), emptied(&r.Response.Message)
	*r = record{}
	r.Request.Message, r.Response.Message = req, resp
	p.pool = append(p.pool, r)
}

func emptied(m *capture.Message) capture.Message {
	clear(m.Header)
	var e capture.Message
	if cap(m.Header) <= maxFields {
		e.Header = m.Header[:0]
	}
	if cap(m.Body) <= maxKept {
		e.Body = m.Body[:0]
	}
	return e
}

// emit puts a finished exchange where Next finds it.
func (c *Conn) emit(r *record) {
	if !r.reqSeen {
		r.Request.Incomplete = capture.Unseen
	}
	if !r.respSeen {
		r.Response.Incomplete = capture.Unseen
	}
	c.p.messages.count(r.Request.Incomplete, r.reqSeen)
	c.p.messages.count(r.Response.Incomplete, r.respSeen)
	c.p.ready = append(c.p.ready, r)
	c.p.queued += r.held
}

// settle emits a record whose two halves are over.
func (c *Conn) settle(r *record) {
	if r.reqDone && r.respDone {
		c.emit(r)
	}
}
