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

// Each time that a segment comes to which memory is tight, at most maxRounds
// connections give up something, each the best of maxVisits: more than a segment
// fills, and a choice as good as among all but for one in 64.
const (
	maxRounds = 16
	maxVisits = 64
)

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
	p.open++
	c.older, c.newer = p.newest, nil
	if p.newest == nil {
		p.oldest = c
	} else {
		p.newest.newer = c
	}
	p.newest = c
}

func (p *Parser) delist(c *Conn) {
	p.open--
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

// relieve makes connections give up what they hold, of those that are looked at
// the one first that has been silent for longest.
func (p *Parser) relieve() {
	for range maxRounds {
		if !p.tight() {
			return
		}
		if c := p.silent(); c != nil {
			c.shed()
			c.weigh()
		}
	}
}

// silent looks at the next few connections and returns the one that has been
// silent for longest while it holds something.
func (p *Parser) silent() (found *Conn) {
	for range min(maxVisits, p.open) {
		c := p.oldest
		p.delist(c)
		p.enlist(c)
		if (found == nil || c.last < found.last) && c.holds() > 0 {
			found = c
		}
	}
	return found
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
		n += c.h2.half[0].table.Memory() + c.h2.half[1].table.Memory() + 4*cap(c.h2.resets)
	}
	c.p.held += n - c.weight
	c.weight = n
}

// settleMemory counts what the last bytes have added, and makes room: a connection
// with more than its share, an eighth of all, is the first to give up, so that it
// does not live on what the others lose.
func (c *Conn) settleMemory() {
	c.p.now++
	c.last = c.p.now
	c.weigh()
	if !c.p.tight() {
		return
	}
	if c.holds() > c.p.cfg.MaxMemory/8 {
		c.shed()
		c.weigh()
	}
	c.p.relieve()
}

// holds returns how many bytes the connection holds that are not ready.
func (c *Conn) holds() int {
	n := c.weight
	for _, r := range c.pending {
		n += r.held
	}
	for d := range c.side {
		s := &c.side[d]
		if s.interim != nil {
			n += s.interim.held
		}
		if s.rec != nil && (s.dir != c.client || s.rec.respDone) {
			n += s.rec.held // a request under way waits, unless it is given up
		}
	}
	if c.h2 == nil {
		return n
	}
	for st := c.h2.oldest; st != nil; st = st.next {
		if st.r != nil {
			n += st.r.held
		}
	}
	return n
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
		c.side[d].buf = nil
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

// shed gives up the oldest stream, or the dynamic tables, header blocks and resets:
// after it has been called for every stream and once more, nothing is held.
func (h *http2) shed() {
	if h.oldest != nil {
		h.abort(h.oldest, capture.Evicted)
		return
	}
	h.resets, h.nextReset = nil, 0
	for d := range h.half {
		f := &h.half[d]
		if f.block.on {
			f.block.spoil(capture.Evicted)
		}
		h.c.side[d].buf = nil
		if f.loss == "" {
			f.loss = capture.Evicted
		}
		f.table.Forget()
	}
}
