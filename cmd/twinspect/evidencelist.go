package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

type evidenceListOptions struct {
	server  gateServerOptions
	subject release.Subject
	kind    string
	limit   int
	json    bool
}

func newEvidenceList(env cli.Env) *cobra.Command {
	var opt evidenceListOptions
	kinds := kindNames()
	cmd := &cobra.Command{
		Use:   "list --server URL --service S",
		Short: "List the evidence of a service, the newest first",
		Long:  "List lists the evidence that was filed of a service, the newest first.\n\n" + gateVariables,
		Example: `  twinspect evidence list --server https://gate.example --service catalog
  twinspect evidence list --service catalog --digest sha256:9f86d0… --kind diff --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	opt.server.register(flags)
	flags.StringVar(&opt.subject.Service, "service", "", "name of the service")
	flags.StringVar(&opt.subject.Digest, "digest", "", "of this image only")
	flags.StringVar(&opt.kind, "kind", "", "of this kind only: "+strings.Join(kinds, ", "))
	flags.IntVar(&opt.limit, "limit", 50, "at most so many")
	flags.BoolVar(&opt.json, "json", false, "print a line of JSON for each")
	_ = cmd.MarkFlagRequired("service")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func kindNames() []cobra.Completion {
	var names []cobra.Completion
	for _, k := range release.Kinds {
		names = append(names, string(k))
	}
	return names
}

func (o *evidenceListOptions) run(ctx context.Context, env cli.Env) error {
	switch {
	case o.limit < 1:
		return fmt.Errorf("--limit %d: want 1 or more", o.limit)
	case o.kind != "" && !slices.Contains(kindNames(), o.kind):
		return fmt.Errorf("--kind %q: want one of %s", o.kind, strings.Join(kindNames(), ", "))
	}
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	var rows []release.Evidence
	err = c.Evidence(ctx, o.subject, release.Kind(o.kind), func(e release.Evidence) bool {
		rows = append(rows, e)
		return len(rows) < o.limit
	})
	if err != nil {
		return gateAway(env, err)
	}
	if o.json {
		return printLines(env.Stdout, rows)
	}
	return printEvidence(env.Stdout, rows)
}

func printEvidence(w io.Writer, rows []release.Evidence) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "There is no evidence. File some with twinspect evidence push.")
		return err
	}
	var table [][]string
	for i := range rows {
		e := &rows[i]
		table = append(table, []string{
			e.Ended.Local().Format(time.DateTime), string(e.Kind), string(e.Outcome), fmt.Sprint(e.Samples),
			report.Short(e.Subject.Digest), e.Origin.Branch, e.Signer, e.ID,
		})
	}
	return cli.Table(w, []cli.Column{
		{Title: "ended"}, {Title: "kind"}, {Title: "outcome"}, {Title: "samples", Right: true},
		{Title: "image"}, {Title: "branch"}, {Title: "signer"}, {Title: "id"},
	}, table)
}

// printLines prints a line of JSON for each.
func printLines[T any](w io.Writer, rows []T) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range rows {
		if err := enc.Encode(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}
