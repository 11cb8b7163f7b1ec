package units

import (
	"encoding/binary"

	"twinspect.dev/capture"
)

const prefix = 5

// GRPC walks over the length-prefixed messages of one body: one byte of flags,
// four of length, the message (gRPC over HTTP/2, "Requests"). One is written when
// it is whole and all of it was kept, else dropped. Memory and time do not depend
// on how the bytes are cut.
type GRPC struct {
	counter
	head [prefix]byte
	n    int
	left int64 // bytes of the message to come
	at   int64 // bytes of the body so far, those missing included
}

// Feed takes the next bytes of the body, of which the first kept bytes are kept
// in all. Messages that end beyond are dropped for the reason.
func (w *GRPC) Feed(p []byte, kept int64, why capture.Incomplete, t *capture.Stats) {
	for len(p) > 0 && !w.lost {
		w.see(t)
		if w.n < prefix {
			n := copy(w.head[w.n:], p)
			p = p[n:]
			w.n += n
			w.at += int64(n)
			if w.n < prefix {
				return
			}
			w.begin(t)
		}
		n := min(w.left, int64(len(p)))
		p = p[n:]
		w.left -= n
		w.at += n
		w.finish(kept, why, t)
	}
}

// begin reads the prefix. Of the flags, only the lowest is defined.
func (w *GRPC) begin(t *capture.Stats) {
	if w.head[0] > 1 {
		w.lose(capture.Malformed, t)
		return
	}
	w.left = int64(binary.BigEndian.Uint32(w.head[1:]))
}

func (w *GRPC) finish(kept int64, why capture.Incomplete, t *capture.Stats) {
	if w.lost || w.left > 0 {
		return
	}
	if w.at > kept {
		w.hurt(why)
	}
	w.n = 0
	if w.over(t) {
		t.Written++
	}
}

// Skip goes over n bytes of the body that were not captured. Within a message
// they cost that one; beyond it where messages begin is lost, and at least one
// with it.
func (w *GRPC) Skip(n int64, why capture.Incomplete, t *capture.Stats) {
	switch {
	case w.lost || n <= 0:
	case w.n == prefix && n <= w.left:
		w.hurt(why)
		w.left -= n
		w.at += n
		w.finish(w.at, why, t)
	default:
		w.lose(why, t)
	}
}
