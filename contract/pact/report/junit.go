package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

const (
	junitName = "twinspect contract-run"
	// junitColumns bounds a name and a message; the text has them whole.
	junitColumns = 200
)

// JUnit writes e as a JUnit report: a test suite for the run with the verdict, and
// one for each pact with a test case for each interaction.
//
// What fails and is pending is skipped, as it may not turn a pipeline red; so is what
// was not asked for. What could not be run is an error. Characters that XML 1.0
// forbids (section 2.2) are written as escapes.
func JUnit(w io.Writer, e *Evidence) error {
	at := e.Started.UTC().Format(time.RFC3339)
	took := e.Ended.Sub(e.Started)
	list := []look.Suite{{
		Name: junitName, Time: look.Seconds(took), Timestamp: at,
		Properties: properties(e), Cases: []look.TestCase{verdictCase(e)},
	}}
	for i := range e.Pacts {
		list = append(list, suiteOf(&e.Pacts[i], at))
	}
	return look.WriteJUnit(w, junitName, took, list...)
}

func properties(e *Evidence) []look.Property {
	list := []look.Property{
		{Name: "verdict", Value: look.Visible(string(e.Verdict))},
		{Name: "provider", Value: look.Visible(e.Provider)},
		{Name: "tool", Value: look.Visible(e.Tool)},
	}
	for _, p := range []look.Property{{Name: "broker", Value: e.Broker}, {Name: "provider.version", Value: e.ProviderVersion}} {
		if p.Value != "" {
			list = append(list, look.Property{Name: p.Name, Value: look.Visible(p.Value)})
		}
	}
	for i := range e.Account {
		list = append(list, look.Property{Name: "account." + look.Visible(e.Account[i].Name), Value: stageLine(&e.Account[i])})
	}
	return list
}

func verdictCase(e *Evidence) look.TestCase {
	c := look.TestCase{Class: "twinspect.pact", Name: "verdict"}
	m := meaningOf(e.Verdict)
	result := &look.Result{
		Message: fmt.Sprintf("%s (exit code %d): %s", m.Title, m.Code, look.Visible(e.headline())),
		Type:    string(m.Verdict),
	}
	for _, reason := range e.Reasons {
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

func suiteOf(p *Pact, at string) look.Suite {
	s := look.Suite{Name: look.Fit(p.Consumer+" → "+p.Provider, junitColumns), Timestamp: at, Properties: []look.Property{
		{Name: "source", Value: look.Visible(p.Source)}, {Name: "verdict", Value: look.Visible(string(p.Verdict))},
	}}
	if text := p.standing(); text != "" {
		s.Properties = append(s.Properties, look.Property{Name: "pending", Value: text})
	}
	sum := 0.0
	for i := range p.Results {
		sum += p.Results[i].LatencyMS
		s.Cases = append(s.Cases, caseOf(p, &p.Results[i]))
	}
	s.Time = look.Seconds(time.Duration(sum * float64(time.Millisecond)))
	return s
}

func caseOf(p *Pact, r *verify.Result) look.TestCase {
	name := r.Description
	if g := given(r); g != "" {
		name += " (" + g + ")"
	}
	c := look.TestCase{Class: look.Fit(p.Consumer, junitColumns), Name: look.Fit(name, junitColumns)}
	text := whole(r)
	result := &look.Result{Message: look.Fit(first(r), junitColumns), Type: look.Visible(string(r.Outcome)), Text: text}
	switch {
	case r.Outcome == verify.Passed:
		c.Out = look.Out(notes(r))
	case r.Outcome == verify.Failed:
		c.Failure = result
	case r.Outcome == verify.Pending || r.Reason == verify.NotSelected:
		c.Skipped = result
	default:
		c.Error = result
	}
	return c
}

// first says the most important of a result that did not pass.
func first(r *verify.Result) string {
	switch {
	case r.Outcome == verify.NotRun:
		return why(r)
	case len(r.Mismatches) == 0:
		return why(r)
	case len(r.Mismatches) == 1:
		return told(&r.Mismatches[0])
	}
	return fmt.Sprintf("%s, and %s", told(&r.Mismatches[0]), look.Plural(uint64(len(r.Mismatches)-1), "more difference")) //nolint:gosec // a length
}

// whole tells a result with all of its mismatches.
func whole(r *verify.Result) string {
	var b strings.Builder
	line := func(indent, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s%s\n", indent, look.Visible(text))
		}
	}
	b.WriteByte('\n')
	line("", about(r))
	line("", given(r))
	line("", why(r))
	for i := range r.Mismatches {
		line("- ", told(&r.Mismatches[i]))
		line("  ", values(&r.Mismatches[i]))
	}
	if r.Curl != "" {
		line("$ ", r.Curl)
	}
	return b.String() + notes(r)
}

func notes(r *verify.Result) string {
	var b strings.Builder
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", look.Visible(n))
	}
	return b.String()
}
