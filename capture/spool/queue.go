package spool

import (
	"time"
	"unsafe"

	"twinspect.dev/capture"
)

// item is an exchange and the memory it takes.
type item struct {
	e    *capture.Exchange
	size int64
}

// queue is a first-in first-out list that knows its size in bytes.
type queue struct {
	items []item
	head  int
	bytes int64
	// since is when the oldest was put in, or the last was taken out if that was
	// later.
	since time.Time
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(i item) {
	if q.len() == 0 {
		q.since = time.Now()
	}
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		q.compact()
	}
	q.items = append(q.items, i)
	q.bytes += i.size
}

// compact moves the items to the front; at most every len/2 calls of push.
func (q *queue) compact() {
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}

// peek returns the oldest items, as many as fit in count and bytes, but one at
// least. They are good until the next push.
func (q *queue) peek(bytes int64, count int) []item {
	rest := q.items[q.head:]
	var sum int64
	for i := range rest {
		sum += rest[i].size
		if i > 0 && (sum > bytes || i == count) {
			return rest[:i]
		}
	}
	return rest
}

// drop takes the oldest n out.
func (q *queue) drop(n int) {
	for i := range q.items[q.head : q.head+n] {
		q.bytes -= q.items[q.head+i].size
		q.items[q.head+i] = item{}
	}
	q.head += n
	q.since = time.Now()
	if q.len() == 0 {
		q.items, q.head = q.items[:0], 0
	}
}

// The memory of what a header field or a label takes beside its text: two
// string headers, and for a label its share of the map.
const (
	fieldSize = int64(unsafe.Sizeof(capture.Field{}))
	labelSize = 2 * fieldSize
)

// sizeOf estimates the memory that a clone of e takes.
func sizeOf(e *capture.Exchange) int64 {
	c := &e.Context
	n := int64(unsafe.Sizeof(*e)) + messageSize(&e.Request.Message) + messageSize(&e.Response.Message)
	n += int64(len(e.Request.Method) + len(e.Request.Target) + len(e.Request.Proto) + len(e.Response.Reason) +
		len(e.Response.Proto) + len(c.Agent) + len(c.Service) + len(c.Caller) + len(c.Client) + len(c.Server) +
		len(c.Connection) + len(c.Session) + len(c.TraceID) + len(c.SpanID))
	for i := range e.Response.Interim {
		n += int64(unsafe.Sizeof(e.Response.Interim[i])) + headerSize(e.Response.Interim[i].Header)
	}
	for k, v := range c.Labels {
		n += labelSize + int64(len(k)+len(v))
	}
	return n
}

func messageSize(m *capture.Message) int64 {
	return int64(len(m.Body)+len(m.Incomplete)) + headerSize(m.Header) + headerSize(m.Trailer)
}

func headerSize(h capture.Header) int64 {
	n := int64(len(h)) * fieldSize
	for i := range h {
		n += int64(len(h[i].Name) + len(h[i].Value))
	}
	return n
}
