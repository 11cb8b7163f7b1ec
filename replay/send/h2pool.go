package send

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

const (
	// maxRefused is how often a request is sent that the server has not looked
	// at. Each time is on a stream or a connection that was free.
	maxRefused = 4
	// probeLimit is how long an answer to the preface of HTTP/2 is waited for
	// where it is not known whether it is spoken: servers send theirs at once, so
	// it only has to be above the delay of a link.
	probeLimit = 2 * time.Second
)

// h2pool holds the connections over HTTP/2. One is dialed at a time, and only
// when those that there are have no room.
type h2pool struct {
	mu      sync.Mutex
	conns   []*h2conn
	dialing bool
	closed  bool
	shut    atomic.Bool // closed, to be read without the lock

	waiting atomic.Int32
	sigMu   sync.Mutex
	signal  chan struct{} // closed when there may be room
}

// room returns a channel that is closed when there may be room; it must be
// fetched before one looks.
func (p *h2pool) room() <-chan struct{} {
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	if p.signal == nil {
		p.signal = make(chan struct{})
	}
	return p.signal
}

// changed wakes those who wait for room.
func (p *h2pool) changed() {
	if p.waiting.Load() == 0 {
		return
	}
	p.sigMu.Lock()
	defer p.sigMu.Unlock()
	if p.signal != nil {
		close(p.signal)
		p.signal = nil
	}
}

// take returns a connection with a place on it. dial says that the caller must
// make one, and call dialed afterwards; else there is no room.
func (p *h2pool) take(maxConns int) (cn *h2conn, dial bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, errClosed
	}
	for _, cn := range p.conns {
		if cn.take() {
			return cn, false, nil
		}
	}
	p.conns = slices.DeleteFunc(p.conns, (*h2conn).gone)
	// A server that takes no streams for now takes none on another either.
	if p.dialing || len(p.conns) >= maxConns || slices.ContainsFunc(p.conns, (*h2conn).shy) {
		return nil, false, nil
	}
	p.dialing = true
	return nil, true, nil
}

// dialed adds a connection, if there is one.
func (p *h2pool) dialed(cn *h2conn) {
	p.mu.Lock()
	p.dialing = false
	if cn != nil {
		p.conns = append(p.conns, cn)
		if p.closed {
			cn.retire()
		}
	}
	p.mu.Unlock()
	p.changed()
}

// close retires the connections and waits for those that are over.
func (p *h2pool) close() {
	p.mu.Lock()
	p.closed = true
	p.shut.Store(true)
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	p.changed()
	for _, cn := range conns {
		if cn.retire() {
			<-cn.ended
		}
	}
}

// getH2 returns a connection with a place on it.
func (c *Client) getH2(ctx context.Context, deadline time.Time, must bool) (*h2conn, error) {
	p := &c.h2
	if cn, dial, err := p.take(c.cfg.MaxConns); cn != nil || err != nil {
		return cn, err
	} else if dial {
		if err := c.moreH2(ctx, deadline, must); err != nil {
			return nil, err
		}
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	for {
		room := p.room()
		cn, dial, err := p.take(c.cfg.MaxConns)
		switch {
		case cn != nil || err != nil:
			return cn, err
		case dial:
			err = c.moreH2(ctx, deadline, must)
		default:
			err = await(ctx, room, deadline)
		}
		if err != nil {
			return nil, err
		}
		if !must && c.speaks.Load() == speaksHTTP1 {
			return nil, notH2{errRetired}
		}
	}
}

// moreH2 adds a connection to the pool.
func (c *Client) moreH2(ctx context.Context, deadline time.Time, must bool) error {
	cn, err := c.dialH2(ctx, deadline, must)
	c.h2.dialed(cn)
	return err
}

func await(ctx context.Context, room <-chan struct{}, deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errNoPlace
	}
}

// dialH2 makes a connection over HTTP/2. The error is notH2 where the side has not said that it speaks it.
func (c *Client) dialH2(ctx context.Context, deadline time.Time, must bool) (*h2conn, error) {
	if !must && c.tls == nil && c.speaks.Load() != speaksH2 {
		if probe := time.Now().Add(probeLimit); probe.Before(deadline) {
			deadline = probe
		}
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	nc, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	if c.tls != nil {
		scheme = "https"
		if nc, err = c.agreeH2(ctx, nc); err != nil {
			return nil, err
		}
	}
	cn := newH2conn(nc, scheme, c.h2.changed)
	if err := cn.greet(ctx); err != nil {
		return nil, err
	}
	c.speaks.CompareAndSwap(speaksUnknown, speaksH2)
	return cn, nil
}

// agreeH2 begins TLS on nc and has the server choose HTTP/2.
func (c *Client) agreeH2(ctx context.Context, nc net.Conn) (net.Conn, error) {
	t, err := c.handshake(ctx, nc, c.tlsH2)
	if err != nil {
		return nil, err
	}
	if chosen := t.ConnectionState().NegotiatedProtocol; chosen != "h2" {
		_ = t.Close()
		return nil, notH2{failure{fmt.Errorf("%s did not agree to HTTP/2 but to %q: set the protocol to auto or http1", c.address, chosen)}}
	}
	return t, nil
}

// sendH2 is Send over HTTP/2. spoke is false where the side does not speak it
// and the request can be sent over HTTP/1.1.
func (c *Client) sendH2(ctx context.Context, ask *replay.Ask, began time.Time) (a replay.Answer, spoke bool) {
	must := c.mustH2(&ask.Request)
	a.Response.Incomplete, a.Response.BodySize = capture.Unseen, -1
	sent, err := c.prepareH2(&ask.Request)
	a.Request = sent
	a.Request.Start = began
	if err == nil {
		err = ctx.Err()
	}
	deadline := began.Add(c.cfg.Timeout)
	for try := 1; err == nil; try++ {
		err = c.tryH2(ctx, &a, deadline, must)
		if err == nil {
			return a, true
		}
		var again unprocessed
		if try < maxRefused && ctx.Err() == nil && errors.As(err, &again) {
			err = nil
		}
	}
	var not notH2
	if !must && ctx.Err() == nil && errors.As(err, &not) {
		return a, false
	}
	c.fail(ctx, &a, err)
	return a, true
}

func (c *Client) tryH2(ctx context.Context, a *replay.Answer, deadline time.Time, must bool) error {
	cn, err := c.getH2(ctx, deadline, must)
	if err != nil {
		return err
	}
	err = cn.exchange(ctx, a, deadline, c.cfg.MaxBody)
	if c.h2.shut.Load() && cn.retire() {
		<-cn.ended
	}
	return err
}
