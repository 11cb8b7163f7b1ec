package httpwire

import (
	"cmp"
	"errors"
	"time"

	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// h2block is a header block in the making: HEADERS or PUSH_PROMISE and the
// CONTINUATION frames after it. Its fragments are collected in the stream's
// buffer, for one that is read piece by piece may be read over and over.
type h2block struct {
	on       bool
	push     bool
	last     bool // END_STREAM is set
	stream   uint32
	promised uint32
	start    time.Time
	held     int                // bytes of its frames
	cut      capture.Incomplete // why the rest of it is missing
	long     bool               // it is beyond the limit
}

func (b *h2block) begin(f *h2half) {
	*b = h2block{
		on: true, push: f.frame.Type == h2.PushPromise, stream: f.frame.Stream, start: f.start,
		last: f.frame.Type == h2.Headers && f.frame.Has(h2.EndStream),
	}
}

func (b *h2block) spoil(why capture.Incomplete) {
	if b.cut == "" {
		b.cut = why
	}
}

func (b *h2block) collect(s *stream, p []byte, limit int) {
	if b.cut != "" {
		return
	}
	if room := limit - len(s.buf); len(p) > room {
		p = p[:room]
		b.long = true
		b.spoil(capture.Malformed)
	}
	s.buf = append(s.buf, p...)
}

// endBlock reads a header block and gives its fields to the message.
func (h *http2) endBlock(s *stream, f *h2half) {
	b := f.block
	f.block = h2block{}
	fields, err := f.table.Decode(s.buf, b.cut == "")
	s.buf = s.buf[:0]
	why, reason := b.cut, IncompleteHead
	switch {
	case b.long, errors.Is(err, h2.ErrTooLarge):
		why, reason = capture.Malformed, HeadLimit
	case errors.Is(err, h2.ErrUnknown):
		why, reason = cmp.Or(f.loss, capture.Evicted), HPACKUnknown // lost, or beyond our copy
	case err != nil:
		why, reason = capture.Malformed, HTTP2Malformed
	}
	if why != "" && f.loss == "" {
		f.loss = why
	}
	if refused := h.fields(s, &b, fields, why); refused != "" && why == "" {
		why, reason = capture.Malformed, refused
	}
	f.table.Done()
	h.c.p.bytes.open -= uint64(b.held)
	switch {
	case why == "":
		h.c.p.bytes.written += uint64(b.held)
	case reason == ResetStream:
		h.c.p.bytes.filter(reason, b.held)
	default:
		h.c.p.bytes.drop(reason, b.held)
	}
}

// fields gives a header block to its message. It returns why the block belongs
// to none.
func (h *http2) fields(s *stream, b *h2block, fields []hpack.HeaderField, why capture.Incomplete) capture.Reason {
	if b.push {
		return h.promise(s, b, fields, why)
	}
	st := h.streams[b.stream]
	if st == nil {
		st = h.begin(s, b, fields)
	}
	if st == nil {
		return h.strange(s.dir, b.stream).reason
	}
	m := &st.half[s.dir]
	if why == "" && m.torn == "" && !sound(fields) {
		why = capture.Malformed
	}
	refused := capture.Reason("")
	switch {
	case m.closed || m.done:
		refused = UnknownStream
	case m.headed && s.dir != h.c.client && st.r.Response.Status == 0 && hasStatus(fields):
		refused = h.lateHead(m, b, fields, why)
	case m.headed:
		refused = h.trailer(s, m, b, fields, why)
	case s.dir == h.c.client:
		h.request(s, st, b, fields, why)
	default:
		refused = h.response(s, st, b, fields, why)
	}
	if b.last {
		h.endStream(s, st)
	}
	return refused
}

// begin opens the stream that a header block begins: a request by a higher
// number than any before (RFC 9113 section 5.1.1), or a response to a request
// that was not seen.
func (h *http2) begin(s *stream, b *h2block, fields []hpack.HeaderField) *h2stream {
	hidden := b.stream > h.hidden[0] && b.stream < h.hidden[1] && s.dir != h.c.client
	if b.stream%2 == 0 || b.stream <= h.opened && !hidden {
		return nil
	}
	if s.dir == h.c.client {
		if h.half[s.dir].loss != "" && len(fields) > 0 && !fields[0].IsPseudo() {
			return nil // the trailer section of a request whose header was lost
		}
		h.opened = b.stream
		if h.hidden[1] == h.hidden[0] {
			h.hidden[1] = b.stream
		}
		return h.open(b.stream, h.c.record())
	}
	if !hasStatus(fields) {
		return nil
	}
	st := h.open(b.stream, h.c.record())
	h.close(st, h.c.client, "")
	return st
}
