package kafka

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// standby is how often a worker without work asks whether the others are done.
const standby = 250 * time.Millisecond

// group is the membership in a consumer group. One goroutine follows its
// generations, and one of each generation commits.
type group struct {
	source  *Source
	members *kafkago.ConsumerGroup
	cancel  context.CancelFunc
	done    chan struct{}
	// changed is signalled when the generation or the error does, kick when
	// there is enough to commit.
	changed, kick chan struct{}

	mu        sync.Mutex
	gen       *kafkago.Generation
	err       error
	processed int
}

func joinGroup(s *Source) (*group, error) {
	cfg := s.client.cfg
	dialer, err := cfg.Dialer()
	if err != nil {
		return nil, err
	}
	members, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID: s.target.Group, Brokers: cfg.Brokers, Topics: []string{cfg.Topic},
		Dialer:         dialer,
		SessionTimeout: s.opts.SessionTimeout, HeartbeatInterval: s.opts.SessionTimeout / 10,
		RebalanceTimeout: s.opts.SessionTimeout, JoinGroupBackoff: 500 * time.Millisecond,
		GroupBalancers: []kafkago.GroupBalancer{kafkago.RoundRobinGroupBalancer{}},
		Timeout:        requestTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("join group %s: %w", s.target.Group, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := &group{
		source: s, members: members, cancel: cancel, done: make(chan struct{}),
		changed: make(chan struct{}, 1), kick: make(chan struct{}, 1),
	}
	go g.run(ctx)
	return g, nil
}

// close leaves the group; the last generation commits before.
func (g *group) close() error {
	g.cancel()
	err := g.members.Close()
	<-g.done
	return err
}

// run follows the generations until the group is closed or cannot be joined.
func (g *group) run(ctx context.Context) {
	defer close(g.done)
	var since time.Time
	for {
		gen, err := g.members.Next(ctx)
		switch {
		case err == nil:
			since = time.Time{}
			ended := make(chan struct{})
			gen.Start(func(ctx context.Context) {
				defer close(ended)
				g.commits(ctx, gen)
			})
			g.set(gen, nil)
			<-ended
			g.set(nil, nil)
			continue
		case ctx.Err() != nil, errors.Is(err, kafkago.ErrGroupClosed):
			return
		case since.IsZero():
			since = time.Now()
		}
		if !joinable(err) || time.Since(since) > g.source.opts.RetryFor {
			g.set(nil, fmt.Errorf("join group %s: %w", g.source.target.Group, g.source.client.explain(err)))
			return
		}
	}
}

// joinable reports whether a failed attempt to join is worth another.
func joinable(err error) bool {
	return retriable(err) || errors.Is(err, kafkago.RebalanceInProgress) ||
		errors.Is(err, kafkago.UnknownMemberId) || errors.Is(err, kafkago.IllegalGeneration)
}

func (g *group) set(gen *kafkago.Generation, err error) {
	g.mu.Lock()
	g.gen, g.err = gen, err
	g.mu.Unlock()
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// current returns the generation, nil between two of them.
func (g *group) current() (*kafkago.Generation, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gen, g.err
}

// count notes one processed exchange.
func (g *group) count() {
	g.mu.Lock()
	g.processed++
	enough := g.processed >= commitRecords
	if enough {
		g.processed = 0
	}
	g.mu.Unlock()
	if enough {
		g.commitSoon()
	}
}

func (g *group) commitSoon() {
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

// commits writes what was processed until the generation ends, and then once
// more: until the next one begins, the broker takes it.
func (g *group) commits(ctx context.Context, gen *kafkago.Generation) {
	ticker := time.NewTicker(g.source.opts.CommitEvery)
	defer ticker.Stop()
	topic := g.source.client.cfg.Topic
	committed := make(map[int]int64)
	for _, a := range gen.Assignments[topic] {
		committed[a.ID] = a.Offset
	}
	for ended := false; !ended; {
		select {
		case <-ticker.C:
		case <-g.kick:
		case <-ctx.Done():
			ended = true
		}
		offsets := g.source.committable(committed)
		// A commit that fails is made again by the next one. Where the group has
		// given the partition to another worker, that one begins earlier.
		if len(offsets) > 0 && gen.CommitOffsets(map[string]map[int]int64{topic: offsets}) == nil {
			for p, offset := range offsets {
				committed[p] = offset
			}
		}
	}
}

// committable returns the offsets that lie behind those already committed.
func (s *Source) committable(committed map[int]int64) map[int]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	offsets := make(map[int]int64)
	for p, offset := range committed {
		if t := s.trackers[p]; t != nil && t.low > max(offset, s.ranges[p].From) {
			offsets[p] = t.low
		}
	}
	return offsets
}

// changed is signalled when the group changes; never without one.
func (s *Source) changed() <-chan struct{} {
	if s.group == nil {
		return nil
	}
	return s.group.changed
}

// follow takes over the assignment of the present generation. Between two, it
// waits: what would be given then may be given to another worker already.
func (s *Source) follow(ctx context.Context) error {
	for {
		gen, err := s.group.current()
		switch {
		case err != nil:
			return s.fail(err)
		case gen != nil:
			if gen != s.gen {
				s.gen = gen
				s.assign(gen)
			}
			return nil
		}
		select {
		case <-s.group.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// assign begins to read what the generation gives to this worker, and goes on
// with what it had before.
func (s *Source) assign(gen *kafkago.Generation) {
	mine := make(map[int]bool)
	for _, a := range gen.Assignments[s.client.cfg.Topic] {
		r, ok := s.ranges[a.ID]
		if !ok {
			continue
		}
		r.From = max(r.From, a.Offset)
		s.mu.Lock()
		s.reached(a.ID, r.From)
		s.mu.Unlock()
		if p := s.parts[a.ID]; p == nil || p.pos < r.From {
			s.drop(a.ID)
			s.track(r)
			s.begin(r)
		}
		mine[a.ID] = true
	}
	for id := range s.ranges {
		if !mine[id] {
			s.drop(id)
		}
	}
}

func (s *Source) track(r Range) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trackers[r.Partition] = &tracker{low: r.From}
}

// drop ends the reading of a partition. What it had ready was not counted.
func (s *Source) drop(id int) {
	s.mu.Lock()
	delete(s.trackers, id)
	s.mu.Unlock()
	p := s.parts[id]
	if p == nil {
		return
	}
	p.stop()
	delete(s.parts, id)
	same := func(other *partition) bool { return other == p }
	s.hungry = slices.DeleteFunc(s.hungry, same)
	s.heads = slices.DeleteFunc(s.heads, same)
	heap.Init(&s.heads)
}

// waitForRoom waits until fewer than Outstanding records lie behind those that
// are not processed.
func (s *Source) waitForRoom(ctx context.Context) error {
	for s.opts.Manual && s.tracked() >= s.opts.Outstanding {
		select {
		case <-s.room:
		case <-s.group.changed:
			return errChanged
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *Source) tracked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.trackers {
		n += len(t.queue)
	}
	return n
}

// windowCommitted reports whether the group has committed all of the window.
// Where it has not, it returns after a while, or when the group changes.
func (s *Source) windowCommitted(ctx context.Context) (bool, error) {
	s.group.commitSoon()
	done, err := s.askCommitted(ctx)
	if err != nil || done {
		if err != nil && ctx.Err() == nil {
			return false, s.fail(err)
		}
		return done, err
	}
	timer := time.NewTimer(standby)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.group.changed:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return false, nil
}

func (s *Source) askCommitted(ctx context.Context) (bool, error) {
	var ids []int
	for _, r := range s.window.ranges {
		if r.From < r.To {
			ids = append(ids, r.Partition)
		}
	}
	if len(ids) == 0 {
		return true, nil
	}
	done := false
	err := s.client.retry(ctx, s.opts.RetryFor, bounded(func(ctx context.Context) error {
		res, err := s.client.api.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{
			GroupID: s.target.Group, Topics: map[string][]int{s.client.cfg.Topic: ids},
		})
		if err != nil || res.Error != nil {
			return errors.Join(err, resError(res))
		}
		done, err = s.noteCommitted(res.Topics[s.client.cfg.Topic])
		return err
	}))
	return done, err
}

func resError(res *kafkago.OffsetFetchResponse) error {
	if res == nil {
		return nil
	}
	return res.Error
}

// noteCommitted takes the group's offsets for progress, and reports whether they
// are all at the end of the window.
func (s *Source) noteCommitted(all []kafkago.OffsetFetchPartition) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := len(all) > 0
	for _, p := range all {
		if p.Error != nil {
			return false, fmt.Errorf("offset of partition %d: %w", p.Partition, p.Error)
		}
		s.reached(p.Partition, p.CommittedOffset)
		done = done && p.CommittedOffset >= s.ranges[p.Partition].To
	}
	return done, nil
}
