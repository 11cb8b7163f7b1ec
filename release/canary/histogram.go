package canary

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"twinspect.dev/release"
)

// maxBuckets bounds the buckets of a histogram: the default of Prometheus has 11, and
// more than a thousand series a service are more than it is asked for.
const maxBuckets = 1024

// histogram sums up what several looks saw.
type histogram struct {
	edges []float64 // ascending
	upTo  []uint64  // how many took at most as long as the edge
	total uint64
}

// newHistogram checks buckets and makes them cumulative.
func newHistogram(c release.Counts) (histogram, error) {
	var h histogram
	if len(c.Buckets) > maxBuckets {
		return h, fmt.Errorf("there are %d buckets, and at most %d are taken", len(c.Buckets), maxBuckets)
	}
	for i, b := range c.Buckets {
		sum := h.total + b.Count
		if sum < h.total {
			return h, errors.New("the buckets hold more than can be counted")
		}
		h.total = sum
		if b.Bound == 0 && i == len(c.Buckets)-1 {
			break // what has no bound
		}
		if !(b.Bound > 0) || math.IsInf(b.Bound, 1) || len(h.edges) > 0 && b.Bound <= h.edges[len(h.edges)-1] {
			return h, fmt.Errorf("bucket %d has the bound %g: bounds are seconds, ascending, and the last one 0 for none", i+1, b.Bound)
		}
		h.edges, h.upTo = append(h.edges, b.Bound), append(h.upTo, h.total)
	}
	if h.total != c.Total {
		return h, fmt.Errorf("the buckets hold %d of %d requests", h.total, c.Total)
	}
	return h, nil
}

// add sums up at the edges that both have, and tells whether one was lost by that.
func (h *histogram) add(other histogram) (coarser bool) {
	if other.total == 0 {
		return false
	}
	if h.total == 0 {
		*h = other
		return false
	}
	var edges []float64
	var upTo []uint64
	j := 0
	for i, e := range h.edges {
		for j < len(other.edges) && other.edges[j] < e {
			j++
		}
		if j < len(other.edges) && other.edges[j] == e {
			edges, upTo = append(edges, e), append(upTo, h.upTo[i]+other.upTo[j])
		}
	}
	coarser = len(edges) < max(len(h.edges), len(other.edges))
	*h = histogram{edges, upTo, h.total + other.total}
	return coarser
}

// above returns the greatest edge up to which a share of less than p lies, 0 for none:
// quantiles from p on are above it.
func (h *histogram) above(p float64) float64 {
	i := sort.Search(len(h.edges), func(i int) bool { return float64(h.upTo[i]) >= p*float64(h.total) })
	if i == 0 {
		return 0
	}
	return h.edges[i-1]
}

// within returns the least edge up to which at least a share of p lies, infinite for
// none: quantiles up to p are at most that.
func (h *histogram) within(p float64) float64 {
	i := sort.Search(len(h.edges), func(i int) bool { return float64(h.upTo[i]) >= p*float64(h.total) })
	if i == len(h.edges) || p > 1 {
		return math.Inf(1)
	}
	return h.edges[i]
}

// over counts what took longer than the edge.
func (h *histogram) over(edge float64) uint64 {
	i := sort.SearchFloat64s(h.edges, edge)
	if i == len(h.edges) {
		return 0
	}
	return h.total - h.upTo[i]
}

// quantile is interpolated within its bucket, as PromQL's histogram_quantile does; what
// is above all edges is at the last.
func (h *histogram) quantile(p float64) float64 {
	i := sort.Search(len(h.edges), func(i int) bool { return float64(h.upTo[i]) >= p*float64(h.total) })
	switch {
	case h.total == 0 || len(h.edges) == 0:
		return 0
	case i == len(h.edges):
		return h.edges[i-1]
	}
	low, before := 0.0, 0.0
	if i > 0 {
		low, before = h.edges[i-1], float64(h.upTo[i-1])
	}
	part := ratio(p*float64(h.total)-before, float64(h.upTo[i])-before)
	return low + (h.edges[i]-low)*min(max(part, 0), 1)
}
