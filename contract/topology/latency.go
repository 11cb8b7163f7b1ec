package topology

import (
	"math/bits"
	"slices"
	"time"
)

// latencies is a histogram with the buckets of HdrHistogram: 64 to each power of
// two of microseconds, so that the middle of one is within 1 % of all its values.
// Only those that are filled are kept, about 200 of 16 bytes for what one operation
// does; the library's array takes 26 KiB each, of which there may be thousands. One
// of them has at most 1900 buckets, which is 30 KiB.
type latencies struct {
	buckets []bucket // by low
	max     time.Duration
}

type bucket struct{ low, n uint64 }

const (
	bucketBits = 6
	// longest is the last value that is told apart: 19 hours in microseconds.
	longest = 1<<36 - 1
)

// bucketOf returns the lowest value of the bucket of a duration.
func bucketOf(d time.Duration) uint64 {
	us := min(uint64(max(0, d.Microseconds())), longest)
	shift := max(0, bits.Len64(us)-bucketBits-1)
	return us >> shift << shift
}

func (l *latencies) add(d time.Duration) {
	l.max = max(l.max, d)
	l.put(bucketOf(d), 1)
}

func (l *latencies) put(low, n uint64) {
	i, ok := slices.BinarySearchFunc(l.buckets, low, func(b bucket, low uint64) int {
		switch {
		case b.low < low:
			return -1
		case b.low > low:
			return 1
		}
		return 0
	})
	if ok {
		l.buckets[i].n += n
		return
	}
	l.buckets = slices.Insert(l.buckets, i, bucket{low, n})
}

func (l *latencies) merge(o *latencies) {
	l.max = max(l.max, o.max)
	for _, b := range o.buckets {
		l.put(b.low, b.n)
	}
}

// middle is the value that stands for a bucket.
func middle(low uint64) time.Duration {
	shift := max(0, bits.Len64(low)-bucketBits-1)
	return time.Duration(low+(1<<shift)/2) * time.Microsecond
}

// at returns the value below which a share of n, in per cent, lies. The rank is
// rounded as HdrHistogram does.
func (l *latencies) at(percent, n uint64) time.Duration {
	rank := max(1, (n*percent+50)/100)
	for _, b := range l.buckets {
		if b.n >= rank {
			return min(middle(b.low), l.max)
		}
		rank -= b.n
	}
	return l.max
}

func (l *latencies) summary() Latency {
	n := uint64(0)
	for _, b := range l.buckets {
		n += b.n
	}
	return Latency{P50: l.at(50, n), P95: l.at(95, n), P99: l.at(99, n), Max: l.max}
}
