package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions = look.TerminalOptions

// The limits of a report that is not verbose: a consumer takes at most 1 +
// maxEffects × 6 + 1 lines, a change at most 8, so that all is below 500 lines.
const (
	maxReasonLines = 8
	maxConsumers   = 12
	maxEffects     = 3
	maxSafe        = 6
	maxChanges     = 12
	maxProblems    = 6
	textLines      = 3
	placeLines     = 2
	nameColumns    = 40
)

// Terminal writes r for a person at a terminal: the verdict and why, the consumers
// with what concerns them, the changes with their weight, and what of the documents
// could not be used. What concerns nobody is counted, and told when verbose.
func Terminal(w io.Writer, r *impact.Report, o TerminalOptions) error {
	t := &terminal{Terminal: look.NewTerminal(w, o), r: r, tally: tallyOf(r)}
	t.verdict()
	t.consumers()
	t.changes()
	t.problems()
	t.account()
	return t.Flush()
}

// terminal writes the sections.
type terminal struct {
	*look.Terminal
	r     *impact.Report
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
	m := meaningOf(t.r.Verdict, &t.tally)
	title := strings.ToUpper(m.Title)
	t.Line(t.Paint(verdictStyle(m.Verdict), title), "  ", t.Paint(look.Bold, look.Fit(t.tally.Says(), t.Width-len(title)-2)))
	for _, line := range look.Wrap(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.Width-2) {
		t.Line("  ", t.Paint(look.Faint, line))
	}
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
	t.Line()
	if t.r.Old != nil {
		t.Line("  ", look.Fit(t.tally.ChangesSay(), t.Width-2))
	}
	t.Line("  ", t.Paint(look.Faint, look.Fit(providerOf(t.r)+": "+comparedSays(t.r), t.Width-2)))
	t.Line("  ", t.Paint(look.Faint, look.Fit("by "+t.r.Tool, t.Width-2)))
}

func levelStyle(l impact.Level) look.Style {
	switch l {
	case impact.Breaks:
		return look.Red
	case impact.Risk:
		return look.Yellow
	case impact.Notice:
		return look.Faint
	}
	return look.Green
}

// consumers tells those that are concerned one by one, and the others in a line each.
func (t *terminal) consumers() {
	if len(t.r.Consumers) == 0 {
		return
	}
	t.Heading(look.Bold, "CONSUMERS", fmt.Sprintf("%d break, %d at risk, %d safe", t.tally.Breaks, t.tally.Risks, t.tally.Safe))
	concerned := int(t.tally.Breaks + t.tally.Risks) //nolint:gosec // lengths
	shown := t.Cut(concerned, maxConsumers)
	safe := t.Cut(len(t.r.Consumers)-concerned, maxSafe)
	width := 0
	for i := range t.r.Consumers {
		width = max(width, min(look.Width(look.Visible(look.Clip(t.r.Consumers[i].Name, nameColumns*4))), nameColumns, t.Width/3))
	}
	for i := range t.r.Consumers {
		if i < shown || i >= concerned && i < concerned+safe {
			t.consumer(&t.r.Consumers[i], width)
		}
		if i == concerned-1 {
			t.Left(concerned-shown, " that break or are at risk")
		}
	}
	t.Left(len(t.r.Consumers)-concerned-safe, " safe")
}

func (t *terminal) consumer(k *impact.Consumer, width int) {
	b := look.Pad(badge(k.Level), len("at risk"))
	t.Line("  ", t.Paint(levelStyle(k.Level), b), "  ", t.Paint(look.Bold, look.Pad(look.Fit(k.Name, width), width)), "  ",
		t.Paint(look.Faint, look.Fit(sourceSays(k), max(t.Width-width-13, look.MinColumn))))
	_, _, notices := counted(k.Effects)
	told := len(k.Effects) - notices
	if t.Verbose {
		told, notices = len(k.Effects), 0
	}
	shown := t.Cut(told, maxEffects)
	for i := range k.Effects[:shown] {
		t.effect(&k.Effects[i])
	}
	if told > shown {
		t.Line("    ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("… %s more", look.Grouped(uint64(told-shown))), t.Width-4)))
	}
	if notices > 0 {
		t.Line("    ", t.Paint(look.Faint, look.Fit(look.Plural(uint64(notices), "notice")+" of what it meets without a use", t.Width-4)))
	}
}

func (t *terminal) effect(e *impact.Effect) {
	t.Hanging("    "+t.mark(e.Level)+" ", e.Text, textLines)
	t.Hanging("      ", e.Rule, 1)
	if p := placesSay(e.Old, e.New); p != "" {
		t.Hanging("      ", p, placeLines)
	}
}

// mark is one column wide: it tells the level where there are no colours too.
func (t *terminal) mark(l impact.Level) string {
	return map[impact.Level]string{impact.Breaks: "✗", impact.Risk: "!", impact.Notice: "·"}[l]
}

func changeStyle(l compat.Level) look.Style {
	switch l {
	case compat.Breaking:
		return look.Red
	case compat.Risky:
		return look.Yellow
	}
	return look.Green
}

// changes tells those that are not safe, or all where that is asked for.
func (t *terminal) changes() {
	if len(t.r.Changes) == 0 {
		return
	}
	t.Heading(look.Bold, "CHANGES", t.tally.ChangesSay())
	told := int(t.tally.Breaking + t.tally.Risky) //nolint:gosec // lengths
	if t.Verbose {
		told = len(t.r.Changes)
	}
	shown := t.Cut(told, maxChanges)
	for i := range t.r.Changes[:shown] {
		t.change(&t.r.Changes[i])
	}
	t.Left(told-shown, "")
	if !t.Verbose && t.tally.Mild > 0 {
		t.Line("  ", t.Paint(look.Faint, look.Fit(look.Plural(t.tally.Mild, "safe change")+", which nobody can tell", t.Width-2)))
	}
}

func (t *terminal) change(c *impact.Change) {
	level := look.Pad(look.Fit(string(c.Level), len(compat.Breaking)), len(compat.Breaking))
	t.Line("  ", t.Paint(changeStyle(c.Level), level), "  ", t.Paint(look.Bold, look.Fit(whereSays(c.Operation, c.Status, c.At), t.Width-12)))
	t.Hanging("            ", c.Text, textLines)
	if c.Weight != "" {
		t.Hanging("            = ", c.Weight, textLines)
	}
	t.Hanging("            ", c.ID, 1)
	if p := placesSay(c.Old, c.New); p != "" {
		t.Hanging("            ", p, placeLines)
	}
}

func (t *terminal) problems() {
	n := len(t.r.Problems)
	if n == 0 {
		return
	}
	t.Heading(look.Yellow, "PROBLEMS", "of the documents, whose parts could not be compared")
	shown := t.Cut(n, maxProblems)
	for i := range t.r.Problems[:shown] {
		t.Hanging("  ", t.r.Problems[i].String(), textLines)
	}
	t.Left(n-shown, "")
}

func (t *terminal) account() {
	if len(t.r.Account) == 0 {
		return
	}
	t.Heading(look.Bold, "ACCOUNT", "")
	for i := range t.r.Account {
		t.Hanging("  "+look.Fit(t.r.Account[i].Name, nameColumns/2)+"  ", stageSays(&t.r.Account[i]), textLines)
	}
}
