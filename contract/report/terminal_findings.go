package report

import (
	"fmt"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

func (t *terminal) findings() {
	var proven, unsure []*contract.Finding
	for i := range t.r.Findings {
		if f := &t.r.Findings[i]; f.Flaky {
			unsure = append(unsure, f)
		} else {
			proven = append(proven, f)
		}
	}
	t.group("FINDINGS", "one for each cause, with the smallest request that shows it", look.Red, proven, maxFindings)
	t.group("FLAKY", "came not each time the same was asked", look.Yellow, unsure, maxFlaky)
}

func (t *terminal) group(title, about string, s look.Style, list []*contract.Finding, limit int) {
	if len(list) == 0 {
		return
	}
	t.Heading(s, title, about)
	shown := t.Cut(len(list), limit)
	for i, f := range list[:shown] {
		if i > 0 {
			t.Line()
		}
		t.finding(s, f)
	}
	t.Left(len(list)-shown, "")
}

func (t *terminal) finding(s look.Style, f *contract.Finding) {
	check := look.Fit(string(f.Check), t.Width/2)
	t.Line("  ", t.Paint(s, check), "  ", t.Paint(look.Bold, look.Fit(f.Operation, t.Width-4-look.Width(check))))
	message := f.Message
	if f.At != "" && !strings.Contains(message, string(f.At)) {
		message = string(f.At) + ": " + message
	}
	t.Hanging("    ", message, messageLines)
	for i, line := range look.Wrap(facts(f), t.Width-4) {
		if i < messageLines {
			t.Line("    ", t.Paint(look.Faint, line))
		}
	}
	t.example(&f.Example)
}

func (t *terminal) example(e *contract.Example) {
	shown := t.Cut(len(e.Steps), maxSteps)
	first := len(e.Steps) - shown // the last steps are those that show it
	if first > 0 {
		t.Line("    ", t.Paint(look.Faint, fmt.Sprintf("… %s before", look.Plural(uint64(first), "step")))) //nolint:gosec // a length
	}
	for i := range e.Steps[first:] {
		st := &e.Steps[first+i]
		t.curl(st.Curl)
		t.Line("      ", t.Paint(look.Cyan, look.Fit("→ "+answered(st), t.Width-6)))
	}
}

// curl writes a line for a shell as it is, so that it can be copied: longer than
// the terminal where it is, but never without end.
func (t *terminal) curl(line string) {
	width := t.Width * curlLines
	if t.Verbose {
		width = max(len(line), 1)
	}
	t.Line("    $ ", look.Fit(line, width))
}
