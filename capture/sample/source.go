package sample

import (
	"context"
	"sync"

	"twinspect.dev/capture"
)

// Source passes on those exchanges of a [capture.Source] that a [Sampler]
// keeps, and counts the others.
//
// ReadExchange is called by one goroutine at a time; every other method may be
// called from any.
type Source struct {
	src capture.Source

	reading sync.Mutex // held while src is in use

	mu      sync.Mutex // guards what follows
	sampler *Sampler
	stats   capture.Stats
	before  capture.Account // of src, when it was last asked
	asked   bool            // that before be renewed
	name    []byte
}

// New returns a source of the exchanges in src that cfg keeps.
func New(cfg Config, src capture.Source) *Source {
	return &Source{src: src, sampler: NewSampler(cfg), before: capture.AccountOf(src).Clone()}
}

// ReadExchange implements [capture.Source].
func (s *Source) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	for {
		err := s.src.ReadExchange(ctx, e)
		if s.judge(e, err) {
			return err
		}
	}
}

// judge counts an exchange and reports whether the caller gets it, or the error
// that was read in its place.
func (s *Source) judge(e *capture.Exchange, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked || err != nil {
		s.before, s.asked = capture.AccountOf(s.src).Clone(), false
	}
	if err != nil {
		return true
	}
	s.stats.Seen++
	if d := s.decide(e); !d.Kept() {
		s.stats.Filter(d.Reason(), 1)
		return false
	}
	s.stats.Written++
	return true
}

func (s *Source) decide(e *capture.Exchange) Decision {
	h := hash(s.sampler.basis, e.SessionKey())
	if d, decided := s.sampler.bySession(h); decided {
		return d
	}
	at := e.Request.Start
	if at.IsZero() { // of a request that was not seen
		at = e.Response.Start
	}
	return s.sampler.byOperation(h, s.operation(&e.Request), at)
}

// operation returns the hash of the operation's name.
func (s *Source) operation(r *capture.Request) uint64 {
	if name := s.sampler.cfg.Operation; name != nil {
		return hash(s.sampler.basis, name(r.Method, r.Target))
	}
	s.name = appendOperation(s.name[:0], r.Method, r.Target)
	return hash(s.sampler.basis, s.name)
}

// SetConfig makes cfg hold from the next exchange on; see [Sampler.SetConfig].
func (s *Source) SetConfig(cfg Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sampler.SetConfig(cfg)
}

// SetFactor sets what the limits of the recorder leave of the configuration;
// see [Governor.Observe]. What it costs is filtered as [Limit].
func (s *Source) SetFactor(factor float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sampler.SetFactor(factor)
}

// Account implements [capture.Accounted]: the account of the source, then the
// stage "sample". While another goroutine waits in ReadExchange, the source's
// part is that of the first exchange after the call to Account before.
func (s *Source) Account() capture.Account {
	fresh := s.reading.TryLock()
	if fresh {
		defer s.reading.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fresh {
		s.before = capture.AccountOf(s.src).Clone()
	}
	s.asked = !fresh
	return append(s.before.Clone(), s.stage())
}

// Stage returns the last stage of the account alone, as it is now.
func (s *Source) Stage() capture.Stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stage()
}

func (s *Source) stage() capture.Stage {
	return capture.Stage{Name: "sample", Unit: "exchanges", Stats: s.stats.Clone()}
}
