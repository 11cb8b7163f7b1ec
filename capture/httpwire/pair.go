package httpwire

import "slices"

// match returns the request that the response at hand answers, or nil where
// there is none or no certain one.
func (c *Conn) match(s *stream) *record {
	if r := s.interim; r != nil {
		s.interim = nil
		return r
	}
	i := 0
	if c.doubt || len(c.pending) > 0 && c.pending[0].vague {
		i = c.proven(s)
	}
	if i < 0 || i >= len(c.pending) {
		return nil
	}
	for _, older := range c.pending[:i] {
		c.unanswered(older)
	}
	r := c.pending[i]
	c.pending = slices.Delete(c.pending, 0, i+1)
	c.doubt = false
	if r.reqDone && s.startAcked > r.reqEnd && !c.side[1-s.dir].vague {
		c.pipelined = true // the server had more than this request, seen or lost
	}
	return r
}

// proven finds the one request that the response at hand must answer, or -1. A
// client that waits sends a request where it has received all earlier responses,
// so the response begins at exactly that position, and a response to any later
// request begins beyond it; it answers nothing that the server had not yet
// received. Behind a request whose beginning is in doubt nothing is proven: whoever
// reads none there has one request less to answer.
func (c *Conn) proven(s *stream) int {
	if len(c.pending) == 0 || c.pending[0].vague || !s.sync && !c.untouched(s) {
		return -1
	}
	if c.untouched(s) && (s.startAcked < 0 || s.startAcked > c.pending[0].reqStart) {
		return 0
	}
	if c.pipelined {
		return -1
	}
	return c.expected(s)
}

// untouched reports whether the response at hand is the first thing that the
// server was seen to send, after the first request and without any loss: all
// that is known of a connection that the capture joined late.
func (c *Conn) untouched(s *stream) bool {
	return !c.lossy && s.start == 0 && len(c.pending) == 1 && c.pending[0].first
}

// expected finds the one waiting request at whose sending the response stream
// stood where the response at hand begins.
func (c *Conn) expected(s *stream) int {
	found := -1
	for i, r := range c.pending {
		if r.vague {
			break
		}
		if !r.sync || r.answersAt != s.start || r.reqStart >= s.startAcked {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// awaitedAt reports whether a request waits that was sent when the response
// stream stood at pos.
func (c *Conn) awaitedAt(pos int64) bool {
	for _, r := range c.pending {
		if r.sync && r.answersAt == pos {
			return true
		}
	}
	return false
}

// provenStart reports whether a message must begin where the one at hand does.
func (c *Conn) provenStart(s *stream) bool { return c.expected(s) >= 0 }
