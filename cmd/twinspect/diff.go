package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	diffrun "twinspect.dev/diff/run"
	"twinspect.dev/replay"
)

type diffOptions struct {
	judgeOptions
	traceOptions
}

func newDiff(env cli.Env) *cobra.Command {
	var opt diffOptions
	cmd := &cobra.Command{
		Use:   "diff OUTCOMES",
		Short: "Judge the kept outcomes of a run again, under other rules, without sending anything",
		Long: `Diff reads the outcomes that diff-run kept with --keep and judges them again.
Nothing is sent.`,
		Example: `  twinspect diff-run traffic.twin --base http://base --branch http://branch --keep outcomes.twin
  twinspect diff outcomes.twin --rules stricter.yaml --report out`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd.Context(), env, args[0], opt) },
	}
	opt.judgeOptions.register(cmd.Flags())
	opt.traceOptions.register(cmd.Flags(), false)
	return cmd
}

func runDiff(ctx context.Context, env cli.Env, file string, opt diffOptions) error {
	file, err := recording.Fix(ctx, file)
	if err != nil {
		return err
	}
	if err := opt.check(); err != nil {
		return err
	}
	if err := opt.findMessages(env, file, nil); err != nil {
		return err
	}
	namer, err := recording.NewNamer(ctx, env, file, opt.openapi)
	if err != nil {
		return err
	}
	traces, err := opt.openTraces(ctx, env, false)
	if err != nil {
		return err
	}
	judge, err := opt.judge(&survey{namer: namer, calls: traces.calls()})
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	started := time.Now()
	stop := cli.Watch(ctx, env, "judged", in.Unit+" of the outcomes", in.Progress)
	defer stop()
	runErr := diffrun.Again(ctx, replay.NewOutcomeReader(in), judge, cli.NewDamage(env).Report)
	stop()
	runErr = errors.Join(runErr, traces.finish(ctx, env))
	r := judge.Report()
	describe(r, env, in.Name, started)
	if r.Profile != nil {
		r.Profile.File = opt.profile // read alone: these answers are in it already
	}
	return opt.conclude(env, r, runErr)
}
