package redact

import (
	"context"
	"sync"
	"sync/atomic"

	"twinspect.dev/capture"
)

// Source redacts the exchanges of another source. [Source.SetRedactor] and
// [Source.Stages] may be called by any goroutine; else it is used by one at a
// time.
type Source struct {
	src      capture.Source
	redactor atomic.Pointer[Redactor]

	mu        sync.Mutex // guards the counts
	exchanges capture.Stats
	bodies    capture.Stats
}

// NewSource returns a source of the exchanges of src without their secrets.
func NewSource(r *Redactor, src capture.Source) *Source {
	s := &Source{src: src}
	s.redactor.Store(r)
	return s
}

// SetRedactor has the exchanges that follow redacted by r.
func (s *Source) SetRedactor(r *Redactor) { s.redactor.Store(r) }

// ReadExchange implements [capture.Source].
func (s *Source) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := s.src.ReadExchange(ctx, e); err != nil {
		return err
	}
	_, b := s.redactor.Load().redact(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exchanges.Seen++
	s.exchanges.Written++
	s.count(b)
	return nil
}

func (s *Source) count(b bodies) {
	s.bodies.Seen += b.seen
	s.bodies.Written += b.seen
	for _, reason := range b.withheld {
		if reason != "" {
			s.bodies.Written--
			s.bodies.Drop(reason, 1)
		}
	}
}

// Account implements [capture.Accounted]: the account of the source, then
// [Source.Stages].
func (s *Source) Account() capture.Account {
	return append(capture.AccountOf(s.src).Clone(), s.Stages()...)
}

// Stages returns the source's own stages. Of "redact-bodies", in bodies, those
// are dropped that were withheld; "redact", in exchanges, writes all.
func (s *Source) Stages() []capture.Stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []capture.Stage{
		{Name: "redact-bodies", Unit: "bodies", Stats: s.bodies.Clone()},
		{Name: "redact", Unit: "exchanges", Stats: s.exchanges.Clone()},
	}
}
