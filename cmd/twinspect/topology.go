package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/topology"
)

type topologyOptions struct {
	spanOptions
	redactFlags
	format string
	output string
	chains bool
	query  topology.Query
	title  string
}

// defaultChains fill a screen.
const defaultChains = 20

// httpStatus is a status of HTTP, or a class of them.
var httpStatus = regexp.MustCompile(`^[1-5]([0-9]{2}|xx)$`)

// topologyFormats are the forms that a topology can have.
var topologyFormats = []string{"terminal", "json", "dot", "html"}

func newTopology(env cli.Env) *cobra.Command {
	var opt topologyOptions
	cmd := &cobra.Command{
		Use:   "topology SOURCE...",
		Short: "Draw which services call which, how often, and how that ends",
		Long: `Topology reads traces and draws the services, their operations, and the calls between
them, with rates, errors and latencies: for a terminal, as JSON, as DOT for Graphviz, or
as one HTML page. With --chains it shows call chains instead: those through a service,
an operation or a status, or that took long. Secrets in names are replaced by
pseudonyms.

` + spanSources,
		Example: `  twinspect topology spans.otlp
  twinspect topology otlp://127.0.0.1:4318 --for 5m --format html -o topology.html
  twinspect topology jaeger://127.0.0.1:16686 --format dot | dot -Tsvg > topology.svg
  twinspect topology spans.otlp --chains --service pricing --status 5xx --min-duration 200ms`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.format, "format", "terminal", strings.Join(topologyFormats, ", "))
	flags.StringVarP(&opt.output, "output", "o", "-", "write to this file instead of standard output")
	flags.BoolVar(&opt.chains, "chains", false, "show call chains, the slowest first")
	flags.StringVar(&opt.query.Service, "service", "", "chains with a call of this service")
	flags.StringVar(&opt.query.Operation, "operation", "", "chains with a call of this operation; * stands for anything")
	flags.StringVar(&opt.query.Status, "status", "", "chains with a call that ended so: 404, 5xx, failed, ok")
	flags.DurationVar(&opt.query.MinDuration, "min-duration", 0, "chains with such a call that took this long")
	flags.IntVar(&opt.query.Limit, "limit", defaultChains, "so many chains")
	opt.spanOptions.register(flags)
	opt.redactFlags.register(flags)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(topologyFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *topologyOptions) check() error {
	q := &o.query
	switch {
	case !slices.Contains(topologyFormats, o.format):
		return fmt.Errorf("--format %s: want one of %s", o.format, strings.Join(topologyFormats, ", "))
	case !o.chains && (q.Service != "" || q.Operation != "" || q.Status != "" || q.MinDuration != 0):
		return errors.New("--service, --operation, --status and --min-duration choose chains: add --chains")
	case !o.chains && q.Limit != defaultChains:
		return errors.New("--limit chooses chains: add --chains")
	case q.Status != "" && '0' <= q.Status[0] && q.Status[0] <= '9' && !httpStatus.MatchString(q.Status):
		return fmt.Errorf("--status %s: want a status such as 404, a class such as 5xx, failed, or ok", q.Status)
	case o.chains && o.format != "terminal" && o.format != "json":
		return fmt.Errorf("--chains --format %s: chains are for the terminal or json", o.format)
	case q.Limit <= 0:
		return fmt.Errorf("--limit %d: want a number of chains", q.Limit)
	case q.MinDuration < 0:
		return fmt.Errorf("--min-duration %s: want a time such as 200ms", q.MinDuration)
	}
	return o.spanOptions.check()
}

func (o *topologyOptions) run(ctx context.Context, env cli.Env, sources []string) error {
	if err := errors.Join(o.check(), readable(sources)); err != nil {
		return err
	}
	redactor, err := o.redactor()
	if err != nil {
		return err
	}
	o.title = strings.Join(shownNames(sources), ", ")
	builder, chains := topology.New(), topology.NewChains(o.query, topology.Slowest)
	assembler := trace.NewAssembler(trace.AssembleOptions{}, func(t *trace.Tree) error {
		if o.chains {
			chains.See(t)
		} else {
			builder.See(t)
		}
		return nil
	})
	r := &spanReader{env: env, options: o.spanOptions, damage: cli.NewDamage(env)}
	_, err = r.each(ctx, sources, func(sp *trace.Span) error {
		sp.Attributes = nil // nothing of them is drawn
		redactSpan(redactor, sp)
		return assembler.Add(sp)
	})
	if err != nil {
		return errors.Join(err, cli.PrintAccount(env.Stderr, r.account))
	}
	if err := assembler.Flush(); err != nil {
		return err
	}
	account := r.account.Merge(assembler.Account())
	err = output(env, o.output, func(w io.Writer) error {
		if o.chains {
			return o.printChains(env, w, chains)
		}
		return o.print(env, w, builder.Graph())
	})
	return errors.Join(err, cli.PrintAccount(env.Stderr, account), r.damage.Err())
}

func (o *topologyOptions) print(env cli.Env, w io.Writer, g *topology.Graph) error {
	opt := topology.Options{Width: env.Width, Color: env.Color() && w == env.Stdout, Title: o.title}
	switch o.format {
	case "json":
		return topology.JSON(w, g, opt)
	case "dot":
		return topology.DOT(w, g, opt)
	case "html":
		return topology.HTML(w, g, opt)
	}
	return topology.Terminal(w, g, opt)
}

func (o *topologyOptions) printChains(env cli.Env, w io.Writer, s *topology.Chains) error {
	found := s.List()
	if o.format == "json" {
		lines := make([]chainLine, len(found))
		for i := range found {
			lines[i] = lineOfChain(&found[i])
		}
		return cli.PrintJSON(w, lines)
	}
	for i := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := found[i].Draw(w, topology.Options{Width: env.Width, Color: env.Color() && w == env.Stdout}); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		fmt.Fprintln(w, "no chain fits")
	}
	return nil
}

// chainLine is a chain as JSON: the call that fits, and those that led to it.
type chainLine struct {
	Trace string      `json:"trace"`
	Spans int         `json:"spans"`
	Path  []chainStep `json:"path"`
}

type chainStep struct {
	Service   string        `json:"service"`
	Operation string        `json:"operation"`
	Outcome   string        `json:"outcome"`
	Began     time.Time     `json:"began"`
	Duration  time.Duration `json:"duration_ns"`
}

func lineOfChain(c *topology.Chain) chainLine {
	line := chainLine{Trace: c.Tree.Trace.String(), Spans: c.Tree.Spans}
	for _, call := range c.Path {
		if !call.Synthetic() {
			line.Path = append(line.Path, chainStep{call.Service(), call.Operation(), call.Outcome(), call.Began, call.Duration()})
		}
	}
	return line
}

// shownNames are sources as they may be shown: without a password.
func shownNames(sources []string) []string {
	names := make([]string, len(sources))
	for i, name := range sources {
		names[i] = name
		if u, err := url.Parse(name); err == nil && u.Host != "" {
			names[i] = u.Redacted()
		}
	}
	return names
}
