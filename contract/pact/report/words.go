package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

// meaning is a verdict in words.
type meaning struct {
	contract.Verdict
	Title, Text string
	Code        int
}

func meaningOf(v contract.Verdict) meaning {
	m := meaning{Verdict: v, Code: v.ExitCode()}
	switch v {
	case contract.Pass:
		m.Title, m.Text = "Pass", "the provider answers as its consumers expect"
	case contract.Fail:
		m.Title, m.Text = "Fail", "at least one consumer would break"
	case contract.Interrupted:
		m.Title, m.Text = "Interrupted", "this report is partial"
	default:
		m.Verdict, m.Title, m.Text = contract.Inconclusive, "Inconclusive", "nothing is decided"
	}
	return m
}

// sign is an outcome in one character and its name.
type sign struct {
	mark, word string
	style      look.Style
	class      string // of the page
}

func signOf(o verify.Outcome) sign {
	switch o {
	case verify.Passed:
		return sign{"✓", "passed", look.Green, "safe"}
	case verify.Failed:
		return sign{"✗", "failed", look.Red, "regression"}
	case verify.Pending:
		return sign{"◌", "pending", look.Yellow, "suspect"}
	}
	return sign{"–", "not run", look.Yellow, "suspect"}
}

// outcomes are the outcomes in the order in which they are told.
var outcomes = []verify.Outcome{verify.Passed, verify.Failed, verify.Pending, verify.NotRun}

// says tells the counts: "12 passed, 1 failed".
func says(counts map[verify.Outcome]int) string {
	var parts []string
	for _, o := range outcomes {
		if n := counts[o]; n > 0 {
			parts = append(parts, look.Grouped(uint64(n))+" "+signOf(o).word) //nolint:gosec // a count
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "no interactions")
}

// headline tells what the evidence comes to.
func (e *Evidence) headline() string {
	return fmt.Sprintf("%s of %s", says(e.Counts), look.Plural(uint64(len(e.Pacts)), "pact"))
}

// about tells what one result was asked with, beside its description.
func about(r *verify.Result) string {
	var parts []string
	if r.Request != "" {
		parts = append(parts, r.Request)
	}
	if r.Status > 0 {
		parts = append(parts, fmt.Sprintf("→ %d", r.Status))
	}
	text := strings.Join(parts, " ")
	if r.Request != "" && r.LatencyMS > 0 {
		text += ", " + look.Milliseconds(r.LatencyMS)
	}
	return text
}

// given tells the states of a result, "" for none.
func given(r *verify.Result) string {
	if len(r.States) == 0 {
		return ""
	}
	return "given " + strings.Join(r.States, ", and ")
}

// why tells why an interaction was not run, or had no answer.
func why(r *verify.Result) string {
	if r.Reason == "" {
		return r.Detail
	}
	if r.Detail == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Detail
}

// told is a mismatch in a sentence with its place, and what was expected and got.
func told(m *verify.Mismatch) string {
	text := m.Message
	if m.At != "" && !strings.HasPrefix(text, string(m.At)) {
		text = string(m.At) + ": " + text
	}
	return text
}

// values tells what was expected and what was there, "" where neither is told.
func values(m *verify.Mismatch) string {
	switch {
	case m.Expected == "" && m.Actual == "":
		return ""
	case m.Actual == "":
		return "expected " + m.Expected
	case m.Expected == "":
		return "got " + m.Actual
	}
	return "expected " + m.Expected + ", got " + m.Actual
}

// standing tells what sets a pact apart.
func (p *Pact) standing() string {
	switch {
	case p.WIP:
		return "work in progress: does not count"
	case p.Pending:
		return "pending: does not count"
	}
	return ""
}

// bad reports whether a result is worth a person's look.
func bad(r *verify.Result) bool { return r.Outcome != verify.Passed && r.Reason != verify.NotSelected }

// stageLine tells what became of what a stage saw.
func stageLine(s *capture.Stage) string {
	line := fmt.Sprintf("%s %s seen, %s asked", look.Grouped(s.Seen), look.Visible(s.Unit), look.Grouped(s.Written))
	for _, part := range []struct {
		word string
		n    map[capture.Reason]uint64
	}{{"not asked for", s.Filtered}, {"not run", s.Dropped}} {
		for _, reason := range slices.Sorted(maps.Keys(part.n)) {
			line += fmt.Sprintf("; %s: %s %s", part.word, look.Grouped(part.n[reason]), look.Visible(string(reason)))
		}
	}
	return line
}
