package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// The most lines of the section on the replay: a line of pace, one a lane, one a
// link and one above them, one a rewrite, and one for each list that was cut.
const (
	maxLanes    = 4
	maxLinks    = 6
	maxRewrites = 5
)

// replay says how the sides were asked, where there is anything to say.
func (t *terminal) replay() {
	r := t.r.Replay
	if r == nil {
		return
	}
	t.Heading(look.Bold, "REPLAY", paceLine(r))
	lanes := t.Cut(len(r.Lanes), maxLanes)
	for _, l := range r.Lanes[:lanes] {
		line := fmt.Sprintf("  %s in lane %s: %s attested", look.Visible(l.Side), look.Visible(l.Lane), look.Grouped(l.Attested))
		if l.Misrouted > 0 {
			line += fmt.Sprintf(", %s misrouted and not compared", look.Grouped(l.Misrouted))
		}
		t.Line(look.Fit(line, t.Width))
	}
	t.Left(len(r.Lanes)-lanes, " lanes")
	t.links()
	rewrites := t.Cut(len(r.Rewrites), maxRewrites)
	for _, w := range r.Rewrites[:rewrites] {
		t.Line(look.Fit(fmt.Sprintf("  %s: %s: %s", look.Visible(w.Where), look.Visible(w.What), rewritten(&w)), t.Width))
	}
	t.Left(len(r.Rewrites)-rewrites, " rewrites")
}

// links says which values of earlier answers later requests used.
func (t *terminal) links() {
	links := mostUsed(t.r.Replay.Links)
	if len(links) == 0 {
		return
	}
	g := look.Grid{{look.Left("given by"), look.Left("used by"), look.Right("replaced"), look.Right("as recorded"), look.Right("no value")}}
	shown := t.Cut(len(links), maxLinks)
	for _, l := range links[:shown] {
		use := usesOf(&l)
		g = append(g, []look.Cell{look.Left(l.From), look.Left(l.To), look.Right(look.Grouped(use.Differing)), look.Right(look.Grouped(use.Bound - min(use.Bound, use.Differing))),
			look.Right(look.Grouped(use.Unbound))})
	}
	t.Grid(g)
	t.Left(len(links)-shown, " links")
}

// paceLine tells the pace, the workers and how late they were.
func paceLine(r *diff.Replay) string {
	parts := []string{"pace " + look.Visible(r.Pace)}
	if r.Workers > 1 {
		parts = append(parts, look.Plural(r.Workers, "worker"))
	}
	if r.Sustained > 0 {
		parts = append(parts, fmt.Sprintf("%s/s sustained", strconv.FormatFloat(r.Sustained, 'f', 0, 64)))
	}
	if l := r.Lateness; l != nil {
		parts = append(parts, fmt.Sprintf("late by %s (p50), %s (p99), %s (most)",
			look.Milliseconds(l.P50), look.Milliseconds(l.P99), look.Milliseconds(l.Max)))
	}
	return strings.Join(parts, ", ")
}

// usesOf adds up what came of a link at all sides.
func usesOf(l *diff.Link) (sum diff.LinkSide) {
	for _, s := range l.Sides {
		sum.Bound += s.Bound
		sum.Differing += s.Differing
		sum.Unbound += s.Unbound
	}
	return sum
}

func useOf(l *diff.Link) string {
	sum := usesOf(l)
	use := fmt.Sprintf("%s replaced", look.Grouped(sum.Differing))
	if same := sum.Bound - min(sum.Bound, sum.Differing); same > 0 {
		use += fmt.Sprintf(", %s as recorded", look.Grouped(same))
	}
	if sum.Unbound > 0 {
		use += fmt.Sprintf(", %s without a value", look.Grouped(sum.Unbound))
	}
	if l.Source != "" && l.Source != "learned" {
		use += " (" + look.Visible(l.Source) + ")"
	}
	return use
}

// mostUsed returns the links, those first that were used most.
func mostUsed(links []diff.Link) []diff.Link {
	sorted := slices.Clone(links)
	slices.SortStableFunc(sorted, func(a, b diff.Link) int {
		x, y := usesOf(&a), usesOf(&b)
		return int(min(max(int64(y.Bound+y.Unbound)-int64(x.Bound+x.Unbound), -1), 1))
	})
	return sorted
}

func rewritten(w *diff.Rewrite) string {
	if len(w.Left) > 0 {
		return fmt.Sprintf("%s changed, left: %s", look.Grouped(w.Changed), listed(w.Left, maxCounts))
	}
	return look.Grouped(w.Changed) + " changed"
}
