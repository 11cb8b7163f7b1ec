package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/diff"
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
	t.heading(bold, "REPLAY", paceLine(r))
	lanes := t.cut(len(r.Lanes), maxLanes)
	for _, l := range r.Lanes[:lanes] {
		line := fmt.Sprintf("  %s in lane %s: %s attested", visible(l.Side), visible(l.Lane), grouped(l.Attested))
		if l.Misrouted > 0 {
			line += fmt.Sprintf(", %s misrouted and not compared", grouped(l.Misrouted))
		}
		t.line(fit(line, t.opt.Width))
	}
	t.left(len(r.Lanes)-lanes, " lanes")
	t.links()
	rewrites := t.cut(len(r.Rewrites), maxRewrites)
	for _, w := range r.Rewrites[:rewrites] {
		t.line(fit(fmt.Sprintf("  %s: %s: %s", visible(w.Where), visible(w.What), rewritten(&w)), t.opt.Width))
	}
	t.left(len(r.Rewrites)-rewrites, " rewrites")
}

// links says which values of earlier answers later requests used.
func (t *terminal) links() {
	links := mostUsed(t.r.Replay.Links)
	if len(links) == 0 {
		return
	}
	g := grid{{text("given by"), text("used by"), number("replaced"), number("as recorded"), number("no value")}}
	shown := t.cut(len(links), maxLinks)
	for _, l := range links[:shown] {
		use := usesOf(&l)
		g = append(g, []cell{text(l.From), text(l.To), number(grouped(use.Differing)), number(grouped(use.Bound - min(use.Bound, use.Differing))),
			number(grouped(use.Unbound))})
	}
	t.grid(g)
	t.left(len(links)-shown, " links")
}

// paceLine tells the pace, the workers and how late they were.
func paceLine(r *diff.Replay) string {
	parts := []string{"pace " + visible(r.Pace)}
	if r.Workers > 1 {
		parts = append(parts, plural(r.Workers, "worker"))
	}
	if r.Sustained > 0 {
		parts = append(parts, fmt.Sprintf("%s/s sustained", strconv.FormatFloat(r.Sustained, 'f', 0, 64)))
	}
	if l := r.Lateness; l != nil {
		parts = append(parts, fmt.Sprintf("late by %s (p50), %s (p99), %s (most)",
			milliseconds(l.P50), milliseconds(l.P99), milliseconds(l.Max)))
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
	use := fmt.Sprintf("%s replaced", grouped(sum.Differing))
	if same := sum.Bound - min(sum.Bound, sum.Differing); same > 0 {
		use += fmt.Sprintf(", %s as recorded", grouped(same))
	}
	if sum.Unbound > 0 {
		use += fmt.Sprintf(", %s without a value", grouped(sum.Unbound))
	}
	if l.Source != "" && l.Source != "learned" {
		use += " (" + visible(l.Source) + ")"
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
		return fmt.Sprintf("%s changed, left: %s", grouped(w.Changed), listed(w.Left, maxCounts))
	}
	return grouped(w.Changed) + " changed"
}
