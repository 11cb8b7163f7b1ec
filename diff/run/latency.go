package run

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// longest bounds the latencies that are told apart, longer than any timeout.
const longest = time.Hour

// took returns the latency of an answer, in a range in which sums cannot
// overflow whatever times a file holds.
func took(a *replay.Answer) time.Duration { return min(max(a.Latency(), 0), longest) }

// latency is a histogram of microseconds. Two significant digits cost 26 KiB
// for a range up to an hour.
type latency struct{ h *hdrhistogram.Histogram }

func newLatency() *latency { return &latency{hdrhistogram.New(1, longest.Microseconds(), 2)} }

// record counts a latency of at most longest, so that RecordValue cannot fail.
func (l *latency) record(d time.Duration) { _ = l.h.RecordValue(max(d.Microseconds(), 1)) }

// recordMany counts n of them.
func (l *latency) recordMany(d time.Duration, n int64) {
	_ = l.h.RecordValues(max(d.Microseconds(), 1), n)
}

func (l *latency) info() diff.LatencyInfo {
	info := diff.LatencyInfo{
		Count: uint64(l.h.TotalCount()),
		Min:   millis(l.h.Min()),
		P50:   millis(l.h.ValueAtQuantile(50)),
		P90:   millis(l.h.ValueAtQuantile(90)),
		P99:   millis(l.h.ValueAtQuantile(99)),
		Max:   millis(l.h.Max()),
	}
	info.Buckets = Buckets(l.h)
	return info
}

// bucketsPerDoubling is the resolution of the reported distribution: each
// bucket ends about 9 % above the one before.
const bucketsPerDoubling = 8

// Buckets folds a histogram of microseconds to logarithmic buckets, which is what
// a plot on a logarithmic axis shows.
func Buckets(h *hdrhistogram.Histogram) []diff.LatencyBucket {
	var buckets []diff.LatencyBucket
	last := math.MinInt
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		step := int(math.Ceil(bucketsPerDoubling * math.Log2(float64(bar.To))))
		if step != last {
			// Rounded down: the whole microseconds in the bucket stay below the
			// bound, and those of the next bucket above it.
			upTo := math.Floor(math.Exp2(float64(step) / bucketsPerDoubling))
			buckets = append(buckets, diff.LatencyBucket{UpTo: upTo / 1000})
			last = step
		}
		buckets[len(buckets)-1].Count += uint64(bar.Count)
	}
	return buckets
}

func millis(micros int64) float64 { return float64(micros) / 1000 }
