package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/statement"
)

func newEvidenceKey(env cli.Env) *cobra.Command {
	var algorithm string
	algorithms := []cobra.Completion{string(statement.Ed25519), string(statement.ECDSA)}
	cmd := &cobra.Command{
		Use:   "key FILE",
		Short: "Make a pair of keys to sign evidence with",
		Long: `Key makes a pair of keys: the private one in FILE, to be read by its owner alone, and the
public one in FILE.pub. The gate trusts a public key under the name of its file.`,
		Example: "  twinspect evidence key ci.key\n  twinspect evidence key --algorithm ecdsa-p256 ci.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return makeKey(env, args[0], statement.Algorithm(algorithm))
		},
	}
	cmd.Flags().StringVar(&algorithm, "algorithm", string(statement.Ed25519), "ed25519 or ecdsa-p256")
	_ = cmd.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions(algorithms, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func makeKey(env cli.Env, path string, algorithm statement.Algorithm) error {
	key, err := statement.Generate(algorithm)
	if err != nil {
		return fmt.Errorf("--algorithm: %w", err)
	}
	err = statement.WritePair(path, key)
	if errors.Is(err, fs.ErrExist) {
		// Whoever overwrote it could sign no more as who the gate trusts.
		return fmt.Errorf("there is %s or %[1]s.pub already, and a key is not replaced: choose another name", path)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s  private: keep it secret\n%[1]s.pub  public: give it to twinspect serve and twinspect gate by --key\n", cli.Visible(path))
	return err
}
