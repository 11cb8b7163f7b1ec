package prometheus

import (
	"math"
	"slices"
)

// histogram counts by bucket: not cumulative, by ascending bounds of which the last is
// +Inf. A plain counter is one with the bucket +Inf alone. The zero histogram has none.
type histogram struct {
	bounds []float64
	counts []uint64
}

// unbounded are the bounds of a plain counter.
var unbounded = []float64{math.Inf(1)}

// since returns what a counter grew by from before to h, and whether it began anew.
func (h histogram) since(before histogram) (grown histogram, anew bool) {
	if !slices.Equal(h.bounds, before.bounds) {
		return h, true
	}
	counts := make([]uint64, len(h.counts))
	for i, n := range h.counts {
		if n < before.counts[i] {
			return h, true
		}
		counts[i] = n - before.counts[i]
	}
	return histogram{h.bounds, counts}, false
}

// plus adds two histograms in the buckets that both have. It is not ok where
// the total is beyond 2^53, what a sample and a look may count.
func (h histogram) plus(o histogram) (sum histogram, ok bool) {
	switch {
	case h.bounds == nil:
		return o, true
	case o.bounds == nil:
		return h, true
	case !slices.Equal(h.bounds, o.bounds):
		both := common(h.bounds, o.bounds)
		h, o = h.within(both), o.within(both)
	}
	counts := make([]uint64, len(h.counts))
	var total uint64
	for i := range counts {
		// Neither is over 2^53, so that no addition wraps around.
		counts[i] = h.counts[i] + o.counts[i]
		if total += counts[i]; total > maxCount {
			return histogram{}, false
		}
	}
	return histogram{h.bounds, counts}, true
}

// within merges buckets, so that only those with the bounds are left. All of the
// bounds are h's.
func (h histogram) within(bounds []float64) histogram {
	counts := make([]uint64, len(bounds))
	to := 0
	for i, b := range h.bounds {
		counts[to] += h.counts[i]
		if b == bounds[to] {
			to++
		}
	}
	return histogram{bounds, counts}
}

// total sums all buckets.
func (h histogram) total() uint64 {
	var n uint64
	for _, c := range h.counts {
		n += c
	}
	return n
}

// above sums the buckets above a bound.
func (h histogram) above(bound float64) uint64 {
	var n uint64
	for i, c := range h.counts {
		if h.bounds[i] > bound {
			n += c
		}
	}
	return n
}

// common returns the bounds that are in both, both ascending.
func common(a, b []float64) []float64 {
	var both []float64
	for _, x := range a {
		if _, found := slices.BinarySearch(b, x); found {
			both = append(both, x)
		}
	}
	return both
}
