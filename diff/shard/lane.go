package shard

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff/shard/store"
	"twinspect.dev/replay"
)

// lane works through the chunks of one partition, in a goroutine of its own.
type lane struct {
	*Worker
	plan      string // its fingerprint
	partition int
	first     int64 // of the partition's range
	chunks    []Chunk
	slots     chan struct{}
	commit    func(partition int, offset int64)
	tell      func(event)

	runner Runner
	memory *memory

	cancel context.CancelFunc
	done   chan struct{}
}

// start begins to work on a partition.
func (x *work) start(ctx context.Context, partition int) *lane {
	ctx, cancel := context.WithCancel(ctx)
	l := &lane{
		Worker: x.Worker, plan: x.plan, partition: partition, first: x.chunks[partition][0].From,
		chunks: x.open(partition), slots: x.slots, commit: x.member.commit,
		memory: newMemory(x.Plan), cancel: cancel, done: make(chan struct{}),
	}
	l.tell = func(e event) {
		e.lane = l
		x.queued(e)
	}
	go func() {
		defer close(l.done)
		l.tell(event{ended: true, err: l.run(ctx)})
	}()
	return l
}

// stop ends the lane and waits for it.
func (l *lane) stop() {
	l.cancel()
	<-l.done
}

func (l *lane) run(ctx context.Context) (err error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		if c, ok := l.runner.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}()
	for _, c := range l.chunks {
		if err := l.do(ctx, c); err != nil {
			return err
		}
		l.commit(c.Partition, c.To)
	}
	return nil
}

// do does a chunk unless it is stored already.
func (l *lane) do(ctx context.Context, c Chunk) error {
	exists, err := l.exists(ctx, c)
	if err != nil {
		return explain(c, "look for", err)
	}
	if exists {
		l.tell(event{chunk: c})
		return nil
	}
	h := &head{
		Schema: chunkSchema, Plan: l.plan, Chunk: c, Attempt: rand.Text(), Worker: l.Name, Begun: time.Now().UTC(),
	}
	if err := l.mark(ctx, h, c.begun(l.Plan.Run, h.Attempt)); err != nil {
		return explain(c, "begin", err)
	}
	data, err := l.replay(ctx, h)
	if err != nil {
		return errors.Join(explain(c, "work on", err), explain(c, "leave", l.leave(ctx, h)))
	}
	err = l.Store.Put(ctx, c.partial(l.Plan.Run), data)
	twice := errors.Is(err, store.ErrExists)
	if err != nil && !twice {
		return explain(c, "store", err)
	}
	l.tell(event{chunk: c, head: h, twice: twice})
	return nil
}

func (l *lane) exists(ctx context.Context, c Chunk) (bool, error) {
	want := c.partial(l.Plan.Run)
	for name, err := range l.Store.List(ctx, want) {
		if err != nil || name == want {
			return err == nil, err
		}
	}
	return false, nil
}

func (l *lane) mark(ctx context.Context, h *head, name string) error {
	data, err := h.marker()
	if err != nil {
		return err
	}
	if err := l.Store.Put(ctx, name, data); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// parting bounds how long a worker that was told to stop says what it had done:
// a pod has 30 s to end.
const parting = 10 * time.Second

// leave says how much of a chunk was sent that is not stored.
func (l *lane) leave(ctx context.Context, h *head) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	h.Ended, h.Account = time.Now().UTC(), nil
	return l.mark(ctx, h, h.Chunk.left(l.Plan.Run, h.Attempt))
}

// replay sends the chunk and returns its object.
func (l *lane) replay(ctx context.Context, h *head) (data []byte, err error) {
	if err := l.prepare(ctx, h.Chunk); err != nil {
		return nil, err
	}
	src, err := l.source(ctx, h.Chunk)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	filter := capture.NewFilter(src, l.memory.keep(h.Chunk))
	judge, err := l.Judge(l.runner)
	if err != nil {
		return nil, err
	}
	before := l.runner.Account()
	err = l.runner.Run(ctx, filter, func(o *replay.Outcome) error {
		h.Sent++
		judge.Observe(o)
		return nil
	})
	if err != nil {
		l.memory.forget(h.Chunk)
		return nil, err
	}
	h.Ended = time.Now().UTC()
	h.Account = append(renamed(filter.Account(), "duplicates"), since(before, l.runner.Account())...)
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("the account of what was run: %w", err)
	}
	return h.object(judge)
}

// prepare makes the runner, and learns what lies before the chunk.
func (l *lane) prepare(ctx context.Context, c Chunk) (err error) {
	for _, before := range l.memory.missing(c, l.first) {
		if err := l.learn(ctx, before); err != nil {
			return fmt.Errorf("look back to %s: %w", before, err)
		}
	}
	if l.runner == nil {
		l.runner, err = l.Runner(ctx, l.partition)
	}
	return err
}

func (l *lane) learn(ctx context.Context, c Chunk) error {
	src, err := l.source(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(l.memory.learn(ctx, c, src), src.Close())
}

// prefetch is what one chunk's source reads ahead.
const prefetch = 4 << 20

// source opens the offsets of a chunk. Duplicates are given: what the lane knows
// of them goes beyond the chunk.
func (l *lane) source(ctx context.Context, c Chunk) (*kafka.Source, error) {
	w, err := kafka.NewWindow(kafka.Range{Partition: c.Partition, From: c.From, To: c.To})
	if err != nil {
		return nil, err
	}
	return kafka.Open(ctx, kafka.Target{Config: l.Topic, Window: &w}, kafka.SourceOptions{Remember: -1, Prefetch: prefetch})
}
