package httpwire

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// http2 is a connection that speaks HTTP/2 (RFC 9113).
type http2 struct {
	c       *Conn
	half    [2]h2half
	streams map[uint32]*h2stream
	// oldest and newest end the list of streams, in the order in which they
	// were opened.
	oldest, newest *h2stream
	free           *h2stream // streams that are over, by next
	opened         uint32    // the highest stream that the client opened
	// Between hidden[0] and hidden[1] streams may have been opened in the last
	// gap of the client's direction.
	hidden [2]uint32
	// resets holds the last streams that were reset, in a ring once it is full.
	resets    []uint32
	nextReset int
}

// h2phase is what a direction of HTTP/2 expects next.
type h2phase uint8

const (
	inPreface   h2phase = iota // the rest of the client's preface
	inFrameHead                // a frame header
	inPrelude                  // what comes before the content
	inContent
	inPadding
	inSearch // bytes of which it is not known where a frame begins
	unframed // bytes after what breaks HTTP/2
)

// h2half is one direction of HTTP/2.
type h2half struct {
	phase h2phase
	n     int // bytes of the preface, of head or of unit
	head  [h2.HeaderSize]byte
	unit  [h2.MaxPrelude]byte // the prelude, or one entry of a control frame

	frame   h2.Header
	start   time.Time // of the frame
	left    int       // bytes of the phase to come
	content int       // bytes of content after the prelude, with padding
	pad     int
	fate    fate
	stream  *h2stream // of the DATA frame at hand
	unsure  bool      // of DATA, the length of the padding is lost
	fresh   bool      // of a server, nothing came yet

	table *h2.Table
	block h2block
	gone  bool               // nothing more is to be read from the direction
	loss  capture.Incomplete // why the dynamic table is not known as a whole

	maxFrame int        // the largest payload to be expected
	finder   *h2.Finder // of inSearch
	orphan   bool       // a header block may be under way whose beginning is lost
}

// fate is how the bytes of a frame are counted.
type fate struct {
	how    uint8
	reason capture.Reason
}

const (
	isWritten uint8 = iota
	isFiltered
	isDropped
	isHeld // until the end of the header block
)

// startHTTP2 makes the connection speak HTTP/2; the client's preface is known
// up to and including its byte n.
func (c *Conn) startHTTP2(n int) *http2 {
	h := &http2{c: c, streams: make(map[uint32]*h2stream)}
	for d := range h.half {
		h.half[d].phase = inFrameHead
		h.half[d].table = h2.NewTable(c.p.cfg.MaxHead)
		h.half[d].maxFrame = h2.DefaultFrame
		h.half[d].gone = c.side[d].ended
	}
	h.half[c.client].phase, h.half[c.client].n = inPreface, n
	h.half[1-c.client].fresh = true
	c.h2 = h
	return h
}

// prior begins HTTP/2 by the first line of the client's preface (RFC 9113
// section 3.3), of which buffered bytes came before and n end it.
func (c *Conn) prior(s *stream, line, buffered int) int {
	c.p.bytes.open -= uint64(buffered)
	c.p.bytes.filter(HTTP2Control, line)
	s.buf, s.mode = nil, atStart
	if c.client == 1-s.dir || line != len("PRI * HTTP/2.0\r\n") {
		c.tunnelled(HTTP2)
		return line - buffered
	}
	c.speaks(s)
	c.startHTTP2(line)
	c.tunnelled(HTTP2)
	return line - buffered
}

// upgraded begins HTTP/2 after a 101 that agrees to h2c (RFC 7540 section 3.2).
// The request is stream 1, whose response answers it: the 101 is kept as an
// interim answer.
func (c *Conn) upgraded(s *stream, r *record, got *capture.Response) {
	c.interim(s, r, got)
	s.interim = nil
	h := c.startHTTP2(0)
	h.opened = 1
	st := h.open(1, r)
	st.half[c.client].closed, st.half[c.client].done = true, true
	settings, _ := base64.RawURLEncoding.DecodeString(r.Request.Header.Get("HTTP2-Settings"))
	for ; len(settings) >= settingSize; settings = settings[settingSize:] {
		h.setting(c.client, settings)
	}
	c.tunnelled(HTTP2)
}

// enterFrames gives HTTP/2 what was collected of a direction. Where bytes were
// thrown away before, it is not known where a frame begins.
func (c *Conn) enterFrames(s *stream) {
	f, buf := &c.h2.half[s.dir], s.buf
	astray := s.mode == lost
	if s.mode != inHead && s.mode != early {
		buf = nil
	}
	s.mode, s.buf = inFrames, nil
	c.p.bytes.open -= uint64(len(buf))
	if astray && f.phase != inPreface {
		c.h2.stray(s, f, capture.MidConnection)
	}
	for len(buf) > 0 {
		buf = buf[c.step(s, buf):]
	}
}

// foul ends a direction whose preface is none: it is some other protocol.
func (h *http2) foul(s *stream, f *h2half) {
	h.lose(s, f)
	h.c.h2 = nil
	for d := range h.c.side {
		if o := &h.c.side[d]; o.mode == inFrames {
			h.lose(o, &h.half[d])
			o.mode, o.reason = opaque, HTTP2
		}
	}
}

// decline ends HTTP/2 where the server answers in HTTP/1.x: it does not speak it. Its
// direction is read as that, and requests that the client has sent get no answer.
func (h *http2) decline(s *stream) {
	c, o := h.c, &h.c.side[h.c.client]
	h.end(o, capture.Reset)
	h.closeAll(s, "")
	c.h2, c.tunnel = nil, ""
	o.mode, o.reason = opaque, HTTP2
	s.mode, s.anchor = atStart, true
}

// settingSize is the length of one setting: an identifier and a value.
const settingSize = 6

// setting takes one setting that a direction announced (RFC 9113 section
// 6.5.1). The sizes of the table and of frames matter, to the other direction.
func (h *http2) setting(dir int, b []byte) {
	const headerTableSize, maxFrameSize = 1, 5
	other, value := &h.half[1-dir], binary.BigEndian.Uint32(b[2:])
	switch binary.BigEndian.Uint16(b) {
	case headerTableSize:
		other.table.Allow(value)
	case maxFrameSize:
		other.maxFrame = max(other.maxFrame, int(min(value, h2.LargestFrame)))
	}
}

// lose ends the reading of a direction that breaks HTTP/2: what follows has no
// meaning.
func (h *http2) lose(s *stream, f *h2half) {
	h.cutFrame(s, f, capture.Malformed)
	h.dropLast(f)
	f.phase, f.gone = unframed, true
	h.closeAll(s, capture.Malformed)
}

// cutFrame counts what is held of an unfinished frame or header block.
func (h *http2) cutFrame(s *stream, f *h2half, why capture.Incomplete) {
	if f.phase == inFrameHead && f.n > 0 {
		h.c.p.bytes.open -= uint64(f.n)
		h.c.p.bytes.drop(CutFrame, f.n)
		f.n = 0
	}
	if f.block.on {
		f.block.spoil(why)
		h.endBlock(s, f)
	}
}

// closeAll ends a direction of every stream.
func (h *http2) closeAll(s *stream, why capture.Incomplete) {
	for st := h.oldest; st != nil; {
		next := st.next
		h.close(st, s.dir, why)
		st = next
	}
}

// end ends a direction.
func (h *http2) end(s *stream, why capture.Incomplete) {
	f := &h.half[s.dir]
	h.dropLast(f)
	if f.phase == unframed {
		return
	}
	h.cutFrame(s, f, why)
	f.gone = true
	h.closeAll(s, why)
}
