package httpwire

import (
	"slices"

	"twinspect.dev/capture"
)

// maxResets is how many streams are remembered that one end has reset while the
// other was not through. That end goes on until it hears of it, a round trip later,
// and no more streams are reset meanwhile than are open at once: servers allow 100
// to 250 (RFC 9113 section 6.5.2 advises 100 at least).
const maxResets = 256

// reset ends a stream because the end of a direction said so. What the other one
// still sends is then expected (RFC 9113 section 5.1).
func (h *http2) reset(st *h2stream, dir int) {
	key, through := resetKey(st.id, dir), st.half[1-dir].closed
	h.abort(st, capture.Reset)
	switch {
	case through:
	case len(h.resets) < maxResets:
		h.resets = append(h.resets, key)
	default:
		h.resets[h.nextReset] = key
		h.nextReset = (h.nextReset + 1) % maxResets
	}
}

// resetKey is a stream and the direction of who has reset it: numbers of streams
// have 31 bits.
func resetKey(id uint32, dir int) uint32 { return id<<1 | uint32(dir) }

// strange is how what a direction sends on a stream that is not there is counted.
func (h *http2) strange(dir int, id uint32) fate {
	if slices.Contains(h.resets, resetKey(id, 1-dir)) {
		return fate{isFiltered, ResetStream}
	}
	return fate{isDropped, UnknownStream}
}
