package report

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// DefaultMarkdownBytes keeps a comment below GitHub's limit of 65,536
// characters and leaves room for what a caller adds.
const DefaultMarkdownBytes = look.CommentBytes

// MinMarkdownBytes is the least limit that [Markdown] takes. The part that is
// never left out is shorter: it is bounded by the limits below.
const MinMarkdownBytes = 16 << 10

// The bounds of the part that is never left out, in entries, and of one
// entry's text, in columns. An escaped column takes at most 12 bytes with what
// keeps it from being a reference. The reasons are cut to reasonColumns, the
// recording and the tool to headColumns, and of what the run knows of itself
// only 2*nameColumns are not our own words: below 15 KiB together.
const (
	maxReasons      = 5
	headColumns     = 120
	reasonColumns   = 200
	markdownColumns = 60
	detailColumns   = 300
	maxExamples     = 2 // examples of one difference
)

// Markdown writes r as a comment for a merge request on GitHub or GitLab: the
// verdict and why, a table of the regressions and suspects, their examples
// and the account to unfold. It writes at most limit bytes (0 means
// [DefaultMarkdownBytes]): entries are left out whole, the least important
// first, and it says how many. A limit below [MinMarkdownBytes] is an error.
//
// Text from the traffic stands inside code elements, its punctuation as
// character references, which CommonMark section 2.5 keeps from being
// structure; it mentions nobody and links nowhere.
func Markdown(w io.Writer, r *diff.Report, limit int) error {
	if limit == 0 {
		limit = DefaultMarkdownBytes
	}
	if limit < MinMarkdownBytes {
		return fmt.Errorf("markdown: limit of %d bytes is too small, want at least %d", limit, MinMarkdownBytes)
	}
	m := &markdown{look.Comment{Room: limit}}
	m.head(r)
	worth := append(judged(r, diff.Regression), judged(r, diff.Suspect)...)
	// A third of what is left is kept for examples and account, so that a long
	// table does not push out all that explains it.
	reserve := m.Room / 3
	m.troubles(r)
	m.table(worth, reserve)
	m.accepted(r)
	m.selfCheck(r)
	m.rules(r)
	m.replay(r)
	m.account(r)
	m.details(worth)
	m.noise(r)
	_, err := io.WriteString(w, m.String())
	return err
}

// markdown collects the comment.
type markdown struct{ look.Comment }

func (m *markdown) head(r *diff.Report) {
	v, t := meaningOf(r.Verdict), tallyOf(r)
	icon := map[diff.Verdict]string{diff.Pass: "✅", diff.Fail: "❌"}[v.Verdict]
	if icon == "" {
		icon = "⚠️"
	}
	m.Add(fmt.Sprintf("### %s Twinspect: %s — %s\n\n", icon, strings.ToLower(v.Title), t.Found()))
	for i, reason := range r.Reasons {
		if i == maxReasons {
			m.Add(fmt.Sprintf("- and %s\n", look.Plural(uint64(len(r.Reasons)-i), "more reason")))
			break
		}
		m.Add("- " + look.Prose(look.Fit(reason, reasonColumns)) + "\n")
	}
	m.Add(fmt.Sprintf("\n%s compared in %s, %s differing. Exit code %d: %s.\n",
		look.Plural(t.Compared, "exchange"), look.Plural(t.Operations, "operation"), look.Grouped(t.Differing), v.Code, v.Text))
	m.own(r)
	m.Add(fmt.Sprintf("\n<sub>Recording %s, %s, by %s</sub>\n",
		look.Code(r.Input, headColumns), look.Lasted(r.Started, r.Ended), look.Code(r.Tool, headColumns)))
}

func (m *markdown) table(worth []diff.Difference, reserve int) {
	before := "\n| | Operation | Place | Kind | Branch | Control | Base → branch |\n|---|---|---|---|--:|--:|---|\n"
	m.Entries(before, "", "difference", len(worth), reserve, func(i int) string {
		d := &worth[i]
		return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", badge(d), look.Code(d.Operation, markdownColumns),
			look.Code(d.Place.String(), markdownColumns), look.Code(string(d.Kind), markdownColumns), share(d.Branch, d.N, true),
			share(d.Control, d.N, d.Paired), arrow(d))
	})
}

func badge(d *diff.Difference) string {
	if d.Judgement == diff.Regression {
		return "❌ regression, " + decided(d)
	}
	return "❔ suspect, " + decided(d)
}

func share(part, whole uint64, known bool) string {
	if !known {
		return "–"
	}
	return look.Grouped(part) + "/" + look.Grouped(whole)
}

func arrow(d *diff.Difference) string {
	if len(d.Examples) == 0 {
		return "–"
	}
	e := &d.Examples[0]
	base, branch := contrast(baseValue(d.Kind, e), branchValue(d.Kind, e), markdownColumns/2)
	return look.Code(base, markdownColumns) + " → " + look.Code(branch, markdownColumns)
}

func (m *markdown) details(worth []diff.Difference) {
	m.Entries("\n<details><summary>Examples</summary>\n\n", "\n</details>\n", "difference", len(worth), 0, func(i int) string {
		d := &worth[i]
		var b strings.Builder
		fmt.Fprintf(&b, "- %s %s: %s\n", look.Code(d.Operation, detailColumns), look.Code(d.Place.String(), detailColumns), look.Prose(look.Fit(d.Reason, detailColumns)))
		if told(d) {
			fmt.Fprintf(&b, "  - %s\n", look.Prose(look.Fit(cause(d.Category, d.Remedy), detailColumns)))
		}
		if l := d.Location; l != nil {
			fmt.Fprintf(&b, "  - %s\n", look.Prose(look.Fit(located(l), detailColumns)))
		}
		for j := range d.Examples[:min(len(d.Examples), maxExamples)] {
			e := &d.Examples[j]
			base, branch := contrast(baseValue(d.Kind, e), branchValue(d.Kind, e), detailColumns)
			fmt.Fprintf(&b, "  - %s<br>base %s<br>branch %s\n", look.Code(asked(e), detailColumns),
				look.Code(base, detailColumns), look.Code(branch, detailColumns))
		}
		return b.String()
	})
}

// replay tells what a reviewer must know of how the sides were asked.
func (m *markdown) replay(r *diff.Report) {
	if r.Replay == nil {
		return
	}
	links := mostUsed(r.Replay.Links)
	before := "\n<details><summary>Replay: " + look.Prose(look.Fit(paceLine(r.Replay), headColumns)) + "</summary>\n\n"
	if n := r.Replay.Misrouted(); n > 0 {
		before += "- " + look.Plural(n, "answer") + " misrouted and not compared\n"
	}
	m.Entries(before, "\n</details>\n", "link", len(links), m.Room/2, func(i int) string {
		l := &links[i]
		return fmt.Sprintf("- %s → %s: %s\n", look.Code(l.From, detailColumns), look.Code(l.To, detailColumns), look.Prose(look.Fit(useOf(l), headColumns)))
	})
}

func (m *markdown) account(r *diff.Report) {
	before := "\n<details><summary>Account from capture to verdict</summary>\n\n| Stage | Seen | Written | Filtered | Dropped | Open |\n|---|--:|--:|---|---|--:|\n"
	m.Entries(before, "\n</details>\n", "stage", len(r.Account), m.Room/2, func(i int) string {
		s := &r.Account[i]
		return fmt.Sprintf("| %s | %s %s | %s | %s | %s | %s |\n", look.Code(s.Name, markdownColumns), look.Grouped(s.Seen),
			look.Code(s.Unit, markdownColumns), look.Grouped(s.Written), lost(s.Filtered), lost(s.Dropped), look.Grouped(s.Open))
	})
}

func lost[K ~string](reasons map[K]uint64) string {
	if len(reasons) == 0 {
		return "0"
	}
	return look.Code(listed(reasons, maxCounts), detailColumns)
}

func (m *markdown) noise(r *diff.Report) {
	places := noisyPlaces(judged(r, diff.Noise))
	m.Entries("\n<details><summary>Noise: base differs from itself</summary>\n\n", "\n</details>\n", "place", len(places), 0, func(i int) string {
		p := &places[i]
		line := "- " + look.Code(p.what, detailColumns) + " in " + look.Plural(p.operations, "operation")
		if p.learned != "" {
			line += ", " + look.Prose(look.Fit(p.learned, headColumns))
		}
		return line + "\n"
	})
}
