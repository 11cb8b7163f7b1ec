package httpwire

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// maxOpened is how far the streams of a connection go on in a gap and in what the
// search takes. Endpoints count them up by two, so it is 2^19 requests: 5 MB if
// they are as small as can be.
const maxOpened = 1 << 20

// stray begins the search for the next frame of a direction. Everything may have
// been lost: parts of each message that is under way, insertions in the dynamic
// table, and settings of the other direction. That those changed the largest
// frame is left out of account: endpoints announce it at the beginning.
func (h *http2) stray(s *stream, f *h2half, why capture.Incomplete) {
	h.cutFrame(s, f, why)
	h.dropLast(f)
	f.phase, f.loss, f.fresh = inSearch, why, false
	f.finder = h2.NewFinder(h2.Sender{Client: s.dir == h.c.client, MaxFrame: f.maxFrame, MaxStream: h.opened + maxOpened})
	f.table.Forget()
	h.half[1-s.dir].table.AllowAny()
	if s.dir == h.c.client {
		h.hidden = [2]uint32{h.opened, h.opened}
	}
	for st := h.oldest; st != nil; st = st.next {
		if m := &st.half[s.dir]; !m.closed {
			m.torn = why
			m.blur(h.c, why)
		}
	}
}

// seek gives bytes to the search. The last ones are open: they may belong to the
// frame that is found.
func (h *http2) seek(s *stream, f *h2half, p []byte) int {
	h.c.p.bytes.open -= uint64(len(f.finder.Last()))
	had := len(f.finder.Last())
	n, ahead, found := f.finder.Feed(p)
	last := f.finder.Last()
	h.c.p.bytes.drop(CutFrame, had+n-len(last))
	if found {
		h.resume(s, f, last, ahead)
	} else {
		h.c.p.bytes.open += uint64(len(last))
	}
	return n
}

// dropLast ends a search without result.
func (h *http2) dropLast(f *h2half) {
	if f.finder == nil {
		return
	}
	n := len(f.finder.Last())
	h.c.p.bytes.open -= uint64(n)
	h.c.p.bytes.drop(CutFrame, n)
	f.finder = nil
}

// resume reads on where a frame begins: with the last bytes, or ahead of them. The
// first frames may continue a header block whose beginning is lost.
func (h *http2) resume(s *stream, f *h2half, last []byte, ahead int) {
	f.finder = nil
	f.phase, f.n, f.orphan = inFrameHead, 0, true
	if ahead > 0 {
		f.phase, f.left = inPadding, ahead
		f.frame, f.fate = h2.Header{Type: h2.Ping}, fate{isDropped, CutFrame}
		return
	}
	if len(last) > 0 {
		h.frameHead(s, f, last)
	}
}
