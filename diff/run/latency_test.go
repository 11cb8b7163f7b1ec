package run

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

const ms = time.Millisecond

// slow returns the differences of pace in n outcomes whose sides take as long
// as took says.
func slow(n int, took func(i int) (base, control, branch time.Duration)) []diff.Difference {
	j := newJudge()
	for i := range n {
		base, control, branch := took(i)
		j.Observe(timed(i, base, control, branch))
	}
	return j.Report().Differences
}

func TestOperationIsSlowerWhereItsMedianShifts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	jitter := func() time.Duration { return time.Duration(random.IntN(int(10 * ms))) }
	tests := []struct {
		name string
		want bool
		took func(i int) (base, control, branch time.Duration)
	}{
		{"the same", false, func(int) (_, _, _ time.Duration) { return 10*ms + jitter(), 10*ms + jitter(), 10*ms + jitter() }},
		{"twice as long", true, func(int) (_, _, _ time.Duration) { return 20*ms + jitter(), 20*ms + jitter(), 45*ms + jitter() }},
		{"seven in ten are slower", true, func(i int) (_, _, _ time.Duration) {
			if i%10 < 7 {
				return 20 * ms, 20 * ms, 50 * ms
			}
			return 20 * ms, 20 * ms, 20 * ms
		}},
		{"bursts that reach 23 in 100", false, func(i int) (_, _, _ time.Duration) {
			if i%100 < 23 {
				return 2 * ms, 2 * ms, 200 * ms
			}
			return 2 * ms, 2 * ms, 2 * ms
		}},
		{"within the margin", false, func(int) (_, _, _ time.Duration) { return ms, ms, 5 * ms }},
		{"within the factor", false, func(int) (_, _, _ time.Duration) { return 100 * ms, 100 * ms, 149 * ms }},
		{"control is as slow", false, func(int) (_, _, _ time.Duration) { return 10 * ms, 40 * ms, 40 * ms }},
		{"faster", false, func(int) (_, _, _ time.Duration) { return 40 * ms, 40 * ms, 10 * ms }},
		{"times that no clock gives", false, func(int) (_, _, _ time.Duration) { return math.MinInt64, -1, -5 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := slow(400, tt.took)
			if !tt.want {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.Equal(t, diff.Cell{Operation: "GET /a", Place: diff.Place{Part: diff.Latency, Path: "p50"}, Kind: diff.Slower}, found[0].Cell)
			assert.Equal(t, diff.Regression, found[0].Judgement)
			assert.Contains(t, found[0].Reason, "branch alone takes more than 1.5 times as long as base, and 5ms more, in ")
			assert.Equal(t, "latency", found[0].Examples[0].At)
		})
	}
}

func TestPaceCountsTheDiscordantPairs(t *testing.T) {
	var p pace
	for i, o := range []*replay.Outcome{timed(0, ms, ms, 20*ms), timed(1, ms, 30*ms, ms), timed(2, ms, 40*ms, 40*ms), timed(3, ms, ms, ms), timed(4, ms, ms, 50*ms)} {
		require.Equal(t, i, int(p.N))
		p.observe(o, strings.Clone)
	}
	assert.Equal(t, diff.Counts{N: 5, Branch: 3, Control: 2, BranchOnly: 2, ControlOnly: 1, Paired: true}, p.Counts)
	assert.Contains(t, []string{"20ms", "50ms"}, p.example.Branch, "the example is of branch alone")

	var unpaired pace
	unpaired.observe(answers(0, "/a", "base 1", "branch 1"), strings.Clone)
	assert.Equal(t, diff.Counts{N: 1}, unpaired.Counts)
}

func TestSlowerOperationsTakeTheirPartOfTheErrorRate(t *testing.T) {
	// Five slow answers of five have an e-value of 23: enough at a rate of 0.1, and
	// not at the fourth of a tenth of it that is each test's.
	j := NewJudge(Config{Namer: byPath{}, ErrorRate: 0.1})
	for i := range 5 {
		j.Observe(timed(i, ms, ms, 50*ms))
	}
	assert.Empty(t, j.Report().Differences)
	for i := range 10 {
		j.Observe(timed(i, ms, ms, 50*ms))
	}
	assert.Len(t, j.Report().Differences, 1)
}

func TestBucketsIncreaseAndHoldEveryAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLatency()
		scale := rapid.SampledFrom([]time.Duration{20 * time.Microsecond, ms, time.Second, longest}).Draw(t, "scale")
		list := rapid.SliceOfN(rapid.Int64Range(0, int64(scale)), 1, 200).Draw(t, "latencies")
		for _, d := range list {
			l.record(time.Duration(d))
		}
		info := l.info()
		require.EqualValues(t, len(list), info.Count)
		var sum uint64
		last := 0.0
		for _, b := range info.Buckets {
			require.Greater(t, b.UpTo, last)
			require.NotZero(t, b.Count)
			sum, last = sum+b.Count, b.UpTo
		}
		require.Equal(t, info.Count, sum)
		require.LessOrEqual(t, info.Max, last)
		require.IsNonDecreasing(t, []float64{info.Min, info.P50, info.P90, info.P99, info.Max})
	})
}

func TestBucketsOfEveryMicrosecondAreApart(t *testing.T) {
	l := newLatency()
	for us := range 1023 { // 1023 µs ends a bucket
		l.record(time.Duration(us+1) * time.Microsecond)
	}
	last := 0.0
	for _, b := range Buckets(l.h) {
		assert.Greater(t, b.UpTo, last)
		assert.InDelta(t, (b.UpTo-last)*1000, b.Count, 9, "up to %g", b.UpTo)
		last = b.UpTo
	}
}

func TestQuantilesAreThoseOfTheLatencies(t *testing.T) {
	l := newLatency()
	for i := range 1000 {
		l.record(time.Duration(i+1) * ms)
	}
	info := l.info()
	assert.EqualValues(t, 1000, info.Count)
	for want, got := range map[float64]float64{1: info.Min, 500: info.P50, 900: info.P90, 990: info.P99, 1000: info.Max} {
		assert.InEpsilon(t, want, got, 0.01)
	}
}

func TestLatencyIsMeasuredBySide(t *testing.T) {
	r := observe(timed(0, ms, 2*ms, 3*ms), timed(1, ms, 2*ms, 3*ms), answers(2, "/a", "base 1", "branch 1"))
	latency := operationOf(r, "GET /a").Latency
	assert.EqualValues(t, 3, latency["base"].Count)
	assert.EqualValues(t, 2, latency["control"].Count)
	assert.InEpsilon(t, 3.0, latency["branch"].Max, 0.01)
}

func TestLatencyIsClampedToItsRange(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{-1: 0, math.MinInt64: 0, ms: ms, math.MaxInt64: longest} {
		o := timed(0, 0, 0, given)
		assert.Equal(t, want, took(&o.Answers[2]))
	}
	l := newLatency()
	l.record(longest)
	l.record(0)
	assert.EqualValues(t, 2, l.info().Count)
}
