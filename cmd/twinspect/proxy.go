package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"twinspect.dev/capture"
	"twinspect.dev/capture/proxy"
	"twinspect.dev/cmd/internal/cli"
)

// proxyTLS says how the proxy speaks TLS to its clients; the zero value means
// that it does not.
type proxyTLS struct {
	cert, key  string
	selfSigned bool
}

func (t proxyTLS) config() (*tls.Config, error) {
	var cert tls.Certificate
	var err error
	switch {
	case t.selfSigned:
		cert, err = proxy.SelfSigned()
	case t.cert == "":
		return nil, nil
	default:
		cert, err = tls.LoadX509KeyPair(t.cert, t.key)
	}
	if err != nil {
		return nil, fmt.Errorf("serve TLS: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
}

// h2c is the scheme of an upstream that speaks HTTP/2 without TLS, as gRPC does.
const h2c = "h2c"

// runProxy records what goes through a proxy until it is stopped, which is its
// normal end.
func runProxy(ctx context.Context, env cli.Env, opt captureOptions) error {
	addr, upstream, err := splitProxy(opt.proxy)
	if err != nil {
		return err
	}
	tlsConfig, err := opt.tls.config()
	if err != nil {
		return err
	}
	ctx, cancel := withDuration(ctx, opt.duration)
	defer cancel()
	out, err := opt.create(env)
	if err != nil {
		return err
	}
	var recorded atomic.Int64
	sink := capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		err := out.WriteExchange(ctx, e)
		if n := recorded.Add(1); opt.limit > 0 && n >= int64(opt.limit) {
			cancel()
		}
		return err
	})
	http2 := upstream.Scheme == h2c
	if http2 {
		upstream.Scheme = "http"
	}
	p, err := proxy.New(proxy.Config{
		Listen: addr, Upstream: upstream, UpstreamHTTP2: http2, Sink: sink, TLS: tlsConfig,
		Agent: opt.agent, Service: opt.service, BodyLimit: opt.bodyLimit,
		Logger: slog.New(slog.NewTextHandler(env.Stderr, nil)),
	})
	if err != nil {
		return errors.Join(err, out.Close())
	}
	fmt.Fprintf(env.Stderr, "recording %s to %s; interrupt to end\n", address(p, tlsConfig), opt.output)
	stop := cli.Watch(ctx, env, "recorded", "exchanges", func() (int64, int64) { return recorded.Load(), -1 })
	defer stop()
	err = p.Serve(ctx)
	stop()
	return errors.Join(err, finish(env, out, p.Account()))
}

func address(p *proxy.Proxy, tlsConfig *tls.Config) string {
	if tlsConfig != nil {
		return "https://" + p.Addr().String()
	}
	return "http://" + p.Addr().String()
}
