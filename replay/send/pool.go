package send

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// errPastDeadline is what a deadline makes of reads and writes.
var errPastDeadline = os.ErrDeadlineExceeded

var errClosed = failure{errors.New("the client is closed")}

// pool holds the idle connections, the last used first, and bounds all of them:
// a connection is only open while its user is inside, or idle in the stack.
// Each one inside takes at most one, so there are never more than places.
type pool struct {
	free   chan struct{} // one entry for each user inside
	mu     sync.Mutex
	idle   []*conn
	closed bool
}

// enter waits for a place.
func (p *pool) enter(ctx context.Context, deadline time.Time) error {
	select {
	case p.free <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case p.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errNoPlace
	}
}

func (p *pool) leave() { <-p.free }

// get returns an idle connection that still lives, or nil where there is none.
func (p *pool) get() (*conn, error) {
	for {
		cn, err := p.pop()
		if cn == nil || cn.alive() {
			return cn, err
		}
		cn.close()
	}
}

func (p *pool) pop() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	cn := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return cn, nil
}

func (p *pool) put(cn *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		cn.close()
		return
	}
	p.idle = append(p.idle, cn)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, cn := range p.idle {
		cn.close()
	}
	p.idle = nil
}
