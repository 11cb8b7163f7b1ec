package release

import (
	"fmt"
	"slices"
	"strconv"
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
	have := &j.have
	for s := range have {
		have[s] = have[s][:0]
	}
	for i := range j.asked.Evidence {
		e := &j.asked.Evidence[i]
		if e.Kind == r.Kind && e.Subject.Service == j.asked.Subject.Service {
			s := j.admit(r, e)
			have[s] = append(have[s], e)
			if s == future {
				j.admissible(e)
			}
		}
	}
	w := j.weighing(r)
	if len(have[admitted]) == 0 {
		j.without(w, have)
		return false
	}
	passed := j.weigh(w, have[admitted], have[stale])
	j.misdated(r, have)
	return passed
}

// without tells that nothing counts for a requirement. Optional evidence may be
// missing, but what has proven nothing good does not become good with age.
func (j *judge) without(w *weighing, have *pieces) {
	r := w.Requirement
	if r.Optional && len(have[future]) == 0 {
		slices.SortFunc(have[stale], newer)
		stands, held, _ := w.stand(have[stale])
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
func (j *judge) weigh(w *weighing, admitted, old []*Evidence) bool {
	slices.SortFunc(admitted, newer)
	stands, held, older := w.stand(admitted)
	for _, a := range held {
		j.counts(w, a.Evidence)
	}
	if len(held) > 0 {
		if n := len(held) - 1; n > 0 {
			held[0].reasons[0].Text += fmt.Sprintf(" (as %s before it)", plural(uint64(n), "run"))
		}
		j.reasons = append(j.reasons, held[0].reasons...)
	}
	if stands == nil {
		return false
	}
	j.counts(w, stands.Evidence)
	stands.outdates(older, old)
	j.reasons = append(j.reasons, stands.reasons...)
	return stands.decision() == Promote
}

// outdates tells how many older runs it stands instead of. Those that are too old are
// among them, so that the same is told however much time goes by.
func (a *assessment) outdates(older ...[]*Evidence) {
	var n, failed uint64
	for _, list := range older {
		n += uint64(len(list))
		for _, e := range list {
			if e.Outcome == Fail {
				failed++
			}
		}
	}
	if n > 0 {
		a.reasons[0].Text += " (it outdates " + plural(n, "run") + ", of which " + strconv.FormatUint(failed, 10) + " failed)"
	}
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
// the newer ones that hold, the newest first, and the older ones. It takes them from the
// newest on.
func (w *weighing) stand(evidence []*Evidence) (stands *assessment, held []*assessment, older []*Evidence) {
	for len(evidence) > 0 {
		a := w.assess(evidence[0])
		n := 1
		// Equal times and hashes are one document; where they are not, the worst counts.
		for ; n < len(evidence) && newer(evidence[0], evidence[n]) == 0; n++ {
			a = worse(a, w.assess(evidence[n]))
		}
		if a.decision() != Hold {
			return a, held, evidence[n:]
		}
		held = append(held, a)
		evidence = evidence[n:]
	}
	return nil, held, nil
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
