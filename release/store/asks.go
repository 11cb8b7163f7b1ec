package store

import (
	"context"
	"sync"
	"time"

	"twinspect.dev/release"
)

// every is how often the counts of asks are written.
const every = time.Second

// maxAsks bounds the records that are counted at once: releases that are asked about
// within a second, ten times those of a large company.
const maxAsks = 10_000

// asks counts equal verdicts until they are written.
type asks struct {
	mu       sync.Mutex
	byRecord map[int64]*ask
}

type ask struct {
	count uint64
	last  release.Verdict
}

func newAsks() *asks { return &asks{byRecord: map[int64]*ask{}} }

// add counts more of a verdict, and returns how many are not yet written and whether
// there is room for other records.
func (a *asks) add(record int64, more uint64, v release.Verdict) (pending uint64, room bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.byRecord[record]
	if k == nil {
		k = &ask{last: v}
		a.byRecord[record] = k
	}
	k.count += more
	if !v.At.Before(k.last.At) {
		k.last = v
	}
	return k.count, len(a.byRecord) < maxAsks
}

func (a *asks) take() map[int64]*ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.byRecord
	a.byRecord = map[int64]*ask{}
	return taken
}

// again counts a verdict that equals the newest record.
func (s *Store) again(ctx context.Context, n newest, v release.Verdict) (release.Record, error) {
	pending, room := s.asks.add(n.record, 1, v)
	r := release.Record{Verdict: v, ID: n.record, Asked: n.asked + pending, Last: v.At}
	if !room {
		return r, s.flush(ctx)
	}
	return r, nil
}

// flushing writes the counts each second until ctx is done. What cannot be written is
// kept for the next second.
func (s *Store) flushing(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.flush(ctx) // kept, and tried again
		}
	}
}

// flush writes what was counted.
func (s *Store) flush(ctx context.Context) error {
	taken := s.asks.take()
	if len(taken) == 0 {
		return nil
	}
	err := s.attempt(ctx, func(t tx) error {
		for record, k := range taken {
			if err := t.count(ctx, record, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for record, k := range taken {
			s.asks.add(record, k.count, k.last)
		}
	}
	return failed("count the asks", err)
}

func (t tx) count(ctx context.Context, record int64, k *ask) error {
	body, err := encoded(k.last)
	if err != nil {
		return err
	}
	at := micros(k.last.At)
	_, err = t.do(ctx, `UPDATE records SET asked = asked + ?, newest = CASE WHEN last_at <= ? THEN ? ELSE newest END,
		last_at = CASE WHEN last_at <= ? THEN ? ELSE last_at END WHERE id = ?`, k.count, at, body, at, at, record)
	return err
}
