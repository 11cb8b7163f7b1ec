package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/diff"
)

type brokerDeployOptions struct {
	brokerOptions
	ca, name, number string
	to               broker.Target
}

func newBrokerDeploy(env cli.Env) *cobra.Command {
	var opt brokerDeployOptions
	cmd := &cobra.Command{
		Use:   "can-i-deploy --broker URL --name NAME --version V --to ENVIRONMENT",
		Short: "Ask whether a version may be deployed",
		Long: `Can-i-deploy asks a Pact Broker whether a version of a consumer or provider is
compatible with all that runs in an environment. It ends with 0 where it is, with 1
where it is not, and with 3 where that is unknown: a verification is missing, or the
broker is away.`,
		Example: `  twinspect broker can-i-deploy --broker https://broker.example --name checkout --version 3f2a1c --to production
  twinspect broker can-i-deploy --name checkout --version 3f2a1c --to-tag prod`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.name, "name", "", "name of the consumer or provider")
	flags.StringVar(&opt.number, "version", "", "its version")
	flags.StringVar(&opt.to.Environment, "to", "", "the environment")
	flags.StringVar(&opt.to.Tag, "to-tag", "", "where versions with this tag are, for brokers that record no deployments")
	flags.StringVar(&opt.ca, "ca", "", "trust the certificates of this file (PEM) for the broker")
	opt.register(flags)
	for _, name := range []string{"name", "version"} {
		_ = cmd.MarkFlagRequired(name)
	}
	cmd.MarkFlagsOneRequired("to", "to-tag")
	cmd.MarkFlagsMutuallyExclusive("to", "to-tag")
	return cmd
}

func (o *brokerDeployOptions) run(ctx context.Context, env cli.Env) error {
	client, _, err := o.open(env, o.ca)
	if err != nil {
		return err
	}
	defer client.Close()
	d, err := client.CanIDeploy(ctx, o.name, o.number, o.to)
	if err != nil {
		return awayOr(env, err)
	}
	fmt.Fprintln(env.Stdout, string(d.Answer)+": "+strings.Join(visibleLines(d.Reason), "\n"))
	showNotices(env.Stderr, d.Notices)
	return deployVerdict(d.Answer)
}

func deployVerdict(a broker.Answer) error {
	switch a {
	case broker.Yes:
		return nil
	case broker.No:
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return undecided()
}

func visibleLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = cli.Visible(lines[i])
	}
	return lines
}
