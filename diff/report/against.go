package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/against"
)

// maxFindings is how many findings of one state are listed where not all are
// asked for.
const maxFindings = 12

// stateWords says of each state what it means, in the order in which they are
// shown.
var stateWords = []struct {
	state against.State
	style style
	about string
}{
	{against.New, red, "in the later run alone"},
	{against.Worse, red, "judged as less before"},
	{against.Still, yellow, "judged as before"},
	{against.Less, cyan, "judged as more before"},
	{against.Unseen, yellow, "not compared in the later run"},
	{against.Gone, green, "not found again"},
}

// AgainstTerminal writes what two runs say together, for a person at a terminal.
func AgainstTerminal(w io.Writer, c *against.Comparison, opt TerminalOptions) error {
	if opt.Width == 0 {
		opt.Width = 80
	}
	opt.Width = max(opt.Width, 40)
	t := &terminal{w: bufio.NewWriter(w), opt: opt}
	verdict := c.Verdict()
	t.line(t.paint(bold, strings.ToUpper(string(verdict))), "  ", fit(againstSummary(c), opt.Width-2-len(verdict)))
	for _, run := range []struct {
		name string
		run  against.Run
	}{{"before", c.Old}, {"now   ", c.New}} {
		t.line("  ", run.name, " ", fit(runWords(run.run), opt.Width-9))
	}
	for _, s := range stateWords {
		t.findings(c, s.state, s.style, s.about)
	}
	return t.w.Flush()
}

func againstSummary(c *against.Comparison) string {
	var parts []string
	for _, s := range stateWords {
		if n := c.Counts[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.state))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no finding in either run"}
	}
	return strings.Join(parts, ", ") + fmt.Sprintf("; noise in both: %d", c.Explained)
}

func runWords(r against.Run) string {
	return fmt.Sprintf("%s, %s compared, %s of %s", r.Verdict, plural(r.Compared, "outcome"), r.Input, r.Started)
}

func (t *terminal) findings(c *against.Comparison, state against.State, s style, about string) {
	n := int(c.Counts[state])
	if n == 0 {
		return
	}
	t.heading(s, strings.ToUpper(string(state)), about)
	shown, operation := t.cut(n, maxFindings), ""
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.State != state || shown == 0 {
			continue
		}
		shown--
		if f.Operation != operation {
			operation = f.Operation
			t.line("  ", t.paint(bold, fit(operation, t.opt.Width-2)))
		}
		what := findingWords(f)
		t.line("    ", pad(fit(f.Place.String(), t.opt.Width-6-len(what)), 28), "  ", what)
	}
	t.left(n-t.cut(n, maxFindings), "")
}

// findingWords tells the kind and how it is judged, in ASCII.
func findingWords(f *against.Finding) string {
	is := func(d *diff.Difference) string {
		if d == nil {
			return "not there"
		}
		return string(d.Judgement)
	}
	before, now := is(f.Old), is(f.New)
	if before == now {
		return fmt.Sprintf("%s, %s", f.Kind, now)
	}
	return fmt.Sprintf("%s, %s -> %s", f.Kind, before, now)
}

// AgainstMarkdown writes what two runs say together as a comment for a merge
// request, of at most limit bytes as [Markdown] does.
func AgainstMarkdown(w io.Writer, c *against.Comparison, limit int) error {
	if limit == 0 {
		limit = DefaultMarkdownBytes
	}
	if limit < MinMarkdownBytes {
		return fmt.Errorf("markdown: limit of %d bytes is too small, want at least %d", limit, MinMarkdownBytes)
	}
	m := &markdown{left: limit}
	m.add(fmt.Sprintf("## twinspect compare: %s\n\n%s\n\n", c.Verdict(), prose("Findings: "+againstSummary(c))))
	m.add(fmt.Sprintf("- before: %s\n- now: %s\n\n", prose(clip(runWords(c.Old), headColumns)), prose(clip(runWords(c.New), headColumns))))
	m.entries("| | operation | where | difference |\n|---|---|---|---|\n", "\n", "finding", len(c.Findings), 0, func(i int) string {
		f := &c.Findings[i]
		return fmt.Sprintf("| %s | %s | %s | %s |\n", f.State,
			code(f.Operation, markdownColumns), code(f.Place.String(), markdownColumns), escape(findingWords(f)))
	})
	_, err := io.WriteString(w, m.b.String())
	return err
}

// AgainstJSON writes what two runs say together, the verdict with it.
func AgainstJSON(w io.Writer, c *against.Comparison) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Verdict diff.Verdict `json:"verdict"`
		*against.Comparison
	}{c.Verdict(), c})
}
