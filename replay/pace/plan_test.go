package pace_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/replay/pace"
)

// integral is the number of exchanges that the parts plan up to a time: their
// definition, summed up forwards.
func integral(parts []pace.Part, until time.Duration) (count float64) {
	var end float64
	for _, p := range parts {
		for i := range max(p.Steps, 1) {
			left := until.Seconds()
			if left <= 0 {
				return count
			}
			length, from, to := p.For.Seconds(), p.From, p.To
			if p.Steps > 0 {
				length /= float64(p.Steps)
				from += (to - from) * float64(i) / float64(p.Steps-1)
				to = from
			}
			if p.For == 0 {
				length = math.MaxFloat64
			}
			at := min(left, length)
			count += at * (from + (from + (to-from)*at/length)) / 2
			until -= time.Duration(at * 1e9)
			end = to
		}
	}
	return count + max(until.Seconds(), 0)*end
}

func TestWaitsFollowTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans().Draw(t, "plan")
		n := uint64(rapid.Int64Range(0, int64(integral(p.Parts(), 2*time.Hour))+10).Draw(t, "sent"))
		due := p.Pace(0, n, 0)
		assert.GreaterOrEqual(t, due, time.Duration(0))
		if due < 1000*time.Hour {
			// A nanosecond of the clock is a thousandth of an exchange at the highest
			// rate, and the sum of the parts' lengths loses one a leg.
			assert.InDelta(t, float64(n), integral(p.Parts(), due), 1, "due at %s", due)
		}
		elapsed := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "elapsed"))
		assert.Equal(t, due-elapsed, p.Pace(elapsed, n, time.Minute), "a wait counts from elapsed, whatever was recorded")
	})
}

func TestWaitsNeverFallWhileMoreIsSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pacers().Draw(t, "pace")
		first := uint64(rapid.Int64Range(0, 1<<40).Draw(t, "first"))
		last := p.Pace(0, first, time.Duration(first))
		for n := first + 1; n < first+200; n++ {
			due := p.Pace(0, n, time.Duration(n))
			require.GreaterOrEqual(t, due, last, "exchange %d of %s", n, p)
			last = due
		}
	})
}

func TestARampIsTheRootOfItsIntegral(t *testing.T) {
	// 100/s to 200/s over 10 s: n = 100 t + 5 t².
	p := plan(t, pace.Part{From: 100, To: 200, For: 10 * s})
	for n, want := range map[uint64]time.Duration{
		0: 0, 105: s, 625: 5 * s, 1500: 10 * s, 1700: 11 * s,
	} {
		assert.Equal(t, want, p.Pace(0, n, 0), "exchange %d", n)
	}
	down := plan(t, pace.Part{From: 200, To: 0, For: 10 * s}, pace.Part{For: s}, pace.Part{From: 1, To: 1})
	for n, want := range map[uint64]time.Duration{
		0: 0, 750: 5 * s, 990: 9 * s, 1000: 11 * s, 1001: 12 * s,
	} {
		assert.Equal(t, want, down.Pace(0, n, 0), "exchange %d", n)
	}
}

func TestStepsAreAsLongAsEachOther(t *testing.T) {
	// 10/s, 20/s and 30/s for 2 s each: 20, 40 and 60 exchanges; then 30/s.
	p := plan(t, pace.Part{From: 10, To: 30, For: 6 * s, Steps: 3})
	for n, want := range map[uint64]time.Duration{
		0: 0, 10: s, 20: 2 * s, 40: 3 * s, 60: 4 * s, 90: 5 * s, 120: 6 * s, 150: 7 * s,
	} {
		assert.Equal(t, want, p.Pace(0, n, 0), "exchange %d", n)
	}
}

func TestAPauseSendsNothing(t *testing.T) {
	p := plan(t, pace.Part{For: s}, pace.Part{From: 10, To: 10, For: s}, pace.Part{For: time.Minute}, pace.Part{From: 5, To: 5})
	for n, want := range map[uint64]time.Duration{
		0: s, 9: 1900 * time.Millisecond, 10: 62 * s, 15: 63 * s,
	} {
		assert.Equal(t, want, p.Pace(0, n, 0), "exchange %d", n)
	}
}

func TestPlansThatCannotBeKeptAreRefused(t *testing.T) {
	for _, parts := range [][]pace.Part{
		nil,
		{{From: math.NaN(), To: 1}},
		{{From: math.Inf(1), To: math.Inf(1)}},
		{{From: -1, To: 1, For: s}},
		{{From: 1, To: 1, For: -s}},
		{{From: 1, To: 2, For: s, Steps: -1}},
		{{From: 1, To: 1, Steps: 2}},
		{{From: 1e-10, To: 1, For: s}},
	} {
		_, err := pace.NewPlan(parts...)
		assert.Error(t, err, "%v", parts)
	}
}
