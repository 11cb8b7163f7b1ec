// Package lenprefix counts the length-prefixed messages of a gRPC body: one
// byte of flags, four of length, the message (gRPC over HTTP/2, "Requests").
package lenprefix

import (
	"encoding/binary"

	"twinspect.dev/capture"
)

const prefix = 5

// Walker walks over the messages of one body. One is written when it is whole
// and all of it was kept, else dropped.
type Walker struct {
	head [prefix]byte
	n    int
	left int64 // bytes of the message to come
	at   int64 // bytes of the body so far, those missing included
	why  capture.Incomplete
	lost bool // where messages begin is no longer known
}

// Feed takes the next bytes of the body, of which the first kept bytes are kept
// in all. Messages that end beyond are dropped for the reason.
func (w *Walker) Feed(p []byte, kept int64, why capture.Incomplete, t *capture.Stats) {
	for len(p) > 0 && !w.lost {
		if w.n == 0 {
			t.Seen++
			t.Open++
		}
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
func (w *Walker) begin(t *capture.Stats) {
	if w.head[0] > 1 {
		w.lose(capture.Malformed, t)
		return
	}
	w.left = int64(binary.BigEndian.Uint32(w.head[1:]))
}

func (w *Walker) finish(kept int64, why capture.Incomplete, t *capture.Stats) {
	if w.lost || w.left > 0 {
		return
	}
	if w.why == "" && w.at > kept {
		w.why = why
	}
	t.Open--
	if w.why == "" {
		t.Written++
	} else {
		t.Drop(capture.Reason(w.why), 1)
	}
	w.n, w.why = 0, ""
}

// Skip goes over n bytes of the body that were not captured. Within a message
// they cost that one; beyond it where messages begin is lost.
func (w *Walker) Skip(n int64, why capture.Incomplete, t *capture.Stats) {
	if w.lost || n <= 0 {
		return
	}
	if w.n == prefix && n <= w.left {
		w.why = why
		w.left -= n
		w.at += n
		w.finish(w.at, why, t)
		return
	}
	if w.n == 0 {
		t.Seen++
		t.Open++
	}
	w.lose(why, t)
}

// End ends the body; why is "" where its end was seen.
func (w *Walker) End(why capture.Incomplete, t *capture.Stats) {
	if why == "" {
		why = capture.Malformed // the body ended inside a message
	}
	if w.n > 0 && !w.lost {
		w.lose(why, t)
	}
	w.lost = true
}

func (w *Walker) lose(why capture.Incomplete, t *capture.Stats) {
	if w.why != "" {
		why = w.why
	}
	t.Open--
	t.Drop(capture.Reason(why), 1)
	*w = Walker{lost: true}
}
