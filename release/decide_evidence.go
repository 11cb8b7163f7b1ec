package release

import (
	"fmt"
	"slices"
	"strings"
)

// evidence weighs each requirement.
func (j *judge) evidence() {
	passed := false
	for i := range j.policy.Requirements {
		if j.require(&j.policy.Requirements[i]) {
			passed = true
		}
	}
	j.strangers()
	if !passed && len(j.policy.Requirements) > 0 && j.worst() == Promote {
		j.add(Reason{Code: Missing, Decision: Hold, Text: "no evidence was gathered of the image " + clip(j.asked.Subject.Digest),
			Change: j.again(j.policy.Requirements[0].Kind)})
	}
}

// pieces are the evidence of one requirement by how far it got.
type pieces [admitted + 1][]*Evidence

// require weighs one requirement, and reports whether evidence of it passed.
func (j *judge) require(r *Requirement) bool {
	var have pieces
	for i := range j.asked.Evidence {
		e := &j.asked.Evidence[i]
		if e.Kind == r.Kind && e.Subject.Service == j.asked.Subject.Service {
			s := j.admit(r, e)
			have[s] = append(have[s], e)
		}
	}
	w := j.weighing(r)
	if len(have[admitted]) == 0 {
		j.without(w, &have)
		return false
	}
	passed := j.weigh(w, have[admitted])
	j.misdated(r, &have)
	return passed
}

// without tells that nothing counts for a requirement. Optional evidence may be
// missing, but what has proven nothing good does not become good with age.
func (j *judge) without(w *weighing, have *pieces) {
	r := w.Requirement
	if r.Optional && len(have[future]) == 0 {
		slices.SortFunc(have[stale], newer)
		stands, held := w.stand(have[stale])
		if len(held) == 0 && (stands == nil || stands.decision() == Promote) {
			return
		}
	}
	for s := future; s >= otherImage; s-- {
		if len(have[s]) > 0 {
			j.add(j.lacking(r, slices.MinFunc(have[s], apart), s))
			return
		}
	}
	j.add(j.lacking(r, nil, otherImage))
}

// misdated holds where evidence of this very image claims to be newer than it can be:
// whether it outdates what counts cannot be told.
func (j *judge) misdated(r *Requirement, have *pieces) {
	if len(have[future]) == 0 {
		return
	}
	e, counts := slices.MinFunc(have[future], apart), slices.MinFunc(have[admitted], newer)
	if newer(e, counts) < 0 {
		j.add(j.ahead(r, e))
	}
}

// weigh lets what stands count, and reports whether it passed.
func (j *judge) weigh(w *weighing, admitted []*Evidence) bool {
	slices.SortFunc(admitted, newer)
	stands, held := w.stand(admitted)
	for _, a := range held {
		j.counts(w, a.Evidence)
	}
	if len(held) > 0 {
		j.tell(held[0], len(held)-1, "newer, hold as well")
	}
	if stands == nil {
		return false
	}
	j.counts(w, stands.Evidence)
	j.tell(stands, len(admitted)-len(held)-1, "older, no longer count")
	return stands.decision() == Promote
}

// tell adds the reasons of a piece of evidence, and how many others it speaks for.
func (j *judge) tell(a *assessment, others int, what string) {
	if others > 0 {
		a.reasons[0].Text += fmt.Sprintf(" (%s, %s)", plural(uint64(others), "other run"), what)
	}
	j.reasons = append(j.reasons, a.reasons...)
}

// counts notes how long evidence that counts does so, and the capacity it measured.
func (j *judge) counts(w *weighing, e *Evidence) {
	if w.MaxAge > 0 {
		j.turns(e.when().Add(w.MaxAge))
	}
	if e.Kind == Canary && e.MaxWeight > 0 {
		j.capacity = min(j.capacity, e.MaxWeight)
	}
}

// stand returns the newest conclusive piece of evidence, nil where there is none, and
// the newer ones that hold, the newest first. It takes them from the newest on.
func (w *weighing) stand(evidence []*Evidence) (stands *assessment, held []*assessment) {
	for len(evidence) > 0 {
		a := w.assess(evidence[0])
		n := 1
		// Equal times and hashes are one document; where they are not, the worst counts.
		for ; n < len(evidence) && newer(evidence[0], evidence[n]) == 0; n++ {
			a = worse(a, w.assess(evidence[n]))
		}
		if a.decision() != Hold {
			return a, held
		}
		held = append(held, a)
		evidence = evidence[n:]
	}
	return nil, held
}

func worse(a, b *assessment) *assessment {
	if d := b.decision().Rank() - a.decision().Rank(); d > 0 || d == 0 && b.text() < a.text() {
		return b
	}
	return a
}

// strangers holds for evidence of the image whose kind is unknown: what it says cannot
// be told.
func (j *judge) strangers() {
	var first *Evidence
	for i := range j.asked.Evidence {
		e := &j.asked.Evidence[i]
		if e.Subject.Service == j.asked.Subject.Service && e.Subject.Digest == j.asked.Subject.Digest &&
			!slices.Contains(Kinds, e.Kind) && (first == nil || strings.Compare(string(e.Kind)+e.ID, string(first.Kind)+first.ID) < 0) {
			first = e
		}
	}
	if first != nil {
		j.add(Reason{Code: Unproven, Decision: Hold, Kind: first.Kind, Evidence: first.ID,
			Text:   fmt.Sprintf("there is evidence of the kind %q, which this program does not know", clip(string(first.Kind))),
			Change: "use a newer program, or remove the evidence"})
	}
}
