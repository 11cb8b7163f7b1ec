package proxy

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"time"
)

// Proxy is a recording reverse proxy.
type Proxy struct {
	cfg       Config
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	forward   *httputil.ReverseProxy
	queue     *queue
	conns     atomic.Uint64
	served    atomic.Bool
}

// New checks cfg and listens. The error of an address in use says so.
func New(cfg Config) (*Proxy, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	l := cfg.Listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("proxy: %w: choose another address to listen on", err)
		}
	}
	p := &Proxy{cfg: cfg, listener: l, queue: newQueue(cfg.Queue)}
	p.transport = newTransport(&cfg)
	p.forward = p.newForward()
	p.server = p.newServer()
	return p, nil
}

// protocols returns HTTP/1.1 and HTTP/2, the latter over cleartext too.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func (p *Proxy) newServer() *http.Server {
	s := &http.Server{
		Handler:     http.HandlerFunc(p.handle),
		Protocols:   protocols(),
		ConnContext: p.connContext,
		ErrorLog:    p.log(),
		// A client that opens connections and sends nothing ties up memory;
		// bodies may take as long as they need.
		ReadHeaderTimeout: time.Minute,
	}
	if p.cfg.TLS != nil {
		s.TLSConfig = p.cfg.TLS.Clone()
	}
	return s
}

// log takes what net/http has to say.
func (p *Proxy) log() *log.Logger { return slog.NewLogLogger(p.cfg.Logger.Handler(), slog.LevelWarn) }

func newTransport(cfg *Config) *http.Transport {
	t := &http.Transport{
		TLSClientConfig: cfg.UpstreamTLS.Clone(),
		// What the client accepts is passed on, and the answer as it is.
		DisableCompression:    true,
		ExpectContinueTimeout: time.Second,
		// As many idle connections as there are clients at once; they are closed
		// after the idle time of common servers.
		MaxIdleConns:        1024,
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     time.Minute,
		Protocols:           new(http.Protocols),
	}
	if cfg.UpstreamHTTP2 && cfg.Upstream.Scheme == "http" {
		t.Protocols.SetUnencryptedHTTP2(true)
	} else {
		t.Protocols.SetHTTP1(true)
		t.Protocols.SetHTTP2(true)
	}
	return t
}

// Addr is the address that the proxy listens on.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Serve passes traffic through until ctx is canceled. It then takes no more
// requests, waits for those in flight as long as the grace allows, breaks off
// the rest, and returns once every record was given to the sink. The error is
// the first of the sink, or the listener's; an end that was asked for is nil.
// Serve may be called once.
func (p *Proxy) Serve(ctx context.Context) error {
	if p.served.Swap(true) {
		return errors.New("proxy: Serve was called twice")
	}
	whole := context.WithoutCancel(ctx) // records are kept to the last
	alive, kill := context.WithCancel(whole)
	defer kill()
	p.server.BaseContext = func(net.Listener) context.Context { return alive }
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		p.queue.write(whole, p.cfg.Sink, func(err error) { p.cfg.Logger.Error("record exchange", "error", err) })
	}()
	stopped := make(chan error, 1)
	go func() { stopped <- p.listen() }()
	var err error
	select {
	case err = <-stopped:
		p.shut(kill)
	case <-ctx.Done():
		p.shut(kill)
		err = <-stopped
	}
	<-recorded
	p.transport.CloseIdleConnections()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	_, _, lost := p.queue.account()
	return errors.Join(err, lost)
}

func (p *Proxy) listen() error {
	if p.cfg.TLS != nil {
		return p.server.ServeTLS(p.listener, "", "")
	}
	return p.server.Serve(p.listener)
}
