package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// JUnit writes r as a JUnit report: a test suite for the run with the verdict, and
// one for each operation.
//
// The test cases of an operation are its findings, named by check and cause, which
// are the same in every run:
//
//   - failure: the finding is proven; its text has the message, the smallest
//     request as a curl line, and the answer's status;
//   - skipped: the finding is flaky. Nothing is proven, so it may not turn a
//     pipeline red by itself.
//
// An operation without findings has one test case, which is skipped where the
// operation was never asked.
//
// The verdict is a failure where it is fail, and an error where it is
// inconclusive or interrupted: an operation cannot say that, and a reader that
// looks at the test cases alone must not take it for a pass.
//
// Characters that XML 1.0 forbids (section 2.2) are written as escapes.
func JUnit(w io.Writer, r *contract.Report) error {
	return look.WriteJUnit(w, "twinspect contract-run", r.Ended.Sub(r.Started), suitesOf(r)...)
}

// suitesOf returns the run's suite, those of the operations that the coverage
// has, and after them those that only findings have.
func suitesOf(r *contract.Report) []look.Suite {
	at := r.Started.UTC().Format(time.RFC3339)
	list := []look.Suite{{
		Name: "twinspect contract-run", Time: look.Seconds(r.Ended.Sub(r.Started)), Timestamp: at,
		Properties: properties(r), Cases: []look.TestCase{verdictCase(r)},
	}}
	index := map[string]int{}
	add := func(name string) int {
		if i, ok := index[name]; ok {
			return i
		}
		index[name] = len(list)
		list = append(list, look.Suite{Name: look.Visible(name), Time: look.Seconds(0), Timestamp: at})
		return len(list) - 1
	}
	for i := range r.Coverage.Operations {
		add(r.Coverage.Operations[i].Operation)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		s := &list[add(f.Operation)]
		s.Cases = append(s.Cases, findingCase(f))
	}
	for i := range r.Coverage.Operations {
		op := &r.Coverage.Operations[i]
		if s := &list[index[op.Operation]]; len(s.Cases) == 0 {
			s.Cases = []look.TestCase{quietCase(op)}
		}
	}
	return list
}

func properties(r *contract.Report) []look.Property {
	d := &r.Document
	list := []look.Property{
		{Name: "verdict", Value: look.Visible(string(r.Verdict))},
		{Name: "document", Value: look.Visible(strings.TrimSpace(d.Path + " " + d.Title + " " + d.Version))},
		{Name: "document.sha256", Value: look.Visible(d.SHA256)},
		{Name: "asked", Value: look.Visible(asked(r))},
		{Name: "seed", Value: fmt.Sprint(r.Seed)},
		{Name: "tool", Value: look.Visible(r.Tool)},
		{Name: "requests", Value: speed(r)},
	}
	for i := range r.Cases {
		list = append(list, look.Property{Name: "cases." + look.Visible(string(r.Cases[i].Kind)), Value: kindLine(&r.Cases[i])})
	}
	for _, p := range byPart(r.Coverage.Operations) {
		list = append(list, look.Property{Name: "coverage." + look.Visible(p.Part),
			Value: fmt.Sprintf("%d of %d, %d kept to, %d of %d broken", p.Covered, p.Items, p.Positive, p.Negative, p.Breakable)})
	}
	for i := range r.Account {
		list = append(list, look.Property{Name: "account." + look.Visible(r.Account[i].Name), Value: stageLine(&r.Account[i], 0)})
	}
	return list
}

func verdictCase(r *contract.Report) look.TestCase {
	c := look.TestCase{Class: "twinspect.contract", Name: "verdict", Out: look.Out(unused(r))}
	m, t := meaningOf(r.Verdict), tallyOf(r)
	result := &look.Result{
		Message: fmt.Sprintf("%s (exit code %d): %s", m.Title, m.Code, t.Says()),
		Type:    string(m.Verdict),
	}
	for _, reason := range r.Reasons {
		result.Text += look.Visible(reason) + "\n"
	}
	switch m.Verdict {
	case contract.Pass:
		return c
	case contract.Fail:
		c.Failure = result
	default:
		c.Error = result
	}
	return c
}

// unused lists what of the document could not be used or tested.
func unused(r *contract.Report) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem: %s\n", look.Visible(p.String()))
	}
	for i := range r.Gaps {
		fmt.Fprintf(&b, "gap: %s\n", look.Visible(gapLine(&r.Gaps[i])))
	}
	return b.String()
}

// junitColumns bounds a name and a message; the text has them whole.
const junitColumns = 200

func findingCase(f *contract.Finding) look.TestCase {
	name := string(f.Check)
	if f.Cause != "" {
		name += ": " + f.Cause
	}
	c := look.TestCase{Class: look.Visible(f.Operation), Name: look.Fit(name, junitColumns)}
	result := &look.Result{Message: look.Fit(f.Message, junitColumns), Type: look.Visible(string(f.Check)), Text: told(f)}
	if f.Flaky {
		result.Message = flaky(f) + ": " + result.Message
		c.Skipped = result
	} else {
		c.Failure = result
	}
	return c
}

// told tells a finding whole, with its smallest requests and their answers.
func told(f *contract.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%s\n", look.Visible(f.Message), facts(f))
	if f.Example.Why != "" {
		fmt.Fprintf(&b, "case %s: %s\n", look.Visible(f.Example.Case), look.Visible(f.Example.Why))
	}
	for i := range f.Example.Steps {
		s := &f.Example.Steps[i]
		fmt.Fprintf(&b, "  $ %s\n  %s\n", look.Visible(s.Curl), answered(s))
	}
	return b.String()
}

func quietCase(op *contract.OperationCoverage) look.TestCase {
	c := look.TestCase{Class: look.Visible(op.Operation), Name: "no finding"}
	if op.Asked == 0 {
		c.Skipped = &look.Result{Message: "the operation was never asked"}
	}
	return c
}
