package send

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
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
	// put before the recorded one.
	URL *url.URL
	// Timeout bounds a whole exchange, connecting included.
	Timeout time.Duration
	// MaxBody bounds the body of an answer, in bytes.
	MaxBody int64
	// MaxConns bounds the connections. Send waits for one to become free.
	MaxConns int
	// KeepHost sends the recorded Host instead of the URL's.
	KeepHost bool
	// HealthPath is what [Client.Health] asks for, below the URL's path; "/"
	// where it is empty.
	HealthPath string
	// TLSConfig is used for https; its protocols are set to http/1.1.
	TLSConfig *tls.Config
	// DialContext makes connections in the place of a [net.Dialer].
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends requests to one side. It is a [replay.Sender]; all methods may be
// called from many goroutines at once.
type Client struct {
	cfg     Config
	address string // host:port to dial
	host    string // for the Host field
	prefix  string // of the path, without a slash at its end
	tls     *tls.Config
	pool    pool
}

// New checks cfg and returns a client. It does not connect.
func New(cfg Config) (*Client, error) {
	if err := checkURL(cfg.URL); err != nil {
		return nil, err
	}
	if cfg.Timeout < 0 || cfg.MaxBody < 0 || cfg.MaxConns < 0 {
		return nil, fmt.Errorf("send to %s: timeout, body limit and connections must not be negative", cfg.URL)
	}
	if cfg.HealthPath != "" && !strings.HasPrefix(cfg.HealthPath, "/") {
		return nil, fmt.Errorf("send to %s: health path %q must begin with /", cfg.URL, cfg.HealthPath)
	}
	setDefault(&cfg.Timeout, DefaultTimeout)
	setDefault(&cfg.MaxBody, DefaultMaxBody)
	setDefault(&cfg.MaxConns, DefaultMaxConns)
	c := &Client{cfg: cfg, host: cfg.URL.Host, address: address(cfg.URL)}
	c.prefix = strings.TrimRight(cfg.URL.EscapedPath(), "/")
	c.pool.free = make(chan struct{}, cfg.MaxConns)
	if cfg.URL.Scheme == "https" {
		c.tls = cfg.TLSConfig.Clone()
		if c.tls == nil {
			c.tls = new(tls.Config)
		}
		c.tls.NextProtos = []string{"http/1.1"}
		if c.tls.ServerName == "" {
			c.tls.ServerName = cfg.URL.Hostname()
		}
	}
	if c.cfg.DialContext == nil {
		c.cfg.DialContext = new(net.Dialer).DialContext
	}
	return c, nil
}

func setDefault[T comparable](v *T, to T) {
	if *v == *new(T) {
		*v = to
	}
}

func checkURL(u *url.URL) error {
	switch {
	case u == nil:
		return errors.New("send: no URL: give one such as http://127.0.0.1:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("send to %q: the URL must begin with http:// or https://", u.Redacted())
	case u.Hostname() == "":
		return fmt.Errorf("send to %q: the URL has no host", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("send to %q: credentials in the URL are not sent: set an Authorization field instead", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("send to %q: the URL must end with its path, without ? and #", u.Redacted())
	}
	return nil
}

func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Send implements [replay.Sender]. Answer.Request shares its body and trailers
// with ask.Request; everything in Answer.Response is the answer's own. Times leave
// connecting out: Request.Start is when the first byte was about to be written.
//
// A request that a kept-alive connection dropped before any byte of an answer
// is sent once more on a new connection, if its method is idempotent.
func (c *Client) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	var a replay.Answer
	a.Response.Incomplete, a.Response.BodySize = capture.Unseen, -1
	began := time.Now()
	sent, err := c.prepare(&ask.Request)
	a.Request = sent
	a.Request.Start = began
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = c.send(ctx, &a, began.Add(c.cfg.Timeout))
	}
	if err != nil {
		c.fail(ctx, &a, err)
	}
	return a
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
	return nil
}
