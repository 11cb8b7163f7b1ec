package kafka

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
)

// partition is a range that is being read. It belongs to the reading goroutine.
type partition struct {
	fetcher
	decoder twinpb.Decoder
	// pos is the offset behind what was passed.
	pos   int64
	chunk chunk
	// head is the next exchange to give, next the offset behind it.
	head capture.Exchange
	next int64
}

// began is by what partitions are merged: the start of the request, else of the
// response.
func (p *partition) began() time.Time {
	if t := p.head.Request.Start; !t.IsZero() {
		return t
	}
	return p.head.Response.Start
}

// heads is a heap of partitions by their next exchange.
type heads []*partition

func (h heads) Len() int      { return len(h) }
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*partition)) }
func (h heads) Less(i, j int) bool {
	if c := h[i].began().Compare(h[j].began()); c != 0 {
		return c < 0
	}
	return h[i].part.Partition < h[j].part.Partition
}

func (h *heads) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// lowest returns the partition with the earliest exchange, or nil where all are
// at their end. It waits for those that have none yet.
func (s *Source) lowest(ctx context.Context) (*partition, error) {
	for len(s.hungry) > 0 {
		last := len(s.hungry) - 1
		p := s.hungry[last]
		more, err := s.fill(ctx, p)
		if err != nil {
			return nil, err
		}
		s.hungry = s.hungry[:last]
		if more {
			heap.Push(&s.heads, p)
		}
	}
	if len(s.heads) == 0 {
		return nil, nil
	}
	return s.heads[0], nil
}

// errChanged says that the group's assignment may have changed.
var errChanged = errors.New("assignment changed")

// fill finds the next exchange of p. It returns false at the end of its range.
func (s *Source) fill(ctx context.Context, p *partition) (bool, error) {
	for {
		for it, more := p.chunk.next(); more; it, more = p.chunk.next() {
			if ready, err := s.take(p, it); ready || err != nil {
				return ready, err
			}
		}
		if p.pos >= p.part.To {
			return false, nil
		}
		select {
		case c := <-p.chunks:
			if c.err != nil {
				return false, s.fail(c.err)
			}
			p.chunk = c
		case <-ctx.Done():
			return false, ctx.Err()
		case <-s.changed():
			return false, errChanged
		}
	}
}

// take makes it the head of p, or counts why there is nothing to give.
func (s *Source) take(p *partition, it item) (bool, error) {
	if it.reason == "" {
		if err := p.decode(it.value); err != nil {
			it.reason, it.err = Malformed, err
		}
	}
	if it.reason != "" {
		return false, s.skip(p, it)
	}
	if s.seen[p.part.Partition].has(p.head.ID) {
		s.duplicate(p, it.next)
		return false, nil
	}
	p.next = it.next
	return true, nil
}

// skip counts offsets that hold nothing to give. The error is a
// [*capture.RecordError] for those that should have held something.
func (s *Source) skip(p *partition, it item) error {
	n := uint64(it.next - it.offset)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Seen += n
	switch it.reason {
	case Compacted, Control, Aborted:
		s.stats.Filter(it.reason, n)
	default:
		s.stats.Drop(it.reason, n)
	}
	s.pass(p, it.next)
	if it.err == nil {
		return nil
	}
	return &capture.RecordError{
		Input:  fmt.Sprintf("%s/%d", s.client.cfg.Topic, p.part.Partition),
		Offset: it.offset, Reason: it.reason, Lost: n, Err: it.err,
	}
}

var errTombstone = errors.New("the record has no value")

func (p *partition) decode(value []byte) error {
	if value == nil {
		return errTombstone
	}
	return p.decoder.Exchange(value, &p.head)
}

// duplicate passes a record whose exchange was given before. Where that was not
// processed yet, this record is not either.
func (s *Source) duplicate(p *partition, next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Seen++
	s.stats.Filter(Duplicate, 1)
	t := s.trackers[p.part.Partition]
	if _, waits := s.pending[p.head.ID]; waits && t != nil {
		s.pending.add(p.head.ID, t.deliver(next))
		p.pos = next
		s.reached(p.part.Partition, next)
		return
	}
	s.pass(p, next)
}

// pass moves p over offsets that leave nothing to process. s.mu is held.
func (s *Source) pass(p *partition, next int64) {
	if t := s.trackers[p.part.Partition]; t != nil {
		t.skip(next)
	}
	p.pos = next
	s.reached(p.part.Partition, next)
}

// give hands the head of p, which is the first of the heap, to the caller.
func (s *Source) give(p *partition, e *capture.Exchange) {
	heap.Pop(&s.heads)
	s.hungry = append(s.hungry, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	*e = p.head
	s.stats.Seen++
	s.stats.Written++
	s.seen[p.part.Partition].add(e.ID)
	if t := s.trackers[p.part.Partition]; t != nil {
		s.pending.add(e.ID, t.deliver(p.next))
		s.last, s.given = e.ID, true
	}
	p.pos = p.next
	s.reached(p.part.Partition, p.next)
}
