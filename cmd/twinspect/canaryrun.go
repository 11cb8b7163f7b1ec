package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/policyfile"
	"twinspect.dev/release/prometheus"
	"twinspect.dev/release/watch"
)

type canaryRunOptions struct {
	prometheus prometheusOptions
	subject    subjectOptions
	policy     string
	namespace  string
	lasting    time.Duration
	since      time.Duration
	output     string
	json       bool
}

func newCanaryRun(env cli.Env) *cobra.Command {
	var opt canaryRunOptions
	cmd := &cobra.Command{
		Use:   "canary-run --policy FILE --prometheus URL --service S --digest D",
		Short: "Watch a canary's metrics until they are proven safe, or worse than allowed",
		Long: `Canary-run compares the metrics of a canary with those of its baseline, look after look,
by the metrics and the budget of a policy. It ends as soon as all metrics are proven to
be within what the policy allows (0), one is proven to be worse (1), or the time is over
(3). The chance of a false rollback is that of the policy's budget, however often it
looks. While Prometheus is away it waits: what happened meanwhile is looked at later.

A server that twinspect serve started watches canaries by itself.`,
		Example: `  twinspect canary-run --policy gate.yaml --prometheus http://prometheus:9090 --service catalog --digest sha256:9f86d0… \
    --for 30m -o canary.json
  twinspect canary-run --policy gate.yaml --prometheus http://prometheus:9090 --service catalog --digest sha256:9f86d0… \
    --since 1h --for 0s   # one look back`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.policy, "policy", "", "the policy's file (YAML)")
	flags.StringVar(&opt.namespace, "namespace", "", "what $namespace stands for in the policy")
	flags.DurationVar(&opt.lasting, "for", 30*time.Minute, "watch for so long at most")
	flags.DurationVar(&opt.since, "since", 0, "the canary began so long ago; 0 is now")
	flags.StringVarP(&opt.output, "output", "o", "", "write the evidence into this file, to be pushed or given to twinspect gate")
	flags.BoolVar(&opt.json, "json", false, "print the evidence as JSON instead of text")
	opt.prometheus.register(flags)
	opt.subject.register(flags)
	_ = cmd.MarkFlagRequired("policy")
	return cmd
}

func (o *canaryRunOptions) check() (*release.Policy, error) {
	policy, err := policyfile.Read(o.policy)
	switch {
	case err != nil:
		return nil, err
	case policy.Canary == nil:
		return nil, fmt.Errorf("%s watches no canary: it has no metrics", o.policy)
	case o.subject.Service == "" || o.subject.Digest == "":
		return nil, errors.New("say what is released: --service NAME and --digest sha256:…")
	case o.namespace == "" && strings.Contains(policy.Canary.Baseline+policy.Canary.Canary, "$namespace"):
		return nil, fmt.Errorf("%s names sides by $namespace: say which it is by --namespace", o.policy)
	case o.lasting < 0 || o.since < 0:
		return nil, errors.New("--for and --since: want no negative time")
	case o.lasting+o.since <= prometheus.Settled:
		return nil, fmt.Errorf("--for %s --since %s: want more than %s together, as samples are looked at once they are so old", o.lasting, o.since, prometheus.Settled)
	}
	return policy, nil
}

func (o *canaryRunOptions) run(ctx context.Context, env cli.Env) error {
	policy, err := o.check()
	if err != nil {
		return err
	}
	client, err := o.prometheus.open(env)
	if err != nil {
		return err
	}
	defer client.Close()
	began := time.Now()
	w := canaryWatch{
		Canary: watch.New(client, policy, prometheus.Target{Service: o.subject.Service, Namespace: o.namespace}, began.Add(-o.since)),
		every:  policy.Canary.Every, end: began.Add(o.lasting), stderr: env.Stderr,
	}
	err = w.watch(ctx)
	d := w.Document(o.subject.Subject, time.Now().UTC())
	if err == nil || d.Looks.Seen > 0 {
		if tellErr := o.tell(env, d); tellErr != nil {
			return errors.Join(err, tellErr)
		}
	}
	if err != nil {
		return prometheusAway(env, err)
	}
	return outcomeError(d.Outcome)
}

// canaryWatch looks at a canary until something is proven, or the time is over.
type canaryWatch struct {
	*watch.Canary
	every  time.Duration
	end    time.Time
	stderr io.Writer
	told   string
}

// watch returns an error where the last look failed. What was seen before it counts.
func (w *canaryWatch) watch(ctx context.Context) error {
	for {
		err := w.look(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		state := ""
		switch d := w.Document(release.Subject{}, time.Now()); {
		case err != nil && !isAway(err):
			return err
		case err != nil:
			state = cli.Message(err)
		case d.Outcome != release.Inconclusive:
			return nil
		case len(d.Reasons) > 0:
			state = cli.Visible(d.Reasons[0])
		}
		left := time.Until(w.end)
		if left <= 0 {
			return err
		}
		w.tell(state)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(w.every, left)):
		}
	}
}

func (w *canaryWatch) look(ctx context.Context) error {
	if err := w.Learn(ctx); err != nil {
		return err
	}
	seen, err := w.Look(ctx, time.Now())
	for _, one := range seen {
		err = errors.Join(err, w.Take(one))
	}
	return err
}

// tell says how it stands, where that is not what it said before.
func (w *canaryWatch) tell(state string) {
	if state != "" && state != w.told {
		w.told = state
		fmt.Fprintln(w.stderr, "twinspect: watching: "+state)
	}
}

func (o *canaryRunOptions) tell(env cli.Env, d *canary.Document) error {
	if o.output != "" {
		if err := writeOutput(env, o.output, func(w io.Writer) error { return canary.Write(w, d) }); err != nil {
			return err
		}
	}
	if o.json {
		return canary.Write(env.Stdout, d)
	}
	return printCanary(env.Stdout, d)
}

func printCanary(w io.Writer, d *canary.Document) error {
	fmt.Fprintf(w, "%s\n", d.Outcome)
	for _, reason := range d.Reasons {
		fmt.Fprintln(w, "  "+cli.Visible(reason))
	}
	fmt.Fprintln(w)
	var rows [][]string
	for i := range d.Results {
		r := &d.Results[i]
		rows = append(rows, []string{
			r.Name, string(r.Trend), measured(r, r.Canary), measured(r, r.Baseline),
			percent(r.Lower) + " to " + percent(r.Upper), percent(r.Allowed), fmt.Sprint(r.CanarySamples), fmt.Sprint(r.Looks),
		})
	}
	return cli.Table(w, []cli.Column{
		{Title: "metric"}, {Title: "trend"}, {Title: "canary", Right: true}, {Title: "baseline", Right: true},
		{Title: "worse by", Right: true}, {Title: "allowed", Right: true}, {Title: "requests", Right: true}, {Title: "looks", Right: true},
	}, rows)
}

// measured writes a share, or a quantile in seconds.
func measured(r *release.MetricResult, value float64) string {
	if r.Unit == "seconds" {
		return time.Duration(value * float64(time.Second)).Round(10 * time.Microsecond).String()
	}
	return percent(value)
}

// outcomeError ends a command with the code that stands for an outcome.
func outcomeError(o release.Outcome) error {
	switch o {
	case release.Pass:
		return nil
	case release.Fail:
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return undecided()
}

func isAway(err error) bool {
	var away *prometheus.Unavailable
	return errors.As(err, &away)
}

// prometheusAway ends a command with inconclusive where the server was away.
func prometheusAway(env cli.Env, err error) error {
	if !isAway(err) {
		return err
	}
	fmt.Fprintln(env.Stderr, "twinspect: "+cli.Message(err))
	return undecided()
}
