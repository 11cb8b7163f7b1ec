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

func TestWorkersTogetherKeepThePace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p replay.Pacer = pace.Rate{PerSecond: rates().Draw(t, "rate")}
		if rapid.Bool().Draw(t, "planned") {
			p = plans().Draw(t, "plan")
		}
		n := rapid.IntRange(1, 7).Draw(t, "workers")
		var together, whole []time.Duration
		for i := range n {
			own, err := pace.Split(p, i, n)
			require.NoError(t, err)
			for k := range uint64(20) {
				together = append(together, own.Pace(0, k, 0))
			}
		}
		for k := range uint64(20 * n) {
			whole = append(whole, p.Pace(0, k, 0))
		}
		slices.Sort(together)
		assert.Equal(t, whole, together)
	})
}

func TestSplitDividesWhatIsNotAPlan(t *testing.T) {
	for _, tt := range []struct{ whole, share replay.Pacer }{
		{nil, nil},
		{pace.Max{}, pace.Max{}},
		{pace.Recorded{Factor: 2}, pace.Recorded{Factor: 2}},
		{&pace.Ceiling{Next: pace.Max{}, PerSecond: 100}, &pace.Ceiling{Next: pace.Max{}, PerSecond: 25}},
		{&pace.Adaptive{From: 4, To: 40, By: 2, Every: s}, &pace.Adaptive{From: 1, To: 10, By: 2, Every: s}},
	} {
		got, err := pace.Split(tt.whole, 3, 4)
		require.NoError(t, err)
		assert.Equal(t, tt.share, got)
	}
}

func TestSplitRefusesAWorkerThatThereIsNot(t *testing.T) {
	for _, w := range [][2]int{{0, 0}, {1, 1}, {-1, 2}, {0, -1}} {
		_, err := pace.Split(pace.Max{}, w[0], w[1])
		assert.ErrorContains(t, err, "want at least one worker")
	}
}
