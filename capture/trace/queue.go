package trace

import (
	"context"
	"errors"
	"io"
	"sync"

	"twinspect.dev/capture"
)

var (
	errQueueFull   = errors.New("too many spans wait to be read; send these again later")
	errQueueClosed = errors.New("the receiver is closing")
)

// queue holds spans between the requests that bring them and the one that reads.
type queue struct {
	mu     sync.Mutex
	wake   chan struct{} // holds one token while there may be something to see
	items  []item
	at     int
	bytes  int64
	max    int64
	closed bool
	err    error
	stats  capture.Stats
}

func newQueue(limit int64) *queue {
	return &queue{wake: make(chan struct{}, 1), max: limit}
}

// put takes a request's spans whole or not at all, so that a program may send it
// again without doubling. An empty queue takes any: else a request above the limit
// would be sent for ever. It returns how many spans had no valid ids.
func (q *queue) put(items []item) (bad int, err error) {
	size := int64(0)
	for i := range items {
		if items[i].err != nil {
			bad++
			continue
		}
		size += int64(items[i].span.Size())
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return 0, errQueueClosed
	case q.bytes > 0 && q.bytes+size > q.max:
		return 0, errQueueFull
	}
	q.stats.Seen += uint64(len(items))
	q.stats.Drop(ReasonBadSpan, uint64(bad))
	q.stats.Open += uint64(len(items) - bad)
	q.bytes += size
	q.compact()
	for i := range items {
		if items[i].err == nil {
			q.items = append(q.items, items[i])
		}
	}
	q.signal()
	return bad, nil
}

// compact moves what is left to the front when that is less than half.
func (q *queue) compact() {
	if q.at > len(q.items)/2 {
		n := copy(q.items, q.items[q.at:])
		clear(q.items[n:])
		q.items, q.at = q.items[:n], 0
	}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for a span. After close it gives what is left, then io.EOF, or the
// error that closed it.
func (q *queue) take(ctx context.Context, sp *Span) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := q.try(sp)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		}
	}
}

func (q *queue) try(sp *Span) (ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.at == len(q.items) {
		if !q.closed {
			return false, nil
		}
		q.signal() // for the next call
		if q.err != nil {
			return false, q.err
		}
		return false, io.EOF
	}
	*sp = q.items[q.at].span
	q.items[q.at] = item{}
	q.at++
	q.bytes -= int64(sp.Size())
	q.stats.Open--
	q.stats.Written++
	return true, nil
}

func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed, q.err = true, err
	}
	q.signal()
}

func (q *queue) account() capture.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats.Clone()
}
