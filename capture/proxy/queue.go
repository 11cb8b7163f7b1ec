package proxy

import (
	"context"
	"sync"

	"twinspect.dev/capture"
)

// The reasons under which exchanges are not recorded.
const (
	// Connect: a tunnel was asked for and refused.
	Connect capture.Reason = "connect"
	// Upgrade: the connection changed its protocol.
	Upgrade capture.Reason = "upgrade"
	// SinkError: the sink refused the record.
	SinkError capture.Reason = "sink-error"
)

// queue holds the records for the sink. It is bounded by its limit and the
// requests that were already in flight when that was reached: these hold their
// record in any case, in flight or in the queue.
type queue struct {
	limit int
	mu    sync.Mutex
	// changed is closed and made anew when the queue drains or fills.
	changed chan struct{}
	waiting []*capture.Exchange
	inside  int    // requests admitted and not yet recorded or left out
	ended   bool   // no more are admitted
	held    uint64 // requests that had to wait
	stats   capture.Stats
	err     error // the first of the sink
}

func newQueue(limit int) *queue { return &queue{limit: limit, changed: make(chan struct{})} }

// admit counts a request and waits while the queue is full. It is false once
// the queue has ended: the request is then neither counted nor served.
func (q *queue) admit(ctx context.Context) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	q.stats.Seen++
	q.inside++
	if len(q.waiting) >= q.limit {
		q.held++
	}
	for len(q.waiting) >= q.limit && ctx.Err() == nil {
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		q.mu.Lock()
	}
	return true
}

// put takes the record of a request that was admitted. It never waits.
func (q *queue) put(e *capture.Exchange) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside--
	q.waiting = append(q.waiting, e)
	if len(q.waiting) == 1 {
		q.wake()
	}
}

// leaveOut counts a request that was admitted and is not recorded.
func (q *queue) leaveOut(reason capture.Reason) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside--
	q.stats.Filter(reason, 1)
	q.wake()
}

func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// end lets write return once the queue is empty and nobody is inside.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.wake()
	q.mu.Unlock()
}

// write gives the records to the sink until the queue has ended. An error
// costs the one record, counted; failed is told of it.
func (q *queue) write(ctx context.Context, sink capture.Sink, failed func(error)) {
	for {
		e := q.first()
		if e == nil {
			return
		}
		err := sink.WriteExchange(ctx, e)
		if err != nil {
			failed(err)
		}
		q.written(err)
	}
}

// first waits for a record; nil means that there will be none.
func (q *queue) first() *capture.Exchange {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		if q.ended && q.inside == 0 {
			return nil
		}
		changed := q.changed
		q.mu.Unlock()
		<-changed
		q.mu.Lock()
	}
	return q.waiting[0]
}

// written takes the first record out of the queue.
func (q *queue) written(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.stats.Drop(SinkError, 1)
		if q.err == nil {
			q.err = err
		}
	} else {
		q.stats.Written++
	}
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	if len(q.waiting) == q.limit-1 {
		q.wake()
	}
}

// account returns the counts; what is in flight or in the queue is open.
func (q *queue) account() (stats capture.Stats, held uint64, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats.Clone()
	s.Open = s.Seen - s.Written - s.Skipped() - s.Lost()
	return s, q.held, q.err
}
