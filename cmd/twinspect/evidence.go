package main

import (
	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
)

func newEvidence(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evidence",
		Short: "Say what evidence is of, sign it, and file it with the gate",
		Long: `Evidence is what diff-run, contract-run, contract-check and canary-run write. These
commands say which image it is of, sign it, and file it with the gate's server.`,
		Example: `  twinspect evidence push out/evidence.json --server https://gate.example --service catalog --digest sha256:9f86d0…
  twinspect evidence list --server https://gate.example --service catalog`,
		Args: cobra.NoArgs,
	}
	for _, c := range []*cobra.Command{
		newEvidencePush(env), newEvidenceList(env), newEvidenceShow(env), newEvidenceSign(env), newEvidenceKey(env),
	} {
		c.Long += "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}
