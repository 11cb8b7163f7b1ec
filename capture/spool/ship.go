package spool

import (
	"context"
	"math/rand/v2"
	"time"
)

// ship takes batches to the producer, one at a time, until ctx is canceled or,
// once the sink is closing, nothing is left or nothing can be done.
func (s *Sink) ship(ctx context.Context) {
	for ctx.Err() == nil {
		b, wait := s.next()
		switch {
		case b != nil:
			if !s.deliver(ctx, b) {
				return
			}
		case wait == nothing && s.isClosing():
			return
		default:
			s.await(ctx, s.shipWake, wait)
		}
	}
}

// nothing is the wait for something that only a wake announces.
const nothing = time.Duration(-1)

// await waits for the time to pass, the wake, the beginning of the shutdown, or
// the end of ctx. Once the sink is closing it is the worker's to be done soon.
func (s *Sink) await(ctx context.Context, wake <-chan struct{}, wait time.Duration) {
	var timer <-chan time.Time
	if wait != nothing {
		t := time.NewTimer(wait)
		defer t.Stop()
		timer = t.C
	}
	closed := s.closed
	if s.isClosing() {
		closed = nil
	}
	select {
	case <-timer:
	case <-wake:
	case <-closed:
	case <-ctx.Done():
	}
}

func (s *Sink) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// next makes the next batch the one in flight: from the folder while anything
// is there, then from the queue. Without one it says how long to wait.
func (s *Sink) next() (*batch, time.Duration) {
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.store != nil && s.store.left() > 0 {
		return s.nextSpooled()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.len() == 0 {
		return nil, nothing
	}
	if wait := time.Until(s.queue.since.Add(s.cfg.Linger)); wait > 0 && !s.full() && !s.closing {
		return nil, wait
	}
	items := s.queue.peek(s.cfg.BatchBytes, s.cfg.BatchCount)
	b := &batch{pending: append([]item(nil), items...)}
	s.queue.drop(len(items))
	s.tally.queued -= uint64(len(items))
	s.tally.held += uint64(len(items))
	s.inflight = b
	return b, 0
}

// nextSpooled reads a batch from the folder, or counts what is lost there. disk
// is held.
func (s *Sink) nextSpooled() (*batch, time.Duration) {
	items, lost, err := s.store.read(s.cfg.BatchBytes, s.cfg.BatchCount)
	if lost > 0 {
		s.cfg.Log.Warn("spool: exchanges on disk are lost", "exchanges", lost, "error", err)
		s.lose(lost)
		return nil, 0
	}
	if err != nil {
		return nil, diskRetry
	}
	if len(items) == 0 {
		s.sweep()
		return nil, 0
	}
	s.inflight = &batch{pending: items, onDisk: uint64(len(items))}
	return s.inflight, 0
}

// lose settles the next n exchanges of the folder as damaged. disk is held.
func (s *Sink) lose(n uint64) {
	s.store.advance(n)
	s.mu.Lock()
	s.tally.spooled -= n
	s.tally.drop(ReasonDamaged, n)
	s.note()
	s.mu.Unlock()
	s.sweep()
}

// deliver tries the batch until it is settled. It returns false where it gives
// up: ctx is canceled, or the sink is closing and the folder keeps all.
func (s *Sink) deliver(ctx context.Context, b *batch) bool {
	for attempt := 0; ; attempt++ {
		s.ask(time.Now())
		errs := s.cfg.Producer.Produce(ctx, b.exchanges())
		if s.settle(b, errs, ctx.Err() != nil) {
			return true
		}
		if ctx.Err() != nil || s.isClosing() && s.kept() {
			return false
		}
		s.await(ctx, nil, s.cfg.Retry.delay(attempt, rand.Float64()))
	}
}

// kept reports whether everything left is on disk, after putting it there.
func (s *Sink) kept() bool {
	if s.store == nil {
		return false
	}
	s.spill()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tally.queued+s.tally.held == 0
}

func (s *Sink) ask(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broker.asked = at
	wake(s.keepWake)
}

// settle counts the answers, and reports whether all of the batch is settled.
// What is on disk is counted when it is left behind there, in one step with the
// place in the folder.
func (s *Sink) settle(b *batch, errs []error, canceled bool) bool {
	s.disk.Lock()
	defer s.disk.Unlock()
	before := len(b.pending)
	err := b.answer(errs)
	done := len(b.pending) == 0
	s.mu.Lock()
	if b.onDisk == 0 {
		s.tally.held -= uint64(before - len(b.pending))
		s.tally.count(b.settled)
		b.settled = outcome{}
	} else if done {
		s.store.advance(b.onDisk)
		s.tally.spooled -= b.onDisk
		s.tally.count(b.settled)
	}
	if done {
		s.inflight = nil
	}
	s.broker.asked = time.Time{}
	s.note()
	s.mu.Unlock()
	if !canceled {
		s.turn(err)
	}
	s.sweep()
	return done
}

// turn takes what the producer's answer says of the broker.
func (s *Sink) turn(err error) {
	s.mu.Lock()
	since := s.broker.since
	changed := s.broker.turn(err, time.Now())
	s.mu.Unlock()
	switch {
	case changed && err != nil:
		s.away(err)
	case changed:
		s.cfg.Log.Info("spool: the broker is back", "away", time.Since(since))
	}
}

func (s *Sink) away(err error) {
	s.cfg.Log.Warn("spool: the broker is away", "error", err)
	wake(s.keepWake)
}

// sweep frees the disk of what is settled. disk is held, mu is not.
func (s *Sink) sweep() {
	if s.store == nil {
		return
	}
	before := s.store.bytes
	if err := s.store.sweep(); err != nil {
		s.cfg.Log.Warn("spool: a shipped segment stays on disk", "error", err)
	}
	if s.store.bytes == before {
		return
	}
	s.mu.Lock()
	s.note()
	s.room.again = time.Time{}
	s.mu.Unlock()
	wake(s.keepWake)
}
