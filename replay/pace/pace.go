// Package pace holds the plans of when recorded exchanges are sent again.
package pace

import (
	"fmt"
	"strconv"
	"strings"
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
	return duration(float64(sent)/r.PerSecond*float64(time.Second)) - elapsed
}

// String returns the form that [Parse] reads.
func (r Rate) String() string { return decimal(r.PerSecond) + "/s" }

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

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// farthest keeps sums of two durations within their type, and apart from
// [replay.Now].
const farthest = time.Duration(1 << 61)

func duration(ns float64) time.Duration {
	if ns >= float64(farthest) {
		return farthest
	}
	return time.Duration(max(ns, -float64(farthest)))
}

// The largest numbers: a billion a second is one a nanosecond, the finest step
// of the clock.
const (
	maxRate   = 1e9
	maxFactor = 1e9
)

// Parse reads a pace:
//
//	max          as fast as the answers come in
//	50/s, 30/m   a fixed rate, a second or a minute
//	x1, x0.5     the recorded times, at a factor
func Parse(s string) (replay.Pacer, error) {
	if s == "max" {
		return Max{}, nil
	}
	if factor, ok := strings.CutPrefix(s, "x"); ok {
		f, err := number(factor, maxFactor)
		if err != nil {
			return nil, failure(s, err)
		}
		return Recorded{Factor: f}, nil
	}
	count, unit, ok := strings.Cut(s, "/")
	if !ok || unit != "s" && unit != "m" {
		return nil, failure(s, fmt.Errorf("unknown form"))
	}
	f, err := number(count, maxRate)
	if err != nil {
		return nil, failure(s, err)
	}
	if unit == "m" {
		f /= 60
	}
	return Rate{PerSecond: f}, nil
}

func failure(s string, err error) error {
	return fmt.Errorf("pace %q: %w: want max, a rate such as 50/s or 30/m, or the recorded times at a factor such as x1 or x0.5", s, err)
}

// number reads a plain decimal number that is neither too small to plan with
// nor above most.
func number(s string, most float64) (float64, error) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	if f < 1/most || f > most {
		return 0, fmt.Errorf("%s is not between %g and %g", s, 1/most, most)
	}
	return f, nil
}
