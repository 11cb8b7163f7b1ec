package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
)

// newGateStop stops all promotions.
func newGateStop(env cli.Env) *cobra.Command {
	var (
		server   gateServerOptions
		services []string
		reason   string
	)
	cmd := &cobra.Command{
		Use:   "stop --reason TEXT [--services PATTERN,…]",
		Short: "Stop all promotions while an incident is open",
		Long: `Stop lets nothing be promoted until twinspect gate resume: no evidence and no override
gets past it. What evidence rolls back is rolled back none the less. It prints the id of
the stop.

` + gateVariables,
		Example: `  twinspect gate stop --reason "INC-204: checkout is down"
  twinspect gate stop --services 'cart-*,catalog' --reason "INC-204"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" || len(services) == 0 {
				return errors.New("say why, and for which services: --reason TEXT --services PATTERNS")
			}
			c, err := server.open(env)
			if err != nil {
				return err
			}
			s, err := c.Stop(cmd.Context(), services, reason)
			if err != nil {
				return gateAway(env, err)
			}
			_, err = fmt.Fprintln(env.Stdout, cli.Visible(s.ID))
			return err
		},
	}
	cmd.Flags().StringSliceVar(&services, "services", []string{"*"}, "the services that it is for, * for any text")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	_ = cmd.MarkFlagRequired("reason")
	server.register(cmd.Flags())
	return cmd
}
