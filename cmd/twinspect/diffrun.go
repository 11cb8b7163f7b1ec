package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

type diffRunOptions struct {
	sidesOptions
	workers int
	confirm int
	replayOptions
	judgeOptions
	traceOptions
}

func newDiffRun(env cli.Env) *cobra.Command {
	var opt diffRunOptions
	cmd := &cobra.Command{
		Use:   "diff-run FILE (--base URL --branch URL | --through URL)",
		Short: "Ask two versions the recorded requests and say which differences are real",
		Long: `Diff-run sends the recorded requests to base, branch and control at the same
time and compares the answers. Control is base asked once more: what differs
between the two is noise. Give --control a second instance of base where
there is one; otherwise base itself is asked twice.

In an Istio mesh --through names one address behind which base and branch are
lanes: requests name their lane, the routes are checked in the cluster before the
first one is sent, and only an answer that proves its lane is compared.

Only safe methods (GET, HEAD, OPTIONS, TRACE) are sent unless --allow-writes is
given; asking one base twice would then write twice, so that --control or
--no-control must say what is meant. Values that earlier answers gave (ids, tokens,
cookies) are replaced by what each side gave itself; the report lists them.`,
		Example: `  twinspect diff-run traffic.twin --base http://127.0.0.1:8080 --branch http://127.0.0.1:8081 --report out
  twinspect diff-run traffic.pcap --base http://base --branch http://branch --control http://base2 \
      --rules twinspect.yaml --openapi openapi.yaml --pace 200/s --keep outcomes.twin
  twinspect diff-run traffic.twin --base http://base --branch http://branch --control http://base2 \
      --allow-writes --replay-rules replay.yaml --workers 4
  twinspect diff-run traffic.twin --through http://catalog.shop.svc.cluster.local:8080 --routes routes.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runDiffRun(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	opt.sidesOptions.register(flags)
	flags.IntVar(&opt.workers, "workers", 1, "work through the recording with this many workers, each with its sessions")
	flags.IntVar(&opt.confirm, "confirm", 0, "ask what showed a suspect again this many times, of every side (safe methods alone)")
	opt.replayOptions.register(flags)
	opt.judgeOptions.register(flags)
	opt.traceOptions.register(flags, true)
	cmd.MarkFlagsMutuallyExclusive("control", "no-control")
	cmd.MarkFlagsMutuallyExclusive("through", "control")
	return cmd
}

func runDiffRun(ctx context.Context, env cli.Env, file string, opt diffRunOptions) error {
	list, err := opt.sides(opt.allowWrites)
	if err != nil {
		return err
	}
	if opt.workers < 1 || opt.workers > maxWorkers {
		return fmt.Errorf("--workers %d: want 1 to %d", opt.workers, maxWorkers)
	}
	if file, err = recording.Fix(ctx, file); err != nil {
		return err
	}
	if opt.workers > 1 && !recording.ReadableAgain(file) {
		return fmt.Errorf("--workers: %s cannot be read more than once: save it to a file first", file)
	}
	if err := errors.Join(opt.checkConfirm(file), opt.replayOptions.check(env, list, file), opt.judgeOptions.check()); err != nil {
		return err
	}
	known, err := surveyOf(ctx, env, file, opt.openapi)
	if err != nil {
		return err
	}
	if err := opt.findMessages(env, file, known); err != nil {
		return err
	}
	return opt.within(ctx, env, list, known, func() (err error) {
		if opt.tracing, err = opt.openTraces(ctx, env, true); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opt.tracing.close(env)) }()
		known.calls = opt.tracing.calls()
		return opt.compare(ctx, env, list, known)
	})
}

// compare asks the sides and publishes what came of it.
func (o *diffRunOptions) compare(ctx context.Context, env cli.Env, list []side, known *survey) error {
	started := time.Now()
	run, err := o.run(ctx, env, list, known)
	var notRun *setupError
	if errors.As(err, &notRun) {
		return err
	}
	err = errors.Join(err, o.tracing.finish(ctx, env))
	r := run.judge.Report()
	describe(r, env, run.input, started)
	r.Replay = run.info
	run.confirmed(r)
	nameSides(r, list)
	if failed := o.keepProfile(run.judge.Profile(), r, err); failed != nil {
		err = errors.Join(err, failed)
	}
	return o.conclude(env, r, err)
}

// setupError is a failure before the first request was sent.
type setupError struct{ error }

// Unwrap returns the cause.
func (e *setupError) Unwrap() error { return e.error }

// conclude publishes the report of a run and returns its verdict as an error
// unless it is a pass. A run that did not come to its end has a partial report
// and no verdict but that.
func (o *judgeOptions) conclude(env cli.Env, r *diff.Report, runErr error) error {
	failed := runErr
	var opened *pace.OpenError
	switch {
	case errors.Is(runErr, context.Canceled):
		r.Verdict = diff.Interrupted
		r.Reasons = append([]string{"interrupted: the report covers what was done before"}, r.Reasons...)
		failed = nil
	case errors.As(runErr, &opened):
		// The environment's fault: the run did its work, and proves nothing.
		inconclusive(r, opened.Error())
		failed = nil
	case runErr != nil:
		inconclusive(r, "the run did not come to its end: "+runErr.Error())
	}
	if err := errors.Join(failed, o.publish(env, r)); err != nil {
		return err
	}
	if r.Verdict == diff.Pass {
		return nil
	}
	return &cli.VerdictError{Verdict: r.Verdict}
}

func inconclusive(r *diff.Report, reason string) {
	r.Verdict = diff.Inconclusive
	r.Reasons = append([]string{reason}, r.Reasons...)
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

// checkSides refuses lanes that there are no routes to.
func checkSides(list []side) error {
	for _, s := range list {
		if s.lane != "" && !slices.Contains([]string{mesh.LaneBase, mesh.LaneBranch}, s.lane) {
			return fmt.Errorf("--lane %s: want %s or %s", s.lane, mesh.LaneBase, mesh.LaneBranch)
		}
	}
	return nil
}

// laneOf returns the lane that a side of a comparison stands for.
func laneOf(s replay.Side) string {
	if s == replay.Branch {
		return mesh.LaneBranch
	}
	return mesh.LaneBase
}
