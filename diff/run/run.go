// Package run is the comparison as a whole: outcomes in, a report out.
//
// [Judge] compares the answers of each outcome and keeps what it needs to
// judge them all; [Replay] asks the sides and hands their outcomes to a judge
// as they come.
package run

import (
	"context"
	"errors"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// Runner asks the sides. It is met by [*replay.Runner].
type Runner interface {
	Run(ctx context.Context, src capture.Source, each func(*replay.Outcome) error) error
	Account() capture.Account
}

// Replay sends src through runner and hands every outcome to judge, and to
// keep unless that is nil. On an error, also a canceled ctx, what was done
// before has been judged and kept; an outcome that keep refused has been judged.
func Replay(ctx context.Context, runner Runner, src capture.Source, judge *Judge, keep func(*replay.Outcome) error) error {
	err := runner.Run(ctx, src, func(o *replay.Outcome) error {
		judge.Observe(o)
		if keep == nil {
			return nil
		}
		return keep(o)
	})
	judge.Account(append(capture.AccountOf(src).Clone(), runner.Account()...))
	return err
}

// Outcomes is a stream of outcomes, such as [*replay.OutcomeReader].
type Outcomes interface {
	ReadOutcome(ctx context.Context, o *replay.Outcome) error
	Account() capture.Account
}

// Again judges the outcomes of a run that was kept. Records that cannot be
// read are counted in the account and told to damaged, unless that is nil.
func Again(ctx context.Context, outcomes Outcomes, judge *Judge, damaged func(*capture.RecordError)) error {
	defer func() { judge.Account(outcomes.Account()) }()
	var o replay.Outcome
	for {
		err := outcomes.ReadOutcome(ctx, &o)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad): // before io.EOF, which may be its cause
			if damaged != nil {
				damaged(bad)
			}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		default:
			judge.Observe(&o)
		}
	}
}
