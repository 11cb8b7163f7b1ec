package units

import (
	"encoding/binary"
	"math"

	"twinspect.dev/capture"
)

// kinds names the frames by opcode (RFC 6455 section 11.8).
var kinds = [16]capture.Reason{
	0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong",
}

// reserved are frames of an opcode that is not defined.
const reserved capture.Reason = "reserved"

// maxHead is 2 bytes, a length of 8 and a mask of 4.
const maxHead = 14

// WebSocket walks over the frames of one direction (RFC 6455 section 5.2). Each
// is counted as filtered by its kind once it has ended, for its payload is not
// kept; one that is not whole is dropped. Memory and time do not depend on how the
// bytes are cut.
type WebSocket struct {
	counter
	head [maxHead]byte
	n    int   // bytes of head
	left int64 // bytes of the payload to come
	in   bool  // in the payload
}

// Feed takes the next bytes.
func (w *WebSocket) Feed(p []byte, t *capture.Stats) {
	for len(p) > 0 && !w.lost {
		if w.in {
			n := min(w.left, int64(len(p)))
			p = p[n:]
			w.left -= n
			w.finish(t)
			continue
		}
		w.see(t)
		n := copy(w.head[w.n:w.need()], p)
		p = p[n:]
		w.n += n
		if w.n == w.need() {
			w.begin(t)
		}
	}
}

// need returns how long the head is as far as that is known.
func (w *WebSocket) need() int {
	if w.n < 2 {
		return 2
	}
	n := 2
	switch w.head[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if w.head[1]&0x80 != 0 {
		n += 4
	}
	return n
}

func (w *WebSocket) begin(t *capture.Stats) {
	w.left = int64(w.head[1] & 0x7f)
	switch w.left {
	case 126:
		w.left = int64(binary.BigEndian.Uint16(w.head[2:]))
	case 127:
		n := binary.BigEndian.Uint64(w.head[2:])
		if n > math.MaxInt64 {
			w.lose(capture.Malformed, t)
			return
		}
		w.left = int64(n)
	}
	w.in = true
	w.finish(t)
}

// finish counts the frame at hand where it has ended.
func (w *WebSocket) finish(t *capture.Stats) {
	if w.left > 0 {
		return
	}
	w.n, w.in = 0, false
	if !w.over(t) {
		return
	}
	kind := kinds[w.head[0]&0xf]
	if kind == "" {
		kind = reserved
	}
	t.Filter(kind, 1)
}

// Skip goes over n bytes that were not captured. Within a payload they cost its
// frame; beyond it where frames begin is lost, and at least one with it.
func (w *WebSocket) Skip(n int64, why capture.Incomplete, t *capture.Stats) {
	switch {
	case w.lost || n <= 0:
	case w.in && n <= w.left:
		w.hurt(why)
		w.left -= n
		w.finish(t)
	default:
		w.lose(why, t)
	}
}
