package httpwire

import (
	"math"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/units"
)

// h2stream is a stream: one exchange, or a tunnel once that is given.
type h2stream struct {
	id         uint32
	r          *record // nil once both halves are over
	half       [2]h2message
	prev, next *h2stream
}

// h2message is one direction of a stream.
type h2message struct {
	intake
	headed  bool // its header was read, the final one of a response
	trailed bool
	done    bool               // the message is over
	closed  bool               // and so is the direction of the stream
	blurred bool               // the size of the body is not known
	torn    capture.Incomplete // why parts of it may have been lost
	tunnel  capture.Reason
	isGRPC  bool // the body is of gRPC
	grpc    units.GRPC
	ws      *units.WebSocket
}

// open adds a stream. Beyond the limits the oldest one goes.
func (h *http2) open(id uint32, r *record) *h2stream {
	p := h.c.p
	if n := len(h.streams); n >= p.cfg.MaxPending || n > 0 && p.full() {
		h.abort(h.oldest, capture.Evicted)
	}
	st := h.free
	if st == nil {
		st = new(h2stream)
	} else {
		h.free = st.next
	}
	*st = h2stream{id: id, r: r, prev: h.newest}
	if h.newest == nil {
		h.oldest = st
	} else {
		h.newest.next = st
	}
	h.newest = st
	h.streams[id] = st
	server := 1 - h.c.client
	if h.half[server].gone {
		h.close(st, server, "")
	}
	return st
}

// remove takes a stream out. It is used again, unless a frame of it is at hand;
// there are never more than were open at once.
func (h *http2) remove(st *h2stream) {
	delete(h.streams, st.id)
	if st.prev == nil {
		h.oldest = st.next
	} else {
		st.prev.next = st.next
	}
	if st.next == nil {
		h.newest = st.prev
	} else {
		st.next.prev = st.prev
	}
	if h.half[0].stream != st && h.half[1].stream != st {
		st.next, h.free = h.free, st
	}
}

// endStream ends a direction of a stream by END_STREAM.
func (h *http2) endStream(s *stream, st *h2stream) {
	if m := &st.half[s.dir]; m.msg != nil {
		m.msg.End = s.at
	}
	h.close(st, s.dir, "")
}

// abort ends both directions of a stream.
func (h *http2) abort(st *h2stream, why capture.Incomplete) {
	h.close(st, h.c.client, why)
	h.close(st, 1-h.c.client, why)
}

// close ends a direction of a stream; why is "" where it is whole.
func (h *http2) close(st *h2stream, dir int, why capture.Incomplete) {
	m := &st.half[dir]
	if m.closed {
		return
	}
	m.closed = true
	h.done(st, dir, why)
	if m.ws != nil {
		m.ws.End(why, &h.c.p.websocket)
	}
	if st.half[1-dir].closed {
		h.remove(st)
	}
}

// done ends the message of a direction.
func (h *http2) done(st *h2stream, dir int, why capture.Incomplete) {
	m := &st.half[dir]
	if m.done {
		return
	}
	m.done = true
	r := st.r
	if m.msg != nil {
		if why == "" && (m.fault == "" || m.fault == capture.Malformed) && m.tunnel == "" && misframed(r, m) {
			why = capture.Malformed
		}
		m.finish(h.c, why)
	}
	if st.half[1-dir].done {
		st.r = nil
	}
	if dir == h.c.client {
		r.reqDone = true
	} else {
		r.respDone = true
	}
	h.c.settle(r)
}

func (m *h2message) finish(c *Conn, why capture.Incomplete) {
	if why != "" {
		m.blame(why)
		m.msg.BodySize = announced(m.msg.Header)
	}
	if m.blurred {
		m.msg.BodySize = -1
	}
	m.msg.Incomplete = m.fault
	if m.isGRPC {
		m.grpc.End(m.fault, &c.p.grpc)
	}
	m.msg, m.rec = nil, nil
}

// announced returns the length that a header announces, or -1.
func announced(header capture.Header) int64 {
	if n, ok := parseLength(header.Get("content-length")); ok {
		return n
	}
	return -1
}

// dataFate decides how a frame of DATA is counted.
func (h *http2) dataFate(dir int, f *h2half) fate {
	st := f.stream
	switch {
	case st == nil:
		return h.strange(dir, f.frame.Stream)
	case st.half[dir].tunnel != "" && !st.half[dir].closed:
		return fate{isFiltered, st.half[dir].tunnel}
	case st.half[dir].msg != nil:
		return fate{how: isWritten}
	}
	return fate{isDropped, UnknownStream}
}

// data takes the content of DATA.
func (h *http2) data(s *stream, f *h2half, p []byte) {
	if f.fate.how == isDropped || f.stream == nil {
		h.tally(f, len(p))
		return
	}
	m := &f.stream.half[s.dir]
	switch {
	case f.fate.how == isFiltered:
		h.tally(f, len(p))
		if m.ws != nil {
			m.ws.Feed(p, &h.c.p.websocket)
		}
	case m.msg == nil:
		f.fate = h.strange(s.dir, f.stream.id) // it was ended while the frame came
		h.tally(f, len(p))
	default:
		h.c.p.keep(&m.intake, s.at, p)
		if m.isGRPC {
			m.grpc.Feed(p, int64(len(m.msg.Body)), m.fault, &h.c.p.grpc)
		}
	}
}

// missData takes the loss of n bytes of the content of DATA.
func (h *http2) missData(s *stream, f *h2half, n int, why capture.Incomplete) {
	if f.stream == nil {
		return
	}
	m := &f.stream.half[s.dir]
	if m.ws != nil {
		m.ws.Skip(int64(n), why, &h.c.p.websocket)
	}
	if m.msg == nil {
		return
	}
	m.hurt = true
	m.blame(why)
	m.msg.BodySize += int64(n)
	m.msg.End = s.at
	if m.isGRPC {
		m.grpc.Skip(int64(n), why, &h.c.p.grpc)
	}
}

// blur takes the loss of how much of a frame is padding.
func (m *h2message) blur(c *Conn, why capture.Incomplete) {
	if m.ws != nil {
		m.ws.Skip(math.MaxInt64, why, &c.p.websocket)
	}
	if m.msg == nil {
		return
	}
	m.hurt, m.blurred = true, true
	m.blame(why)
	if m.isGRPC {
		m.grpc.Skip(math.MaxInt64, why, &c.p.grpc)
	}
}
