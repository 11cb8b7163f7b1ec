package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/stats"
)

type rulesExplainOptions struct {
	selection
	rules string
	json  bool
}

func newRulesExplain(env cli.Env) *cobra.Command {
	var opt rulesExplainOptions
	cmd := &cobra.Command{
		Use:   "explain EVIDENCE.json [--operation OP --path P --kind K | --difference N]",
		Short: "Say what decided a difference",
		Long: `Explain says why one difference of a run was judged as it was: how often it occurred,
the evidence against chance and what it takes, what was learned of its noise, what
triage takes it for, and what each rule says of it.

The rules are those of the file that the evidence names, or with --rules another one,
to try it. What rules hide is not in the evidence: such a difference is not there.`,
		Example: `  twinspect rules explain out/evidence.json --difference 1
  twinspect rules explain out/evidence.json --operation 'GET /products/{id}' --path '$.price' --kind changed
  twinspect rules explain out/evidence.json --path 'header etag' --rules stricter.yaml`,
		Args:              cobra.ExactArgs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return opt.run(env, cmd.Flags(), args[0]) },
		ValidArgsFunction: completeJSON,
	}
	opt.selection.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&opt.rules, "rules", "", "rule file to try (default: the one that the evidence names, where it is there)")
	flags.BoolVar(&opt.json, "json", false, "print the explanation as JSON instead of text")
	_ = cmd.MarkFlagFilename("rules", "yaml", "yml")
	return cmd
}

// shownMatches bounds the differences that are listed where several are meant.
const shownMatches = 20

func (o *rulesExplainOptions) run(env cli.Env, flags *pflag.FlagSet, file string) error {
	if !o.isGiven(flags) {
		return errors.New("which difference? give --difference, or --operation, --path and --kind")
	}
	r, err := evidenceFrom(env, file)
	if err != nil {
		return err
	}
	list, err := o.of(r, flags)
	if err != nil {
		return err
	}
	if len(list) > 1 {
		return ambiguous(list)
	}
	set, name, err := o.loadRules(r)
	if err != nil {
		return err
	}
	x := explain(r, list[0], set)
	x.RuleFile = name
	if o.json {
		return cli.PrintJSON(env.Stdout, x)
	}
	return x.print(env)
}

func ambiguous(list []*diff.Difference) error {
	var b strings.Builder
	for i, d := range list {
		if i == shownMatches {
			fmt.Fprintf(&b, "\n  and %d more", len(list)-i)
			break
		}
		fmt.Fprintf(&b, "\n  --operation %q --path %q --kind %s", d.Operation, d.Place.String(), d.Kind)
	}
	return fmt.Errorf("%d differences are meant; say which:%s", len(list), b.String())
}

// loadRules returns the rules to explain by, none where there are none.
func (o *rulesExplainOptions) loadRules(r *diff.Report) (*rules.Set, string, error) {
	name := o.rules
	if name == "" && r.Rules != nil {
		name = r.Rules.File
	}
	if name == "" {
		return nil, "", nil
	}
	set, err := rules.Load(name)
	if o.rules == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, name, nil
	}
	return set, name, err
}

// explanation is what decided a difference.
type explanation struct {
	Difference *diff.Difference `json:"difference"`
	// Threshold is the e-value that proves it, about: of what never showed in
	// branch the evidence does not tell that it was tested.
	Threshold float64      `json:"threshold"`
	Tested    int          `json:"tested"`
	ErrorRate float64      `json:"error_rate"`
	RuleFile  string       `json:"rule_file,omitempty"`
	Rules     []rules.Step `json:"rules"`
}

// latencyShare is the part of the error rate that goes to the latencies, as
// [diffrun.Judge] shares it out.
const latencyShare = 0.1

func explain(r *diff.Report, d *diff.Difference, set *rules.Set) *explanation {
	x := &explanation{Difference: d, ErrorRate: r.ErrorRate * (1 - latencyShare)}
	ofLatency := d.Part == diff.Latency
	if ofLatency {
		x.ErrorRate = r.ErrorRate * latencyShare
	}
	proven := 0
	for i := range r.Differences {
		other := &r.Differences[i]
		if (other.Part == diff.Latency) != ofLatency || other.BranchOnly+other.ControlOnly == 0 && other.Paired {
			continue
		}
		x.Tested++
		if other.Judgement == diff.Regression || other.Judgement == diff.Accepted {
			proven++
		}
	}
	if d.Judgement != diff.Regression && d.Judgement != diff.Accepted {
		proven++
	}
	x.Threshold = stats.Threshold(max(x.Tested, 1), max(proven, 1), cmp.Or(x.ErrorRate, 1))
	x.Rules = append([]rules.Step{}, set.Explain(d.Operation, statusOf(d), itemOf(d))...)
	return x
}

func itemOf(d *diff.Difference) rules.Item {
	if len(d.Examples) > 0 {
		return rules.ItemOf(d, &d.Examples[0])
	}
	return rules.ItemOf(d, nil)
}

// statusOf returns what base answered where that is known: the evidence holds it
// of a difference of the status alone.
func statusOf(d *diff.Difference) int {
	if d.Part != diff.Status || len(d.Examples) == 0 {
		return 0
	}
	status, _ := strconv.Atoi(d.Examples[0].Base)
	return status
}

func (x *explanation) print(env cli.Env) error {
	d := x.Difference
	fmt.Fprintln(env.Stdout, cli.Visible(fmt.Sprintf("%s, %s %s: %s", d.Operation, d.Place, d.Kind, d.Judgement)))
	for _, line := range x.lines() {
		fmt.Fprintf(env.Stdout, "  %-9s %s\n", line[0], cli.Visible(line[1]))
	}
	return x.printRules(env)
}

// lines returns what is known of the difference, by title.
func (x *explanation) lines() [][2]string {
	d := x.Difference
	lines := [][2]string{{"why", d.Reason}, {"counts", counted(d)}}
	if d.BranchSessions+d.ControlSessions > 0 {
		lines = append(lines, [2]string{"sessions", fmt.Sprintf("branch differs more in %d blocks of sessions, control in %d; these are what is tested", d.BranchSessions, d.ControlSessions)})
	}
	lines = append(lines, [2]string{"evidence", x.strength()})
	if d.MoreSamples > 0 {
		lines = append(lines, [2]string{"samples", fmt.Sprintf("about %d more of the operation would decide it, if it keeps its rate", d.MoreSamples)})
	}
	if d.Learned != "" {
		lines = append(lines, [2]string{"class", "base's own values there are all " + d.Learned})
	}
	if d.Category != "" {
		lines = append(lines, [2]string{"cause", fmt.Sprintf("taken for %s; what to do: %s", d.Category, cmp.Or(d.Remedy, "nothing"))})
	}
	if a := d.Accepted; a != nil {
		lines = append(lines, [2]string{"accepted", fmt.Sprintf("by %s until %s (%s): %s", cmp.Or(a.By, "somebody"), a.Expires, a.Where, a.Reason)})
	}
	if l := d.Location; l != nil {
		lines = append(lines, [2]string{"location", fmt.Sprintf("%s, %s: %s", l.Service, l.Span, l.What)})
	}
	if len(d.Examples) > 0 {
		e := &d.Examples[0]
		lines = append(lines, [2]string{"example", fmt.Sprintf("%s %s at %s: base %s, branch %s", e.Method, e.Target, e.At, orMissing(e.Base), orMissing(e.Branch))})
	}
	return lines
}

func orMissing(s string) string { return cmp.Or(s, "(missing)") }

func counted(d *diff.Difference) string {
	s := fmt.Sprintf("branch differs from base in %d of %d outcomes", d.Branch, d.N)
	if !d.Paired {
		return s + "; no control was asked"
	}
	return s + fmt.Sprintf(", control in %d; branch alone in %d, control alone in %d", d.Control, d.BranchOnly, d.ControlOnly)
}

// strength tells the e-value in words.
func (x *explanation) strength() string {
	d := x.Difference
	chance := "nothing against chance"
	if d.EValue > 1 {
		chance = fmt.Sprintf("as rare as 1 in %.3g by chance", d.EValue)
	}
	return fmt.Sprintf("e-value %.3g, %s; about %.3g proves it, at an error rate of %.3g%% among %d that were tested",
		d.EValue, chance, x.Threshold, 100*x.ErrorRate, max(x.Tested, 1))
}

func (x *explanation) printRules(env cli.Env) error {
	switch {
	case x.RuleFile == "":
		fmt.Fprintln(env.Stdout, "  rules     none")
		return nil
	case len(x.Rules) == 0:
		fmt.Fprintf(env.Stdout, "  rules     none in %s, or it is not here (try another one with --rules)\n", cli.Visible(x.RuleFile))
		return nil
	}
	fmt.Fprintf(env.Stdout, "\nrules of %s\n", cli.Visible(x.RuleFile))
	var rows [][]string
	for _, s := range x.Rules {
		rows = append(rows, []string{fmt.Sprintf("%d:%d", s.Line, s.Column), s.Rule, string(s.Outcome), s.Why})
	}
	return cli.Table(env.Stdout, []cli.Column{{Title: "at", Right: true}, {Title: "rule"}, {Title: "outcome"}, {Title: "why"}}, rows)
}
