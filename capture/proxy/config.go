package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"twinspect.dev/capture"
)

// The values of a [Config] that are not given.
const (
	// DefaultBodyLimit is the limit that most API gateways set themselves.
	DefaultBodyLimit = 16 << 20
	// DefaultQueue lets a sink stall for a second at a thousand requests a
	// second, which a file's disk does.
	DefaultQueue = 1024
	// DefaultGrace is what Kubernetes leaves a pod to end, less time to flush.
	DefaultGrace = 25 * time.Second
)

// Config says what a [Proxy] does.
type Config struct {
	// Listen is the address to listen on, such as "127.0.0.1:8080"; Listener
	// takes its place where it is set, and is closed by the proxy.
	Listen   string
	Listener net.Listener
	// TLS makes the proxy speak TLS to its clients; see [SelfSigned].
	TLS *tls.Config

	// Upstream is the service: http or https, a host, and a path that is put
	// before the requested one.
	Upstream *url.URL
	// UpstreamTLS is used for https.
	UpstreamTLS *tls.Config
	// UpstreamHTTP2 speaks HTTP/2 to a cleartext upstream without asking (prior
	// knowledge), as gRPC needs. Over TLS it is negotiated.
	UpstreamHTTP2 bool
	// RewriteHost sends the upstream's host in the place of the client's.
	RewriteHost bool
	// Forwarded adds X-Forwarded-For, -Host and -Proto to what is sent; the
	// recording holds the client's request.
	Forwarded bool

	// Sink takes the exchanges, from one goroutine. It is not closed.
	Sink capture.Sink
	// Agent and Service name the recorder and the recorded service.
	Agent, Service string
	// BodyLimit bounds what is kept of each body, in bytes.
	BodyLimit int64
	// Queue bounds the records that wait for the sink while new requests are
	// let in.
	Queue int
	// Grace is how long Serve waits for the requests in flight when it is told
	// to end.
	Grace time.Duration
	// Logger is told of failures; nil is silence.
	Logger *slog.Logger
}

func (c *Config) check() error {
	switch u := c.Upstream; {
	case u == nil:
		return errors.New("proxy: no upstream: give the service's URL, such as http://127.0.0.1:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("proxy: upstream %q must begin with http:// or https://", u.Redacted())
	case u.Hostname() == "":
		return fmt.Errorf("proxy: upstream %q has no host", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("proxy: upstream %q may have a host and a path, nothing else", u.Redacted())
	case c.Sink == nil:
		return errors.New("proxy: no sink to record to")
	case c.Listen == "" && c.Listener == nil:
		return errors.New("proxy: no address to listen on, such as 127.0.0.1:8081")
	case c.BodyLimit < 0 || c.Queue < 0 || c.Grace < 0:
		return errors.New("proxy: body limit, queue and grace must not be negative")
	}
	if c.BodyLimit == 0 {
		c.BodyLimit = DefaultBodyLimit
	}
	if c.Queue == 0 {
		c.Queue = DefaultQueue
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.Agent == "" {
		c.Agent = "proxy"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
