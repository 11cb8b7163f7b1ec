package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture"
)

// Source reads a window of a topic that was fixed when it was opened. It
// implements [capture.Source], [capture.Accounted] and io.Closer.
//
// Alone, it reads every partition of the window and merges them by the start of
// the request, so that exchanges come in the order of the recording as far as
// each partition has it. After the last offset of the window it returns io.EOF;
// a window that ends beyond what was written is waited for.
//
// In a group, it reads the partitions that are assigned to it from where the
// group has come, and commits what was processed. It returns io.EOF only once
// the group has committed the whole window: until then it stands by for the part
// of a worker that dies. What that one was given and had not committed is given
// again, here or there: whoever joins the workers' results drops by ID what they
// have twice.
//
// A record that cannot be given is a [*capture.RecordError] in between; its Lost
// is how many offsets it stands for, from its Offset on. Reading goes on.
//
// Brokers that are away, or change, are tried again for RetryFor.
//
// ReadExchange and Close are for one goroutine at a time; the other methods are
// safe for concurrent use with them.
type Source struct {
	client *client
	target Target
	opts   SourceOptions
	window Window
	ranges map[int]Range
	slots  chan struct{}
	unpack *decompressor
	group  *group
	end    error
	closed bool

	// parts are those being read; each is in heads or in hungry, or at its end.
	parts  map[int]*partition
	heads  heads
	hungry []*partition
	seen   map[int]*recent
	gen    *kafkago.Generation

	mu       sync.Mutex
	stats    capture.Stats
	position map[int]int64
	trackers map[int]*tracker
	pending  pending
	last     capture.ID
	given    bool
	room     chan struct{}
}

// Open connects, fixes the window and, in a group, joins it. Its error says what
// to do where the topic is missing or the credentials are refused. The window's
// edges by time are as sharp as the records of a partition are in order of time.
func Open(ctx context.Context, t Target, o SourceOptions) (*Source, error) {
	c, err := newClient(t.Config)
	if err != nil {
		return nil, err
	}
	w, err := c.open(ctx, t)
	if err != nil {
		c.close()
		return nil, err
	}
	s, err := newSource(c, t, o.withDefaults(len(w.ranges)), w)
	if err != nil {
		c.close()
		return nil, err
	}
	if t.Group != "" {
		if s.group, err = joinGroup(s); err != nil {
			s.unpack.close()
			c.close()
			return nil, err
		}
		return s, nil
	}
	for _, r := range w.ranges {
		s.begin(r)
	}
	return s, nil
}

// open checks that the topic can be reached and resolves the window.
func (c *client) open(ctx context.Context, t Target) (Window, error) {
	n, err := c.check(ctx)
	if err != nil {
		return Window{}, err
	}
	var w Window
	var misfit *windowError
	now := time.Now()
	err = c.retry(ctx, c.cfg.DialTimeout, bounded(func(ctx context.Context) (err error) {
		if w, err = c.resolve(ctx, t, n, now); errors.As(err, &misfit) {
			return nil
		}
		return err
	}))
	if misfit != nil {
		return Window{}, misfit
	}
	if err != nil {
		return Window{}, fmt.Errorf("find the window: %w", err)
	}
	return w, nil
}

func newSource(c *client, t Target, o SourceOptions, w Window) (*Source, error) {
	unpack, err := newDecompressor(o.MaxBatch)
	if err != nil {
		return nil, err
	}
	s := &Source{
		client: c, target: t, opts: o, window: w, unpack: unpack,
		ranges: make(map[int]Range), slots: make(chan struct{}, parallelFetches),
		parts: make(map[int]*partition), seen: make(map[int]*recent),
		position: make(map[int]int64), trackers: make(map[int]*tracker),
		pending: make(pending), room: make(chan struct{}, 1),
	}
	for _, r := range w.ranges {
		s.ranges[r.Partition] = r
		s.seen[r.Partition] = newRecent(o.Remember)
		s.position[r.Partition] = r.From
	}
	return s, nil
}

// begin starts to read a range, unless there is nothing in it.
func (s *Source) begin(r Range) {
	if r.From >= r.To {
		return
	}
	p := &partition{pos: r.From, fetcher: fetcher{
		client: s.client, slots: s.slots, unpacker: s.unpack, part: r, bytes: s.opts.fetchBytes(len(s.ranges)),
		wait: fetchWait, retryFor: s.opts.RetryFor,
	}}
	p.fetcher.start()
	s.parts[r.Partition] = p
	s.hungry = append(s.hungry, p)
}

// ReadExchange implements [capture.Source]. In a group it may wait for other
// workers; at the end, and where Outstanding is reached, also for Processed,
// which is then to be called by another goroutine.
func (s *Source) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.opts.Manual {
		s.processedLast()
	}
	for s.end == nil {
		p, err := s.nextPartition(ctx)
		switch {
		case errors.Is(err, errChanged):
		case err != nil:
			return err
		case p != nil:
			s.give(p, e)
			return nil
		default:
			if err := s.finish(ctx); err != nil {
				return err
			}
		}
	}
	return s.end
}

func (s *Source) nextPartition(ctx context.Context) (*partition, error) {
	if s.group == nil {
		return s.lowest(ctx)
	}
	if err := s.follow(ctx); err != nil {
		return nil, err
	}
	p, err := s.lowest(ctx)
	if p == nil || err != nil {
		return nil, err
	}
	return p, s.waitForRoom(ctx)
}

// finish ends the stream, in a group once the whole window is committed.
func (s *Source) finish(ctx context.Context) error {
	if s.group != nil {
		done, err := s.windowCommitted(ctx)
		if err != nil || !done {
			return err
		}
	}
	s.end = io.EOF
	return nil
}

// fail ends the stream with an error.
func (s *Source) fail(err error) error {
	if !errors.Is(err, context.Canceled) {
		s.end = err
	}
	return err
}

// Processed says that the exchange with this ID need not be given again. It is
// for sources of a group with [SourceOptions.Manual]; elsewhere it does nothing.
// Of exchanges without an ID it counts the oldest.
func (s *Source) Processed(id capture.ID) {
	if s.group == nil {
		return
	}
	s.mu.Lock()
	s.pending.processed(id)
	s.mu.Unlock()
	s.group.count()
	select {
	case s.room <- struct{}{}:
	default:
	}
}

func (s *Source) processedLast() {
	if s.given {
		s.given = false
		s.Processed(s.last)
	}
}

// Window returns what is read, for others to read the same.
func (s *Source) Window() Window { return s.window }

// Account implements [capture.Accounted]: a stage "kafka" that has seen the
// offsets of the window that this source has passed.
func (s *Source) Account() capture.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return capture.Account{{Name: "kafka", Unit: "exchanges", Stats: s.stats.Clone()}}
}

// Progress returns how many offsets of the window were passed, in a group by all
// as far as it is known here, and how many there are.
func (s *Source) Progress() (done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.window.ranges {
		done += s.position[r.Partition] - r.From
	}
	return done, s.window.Offsets()
}

// reached notes how far a partition has come. s.mu is held.
func (s *Source) reached(partition int, offset int64) {
	if r, ok := s.ranges[partition]; ok {
		s.position[partition] = max(s.position[partition], min(offset, r.To))
	}
}

// Close ends reading, commits what was processed, and leaves the group, whose
// other workers then take over what was not.
func (s *Source) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.end == nil {
		s.end = ErrClosed
	}
	var err error
	if s.group != nil {
		err = s.group.close()
	}
	for _, p := range s.parts {
		p.stop()
	}
	s.unpack.close()
	s.client.close()
	return err
}
