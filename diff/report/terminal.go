package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions = look.TerminalOptions

// The limits of a report that is not verbose. With them it has at most
// terminalLines lines: a difference takes at most 14 (its operation's heading,
// its place, 5 of counts with 20 digits each, 2 of values, 5 on its cause), a
// stage at most maxStageLines and 3 more, a rule at most 3 and its problems, a
// group of blind spots blindLines, each of the 12 sections adds a heading, a blank
// line, and a line that says what was left out, and 2 sentences stand below the
// verdict.
const (
	maxRegressions = 12
	maxSuspects    = 6
	maxAccepted    = 4
	maxNoise       = 5
	maxRules       = 5
	maxReasonLines = 8
	maxSides       = 6
	maxStages      = 12
	maxStageLines  = 9 // in a terminal too narrow for the table
	maxCounts      = 5 // reasons told by name in one line
	terminalLines  = maxReasonLines + maxSides + 14*(maxRegressions+maxSuspects+maxAccepted) + maxNoise +
		(3+maxProblems)*maxRules + (maxStageLines+3)*maxStages + maxLanes + 1 + maxLinks + maxRewrites + 3 +
		maxTroubleLines*(maxTroubles+3) + blindLines*maxBlindGroups + 3*12
)

// Terminal writes r for a person at a terminal: the verdict and why, the
// regressions, the troubles by their cause, the suspects and what was accepted, the
// noise in a few lines, the self-check, the rules, the sides and the account.
func Terminal(w io.Writer, r *diff.Report, opt TerminalOptions) error {
	t := &terminal{Terminal: look.NewTerminal(w, opt), r: r, tally: tallyOf(r)}
	t.verdict()
	t.differences("REGRESSIONS", look.Red, diff.Regression, maxRegressions)
	t.troubles()
	t.differences("SUSPECTS", look.Yellow, diff.Suspect, maxSuspects)
	t.differences("ACCEPTED", look.Cyan, diff.Accepted, maxAccepted)
	t.noise()
	t.selfCheck()
	t.rules()
	t.sides()
	t.replay()
	t.account()
	return t.Flush()
}

// terminal writes the sections.
type terminal struct {
	*look.Terminal
	r     *diff.Report
	tally tally
}

func verdictStyle(v diff.Verdict) look.Style {
	switch v {
	case diff.Pass:
		return look.Green
	case diff.Fail:
		return look.Red
	}
	return look.Yellow
}

func (t *terminal) verdict() {
	m := meaningOf(t.r.Verdict)
	title := strings.ToUpper(m.Title)
	t.Line(t.Paint(verdictStyle(m.Verdict), title), "  ", t.Paint(look.Bold, look.Fit(t.tally.Found(), t.Width-len(title)-2)))
	for _, line := range look.Wrap(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.Width-2) {
		t.Line("  ", t.Paint(look.Faint, line))
	}
	t.reasons()
	compared := fmt.Sprintf("%s compared in %s", look.Plural(t.tally.Compared, "exchange"), look.Plural(t.tally.Operations, "operation"))
	if t.tally.NotCompared > 0 {
		compared += fmt.Sprintf(", %s not", look.Grouped(t.tally.NotCompared))
	}
	t.Line()
	for _, line := range look.Wrap(compared+", "+look.Lasted(t.r.Started, t.r.Ended), t.Width-2) {
		t.Line("  ", line)
	}
	t.confirmation()
	t.Line("  ", t.Paint(look.Faint, look.Fit("recording "+t.r.Input+", by "+t.r.Tool, t.Width-2)))
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

func (t *terminal) sides() {
	t.Heading(look.Bold, "SIDES", "")
	g := look.Grid{{look.Left("side"), look.Left(""), look.Right("asked"), look.Right("answered"), look.Left("faults")}}
	shown := t.Cut(len(t.r.Sides), maxSides)
	for _, s := range t.r.Sides[:shown] {
		g = append(g, []look.Cell{look.Left(s.Side), look.Left(s.URL), look.Right(look.Grouped(s.Asked)), look.Right(look.Grouped(s.Answered)), look.Left(t.counts(s.Faults))})
	}
	t.Grid(g)
	t.Left(len(t.r.Sides)-shown, "")
}

func (t *terminal) counts(m map[string]uint64) string {
	return listed(m, t.Cut(len(m), maxCounts))
}
