package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
	diffrun "twinspect.dev/diff/run"
	"twinspect.dev/replay"
)

type rulesCheckOptions struct {
	evidence string
	outcomes string
	openapi  string
	json     bool
}

func newRulesCheck(env cli.Env) *cobra.Command {
	var opt rulesCheckOptions
	cmd := &cobra.Command{
		Use:   "check FILE [--evidence EVIDENCE.json | --outcomes OUTCOMES]",
		Short: "Say what is wrong with a rule file",
		Long: `Check reports rules that have expired or soon will, that are there twice, that an
earlier one leaves nothing to, and that hide a whole part of the answers. With the
evidence of a run it also reports rules that matched nothing, that hide what only
branch does, and that hide all of an operation; with the outcomes that diff-run kept
it judges them again and finds also what another rule always settles first.

It ends with 1 where it reports anything.`,
		Example: `  twinspect rules check twinspect.yaml
  twinspect rules check twinspect.yaml --evidence out/evidence.json
  twinspect rules check twinspect.yaml --outcomes outcomes.twin --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.evidence, "evidence", "", "evidence of a run under these rules")
	flags.StringVar(&opt.outcomes, "outcomes", "", "outcomes of a run, kept with diff-run --keep, to judge again")
	flags.StringVar(&opt.openapi, "openapi", "", "name operations by this document's paths, with --outcomes")
	flags.BoolVar(&opt.json, "json", false, "print the problems as JSON instead of text")
	cmd.MarkFlagsMutuallyExclusive("evidence", "outcomes")
	_ = cmd.RegisterFlagCompletionFunc("evidence", cobra.FixedCompletions([]cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt))
	return cmd
}

func (o *rulesCheckOptions) run(ctx context.Context, env cli.Env, file string) error {
	set, err := rules.Load(file)
	if err != nil {
		return err
	}
	r, err := o.report(ctx, env, set)
	if err != nil {
		return err
	}
	problems := rules.Check(set, r)
	if err := o.print(env, file, set, problems); err != nil {
		return err
	}
	if len(problems) > 0 {
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return nil
}

// report returns the evidence that was asked for, nil for none.
func (o *rulesCheckOptions) report(ctx context.Context, env cli.Env, set *rules.Set) (r *diff.Report, err error) {
	name := o.evidence
	switch {
	case o.evidence != "":
		r, err = evidenceFrom(env, o.evidence)
	case o.outcomes != "":
		name = o.outcomes
		r, err = judgeAgain(ctx, env, o.outcomes, o.openapi, set)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, op := range r.Operations {
		if op.Compared > 0 {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%s: nothing was compared in it, so that it says nothing about the rules", name)
}

// judgeAgain judges kept outcomes under rules that watch.
func judgeAgain(ctx context.Context, env cli.Env, file, openapi string, set *rules.Set) (*diff.Report, error) {
	file, err := recording.Fix(ctx, file)
	if err != nil {
		return nil, err
	}
	namer, err := recording.NewNamer(ctx, env, file, openapi)
	if err != nil {
		return nil, err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	set.Watch()
	judge := diffrun.NewJudge(diffrun.Config{Namer: namer, Rules: set, ErrorRate: diffrun.DefaultErrorRate, MaxLoss: 1})
	stop := cli.Watch(ctx, env, "judged", in.Unit+" of the outcomes", in.Progress)
	defer stop()
	damage := cli.NewDamage(env)
	if err := diffrun.Again(ctx, replay.NewOutcomeReader(in), judge, damage.Report); err != nil {
		return nil, err
	}
	return judge.Report(), nil
}

func (o *rulesCheckOptions) print(env cli.Env, file string, set *rules.Set, problems []rules.Problem) error {
	if o.json {
		return cli.PrintJSON(env.Stdout, struct {
			File     string          `json:"file"`
			Rules    int             `json:"rules"`
			Problems []rules.Problem `json:"problems"`
		}{file, len(set.Counts()), append([]rules.Problem{}, problems...)})
	}
	for _, p := range problems {
		fmt.Fprintln(env.Stdout, cli.Visible(p.String()))
	}
	if len(problems) == 0 {
		fmt.Fprintf(env.Stdout, "%s: %d rules, no problems\n", cli.Visible(file), len(set.Counts()))
	}
	return nil
}
