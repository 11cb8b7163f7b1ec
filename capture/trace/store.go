package trace

import (
	"container/list"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// The reasons under which a store gives spans up.
const (
	// NotWanted: nobody asked for the trace.
	NotWanted capture.Reason = "trace-not-wanted"
	// Duplicate: the store has the span; exporters deliver at least once.
	Duplicate capture.Reason = "duplicate-span"
	// Evicted: the whole trace was given up, as an older one, to stay within the
	// limits.
	Evicted capture.Reason = "trace-evicted"
	// TooLong: the trace has more spans than the limit.
	TooLong capture.Reason = "trace-too-long"
)

// StoreOptions bound a [Store]. The zero value is good.
type StoreOptions struct {
	// All keeps every trace; otherwise only those that Want was called for.
	All bool
	// MaxTraces is how many are held, 20000 where it is 0: both sides of the
	// exchanges of three minutes at 50 a second, which is longer than batches are
	// held back by exporters.
	MaxTraces int
	// MaxSpans is how many a trace may have, 5000 where it is 0: an N+1 of a
	// thousand with five spans each.
	MaxSpans int
	// MaxBytes bounds the spans held, 256 MiB where it is 0: about 200 thousand of
	// 1.3 KiB.
	MaxBytes int64
}

// Store collects spans by trace. All methods may be called from many goroutines.
type Store struct {
	opts   StoreOptions
	mu     sync.Mutex
	traces map[TraceID]*entry
	short  map[uint64]TraceID // wanted traces by their last 64 bits
	order  list.List          // of *entry that are held, the oldest first
	gone   list.List          // of *entry that were evicted, the oldest first
	bytes  int64
	stats  capture.Stats
}

type entry struct {
	id      TraceID
	spans   []Span
	seen    map[spanKey]struct{}
	bytes   int64
	cut     bool
	last    time.Time
	place   *list.Element
	evicted bool
}

// NewStore returns an empty store.
func NewStore(o StoreOptions) *Store {
	if o.MaxTraces <= 0 {
		o.MaxTraces = 20000
	}
	if o.MaxSpans <= 0 {
		o.MaxSpans = 5000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 20
	}
	return &Store{opts: o, traces: map[TraceID]*entry{}, short: map[uint64]TraceID{}}
}

// Want makes the store keep the traces from now on. Beyond MaxTraces the oldest
// are given up. A span whose trace has 64 bits belongs to the wanted trace that
// ends in these: some tracers pass no more on.
func (s *Store) Want(ids ...TraceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if !id.IsZero() && s.traces[id] == nil {
			s.enter(id)
			s.short[tail(id)] = id
		}
	}
}

func tail(id TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

func (s *Store) enter(id TraceID) *entry {
	for s.order.Len() >= s.opts.MaxTraces {
		s.evict()
	}
	e := &entry{id: id, seen: map[spanKey]struct{}{}}
	e.place = s.order.PushBack(e)
	s.traces[id] = e
	return e
}

// Add takes a span that arrived at now.
func (s *Store) Add(sp *Span, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Seen++
	e := s.find(sp.Trace)
	key := keyOf(sp)
	switch {
	case e == nil:
		s.stats.Filter(NotWanted, 1)
		return
	case e.evicted:
		s.stats.Drop(Evicted, 1)
		return
	}
	e.last = now
	if _, ok := e.seen[key]; ok {
		s.stats.Filter(Duplicate, 1)
		return
	}
	if len(e.spans) >= s.opts.MaxSpans {
		e.cut = true
		s.stats.Drop(TooLong, 1)
		return
	}
	const keyBytes = 48 // an entry of seen, at a map's load
	e.seen[key] = struct{}{}
	e.spans = append(e.spans, *sp)
	e.spans[len(e.spans)-1].Trace = e.id
	size := int64(sp.Size() + keyBytes)
	e.bytes += size
	s.bytes += size
	s.stats.Open++
	for s.bytes > s.opts.MaxBytes && s.order.Len() > 0 {
		s.evict()
	}
}

func (s *Store) find(id TraceID) *entry {
	if e := s.traces[id]; e != nil {
		return e
	}
	if binary.BigEndian.Uint64(id[:8]) == 0 {
		if e := s.traces[s.short[tail(id)]]; e != nil {
			return e
		}
	}
	if s.opts.All && !id.IsZero() {
		return s.enter(id)
	}
	return nil
}

// evict gives the oldest trace up. That it was is remembered for as many as are
// held, so that the spans which come late do not make half a trace.
func (s *Store) evict() {
	e := s.order.Remove(s.order.Front()).(*entry)
	s.stats.Open -= uint64(len(e.spans))
	s.stats.Drop(Evicted, uint64(len(e.spans)))
	s.bytes -= e.bytes
	*e = entry{id: e.id, evicted: true}
	e.place = s.gone.PushBack(e)
	for s.gone.Len() > s.opts.MaxTraces {
		s.remove(s.gone.Remove(s.gone.Front()).(*entry))
	}
}

func (s *Store) remove(e *entry) {
	delete(s.traces, e.id)
	if s.short[tail(e.id)] == e.id {
		delete(s.short, tail(e.id))
	}
}

// Tree builds the tree of a trace. It is false where there is none that is worth
// looking at: no span has come, the trace was evicted, or it has more spans than
// the limit.
func (s *Store) Tree(id TraceID) (*Tree, bool) {
	s.mu.Lock()
	e := s.traces[id]
	if e == nil || e.evicted || e.cut || len(e.spans) == 0 {
		s.mu.Unlock()
		return nil, false
	}
	spans := append([]Span(nil), e.spans...)
	s.mu.Unlock()
	return NewTree(id, spans), true
}

// Forget frees the trace: its spans have served. Spans that come later are not
// wanted, or make it anew where all are kept.
func (s *Store) Forget(ids ...TraceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		e := s.traces[id]
		if e == nil || e.evicted {
			continue
		}
		s.order.Remove(e.place)
		s.bytes -= e.bytes
		s.stats.Open -= uint64(len(e.spans))
		s.stats.Written += uint64(len(e.spans))
		s.remove(e)
	}
}

// Quiet reports whether the trace has spans, and none has come for a period. A
// trace says nowhere that it is complete; exporters hold spans back for 5 s by
// default (OTEL_BSP_SCHEDULE_DELAY), so a period is longer than that. An evicted
// trace is quiet: there is nothing to wait for.
func (s *Store) Quiet(id TraceID, now time.Time, period time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.traces[id]
	return e != nil && (e.evicted || len(e.spans) > 0 && now.Sub(e.last) >= period)
}

// Collect adds the spans of src until its end, at the times that now tells. Each
// damaged record is told to damaged, unless that is nil; src counts it.
func (s *Store) Collect(ctx context.Context, src Source, now func() time.Time, damaged func(*capture.RecordError)) error {
	var sp Span
	for {
		err := src.ReadSpan(ctx, &sp)
		var bad *capture.RecordError
		switch {
		case err == nil:
			s.Add(&sp, now())
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			if damaged != nil {
				damaged(bad)
			}
		default:
			return err
		}
	}
}

// Account implements capture.Accounted: what is held is open, what was forgotten
// is written.
func (s *Store) Account() capture.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return capture.Account{{Name: "trace store", Unit: "spans", Stats: s.stats.Clone()}}
}
