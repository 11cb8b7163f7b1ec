package prometheus

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func never(model.Time) bool  { return false }
func always(model.Time) bool { return true }

func plainTrack(at []int64, values []uint64) track {
	var t track
	for i := range at {
		t.samples = append(t.samples, sample{model.Time(at[i]), histogram{unbounded, []uint64{values[i]}}})
	}
	return t
}

func TestIncreaseOfACounter(t *testing.T) {
	const s, m = int64(1000), int64(60_000)
	cases := map[string]struct {
		at      []int64
		values  []uint64
		present func(model.Time) bool
		want    uint64
		resets  int
		begun   int
		gaps    int
	}{
		"grows from the last sample before the window":   {at: []int64{590 * s, 605 * s, 620 * s}, values: []uint64{100, 107, 110}, want: 10},
		"what is exactly at the start is before it":      {at: []int64{600 * s, 615 * s}, values: []uint64{5, 9}, want: 4},
		"what is exactly at the end is in it":            {at: []int64{590 * s, 660 * s}, values: []uint64{5, 9}, want: 4},
		"what is after the end is not":                   {at: []int64{590 * s, 620 * s, 661 * s}, values: []uint64{5, 9, 50}, want: 4},
		"a fall counts from 0":                           {at: []int64{590 * s, 605 * s, 620 * s}, values: []uint64{100, 3, 7}, want: 7, resets: 1},
		"two falls are two resets":                       {at: []int64{590 * s, 605 * s, 620 * s}, values: []uint64{100, 3, 1}, want: 4, resets: 2},
		"one that begins counts from its first sample":   {at: []int64{610 * s, 625 * s}, values: []uint64{40, 45}, want: 5, begun: 1},
		"one that was not there counts from 0":           {at: []int64{610 * s, 625 * s}, values: []uint64{40, 45}, present: always, want: 45},
		"a sample of five minutes before is connected":   {at: []int64{310 * s, 610 * s}, values: []uint64{1, 3}, want: 2},
		"one of longer before is not":                    {at: []int64{310*s - 1, 610 * s}, values: []uint64{1, 3}, begun: 1, gaps: 1},
		"one that ends before the window counts nothing": {at: []int64{500 * s, 590 * s}, values: []uint64{1, 3}},
		"one that stands still":                          {at: []int64{590 * s, 605 * s}, values: []uint64{7, 7}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.present == nil {
				c.present = never
			}
			inc, err := increaseOf(plainTrack(c.at, c.values), window{model.Time(10 * m), model.Time(11 * m)}, c.present)
			require.NoError(t, err)
			require.Equal(t, []any{c.want, c.resets, c.begun, c.gaps}, []any{inc.grown.total(), inc.resets, inc.begun, inc.gaps})
		})
	}
}

func TestAHistogramBeganAnewWhereAnyBucketFalls(t *testing.T) {
	bounds := []float64{0.1, 0.5, math.Inf(1)}
	tr := track{samples: []sample{
		{0, histogram{bounds, []uint64{100, 1, 1}}},
		{1000, histogram{bounds, []uint64{90, 60, 2}}}, // every cumulative count grew
		{2000, histogram{bounds, []uint64{91, 60, 2}}},
		{3000, histogram{unbounded, []uint64{7}}}, // another version's buckets
	}}
	inc, err := increaseOf(tr, window{0, 2000}, never)
	require.NoError(t, err)
	require.Equal(t, histogram{bounds, []uint64{91, 60, 2}}, inc.grown)
	require.Equal(t, 1, inc.resets)
	inc, err = increaseOf(tr, window{0, 3000}, never)
	require.NoError(t, err)
	require.Equal(t, histogram{unbounded, []uint64{160}}, inc.grown)
	require.Equal(t, 2, inc.resets)
}

func TestASumThatHasNoNumberIsAnError(t *testing.T) {
	_, err := increaseOf(track{samples: []sample{{1, histogram{unbounded, []uint64{maxCount}}}, {2, histogram{unbounded, []uint64{maxCount - 1}}}}},
		window{0, 2}, always)
	require.ErrorIs(t, err, errOverflow)
}

// simulated is a process that is scraped, restarts and is away now and then, with what
// it counted in truth between the scrapes.
func simulated(t *rapid.T) (tr track, truth []uint64) {
	var at model.Time
	var value, shown, open uint64 // open is what was counted since the last scrape
	for range rapid.IntRange(1, 60).Draw(t, "scrapes") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 14_999, 15_000, 15_007, 60_000, 300_000, 300_001, 900_000}).Draw(t, "interval")) * time.Millisecond)
		n := uint64(rapid.IntRange(0, 1000).Draw(t, "requests"))
		restarts := shown > 0 && rapid.IntRange(0, 9).Draw(t, "restart") == 0
		if restarts {
			n = uint64(rapid.IntRange(0, int(shown)-1).Draw(t, "since the restart")) // a fall is all that can be seen
			value, open = 0, 0                                                       // nobody knows of what was not scraped
		}
		value, open = value+n, open+n
		if !restarts && rapid.IntRange(0, 19).Draw(t, "scrape fails") == 0 {
			continue
		}
		tr.samples = append(tr.samples, sample{at, histogram{unbounded, []uint64{value}}})
		truth = append(truth, open)
		shown, open = value, 0
	}
	return tr, truth
}

func TestIncreasesAreTheTruthAndAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, truth := simulated(t)
		cut := func(name string) model.Time {
			return model.Time(rapid.Int64Range(0, 20*900_000).Draw(t, name))
		}
		a, b, c := cut("a"), cut("b"), cut("c")
		a, b, c = min(a, b, c), max(min(a, b), min(b, c), min(a, c)), max(a, b, c)
		var want uint64
		for i, s := range tr.samples {
			if (window{a, c}).holds(s.at) && tr.connected(i) {
				want += truth[i]
			}
		}
		whole, left, right := looked(t, tr, a, c), looked(t, tr, a, b), looked(t, tr, b, c)
		if whole != want {
			t.Fatalf("%d counted, %d in truth", whole, want)
		}
		if left+right != whole {
			t.Fatalf("looks count %d and %d, %d in one", left, right, whole)
		}
	})
}

// looked counts with the samples alone that a look asks for.
func looked(t *rapid.T, tr track, from, to model.Time) uint64 {
	if from == to {
		return 0
	}
	var seen track
	for _, s := range tr.samples {
		if s.at >= from.Add(-lookback) && s.at <= to {
			seen.samples = append(seen.samples, s)
		}
	}
	inc, err := increaseOf(seen, window{from, to}, never)
	if err != nil {
		t.Fatal(err)
	}
	return inc.grown.total()
}
