package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
)

// newGateResume ends stops.
func newGateResume(env cli.Env) *cobra.Command {
	var (
		server gateServerOptions
		all    bool
	)
	cmd := &cobra.Command{
		Use:   "resume ID… | --all",
		Short: "End stops, so that releases are promoted again",
		Long: `Resume ends stops by their ids, which twinspect gate stop prints, or all that are open.

` + gateVariables,
		Example: "  twinspect gate resume st_5f3c\n  twinspect gate resume --all",
		RunE: func(cmd *cobra.Command, ids []string) error {
			if (len(ids) > 0) == all {
				return errors.New("give the ids of the stops, or --all")
			}
			c, err := server.open(env)
			if err != nil {
				return err
			}
			return gateAway(env, resume(cmd.Context(), env, c, ids))
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "end all stops that are open")
	server.register(cmd.Flags())
	return cmd
}

// resume ends the stops of the ids, or where there are none all that are open. One that
// cannot be ended keeps no other from it.
func resume(ctx context.Context, env cli.Env, c *client.Client, ids []string) error {
	if len(ids) == 0 {
		err := c.Stops(ctx, func(s release.Stop) bool {
			if s.Until.IsZero() {
				ids = append(ids, s.ID)
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	var errs []error
	for _, id := range ids {
		if err := c.Resume(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
			continue
		}
		fmt.Fprintln(env.Stdout, "ended "+cli.Visible(id))
	}
	return errors.Join(errs...)
}
