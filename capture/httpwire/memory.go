package httpwire

import "twinspect.dev/capture"

// fieldCost is what a header field takes in bytes beside its text: two strings.
const fieldCost = 32

// headerCost is what the fields of HTTP/2 take, each of which has its own text.
func headerCost(h capture.Header) int {
	n := fieldCost * cap(h)
	for i := range h {
		n += len(h[i].Name) + len(h[i].Value)
	}
	return n
}

// maxIdle is the largest buffer that a direction keeps while it holds nothing: a
// head with cookies fits.
const maxIdle = 16 << 10

// maxVisits bounds how many connections are looked at for memory at once. Each
// time that a segment comes, it is far more than a segment can fill.
const maxVisits = 64

// full reports whether no more memory is to be held.
func (p *Parser) full() bool { return p.held >= p.cfg.MaxMemory }

// tight reports whether exchanges under way and unfinished heads fill seven
// eighths of the memory. The last eighth is for those that are ready, and for what
// a segment brings.
func (p *Parser) tight() bool {
	return p.held-p.queued > p.cfg.MaxMemory-p.cfg.MaxMemory/8
}

// enlist puts a connection at the end of those that are asked for memory.
func (p *Parser) enlist(c *Conn) {
	c.older, c.newer = p.newest, nil
	if p.newest == nil {
		p.oldest = c
	} else {
		p.newest.newer = c
	}
	p.newest = c
}

func (p *Parser) delist(c *Conn) {
	if c.older == nil {
		p.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		p.newest = c.older
	} else {
		c.newer.older = c.older
	}
}

// relieve makes connections give up what they hold, those first that have been
// silent since they were last looked at.
func (p *Parser) relieve() {
	for visits := 0; visits < maxVisits && p.oldest != nil && p.tight(); visits++ {
		c := p.oldest
		p.delist(c)
		p.enlist(c)
		if c.talked {
			c.talked = false
			continue
		}
		c.shed()
		c.weigh()
	}
}

// weigh counts what the connection holds outside of exchanges: unfinished heads
// and the tables of HTTP/2. Buffers that are idle and large are given back.
func (c *Conn) weigh() {
	n := 0
	for d := range c.side {
		s := &c.side[d]
		if len(s.buf) == 0 && cap(s.buf) > maxIdle {
			s.buf = nil
		}
		n += cap(s.buf)
	}
	if c.h2 != nil {
		n += c.h2.half[0].table.Memory() + c.h2.half[1].table.Memory()
	}
	c.p.held += n - c.weight
	c.weight = n
}

// settleMemory counts what the last bytes have added, and makes room.
func (c *Conn) settleMemory() {
	c.talked = true
	c.weigh()
	if c.p.tight() {
		c.p.relieve()
	}
}

// release ends the account of a connection that is over.
func (c *Conn) release() {
	for d := range c.side {
		c.side[d].buf = nil
	}
	c.p.held -= c.weight
	c.weight = 0
	c.p.delist(c)
}

// shed gives up what the connection holds: of HTTP/2 the oldest stream, or what
// is left once there is none; else the messages under way and the requests that
// wait. It is then read on as after a loss.
func (c *Conn) shed() {
	if c.h2 != nil {
		c.h2.shed()
		return
	}
	for d := range c.side {
		c.interrupt(&c.side[d])
	}
	if c.client >= 0 && (len(c.pending) > 0 || c.side[1-c.client].interim != nil) {
		c.giveUp(&c.side[1-c.client])
		c.doubt, c.lossy = true, true
	}
}

// interrupt ends the message under way in a direction.
func (c *Conn) interrupt(s *stream) {
	switch {
	case s.mode == early:
		c.notEarly(s)
	case s.mode == inHead && len(s.buf) > 0:
		c.abandonHead(s, capture.Evicted)
		c.lose(s)
	case s.rec != nil:
		if s.mode != inLength {
			s.total = -1
		}
		c.finish(s, capture.Evicted)
		s.settleEnd()
		c.lose(s)
	}
}

// shed gives up the oldest stream, or the dynamic tables and header blocks.
func (h *http2) shed() {
	if h.oldest != nil {
		h.abort(h.oldest, capture.Evicted)
		return
	}
	for d := range h.half {
		f := &h.half[d]
		if f.block.on {
			f.block.spoil(capture.Evicted)
			h.c.side[d].buf = nil
		}
		if f.loss == "" {
			f.loss = capture.Evicted
		}
		f.table.Forget()
	}
}
