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

// The bounds of the part that is never left out, in entries, and of one entry's
// text, in columns. An escaped column takes at most 12 bytes with what keeps it
// from being a reference: the head is below 20 KB.
const (
	maxHeadReasons  = 5
	headColumns     = 120
	reasonColumns   = 200
	markdownColumns = 60
	detailColumns   = 300
)

// Markdown writes r as a comment for a merge request on GitHub or GitLab: the
// verdict and why, who breaks and by what, the breaking changes with their weight,
// and to unfold the risks, the notices, and the other changes. It is at most 60,000
// bytes long: entries are left out whole, the least important first, and it says
// how many.
//
// Text from outside stands inside code elements, its punctuation as character
// references, which CommonMark section 2.5 keeps from being structure; it
// mentions nobody and links nowhere.
func Markdown(w io.Writer, r *impact.Report) error {
	m := &markdown{Comment: look.Comment{Room: look.CommentBytes}, r: r, tally: tallyOf(r)}
	m.head()
	m.breaks()
	m.breaking()
	m.folded()
	_, err := io.WriteString(w, m.String())
	return err
}

// markdown collects the comment.
type markdown struct {
	look.Comment
	r     *impact.Report
	tally tally
}

func (m *markdown) head() {
	v, r := meaningOf(m.r.Verdict, &m.tally), m.r
	icon := map[contract.Verdict]string{contract.Pass: "✅", contract.Fail: "❌"}[v.Verdict]
	if icon == "" {
		icon = "⚠️"
	}
	m.Add(fmt.Sprintf("### %s Twinspect: %s — %s %s\n\n", icon, strings.ToLower(v.Title), look.Code(providerOf(r), markdownColumns), m.tally.Says()))
	for i, reason := range r.Reasons {
		if i == maxHeadReasons {
			m.Add(fmt.Sprintf("- and %s\n", look.Plural(uint64(len(r.Reasons)-i), "more reason")))
			break
		}
		m.Add("- " + look.Prose(look.Fit(reason, reasonColumns)) + "\n")
	}
	m.Add("\n")
	if r.Old != nil {
		m.Add(m.tally.ChangesSay() + ". ")
	}
	m.Add(fmt.Sprintf("Exit code %d: %s.\n", v.Code, v.Text))
	m.Add(fmt.Sprintf("\n<sub>%s, by %s</sub>\n", look.Code(comparedSays(r), headColumns), look.Code(r.Tool, headColumns)))
}

// concern is an effect with whom it concerns.
type concern struct {
	*impact.Consumer
	*impact.Effect
}

func (m *markdown) concerns(levels ...impact.Level) []concern {
	var list []concern
	for _, l := range levels {
		for i := range m.r.Consumers {
			k := &m.r.Consumers[i]
			for j := range k.Effects {
				if k.Effects[j].Level == l {
					list = append(list, concern{k, &k.Effects[j]})
				}
			}
		}
	}
	return list
}

// breaks is a table of what breaks whom. Half of what is left is kept for what
// explains it.
func (m *markdown) breaks() {
	list := m.concerns(impact.Breaks)
	m.Entries("\n| | Consumer | Breaks, as it | Rule | Where |\n|---|---|---|---|---|\n", "", "effect", len(list), m.Room/2, func(i int) string {
		e := &list[i]
		return fmt.Sprintf("| ❌ | %s | %s | %s | %s |\n", look.Code(e.Name, markdownColumns), look.Prose(look.Fit(e.Text, reasonColumns)),
			look.Code(e.Rule, markdownColumns), place(e.Old, e.Effect.New))
	})
}

func place(before, after string) string {
	if p := placesSay(before, after); p != "" {
		return look.Code(p, headColumns)
	}
	return ""
}

func (m *markdown) changes(keep func(c *impact.Change) bool) []*impact.Change {
	var list []*impact.Change
	for i := range m.r.Changes {
		if keep(&m.r.Changes[i]) {
			list = append(list, &m.r.Changes[i])
		}
	}
	return list
}

func (m *markdown) breaking() {
	list := m.changes(func(c *impact.Change) bool { return c.Level == compat.Breaking })
	m.Entries("\n**Breaking changes**\n\n", "", "breaking change", len(list), m.Room/3, func(i int) string { return changeEntry(list[i]) })
}

func changeEntry(c *impact.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s %s: %s", look.Code(whereSays(c.Operation, c.Status, c.At), headColumns), look.Code(c.ID, markdownColumns), look.Prose(look.Fit(c.Text, detailColumns)))
	if c.Weight != "" {
		fmt.Fprintf(&b, " — **%s**", look.Prose(look.Fit(c.Weight, detailColumns)))
	}
	if p := place(c.Old, c.New); p != "" {
		b.WriteString("<br><sub>" + p + "</sub>")
	}
	return b.String() + "\n"
}

// folded is what one need not read to decide.
func (m *markdown) folded() {
	concerned := func(title, noun string, l impact.Level) {
		list := m.concerns(l)
		m.details(title, noun, len(list), m.Room/2, func(i int) string {
			e := &list[i]
			return fmt.Sprintf("- %s %s %s\n", look.Code(e.Name, markdownColumns), look.Prose(look.Fit(e.Text, detailColumns)), look.Code(e.Rule, markdownColumns))
		})
	}
	concerned("Risks", "risk", impact.Risk)
	list := m.changes(func(c *impact.Change) bool { return c.Level == compat.Risky })
	m.details("Risky changes", "risky change", len(list), m.Room/2, func(i int) string { return changeEntry(list[i]) })
	m.details("Consumers", "consumer", len(m.r.Consumers), m.Room/2, func(i int) string {
		k := &m.r.Consumers[i]
		return fmt.Sprintf("- %s %s: %s\n", look.Code(k.Name, markdownColumns), badge(k.Level), callsSay(k))
	})
	problems := m.r.Problems
	m.details("Problems of the documents", "problem", len(problems), m.Room/2, func(i int) string { return "- " + look.Code(problems[i].String(), detailColumns) + "\n" })
	concerned("Notices: met, and nothing shows that it is used", "notice", impact.Notice)
	list = m.changes(func(c *impact.Change) bool { return c.Level != compat.Breaking && c.Level != compat.Risky })
	m.details("Safe changes", "safe change", len(list), 0, func(i int) string { return changeEntry(list[i]) })
}

func (m *markdown) details(title, noun string, n, reserve int, entry func(int) string) {
	m.Entries(fmt.Sprintf("\n<details><summary>%s: %d</summary>\n\n", title, n), "\n</details>\n", noun, n, reserve, entry)
}
