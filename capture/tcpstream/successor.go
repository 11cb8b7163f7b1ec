package tcpstream

import "twinspect.dev/capture"

// A SYN on an open connection ends nothing: its receiver challenges it (RFC 5961
// section 4), for it may be old or forged. It may as well begin the next
// connection on the same ports, where the end of the present one was not
// captured. So it is kept beside the connection, one at a time, until a segment
// goes on from it.

// reach is how far apart the sequence numbers of one connection are at a time: a
// receive window that Linux lets grow to 6 MiB (tcp_rmem), rounded up.
const reach = 8 << 20

// leftBy reports whether a segment on a finished connection belongs to another one.
func (c *conn) leftBy(s *Segment) bool {
	switch h := &c.half[c.direction(s)]; {
	case s.has(RST):
		return false
	case c.revivedBy(s):
		return true
	case !s.has(SYN):
		return false
	default:
		return !h.known || h.guessed || h.base != s.Seq+1
	}
}

// revivedBy reports whether bytes come on a connection that was reset: the RST
// was not the end, and what follows is taken as a connection joined late.
func (c *conn) revivedBy(s *Segment) bool {
	h := &c.half[c.direction(s)]
	return h.reset && s.size() > 0 && h.position(s.first())+int64(s.size()) > h.next
}

// contestedBy reports whether a segment would begin another connection on the
// same addresses: the initial sequence number of its SYN differs (RFC 9293
// section 3.6.1).
func (c *conn) contestedBy(s *Segment) bool {
	h := &c.half[c.direction(s)]
	return s.has(SYN) && !s.has(RST) && h.known && !h.guessed && h.base != s.Seq+1
}

// contest keeps a SYN on an open connection in place of the one before, unless
// it repeats that one.
func (a *Assembler) contest(c *conn, s *Segment) {
	if s.size() > 0 {
		a.tally.contested++
	} else {
		a.tally.noPayload++
	}
	if c.syn != nil && c.syn.Seq == s.Seq && c.syn.Ack == s.Ack && c.syn.Src == s.Src {
		return
	}
	syn := *s
	syn.Payload, syn.Missing = nil, 0
	c.syn = &syn
}

// succeededBy reports whether a segment goes on from the kept SYN: it answers
// the SYN, or its numbers fit those of the SYN and not those of the connection.
// Where they fit both, it must be the first of the new connection and leave a
// hole in the present one.
func (c *conn) succeededBy(s *Segment) bool {
	switch {
	case s.has(RST):
		return false
	case s.has(SYN):
		return c.answeredBy(s)
	case !c.precedes(s):
		return false
	case !c.fits(s):
		return true
	}
	h := &c.half[c.direction(s)]
	return s.Src == c.syn.Src && s.Seq == c.syn.Seq+1 && h.position(s.Seq) > h.end()
}

// answeredBy reports whether a SYN is the answer to the one that was kept. It may
// acknowledge bytes that came with it (RFC 7413 section 4.2), but then it does
// not repeat the number that the connection began with.
func (c *conn) answeredBy(s *Segment) bool {
	bytes := s.Ack - (c.syn.Seq + 1)
	return s.Src != c.syn.Src && s.has(ACK) && (bytes == 0 || bytes <= 1<<16 && c.contestedBy(s))
}

// precedes reports whether the kept SYN may have begun what a segment goes on
// with: each of its numbers that the SYN tells of lies within reach, and there is
// one at least.
func (c *conn) precedes(s *Segment) bool {
	own, other := s.Seq, s.Ack // of the SYN's direction, of the other one
	ownKnown, otherKnown := true, s.has(ACK)
	if s.Src != c.syn.Src {
		own, other, ownKnown, otherKnown = s.Ack, s.Seq, otherKnown, true
	}
	otherKnown = otherKnown && c.syn.has(ACK)
	return (ownKnown || otherKnown) && (!ownKnown || own-(c.syn.Seq+1) <= reach) && (!otherKnown || other-c.syn.Ack <= reach)
}

// fits reports whether the numbers of a segment are near those of the connection.
func (c *conn) fits(s *Segment) bool {
	d := c.direction(s)
	return c.half[d].near(s.first()) && (!s.has(ACK) || c.half[1-d].near(s.Ack))
}

func (h *half) near(seq uint32) bool {
	pos := h.position(seq)
	return !h.known || pos >= min(h.next, h.acked)-reach && pos <= max(h.end(), h.acked)+reach
}

// succeed ends a connection and begins the one of the SYN that was kept.
func (a *Assembler) succeed(c *conn) *conn {
	if !c.finished {
		a.finish(c, capture.Gap)
	}
	a.forget(c)
	next := a.create(c.key, c.syn)
	a.take(next, c.syn)
	a.tally.noPayload-- // the SYN was counted when it was kept
	return next
}
