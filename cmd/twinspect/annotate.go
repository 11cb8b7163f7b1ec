package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/annotate"
	"twinspect.dev/replay/send"
)

type annotateOptions struct {
	server      gateServerOptions
	grafana     grafanaOptions
	subject     subjectOptions
	origin      originOptions
	environment string
	format      string
}

// annotateFormats are what is printed.
var annotateFormats = []cobra.Completion{"text", "env", "json", "patch"}

func newAnnotate(env cli.Env) *cobra.Command {
	var opt annotateOptions
	cmd := &cobra.Command{
		Use:   "annotate --service S --digest D [--server URL] [--grafana URL]",
		Short: "Tell the gate, Grafana and OpenTelemetry that a version is deployed",
		Long: `Annotate says that a version is deployed, or is about to be. It announces the release to
the gate's server, writes an annotation into Grafana, and prints the attributes of the
resource for OpenTelemetry, so that graphs, traces and logs can be held against the
branch, the pipeline and the image. Without a server and Grafana it prints only.

It prints them as text, as the variable OTEL_RESOURCE_ATTRIBUTES (env), as JSON, or as a
merge patch that sets them on the pods of a Deployment (patch).

Branch, commit, pipeline and job are those that GitHub Actions, GitLab CI and Jenkins say
in the environment, unless they are given.

` + gateVariables,
		Example: `  twinspect annotate --service catalog --digest sha256:9f86d0… --environment production \
    --server https://gate.example --grafana https://grafana.example --grafana-token env:GRAFANA_TOKEN

  # as a variable for what comes after it
  twinspect annotate --service catalog --digest sha256:9f86d0… --format env >> "$GITHUB_ENV"
  eval "export $(twinspect annotate --service catalog --digest sha256:9f86d0… --format env)"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	opt.subject.register(flags)
	opt.origin.register(flags)
	opt.server.register(flags)
	opt.grafana.register(flags)
	flags.StringVar(&opt.environment, "environment", "", "where it is deployed, such as production")
	flags.StringVar(&opt.format, "format", "text", "text, env, json or patch")
	_ = cmd.MarkFlagRequired("service")
	_ = cmd.MarkFlagRequired("digest")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(annotateFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// grafanaOptions say which Grafana is told.
type grafanaOptions struct {
	url, token, ca string
	plain          bool
}

func (o *grafanaOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.url, "grafana", "", "URL of Grafana")
	flags.StringVar(&o.token, "grafana-token", "", "the token of a service account: env:NAME or file:PATH")
	flags.StringVar(&o.ca, "grafana-ca", "", "trust the certificates of this file (PEM) for it")
	flags.BoolVar(&o.plain, "grafana-plain", false, "send the token over http to another machine too, as within a cluster")
}

// open returns the client, nil where no Grafana is told.
func (o *grafanaOptions) open(env cli.Env) (*annotate.Grafana, error) {
	if o.url == "" {
		if o.token != "" {
			return nil, errors.New("say where Grafana is: --grafana URL")
		}
		return nil, nil
	}
	token, err := secretValue(env, "grafana-token", o.token)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = (send.TLSOptions{CA: o.ca}).Config(); err != nil {
		return nil, err
	}
	g, err := annotate.NewGrafana(annotate.Options{URL: o.url, Plain: o.plain, Token: token, Transport: transport})
	if err != nil {
		return nil, fmt.Errorf("--grafana: %w", err)
	}
	return g, nil
}

func (o *annotateOptions) run(ctx context.Context, env cli.Env) error {
	o.origin.fill(env)
	switch {
	case o.subject.Service == "" || o.subject.Digest == "":
		return errors.New("say what is deployed: --service NAME and --digest sha256:…")
	case !slices.Contains(annotateFormats, o.format):
		return fmt.Errorf("--format %q: want %s", o.format, strings.Join(annotateFormats, ", "))
	}
	d := release.Deployment{Subject: o.subject.Subject, Origin: o.origin.Origin, Environment: o.environment, At: time.Now().UTC()}
	grafana, err := o.grafana.open(env)
	if err != nil {
		return err
	}
	// One that cannot be told keeps nothing from the others.
	err = o.announce(ctx, env, d)
	if grafana != nil {
		defer grafana.Close()
		err = errors.Join(err, push(ctx, env, grafana, d))
	}
	if printErr := o.print(env.Stdout, d); printErr != nil {
		return errors.Join(err, printErr)
	}
	return gateAway(env, err)
}

// announce tells the gate, where there is one.
func (o *annotateOptions) announce(ctx context.Context, env cli.Env, d release.Deployment) error {
	if envOr(env, o.server.url, gateURLVariable) == "" {
		if o.server.token != "" {
			return errors.New("say where the gate's server is: --server URL")
		}
		return nil
	}
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	r, err := c.Announce(ctx, d)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "twinspect: gate: release %d of %s\n", r.ID, cli.Visible(r.Service))
	return nil
}

func push(ctx context.Context, env cli.Env, g *annotate.Grafana, d release.Deployment) error {
	id, err := g.Push(ctx, d)
	if err != nil {
		return fmt.Errorf("grafana: %w", err)
	}
	fmt.Fprintf(env.Stderr, "twinspect: grafana: annotation %d\n", id)
	return nil
}

func (o *annotateOptions) print(w io.Writer, d release.Deployment) (err error) {
	switch o.format {
	case "env":
		// A shell would take ~ for a folder.
		_, err = fmt.Fprintln(w, "OTEL_RESOURCE_ATTRIBUTES="+strings.ReplaceAll(annotate.Environment(d), "~", "%7E"))
		return err
	case "patch":
		patch, err := annotate.Patch(d)
		if err == nil {
			_, err = w.Write(append(patch, '\n'))
		}
		return err
	}
	attributes := map[string]string{}
	var rows [][]string
	for _, a := range annotate.Attributes(d) {
		attributes[string(a.Key)] = a.Value.AsString()
		rows = append(rows, []string{string(a.Key), a.Value.AsString()})
	}
	if o.format == "json" {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"deployment": d, "attributes": attributes})
	}
	return cli.Table(w, []cli.Column{{Title: "attribute"}, {Title: "value"}}, rows)
}
