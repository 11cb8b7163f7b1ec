package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// The bounds of the part that is never left out, in entries, and of one entry's
// text, in columns. An escaped column takes at most 12 bytes with what keeps it
// from being a reference: the head is below 20 KB.
const (
	maxReasons      = 5
	headColumns     = 120
	reasonColumns   = 200
	markdownColumns = 60
	detailColumns   = 300
	curlColumns     = 1000
)

// Markdown writes r as a comment for a merge request on GitHub or GitLab: the
// verdict and why, a table of the findings, the coverage, and to unfold the
// smallest requests, what is uncovered, and what of the document could not be
// used. It is at most 60,000 bytes long: entries are left out whole, the least
// important first, and it says how many.
//
// Text from outside stands inside code elements, its punctuation as character
// references, which CommonMark section 2.5 keeps from being structure; it
// mentions nobody and links nowhere.
func Markdown(w io.Writer, r *contract.Report) error {
	m := &markdown{look.Comment{Room: look.CommentBytes}}
	m.head(r)
	// Half of what is left is kept for examples and coverage, so that a long table
	// does not push out all that explains it.
	m.table(r, m.Room/2)
	m.coverage(r)
	m.examples(r, m.Room/3)
	m.lists(r)
	_, err := io.WriteString(w, m.String())
	return err
}

// markdown collects the comment.
type markdown struct{ look.Comment }

func (m *markdown) head(r *contract.Report) {
	v, t := meaningOf(r.Verdict), tallyOf(r)
	icon := map[contract.Verdict]string{contract.Pass: "✅", contract.Fail: "❌"}[v.Verdict]
	if icon == "" {
		icon = "⚠️"
	}
	m.Add(fmt.Sprintf("### %s Twinspect: %s — %s\n\n", icon, strings.ToLower(v.Title), t.Says()))
	for i, reason := range r.Reasons {
		if i == maxReasons {
			m.Add(fmt.Sprintf("- and %s\n", look.Plural(uint64(len(r.Reasons)-i), "more reason")))
			break
		}
		m.Add("- " + look.Prose(look.Fit(reason, reasonColumns)) + "\n")
	}
	m.Add(fmt.Sprintf("\n%s asked, %s of the document covered, %s. Exit code %d: %s.\n",
		operationsAsked(&t), look.Percent(t.Covered, t.Items), speed(r), v.Code, v.Text))
	for i := range r.Cases[:min(len(r.Cases), len(kinds))] {
		k := &r.Cases[i]
		if i == 0 {
			m.Add("\n")
		}
		m.Add(fmt.Sprintf("- %s: %s cases, %s\n", look.Code(string(k.Kind), markdownColumns), look.Grouped(k.Made),
			look.Escape(look.Fit(kindLine(k), reasonColumns))))
	}
	m.Add(fmt.Sprintf("\n<sub>Document %s, %s, by %s</sub>\n", look.Code(r.Document.Path+" "+r.Document.Version, headColumns),
		look.Code(asked(r), headColumns), look.Code(r.Tool, headColumns)))
}

func (m *markdown) table(r *contract.Report, reserve int) {
	before := "\n| | Check | Operation | What | Answers |\n|---|---|---|---|--:|\n"
	m.Entries(before, "", "finding", len(r.Findings), reserve, func(i int) string {
		f := &r.Findings[i]
		badge := "❌"
		if f.Flaky {
			badge = "❔ " + flaky(f)
		}
		return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", badge, look.Code(string(f.Check), markdownColumns),
			look.Code(f.Operation, markdownColumns), look.Code(f.Message, reasonColumns), look.Grouped(f.Count))
	})
}

func (m *markdown) coverage(r *contract.Report) {
	list := byPart(r.Coverage.Operations)
	before := "\n<details><summary>Coverage of the document</summary>\n\n| Part | Covered | Kept to | Broken |\n|---|--:|--:|--:|\n"
	m.Entries(before, "\n</details>\n", "part", len(list), m.Room/2, func(i int) string {
		p := &list[i]
		return fmt.Sprintf("| %s | %s/%s %s | %s | %s of %s |\n", look.Code(partNoun(p.Title), markdownColumns), look.Grouped(p.Covered),
			look.Grouped(p.Items), look.Percent(p.Covered, p.Items), look.Grouped(p.Positive), look.Grouped(p.Negative), look.Grouped(p.Breakable))
	})
}

func (m *markdown) examples(r *contract.Report, reserve int) {
	m.Entries("\n<details><summary>Smallest requests</summary>\n\n", "\n</details>\n", "finding", len(r.Findings), reserve, func(i int) string {
		f := &r.Findings[i]
		var b strings.Builder
		fmt.Fprintf(&b, "- %s %s: %s\n", look.Code(f.Operation, detailColumns), look.Code(string(f.Check), markdownColumns),
			look.Prose(look.Fit(f.Message, detailColumns)))
		fmt.Fprintf(&b, "  - %s\n", look.Prose(facts(f)))
		first := max(len(f.Example.Steps)-maxSteps, 0)
		for j := range f.Example.Steps[first:] {
			s := &f.Example.Steps[first+j]
			fmt.Fprintf(&b, "  - %s<br>%s\n", look.Code(s.Curl, curlColumns), look.Prose(look.Fit(answered(s), detailColumns)))
		}
		return b.String()
	})
}

// lists tells what is uncovered and what could not be used.
func (m *markdown) lists(r *contract.Report) {
	entry := func(s string) string { return "- " + look.Code(s, detailColumns) + "\n" }
	m.Entries(fmt.Sprintf("\n<details><summary>Problems of the document: %d</summary>\n\n", len(r.Problems)), "\n</details>\n", "problem",
		len(r.Problems), m.Room/2, func(i int) string { return entry(r.Problems[i].String()) })
	open := lacks(r)
	m.Entries(fmt.Sprintf("\n<details><summary>Uncovered: %d</summary>\n\n", len(open)), "\n</details>\n", "item", len(open), m.Room/2, func(i int) string {
		l := &open[i]
		return entry(fmt.Sprintf("%s %s %s: %s", l.Operation, l.Part, l.Name, missing(&l.CoverItem)))
	})
	m.Entries(fmt.Sprintf("\n<details><summary>Gaps: %d</summary>\n\n", len(r.Gaps)), "\n</details>\n", "gap",
		len(r.Gaps), 0, func(i int) string { return entry(gapLine(&r.Gaps[i])) })
}
