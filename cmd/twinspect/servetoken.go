package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/gate/access"
)

func newServeToken(env cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "token",
		Short: "Make a token, and the hash of it for the file of --access",
		Long: `Token makes a token for somebody who asks the gate. The token goes to them alone; its
hash stands in the file that twinspect serve --access reads, from which nobody can make
the token.

` + cli.ExitHelp,
		Example: "  twinspect serve token",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			token, hash := access.New()
			_, err := fmt.Fprintf(env.Stdout, "token: %s\nhash:  %s\n", token, hash)
			return err
		},
	}
}
