package pace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

func TestACeilingHoldsInEverySecondWhateverThePaceSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.OneOf(rapid.SampledFrom([]float64{0.5, 1, 3, 100, 1000}), rapid.Float64Range(0.1, 1e5)).Draw(t, "most")
		next := rapid.SampledFrom([]replay.Pacer{pace.Max{}, pace.Recorded{Factor: 1}, pace.Rate{PerSecond: most * 3}, pace.Rate{PerSecond: most / 3}}).Draw(t, "next")
		c := &pace.Ceiling{Next: next, PerSecond: most}
		gap := time.Duration(1e9 / most)
		var now time.Duration
		var times []time.Duration
		for n := range uint64(rapid.IntRange(2, 300).Draw(t, "n")) {
			now += time.Duration(rapid.Int64Range(0, int64(gap)).Draw(t, "pause"))
			recorded := now + time.Duration(rapid.Int64Range(-10, 10).Draw(t, "recorded"))*gap/2
			wait := c.Pace(now, n, recorded)
			if wait == replay.Now {
				require.Equal(t, replay.Now, next.Pace(now, n, recorded), "only what has no plan is without one")
				wait = 0
			}
			require.GreaterOrEqual(t, wait, max(next.Pace(now, n, recorded), 0), "never earlier than the pace says, and not in the past")
			times = append(times, now+wait)
		}
		slices.Sort(times)
		for i := 1; i < len(times); i++ {
			require.GreaterOrEqual(t, times[i]-times[i-1], gap, "exchange %d", i)
		}
	})
}

func TestACeilingLeavesAloneWhatIsBelowIt(t *testing.T) {
	c := &pace.Ceiling{Next: pace.Rate{PerSecond: 9}, PerSecond: 10}
	for n := range uint64(100) {
		assert.Equal(t, pace.Rate{PerSecond: 9}.Pace(0, n, 0), c.Pace(0, n, 0))
	}
	assert.Zero(t, c.Moved())
}

func TestACeilingKeepsTheOrderOfTimesThatAreReadOutOfOrder(t *testing.T) {
	c := &pace.Ceiling{Next: pace.Recorded{Factor: 1}, PerSecond: 10}
	assert.Equal(t, 4*s, c.Pace(0, 0, 4*s), "recorded first as it ended first")
	assert.Equal(t, s, c.Pace(0, 1, s), "there is room before it")
	assert.Equal(t, 4*s+s/10, c.Pace(0, 2, 4*s-s/20), "there is none beside it")
	assert.Equal(t, pace.Moved{Exchanges: 1, Total: s/10 + s/20, Max: s/10 + s/20}, c.Moved())
}

func TestAClosedLoopBelowItsCeilingHasNoPlan(t *testing.T) {
	c := &pace.Ceiling{Next: pace.Max{}, PerSecond: 10}
	assert.Equal(t, replay.Now, c.Pace(0, 0, 0))
	assert.Equal(t, s/10, c.Pace(0, 1, 0))
	assert.Equal(t, s/20, c.Pace(s/10+s/20, 2, 0), "a tenth of a second after the one before")
	assert.Equal(t, replay.Now, c.Pace(s, 3, 0))
}
