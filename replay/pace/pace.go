// Package pace holds the plans of when recorded exchanges are sent again, and
// the breaker that ends a run which does harm.
//
// A pace decides when, never how much: a run ends with its recording.
package pace

import (
	"math"
	"strconv"
	"time"

	"twinspect.dev/replay"
)

// Max sends as fast as the answers come in: a closed loop.
type Max struct{}

// Pace implements [replay.Pacer].
func (Max) Pace(time.Duration, uint64, time.Duration) time.Duration { return replay.Now }

// String returns the form that [Parse] reads.
func (Max) String() string { return "max" }

// Rate sends at a fixed rate whatever the answers do: an open loop.
type Rate struct {
	// PerSecond is the rate, in exchanges a second; above 0.
	PerSecond float64
}

// Pace implements [replay.Pacer].
func (r Rate) Pace(elapsed time.Duration, sent uint64, _ time.Duration) time.Duration {
	return seconds(float64(sent)/r.PerSecond) - elapsed
}

// String returns the form that [Parse] reads.
func (r Rate) String() string { return rateText(r.PerSecond) }

// Recorded sends at the recorded times, Factor times as fast: an open loop.
type Recorded struct {
	// Factor is 1 for the recorded speed, 2 for twice that; above 0.
	Factor float64
}

// Pace implements [replay.Pacer].
func (r Recorded) Pace(elapsed time.Duration, _ uint64, recorded time.Duration) time.Duration {
	return duration(float64(recorded)/r.Factor) - elapsed
}

// String returns the form that [Parse] reads.
func (r Recorded) String() string { return "x" + decimal(r.Factor) }

// farthest keeps sums of two durations within their type, and apart from
// [replay.Now].
const farthest = time.Duration(1 << 61)

func seconds(s float64) time.Duration { return duration(s * float64(time.Second)) }

func duration(ns float64) time.Duration {
	if ns >= float64(farthest) {
		return farthest
	}
	return time.Duration(math.Round(max(ns, -float64(farthest))))
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func rateText(perSecond float64) string { return decimal(perSecond) + "/s" }
