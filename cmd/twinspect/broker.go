package main

import (
	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
)

func newBroker(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Publish Pact files to a Pact Broker, get them, and ask what may be deployed",
		Args:  cobra.NoArgs,
	}
	for _, c := range []*cobra.Command{newBrokerPublish(env), newBrokerFetch(env), newBrokerDeploy(env)} {
		c.Long += "\n\n" + brokerVariables + "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}

func undecided() error { return &cli.VerdictError{Verdict: diff.Inconclusive} }
