package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// maxMetrics bounds the rows of a table of metrics: a policy has a few.
const maxMetrics = 20

// Explain writes v with all of its grounds: the reasons by kind with the evidence and
// the lines of the policy that they rest on, the metrics of a canary, the weight that
// the release may have, until when the verdict stands, and who set it aside. What is
// known of the evidence comes from documents, of which those that v does not name are
// passed over; there may be none.
func Explain(w io.Writer, v *release.Verdict, documents []release.Evidence, o TerminalOptions) error {
	t := &terminal{look.NewTerminal(w, o)}
	t.head(v)
	t.foot(v)
	for _, g := range grouped(v.Reasons) {
		t.group(&g, v.At, documents)
	}
	return t.Flush()
}

func (t *terminal) group(g *group, at time.Time, documents []release.Evidence) {
	worst := release.Promote
	for _, r := range g.reasons {
		worst = release.Worst(worst, r.Decision)
	}
	t.Heading(MeaningOf(worst).Style, g.title(), g.says())
	short := func(id string) string { return Short(id) + " below" }
	shown := t.Cut(len(g.reasons), maxInGroup)
	for i := range g.reasons[:shown] {
		r := &g.reasons[i]
		t.reason(r, g.name(r)+": ", short)
	}
	t.Left(len(g.reasons)-shown, " reasons")
	t.grounds(g, at, documents)
}

// grounds tells each piece of evidence that the group rests on, once.
func (t *terminal) grounds(g *group, at time.Time, documents []release.Evidence) {
	told := map[string]bool{"": true}
	var ids []string
	for _, r := range g.reasons {
		if !told[r.Evidence] {
			told[r.Evidence] = true
			ids = append(ids, r.Evidence)
		}
	}
	shown := t.Cut(len(ids), maxInGroup)
	for _, id := range ids[:shown] {
		t.Line("    ", whole(id, t.Width-4))
		for i := range documents {
			if documents[i].ID == id {
				t.document(&documents[i], at)
				break
			}
		}
	}
	t.Left(len(ids)-shown, " pieces of evidence")
}

// whole writes an ID as it is where it is a hash, so that it can be copied.
func whole(id string, width int) string {
	const sha256 = len("sha256:") + 64
	if Short(id) != id && len(id) <= sha256 {
		return look.Visible(id)
	}
	return look.Fit(id, width)
}

func (t *terminal) document(e *release.Evidence, at time.Time) {
	text := fmt.Sprintf("%s, %s, ended %s", e.Outcome, look.Plural(e.Samples, "sample"), when(e.Ended))
	if age := at.Sub(e.Ended); !at.IsZero() && !e.Ended.IsZero() && age > 0 {
		text += fmt.Sprintf(", %s before", age.Round(time.Second))
	}
	if e.Tool != "" {
		text += ", by " + e.Tool
	}
	if e.Signer != "" {
		text += ", signed by " + e.Signer
	}
	t.Hanging("      ", text, placeLines)
	if e.Losses.Seen > 0 || e.Losses.Lost > 0 {
		t.Hanging("      ", fmt.Sprintf("lost %s of %s (%s)", look.Grouped(e.Losses.Lost), look.Grouped(e.Losses.Seen), look.Percent(e.Losses.Lost, e.Losses.Seen)), placeLines)
	}
	if s := e.SelfCheck; s != nil {
		t.Hanging("      ", fmt.Sprintf("the self-check missed %s of %s", look.Grouped(s.Missed), look.Plural(s.Mutations, "change")), placeLines)
	}
	t.metrics(e.Metrics)
}

// metrics is a table: what either side shows, how much worse the canary is at least
// and at most, and what is allowed.
func (t *terminal) metrics(list []release.MetricResult) {
	if len(list) == 0 {
		return
	}
	g := look.Grid{{look.Left("    metric"), look.Left("trend"), look.Right("canary"), look.Right("baseline"), look.Right("worse by"), look.Right("allowed"), look.Right("samples")}}
	shown := t.Cut(len(list), maxMetrics)
	for _, m := range list[:shown] {
		g = append(g, []look.Cell{look.Left("    " + m.Name), look.Left(string(m.Trend)), look.Right(value(m.Canary, m.Unit)), look.Right(value(m.Baseline, m.Unit)),
			look.Right(share(m.Lower) + " … " + share(m.Upper)), look.Right(share(m.Allowed)), look.Right(look.Grouped(m.CanarySamples))})
	}
	t.Grid(g)
	t.Left(len(list)-shown, " metrics")
}

func value(f float64, unit string) string {
	if unit == "seconds" {
		return look.Milliseconds(1000 * f)
	}
	return share(f)
}

// share writes a difference of shares or a relative growth in percent, with three
// digits.
func share(f float64) string { return strconv.FormatFloat(100*f, 'g', 3, 64) + "%" }
