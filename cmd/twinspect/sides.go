package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// side is one version to be asked.
type side struct {
	name replay.Side
	url  string
	// lane is the version of the mesh that it stands for, "" outside of one.
	lane string
}

// sideOptions say how a side is reached.
type sideOptions struct {
	timeout   time.Duration
	bodyLimit int64
	health    string
	keepHost  bool
	insecure  bool
}

func (o *sideOptions) register(flags *pflag.FlagSet) {
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "give an answer up after this time")
	flags.Int64Var(&o.bodyLimit, "body-limit", 64<<20, "give an answer up whose body is longer than this many bytes")
	flags.StringVar(&o.health, "health-path", "/", "path of the request that tells whether a side is up")
	flags.BoolVar(&o.keepHost, "keep-host", false, "send the recorded Host instead of the side's")
	flags.BoolVar(&o.insecure, "insecure", false, "accept any TLS certificate of the sides")
}

// client returns the client of a side, which has not connected yet.
func (o *sideOptions) client(s side, keepHost bool, conns int) (*send.Client, error) {
	u, err := url.Parse(s.url)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("--%s %q: want a URL such as http://127.0.0.1:8080", s.name, s.url)
	}
	return send.New(send.Config{
		Side: s.name, URL: u, Timeout: o.timeout, MaxBody: o.bodyLimit, MaxConns: conns,
		KeepHost: o.keepHost || keepHost, HealthPath: o.health,
		TLSConfig: &tls.Config{InsecureSkipVerify: o.insecure},
	})
}

// clients are the open clients of a run.
type clients []*send.Client

// Close closes every client.
func (c clients) Close() error {
	var errs []error
	for _, client := range c {
		errs = append(errs, client.Close())
	}
	return errors.Join(errs...)
}
