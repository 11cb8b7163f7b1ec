package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	diffrun "twinspect.dev/diff/run"
	"twinspect.dev/replay"
)

type diffRunOptions struct {
	base, branch, control string
	noControl             bool
	replayOptions
	judgeOptions
}

func newDiffRun(env cli.Env) *cobra.Command {
	var opt diffRunOptions
	cmd := &cobra.Command{
		Use:   "diff-run FILE --base URL --branch URL",
		Short: "Ask two versions the recorded requests and say which differences are real",
		Long: `Diff-run sends the recorded requests to base, branch and control at the same
time and compares the answers. Control is base asked once more: what differs
between the two is noise. Give --control a second instance of base where
there is one; otherwise base itself is asked twice.

Only safe methods (GET, HEAD, OPTIONS, TRACE) are sent unless --allow-writes is
given; asking one base twice would then write twice, so that --control or
--no-control must say what is meant.`,
		Example: `  twinspect diff-run traffic.twin --base http://127.0.0.1:8080 --branch http://127.0.0.1:8081 --report out
  twinspect diff-run traffic.pcap --base http://base --branch http://branch --control http://base2 \
      --rules twinspect.yaml --openapi openapi.yaml --pace 200/s --keep outcomes.twin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runDiffRun(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.base, "base", "", "URL of the base version")
	flags.StringVar(&opt.branch, "branch", "", "URL of the branch version")
	flags.StringVar(&opt.control, "control", "", "URL of a second instance of base (default: base itself)")
	flags.BoolVar(&opt.noControl, "no-control", false, "do not ask base twice; noise is then not known")
	opt.replayOptions.register(flags)
	opt.judgeOptions.register(flags)
	_ = cmd.MarkFlagRequired("base")
	_ = cmd.MarkFlagRequired("branch")
	cmd.MarkFlagsMutuallyExclusive("control", "no-control")
	return cmd
}

func (o *diffRunOptions) sides() ([]side, error) {
	list := []side{{replay.Base, o.base}, {replay.Branch, o.branch}}
	switch {
	case o.noControl:
		return list, nil
	case o.control != "":
		return append(list, side{replay.Control, o.control}), nil
	case o.allowWrites:
		return nil, errors.New("--allow-writes: asking base twice would write twice: give --control URL of a second instance, or --no-control")
	}
	return append(list, side{replay.Control, o.base}), nil
}

func runDiffRun(ctx context.Context, env cli.Env, file string, opt diffRunOptions) error {
	list, err := opt.sides()
	if err != nil {
		return err
	}
	if file, err = recording.Fix(ctx, file); err != nil {
		return err
	}
	judge, err := opt.judge(ctx, env, file)
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	started := time.Now()
	runErr := opt.ask(ctx, env, list, in, judge)
	var notRun *setupError
	if errors.As(runErr, &notRun) {
		return runErr
	}
	r := judge.Report()
	describe(r, env, in.Name, started)
	nameSides(r, list)
	return opt.conclude(env, r, runErr)
}

// setupError is a failure before the first request was sent.
type setupError struct{ error }

// Unwrap returns the cause.
func (e *setupError) Unwrap() error { return e.error }

// ask sends the recording to the sides and has the outcomes judged.
func (o *replayOptions) ask(ctx context.Context, env cli.Env, list []side, in *recording.Input, judge *diffrun.Judge) (err error) {
	runner, open, err := o.connect(ctx, list, cli.NewDamage(env).Report)
	if err != nil {
		return &setupError{err}
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	keep, err := o.keeper(env)
	if err != nil {
		return &setupError{err}
	}
	stop := cli.Watch(ctx, env, "replayed", in.Unit+" of the recording", in.Progress)
	defer stop()
	err = diffrun.Replay(ctx, runner, in, judge, keep)
	if keep != nil {
		err = errors.Join(err, keep.WriteAccount(append(in.Account(), runner.Account()...)), keep.Close())
	}
	return err
}

// keeper returns where outcomes are kept, nil where they are not.
func (o *replayOptions) keeper(env cli.Env) (recording.Sink, error) {
	if o.keep == "" {
		return nil, nil
	}
	return recording.Create(env, o.keep, recording.Options{Force: o.force})
}

// conclude publishes the report of a run and returns its verdict as an error
// unless it is a pass. A run that did not come to its end has a partial report
// and no verdict but that.
func (o *judgeOptions) conclude(env cli.Env, r *diff.Report, runErr error) error {
	failed := runErr
	switch {
	case errors.Is(runErr, context.Canceled):
		r.Verdict = diff.Interrupted
		r.Reasons = append([]string{"interrupted: the report covers what was done before"}, r.Reasons...)
		failed = nil
	case runErr != nil:
		r.Verdict = diff.Inconclusive
		r.Reasons = append([]string{"the run did not come to its end: " + runErr.Error()}, r.Reasons...)
	}
	if err := errors.Join(failed, o.publish(env, r)); err != nil {
		return err
	}
	if r.Verdict == diff.Pass {
		return nil
	}
	return &cli.VerdictError{Verdict: r.Verdict}
}

func describe(r *diff.Report, env cli.Env, input string, started time.Time) {
	r.Tool = "twinspect " + env.Version
	r.Input = input
	r.Started = started.UTC()
	r.Ended = time.Now().UTC()
}

// nameSides enters the URLs of the sides, without the passwords in them.
func nameSides(r *diff.Report, list []side) {
	for i := range r.Sides {
		for _, s := range list {
			if u, err := url.Parse(s.url); err == nil && string(s.name) == r.Sides[i].Side {
				r.Sides[i].URL = u.Redacted()
			}
		}
	}
}
