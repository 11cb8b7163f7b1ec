package release

import (
	"fmt"
)

// surroundings hold, whatever the evidence says: stops, freezes, and sources that
// could not be read.
func (j *judge) surroundings() {
	for i := range j.asked.Stops {
		j.stop(&j.asked.Stops[i])
	}
	if j.policy != nil {
		for i := range j.policy.Freeze {
			j.freeze(i)
		}
	}
	for _, fault := range j.asked.Faults {
		j.add(Reason{Code: Faulty, Decision: Hold, Text: "a source could not be read: " + clip(fault),
			Change: "make it readable again; the verdict is asked for anew then"})
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
		j.turns(w.From)
		return
	}
	j.turns(until)
	j.add(Reason{Code: Frozen, Decision: Hold, Line: w.Line,
		Text:   fmt.Sprintf("the freeze %s lasts until %s: %s", clip(w.Name), moment(until), clip(w.Reason)),
		Change: "wait until it is over, or let a person override it"})
}
