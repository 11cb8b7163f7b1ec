package prometheus

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
)

// maxCount is up to where float64 counts by ones.
const maxCount = 1 << 53

// refusal is why series cannot be counted.
type refusal struct {
	labels model.Metric
	why    string
}

func (r *refusal) Error() string { return r.labels.String() + " " + r.why }

// count takes a sample's value for a number of requests.
func count(v model.SampleValue) (uint64, string) {
	f := float64(v)
	switch {
	case math.IsNaN(f):
		return 0, "is NaN"
	case math.IsInf(f, 0):
		return 0, "is infinite"
	case f < 0:
		return 0, fmt.Sprintf("is negative, %v", f)
	case f > maxCount:
		return 0, fmt.Sprintf("is %v, beyond what can be counted by ones", f)
	case f != math.Trunc(f):
		return 0, fmt.Sprintf("is no whole number, %v", f)
	}
	return uint64(f), ""
}

// cut returns the samples that a window can need, and refuses what is out of order.
func cut(s *model.SampleStream, w window) ([]model.SamplePair, error) {
	if len(s.Histograms) > 0 {
		return nil, &refusal{s.Metric, "is a native histogram: only classic ones are read"}
	}
	var kept []model.SamplePair
	for i, v := range s.Values {
		if i > 0 && v.Timestamp <= s.Values[i-1].Timestamp {
			return nil, &refusal{s.Metric, "has samples that do not ascend in time"}
		}
		if v.Timestamp >= w.from.Add(-lookback) && v.Timestamp <= w.to {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

// counters makes tracks of plain counters.
func counters(m model.Matrix, w window) ([]track, error) {
	var tracks []track
	seen := map[model.Fingerprint]bool{}
	for _, s := range m {
		values, err := cut(s, w)
		if err != nil {
			return nil, err
		}
		id := s.Metric.Fingerprint()
		if seen[id] {
			return nil, &refusal{s.Metric, "is there twice"}
		}
		seen[id] = true
		t := track{labels: s.Metric, samples: make([]sample, len(values))}
		for i, v := range values {
			n, why := count(v.Value)
			if why != "" {
				return nil, &refusal{s.Metric, why}
			}
			t.samples[i] = sample{v.Timestamp, histogram{unbounded, []uint64{n}}}
		}
		if len(values) > 0 {
			tracks = append(tracks, t)
		}
	}
	return tracks, nil
}

// bucket is the series of one bound.
type bucket struct {
	bound  float64
	values []model.SamplePair // those not yet read
}

// histograms makes tracks of the series of classic histograms, one for all the buckets
// that differ by the label le alone.
func histograms(m model.Matrix, w window) ([]track, error) {
	groups := map[model.Fingerprint][]bucket{}
	var tracks []track
	for _, s := range m {
		values, err := cut(s, w)
		if err != nil {
			return nil, err
		}
		bound, err := strconv.ParseFloat(string(s.Metric[model.BucketLabel]), 64)
		if err != nil || math.IsNaN(bound) {
			return nil, &refusal{s.Metric, "has no number for a label le"}
		}
		labels := s.Metric.Clone()
		delete(labels, model.BucketLabel)
		id := labels.Fingerprint()
		if groups[id] == nil {
			tracks = append(tracks, track{labels: labels})
		}
		groups[id] = append(groups[id], bucket{bound, values})
	}
	for i := range tracks {
		if err := tracks[i].merge(groups[tracks[i].labels.Fingerprint()]); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(tracks, func(t track) bool { return len(t.samples) == 0 }), nil
}

// maxBuckets bounds the work for a histogram; those that people declare have a dozen,
// the finest some two hundred.
const maxBuckets = 500

// merge reads the buckets scrape by scrape: the samples of one have the same time.
func (t *track) merge(buckets []bucket) error {
	if len(buckets) > maxBuckets {
		return &refusal{t.labels, fmt.Sprintf("has %d buckets, more than %d", len(buckets), maxBuckets)}
	}
	slices.SortStableFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	var bounds []float64 // of the scrape before, as they hardly ever change
	for {
		at, more := next(buckets)
		if !more {
			return nil
		}
		h, why := scrape(buckets, at)
		if why != "" {
			return &refusal{t.labels, why}
		}
		if slices.Equal(h.bounds, bounds) {
			h.bounds = bounds
		}
		bounds = h.bounds
		t.samples = append(t.samples, sample{at, h})
	}
}

// next returns the earliest time that was not read.
func next(buckets []bucket) (at model.Time, more bool) {
	for _, b := range buckets {
		if len(b.values) > 0 && (!more || b.values[0].Timestamp < at) {
			at, more = b.values[0].Timestamp, true
		}
	}
	return at, more
}

// scrape takes the samples of one time, and makes of the cumulative counts those of
// the buckets.
func scrape(buckets []bucket, at model.Time) (h histogram, why string) {
	var below uint64
	for i := range buckets {
		b := &buckets[i]
		if len(b.values) == 0 || b.values[0].Timestamp != at {
			continue
		}
		n, why := count(b.values[0].Value)
		b.values = b.values[1:]
		switch {
		case why != "":
			return h, fmt.Sprintf("in the bucket %v %s", b.bound, why)
		case n < below:
			return h, fmt.Sprintf("has fewer in the bucket %v, %d, than in the one below, %d", b.bound, n, below)
		case len(h.bounds) > 0 && h.bounds[len(h.bounds)-1] == b.bound:
			return h, fmt.Sprintf("has the bucket %v twice", b.bound)
		}
		h.bounds, h.counts = append(h.bounds, b.bound), append(h.counts, n-below)
		below = n
	}
	if !math.IsInf(h.bounds[len(h.bounds)-1], 1) {
		return h, "has no bucket +Inf"
	}
	return h, ""
}
