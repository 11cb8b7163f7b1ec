package report

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// Anchor returns the fragment at which a page of [HTML] opens the finding f:
// "report.html#" + Anchor(f). It is the same in every run.
func Anchor(f *contract.Finding) string {
	return look.Anchor("finding", string(f.Check), f.Operation, f.Cause)
}

func operationAnchor(name string) string { return look.Anchor("operation", name) }

// asked names what was asked or read.
func asked(r *contract.Report) string {
	if r.Provider == "" {
		return r.Input
	}
	return r.Provider
}

// flaky says how often a finding came again.
func flaky(f *contract.Finding) string {
	if !f.Flaky {
		return ""
	}
	return fmt.Sprintf("flaky: came %s of %s again", look.Grouped(f.Seen), look.Plural(f.Asked, "time"))
}

// repeated says how sure a finding is, in a phrase.
func repeated(f *contract.Finding) string {
	switch {
	case f.Flaky:
		return flaky(f)
	case f.Asked > 0:
		return fmt.Sprintf("came %s of %s again", look.Grouped(f.Seen), look.Plural(f.Asked, "time"))
	}
	return "not asked again"
}

// facts tells the numbers of a finding.
func facts(f *contract.Finding) string {
	parts := []string{look.Plural(f.Count, "answer")}
	if n := len(f.Cases); n > 0 {
		parts[0] += " in " + look.Plural(uint64(n), "case")
		if n == maxCases {
			parts[0] += " or more"
		}
	}
	parts = append(parts, repeated(f))
	if f.After > 0 {
		parts = append(parts, "first after "+look.Milliseconds(float64(f.After)/1e6))
	}
	return strings.Join(parts, ", ")
}

// maxCases is how many cases a finding names at most, see [contract.Finding].
const maxCases = 10

// answered tells how a step was answered.
func answered(s *contract.ExampleStep) string {
	var parts []string
	if s.Status > 0 {
		parts = append(parts, fmt.Sprintf("status %d", s.Status))
	}
	if s.Fault != "" {
		parts = append(parts, look.Visible(s.Fault))
	}
	if len(parts) == 0 {
		parts = []string{"no answer"}
	}
	return strings.Join(append(parts, "in "+look.Milliseconds(s.Latency)), ", ")
}

// smallest says how much smaller the example is than the first one.
func smallest(e *contract.Example) string {
	switch {
	case e.Left == 0:
		return ""
	case e.Left == 1:
		return "1 part of the first request was not needed"
	}
	return look.Grouped(uint64(e.Left)) + " parts of the first request were not needed" //nolint:gosec // positive
}

// kindLine tells how the cases of a kind ended.
func kindLine(k *contract.KindCount) string {
	s := fmt.Sprintf("%s passed, %s broken", look.Grouped(k.Passed), look.Grouped(k.Broken))
	if n := sum(k.NotRun); n > 0 {
		s += fmt.Sprintf(", %s not run (%s)", look.Grouped(n), listed(k.NotRun, maxNotRun))
	}
	return s
}

// maxNotRun is how many reasons are named in a line.
const maxNotRun = 4

// speed tells the requests and how fast they went.
func speed(r *contract.Report) string {
	t := tallyOf(r)
	s := look.Plural(r.Requests, "request")
	if t.Rate > 0 && r.Provider != "" {
		s += fmt.Sprintf(" in %s, %s/s", look.Lasted(r.Started, r.Ended), look.Grouped(uint64(t.Rate+0.5)))
	}
	return s
}

// latencies tells the latencies in a line, "" where there are none.
func latencies(l *contract.Latency) string {
	if l == nil || l.Count == 0 {
		return ""
	}
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, max %s", look.Milliseconds(l.P50), look.Milliseconds(l.P90),
		look.Milliseconds(l.P99), look.Milliseconds(l.Max))
}

// gapLine tells what could not be covered, and why.
func gapLine(g *contract.Gap) string {
	var parts []string
	for _, s := range []string{g.Operation, string(g.At), string(g.Rule)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ") + ": " + g.Why
}

// stageLine tells what became of what a stage saw, with limit reasons at most (0
// is all).
func stageLine(s *capture.Stage, limit int) string {
	line := fmt.Sprintf("%s %s seen, %s written", look.Grouped(s.Seen), look.Visible(s.Unit), look.Grouped(s.Written))
	if len(s.Filtered) > 0 {
		line += "; filtered " + listed(s.Filtered, limit)
	}
	if len(s.Dropped) > 0 {
		line += "; dropped " + listed(s.Dropped, limit)
	}
	if s.Open > 0 {
		line += "; open " + look.Grouped(s.Open)
	}
	return line
}

// partNoun writes a part's title inside a line.
func partNoun(title string) string { return strings.ToLower(title) }
