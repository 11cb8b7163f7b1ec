package send

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// The values of a [Config] that are not given.
const (
	// DefaultTimeout is how long common gateways wait for a service.
	DefaultTimeout = 30 * time.Second
	// DefaultMaxBody is the limit that most API gateways set themselves.
	DefaultMaxBody = 16 << 20
	// DefaultMaxConns leaves most of the 1024 descriptors of a process without
	// raised limits to others when three sides are asked.
	DefaultMaxConns = 256
)

// Config says how one side is reached.
type Config struct {
	// Side names the side in messages; it may be empty.
	Side replay.Side
	// URL is where requests are sent: http or https, a host, and a path that is
	// put before the recorded one; or a socket of Unix, as [ParseURL] tells.
	URL *url.URL
	// Protocol is the version of HTTP; Auto where it is empty.
	Protocol Protocol
	// Dial is where connections go in the place of the URL's host and port:
	// "host:port" or "unix:/path". Host and server name stay the URL's.
	Dial string
	// Timeout bounds a whole exchange, connecting included. On a connection that
	// is used again it may be exceeded by a 32nd, at most by a quarter of a second.
	Timeout time.Duration
	// MaxBody bounds the body of an answer, in bytes.
	MaxBody int64
	// MaxConns bounds the connections over HTTP/1.1, and those over HTTP/2 as
	// well, of which each carries as many requests at a time as the server allows.
	// Send waits for one to become free.
	MaxConns int
	// KeepHost sends the recorded Host instead of the URL's.
	KeepHost bool
	// HealthPath is what [Client.Health] asks for, below the URL's path; "/"
	// where it is empty.
	HealthPath string
	// TLSConfig is used for https; its protocols are set by Protocol. Sessions are
	// resumed, with a cache of the client's own where it has none.
	TLSConfig *tls.Config
	// DialContext makes connections in the place of a [net.Dialer].
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends requests to one side. It is a [replay.Sender]; all methods may be
// called from many goroutines at once.
type Client struct {
	cfg     Config
	network string // to dial
	address string
	host    string // for the Host field
	prefix  string // of the path, without a slash at its end
	tls     *tls.Config
	tlsH2   *tls.Config
	pool    pool
	h2      h2pool
	speaks  atomic.Int32
}

// New checks cfg and returns a client. It does not connect.
func New(cfg Config) (*Client, error) {
	if err := check(&cfg); err != nil {
		return nil, err
	}
	setDefault(&cfg.Timeout, DefaultTimeout)
	setDefault(&cfg.MaxBody, DefaultMaxBody)
	setDefault(&cfg.MaxConns, DefaultMaxConns)
	c := &Client{cfg: cfg, host: cfg.URL.Host}
	if cfg.URL.Scheme == "unix" {
		c.host = "localhost"
	}
	var err error
	if c.network, c.address, c.prefix, err = place(cfg.URL, cfg.Dial); err != nil {
		return nil, err
	}
	c.pool.free = make(chan struct{}, cfg.MaxConns)
	if cfg.URL.Scheme == "https" {
		c.setTLS()
	}
	if c.cfg.DialContext == nil {
		c.cfg.DialContext = new(net.Dialer).DialContext
	}
	return c, nil
}

func check(cfg *Config) error {
	if err := checkURL(cfg.URL); err != nil {
		return err
	}
	if cfg.Timeout < 0 || cfg.MaxBody < 0 || cfg.MaxConns < 0 {
		return fmt.Errorf("send to %s: timeout, body limit and connections must not be negative", cfg.URL)
	}
	if cfg.HealthPath != "" && !strings.HasPrefix(cfg.HealthPath, "/") {
		return fmt.Errorf("send to %s: health path %q must begin with /", cfg.URL, cfg.HealthPath)
	}
	return checkProtocol(cfg.Protocol, cfg.URL)
}

// setTLS makes the configurations that offer HTTP/1.1 and HTTP/2.
func (c *Client) setTLS() {
	c.tls = c.cfg.TLSConfig.Clone()
	if c.tls == nil {
		c.tls = new(tls.Config)
	}
	if c.tls.ServerName == "" {
		c.tls.ServerName = c.cfg.URL.Hostname()
	}
	if c.tls.ClientSessionCache == nil {
		c.tls.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	c.tlsH2 = c.tls.Clone()
	c.tls.NextProtos = []string{"http/1.1"}
	c.tlsH2.NextProtos = []string{"h2"}
	if c.auto() {
		c.tlsH2.NextProtos = []string{"h2", "http/1.1"}
	}
}

func (c *Client) auto() bool { return c.cfg.Protocol == Auto || c.cfg.Protocol == "" }

func setDefault[T comparable](v *T, to T) {
	if *v == *new(T) {
		*v = to
	}
}

// Send implements [replay.Sender]. Answer.Request shares its body and trailers
// with ask.Request; everything in Answer.Response is the answer's own. Times leave
// connecting out: Request.Start is when the first byte was about to be written.
//
// A request that a kept-alive connection dropped before any byte of an answer
// is sent once more on a new connection, if its method is idempotent.
// Over HTTP/2 a request is sent once more only where the server has said that it
// did not look at it (RFC 9113 section 8.7), or where nothing of it was written.
func (c *Client) Send(ctx context.Context, ask *replay.Ask) (a replay.Answer) {
	began := time.Now()
	if !c.wantsH2(&ask.Request) {
		c.sendHTTP1(ctx, ask, began, &a)
		if a.Fault != replay.Failed || !c.wantsH2(&ask.Request) {
			return a
		}
		// The side has just refused HTTP/1.1.
		a, _ = c.sendH2(ctx, ask, began)
		return a
	}
	a, spoke := c.sendH2(ctx, ask, began)
	if spoke {
		return a
	}
	a = replay.Answer{}
	c.sendHTTP1(ctx, ask, began, &a)
	if a.OK() {
		c.speaks.CompareAndSwap(speaksUnknown, speaksHTTP1)
	}
	return a
}

func (c *Client) sendHTTP1(ctx context.Context, ask *replay.Ask, began time.Time, a *replay.Answer) {
	a.Response.Incomplete, a.Response.BodySize = capture.Unseen, -1
	sent, err := c.prepare(&ask.Request)
	a.Request = sent
	a.Request.Start = began
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = c.send(ctx, a, began.Add(c.cfg.Timeout))
	}
	if err != nil {
		c.fail(ctx, a, err)
	}
}

func (c *Client) send(ctx context.Context, a *replay.Answer, deadline time.Time) error {
	if err := c.pool.enter(ctx, deadline); err != nil {
		return err
	}
	defer c.pool.leave()
	cn, err := c.pool.get()
	if err != nil {
		return err
	}
	reused := cn != nil
	for {
		if cn == nil || !cn.bind(ctx) {
			if cn != nil {
				cn.close()
			}
			if cn, err = c.dial(ctx, deadline); err != nil {
				return err
			}
			reused = false
		}
		keep, err := cn.exchange(ctx, a, deadline, c.cfg.MaxBody)
		if keep {
			c.pool.put(cn)
			return nil
		}
		silent := cn.r.silent
		cn.close()
		if err == nil || !reused || !silent || !died(ctx, err) || !replay.Idempotent(a.Request.Method) {
			return err
		}
		cn = nil
	}
}

// Close closes the connections. Requests in flight end as they would have;
// later ones fail.
func (c *Client) Close() error {
	c.pool.close()
	c.h2.close()
	return nil
}
