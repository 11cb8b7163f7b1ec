package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// paceOptions say when requests are sent, and when no more are.
type paceOptions struct {
	pace        string
	maxRate     float64
	inFlight    int
	faultsInRow int
	faultShare  float64
}

func (o *paceOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.pace, "pace", "max", `when to send: max, N/s, xF (the recorded times, F times as fast),
a ramp such as 100/s..2000/s over 5m, several of these ("100/s for 1m, 500/s"),
or adaptive 50/s..5000/s, which seeks the rate that the sides bear`)
	flags.Float64Var(&o.maxRate, "max-rate", 0, "send at most this many a second, whatever the pace says (0: no ceiling)")
	flags.IntVar(&o.inFlight, "in-flight", 16, "at most this many exchanges at once")
	flags.IntVar(&o.faultsInRow, "stop-after-faults", 40, "end the run when a side failed this many times in a row (0: never)")
	flags.Float64Var(&o.faultShare, "stop-at-faults", 0.1, "end the run when a side failed for more than this share of the last 500 (0: never)")
}

// pacing is when one worker sends.
type pacing struct {
	pacer    replay.Pacer
	feedback replay.Feedback
	text     string
}

// worker returns the pacing of the i-th of n workers.
func (o *paceOptions) worker(i, n int) (*pacing, error) {
	pacer, err := pace.Parse(o.pace)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--pace: %w", err)
	case o.inFlight < 1:
		return nil, fmt.Errorf("--in-flight %d: want at least 1", o.inFlight)
	case o.maxRate < 0:
		return nil, fmt.Errorf("--max-rate %g: want exchanges a second, or 0 for no ceiling", o.maxRate)
	case o.faultsInRow < 0:
		return nil, fmt.Errorf("--stop-after-faults %d: want a number of faults, or 0 for never", o.faultsInRow)
	case o.faultShare < 0 || o.faultShare > 1:
		return nil, fmt.Errorf("--stop-at-faults %g: want a share from 0 to 1", o.faultShare)
	}
	if pacer, err = o.below(pacer); err != nil {
		return nil, err
	}
	p := &pacing{text: fmt.Sprint(pacer)}
	if p.pacer, err = pace.Split(pacer, i, n); err != nil {
		return nil, err
	}
	var heard pace.Feedbacks
	if hears, ok := p.pacer.(replay.Feedback); ok {
		heard = append(heard, hears)
	}
	if b := o.breaker(); b != nil {
		heard = append(heard, b)
	}
	if len(heard) > 0 {
		p.feedback = heard
	}
	return p, nil
}

// below puts the ceiling over a pace.
func (o *paceOptions) below(p replay.Pacer) (replay.Pacer, error) {
	if o.maxRate == 0 {
		return p, nil
	}
	if a, ok := p.(*pace.Adaptive); ok {
		if a.From > o.maxRate {
			return nil, errors.New("--max-rate: it is below the rate with which the adaptive pace begins")
		}
		a.To = min(a.To, o.maxRate)
		return a, nil
	}
	return &pace.Ceiling{Next: p, PerSecond: o.maxRate}, nil
}

// never is more faults than a run has.
const never = 1 << 40

func (o *paceOptions) breaker() *pace.Breaker {
	if o.faultsInRow == 0 && o.faultShare == 0 {
		return nil
	}
	b := &pace.Breaker{Consecutive: o.faultsInRow, Share: o.faultShare}
	if o.faultsInRow == 0 {
		b.Consecutive = never
	}
	if o.faultShare == 0 {
		b.Share = 1
	}
	return b
}
