package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// JUnit writes r as a JUnit report: a test suite for the run, a test case for
// each operation, and one called "verdict" for the run as a whole.
//
// Jenkins and GitLab both take one result a test case and show its message, so
// all findings of an operation stand in one element:
//
//   - failure: the operation has a regression; all of them are listed, and its
//     suspects;
//   - skipped: the operation has suspects alone, or nothing of it was compared.
//     Nothing is proven, so it may not turn a pipeline red by itself;
//   - neither: no difference beyond noise and what a person has accepted, which
//     is listed in system-out.
//
// The system-out of the verdict tells the troubles, what was asked again, the
// self-check and the rules.
//
// The verdict is a failure where it is fail, and an error where it is
// inconclusive or interrupted: an operation cannot say that, and a reader that
// looks at the test cases alone must not take it for a pass.
//
// Characters that XML 1.0 forbids (section 2.2) are written as escapes.
func JUnit(w io.Writer, r *diff.Report) error {
	return look.WriteJUnit(w, "twinspect diff-run", r.Ended.Sub(r.Started), suiteOf(r))
}

func suiteOf(r *diff.Report) look.Suite {
	s := look.Suite{
		Name:       "twinspect diff-run",
		Time:       look.Seconds(r.Ended.Sub(r.Started)),
		Timestamp:  r.Started.UTC().Format(time.RFC3339),
		Properties: propertiesOf(r),
		Cases:      []look.TestCase{verdictCase(r)},
	}
	for _, op := range operationsOf(r) {
		s.Cases = append(s.Cases, op.junit())
	}
	return s
}

func propertiesOf(r *diff.Report) []look.Property {
	list := []look.Property{
		{Name: "verdict", Value: string(r.Verdict)},
		{Name: "recording", Value: look.Visible(r.Input)},
		{Name: "tool", Value: look.Visible(r.Tool)},
	}
	for _, s := range r.Sides {
		list = append(list, look.Property{Name: "side." + look.Visible(s.Side), Value: look.Visible(fmt.Sprintf("%s, asked %d, answered %d", s.URL, s.Asked, s.Answered))})
	}
	for i := range r.Account {
		st := &r.Account[i]
		list = append(list, look.Property{Name: "account." + look.Visible(st.Name), Value: stageLine(st, 0)})
	}
	return list
}

func verdictCase(r *diff.Report) look.TestCase {
	c := look.TestCase{Class: "twinspect", Name: "verdict", Out: look.Out(strings.Join(ownWords(r), ""))}
	m, t := meaningOf(r.Verdict), tallyOf(r)
	result := &look.Result{
		Message: fmt.Sprintf("%s (exit code %d): %s", m.Title, m.Code, t.Found()),
		Type:    string(m.Verdict),
	}
	for _, reason := range r.Reasons {
		result.Text += look.Visible(reason) + "\n"
	}
	switch m.Verdict {
	case diff.Pass:
		return c
	case diff.Fail:
		c.Failure = result
	default:
		c.Error = result
	}
	return c
}

// judgedOperation is an operation with its differences that are not noise.
type judgedOperation struct {
	diff.Operation
	regressions, suspects, accepted []diff.Difference
}

// operationsOf returns every operation of r, and after them those that have
// differences and are missing among the operations.
func operationsOf(r *diff.Report) []*judgedOperation {
	var list []*judgedOperation
	index := map[string]*judgedOperation{}
	add := func(op diff.Operation) *judgedOperation {
		j := &judgedOperation{Operation: op}
		list = append(list, j)
		index[op.Name] = j
		return j
	}
	for _, op := range r.Operations {
		add(op)
	}
	for _, d := range r.Differences {
		op := index[d.Operation]
		if op == nil {
			op = add(diff.Operation{Name: d.Operation, Compared: d.N})
		}
		switch d.Judgement {
		case diff.Regression:
			op.regressions = append(op.regressions, d)
		case diff.Suspect:
			op.suspects = append(op.suspects, d)
		case diff.Accepted:
			op.accepted = append(op.accepted, d)
		}
	}
	return list
}

func (op *judgedOperation) junit() look.TestCase {
	c := look.TestCase{Class: "twinspect.operation", Name: look.Visible(op.Name), Out: look.Out(details(op.accepted))}
	result := &look.Result{Text: details(op.regressions) + details(op.suspects)}
	switch {
	case len(op.regressions) > 0:
		result.Message, result.Type = headline(op.regressions, "regression"), string(diff.Regression)
		c.Failure = result
	case len(op.suspects) > 0:
		result.Message = headline(op.suspects, "suspect")
		c.Skipped = result
	case op.Compared == 0:
		result.Message = strings.TrimSuffix("nothing was compared: "+listed(op.NotCompared, 0), ": ")
		c.Skipped = result
	}
	return c
}

// headline counts the differences and names the first.
func headline(differences []diff.Difference, noun string) string {
	d := &differences[0]
	s := fmt.Sprintf("%s: %s %s (%s)", look.Plural(uint64(len(differences)), noun), look.Visible(d.Place.String()), d.Kind, rates(d.Counts))
	if more := len(differences) - 1; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// junitColumns bounds a value in the details; the evidence has the whole.
const junitColumns = 200

func details(list []diff.Difference) string {
	var b strings.Builder
	for i := range list {
		d := &list[i]
		fmt.Fprintf(&b, "\n%s: %s %s (%s, %s)\n  %s\n", d.Judgement, look.Visible(d.Place.String()), d.Kind, rates(d.Counts), decided(d), look.Visible(d.Reason))
		if a := d.Accepted; a != nil {
			fmt.Fprintf(&b, "  %s: %s\n", approval(a), look.Visible(a.Reason))
		}
		if told(d) || d.Remedy != "" {
			fmt.Fprintf(&b, "  %s\n", cause(d.Category, d.Remedy))
		}
		if l := d.Location; l != nil {
			fmt.Fprintf(&b, "  %s\n", located(l))
		}
		for j := range d.Examples {
			ex := &d.Examples[j]
			base, branch := contrast(baseValue(d.Kind, ex), branchValue(d.Kind, ex), junitColumns)
			fmt.Fprintf(&b, "  %s (exchange %s)\n    base   %s\n    branch %s\n", asked(ex), look.Visible(ex.Exchange), base, branch)
		}
	}
	return b.String()
}

// ownWords tells, a line each, what the run knows of itself.
func ownWords(r *diff.Report) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format+"\n", args...)) }
	for i := range r.Troubles {
		add("%s: %s", look.Visible(string(r.Troubles[i].Category)), trouble(&r.Troubles[i]))
	}
	if r.Confirmation != nil {
		add("%s", confirmed(r.Confirmation))
	}
	if r.Profile != nil {
		add("noise %s", known(r.Profile))
	}
	if s := r.SelfCheck; s != nil {
		add("self-check: %s", checked(s))
		for _, op := range worstOperations(s) {
			add("self-check: %s: %s of %s missed", look.Visible(op.Name), look.Grouped(op.Missed), look.Grouped(op.Mutations))
		}
		for i := range s.Blind {
			add("blind spot: %s %s: %s", look.Visible(s.Blind[i].Operation), look.Visible(s.Blind[i].Place.String()), blinded(&s.Blind[i]))
		}
		if s.MoreBlind > 0 {
			add("and %s", look.Plural(s.MoreBlind, "more blind spot"))
		}
	}
	if r.Rules != nil && explained(r.Rules.Rules) {
		for i := range r.Rules.Rules {
			rule := &r.Rules.Rules[i]
			add("rule %s:%d: %s: %s", look.Visible(r.Rules.File), rule.Line, look.Visible(rule.What), ruled(rule))
		}
	}
	return lines
}
