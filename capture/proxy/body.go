package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// body passes a body through and keeps a copy up to the limit.
type body struct {
	io.ReadCloser
	promised int64 // its length, -1 where that is not known
	limit    int64
	mu       sync.Mutex
	kept     []byte
	size     int64
	last     time.Time
	err      error // what ended it; io.EOF for its end
	taken    bool  // complete has taken the copy
}

func newBody(src io.ReadCloser, promised, limit int64) *body {
	b := &body{ReadCloser: src, promised: promised, limit: limit, last: time.Now()}
	if promised == 0 {
		b.err = io.EOF
	}
	return b
}

// Read implements [io.Reader]. Once a body has ended it is not asked again: a
// server closes the body of a request when it answers, and the transport would
// take the error of one more read for a broken request, and break the answer off.
func (b *body) Read(p []byte) (int, error) {
	if err := b.ended(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken {
		return n, err
	}
	if room := b.limit - int64(len(b.kept)); room > 0 {
		b.kept = append(b.kept, p[:min(int64(n), room)]...)
	}
	b.size += int64(n)
	if n > 0 {
		b.last = time.Now()
	}
	if err != nil && b.err == nil {
		b.err = err
	}
	// A reader that knows the length may stop without asking for the end.
	if b.err == nil && b.size == b.promised {
		b.err = io.EOF
	}
	return n, err
}

func (b *body) ended() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// complete sets what was kept of the body in m. Unread says why a body is not
// whole that was neither ended nor broken by its sender.
func (b *body) complete(m *capture.Message, unread capture.Incomplete) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = true
	m.Body, m.BodySize, m.End = b.kept, b.size, b.last
	m.Incomplete = ""
	switch {
	case !errors.Is(b.err, io.EOF):
		m.Incomplete, m.BodySize = whyCut(b.err, unread), b.promised
	case b.size > int64(len(b.kept)):
		m.Incomplete = capture.BodyLimit
	}
}

// broken reports whether the sender ended the body too early.
func (b *body) broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err != nil && !errors.Is(b.err, io.EOF)
}

// whyCut names the way in which a connection broke; an error that tells of no
// other is otherwise.
func whyCut(err error, otherwise capture.Incomplete) capture.Incomplete {
	var timeout net.Error
	var op *net.OpError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return capture.Closed
	case errors.As(err, &timeout) && timeout.Timeout():
		return capture.Timeout
	case errors.As(err, &op) && (op.Op == "read" || op.Op == "write"):
		return capture.Reset
	}
	return otherwise
}

// buffers keeps the memory that bodies are copied through.
type buffers struct{ pool sync.Pool }

// Get and Put implement [httputil.BufferPool].
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
