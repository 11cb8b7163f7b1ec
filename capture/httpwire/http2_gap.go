package httpwire

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// skip goes over n bytes that were not captured. Within a frame they cost what
// the frame carries; where they reach into the next frame header, the next
// frame is searched for.
func (h *http2) skip(s *stream, n int64, why capture.Incomplete) {
	f := &h.half[s.dir]
	s.pos += n
	for n > 0 && f.phase != unframed {
		if f.phase == inPreface || f.phase == inFrameHead || f.phase == inSearch {
			h.stray(s, f, why)
			return
		}
		k := int(min(n, int64(f.left)))
		n -= int64(k)
		h.miss(s, f, k, why)
		f.left -= k
		h.advance(s, f)
	}
}

// miss takes the loss of n bytes of the phase at hand.
func (h *http2) miss(s *stream, f *h2half, n int, why capture.Incomplete) {
	switch {
	case f.phase == inPadding:
	case f.phase == inPrelude:
		h.missPrelude(s.dir, f, n, why)
	case f.block.on:
		f.block.spoil(why)
	case f.frame.Type == h2.Data:
		h.missData(s, f, n, why)
	case f.frame.Type == h2.Settings:
		h.half[1-s.dir].table.AllowAny()
		f.phase = inPadding // the entries that follow are not aligned
	case f.frame.Type == h2.GoAway && f.n < 4:
		f.phase = inPadding
	}
}

// missPrelude takes the loss of a part of what comes before the content. The
// priority costs nothing; without the length of the padding the end of the
// content is not known, without the promised stream nothing is.
func (h *http2) missPrelude(dir int, f *h2half, n int, why capture.Incomplete) {
	from, to := f.n, f.n+n
	f.n = to
	if f.frame.Padded() && from == 0 {
		f.unsure = true
		f.unit[0] = 0
	}
	promise := f.frame.Type == h2.PushPromise && to > f.frame.Prelude()-4
	if f.block.on && (f.unsure || promise) {
		f.block.spoil(why)
	}
	if f.unsure && f.stream != nil {
		f.stream.half[dir].blur(h.c, why)
	}
}
