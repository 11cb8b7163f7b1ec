package simulate

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

// The limits of a report that is not verbose: below 300 lines.
const (
	maxChanged     = 20 // releases with another verdict
	maxReleases    = 30 // rows of the table
	maxHolders     = 10
	maxDifferences = 3 // of a release
	reasonLines    = 2
)

// Terminal writes r for a person at a terminal: what the policy would have decided
// beside what was decided, the verdicts that would have been others, the reasons that
// held longest, and the releases. A verbose report has the timeline of each.
func Terminal(w io.Writer, r *Result, o look.TerminalOptions) error {
	t := &terminal{look.NewTerminal(w, o)}
	t.head(r)
	t.changed(r)
	t.holders(r)
	t.releases(r)
	t.ignored(r)
	return t.Flush()
}

type terminal struct{ *look.Terminal }

func (t *terminal) head(r *Result) {
	title := fmt.Sprintf("SIMULATION  %s of %s differ", look.Grouped(count(r.Totals.Changed)), look.Plural(count(len(r.Releases)), "release"))
	t.Line(t.Paint(look.Bold, look.Fit(title, t.Width)))
	t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("policy %s %s", cmp.Or(r.Policy.Name, "(none)"), report.Short(r.Policy.Digest)), t.Width-2)))
	t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("%s – %s, decided at %s", when(r.From), when(r.Until), look.Plural(count(r.Totals.Moments), "moment")), t.Width-2)))
	if r.Totals.Left > 0 {
		t.Hanging("  ", look.Plural(count(r.Totals.Left), "moment")+" left out: some releases have more than are walked", reasonLines)
	}
	t.Line()
	t.Grid(outcomes(&r.Totals.Would, &r.Totals.Was))
}

func outcomes(would, was *Outcomes) look.Grid {
	g := look.Grid{{look.Left(""), look.Right("would be"), look.Right("was")}}
	for _, row := range []struct {
		name string
		of   func(*Outcomes) string
	}{
		{"releases", func(o *Outcomes) string { return look.Grouped(count(o.Releases)) }},
		{"promoted", func(o *Outcomes) string { return look.Grouped(count(o.Promoted)) }},
		{"held", func(o *Outcomes) string { return look.Grouped(count(o.Held)) }},
		{"rolled back", func(o *Outcomes) string { return look.Grouped(count(o.RolledBack)) }},
		{"median to promote", promoted},
	} {
		g = append(g, []look.Cell{look.Left(row.name), look.Right(row.of(would)), look.Right(row.of(was))})
	}
	return g
}

func promoted(o *Outcomes) string {
	if o.Promoted == 0 {
		return "–"
	}
	return lasted(o.MedianPromote)
}

func (t *terminal) changed(r *Result) {
	var list []*Release
	for i := range r.Releases {
		if len(r.Releases[i].Differences) > 0 {
			list = append(list, &r.Releases[i])
		}
	}
	if len(list) == 0 {
		return
	}
	about := look.Plural(count(r.Totals.Differences), "verdict")
	if n := r.Totals.Incomparable; n > 0 {
		about += fmt.Sprintf(", and %s that cannot be compared", look.Grouped(count(n)))
	}
	t.Heading(look.Bold, "OTHERWISE", about)
	shown := t.Cut(len(list), maxChanged)
	for _, k := range list[:shown] {
		t.Line("  ", t.Paint(look.Bold, look.Fit(named(k), t.Width-2)))
		most := t.Cut(len(k.Differences), maxDifferences)
		for i := range k.Differences[:most] {
			t.difference(&k.Differences[i])
		}
		t.Left(len(k.Differences)-most, " verdicts of this release")
	}
	t.Left(len(list)-shown, " releases")
}

func (t *terminal) difference(d *Difference) {
	t.event(d.At, d.Would, "instead of "+string(d.Was))
	if d.Incomparable {
		t.Hanging("      ", "cannot be compared: it was held for the weight that it asked for, which is not on record", reasonLines)
	}
	t.reasons(d.Reasons, d.More)
}

// event writes what was decided at a time, and what belongs to it beside it or, where
// there is no room, below.
func (t *terminal) event(at time.Time, d release.Decision, about string) {
	begin := "    " + when(at) + "  "
	word := look.Fit(string(d), t.Width-look.Width(begin))
	line := begin + t.Paint(report.MeaningOf(d).Style, word)
	if about = look.Visible(about); look.Width(begin+word)+2+look.Width(about) <= t.Width {
		t.Line(line, "  ", t.Paint(look.Faint, about))
		return
	}
	t.Line(line)
	t.Hanging("      ", about, reasonLines)
}

func (t *terminal) reasons(list []release.Reason, more int) {
	for i := range list {
		name := string(list[i].Code)
		if list[i].Kind != "" {
			name = string(list[i].Kind) + ", " + name
		}
		t.Hanging("      - ", name+": "+list[i].Text, reasonLines)
	}
	if more > 0 {
		t.Line("      ", t.Paint(look.Faint, fmt.Sprintf("and %s", look.Plural(count(more), "more reason"))))
	}
}

func (t *terminal) holders(r *Result) {
	list := r.Totals.Holders
	if len(list) == 0 {
		return
	}
	t.Heading(look.Bold, "HELD BY", "before they were decided")
	g := look.Grid{{look.Left("reason"), look.Left("kind"), look.Right("releases"), look.Right("in all")}}
	shown := t.Cut(len(list), maxHolders)
	for _, h := range list[:shown] {
		g = append(g, []look.Cell{look.Left(string(h.Code)), look.Left(string(h.Kind)), look.Right(look.Grouped(count(h.Releases))), look.Right(lasted(h.Seconds))})
	}
	t.Grid(g)
	t.Left(len(list)-shown, " reasons")
}

func (t *terminal) releases(r *Result) {
	if len(r.Releases) == 0 {
		return
	}
	t.Heading(look.Bold, "RELEASES", "")
	shown := t.Cut(len(r.Releases), maxReleases)
	if t.Verbose {
		for i := range r.Releases {
			t.timeline(&r.Releases[i])
		}
		return
	}
	g := look.Grid{{look.Left("began"), look.Left("release"), look.Left("would be"), look.Left("was"), look.Right("after")}}
	for i := range r.Releases[:shown] {
		k := &r.Releases[i]
		g = append(g, []look.Cell{look.Left(k.Since.UTC().Format("2006-01-02 15:04")), look.Left(named(k)), look.Left(string(k.Outcome)),
			look.Left(cmp.Or(string(k.Was), "not asked")), look.Right(after(k))})
	}
	t.Grid(g)
	t.Left(len(r.Releases)-shown, " releases")
}

// after says how long it took to the outcome.
func after(k *Release) string {
	switch k.Outcome {
	case release.Promote:
		return lasted(k.Promoted.Sub(k.Since).Seconds())
	case release.Rollback:
		return lasted(k.RolledBack.Sub(k.Since).Seconds())
	}
	return "–"
}

func (t *terminal) timeline(k *Release) {
	t.Line("  ", t.Paint(look.Bold, look.Fit(named(k), t.Width-2)))
	for i := range k.Steps {
		s := &k.Steps[i]
		var causes []string
		for _, c := range s.Causes {
			causes = append(causes, string(c))
		}
		t.event(s.At, s.Decision, strings.Join(causes, ", "))
		t.reasons(s.Reasons, s.More)
	}
	if k.StepsLeft > 0 {
		t.Line("    ", look.Plural(count(k.StepsLeft), "step"), " left out before the last")
	}
}

func (t *terminal) ignored(r *Result) {
	if len(r.Ignored) == 0 {
		return
	}
	t.Heading(look.Yellow, "NOT USED", "")
	for _, what := range slices.Sorted(maps.Keys(r.Ignored)) {
		t.Line("  ", look.Fit(fmt.Sprintf("%s: %s", what, look.Grouped(count(r.Ignored[what]))), t.Width-2))
	}
}

func named(k *Release) string {
	return cmp.Or(k.Subject.Service, "(no service)") + " " + cmp.Or(report.Short(k.Subject.Digest), "(no digest)")
}

func when(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func lasted(seconds float64) string {
	return (time.Duration(seconds * float64(time.Second))).Round(time.Second).String()
}

func count(n int) uint64 { return uint64(max(n, 0)) } //nolint:gosec // not negative
