package spool

import (
	"context"
	"fmt"
	"time"
)

// keep moves what waits in memory to the folder while the broker is away, or
// too slow for the queue, and ends the shipping where that is of no use.
func (s *Sink) keep(ctx context.Context) {
	for ctx.Err() == nil {
		spill, other := s.due(time.Now())
		switch {
		case spill == 0:
			s.spill()
		case other == 0:
			s.cancel()
		default:
			s.await(ctx, s.keepWake, sooner(spill, other))
		}
	}
}

// due is how long to wait before the disk is needed, and before there is
// something else to see to, where 0 ends the shipping; nothing where that is not
// known. A call of the producer that takes too long makes the broker away.
func (s *Sink) due(now time.Time) (spill, other time.Duration) {
	s.mu.Lock()
	stall, gone := s.stalled(now)
	spill, other = s.spillDue(now), sooner(stall, s.forsaken(now))
	s.mu.Unlock()
	if gone != nil {
		s.away(gone)
	}
	return spill, other
}

// stalled is how long the call under way may still take, or the error that it
// has taken too long. mu is held.
func (s *Sink) stalled(now time.Time) (time.Duration, error) {
	if !s.broker.up || s.broker.asked.IsZero() {
		return nothing, nil
	}
	if left := s.broker.asked.Add(s.cfg.Stall).Sub(now); left > 0 {
		return left, nil
	}
	err := fmt.Errorf("no answer for %s", s.cfg.Stall)
	s.broker.turn(err, now)
	return nothing, err
}

// spillDue is when to spill. mu is held.
func (s *Sink) spillDue(now time.Time) time.Duration {
	switch {
	case s.tally.held == 0 && s.queue.len() == 0:
		return nothing
	case s.room.reason != "" && s.room.again.After(now):
		return s.room.again.Sub(now)
	case s.crowded():
		return 0
	case !s.broker.up:
		return max(0, s.queue.since.Add(s.cfg.Linger).Sub(now))
	}
	return nothing
}

// sooner is the shorter of two waits.
func sooner(a, b time.Duration) time.Duration {
	switch nothing {
	case a:
		return b
	case b:
		return a
	}
	return min(a, b)
}

// spill moves everything in memory to the folder, a batch at a time, until none
// is left or the disk takes no more.
func (s *Sink) spill() {
	for {
		s.disk.Lock()
		more, err := s.spillBatch()
		s.disk.Unlock()
		s.blocked(err)
		if !more || err != nil {
			return
		}
	}
}

// spillBatch moves the oldest: what is in flight, so that nothing newer comes
// before it on disk, and then the queue. disk is held.
func (s *Sink) spillBatch() (more bool, err error) {
	items, inflight := s.oldest()
	if len(items) == 0 {
		return false, nil
	}
	room, full := s.store.room()
	if n := fit(items, room); n == len(items) || n > 0 && !inflight {
		items = items[:n]
		err = s.store.append(items)
	} else {
		err = full
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.moved(uint64(len(items)), inflight)
	}
	s.note()
	return err == nil, err
}

// oldest returns what is to be moved next, and whether it is the batch in
// flight, which is not divided. disk is held.
func (s *Sink) oldest() (items []item, inflight bool) {
	if s.inflight != nil && s.inflight.onDisk == 0 {
		return s.inflight.pending, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(items, s.queue.peek(s.cfg.BatchBytes, s.cfg.BatchCount)...), false
}

// fit is how many of the items have room: as they are in memory, so some room
// is left over, for they are compressed.
func fit(items []item, room int64) int {
	for i := range items {
		if room -= items[i].size; room < 0 {
			return i
		}
	}
	return len(items)
}

// moved counts n exchanges as on disk. disk and mu are held.
func (s *Sink) moved(n uint64, inflight bool) {
	s.tally.spooled += n
	if inflight {
		s.inflight.onDisk = n
		s.tally.held -= n
		return
	}
	s.queue.drop(int(n))
	s.tally.queued -= n
}

// blocked takes the outcome of a spill.
func (s *Sink) blocked(err error) {
	var now room
	if err != nil {
		now = room{reasonOf(err), time.Now().Add(diskRetry)}
	}
	s.mu.Lock()
	before := s.room.reason
	s.room = now
	s.mu.Unlock()
	switch {
	case now.reason == before:
	case err != nil:
		s.cfg.Log.Warn("spool: the disk takes nothing", "reason", now.reason, "error", err)
	default:
		s.cfg.Log.Info("spool: the disk takes exchanges again")
	}
}
