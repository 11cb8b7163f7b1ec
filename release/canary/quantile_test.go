package canary

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func quantilePolicy(p, allowed float64) *release.CanaryPolicy {
	return &release.CanaryPolicy{Every: time.Minute, Metrics: []release.MetricPolicy{
		{Name: "latency", Histogram: "seconds", Quantile: p, Allowed: allowed},
	}}
}

// fine are bounds 5 % apart.
var fine = func() (list []float64) {
	for b := 0.01; b < 3; b *= 1.05 {
		list = append(list, b)
	}
	return list
}()

// latencies are lognormal around 100 ms times factor.
func latencies(rng *rand.Rand, n int, factor float64, bounds []float64) release.Counts {
	c := release.Counts{Total: uint64(n), Buckets: make([]release.Bucket, len(bounds)+1)}
	for i, b := range bounds {
		c.Buckets[i].Bound = b
	}
	for range n {
		x, i := 0.1*factor*math.Exp(0.5*rng.NormFloat64()), 0
		for i < len(bounds) && x > bounds[i] {
			i++
		}
		c.Buckets[i].Count++
	}
	return c
}

func latencyLook(rng *rand.Rand, i, canary, baseline int, factor float64) release.Observation {
	from := start.Add(time.Duration(i) * time.Minute)
	return release.Observation{Metric: "latency", From: from, To: from.Add(time.Minute),
		Canary: latencies(rng, canary, factor, fine), Baseline: latencies(rng, baseline, 1, fine)}
}

func TestASlowerCanaryIsWorseAndAnEqualOneSafe(t *testing.T) {
	for _, tc := range []struct {
		factor float64
		want   release.Trend
	}{{1, release.Safe}, {0.8, release.Safe}, {1.2, release.Undecided}, {1.6, release.Worse}, {5, release.Worse}} {
		rng := rand.New(rand.NewPCG(3, 4))
		a := New(quantilePolicy(0.9, 0.2), budget)
		for i := range 30 {
			observe(t, a, latencyLook(rng, i, 1000, 2000, tc.factor))
		}
		r := a.Results()[0]
		assert.Equal(t, tc.want, r.Trend, "%g: %s", tc.factor, r.Text)
		assert.LessOrEqual(t, r.Lower, tc.factor-1)
		assert.GreaterOrEqual(t, r.Upper, tc.factor-1)
		assert.Equal(t, "seconds", r.Unit)
		assert.InDelta(t, 0.1*math.Exp(0.5*1.2816)*tc.factor, r.Canary, 0.03*tc.factor)
		roundTrip(t, a.Evidence(release.Subject{}, start))
	}
}

func TestMoreRequestsAreToldThatDecideAQuantile(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	a := New(quantilePolicy(0.9, 0.2), budget)
	observe(t, a, latencyLook(rng, 0, 1000, 1000, 1))
	r := a.Results()[0]
	require.Equal(t, release.Undecided, r.Trend)
	assert.Greater(t, r.More, uint64(1000))
	assert.Less(t, r.More, uint64(1_000_000))
	assert.InDelta(t, Unbounded, max(r.Upper, Unbounded), 0)
}

func TestBucketsThatAreTooCoarseEverToDecideAreTold(t *testing.T) {
	for name, tc := range map[string]struct {
		bounds []float64
		want   string
	}{
		"between": {[]float64{0.1, 0.25, 0.5, 1}, "between 0.1 and 0.25 s, the canary's between 0.1 and 0.25 s; add bounds in between, allow a growth of 150 %"},
		"lowest":  {[]float64{1, 2}, "between 0 and 1 s, the canary's between 0 and 1 s; add bounds in between, or"},
		"above":   {[]float64{0.01, 0.02}, "above the last bound, 0.02 s"},
		"none":    {nil, "above the last bound, 0 s"},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			a := New(quantilePolicy(0.9, 0.1), budget)
			o := latencyLook(rng, 0, 1, 1, 1)
			o.Canary, o.Baseline = latencies(rng, 20000, 1, tc.bounds), latencies(rng, 20000, 1, tc.bounds)
			observe(t, a, o)
			r := a.Results()[0]
			assert.Equal(t, release.Undecided, r.Trend)
			assert.Contains(t, strings.Join(r.Problems, "\n"), "too coarse ever to decide")
			assert.Contains(t, strings.Join(r.Problems, "\n"), tc.want)
			assert.Zero(t, r.More)
		})
	}
}

func TestBucketsThatChangeAreUsedAtTheirCommonBounds(t *testing.T) {
	var h histogram
	one, err := newHistogram(counts(10, 1, 2, 2, 3, 5, 4, 0, 1))
	require.NoError(t, err)
	two, err := newHistogram(counts(6, 1, 1, 3, 2, 5, 2, 0, 1))
	require.NoError(t, err)
	assert.False(t, h.add(one))
	assert.True(t, h.add(two))
	assert.Equal(t, histogram{[]float64{1, 5}, []uint64{3, 14}, 16}, h)
	assert.Zero(t, h.above(0.1))
	assert.InDelta(t, 1, h.above(0.5), 0)
	assert.InDelta(t, 5, h.within(0.5), 0)
	assert.True(t, math.IsInf(h.within(0.9), 1))
	assert.EqualValues(t, 13, h.over(1))
}

// counts are of bounds and counts in turn.
func counts(total uint64, list ...float64) release.Counts {
	c := release.Counts{Total: total}
	for i := 0; i < len(list); i += 2 {
		c.Buckets = append(c.Buckets, release.Bucket{Bound: list[i], Count: uint64(list[i+1])})
	}
	return c
}

func TestMalformedBucketsAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		c    release.Counts
		want string
	}{
		"sum":        {counts(3, 1, 1, 2, 1), "hold 2 of 3"},
		"none":       {counts(3), "hold 0 of 3"},
		"descending": {counts(2, 2, 1, 1, 1), "bucket 2 has the bound 1"},
		"equal":      {counts(2, 2, 1, 2, 1), "bucket 2"},
		"negative":   {counts(1, -1, 1), "bucket 1"},
		"nan":        {counts(1, math.NaN(), 1), "bucket 1"},
		"infinite":   {counts(1, math.Inf(1), 1), "bucket 1"},
		"early":      {counts(2, 1, 1, 0, 1, 2, 1), "bucket 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newHistogram(tc.c)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := newHistogram(release.Counts{Buckets: make([]release.Bucket, maxBuckets+1)})
	require.ErrorContains(t, err, "at most")
}

// A wrong proof of either kind must be rarer than the budget, whenever one looks, at the
// very growth that is allowed. The bounds are finer than the growth by far.
func TestAQuantileAtTheEdgeOfWhatIsAllowedIsDecidedNoMoreOftenThanTheBudget(t *testing.T) {
	const runs = 100
	wrong := 0
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 9))
		q := newQuantile(0.9, 0.2)
		for i := range 20 {
			o := latencyLook(rng, i, 300, 300, 1.2)
			canary, err := newHistogram(o.Canary)
			require.NoError(t, err)
			baseline, err := newHistogram(o.Baseline)
			require.NoError(t, err)
			q.add(canary, baseline, 0.05, 0.05)
		}
		if math.Exp(q.bestWorse) >= 20 || math.Exp(q.bestSafe) >= 20 {
			wrong++
		}
	}
	assert.LessOrEqual(t, wrong, 10, "of %d", runs)
}
