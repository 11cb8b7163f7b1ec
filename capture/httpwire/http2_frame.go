package httpwire

import (
	"encoding/binary"

	"twinspect.dev/capture/httpwire/internal/h2"
)

// step reads the beginning of p and returns how much of it.
func (h *http2) step(s *stream, p []byte) int {
	f := &h.half[s.dir]
	switch f.phase {
	case inPreface:
		return h.preface(s, f, p)
	case inFrameHead:
		return h.frameHead(s, f, p)
	case inSearch:
		return h.seek(s, f, p)
	case unframed:
		h.c.p.bytes.drop(HTTP2Malformed, len(p))
		return len(p)
	}
	p = p[:min(len(p), f.left)]
	f.left -= len(p)
	switch f.phase {
	case inPrelude:
		f.n += copy(f.unit[f.n:], p)
		h.tally(f, len(p))
	case inContent:
		h.content(s, f, p)
	case inPadding:
		h.tally(f, len(p))
	}
	h.advance(s, f)
	return len(p)
}

func (h *http2) preface(s *stream, f *h2half, p []byte) int {
	want := h2.Preface[f.n:]
	n := min(len(p), len(want))
	for i, b := range p[:n] {
		if b != want[i] {
			h.c.p.bytes.filter(HTTP2Control, i)
			h.foul(s, f)
			return i
		}
	}
	h.c.p.bytes.filter(HTTP2Control, n)
	if f.n += n; f.n == len(h2.Preface) {
		f.phase, f.n = inFrameHead, 0
	}
	return n
}

// frameHead collects a frame header.
func (h *http2) frameHead(s *stream, f *h2half, p []byte) int {
	if f.n == 0 {
		f.start = s.at
		// No frame of SETTINGS, which must come first (RFC 9113 section 3.4), is
		// so long that an H begins it.
		if f.fresh && p[0] == 'H' {
			h.decline(s)
			return 0
		}
		f.fresh = false
	}
	n := copy(f.head[f.n:], p)
	h.c.p.bytes.open += uint64(n)
	if f.n += n; f.n < h2.HeaderSize {
		return n
	}
	h.c.p.bytes.open -= h2.HeaderSize
	f.n = 0
	f.frame = h2.ParseHeader(&f.head)
	f.maxFrame = max(f.maxFrame, f.frame.Length)
	f.orphan = f.orphan && f.frame.Type == h2.Continuation
	if !f.follows() {
		h.c.p.bytes.drop(HTTP2Malformed, h2.HeaderSize)
		h.lose(s, f)
		return n
	}
	h.beginFrame(s.dir, f)
	h.tally(f, h2.HeaderSize)
	h.advance(s, f)
	return n
}

// follows reports whether the frame may stand where it does: inside a header
// block nothing but its continuation (RFC 9113 section 4.3), frames of streams
// on streams, and what comes before the content within the frame.
func (f *h2half) follows() bool {
	t := f.frame.Type
	switch {
	case f.block.on:
		return t == h2.Continuation && f.frame.Stream == f.block.stream
	case t == h2.Continuation:
		return f.orphan
	case t == h2.Data || t == h2.Headers || t == h2.PushPromise || t == h2.RSTStream:
		return f.frame.Stream != 0 && f.frame.Length >= f.frame.Prelude()
	}
	return true
}

// beginFrame decides how the frame is counted. What belongs to a message is
// written with its overhead, as chunks are.
func (h *http2) beginFrame(dir int, f *h2half) {
	f.phase, f.left = inPrelude, f.frame.Prelude()
	f.content, f.pad, f.stream, f.unsure = f.frame.Length-f.left, 0, nil, false
	switch {
	case f.frame.Type == h2.Data:
		f.stream = h.streams[f.frame.Stream]
		f.fate = h.dataFate(dir, f)
	case f.orphan:
		f.fate = fate{isDropped, CutFrame}
	case f.frame.Block():
		f.fate = fate{how: isHeld}
		if !f.block.on {
			f.block.begin(f)
		}
	default:
		f.fate = fate{isFiltered, HTTP2Control}
	}
}

// tally counts bytes by the frame's fate.
func (h *http2) tally(f *h2half, n int) {
	t := &h.c.p.bytes
	switch f.fate.how {
	case isWritten:
		t.written += uint64(n)
	case isFiltered:
		t.filter(f.fate.reason, n)
	case isDropped:
		t.drop(f.fate.reason, n)
	case isHeld:
		t.open += uint64(n)
		f.block.held += n
	}
}

// advance goes through the parts of a frame that have ended.
func (h *http2) advance(s *stream, f *h2half) {
	for f.left == 0 {
		switch f.phase {
		case inPrelude:
			if !h.prelude(f) {
				h.lose(s, f)
				return
			}
			f.phase, f.left, f.n = inContent, f.content, 0
		case inContent:
			f.phase, f.left = inPadding, f.pad
		case inPadding:
			f.phase, f.n = inFrameHead, 0
			h.endFrame(s, f)
			return
		default:
			return
		}
	}
}

// prelude reads what comes before the content. It reports whether there is room
// for the padding (RFC 9113 section 6.1).
func (h *http2) prelude(f *h2half) bool {
	b := f.unit[:f.n]
	if f.frame.Padded() {
		if !f.unsure {
			f.pad = int(b[0])
		}
		b = b[1:]
	}
	if f.frame.Type == h2.PushPromise {
		f.block.promised = binary.BigEndian.Uint32(b) &^ (1 << 31)
	}
	if f.pad > f.content {
		return false
	}
	f.content -= f.pad
	return true
}

// content takes bytes of a frame's content.
func (h *http2) content(s *stream, f *h2half, p []byte) {
	switch t := f.frame.Type; {
	case t == h2.Data:
		h.data(s, f, p)
		return
	case f.block.on:
		f.block.collect(s, p, h.c.p.cfg.MaxHead)
	case t == h2.Settings && !f.frame.Has(h2.Ack):
		h.units(f, p, settingSize, func() { h.setting(s.dir, f.unit[:]) })
	case t == h2.GoAway && s.dir != h.c.client:
		h.units(f, p[:min(len(p), max(4-f.n, 0))], 4, func() { h.goAway(f) })
	}
	h.tally(f, len(p))
}

// units collects parts of a fixed size and gives each to take.
func (h *http2) units(f *h2half, p []byte, size int, take func()) {
	for len(p) > 0 {
		n := copy(f.unit[f.n:size], p)
		f.n += n
		p = p[n:]
		if f.n == size {
			take()
			f.n = 0
			if f.frame.Type == h2.GoAway {
				f.n = size // what follows is of no concern
			}
		}
	}
}

// goAway ends the streams that the server says it will not look at (RFC 9113
// section 6.8).
func (h *http2) goAway(f *h2half) {
	last := binary.BigEndian.Uint32(f.unit[:]) &^ (1 << 31)
	for st := h.oldest; st != nil; {
		next := st.next
		if st.id > last && st.id%2 == 1 {
			h.reset(st, 1-h.c.client)
		}
		st = next
	}
}

// endFrame does what a whole frame asks for.
func (h *http2) endFrame(s *stream, f *h2half) {
	switch t := f.frame.Type; {
	case f.frame.Block() && f.frame.Has(h2.EndHeaders):
		if f.block.on {
			h.endBlock(s, f)
		}
		f.orphan = false
	case t == h2.Data:
		st := f.stream
		f.stream = nil
		if st != nil && f.frame.Has(h2.EndStream) {
			h.endStream(s, st)
		}
	case t == h2.RSTStream:
		if st := h.streams[f.frame.Stream]; st != nil {
			h.reset(st, s.dir)
		}
	}
}
