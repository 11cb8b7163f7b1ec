package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/gate/client"
	"twinspect.dev/replay/send"
)

// The variables of the environment that say which gate is asked.
const (
	gateURLVariable   = "TWINSPECT_GATE_URL"
	gateTokenVariable = "TWINSPECT_GATE_TOKEN"
)

const gateVariables = `Where they are not given by flags, the gate's server and the token for it are those of
the environment: TWINSPECT_GATE_URL and TWINSPECT_GATE_TOKEN.`

// gateServerOptions say where a gate's server is and who asks it.
type gateServerOptions struct {
	url, token    string
	ca, cert, key string
}

func (o *gateServerOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.url, "server", "", "URL of the gate's server, which twinspect serve starts")
	flags.StringVar(&o.token, "token", "", "the token for it: env:NAME or file:PATH")
	flags.StringVar(&o.ca, "ca", "", "trust the certificates of this file (PEM) for the server")
	flags.StringVar(&o.cert, "cert", "", "show the server this certificate (PEM), with --cert-key")
	flags.StringVar(&o.key, "cert-key", "", "the certificate's private key (PEM)")
}

// open returns the client.
func (o *gateServerOptions) open(env cli.Env) (*client.Client, error) {
	cfg := client.Config{URL: envOr(env, o.url, gateURLVariable), Agent: "twinspect/" + env.Version}
	if cfg.URL == "" {
		return nil, fmt.Errorf("say where the gate's server is: --server URL, or the environment variable %s", gateURLVariable)
	}
	var err error
	if cfg.Token, err = secretValue(env, "token", o.token); err != nil {
		return nil, err
	}
	if o.token == "" {
		cfg.Token = env.Getenv(gateTokenVariable)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = (send.TLSOptions{CA: o.ca, Cert: o.cert, Key: o.key}).Config(); err != nil {
		return nil, err
	}
	cfg.Transport = transport
	return client.New(cfg)
}

// gateAway ends a command with inconclusive where the server was away, as nothing is
// known then; any other error is the command's.
func gateAway(env cli.Env, err error) error {
	if !errors.Is(err, client.ErrAway) {
		return err
	}
	fmt.Fprintln(env.Stderr, "twinspect: "+cli.Message(err))
	return undecided()
}
