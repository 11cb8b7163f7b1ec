package wire

import (
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"twinspect.dev/capture"
)

const (
	// queueLimit bounds the exchanges on their way from the goroutines to the
	// reader: so many that none of them waits while the reader writes a batch.
	queueLimit = 256
	// queueBytes bounds their bodies: eight at the default limit.
	queueBytes = 64 << 20
	// maxKept is the largest body buffer that is used again: two for each of
	// queueLimit exchanges are 32 MiB.
	maxKept = 64 << 10
)

// item is an exchange in memory of its own, or a damaged record.
type item struct {
	exchange  capture.Exchange
	bad       *capture.RecordError
	size      int
	req, resp memory
}

// memory is what the copies of messages are made in.
type memory struct {
	header, trailer capture.Header
	body            []byte
}

// queue hands exchanges from many goroutines to one. A copy into memory that
// was used before takes a tenth of the time of a clone, and leaves nothing to the
// collector (BenchmarkHandOver); to lend the source's own memory would stop the
// source until the exchange was read.
type queue struct {
	mu    sync.Mutex
	some  sync.Cond // items were put, or no more will be
	room  sync.Cond // items were taken
	items []*item
	free  []*item
	bytes int
	stats capture.Stats

	writers int
	closed  bool
	err     error
}

func newQueue(writers int) *queue {
	q := &queue{writers: writers}
	q.some.L, q.room.L = &q.mu, &q.mu
	return q
}

// put copies an exchange into the queue, or hands a damaged record on. It waits
// for room, and gives the exchange up where the queue is closed.
func (q *queue) put(e *capture.Exchange, bad *capture.RecordError) {
	it := q.item()
	it.bad = bad
	if e != nil {
		it.fill(e)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if bad == nil {
		q.stats.Seen++
	}
	for !q.closed && len(q.items) > 0 && (len(q.items) >= queueLimit || q.bytes+it.size > queueBytes) {
		q.room.Wait()
	}
	if q.closed {
		q.discard(it)
		return
	}
	q.items = append(q.items, it)
	q.bytes += it.size
	q.some.Signal()
}

func (q *queue) item() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.free)
	if n == 0 {
		return &item{}
	}
	it := q.free[n-1]
	q.free = q.free[:n-1]
	return it
}

func (q *queue) discard(it *item) {
	if it.bad == nil {
		q.stats.Drop(ClosedEarly, 1)
	}
}

// release takes back what the reader has done with.
func (q *queue) release(it *item) {
	if it == nil {
		return
	}
	it.empty()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.free) < queueLimit {
		q.free = append(q.free, it)
	}
}

// take returns the next item, and waits for one where it is asked to. It
// reports false where there is none.
func (q *queue) take(wait bool) (it *item, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for wait && len(q.items) == 0 && q.writers > 0 && !q.closed {
		q.some.Wait()
	}
	if len(q.items) == 0 {
		return nil, false
	}
	it = q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	q.bytes -= it.size
	if it.bad == nil {
		q.stats.Written++
	}
	q.room.Broadcast() // room for one large item may be room for several
	return it, true
}

// end counts a goroutine that puts no more, and keeps why the first one failed.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil && !errors.Is(err, io.EOF) {
		q.err = err
	}
	q.writers--
	q.some.Signal()
}

// why returns what the reader gets once nothing is left.
func (q *queue) why() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return os.ErrClosed
	case q.err != nil:
		return q.err
	}
	return io.EOF
}

// close gives up what was not taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed && len(q.items) == 0 && q.writers == 0 {
		return // it is over: the reader keeps getting what ended it
	}
	q.closed = true
	for _, it := range q.items {
		q.discard(it)
	}
	q.items, q.bytes = nil, 0
	q.some.Signal()
	q.room.Broadcast()
}

func (q *queue) account() capture.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	stats := q.stats.Clone()
	stats.Open = stats.Seen - stats.Written - stats.Lost()
	return stats
}

// fill copies e so that nothing is shared with it but strings, which never
// change.
func (it *item) fill(e *capture.Exchange) {
	it.exchange = *e
	it.req.copy(&it.exchange.Request.Message)
	it.resp.copy(&it.exchange.Response.Message)
	it.exchange.Response.Interim = slices.Clone(e.Response.Interim)
	for i := range it.exchange.Response.Interim {
		interim := &it.exchange.Response.Interim[i]
		interim.Header = slices.Clone(interim.Header)
	}
	it.exchange.Context.Labels = maps.Clone(e.Context.Labels)
	it.size = len(e.Request.Body) + len(e.Response.Body)
}

// copy moves the parts of a message into this memory. An empty part stays what
// it was, nil or not.
func (m *memory) copy(msg *capture.Message) {
	if len(msg.Header) > 0 {
		m.header = append(m.header[:0], msg.Header...)
		msg.Header = m.header
	}
	if len(msg.Trailer) > 0 {
		m.trailer = append(m.trailer[:0], msg.Trailer...)
		msg.Trailer = m.trailer
	}
	if len(msg.Body) > 0 {
		m.body = append(m.body[:0], msg.Body...)
		msg.Body = m.body
	}
}

func (it *item) empty() {
	it.exchange, it.bad, it.size = capture.Exchange{}, nil, 0
	it.req.empty()
	it.resp.empty()
}

// empty lets go of the strings of headers and of large bodies.
func (m *memory) empty() {
	clear(m.header)
	clear(m.trailer)
	if cap(m.body) > maxKept {
		m.body = nil
	}
}
