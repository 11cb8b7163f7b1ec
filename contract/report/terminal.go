package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions = look.TerminalOptions

// The limits of a report that is not verbose: a finding takes at most 15 lines (2
// of its heading, messageLines, its facts, and for each of maxSteps steps a curl
// line of curlLines and the answer), so that all is below 400 lines.
const (
	maxReasonLines = 8
	maxFindings    = 12
	maxFlaky       = 4
	maxSteps       = 3
	messageLines   = 3
	curlLines      = 3
	maxLacks       = 10
	maxGaps        = 6
	maxProblems    = 6
	lackLines      = 2
	maxStages      = 12
)

// Terminal writes r for a person at a terminal: the verdict and why, the
// findings, the cases, the coverage, what is uncovered, what of the document
// could not be used, and the account.
func Terminal(w io.Writer, r *contract.Report, o TerminalOptions) error {
	t := &terminal{Terminal: look.NewTerminal(w, o), r: r, tally: tallyOf(r)}
	t.verdict()
	t.findings()
	t.cases()
	t.checks()
	t.coverage()
	t.lacks()
	t.gaps()
	t.problems()
	t.account()
	return t.Flush()
}

// terminal writes the sections.
type terminal struct {
	*look.Terminal
	r     *contract.Report
	tally tally
}

func verdictStyle(v contract.Verdict) look.Style {
	switch v {
	case contract.Pass:
		return look.Green
	case contract.Fail:
		return look.Red
	}
	return look.Yellow
}

func (t *terminal) verdict() {
	m := meaningOf(t.r.Verdict)
	title := strings.ToUpper(m.Title)
	t.Line(t.Paint(verdictStyle(m.Verdict), title), "  ", t.Paint(look.Bold, look.Fit(t.tally.Says(), t.Width-len(title)-2)))
	for _, line := range look.Wrap(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.Width-2) {
		t.Line("  ", t.Paint(look.Faint, line))
	}
	t.reasons()
	t.Line()
	for _, line := range look.Wrap(fmt.Sprintf("%s asked, %s covered of what the document says, %s",
		operationsAsked(&t.tally), look.Percent(t.tally.Covered, t.tally.Items), speed(t.r)), t.Width-2) {
		t.Line("  ", line)
	}
	if l := latencies(t.r.Latency); l != "" {
		t.Line("  ", look.Fit("latency "+l, t.Width-2))
	}
	d := &t.r.Document
	t.Line("  ", t.Paint(look.Faint, look.Fit(strings.TrimSpace(fmt.Sprintf("document %s %s %s", d.Path, d.Title, d.Version)), t.Width-2)))
	t.Line("  ", t.Paint(look.Faint, look.Fit(askedBy(t.r), t.Width-2)))
}

func operationsAsked(t *tally) string {
	return fmt.Sprintf("%s of %s", look.Grouped(t.Asked), look.Plural(t.Operations, "operation"))
}

func askedBy(r *contract.Report) string {
	what := "provider"
	if r.Provider == "" {
		what = "recording"
	}
	return fmt.Sprintf("%s %s, seed %d, by %s", what, asked(r), r.Seed, r.Tool)
}

func (t *terminal) reasons() {
	var lines []string
	for _, reason := range t.r.Reasons {
		for i, line := range look.Wrap(reason, t.Width-4) {
			lines = append(lines, map[bool]string{true: "  - ", false: "    "}[i == 0]+line)
		}
	}
	shown := t.Cut(len(lines), maxReasonLines)
	for _, line := range lines[:shown] {
		t.Line(line)
	}
	t.Left(len(lines)-shown, " lines")
}

// cases tells how the cases of each kind ended.
func (t *terminal) cases() {
	if len(t.r.Cases) == 0 {
		return
	}
	t.Heading(look.Bold, "CASES", "by kind")
	g := look.Grid{{look.Left("kind"), look.Right("made"), look.Right("passed"), look.Right("broken"), look.Right("not run"), look.Left("why")}}
	for i := range t.r.Cases {
		k := &t.r.Cases[i]
		g = append(g, []look.Cell{look.Left(string(k.Kind)), look.Right(look.Grouped(k.Made)), look.Right(look.Grouped(k.Passed)),
			look.Right(look.Grouped(k.Broken)), look.Right(look.Grouped(sum(k.NotRun))), look.Left(listed(k.NotRun, t.Cut(len(k.NotRun), maxNotRun)))})
	}
	t.Grid(g)
}

// checks tells how often each check was made: all of them, or those that were
// broken.
func (t *terminal) checks() {
	g := look.Grid{{look.Left("check"), look.Right("made"), look.Right("broken"), look.Right("")}}
	quiet := 0
	for _, c := range t.r.Checks {
		if c.Broken == 0 && !t.Verbose {
			quiet++
			continue
		}
		g = append(g, []look.Cell{look.Left(string(c.Check)), look.Right(look.Grouped(c.Made)), look.Right(look.Grouped(c.Broken)),
			look.Right(look.Percent(c.Broken, c.Made))})
	}
	if len(t.r.Checks) == 0 {
		return
	}
	t.Heading(look.Bold, "CHECKS", "of every answer, and of what a case asks for")
	if len(g) > 1 {
		t.Grid(g)
	}
	if quiet > 0 {
		t.Line("  ", t.Paint(look.Faint, look.Fit(look.Plural(uint64(quiet), "check")+" that nothing broke", t.Width-2)))
	}
}
