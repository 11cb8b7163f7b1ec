package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// The bounds of a comment's entries, in columns: an escaped column takes at most 12
// bytes, so that the head is below 10 KB.
const (
	nameColumns   = 80
	placeColumns  = 200
	reasonColumns = 300
)

// Markdown writes v as a comment for a merge request on GitHub or GitLab: the
// decision, the reasons that call for it with what would change them, and to unfold
// the others. It is at most 60,000 bytes long: entries are left out whole, and it says
// how many.
//
// Text from outside has its punctuation as character references, which CommonMark
// section 2.5 keeps from being structure; it mentions nobody and links nowhere.
func Markdown(w io.Writer, v *release.Verdict) error {
	m := &markdown{look.Comment{Room: look.CommentBytes}}
	m.head(v)
	m.reasons(v)
	m.foot(v)
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct{ look.Comment }

func (m *markdown) head(v *release.Verdict) {
	d := verdictMeaning(v)
	m.Add(fmt.Sprintf("### %s Twinspect: %s — %s %s\n\n", d.badge, strings.ToLower(d.Title), look.Code(v.Subject.Service, nameColumns), look.Code(Short(v.Subject.Digest), nameColumns)))
	if v.Override != nil {
		m.Add("**Set aside by a person:** " + look.Prose(look.Fit(overrideSays(v.Override), reasonColumns)) + "\n\n")
	}
	m.Add(fmt.Sprintf("Exit code %d: %s; %s.\n", d.Code, d.Text, standing(v)))
}

// footBytes is more than the foot takes: four names of 80 columns, escaped, in 12
// bytes each, and the words around them.
const footBytes = 6_000

func (m *markdown) reasons(v *release.Verdict) {
	list, _ := calls(v)
	m.Entries("\n", "", "reason", len(list), max(m.Room/3, footBytes), func(i int) string { return entry(&list[i]) })
	for _, g := range grouped(others(v)) {
		title := fmt.Sprintf("%s: %s", g.title(), g.says())
		m.Entries("\n<details><summary>"+title+"</summary>\n\n", "\n</details>\n", "reason", len(g.reasons), max(m.Room/2, footBytes), func(i int) string { return entry(&g.reasons[i]) })
	}
}

// others are the reasons that call for another decision.
func others(v *release.Verdict) []release.Reason {
	var list []release.Reason
	for _, r := range v.Reasons {
		if r.Decision != v.Decision {
			list = append(list, r)
		}
	}
	return list
}

func entry(r *release.Reason) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s %s: %s\n", MeaningOf(r.Decision).badge, look.Code(about(r), nameColumns), look.Prose(look.Fit(r.Text, reasonColumns)))
	if r.Change != "" {
		fmt.Fprintf(&b, "  - To change it: %s\n", look.Prose(look.Fit(r.Change, reasonColumns)))
	}
	if text := place(r, Short); text != "" {
		fmt.Fprintf(&b, "  - %s\n", look.Code(text, placeColumns))
	}
	return b.String()
}

func (m *markdown) foot(v *release.Verdict) {
	base := ""
	if v.Subject.BaseDigest != "" {
		base = ", to replace " + look.Code(Short(v.Subject.BaseDigest), nameColumns)
	}
	m.Add(fmt.Sprintf("\n<sub>Policy %s %s, at %s%s</sub>\n", look.Code(v.Policy.Name, nameColumns), look.Code(Short(v.Policy.Digest), nameColumns), when(v.At), base))
}
