package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/policyfile"
	"twinspect.dev/release/report"
	"twinspect.dev/release/simulate"
)

type gateSimulateOptions struct {
	server   gateServerOptions
	policy   string
	service  string
	evidence []string
	keys     []string
	limit    int
	json     bool
	verbose  bool
}

func newGateSimulate(env cli.Env) *cobra.Command {
	var opt gateSimulateOptions
	cmd := &cobra.Command{
		Use:   "simulate --policy FILE --server URL --service S | --evidence FILE,…",
		Short: "Replay a policy over past evidence, to see what it would have decided",
		Long: `Simulate walks through past releases and decides on each by a policy, at every moment at
which something changed, by what was known then: of a server, or of files of evidence in
their envelopes. It tells what would have been promoted, held and rolled back, when, and
where that is not what the gate decided.

` + gateVariables,
		Example: `  twinspect gate simulate --policy stricter.yaml --server https://gate.example --service catalog
  twinspect gate simulate --policy gate.yaml --evidence archive/ --verbose`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.policy, "policy", "", "the policy's file (YAML)")
	flags.StringVar(&opt.service, "service", "", "the service, of a server's past")
	flags.StringSliceVar(&opt.evidence, "evidence", nil, "files of evidence in their envelopes, or folders of them")
	registerKeys(flags, &opt.keys)
	flags.IntVar(&opt.limit, "releases", 100, "the newest releases of a server's past, at most so many")
	flags.BoolVar(&opt.json, "json", false, "print the result as JSON instead of text")
	flags.BoolVar(&opt.verbose, "verbose", false, "tell the timeline of each release")
	_ = cmd.MarkFlagRequired("policy")
	opt.server.register(flags)
	return cmd
}

func (o *gateSimulateOptions) run(ctx context.Context, env cli.Env) error {
	policy, err := policyfile.Read(o.policy)
	if err != nil {
		return err
	}
	past, err := o.past(ctx, env)
	if err != nil {
		return gateAway(env, err)
	}
	result := simulate.Run(policy, past)
	if o.json {
		return simulate.JSON(env.Stdout, result)
	}
	return simulate.Terminal(env.Stdout, result, report.TerminalOptions{Color: env.Color(), Width: env.Width, Verbose: o.verbose})
}

func (o *gateSimulateOptions) past(ctx context.Context, env cli.Env) (simulate.Past, error) {
	files := len(o.evidence)+len(o.keys) > 0
	switch {
	case files && (o.server.url != "" || o.service != ""):
		return simulate.Past{}, errors.New("say which past: of a server by --server and --service, or of files by --evidence: not both")
	case files:
		return pastOfFiles(o.evidence, o.keys)
	case o.service == "":
		return simulate.Past{}, errors.New("say which past: --service NAME of a server, or --evidence FILES")
	case o.limit < 1:
		return simulate.Past{}, fmt.Errorf("--releases %d: want 1 or more", o.limit)
	}
	c, err := o.server.open(env)
	if err != nil {
		return simulate.Past{}, err
	}
	return pastOfServer(ctx, c, o.service, o.limit)
}

// pastOfFiles reads evidence, of which the releases are taken.
func pastOfFiles(paths, keys []string) (past simulate.Past, err error) {
	if past.Evidence, err = readAllEvidence(paths, keys); err != nil {
		return past, err
	}
	for i := range past.Evidence {
		if e := &past.Evidence[i]; e.Subject.Service == "" {
			return past, fmt.Errorf("evidence of kind %s that ended at %s does not say what it is of: put it into an envelope with twinspect evidence sign (%s)",
				e.Kind, e.Ended.Format("2006-01-02 15:04:05"), e.ID)
		}
	}
	return past, nil
}
