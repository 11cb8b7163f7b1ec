package shard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff/shard/store"
	"twinspect.dev/replay"
)

// Runner asks the sides. It is met by [*replay.Runner]. One that is also an
// [io.Closer] is closed when its worker is done with it.
type Runner interface {
	Run(ctx context.Context, src capture.Source, each func(*replay.Outcome) error) error
	Account() capture.Account
}

// Judge counts the outcomes of one chunk.
type Judge interface {
	Observe(o *replay.Outcome)
	// Encode writes the counts so far, in the form that a [Merger] reads.
	Encode(w io.Writer) error
}

// Worker works on a plan, beside others. Its fields are set before Run.
type Worker struct {
	Plan  *Plan
	Store store.Store
	// Topic is the plan's, with the credentials of this worker.
	Topic kafka.Config
	// Name tells the worker apart for a person; it may be empty.
	Name string
	// Runner makes a runner for a partition, whose chunks it runs one after the
	// other, so that its clock and what it learned go on. The runners of several
	// partitions run at the same time.
	Runner func(ctx context.Context, partition int) (Runner, error)
	// Judge makes a judge for a chunk that the runner is about to run.
	Judge func(Runner) (Judge, error)
	// Parallel is how many partitions are worked on at a time, of those that the
	// group gives; the others wait. 16 where it is 0.
	Parallel int
	// Damaged is told of each record that could not be read, unless it is nil;
	// from several goroutines.
	Damaged func(*capture.RecordError)
	// Progress is told when something has changed, unless it is nil; from the
	// goroutine of Run.
	Progress func(Progress)
	// SessionTimeout is after how long without a sign a worker counts as dead;
	// 30 s where it is 0.
	SessionTimeout time.Duration
	// Poll is how often is looked whether others have stored what is missing; 2 s
	// where it is 0, and longer where looking takes long.
	Poll time.Duration
}

// Progress is how far a run has come.
type Progress struct {
	// Stored of Chunks are done, by all workers.
	Stored, Chunks int
	// Offsets is how many offsets the chunks that are done have, of Window.
	Offsets, Window int64
	// Own is how many chunks this worker has stored, and Twice how many it did
	// that another had stored before it.
	Own, Twice int
	// Partitions are those that this worker works on now.
	Partitions []int
	// Account is of the chunks that this worker has stored.
	Account capture.Account
}

const (
	// defaultParallel takes 64 MiB of what is read ahead, as one source does.
	defaultParallel = 16
	defaultSession  = 30 * time.Second
	defaultPoll     = 2 * time.Second
	// pollShare is the part of the time that looking into the store may take.
	pollShare = 10
)

// Run joins the group and works until every chunk of the plan is stored, by
// whomever. A run whose first chunks were begun by another plan of this name is
// [ErrForeign]. An error, also that of a canceled ctx, ends the work: the chunks
// that are not done are not stored, and are others' to do. Run returns when all
// that it started has ended.
func (w *Worker) Run(ctx context.Context) error {
	x, err := w.begin()
	if err != nil {
		return err
	}
	if err := x.own(ctx); err != nil {
		return err
	}
	done, err := x.look(ctx)
	if done || err != nil {
		return err
	}
	m, err := join(w.Topic, w.Plan.Group, x.session)
	if err != nil {
		return err
	}
	x.member = m
	ctx, cancel := context.WithCancel(ctx)
	assignments, failed := make(chan assignment), make(chan error, 1)
	follows := make(chan struct{})
	go func() {
		defer close(follows)
		follow(ctx, m, assignments, failed)
	}()
	err = x.loop(ctx, assignments, failed)
	// First the chunks end, then the group is left, so that nobody begins what is
	// still being done here.
	x.stopAll()
	cancel()
	left := m.close()
	<-follows
	if err != nil {
		return err
	}
	return left
}

// follow hands on the generations of the group.
func follow(ctx context.Context, m *member, assignments chan<- assignment, failed chan<- error) {
	for {
		a, err := m.next(ctx)
		if err != nil {
			failed <- err
			return
		}
		select {
		case assignments <- a:
		case <-ctx.Done():
			return
		}
		select {
		case <-a.ended:
		case <-ctx.Done():
			return
		}
		select {
		case assignments <- assignment{}: // between two generations
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) begin() (*work, error) {
	if w.Plan == nil || w.Store == nil || w.Runner == nil || w.Judge == nil {
		return nil, errors.New("worker: a plan, a store, runners and judges are needed")
	}
	if err := w.Plan.Check(); err != nil {
		return nil, err
	}
	all, err := w.Plan.Chunks()
	if err != nil {
		return nil, err
	}
	plan, err := w.Plan.Fingerprint()
	if err != nil {
		return nil, err
	}
	x := &work{
		Worker: w, plan: plan, lanes: make(map[int]*lane), chunks: make(map[int][]Chunk), news: make(chan struct{}, 1),
		stored:  make(map[Chunk]bool, len(all)),
		session: w.SessionTimeout, poll: w.Poll, slots: make(chan struct{}, defaultParallel),
	}
	if x.session <= 0 {
		x.session = defaultSession
	}
	if x.poll <= 0 {
		x.poll = defaultPoll
	}
	if w.Parallel > 0 {
		x.slots = make(chan struct{}, w.Parallel)
	}
	for _, c := range all {
		x.chunks[c.Partition] = append(x.chunks[c.Partition], c)
		x.progress.Window += c.Offsets()
	}
	x.progress.Chunks = len(all)
	return x, nil
}

func explain(c Chunk, verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s chunk %s: %w", verb, c, err)
}
