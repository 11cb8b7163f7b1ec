package shard

import (
	"context"
	"maps"
	"slices"
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
	events   chan event
	progress Progress
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
		case e := <-x.events:
			if done, err := x.hear(ctx, e); done || err != nil {
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

// hear takes an event; done where it was the last chunk of all.
func (x *work) hear(ctx context.Context, e event) (done bool, err error) {
	if x.lanes[e.lane.partition] != e.lane {
		return false, nil // of one that was stopped
	}
	if !e.ended {
		x.note(e)
		return x.progress.Stored == x.progress.Chunks, nil
	}
	x.stop(e.lane.partition)
	if e.err != nil {
		return false, e.err
	}
	return x.look(ctx)
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
}
