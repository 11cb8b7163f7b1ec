package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/report"
)

func newGateExplain(env cli.Env) *cobra.Command {
	opt := gateOptions{explain: true}
	cmd := &cobra.Command{
		Use:   "explain [VERDICT] | --policy FILE --evidence FILE,… | --server URL",
		Short: "Tell a verdict with all its reasons, and what each rests on",
		Long: `Explain tells everything about a verdict: of a file that twinspect gate --report wrote,
or of a question as twinspect gate takes it.

` + gateExit + "\n\n" + gateVariables,
		Example: `  twinspect gate explain verdict/verdict.json
  twinspect gate explain --server https://gate.example --service catalog`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeJSON,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return opt.explainFile(env, args[0])
			}
			return opt.run(cmd.Context(), env, report.Explain)
		},
	}
	opt.register(cmd.Flags())
	return cmd
}

func (o *gateOptions) explainFile(env cli.Env, path string) error {
	if o.local() || o.server.url != "" || o.subject.Service != "" {
		return errors.New("give a verdict's file, or a question: not both")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	v, err := report.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := makeFolder(o.folder); err != nil {
		return err
	}
	return o.end(env, &decided{Verdict: v}, report.Explain)
}
