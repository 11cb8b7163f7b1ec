package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/against"
	"twinspect.dev/diff/report"
)

type compareOptions struct {
	json     bool
	markdown string
	verbose  bool
}

func newCompare(env cli.Env) *cobra.Command {
	var opt compareOptions
	cmd := &cobra.Command{
		Use:   "compare BEFORE NOW",
		Short: "Compare two finished runs: what is new, gone, and still there",
		Long: `Compare reads the evidence of two runs (evidence.json of --report) and says which
findings are new, which are gone, and which are still there. What was there before is
not held against the later run: it fails where a regression is new, and is
inconclusive where a suspect is new or an operation with findings was not compared.`,
		Example: `  twinspect compare main/evidence.json branch/evidence.json
  twinspect compare before.json now.json --markdown summary.md
  twinspect compare before.json now.json --json | jq '.findings[] | select(.state == "new")'`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return runCompare(env, args[0], args[1], opt) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.json, "json", false, "print the comparison as JSON instead of text")
	flags.StringVar(&opt.markdown, "markdown", "", "write a summary for a merge request into this file")
	flags.BoolVar(&opt.verbose, "verbose", false, "list everything")
	return cmd
}

func runCompare(env cli.Env, before, now string, opt compareOptions) error {
	old, err := readEvidence(before)
	if err != nil {
		return err
	}
	later, err := readEvidence(now)
	if err != nil {
		return err
	}
	c := against.Compare(old, later)
	if opt.markdown != "" {
		if err := opt.writeMarkdown(c); err != nil {
			return err
		}
	}
	if err := opt.print(env, c); err != nil {
		return err
	}
	if verdict := c.Verdict(); verdict != diff.Pass {
		return &cli.VerdictError{Verdict: verdict}
	}
	return nil
}

func (o *compareOptions) print(env cli.Env, c *against.Comparison) error {
	if o.json {
		return report.AgainstJSON(env.Stdout, c)
	}
	return report.AgainstTerminal(env.Stdout, c, report.TerminalOptions{Color: env.Color(), Width: env.Width, Verbose: o.verbose})
}

func (o *compareOptions) writeMarkdown(c *against.Comparison) error {
	f, err := os.Create(o.markdown)
	if err != nil {
		return fmt.Errorf("--markdown: %w", err)
	}
	return errors.Join(report.AgainstMarkdown(f, c, 0), f.Close())
}

// readEvidence reads what a run wrote as evidence.json.
func readEvidence(name string) (*diff.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r, err := report.Decode(io.Reader(f))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
