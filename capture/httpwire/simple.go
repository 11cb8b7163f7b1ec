package httpwire

import "twinspect.dev/capture"

// simple returns the request of HTTP/0.9 that the direction may answer with
// bare bytes, or nil.
func (c *Conn) simple(s *stream) *record {
	if s.dir == c.client || len(c.pending) != 1 || s.rec != nil || s.spoke || c.doubt {
		return nil
	}
	if r := c.pending[0]; r.Request.Proto == "HTTP/0.9" {
		return r
	}
	return nil
}

// simpleAsked reports whether the direction has sent a request of HTTP/0.9:
// nothing can follow it, so what does is ignored without doubt.
func (c *Conn) simpleAsked(s *stream) bool {
	return s.dir == c.client && len(c.pending) == 1 && c.pending[0].Request.Proto == "HTTP/0.9"
}

// simpleBody begins a response of HTTP/0.9, which is a body and nothing else,
// with the bytes collected so far. It returns how many of them are new.
func (c *Conn) simpleBody(s *stream, r *record, b []byte, buffered int) int {
	c.pending = nil
	c.p.bytes.open -= uint64(buffered)
	s.spoke = true
	r.respSeen = true
	r.Response.Proto = r.Request.Proto
	head := s.buf
	s.buf = nil
	c.open(s, r, &r.Response.Message, frame{how: byClose})
	c.p.keep(&s.intake, s.at, b)
	s.buf = head[:0]
	return len(b) - buffered
}

// simpleEnd is what the end of a direction means for a body that it ends.
func simpleEnd(why capture.Incomplete) capture.Incomplete {
	if why == capture.Closed {
		return ""
	}
	return why
}
