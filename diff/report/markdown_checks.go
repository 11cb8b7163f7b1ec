package report

import (
	"fmt"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// own tells in the head what the run knows of itself: at most three lines.
func (m *markdown) own(r *diff.Report) {
	add := func(text string) { m.Add("\n" + look.Prose(look.Fit(text, reasonColumns)) + "\n") }
	if s := r.SelfCheck; s != nil {
		add("Self-check: " + checked(s) + ".")
	}
	if c := r.Confirmation; c != nil {
		add(confirmed(c) + ".")
	}
	if p := r.Profile; p != nil {
		add("Noise " + known(p) + ".")
	}
}

func (m *markdown) troubles(r *diff.Report) {
	m.Entries("\n", "", "trouble", len(r.Troubles), m.Room/2, func(i int) string {
		t := &r.Troubles[i]
		return fmt.Sprintf("- **%s** %s\n", look.Escape(look.Fit(string(t.Category), markdownColumns)), look.Prose(look.Fit(trouble(t), detailColumns)))
	})
}

func (m *markdown) accepted(r *diff.Report) {
	list := judged(r, diff.Accepted)
	before := fmt.Sprintf("\n<details><summary>Accepted: %s</summary>\n\n", look.Plural(uint64(len(list)), "difference"))
	m.Entries(before, "\n</details>\n", "accepted difference", len(list), m.Room/2, func(i int) string {
		d := &list[i]
		a := d.Accepted
		if a == nil {
			a = &diff.Acceptance{By: "?"}
		}
		return fmt.Sprintf("- %s %s %s: %s: %s\n", look.Code(d.Operation, detailColumns), look.Code(d.Place.String(), detailColumns),
			look.Escape(look.Fit(string(d.Kind), markdownColumns)), look.Prose(look.Fit(approval(a), headColumns)), look.Prose(look.Fit(a.Reason, detailColumns)))
	})
}

func (m *markdown) selfCheck(r *diff.Report) {
	if r.SelfCheck == nil {
		return
	}
	s := r.SelfCheck
	more := ""
	if s.MoreBlind > 0 {
		more = fmt.Sprintf("- and %s\n", look.Plural(s.MoreBlind, "more blind spot"))
	}
	before := fmt.Sprintf("\n<details><summary>Blind spots: %s missed</summary>\n\n", look.Percent(s.Missed, s.Mutations)) + worstLine(s)
	m.Entries(before, more+"\n</details>\n", "blind spot", len(s.Blind), m.Room/2, func(i int) string {
		b := &s.Blind[i]
		return fmt.Sprintf("- %s %s: %s\n", look.Code(b.Operation, detailColumns), look.Code(b.Place.String(), detailColumns), look.Prose(look.Fit(blinded(b), detailColumns)))
	})
}

// worstLine names the operations in which most is missed.
func worstLine(s *diff.SelfCheck) string {
	var parts []string
	worst := worstOperations(s)
	for _, op := range worst[:min(len(worst), maxWorstOperations)] {
		parts = append(parts, fmt.Sprintf("%s %s of %s", look.Code(op.Name, markdownColumns), look.Grouped(op.Missed), look.Grouped(op.Mutations)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Most is missed in " + strings.Join(parts, ", ") + ".\n\n"
}

func (m *markdown) rules(r *diff.Report) {
	if r.Rules == nil || !explained(r.Rules.Rules) {
		return
	}
	rules := rulesByNeed(r)
	before := "\n<details><summary>Rules, and how each earned its place</summary>\n\n"
	m.Entries(before, "\n</details>\n", "rule", len(rules), m.Room/2, func(i int) string {
		rule := &rules[i]
		return fmt.Sprintf("- %s %s: %s\n", look.Code(fmt.Sprintf("%s:%d", r.Rules.File, rule.Line), markdownColumns),
			look.Code(rule.What, detailColumns), look.Prose(look.Fit(ruled(rule), detailColumns)))
	})
}
