package proxy

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
)

// shut ends in this order: no new requests, those in flight up to the grace,
// what is left by force, then the queue.
func (p *Proxy) shut(kill context.CancelFunc) {
	grace, cancel := context.WithTimeout(context.Background(), p.cfg.Grace)
	defer cancel()
	if err := p.server.Shutdown(grace); err != nil {
		p.cfg.Logger.Warn("requests in flight are broken off", "grace", p.cfg.Grace)
		_ = p.server.Close()
	}
	// Upgraded connections are none of the server's any more; their handlers
	// end with the context. The queue waits for them.
	kill()
	p.queue.end()
}

// client is one connection from a client.
type client struct {
	name  string
	start time.Time
	next  atomic.Uint64 // index of the next exchange
}

type clientKey struct{}

// connContext names the connection: the number tells those apart that use the
// same ports one after the other.
func (p *Proxy) connContext(ctx context.Context, nc net.Conn) context.Context {
	c := &client{start: time.Now()}
	c.name = nc.RemoteAddr().String() + ">" + nc.LocalAddr().String() + "#" + strconv.FormatUint(p.conns.Add(1), 10)
	return context.WithValue(ctx, clientKey{}, c)
}

// identify sets the identity and context of the exchange of r.
func (p *Proxy) identify(e *capture.Exchange, r *http.Request) {
	c := r.Context().Value(clientKey{}).(*client)
	index := c.next.Add(1) - 1
	e.ID = capture.NewID(p.cfg.Agent, c.name, c.start, index)
	e.Context = capture.Context{
		Agent:      p.cfg.Agent,
		Service:    p.cfg.Service,
		Client:     r.RemoteAddr,
		Server:     p.Addr().String(),
		Connection: c.name,
		Index:      index,
	}
}

// Account tells what became of the requests: the stage "proxy". What is in
// flight or in the queue is open. It may be called at any time, from any
// goroutine.
func (p *Proxy) Account() capture.Account {
	stats, _, _ := p.queue.account()
	return capture.Account{{Name: "proxy", Unit: "exchanges", Stats: stats}}
}

// Waited returns how many requests had to wait because the sink was slower
// than the traffic.
func (p *Proxy) Waited() uint64 {
	_, held, _ := p.queue.account()
	return held
}
