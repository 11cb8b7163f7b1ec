package shard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// work is one run of a worker. Its fields belong to the goroutine of Run.
type work struct {
	*Worker
	plan    string
	member  *member
	session time.Duration
	poll    time.Duration
	chunks  map[int][]Chunk // by partition, in order
	stored  map[Chunk]bool  // by anybody, as far as it is known
	slots   chan struct{}   // held by the lanes that work

	lanes    map[int]*lane // by partition
	progress Progress

	// The lanes queue what they tell, so that nothing is lost when they are
	// stopped; news is signalled then.
	mu    sync.Mutex
	queue []event
	news  chan struct{}
}

// queued takes an event. It is called by the lanes.
func (x *work) queued(e event) {
	x.mu.Lock()
	x.queue = append(x.queue, e)
	x.mu.Unlock()
	select {
	case x.news <- struct{}{}:
	default:
	}
}

func (x *work) unqueued() []event {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := x.queue
	x.queue = nil
	return list
}

// event is what a lane tells: a chunk was done, or, where ended is set, that it
// has come to its end.
type event struct {
	lane  *lane
	chunk Chunk
	head  *head // nil for a chunk that another had stored
	twice bool
	ended bool
	err   error
}

// loop follows the group and the lanes until all is stored or something fails.
func (x *work) loop(ctx context.Context, assignments <-chan assignment, failed <-chan error) error {
	poll := time.NewTimer(x.poll)
	defer poll.Stop()
	// Between two generations the chunks go on, as most partitions stay where
	// they are; but not for longer than it takes the group to give them away.
	var fence <-chan time.Time
	for {
		select {
		case a := <-assignments:
			fence = nil
			if a.ended == nil {
				fence = time.After(x.session)
				continue
			}
			x.assign(ctx, a.partitions)
		case <-fence:
			x.assign(ctx, nil)
		case <-x.news:
			if done, err := x.hear(ctx); done || err != nil {
				return err
			}
		case <-poll.C:
			began := time.Now()
			if done, err := x.look(ctx); done || err != nil {
				return err
			}
			poll.Reset(max(x.poll, pollShare*time.Since(began)))
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// assign ends the lanes of partitions that are others' now, and then begins
// those that are new.
func (x *work) assign(ctx context.Context, partitions []int) {
	for p := range x.lanes {
		if !slices.Contains(partitions, p) {
			x.stop(p)
		}
	}
	for _, p := range partitions {
		if x.lanes[p] == nil && len(x.open(p)) > 0 {
			x.lanes[p] = x.start(ctx, p)
		}
	}
	x.tell()
}

// open returns the chunks of a partition that are not stored.
func (x *work) open(partition int) []Chunk {
	var list []Chunk
	for _, c := range x.chunks[partition] {
		if !x.stored[c] {
			list = append(list, c)
		}
	}
	return list
}

// hear takes what the lanes have told; done where that was the last chunk of all.
func (x *work) hear(ctx context.Context) (done bool, err error) {
	ended := false
	for _, e := range x.unqueued() {
		switch {
		case !e.ended:
			x.note(e)
		case x.lanes[e.lane.partition] == e.lane: // not one that was stopped
			x.stop(e.lane.partition)
			ended, err = true, errors.Join(err, e.err)
		}
	}
	if err != nil {
		return false, err
	}
	if ended {
		return x.look(ctx)
	}
	return x.progress.Stored == x.progress.Chunks, nil
}

func (x *work) note(e event) {
	x.mark(e.chunk)
	switch {
	case e.twice:
		x.progress.Twice++
	case e.head != nil:
		x.progress.Own++
		x.progress.Account = x.progress.Account.Merge(e.head.Account)
	}
	x.tell()
}

func (x *work) mark(c Chunk) {
	if !x.stored[c] {
		x.stored[c] = true
		x.progress.Stored++
		x.progress.Offsets += c.Offsets()
	}
}

// own refuses a run of the same name that another plan has begun: what one of its
// objects says is asked once, as all of them are when they are merged.
func (x *work) own(ctx context.Context) error {
	for name, err := range x.Store.List(ctx, x.Plan.Run+"/p") {
		if err != nil {
			return err
		}
		if at, err := parseName(x.Plan.Run, name); err != nil || at.kind != begunKind {
			continue
		}
		data, err := x.Store.Get(ctx, name)
		if err != nil {
			return err
		}
		if _, err := parseHead(data, x.plan); errors.Is(err, ErrForeign) {
			return fmt.Errorf("%s: %w: give this run another name", name, err)
		}
		return nil
	}
	return nil
}

// look reads from the store which chunks are done, and reports whether all are.
func (x *work) look(ctx context.Context) (done bool, err error) {
	for name, err := range x.Store.List(ctx, x.Plan.Run+"/p") {
		if err != nil {
			return false, err
		}
		at, err := parseName(x.Plan.Run, name)
		if err != nil {
			return false, err
		}
		c, ok := x.at(at)
		if !ok {
			return false, foreign(name)
		}
		if at.kind == partialKind {
			x.mark(c)
		}
	}
	x.tell()
	return x.progress.Stored == x.progress.Chunks, nil
}

// at returns the chunk of an object.
func (x *work) at(p place) (Chunk, bool) {
	list := x.chunks[p.partition]
	i, ok := slices.BinarySearchFunc(list, p.from, func(c Chunk, from int64) int {
		return int(max(min(c.From-from, 1), -1))
	})
	if !ok {
		return Chunk{}, false
	}
	return list[i], true
}

func (x *work) tell() {
	if x.Progress == nil {
		return
	}
	p := x.progress
	p.Account = p.Account.Clone()
	p.Partitions = slices.Sorted(maps.Keys(x.lanes))
	x.Progress(p)
}

func (x *work) stop(partition int) {
	l := x.lanes[partition]
	delete(x.lanes, partition)
	l.stop()
}

// stopAll ends every lane, all at a time.
func (x *work) stopAll() {
	for _, l := range x.lanes {
		l.cancel()
	}
	for p := range x.lanes {
		x.stop(p)
	}
	for _, e := range x.unqueued() {
		if !e.ended {
			x.note(e)
		}
	}
}
