package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/against"
	"twinspect.dev/diff/report/look"
)

// maxFindings is how many findings of one state are listed where not all are
// asked for.
const maxFindings = 12

// stateWords says of each state what it means, in the order in which they are
// shown.
var stateWords = []struct {
	state against.State
	style look.Style
	about string
}{
	{against.New, look.Red, "in the later run alone"},
	{against.Worse, look.Red, "judged as less before"},
	{against.Still, look.Yellow, "judged as before"},
	{against.Less, look.Cyan, "judged as more before"},
	{against.Unseen, look.Yellow, "not compared in the later run"},
	{against.Gone, look.Green, "not found again"},
}

// AgainstTerminal writes what two runs say together, for a person at a terminal.
func AgainstTerminal(w io.Writer, c *against.Comparison, opt TerminalOptions) error {
	t := &terminal{Terminal: look.NewTerminal(w, opt)}
	verdict := c.Verdict()
	t.Line(t.Paint(look.Bold, strings.ToUpper(string(verdict))), "  ", look.Fit(againstSummary(c), t.Width-2-len(verdict)))
	for _, run := range []struct {
		name string
		run  against.Run
	}{{"before", c.Old}, {"now   ", c.New}} {
		t.Line("  ", run.name, " ", look.Fit(runWords(run.run), t.Width-9))
	}
	for _, s := range stateWords {
		t.findings(c, s.state, s.style, s.about)
	}
	return t.Flush()
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
	return fmt.Sprintf("%s, %s compared, %s of %s", r.Verdict, look.Plural(r.Compared, "outcome"), r.Input, r.Started)
}

func (t *terminal) findings(c *against.Comparison, state against.State, s look.Style, about string) {
	n := int(c.Counts[state])
	if n == 0 {
		return
	}
	t.Heading(s, strings.ToUpper(string(state)), about)
	shown, operation := t.Cut(n, maxFindings), ""
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.State != state || shown == 0 {
			continue
		}
		shown--
		if f.Operation != operation {
			operation = f.Operation
			t.Line("  ", t.Paint(look.Bold, look.Fit(operation, t.Width-2)))
		}
		what := findingWords(f)
		t.Line("    ", look.Pad(look.Fit(f.Place.String(), t.Width-6-len(what)), 28), "  ", what)
	}
	t.Left(n-t.Cut(n, maxFindings), "")
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
	m := &markdown{look.Comment{Room: limit}}
	m.Add(fmt.Sprintf("## twinspect compare: %s\n\n%s\n\n", c.Verdict(), look.Prose("Findings: "+againstSummary(c))))
	m.Add(fmt.Sprintf("- before: %s\n- now: %s\n\n", look.Prose(look.Clip(runWords(c.Old), headColumns)), look.Prose(look.Clip(runWords(c.New), headColumns))))
	m.Entries("| | operation | where | difference |\n|---|---|---|---|\n", "\n", "finding", len(c.Findings), 0, func(i int) string {
		f := &c.Findings[i]
		return fmt.Sprintf("| %s | %s | %s | %s |\n", f.State,
			look.Code(f.Operation, markdownColumns), look.Code(f.Place.String(), markdownColumns), look.Escape(findingWords(f)))
	})
	_, err := io.WriteString(w, m.String())
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
