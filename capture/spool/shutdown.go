package spool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// closeTimeout leaves two thirds of the 30 s that Kubernetes gives a pod to end
// to the rest of the process.
const closeTimeout = 10 * time.Second

// Close is Shutdown with ten seconds to ship what is left.
func (s *Sink) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown takes nothing more, ships what is left until ctx ends, and puts the
// rest into the folder. Where the folder has all, the shipping ends early: after
// one attempt that fails, or when the broker has been away for Config.Stall.
// All goroutines have ended when it returns.
//
// The error says that exchanges were dropped as [ReasonShutdown], or that the
// folder could not be closed. The second call waits for the first and returns
// the same. Account and State may still be called.
func (s *Sink) Shutdown(ctx context.Context) error {
	s.shutdown.Do(func() { s.result = s.end(ctx) })
	return s.result
}

func (s *Sink) end(ctx context.Context) error {
	s.mu.Lock()
	s.closing, s.closingSince = true, time.Now()
	s.mu.Unlock()
	close(s.closed)
	select {
	case <-s.shipped:
	case <-ctx.Done():
	}
	s.cancel()
	s.workers.Wait()
	if s.store != nil {
		s.spill()
	}
	return errors.Join(s.giveUp(), s.closeStore())
}

// forsaken is how long the sink that is closing still waits for a broker that is
// away, while the folder has all; nothing where it waits for something else. A
// call that is under way has that time, so that a broker which is back, or only
// slow, may take what is left. mu is held.
func (s *Sink) forsaken(now time.Time) time.Duration {
	if !s.closing || s.broker.up || s.tally.queued+s.tally.held > 0 {
		return nothing
	}
	from := s.closingSince
	if s.broker.since.After(from) {
		from = s.broker.since
	}
	return max(0, from.Add(s.cfg.Stall).Sub(now))
}

// giveUp drops what is still in memory alone.
func (s *Sink) giveUp() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := s.tally.queued + s.tally.held
	s.tally.drop(ReasonShutdown, lost)
	s.tally.queued, s.tally.held = 0, 0
	s.queue = queue{}
	s.record()
	if lost > 0 {
		return fmt.Errorf("spool: %d exchanges were not shipped in time and are lost", lost)
	}
	return nil
}

func (s *Sink) closeStore() error {
	if s.store == nil {
		return nil
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	l := s.ledger
	s.ledger = nil
	s.mu.Unlock()
	err := errors.Join(s.store.close(), l.close())
	if err != nil {
		return fmt.Errorf("close spool: %w", err)
	}
	return nil
}
