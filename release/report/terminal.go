package report

import (
	"fmt"
	"io"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// TerminalOptions says how [Terminal] and [Explain] write. The zero value is plain
// text, 80 columns wide.
type TerminalOptions = look.TerminalOptions

// The limits of what is not verbose: the short form is below 100 lines, and the
// explanation, of some 10 groups, below 3,000.
const (
	maxReasons  = 8  // that call for the decision, in the short form
	maxInGroup  = 40 // of a kind, in the explanation
	reasonLines = 3
	changeLines = 3
	placeLines  = 2
)

// Terminal writes v in short: the decision, what it is about, and the reasons that
// call for it, each with what would change it.
func Terminal(w io.Writer, v *release.Verdict, o TerminalOptions) error {
	t := &terminal{look.NewTerminal(w, o)}
	t.head(v)
	list, rest := calls(v)
	shown := t.Cut(len(list), maxReasons)
	for i := range list[:shown] {
		t.reason(&list[i], about(&list[i])+": ", Short)
	}
	t.Left(len(list)-shown, " reasons")
	if rest > 0 {
		t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("and %s that %s for another decision", look.Plural(uint64(rest), "reason"), verb(rest)), t.Width-2))) //nolint:gosec // a length
	}
	t.foot(v)
	return t.Flush()
}

func verb(n int) string {
	if n == 1 {
		return "calls"
	}
	return "call"
}

type terminal struct{ *look.Terminal }

func (t *terminal) head(v *release.Verdict) {
	m := verdictMeaning(v)
	t.Line(t.Paint(m.Style, m.Title), "  ", t.Paint(look.Bold, look.Fit(subjectSays(v.Subject), t.Width-len(m.Title)-2)))
	t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.Width-2)))
}

func (t *terminal) foot(v *release.Verdict) {
	t.Line()
	if v.Override != nil {
		t.Hanging("  ", overrideSays(v.Override), reasonLines)
	}
	t.Hanging("  ", standing(v), placeLines)
	t.Line("  ", t.Paint(look.Faint, look.Fit(policySays(v), t.Width-2)))
}

// reason writes a reason after its name, and below it what would change it and where
// it comes from. The mark is the same whether there are colours or not.
func (t *terminal) reason(r *release.Reason, name string, id func(string) string) {
	m := MeaningOf(r.Decision)
	lines := look.Wrap(name+r.Text, t.Width-4)
	shown := t.Cut(len(lines), reasonLines)
	for i, line := range lines[:shown] {
		mark := " "
		if i == 0 {
			mark = t.Paint(m.Style, m.mark)
		}
		if i == shown-1 && shown < len(lines) {
			line = look.Fit(line+" …", t.Width-4)
		}
		t.Line("  ", mark, " ", line)
	}
	if r.Change != "" {
		t.Hanging("      to change it: ", r.Change, changeLines)
	}
	if text := place(r, id); text != "" {
		t.Hanging("      ", text, placeLines)
	}
}
