package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
	"twinspect.dev/replay/send"
)

// replayOptions say how the sides are asked.
type replayOptions struct {
	pace        string
	inFlight    int
	allowWrites bool
	timeout     time.Duration
	bodyLimit   int64
	health      string
	keepHost    bool
	insecure    bool
	keep        string
	force       bool
}

func (o *replayOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.pace, "pace", "max", "when to send: max, N/s, or xF (the recorded times, F times as fast)")
	flags.IntVar(&o.inFlight, "in-flight", 16, "at most this many exchanges at once")
	flags.BoolVar(&o.allowWrites, "allow-writes", false, "send unsafe methods too (POST, PUT, PATCH, DELETE …)")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "give an answer up after this time")
	flags.Int64Var(&o.bodyLimit, "body-limit", 64<<20, "give an answer up whose body is longer than this many bytes")
	flags.StringVar(&o.health, "health-path", "/", "path of the request that tells whether a side is up")
	flags.BoolVar(&o.keepHost, "keep-host", false, "send the recorded Host instead of the side's")
	flags.BoolVar(&o.insecure, "insecure", false, "accept any TLS certificate of the sides")
	flags.StringVar(&o.keep, "keep", "", "keep the outcomes in this recording (.twin, .jsonl), to be judged again by diff")
	flags.BoolVar(&o.force, "force", false, "overwrite the kept outcomes")
}

// side is one version to be asked.
type side struct {
	name replay.Side
	url  string
}

// sides are the open clients of a run.
type sides []*send.Client

// Close closes every client.
func (s sides) Close() error {
	var errs []error
	for _, c := range s {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// connect makes a runner for the sides, each seen healthy. The caller closes
// the sides.
func (o *replayOptions) connect(ctx context.Context, list []side, damaged func(*capture.RecordError)) (*replay.Runner, sides, error) {
	pacer, err := pace.Parse(o.pace)
	if err != nil {
		return nil, nil, fmt.Errorf("--pace: %w", err)
	}
	if o.inFlight < 1 {
		return nil, nil, fmt.Errorf("--in-flight %d: want at least 1", o.inFlight)
	}
	runner := &replay.Runner{Pacer: pacer, InFlight: o.inFlight, AllowWrites: o.allowWrites, Damaged: damaged}
	var open sides
	for _, s := range list {
		client, err := o.client(ctx, s)
		if client != nil {
			open = append(open, client)
		}
		if err != nil {
			return nil, nil, errors.Join(err, open.Close())
		}
		runner.Targets = append(runner.Targets, replay.Target{Side: s.name, Sender: client})
	}
	return runner, open, nil
}

func (o *replayOptions) client(ctx context.Context, s side) (*send.Client, error) {
	u, err := url.Parse(s.url)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("--%s %q: want a URL such as http://127.0.0.1:8080", s.name, s.url)
	}
	client, err := send.New(send.Config{
		Side: s.name, URL: u, Timeout: o.timeout, MaxBody: o.bodyLimit, MaxConns: o.inFlight,
		KeepHost: o.keepHost, HealthPath: o.health,
		TLSConfig: &tls.Config{InsecureSkipVerify: o.insecure},
	})
	if err != nil {
		return nil, err
	}
	return client, client.Health(ctx)
}
