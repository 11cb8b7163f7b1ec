package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/confirm"
	"twinspect.dev/replay"
)

// maxConfirm bounds how often an exchange is asked again: what a thousand answers
// do not tell, a confirmation is not for.
const maxConfirm = 1000

// checkConfirm refuses what could not be asked again.
func (o *diffRunOptions) checkConfirm(file string) error {
	switch {
	case o.confirm < 0 || o.confirm > maxConfirm:
		return fmt.Errorf("--confirm %d: want 0 to %d", o.confirm, maxConfirm)
	case o.confirm > 0 && !recording.ReadableAgain(file):
		return fmt.Errorf("--confirm: %s cannot be read again: save it to a file first", file)
	}
	return nil
}

// askAgain asks the sides again what showed the suspects of the run, and judges
// the answers with the others. It returns the stage of the account.
func (o *diffRunOptions) askAgain(ctx context.Context, env cli.Env, c *comparison, workers []*worker, known *survey) (capture.Account, error) {
	if o.confirm == 0 {
		return nil, nil
	}
	choice := confirm.Choose(c.judge.Report())
	if !choice.Empty() {
		if err := recording.Scan(ctx, env, known.file, "looking for suspects", choice.Observe); err != nil {
			return nil, err
		}
	}
	c.confirmation = choice.Info(o.confirm)
	var asked atomic.Int64
	stop := cli.Watch(ctx, env, "asked again", "exchanges", func() (int64, int64) {
		return asked.Load(), int64(c.confirmation.Exchanges * c.confirmation.Times)
	})
	defer stop()
	var account capture.Account
	for i, w := range workers {
		src := capture.Source(choice.Source(o.confirm))
		if len(workers) > 1 {
			var err error
			if src, err = c.groups.Split(src, i, len(workers)); err != nil {
				return nil, err
			}
		}
		stage, err := o.askPart(ctx, w, src, func(out *replay.Outcome) error {
			asked.Add(1)
			c.judge.Observe(out)
			if w.keep == nil {
				return nil
			}
			return w.keep(out)
		})
		account = account.Merge(stage)
		if err != nil {
			return account, err
		}
	}
	return account, nil
}

// askPart sends what belongs to one worker, as fast as the ceiling on the rate
// allows, through the senders that know what the sides gave it.
func (o *diffRunOptions) askPart(ctx context.Context, w *worker, src capture.Source, each func(*replay.Outcome) error) (capture.Account, error) {
	unplanned := o.paceOptions
	unplanned.pace = "max"
	pacing, err := unplanned.worker(0, 1)
	if err != nil {
		return nil, err
	}
	first := w.asking.runner
	runner := &replay.Runner{
		Targets: first.Targets, Linker: first.Linker, InFlight: first.InFlight,
		Pacer: pacing.pacer, Feedback: pacing.feedback,
	}
	err = runner.Run(ctx, src, each)
	account := runner.Account()
	for i := range account {
		account[i].Name = "confirm"
	}
	return account, err
}

// confirmed enters into the report what was not asked again, and why.
func (c *comparison) confirmed(r *diff.Report) {
	if c.confirmation == nil {
		return
	}
	info := *c.confirmation
	info.Left = uint64(len(r.Judged(diff.Suspect)))
	if r.Confirmation != nil {
		info.NotSeenAgain = r.Confirmation.NotSeenAgain
	}
	r.Confirmation = &info
}
