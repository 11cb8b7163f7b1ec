package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// Meaning is a decision in words.
type Meaning struct {
	Title, Text string
	// Code is the exit code: 0 promotes, 1 rolls back, 3 holds. What is no decision
	// holds.
	Code  int
	Style look.Style
	mark  string // in front of a reason
	badge string
}

// MeaningOf returns what a decision means. An unknown one means [release.Hold].
func MeaningOf(d release.Decision) Meaning {
	switch d {
	case release.Promote:
		return Meaning{"PROMOTE", "the release may go on", 0, look.Green, "✓", "✅"}
	case release.Rollback:
		return Meaning{"ROLLBACK", "the release is to be taken back", 1, look.Red, "✗", "❌"}
	}
	return Meaning{"HOLD", "nothing is decided, the release waits", 3, look.Yellow, "!", "⚠️"}
}

// verdictMeaning tells of a verdict that a person set aside.
func verdictMeaning(v *release.Verdict) Meaning {
	m := MeaningOf(v.Decision)
	if v.Override != nil {
		m.Text = "a person set the verdict aside"
	}
	return m
}

// calls are the reasons that call for the decision; rest counts the others.
func calls(v *release.Verdict) (list []release.Reason, rest int) {
	for _, r := range v.Reasons {
		if r.Decision == v.Decision {
			list = append(list, r)
		}
	}
	return list, len(v.Reasons) - len(list)
}

// shortHex is how much of a hash is told where space is dear: 48 bits, by which no
// two of a million documents are likely to be the same (1 in 500).
const shortHex = 12

// Short shortens a digest such as "sha256:9f86…" to its first 12 digits. What is no
// digest stays as it is.
func Short(digest string) string {
	if name, sum, ok := strings.Cut(digest, ":"); ok && isHex(sum) {
		return name + ":" + sum[:shortHex]
	}
	return digest
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) > shortHex
}

// subjectSays names what was asked about.
func subjectSays(s release.Subject) string {
	text := cmp.Or(s.Service, "(no service)") + " " + cmp.Or(Short(s.Digest), "(no digest)")
	if s.BaseDigest != "" {
		text += " for " + Short(s.BaseDigest)
	}
	return text
}

func policySays(v *release.Verdict) string {
	return strings.TrimSpace(fmt.Sprintf("policy %s %s, at %s", cmp.Or(v.Policy.Name, "(none)"), Short(v.Policy.Digest), when(v.At)))
}

// when writes a time to the second, as a person compares it with a log.
func when(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// standing tells what the verdict lets through, and how long it stands.
func standing(v *release.Verdict) string {
	text := "it may have no traffic"
	switch w := v.MaxWeight; {
	case w >= 1:
		text = "it may have all of the traffic"
	case w > 0:
		const whole = 1_000_000
		text = "it may have at most " + look.Percent(uint64(w*whole), whole) + " of the traffic"
	}
	if v.Until.IsZero() {
		return text + "; no time changes the verdict"
	}
	return text + "; the verdict may change by itself at " + when(v.Until)
}

func overrideSays(o *release.Override) string {
	return fmt.Sprintf("override %s to %s by %s until %s: %s", cmp.Or(o.ID, "(no ID)"), o.Decision, cmp.Or(o.By, "nobody"), when(o.Until), cmp.Or(o.Reason, "no reason was given"))
}

// place says what a reason is about, and where it comes from; id writes an ID.
func place(r *release.Reason, id func(string) string) string {
	var parts []string
	add := func(name, s string) {
		if s != "" {
			parts = append(parts, name+s)
		}
	}
	add("", r.Operation)
	add("metric ", r.Metric)
	if r.Evidence != "" {
		add("evidence ", id(r.Evidence))
	}
	if r.Line > 0 {
		add("line ", fmt.Sprintf("%d of the policy", r.Line))
	}
	return strings.Join(parts, ", ")
}

// about names a reason: its kind where it has one, and its code.
func about(r *release.Reason) string {
	if r.Kind == "" {
		return string(r.Code)
	}
	return string(r.Kind) + ", " + string(r.Code)
}

// other is the group of the kinds that this program does not know: one, so that the
// number of groups is bounded whatever a verdict says.
const other release.Kind = "other"

// group is the reasons of one kind.
type group struct {
	kind    release.Kind
	reasons []release.Reason
}

// grouped sorts the reasons by kind: those of no kind first, then the kinds in the
// order in which they are told, then [other]. Their order within a kind stays.
func grouped(reasons []release.Reason) []group {
	var list []group
	for _, r := range reasons {
		kind := r.Kind
		if kindRank(kind) == len(release.Kinds) {
			kind = other
		}
		i := slices.IndexFunc(list, func(g group) bool { return g.kind == kind })
		if i < 0 {
			list = append(list, group{kind: kind})
			i = len(list) - 1
		}
		list[i].reasons = append(list[i].reasons, r)
	}
	slices.SortStableFunc(list, func(a, b group) int { return cmp.Compare(kindRank(a.kind), kindRank(b.kind)) })
	return list
}

func kindRank(k release.Kind) int {
	if k == "" {
		return -1
	}
	if i := slices.Index(release.Kinds, k); i >= 0 {
		return i
	}
	return len(release.Kinds)
}

// name names a reason of the group.
func (g *group) name(r *release.Reason) string {
	if g.kind == other {
		return about(r)
	}
	return string(r.Code)
}

// title names a group.
func (g *group) title() string { return strings.ToUpper(cmp.Or(string(g.kind), "release")) }

// says counts the reasons by what they call for: "1 for rollback, 2 for promote".
func (g *group) says() string {
	var parts []string
	for _, d := range []release.Decision{release.Rollback, release.Hold, release.Promote} {
		n := 0
		for _, r := range g.reasons {
			if r.Decision.Rank() == d.Rank() {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d for %s", n, d))
		}
	}
	return strings.Join(parts, ", ")
}
