package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
)

// serveOptions are those of the gate's server.
type serveOptions struct {
	listen     string
	store      string
	policies   []string
	access     string
	keys       []string
	prometheus prometheusOptions
	notify     string
	url        string
	cert, key  string
	clientCA   string
	keepFor    time.Duration
	logLevel   string
	logFormat  string
}

func newServe(env cli.Env) *cobra.Command {
	var opt serveOptions
	cmd := &cobra.Command{
		Use:   "serve --policy FILE|FOLDER",
		Short: "Serve the release gate: an API, Flagger, Argo Rollouts, Kargo, Prometheus, a dashboard",
		Long: `Serve keeps evidence and answers for releases. It speaks

  /api/v1/…              the API, described by /api/v1/openapi.yaml
  /flagger/HOOK          Flagger's webhooks: confirm-rollout, rollout, confirm-promotion, rollback, …
  /argo/verdict          the web metric of Argo Rollouts
  /kargo/verdict         the http step of Kargo
  /prometheus/api/v1/…   the query API of Prometheus: twinspect_verdict{service="…"}
  /                      the dashboard
  /healthz /readyz /metrics

With --prometheus it watches the canaries of all open releases by the metrics of their
policies. It keeps everything in a SQLite file, or in PostgreSQL, on which any number of
servers may work together.

Without --access everybody on this machine may ask, read and push, and nobody else
anything. SIGHUP makes it read the policies, --access and --notify anew; SIGTERM makes
it answer what is under way and end.`,
		Example: `  twinspect serve --policy policies/
  twinspect serve --listen :8420 --policy policies/ --access access.yaml --tls-cert tls.crt --tls-key tls.key \
    --store "env:DATABASE_URL" --prometheus http://prometheus:9090 --notify notify.yaml --url https://gate.example`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	opt.register(cmd.Flags())
	_ = cmd.MarkFlagRequired("policy")
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]cobra.Completion{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]cobra.Completion{"json", "text"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newServeToken(env))
	return cmd
}

func (o *serveOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8420", "address to serve on")
	flags.StringVar(&o.store, "store", "sqlite:twinspect.db", "where everything is kept: sqlite:FILE, or env:NAME or file:PATH of a URL postgres://…")
	flags.StringSliceVar(&o.policies, "policy", nil, "policies: files, or folders of them")
	flags.StringVar(&o.access, "access", "", "who may do what (YAML)")
	flags.StringSliceVar(&o.keys, "key", nil, "public keys (PEM) that signatures are verified with; a key's name is that of its file")
	flags.StringVar(&o.notify, "notify", "", "who is told of verdicts (YAML)")
	flags.StringVar(&o.url, "url", "", "the URL at which people reach this server, for links")
	flags.StringVar(&o.cert, "tls-cert", "", "serve TLS with this certificate (PEM), with --tls-key")
	flags.StringVar(&o.key, "tls-key", "", "the certificate's private key (PEM)")
	flags.StringVar(&o.clientCA, "client-ca", "", "take certificates of clients that these authorities (PEM) signed")
	flags.DurationVar(&o.keepFor, "keep", 90*24*time.Hour, "forget what is older, but what an open release rests on; 0 keeps everything")
	flags.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&o.logFormat, "log-format", "text", "text or json")
	o.prometheus.register(flags)
}

func (o *serveOptions) check() error {
	switch {
	case (o.cert == "") != (o.key == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case o.clientCA != "" && o.cert == "":
		return errors.New("--client-ca needs TLS: give --tls-cert and --tls-key")
	case o.keepFor < 0:
		return fmt.Errorf("--keep %s: want 0 or more", o.keepFor)
	case o.logFormat != "text" && o.logFormat != "json":
		return fmt.Errorf("--log-format %q: want text or json", o.logFormat)
	}
	return nil
}

// database returns the URL of the store. One with a password is not taken from the
// command line.
func (o *serveOptions) database(env cli.Env) (string, error) {
	if isFileStore(o.store) {
		return o.store, nil
	}
	return secretValue(env, "store", o.store)
}

func (o *serveOptions) run(ctx context.Context, env cli.Env) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	s, err := o.start(ctx, env)
	if err != nil {
		return err
	}
	return s.run(ctx)
}
