package httpwire

import "twinspect.dev/capture/httpwire/internal/h2"

// mayBeEarly reports whether a server may begin HTTP/2 here: it may send its
// SETTINGS before the client's preface has come (RFC 9113 section 3.4).
func (c *Conn) mayBeEarly(s *stream, b []byte) bool {
	return s.start == 0 && !c.spoke && b[0] == 0
}

// judgeEarly looks for the SETTINGS that begin HTTP/2. It returns how many bytes
// are none, or 0 where they are or may yet become it.
func judgeEarly(b []byte) (kind, int) {
	const upToType = 4
	var head [h2.HeaderSize]byte
	n := copy(head[:], b)
	switch {
	case n >= upToType && head[upToType-1] != byte(h2.Settings):
		return junk, upToType
	case n < len(head):
		return undecided, 0
	case h2.ParseHeader(&head).Has(h2.Ack), !h2.Plausible(&head):
		return junk, n
	}
	return frames, 0
}

// begun keeps the frames of a server until the client has spoken. Of what is
// collected, p is not in the account yet.
func (c *Conn) begun(s *stream, p []byte, buffered int) int {
	s.mode, s.buf = early, s.buf[:buffered]
	return c.early(s, p)
}

// early collects what a server sends before the client's preface: SETTINGS and
// the like, so a head's length is far more than it needs.
func (c *Conn) early(s *stream, p []byte) int {
	if c.spoke {
		c.notEarly(s)
		return 0
	}
	p = p[:min(len(p), c.p.cfg.MaxHead-len(s.buf))]
	s.buf = append(s.buf, p...)
	c.p.bytes.open += uint64(len(p))
	if len(s.buf) == c.p.cfg.MaxHead {
		c.notEarly(s)
	}
	return len(p)
}

// notEarly throws away what was taken for the beginning of HTTP/2.
func (c *Conn) notEarly(s *stream) {
	n := len(s.buf)
	s.buf = s.buf[:0]
	s.mode, s.sync, s.anchor = lost, false, false
	c.p.bytes.open -= uint64(n)
	c.discard(n)
}

// foreignTo reports whether nothing of the connection was recognised yet.
func (c *Conn) foreignTo(s *stream) bool {
	return !c.spoke && c.tunnel == "" && s.mode != opaque
}

// watch parses bytes of a connection that nothing was recognised of, and looks
// for HTTP/2 whose beginning was not captured: rows of frames in both
// directions. It returns the bytes after they were found.
func (c *Conn) watch(s *stream, p []byte) []byte {
	chain := &c.chain[s.dir]
	for len(p) > 0 {
		n, header := chain.Feed(p)
		c.run(s, p[:n])
		p = p[n:]
		if !c.foreignTo(s) {
			return p
		}
		if header && chain.Likely() && c.chain[1-s.dir].Likely() {
			c.unread()
			return p
		}
	}
	return nil
}

// unread gives up an HTTP/2 connection of which the beginning is missing: nearly
// every header block refers to what the dynamic table held before.
func (c *Conn) unread() {
	c.p.bytes.open -= uint64(c.vague)
	c.p.bytes.drop(HPACKUnknown, c.vague)
	c.vague = 0
	c.tunnelled(HPACKUnknown)
}
