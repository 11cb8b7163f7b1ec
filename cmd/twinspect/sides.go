package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
	protocol  string
	dial      map[string]string
	tls       send.TLSOptions
}

func (o *sideOptions) register(flags *pflag.FlagSet) {
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "give an answer up after this time")
	flags.Int64Var(&o.bodyLimit, "body-limit", 64<<20, "give an answer up whose body is longer than this many bytes")
	flags.StringVar(&o.health, "health-path", "/", "path of the request that tells whether a side is up")
	flags.BoolVar(&o.keepHost, "keep-host", false, "send the recorded Host instead of the side's")
	flags.StringVar(&o.protocol, "protocol", "auto", "auto (as recorded, where the side speaks it), http1, h2 or h2c")
	flags.StringToStringVar(&o.dial, "dial", nil, "connect to another address than the URL's: SIDE=HOST:PORT or SIDE=unix:/PATH")
	flags.StringVar(&o.tls.CA, "ca", "", "trust the certificates of this file (PEM) for the sides")
	flags.StringVar(&o.tls.Cert, "cert", "", "show the sides this client certificate (PEM)")
	flags.StringVar(&o.tls.Key, "key", "", "the client certificate's key (PEM)")
	flags.StringVar(&o.tls.ServerName, "server-name", "", "name that the sides' certificates must have (default: the URL's host)")
	flags.BoolVar(&o.tls.Insecure, "insecure", false, "accept any TLS certificate of the sides")
}

// client returns the client of a side, which has not connected yet.
func (o *sideOptions) client(s side, keepHost bool, conns int) (*send.Client, error) {
	u, err := send.ParseURL(s.url)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", s.name, err)
	}
	tlsConfig, err := o.tls.Config()
	if err != nil {
		return nil, err
	}
	return send.New(send.Config{
		Side: s.name, URL: u, Timeout: o.timeout, MaxBody: o.bodyLimit, MaxConns: conns,
		KeepHost: o.keepHost || keepHost, HealthPath: o.health,
		Protocol: send.Protocol(o.protocol), Dial: o.dial[string(s.name)], TLSConfig: tlsConfig,
	})
}

// checkDial refuses addresses for sides that are not asked.
func (o *sideOptions) checkDial(list []side) error {
	for name := range o.dial {
		if !slices.ContainsFunc(list, func(s side) bool { return string(s.name) == name }) {
			return fmt.Errorf("--dial %s=…: no such side is asked: want one of %s", name, namesOf(list))
		}
	}
	return nil
}

func namesOf(list []side) string {
	var names []string
	for _, s := range list {
		names = append(names, string(s.name))
	}
	return strings.Join(names, ", ")
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
