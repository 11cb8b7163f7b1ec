package release

import (
	"fmt"
	"slices"
	"time"

	"twinspect.dev/release/window"
)

// faults hold: sources that could not be read. They are told first, as what seems to be
// missing may be there.
func (j *judge) faults() {
	for _, fault := range j.asked.Faults {
		j.add(Reason{Code: Faulty, Decision: Hold, Text: "a source could not be read: " + clip(fault),
			Change: "make it readable again; the verdict is asked for anew then"})
	}
}

// surroundings hold, whatever the evidence says: stops and freezes.
func (j *judge) surroundings() {
	for i := range j.asked.Stops {
		j.stop(&j.asked.Stops[i])
	}
	if j.policy != nil {
		for i := range j.policy.Freeze {
			j.freeze(i)
		}
	}
}

func (j *judge) stop(s *Stop) {
	if !covers(s.Services, j.asked.Subject.Service) {
		return
	}
	j.turns(s.From)
	if !in(j.asked.At, s.From, s.Until) {
		return
	}
	j.turns(s.Until)
	j.add(Reason{Code: Stopped, Decision: Hold,
		Text:   fmt.Sprintf("%s stops all releases since %s: %s", orNone(s.By), moment(s.From), clip(s.Reason)),
		Change: "end the stop " + clip(s.ID) + " when the incident is over"})
}

func (j *judge) freeze(i int) {
	w := &j.policy.Freeze[i]
	if !covers(w.Services, j.asked.Subject.Service) {
		return
	}
	until, open := w.Open(j.asked.At)
	if !open {
		j.turns(w.Opens(j.asked.At))
		return
	}
	j.turns(until)
	j.add(Reason{Code: Frozen, Decision: Hold, Line: w.Line,
		Text:   fmt.Sprintf("the freeze %s lasts until %s: %s", clip(w.Name), moment(until), clip(w.Reason)),
		Change: "wait until it is over, or let a person override it"})
}

// pause is a time in which evidence is not to blame for a hold.
type pause struct{ from, until time.Time }

// paused is how much of a time was within stops and freezes.
func (j *judge) paused(from, to time.Time) time.Duration {
	var pauses []pause
	for i := range j.asked.Stops {
		if s := &j.asked.Stops[i]; covers(s.Services, j.asked.Subject.Service) {
			pauses = append(pauses, pause{s.From, s.Until})
		}
	}
	for i := range j.policy.Freeze {
		if w := &j.policy.Freeze[i]; covers(w.Services, j.asked.Subject.Service) {
			pauses = append(pauses, openings(w, from, to)...)
		}
	}
	slices.SortFunc(pauses, func(a, b pause) int { return a.from.Compare(b.from) })
	var total time.Duration
	for _, p := range pauses {
		if p.until.IsZero() || p.until.After(to) {
			p.until = to
		}
		if p.from.Before(from) {
			p.from = from
		}
		if p.from.Before(p.until) {
			total += p.until.Sub(p.from)
			from = p.until
		}
	}
	return total
}

// maxOpenings is how many openings of a window are told apart within one release: a
// window of every hour has as many in six weeks. The time after them counts as one
// pause, which holds.
const maxOpenings = 1000

func openings(w *window.Window, from, to time.Time) []pause {
	var pauses []pause
	for from.Before(to) {
		if len(pauses) == maxOpenings {
			return append(pauses, pause{from, to})
		}
		until, open := w.Open(from)
		if open {
			pauses = append(pauses, pause{from, until})
		}
		if from = w.Change(from); from.IsZero() {
			break
		}
	}
	return pauses
}
