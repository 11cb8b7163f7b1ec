package dashboard

import (
	"fmt"
	"slices"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

// timeline is the verdicts of a release over time, drawn as steps on three lanes, so
// that it reads without colours; places are in percent of its width.
type timeline struct {
	From, To time.Time
	Steps    []step
	Dots     []dot
	Ticks    []tick
	Says     string
	Cut      bool // older verdicts are not shown
}

type step struct {
	release.Record
	X, Width string
	Lane     int // from the top: promote, hold, rollback
	For      time.Duration
	// Up is where the line comes from to this step, From its lane; there is none at the
	// first one.
	Joined   bool
	FromLane int
	// Reason is the first, which calls for the decision.
	Reason string
	Change string
}

// dot is evidence that came in.
type dot struct {
	X     string
	Mark  mark
	Title string
}

type tick struct {
	X    string
	At   time.Time
	Last bool
}

// lanes are the decisions from the top.
var lanes = []release.Decision{release.Promote, release.Hold, release.Rollback}

func laneOf(d release.Decision) int { return max(slices.Index(lanes, d), 0) }

// newTimeline draws records, which are the newest first. It is nil where there are none.
func newTimeline(records []release.Record, evidence []release.Evidence, from, to time.Time) *timeline {
	if len(records) == 0 {
		return nil
	}
	t := &timeline{From: from, To: to, Cut: len(records) == maxRecords}
	oldest := records[len(records)-1].At
	if t.Cut || oldest.Before(from) {
		t.From = oldest
	}
	if !t.To.After(t.From) {
		t.To = t.From.Add(time.Second)
	}
	for i := len(records) - 1; i >= 0; i-- {
		end := t.To
		if i > 0 {
			end = records[i-1].At
		}
		t.step(records[i], end)
	}
	for i := range evidence {
		t.dot(&evidence[i])
	}
	const ticks = 4
	for i := range ticks + 1 {
		at := t.From.Add(t.To.Sub(t.From) * time.Duration(i) / ticks)
		t.Ticks = append(t.Ticks, tick{t.place(at), at, i == ticks})
	}
	t.Says = t.says()
	return t
}

func (t *timeline) step(r release.Record, end time.Time) {
	s := step{Record: r, X: t.place(r.At), Lane: laneOf(r.Decision), For: max(end.Sub(r.At), 0)}
	s.Width = percent(t.part(end) - t.part(r.At))
	if n := len(t.Steps); n > 0 {
		s.Joined, s.FromLane = true, t.Steps[n-1].Lane
	}
	if len(r.Reasons) > 0 {
		s.Reason, s.Change = r.Reasons[0].Text, r.Reasons[0].Change
	}
	t.Steps = append(t.Steps, s)
}

func (t *timeline) dot(e *release.Evidence) {
	if e.Received.Before(t.From) || e.Received.After(t.To) {
		return
	}
	m := outcomeOf(e.Outcome)
	t.Dots = append(t.Dots, dot{t.place(e.Received), m, fmt.Sprintf("%s: %s, %s", e.Kind, m.Text, utc(e.Received))})
}

// part is where a time stands, 0 to 1.
func (t *timeline) part(at time.Time) float64 {
	return min(max(float64(at.Sub(t.From))/float64(t.To.Sub(t.From)), 0), 1)
}

func (t *timeline) place(at time.Time) string { return percent(t.part(at)) }

func percent(part float64) string { return fmt.Sprintf("%.2f%%", 100*part) }

// says tells the drawing in words, the newest verdict at last.
func (t *timeline) says() string {
	spent := map[release.Decision]time.Duration{}
	for i := range t.Steps {
		spent[lanes[t.Steps[i].Lane]] += t.Steps[i].For
	}
	text := look.Plural(uint64(len(t.Steps)), "verdict") + " in " + lasted(t.To.Sub(t.From)) + ":"
	for _, d := range lanes {
		if spent[d] > 0 {
			text += fmt.Sprintf(" %s for %s,", badgeOf(d).Text, lasted(spent[d]))
		}
	}
	return text + " now " + badgeOf(t.Steps[len(t.Steps)-1].Decision).Text + "."
}

// Newest are the steps with the newest first, as the table has them.
func (t *timeline) Newest() []step {
	list := slices.Clone(t.Steps)
	slices.Reverse(list)
	return list
}
