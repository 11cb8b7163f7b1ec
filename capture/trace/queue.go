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
	spans  []Span
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
// would be sent for ever.
func (q *queue) put(b *batch) error {
	size := int64(0)
	for i := range b.spans {
		size += int64(b.spans[i].Size())
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return errQueueClosed
	case q.bytes > 0 && q.bytes+size > q.max:
		return errQueueFull
	}
	q.stats.Seen += uint64(len(b.spans)) + b.bad
	if b.bad > 0 {
		q.stats.Drop(ReasonBadSpan, b.bad)
	}
	q.stats.Open += uint64(len(b.spans))
	q.bytes += size
	q.compact()
	q.spans = append(q.spans, b.spans...)
	q.signal()
	return nil
}

// compact moves what is left to the front when that is less than half.
func (q *queue) compact() {
	if q.at > len(q.spans)/2 {
		n := copy(q.spans, q.spans[q.at:])
		clear(q.spans[n:])
		q.spans, q.at = q.spans[:n], 0
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
	if q.at == len(q.spans) {
		if !q.closed {
			return false, nil
		}
		q.signal() // for the next call
		if q.err != nil {
			return false, q.err
		}
		return false, io.EOF
	}
	*sp = q.spans[q.at]
	q.spans[q.at] = Span{}
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
