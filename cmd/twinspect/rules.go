package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

func newRules(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Check, suggest and explain the rules of a service",
		Long: `Rules says what is wrong with a rule file, suggests rules from the noise of a run,
and explains what decided a difference.`,
		Example: `  twinspect rules check twinspect.yaml --evidence out/evidence.json
  twinspect rules suggest out/evidence.json -o twinspect.yaml
  twinspect rules explain out/evidence.json --difference 1`,
	}
	cmd.AddCommand(newRulesCheck(env), newRulesSuggest(env), newRulesExplain(env))
	for _, c := range cmd.Commands() {
		c.Long += "\n\n" + cli.ExitHelp
	}
	return cmd
}

// evidenceFrom reads the evidence of a run from a file or standard input.
func evidenceFrom(env cli.Env, name string) (*diff.Report, error) {
	if name != recording.Stdio {
		return readEvidence(name)
	}
	r, err := report.Decode(env.Stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return r, nil
}

// selection says which differences of a report are meant.
type selection struct {
	operation, path, kind string
	number                int
}

func (s *selection) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.operation, "operation", "", "the operation, as the report names it")
	flags.StringVar(&s.path, "path", "", "the place, as the report names it ($.items[*].price, header etag, status)")
	flags.StringVar(&s.kind, "kind", "", "what differs, as the report names it (changed, removed, ...)")
	flags.IntVar(&s.number, "difference", 0, "the difference by its number, from 1 in the order of the report")
	for _, name := range []string{"operation", "path", "kind"} {
		cmd.MarkFlagsMutuallyExclusive("difference", name)
		_ = cmd.RegisterFlagCompletionFunc(name, completeFrom(name))
	}
}

// isGiven reports whether any flag of the selection is.
func (s *selection) isGiven(flags *pflag.FlagSet) bool {
	return slices.ContainsFunc([]string{"operation", "path", "kind", "difference"}, flags.Changed)
}

// of returns the differences that are meant, at least one.
func (s *selection) of(r *diff.Report, flags *pflag.FlagSet) ([]*diff.Difference, error) {
	if flags.Changed("difference") {
		if s.number < 1 || s.number > len(r.Differences) {
			return nil, fmt.Errorf("--difference %d: the evidence has %d, counted from 1", s.number, len(r.Differences))
		}
		return []*diff.Difference{&r.Differences[s.number-1]}, nil
	}
	var list []*diff.Difference
	for i := range r.Differences {
		if d := &r.Differences[i]; s.means(d) {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("none of the %d differences of the evidence has this operation, path and kind", len(r.Differences))
	}
	return list, nil
}

func (s *selection) means(d *diff.Difference) bool {
	return (s.operation == "" || s.operation == d.Operation) &&
		(s.path == "" || s.path == d.Path || s.path == d.Place.String()) &&
		(s.kind == "" || s.kind == string(d.Kind))
}

// completeFrom completes a flag with what the evidence holds that is named before
// it.
func completeFrom(flag string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) == 0 || args[0] == recording.Stdio {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		r, err := readEvidence(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var words []cobra.Completion
		for i := range r.Differences {
			d := &r.Differences[i]
			words = append(words, map[string]string{"operation": d.Operation, "path": d.Place.String(), "kind": string(d.Kind)}[flag])
		}
		slices.Sort(words)
		return slices.Compact(words), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeJSON completes the one argument of a command with files of evidence.
func completeJSON(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
}
