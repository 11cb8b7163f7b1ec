package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/policyfile"
)

func newGateCheck(env cli.Env) *cobra.Command {
	var schema bool
	cmd := &cobra.Command{
		Use:   "check POLICY… | --schema",
		Short: "Check policies, and tell what they ask for",
		Long: `Check reads policies, files or folders of them, and tells every mistake with its file
and line. It tells what each asks for with the defaults that it does not say.

With --schema it prints the JSON Schema of a policy, which editors complete and check by.`,
		Example: `  twinspect gate check gate.yaml
  twinspect gate check --schema > twinspect-policy.schema.json`,
		ValidArgsFunction: cobra.FixedCompletions([]cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(_ *cobra.Command, paths []string) error {
			if schema == (len(paths) > 0) {
				return errors.New("give policies, or --schema")
			}
			if schema {
				_, err := io.WriteString(env.Stdout, policyfile.Schema())
				return err
			}
			return checkPolicies(env.Stdout, paths)
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of policies")
	return cmd
}

func checkPolicies(w io.Writer, paths []string) error {
	policies, err := gate.LoadPolicies(paths...)
	if err != nil {
		return err
	}
	for i, p := range policies.All() {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := printPolicy(w, p); err != nil {
			return err
		}
	}
	return nil
}

func printPolicy(w io.Writer, p *release.Policy) error {
	fmt.Fprintf(w, "%s  %s\n", cli.Visible(p.Name), p.Digest)
	services := "no service: it decides on nothing"
	if len(p.Services) > 0 {
		services = strings.Join(p.Services, ", ")
	}
	fmt.Fprintf(w, "  for %s\n\n", cli.Visible(services))
	if err := printRequirements(w, p.Requirements); err != nil {
		return err
	}
	if p.Canary != nil {
		fmt.Fprintf(w, "\n  canary: a look every %s\n\n", span(p.Canary.Every, "–"))
		if err := printMetrics(w, p.Canary.Metrics); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	for _, text := range bounds(p) {
		fmt.Fprintln(w, "  "+cli.Visible(text))
	}
	return nil
}

func printRequirements(w io.Writer, list []release.Requirement) error {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, []string{
			string(r.Kind), either(r.Optional, "optional", "required"), span(r.MaxAge, "any"), fmt.Sprint(r.MinSamples),
			percent(r.MaxLost), selfCheck(r), signed(r), either(r.AnyBase, "any", "its own"), fmt.Sprint(len(r.Operations)),
		})
	}
	return cli.Table(w, []cli.Column{
		{Title: "evidence"}, {Title: "needed"}, {Title: "oldest", Right: true}, {Title: "samples", Right: true},
		{Title: "lost", Right: true}, {Title: "missed", Right: true}, {Title: "signed"}, {Title: "base"}, {Title: "conditions", Right: true},
	}, rows)
}

func printMetrics(w io.Writer, list []release.MetricPolicy) error {
	var rows [][]string
	for _, m := range list {
		rows = append(rows, []string{m.Name, measures(m), percent(m.Allowed), fmt.Sprint(m.MinSamples)})
	}
	return cli.Table(w, []cli.Column{{Title: "metric"}, {Title: "of"}, {Title: "allowed", Right: true}, {Title: "samples", Right: true}}, rows)
}

// measures says what a metric measures.
func measures(m release.MetricPolicy) string {
	switch {
	case m.Quantile > 0:
		return fmt.Sprintf("quantile %g of %s", m.Quantile, m.Histogram)
	case m.Above > 0:
		return fmt.Sprintf("%s above %s", m.Histogram, span(m.Above, "0s"))
	}
	return fmt.Sprintf("%s with %s", m.Counter, m.Bad)
}

// bounds says in sentences what else a policy sets.
func bounds(p *release.Policy) []string {
	b := p.Budget
	list := []string{
		fmt.Sprintf("budget: false rollback %s, false promotion %s", percent(b.FalseRollback), percent(b.FalsePromote)),
		fmt.Sprintf("traffic: at most %s before the evidence is complete", percent(b.MaxTraffic)),
		"hold: " + either(b.MaxHold > 0, "at most "+span(b.MaxHold, ""), "for ever"),
	}
	for _, f := range p.Freeze {
		text := "freeze: " + f.Name
		if len(f.Services) > 0 {
			text += " of " + strings.Join(f.Services, ", ")
		}
		if f.Reason != "" {
			text += ": " + f.Reason
		}
		list = append(list, text)
	}
	by := p.Overrides
	if len(by.By) == 0 {
		return append(list, "overrides: by nobody")
	}
	return append(list, fmt.Sprintf("overrides: by %s, for at most %s, %s", strings.Join(by.By, ", "), span(by.Max, "–"),
		either(by.Rollback, "of what is rolled back too", "of what is held")))
}

func selfCheck(r release.Requirement) string {
	if r.Kind != release.Diff || !r.SelfCheck {
		return "–"
	}
	return percent(r.MaxMissed)
}

func signed(r release.Requirement) string {
	switch {
	case !r.Signed:
		return "–"
	case len(r.Signers) == 0:
		return "by any key"
	}
	return "by " + strings.Join(r.Signers, " or ")
}

func percent(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }

// span writes a duration without the units that are nought.
func span(d time.Duration, none string) string {
	if d == 0 {
		return none
	}
	text := d.String()
	for _, nought := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nought) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
