package httpwire

import (
	"bytes"
	"time"

	"twinspect.dev/capture"
)

// firstBody bounds what a body is given with its first bytes, which is four times
// as much as they are: no more than append comes to leave, for a length that is
// announced and never sent must cost nothing.
const firstBody = 64 << 10

// open begins the body of a message.
func (c *Conn) open(s *stream, r *record, m *capture.Message, f frame) {
	c.p.messages.open++
	s.rec, s.msg = r, m
	s.fault, s.hurt, s.total, s.left, s.contested = f.fault, false, -1, 0, f.contested()
	m.Start, m.End = s.startAt, s.at
	if s.cut != "" {
		s.fault = ""
		c.finish(s, s.cut)
		return
	}
	switch f.how {
	case noBody:
		s.total = 0
		c.finish(s, "")
	case byLength:
		s.mode, s.left, s.total = inLength, f.length, f.length
	case byChunks:
		s.mode = inChunkSize
	case byClose:
		s.mode = inClose
	case unknown:
		c.finish(s, f.fault)
		c.lose(s)
		s.disputed = true
	}
}

// body takes body bytes.
func (c *Conn) body(s *stream, p []byte) int {
	if s.mode != inClose {
		p = p[:min(int64(len(p)), s.left)]
		s.left -= int64(len(p))
	}
	c.p.keep(&s.intake, s.at, p)
	c.advance(s)
	return len(p)
}

// advance leaves a body or chunk that has ended.
func (c *Conn) advance(s *stream) {
	switch {
	case s.left > 0 || s.mode == inClose:
	case s.mode == inLength:
		c.finish(s, "")
	case s.mode == inChunk:
		s.mode = inChunkEnd
	}
}

// keep appends to the body what the limit allows. After a gap nothing more is
// kept: bytes would stand in the wrong place.
func (p *Parser) keep(in *intake, at time.Time, b []byte) {
	in.msg.BodySize += int64(len(b))
	in.msg.End = at
	if in.hurt {
		p.bytes.drop(AfterGap, len(b))
		return
	}
	if room := p.cfg.MaxBody - len(in.msg.Body); len(b) > room {
		in.blame(capture.BodyLimit)
		p.bytes.drop(BodyRest, len(b)-room)
		b = b[:room]
	}
	if room := max(p.cfg.MaxMemory-p.held, 0); len(b) > room {
		in.blame(capture.BodyLimit)
		in.hurt = true
		p.bytes.drop(MemoryLimit, len(b)-room)
		b = b[:room]
	}
	p.hold(in.rec, len(b))
	if in.msg.Body == nil && len(b) < firstBody {
		in.msg.Body = make([]byte, 0, min(4*len(b), firstBody, p.cfg.MaxBody))
	}
	in.msg.Body = append(in.msg.Body, b...)
	p.bytes.written += uint64(len(b))
}

// finish ends the message at hand; why is "" where it is whole.
func (c *Conn) finish(s *stream, why capture.Incomplete) {
	m, r := s.msg, s.rec
	if why != "" {
		s.blame(why)
		if m.BodySize = -1; s.total >= 0 {
			m.BodySize = s.total
		}
	}
	m.Incomplete = s.fault
	s.rec, s.msg, s.buf = nil, nil, s.buf[:0]
	s.mode, s.anchor = atStart, false
	if s.contested {
		c.contest(s)
	}
	if c.tunnel != "" {
		c.hide(s, c.tunnel)
	}
	if s.dir == c.client {
		r.reqDone, s.done = true, r
	} else {
		r.respDone = true
	}
	c.settle(r)
}

// line collects a line. It returns nil while the line has no end; the bytes
// belong to the message either way.
func (c *Conn) line(s *stream, p []byte) (line []byte, n int) {
	p = p[:min(len(p), c.p.cfg.MaxHead-len(s.buf))]
	i := bytes.IndexByte(p, '\n')
	n = i + 1
	if i < 0 {
		n = len(p)
	}
	c.p.bytes.written += uint64(n)
	s.msg.End = s.at
	if i >= 0 && len(s.buf) == 0 {
		return p[:n], n
	}
	s.buf = append(s.buf, p[:n]...)
	switch {
	case i >= 0:
		line, s.buf = s.buf, s.buf[:0]
	case len(s.buf) == c.p.cfg.MaxHead:
		c.broken(s, capture.Malformed)
	}
	return line, n
}

// broken ends a chunked message whose framing cannot be read, or is read in more
// than one way.
func (c *Conn) broken(s *stream, why capture.Incomplete) {
	s.total = -1
	s.contested = false
	c.finish(s, why)
	c.lose(s)
}

// chunkSize reads chunk-size and extensions (RFC 9112 section 7.1). A bare LF ends
// no line here, unlike in a head: recipients that take it for one, or a bare CR in
// an extension, read other chunks than the rest. Nor is there a blank before or inside
// the number: some skip it, some end the number there, some refuse it. Blanks behind
// it are no dispute: senders pad with them, and before an extension they are allowed.
// A size beyond 63 bits is wrapped by some.
func (c *Conn) chunkSize(s *stream, p []byte) int {
	line, n := c.line(s, p)
	if line == nil {
		return n
	}
	number, _, _ := bytes.Cut(line, []byte(";"))
	number = bytes.TrimRight(number, " \t\r\n")
	size, ok := parseChunkSize(number)
	switch {
	case !ok && !hexAndBlanks(number):
		c.broken(s, capture.Malformed)
	case !ok, bytes.IndexByte(line, '\r') != len(line)-2:
		c.broken(s, capture.AmbiguousFraming)
	case size == 0:
		s.mode, s.scan = inTrailer, 0
	default:
		s.mode, s.left = inChunk, size
	}
	return n
}

// hexAndBlanks reports whether there are hexadecimal digits, or blanks too, and
// nothing else. Where that is no size, recipients take it for different ones.
func hexAndBlanks(number []byte) bool {
	for _, b := range number {
		if !isBlank(b) && hexDigit(b) < 0 {
			return false
		}
	}
	return len(number) > 0
}

// parseChunkSize reads 1*HEXDIG of at most 63 bits.
func parseChunkSize(number []byte) (int64, bool) {
	if len(number) == 0 {
		return 0, false
	}
	var n int64
	for _, b := range number {
		d := hexDigit(b)
		if d < 0 || n >= 1<<(63-4) {
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	return n, true
}

func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// chunkEnd reads the line end after the data of a chunk.
func (c *Conn) chunkEnd(s *stream, p []byte) int {
	switch {
	case p[0] == '\n' && len(s.buf) == 0:
		c.broken(s, capture.AmbiguousFraming)
		return 0
	case p[0] != '\n' && (p[0] != '\r' || len(s.buf) > 0):
		c.broken(s, capture.Malformed)
		return 0
	}
	c.p.bytes.written++
	s.msg.End = s.at
	if p[0] == '\r' {
		s.buf = append(s.buf, '\r')
		return 1
	}
	s.buf = s.buf[:0]
	s.mode = inChunkSize
	return 1
}

// trailer reads the trailer section: field lines up to an empty one.
func (c *Conn) trailer(s *stream, p []byte) int {
	p = p[:min(len(p), c.p.cfg.MaxHead-len(s.buf))]
	i := bytes.IndexByte(p, '\n')
	n := i + 1
	if i < 0 {
		n = len(p)
	}
	c.p.bytes.written += uint64(n)
	s.msg.End = s.at
	s.buf = append(s.buf, p[:n]...)
	switch {
	case i >= 0 && len(bytes.TrimRight(s.buf[s.scan:], "\r\n")) == 0:
		s.msg.Trailer, _ = fields(nil, string(s.buf))
		c.p.hold(s.rec, len(s.buf)+fieldCost*cap(s.msg.Trailer))
		c.finish(s, "")
	case len(s.buf) == c.p.cfg.MaxHead:
		c.broken(s, capture.Malformed)
	case i >= 0:
		s.scan = len(s.buf)
	}
	return n
}
