package dashboard

import (
	"cmp"
	"math"
	"slices"

	"twinspect.dev/release"
)

// side sums up what one side counted.
type side struct {
	total, bad float64
	buckets    []release.Bucket // by ascending bounds, what has no bound at last
}

func (s *side) add(c *release.Counts) {
	s.total += float64(c.Total)
	s.bad += float64(c.Bad)
	for _, b := range c.Buckets {
		i, found := slices.BinarySearchFunc(s.buckets, b, func(have, want release.Bucket) int { return cmp.Compare(edge(have), edge(want)) })
		if found {
			s.buckets[i].Count += b.Count
		} else {
			s.buckets = slices.Insert(s.buckets, i, b)
		}
	}
}

// edge is a bucket's upper bound.
func edge(b release.Bucket) float64 {
	if b.Bound == 0 {
		return math.Inf(1)
	}
	return b.Bound
}

// estimate is the share of the bad, or the quantile q where it is not 0.
func (s *side) estimate(q float64) estimate {
	switch {
	case !(s.total > 0):
		return unknown
	case q > 0:
		return s.quantile(q)
	}
	return wilson(min(s.bad, s.total), s.total)
}

// wilson is the score interval of a share (Wilson, Probable inference, 1927), which
// holds for few bad ones too.
func wilson(bad, total float64) estimate {
	p, n := bad/total, total
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return estimate{p, max(middle-half, 0), min(middle+half, 1)}
}

// quantile encloses a quantile by the ranks that its binomial deviation reaches; of a
// bucket only its bounds are known, and the value is taken within it in proportion.
func (s *side) quantile(q float64) estimate {
	n := s.total
	margin := z * math.Sqrt(q*(1-q)/n)
	low, _, _ := s.at(max(q-margin, 0))
	_, high, _ := s.at(min(q+margin, 1))
	_, _, value := s.at(q)
	return estimate{value, low, high}
}

// at returns the bucket of a rank, 0 to 1, and the value within it. What has no upper
// bound counts as its lower one.
func (s *side) at(rank float64) (low, high, value float64) {
	want, sum := rank*s.total, 0.0
	for i, b := range s.buckets {
		high = edge(b)
		if math.IsInf(high, 1) {
			return low, low, low
		}
		count := float64(b.Count)
		if sum+count >= want || i == len(s.buckets)-1 {
			part := 1.0
			if count > 0 {
				part = min(max((want-sum)/count, 0), 1)
			}
			return low, high, low + (high-low)*part
		}
		sum += count
		low = high
	}
	return low, high, low
}
