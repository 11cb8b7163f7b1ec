package httpwire

import (
	"bytes"

	"twinspect.dev/capture"
)

// lose gives up knowing where messages begin in a direction.
func (c *Conn) lose(s *stream) {
	s.mode, s.sync = lost, false
	c.doubt, c.lossy = true, true
	if r := s.interim; r != nil {
		s.interim = nil
		c.unanswered(r) // its final response may be what was lost
	}
}

// contest notes that a message has ended which recipients may end elsewhere. What
// follows is read on, but begins for certain only where the talk turned.
func (c *Conn) contest(s *stream) {
	s.contested, s.vague, s.sync = false, true, false
	if s.dir != c.client {
		c.doubt = true
	}
}

// doubted gives a message whose beginning is in doubt its reason.
func (s *stream) doubted(f frame) frame {
	if s.vague = s.vague && !s.sync; s.vague && f.fault == "" {
		f.fault = capture.AmbiguousFraming
	}
	return f
}

// lenient reports whether a message may begin at any line. Where each side
// waits for the other, messages begin where the talk turns, and anything else
// that looks like one is a part of a body. Where requests are pipelined, or only
// one direction was captured, there are no turns. After a message whose end is
// disputed nothing is guessed.
func (c *Conn) lenient(s *stream) bool {
	return !s.disputed && (c.pipelined || c.side[1-s.dir].pos == 0)
}

// search drops bytes until a message may begin.
func (c *Conn) search(s *stream, p []byte) int {
	if c.tunnel != "" {
		c.hide(s, c.tunnel)
		return 0
	}
	if s.anchor {
		s.mode = atStart
		return 0
	}
	n := len(p)
	if c.lenient(s) {
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			n, s.anchor = i+1, true
		}
	}
	c.discard(n)
	return n
}

// discard counts bytes outside of messages. Before anything spoke HTTP it is
// open whether they were wanted.
func (c *Conn) discard(n int) {
	if c.spoke {
		c.p.bytes.drop(Junk, n)
		return
	}
	c.vague += n
	c.p.bytes.open += uint64(n)
}

// speaks notes that a direction was recognised as HTTP, and so is the rest of
// the connection.
func (c *Conn) speaks(s *stream) {
	s.spoke = true
	if c.spoke {
		return
	}
	c.spoke = true
	c.client = s.dir
	if s.kind == response {
		c.client = 1 - s.dir
	}
	c.p.bytes.open -= uint64(c.vague)
	why := Junk
	if !c.info.Whole {
		why = capture.Reason(capture.MidConnection)
	}
	c.p.bytes.drop(why, c.vague)
	c.vague = 0
}

// hide makes the rest of a direction opaque.
func (c *Conn) hide(s *stream, why capture.Reason) {
	if why == HTTP2 && c.h2 != nil {
		c.enterFrames(s)
		return
	}
	if s.mode == inHead || s.mode == early {
		c.p.bytes.open -= uint64(len(s.buf))
		c.p.bytes.hide(why, len(s.buf))
		s.buf = nil
	}
	s.mode, s.reason = opaque, why
	if why == WebSocket {
		s.mode = inSocket
	}
}

// tunnelled makes both directions opaque: after an upgrade, a CONNECT, or the
// preface of HTTP/2. A body at hand is finished first.
func (c *Conn) tunnelled(why capture.Reason) {
	c.tunnel = why
	for d := range c.side {
		s := &c.side[d]
		if s.rec == nil && s.mode != opaque && s.mode != inFrames && s.mode != inSocket {
			c.hide(s, why)
		}
	}
}

// isTLS judges the beginning of a direction: the content types 20 to 23 of a
// TLS record and its version (RFC 8446 section 5.1), or the ClientHello of SSL
// 2.0 that offers 3.x.
func isTLS(b []byte) kind {
	record := [3][2]byte{{20, 23}, {3, 3}, {0, 4}}
	if b[0] == 0x80 {
		return isSSL2(b)
	}
	for i, c := range b[:min(len(b), len(record))] {
		if c < record[i][0] || c > record[i][1] {
			return junk
		}
	}
	if len(b) < len(record) {
		return undecided
	}
	return encrypted
}

func isSSL2(b []byte) kind {
	want := []byte{1, 3}
	have := b[min(2, len(b)):min(4, len(b))]
	if !bytes.HasPrefix(want, have) {
		return junk
	}
	if len(have) < len(want) {
		return undecided
	}
	return encrypted
}
