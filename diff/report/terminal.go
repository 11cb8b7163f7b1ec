package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions struct {
	// Color asks for ANSI colours (ECMA-48 SGR). The caller knows whether the
	// writer is a terminal and what NO_COLOR says.
	Color bool
	// Width is the number of columns; 0 means 80, less than 40 means 40.
	Width int
	// Verbose lifts every limit on the number of lines.
	Verbose bool
	// More names where the rest stands, such as "report.html", for the lines
	// that say how much was left out. It may be empty.
	More string
}

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
	if opt.Width == 0 {
		opt.Width = 80
	}
	opt.Width = max(opt.Width, 40)
	t := &terminal{w: bufio.NewWriter(w), opt: opt, r: r, tally: tallyOf(r)}
	t.verdict()
	t.differences("REGRESSIONS", red, diff.Regression, maxRegressions)
	t.troubles()
	t.differences("SUSPECTS", yellow, diff.Suspect, maxSuspects)
	t.differences("ACCEPTED", cyan, diff.Accepted, maxAccepted)
	t.noise()
	t.selfCheck()
	t.rules()
	t.sides()
	t.replay()
	t.account()
	return t.w.Flush()
}

// style is an SGR parameter.
type style string

const (
	bold   style = "1"
	faint  style = "2"
	red    style = "31;1"
	green  style = "32;1"
	yellow style = "33;1"
	cyan   style = "36"
)

// terminal writes the sections. Errors stay in w until it is flushed.
type terminal struct {
	w     *bufio.Writer
	opt   TerminalOptions
	r     *diff.Report
	tally tally
}

// paint colours text that is visible already.
func (t *terminal) paint(s style, text string) string {
	if !t.opt.Color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (t *terminal) line(parts ...string) {
	fmt.Fprintln(t.w, strings.TrimRight(strings.Join(parts, ""), " "))
}

// heading begins a section.
func (t *terminal) heading(s style, title, about string) {
	t.line()
	if about != "" {
		about = "  " + fit(about, t.opt.Width-len(title)-2)
	}
	t.line(t.paint(s, title), t.paint(faint, about))
}

// cut returns how many of n entries may be shown.
func (t *terminal) cut(n, limit int) int {
	if t.opt.Verbose {
		return n
	}
	return min(n, limit)
}

// left says that n entries were left out.
func (t *terminal) left(n int, noun string) {
	if n <= 0 {
		return
	}
	see := ", see --verbose"
	if t.opt.More != "" {
		see = ", see " + t.opt.More
	}
	t.line(t.paint(faint, fit(fmt.Sprintf("  … %s more%s%s", grouped(uint64(n)), noun, see), t.opt.Width)))
}

func verdictStyle(v diff.Verdict) style {
	switch v {
	case diff.Pass:
		return green
	case diff.Fail:
		return red
	}
	return yellow
}

func (t *terminal) verdict() {
	m := meaningOf(t.r.Verdict)
	title := strings.ToUpper(m.Title)
	t.line(t.paint(verdictStyle(m.Verdict), title), "  ", t.paint(bold, fit(t.tally.Found(), t.opt.Width-len(title)-2)))
	for _, line := range wrap(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.opt.Width-2) {
		t.line("  ", t.paint(faint, line))
	}
	t.reasons()
	compared := fmt.Sprintf("%s compared in %s", plural(t.tally.Compared, "exchange"), plural(t.tally.Operations, "operation"))
	if t.tally.NotCompared > 0 {
		compared += fmt.Sprintf(", %s not", grouped(t.tally.NotCompared))
	}
	t.line()
	for _, line := range wrap(compared+", "+lasted(t.r.Started, t.r.Ended), t.opt.Width-2) {
		t.line("  ", line)
	}
	t.confirmation()
	t.line("  ", t.paint(faint, fit("recording "+t.r.Input+", by "+t.r.Tool, t.opt.Width-2)))
}

func (t *terminal) reasons() {
	var lines []string
	for _, reason := range t.r.Reasons {
		for i, line := range wrap(reason, t.opt.Width-4) {
			lines = append(lines, map[bool]string{true: "  - ", false: "    "}[i == 0]+line)
		}
	}
	shown := t.cut(len(lines), maxReasonLines)
	for _, line := range lines[:shown] {
		t.line(line)
	}
	t.left(len(lines)-shown, " lines")
}

func (t *terminal) sides() {
	t.heading(bold, "SIDES", "")
	g := grid{{text("side"), text(""), number("asked"), number("answered"), text("faults")}}
	shown := t.cut(len(t.r.Sides), maxSides)
	for _, s := range t.r.Sides[:shown] {
		g = append(g, []cell{text(s.Side), text(s.URL), number(grouped(s.Asked)), number(grouped(s.Answered)), text(t.counts(s.Faults))})
	}
	t.grid(g)
	t.left(len(t.r.Sides)-shown, "")
}

func (t *terminal) counts(m map[string]uint64) string {
	return listed(m, t.cut(len(m), maxCounts))
}
