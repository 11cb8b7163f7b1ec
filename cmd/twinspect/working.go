package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/shard"
	"twinspect.dev/replay"

	diffrun "twinspect.dev/diff/run"
)

// maxWorkers bounds the workers of one process: each reads the whole recording.
const maxWorkers = 64

// comparison is a run in this process, as far as it came.
type comparison struct {
	judge  *diffrun.Judge
	info   *diff.Replay
	input  string
	groups *shard.Groups
	// confirmation is nil where nothing was asked again.
	confirmation *diff.Confirmation
}

// run works through the recording, with several workers where that was asked for:
// each with readers, clients and a judge of its own, whose counts are added up at
// the end.
func (o *diffRunOptions) run(ctx context.Context, env cli.Env, list []side, known *survey) (*comparison, error) {
	keep, err := o.keeper(env)
	if err != nil {
		return nil, &setupError{err}
	}
	c, workers, err := o.hire(ctx, env, list, known, keep)
	if err != nil {
		return nil, &setupError{errors.Join(err, closeKept(keep))}
	}
	first := workers[0].in
	c.input = first.Name()
	stop := cli.Watch(ctx, env, "replayed", first.Unit()+" of the recording", first.Progress)
	err = workAll(ctx, workers)
	stop()
	account, failed := c.join(workers)
	if err = errors.Join(err, failed); err == nil {
		var again capture.Account
		again, err = o.askAgain(ctx, env, c, workers, known)
		account = append(account, again...)
	}
	for _, w := range workers {
		c.info = c.info.Merge(w.asking.info())
		err = errors.Join(err, w.close())
	}
	if len(workers) > 1 {
		c.info.Workers = uint64(len(workers))
	}
	c.judge.Account(account)
	if keep != nil {
		err = errors.Join(err, keep.WriteAccount(account), keep.Close())
	}
	return c, err
}

// join adds up what the workers have done, and returns the account of them all.
func (c *comparison) join(workers []*worker) (account capture.Account, err error) {
	var accounts []capture.Account
	for _, w := range workers {
		accounts = append(accounts, w.account())
		if len(workers) > 1 {
			w.judge.Account(nil) // joined below: every worker has read all of it
			err = errors.Join(err, c.judge.Merge(w.judge.Partial()))
		}
	}
	if len(workers) == 1 {
		return accounts[0], err
	}
	return shard.JoinSplit(accounts...), err
}

func closeKept(keep recording.Sink) error {
	if keep == nil {
		return nil
	}
	return keep.Close()
}

// worker is one of the workers of a run.
type worker struct {
	in     *passes
	source capture.Source
	asking *asking
	judge  *diffrun.Judge
	keep   func(*replay.Outcome) error
}

// hire makes the workers ready. Of one, the judge is the run's.
func (o *diffRunOptions) hire(ctx context.Context, env cli.Env, list []side, known *survey, keep recording.Sink) (*comparison, []*worker, error) {
	judge, err := o.judge(known)
	if err != nil {
		return nil, nil, err
	}
	groups, err := o.groups(ctx, env, known)
	if err != nil {
		return nil, nil, err
	}
	c := &comparison{judge: judge, groups: groups}
	damage := cli.NewDamage(env)
	kept := keepAll(ctx, keep)
	var workers []*worker
	for i := range o.workers {
		w, err := o.hireOne(ctx, env, list, known, groups, i)
		if err != nil {
			for _, w := range workers {
				err = errors.Join(err, w.close())
			}
			return nil, nil, err
		}
		w.keep = kept
		if i == 0 {
			w.asking.runner.Damaged = damage.Report // all read the same
		}
		if o.workers == 1 {
			w.judge = judge
		}
		workers = append(workers, w)
	}
	return c, workers, nil
}

func (o *diffRunOptions) hireOne(ctx context.Context, env cli.Env, list []side, known *survey, groups *shard.Groups, i int) (*worker, error) {
	in, err := o.open(ctx, env, known.file)
	if err != nil {
		return nil, err
	}
	w := &worker{in: in, source: in}
	part := o.judgeOptions
	part.selfCheck /= time.Duration(o.workers) // the workers are asked one after the other
	if w.judge, err = part.judge(known); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if o.workers > 1 {
		if w.source, err = groups.Split(in, i, o.workers); err != nil {
			return nil, errors.Join(err, in.Close())
		}
	}
	if w.asking, err = o.connect(ctx, env, list, known, i, o.workers); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	w.asking.runner.Again = func(ctx context.Context) (capture.Source, error) {
		_, err := in.again(ctx)
		return w.source, err
	}
	return w, nil
}

// groups reads the recording for which sessions belong to one worker.
func (o *diffRunOptions) groups(ctx context.Context, env cli.Env, known *survey) (*shard.Groups, error) {
	groups := shard.NewGroups()
	defer groups.Close()
	if o.workers == 1 {
		return groups, nil
	}
	_, links, err := o.rulesOf(known, env)
	if err != nil || links == nil {
		return groups, err
	}
	err = recording.Scan(ctx, env, known.file, "dividing sessions", func(e *capture.Exchange) {
		if l := links.Link(e); l != nil {
			groups.Observe(e, l.Needs())
		} else {
			groups.Observe(e, nil)
		}
	})
	return groups, err
}

// workAll has every worker work to the end of its part. The failure of one ends
// all.
func workAll(ctx context.Context, workers []*worker) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range workers {
		group.Go(func() error { return diffrun.Replay(ctx, w.asking.runner, w.source, w.judge, w.keep) })
	}
	return group.Wait()
}

func (w *worker) account() capture.Account {
	return append(capture.AccountOf(w.source).Clone(), w.asking.runner.Account()...)
}

func (w *worker) close() error { return errors.Join(w.asking.Close(), w.in.Close()) }

// keepAll returns what keeps outcomes, for several workers; nil where they are not
// kept. An outcome is several records, which stay together, and an interruption
// does not lose one that is done.
func keepAll(ctx context.Context, sink recording.Sink) func(*replay.Outcome) error {
	if sink == nil {
		return nil
	}
	var one sync.Mutex
	return func(o *replay.Outcome) error {
		one.Lock()
		defer one.Unlock()
		return replay.WriteOutcome(context.WithoutCancel(ctx), sink, o)
	}
}
