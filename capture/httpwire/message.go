package httpwire

import (
	"bytes"

	"twinspect.dev/capture"
)

// begin skips empty lines before a message (RFC 9112 section 2.2) and notes
// where it starts.
func (c *Conn) begin(s *stream, p []byte) int {
	if c.tunnel != "" {
		c.hide(s, c.tunnel)
		return 0
	}
	n := 0
	for n < len(p) && (p[n] == '\r' || p[n] == '\n') {
		n++
	}
	if n > 0 {
		c.p.bytes.filter(BlankLine, n)
		return n
	}
	s.mode, s.kind, s.scan, s.checked = inHead, undecided, 0, 0
	s.start, s.startAt, s.startAcked = s.pos, s.at, s.acked
	s.turned, s.anchor, s.disputed = s.anchor, false, false
	return 0
}

// head collects a message head. A head that lies in p as a whole is not copied.
func (c *Conn) head(s *stream, p []byte) int {
	old := len(s.buf)
	p = p[:min(len(p), c.p.cfg.MaxHead-old)]
	b := p
	if old > 0 {
		s.buf = append(s.buf, p...)
		b = s.buf
	}
	if s.kind == undecided {
		if n := c.decide(s, b); n > 0 {
			if r := c.simple(s); r != nil {
				return c.simpleBody(s, r, b, old)
			}
			c.reject(s, b[:n], old)
			return n - old
		}
	}
	switch s.kind {
	case encrypted:
		return c.foreign(s, len(p))
	case preface:
		return c.prior(s, s.scan+1, old)
	case frames:
		return c.begun(s, p, old)
	case undecided:
	default:
		if end := s.headEnd(b); end > 0 {
			c.p.bytes.open -= uint64(old)
			c.message(s, b[:end])
			return end - old
		}
	}
	if old == 0 {
		s.buf = append(s.buf, p...)
	}
	c.p.bytes.open += uint64(len(p))
	if len(s.buf) == c.p.cfg.MaxHead {
		c.tooLong(s)
	}
	return len(p)
}

// headEnd returns the length of the head in b, or 0 while its end is missing.
func (s *stream) headEnd(b []byte) int {
	if s.kind == simpleRequest {
		return bytes.IndexByte(b, '\n') + 1
	}
	end, resume := headEnd(b, s.scan)
	if end > 0 {
		return end
	}
	s.scan = resume
	return 0
}

// decide looks at the first line. It returns how many bytes are no message, or
// 0 where they are or may yet become one; s.kind says which.
func (c *Conn) decide(s *stream, b []byte) int {
	if c.mayBeEarly(s, b) {
		var n int
		s.kind, n = judgeEarly(b)
		return n
	}
	i := bytes.IndexByte(b[s.scan:], '\n')
	if i < 0 {
		s.kind = c.prefix(s, b)
		s.scan = len(b)
		if s.kind == junk {
			return len(b)
		}
		return 0
	}
	end := s.scan + i
	s.kind = lineKind(bytes.TrimSuffix(b[:end], []byte("\r")))
	if k := isTLS(b); k == encrypted {
		s.kind = k
	} else if isPreface(b[:end]) {
		s.kind = preface
	} else if s.kind == junk || !c.admits(s, b[:end]) {
		s.kind = junk
		return end + 1
	}
	s.scan = end
	return 0
}

// prefix judges an unfinished first line, which a server begins in one way. What was checked before is not
// checked again.
func (c *Conn) prefix(s *stream, b []byte) kind {
	if k := isTLS(b); k != junk {
		return k
	}
	if c.client == 1-s.dir && !isResponse(b) {
		return junk // so that it does not take the next response with it
	}
	from := s.checked
	s.checked = len(b)
	if from > maxMethod+1 {
		if hasControl(b[from:]) {
			return junk
		}
		return undecided
	}
	return prefixKind(b)
}

// isPreface tells the connection preface of HTTP/2 (RFC 9113 section 3.4).
func isPreface(line []byte) bool {
	return string(bytes.TrimSuffix(line, []byte("\r"))) == "PRI * HTTP/2.0"
}

// admits reports whether a start line may stand here: in the direction that
// the connection's roles give it, and, where it is not certain that a message
// begins, only in its usual shape.
func (c *Conn) admits(s *stream, line []byte) bool {
	if c.client >= 0 && (s.kind == response) == (s.dir == c.client) {
		return false
	}
	if s.kind == halfRequest || s.kind == simpleRequest {
		return s.sync && !s.spoke
	}
	return s.sync || s.start == 0 || usual(s.kind, line)
}

// usual is the strict test of a start line, for places where a body may
// imitate one.
func usual(k kind, line []byte) bool {
	line = bytes.TrimSuffix(line, []byte("\r"))
	if k == response {
		proto, rest := splitStatus(line)
		status, _ := splitCode(rest)
		return status >= 100 && status < 600 && bytes.HasPrefix(proto, []byte("HTTP/1."))
	}
	method, target, proto := splitRequest(line)
	if !bytes.HasPrefix(proto, []byte("HTTP/1.")) || len(target) == 0 || bytes.IndexByte(target, ' ') >= 0 {
		return false
	}
	for _, m := range method {
		if (m < 'A' || m > 'Z') && m != '-' && m != '_' {
			return false
		}
	}
	return true
}

// reject drops the beginning of a line that is no message.
func (c *Conn) reject(s *stream, b []byte, buffered int) {
	c.p.bytes.open -= uint64(buffered)
	c.discard(len(b))
	s.buf = s.buf[:0]
	if c.spoke && !c.simpleAsked(s) {
		c.lose(s)
	}
	s.mode, s.sync = lost, false
	s.anchor = b[len(b)-1] == '\n' && c.lenient(s)
}

// foreign hides a direction that does not speak HTTP/1.x. n bytes of the head
// at hand are not in the buffer's account yet.
func (c *Conn) foreign(s *stream, n int) int {
	if buffered := len(s.buf); buffered > 0 {
		s.buf = s.buf[:buffered-n]
	}
	c.hide(s, TLS)
	c.p.bytes.filter(s.reason, n)
	return n
}

// tooLong gives up a head beyond the limit.
func (c *Conn) tooLong(s *stream) {
	if s.kind == undecided {
		c.p.bytes.open -= uint64(len(s.buf))
		c.p.bytes.drop(HeadLimit, len(s.buf))
		s.buf = s.buf[:0]
		c.lose(s)
		return
	}
	c.abandonHead(s, capture.Malformed)
	c.lose(s)
}

// abandonHead ends a head that is not whole. Where its first line is, the
// message is kept as far as it goes.
func (c *Conn) abandonHead(s *stream, why capture.Incomplete) {
	n := len(s.buf)
	c.p.bytes.open -= uint64(n)
	if s.kind == undecided {
		if r := c.simple(s); r != nil {
			c.p.bytes.open += uint64(n)
			c.simpleBody(s, r, s.buf, n)
			c.finish(s, simpleEnd(why))
			return
		}
		if line := cutRequest(s.buf); line != nil && s.sync && s.dir != 1-c.client {
			c.p.bytes.drop(IncompleteHead, n-len(line))
			s.kind = request
			c.partial(s, line, why)
			return
		}
		s.mode = lost
		s.buf = s.buf[:0]
		if c.spoke {
			c.p.bytes.drop(IncompleteHead, n)
		} else {
			c.discard(n)
		}
		return
	}
	last := bytes.LastIndexByte(s.buf, '\n') + 1
	c.p.bytes.drop(IncompleteHead, n-last)
	c.partial(s, s.buf[:last], why)
}
