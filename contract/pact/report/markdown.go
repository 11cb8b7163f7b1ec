package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

// The bounds of a comment's entries, in columns: an escaped column takes at most 12
// bytes, so that the head is below 20 KB.
const (
	reasonColumns = 200
	nameColumns   = 80
	curlColumns   = 1000
	entryMisses   = 5 // mismatches of an interaction
)

// Markdown writes e as a comment for a merge request on GitHub or GitLab: the verdict
// and why, a table of the consumers, and what does not match. It is at most 60,000
// bytes long: entries are left out whole, and it says how many.
//
// Text from outside stands inside code elements, its punctuation as character
// references, which CommonMark section 2.5 keeps from being structure; it mentions
// nobody and links nowhere.
func Markdown(w io.Writer, e *Evidence) error {
	m := &markdown{look.Comment{Room: look.CommentBytes}}
	m.head(e)
	m.pacts(e)
	m.failures(e)
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct{ look.Comment }

var badges = map[contract.Verdict]string{contract.Pass: "✅", contract.Fail: "❌", contract.Inconclusive: "⚠️", contract.Interrupted: "⚠️"}

func (m *markdown) head(e *Evidence) {
	v := meaningOf(e.Verdict)
	m.Add(fmt.Sprintf("### %s Twinspect: %s — %s\n\n", badges[v.Verdict], strings.ToLower(v.Title), e.headline()))
	for i, reason := range e.Reasons {
		if i == maxReasons {
			m.Add(fmt.Sprintf("- and %s\n", look.Plural(uint64(len(e.Reasons)-i), "more reason"))) //nolint:gosec // a length
			break
		}
		m.Add("- " + look.Prose(look.Fit(reason, reasonColumns)) + "\n")
	}
	m.Add(fmt.Sprintf("\nExit code %d: %s.\n\n<sub>Provider %s, by %s</sub>\n", v.Code, v.Text,
		look.Code(e.Provider, reasonColumns), look.Code(e.Tool, nameColumns)))
}

// pacts is a table; half of the room is kept for what does not match.
func (m *markdown) pacts(e *Evidence) {
	before := "\n| | Consumer | Interactions | |\n|---|---|---|---|\n"
	m.Entries(before, "", "pact", len(e.Pacts), m.Room/2, func(i int) string {
		p := &e.Pacts[i]
		badge := badges[meaningOf(p.Verdict).Verdict]
		return fmt.Sprintf("| %s | %s | %s | %s |\n", badge, look.Code(p.Consumer, nameColumns), says(p.Counts), p.standing())
	})
}

func (m *markdown) failures(e *Evidence) {
	type failure struct {
		p *Pact
		r *verify.Result
	}
	var list []failure
	for i := range e.Pacts {
		for j := range e.Pacts[i].Results {
			if r := &e.Pacts[i].Results[j]; bad(r) {
				list = append(list, failure{&e.Pacts[i], r})
			}
		}
	}
	m.Entries("\n<details open><summary>What does not match, or was not run</summary>\n\n", "\n</details>\n", "interaction", len(list), 0, func(i int) string {
		return entry(list[i].p, list[i].r)
	})
}

func entry(p *Pact, r *verify.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s %s: %s", signOf(r.Outcome).mark, look.Code(p.Consumer, nameColumns), look.Code(r.Description, reasonColumns))
	if text := about(r); text != "" {
		b.WriteString(" " + look.Code(text, reasonColumns))
	}
	b.WriteByte('\n')
	if text := why(r); text != "" {
		fmt.Fprintf(&b, "  - %s\n", look.Code(text, reasonColumns))
	}
	for i := range r.Mismatches[:min(len(r.Mismatches), entryMisses)] {
		text := told(&r.Mismatches[i])
		if v := values(&r.Mismatches[i]); v != "" {
			text += ": " + v
		}
		fmt.Fprintf(&b, "  - %s\n", look.Code(text, reasonColumns))
	}
	if n := len(r.Mismatches) - entryMisses; n > 0 {
		fmt.Fprintf(&b, "  - and %d more\n", n)
	}
	if r.Curl != "" {
		fmt.Fprintf(&b, "  - %s\n", look.Code(r.Curl, curlColumns))
	}
	return b.String()
}
