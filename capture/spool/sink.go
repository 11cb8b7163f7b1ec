package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// Sink is a [capture.Sink] that ships what it is given to a [Producer]. Its
// methods may be called by any goroutine.
type Sink struct {
	cfg Config
	// disk guards store and inflight, and is held while the disk works. It is
	// taken before mu.
	disk     sync.Mutex
	store    *store // nil without a folder
	inflight *batch
	// mu guards what follows, and is held for moments only, so that
	// WriteExchange never waits for the disk or the broker.
	mu       sync.Mutex
	queue    queue
	tally    tally
	ledger   *ledger
	broker   broker
	room     room
	gauge    gauge
	closing  bool
	previous capture.Stats
	// closingSince is when closing was set.
	closingSince time.Time
	notice       error

	shipWake, keepWake chan struct{}
	closed             chan struct{} // closed when closing
	shipped            chan struct{} // closed when the shipper has ended
	cancel             context.CancelFunc
	workers            sync.WaitGroup
	shutdown           sync.Once
	result             error
}

// gauge is what the folder holds, for State.
type gauge struct {
	bytes  int64
	oldest time.Time
}

var errClosed = fmt.Errorf("write to a closed spool: %w", os.ErrClosed)

// New starts a sink, which takes over what an earlier process left in the
// folder. The sink's goroutines end with Shutdown or Close.
func New(cfg Config) (*Sink, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Sink{
		cfg:      cfg,
		shipWake: make(chan struct{}, 1), keepWake: make(chan struct{}, 1),
		closed: make(chan struct{}), shipped: make(chan struct{}),
		broker: broker{up: true, since: time.Now()},
	}
	if cfg.Dir != "" {
		if err := s.recover(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.workers.Go(func() { defer close(s.shipped); s.ship(ctx) })
	if s.store != nil {
		s.workers.Go(func() { s.keep(ctx) })
	}
	return s, nil
}

// recover opens the folder and makes the account go on from what it holds.
func (s *Sink) recover() error {
	st, err := openStore(&s.cfg)
	if err != nil {
		return err
	}
	l, t, bad := openLedger(filepath.Join(s.cfg.Dir, ledgerName))
	if l == nil {
		return errors.Join(bad, st.close())
	}
	odd := st.adopt(t.head)
	if errors.Is(bad, errBadLedger) {
		odd = errors.Join(fmt.Errorf("%w: the account begins anew", bad), odd)
	}
	t.resume(st.left())
	s.store, s.ledger, s.tally, s.notice = st, l, t, odd
	s.note()
	s.previous = s.tally.stats()
	if odd != nil {
		s.cfg.Log.Warn("spool: the folder was not in order", "dir", s.cfg.Dir, "error", odd)
	}
	if n := st.left(); n > 0 {
		s.cfg.Log.Info("spool: an earlier process left exchanges", "dir", s.cfg.Dir, "exchanges", n)
	}
	return nil
}

// WriteExchange implements [capture.Sink]. It waits for neither the broker nor
// the disk. What there is no room for is dropped and counted, and no error. The
// error is that of a canceled ctx, or [os.ErrClosed] after Shutdown.
func (s *Sink) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	size := sizeOf(e)
	if taken, err := s.admit(size); !taken || err != nil {
		return err
	}
	clone := e.Clone() // outside the lock: a body may be large
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errClosed
	}
	first := s.queue.len() == 0
	s.queue.push(item{clone, size})
	s.tally.seen++
	s.tally.queued++
	s.record()
	if first || s.full() {
		wake(s.shipWake)
	}
	if first && !s.broker.up || s.crowded() {
		wake(s.keepWake)
	}
	return nil
}

// admit reports whether there is room; else it counts the exchange as dropped.
func (s *Sink) admit(size int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return false, errClosed
	case s.queue.bytes+size <= s.cfg.QueueBytes:
		return true, nil
	}
	reason := s.room.reason
	if size > s.cfg.QueueBytes {
		reason = ReasonTooLarge
	} else if reason == "" {
		reason = ReasonQueueFull
	}
	s.tally.seen++
	s.tally.drop(reason, 1)
	s.record()
	return false, nil
}

// full reports whether the queue has a whole batch. mu is held.
func (s *Sink) full() bool {
	return s.queue.bytes >= s.cfg.BatchBytes || s.queue.len() >= s.cfg.BatchCount
}

// crowded reports whether the broker is too slow for the queue: half of it is
// left for what comes while the disk works. mu is held.
func (s *Sink) crowded() bool { return s.queue.bytes > s.cfg.QueueBytes/2 }

// record puts the tally into the ledger. mu is held. A mapped ledger gives no
// error; where it is written, the next record repeats what this one missed.
func (s *Sink) record() {
	if s.ledger != nil {
		_ = s.ledger.store(&s.tally)
	}
}

// note records the tally together with what the folder holds. disk and mu are
// held, or nobody else has the sink yet.
func (s *Sink) note() {
	if s.store != nil {
		s.tally.head = s.store.place()
		s.gauge = gauge{bytes: s.store.bytes}
		if s.tally.spooled > 0 && len(s.store.segments) > 0 {
			s.gauge.oldest = s.store.segments[0].created
		}
	}
	s.record()
}

// Account tells one stage "ship" in the unit "exchanges". With a folder it
// counts over all processes that used it; State tells what this one began with.
func (s *Sink) Account() capture.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return capture.Account{{Name: "ship", Unit: "exchanges", Stats: s.tally.stats()}}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
