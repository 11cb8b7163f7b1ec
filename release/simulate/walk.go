package simulate

import (
	"slices"
	"time"

	"twinspect.dev/release"
)

// walk decides on one release at every moment of it.
type walk struct {
	policy       *release.Policy
	decide       decide
	known        *known
	release      *release.Release
	since, until time.Time
	limit        int // of moments, at least 1

	others []foreign
	out    Release
	prev   *release.Verdict
	told   map[*release.Record]bool // whose difference was noted
}

func (w *walk) run() Release {
	w.out = Release{Subject: w.release.Subject, Since: w.since, Until: w.until, Outcome: release.Hold, Final: release.Hold, Steps: []Step{}, Differences: []Difference{}}
	w.told, w.others = map[*release.Record]bool{}, w.known.others(imageOf(w.release.Subject))
	list := w.moments()
	var soon *moment // that time makes, before the next of the list
	for i := 0; i < len(list); {
		if end := len(list) - 1; w.out.Moments == w.limit-1 {
			// The end is always decided on.
			w.out.Left = end - i
			if soon != nil && soon.at.Before(list[i].at) {
				w.out.Left++
			}
			soon, i = nil, end
		}
		m := list[i]
		if soon != nil && soon.at.Before(m.at) {
			m = soon
		} else {
			i++
		}
		soon = w.next(w.visit(m))
	}
	w.was()
	return w.out
}

// next returns the moment at which time alone may change the verdict, nil for never.
func (w *walk) next(v *release.Verdict) *moment {
	m := &moment{at: v.Until, causes: []Cause{Aged}}
	if !m.at.After(v.At) {
		m.at = time.Time{}
	}
	if at := w.window(v.At); !at.IsZero() && (m.at.IsZero() || !at.After(m.at)) {
		m.at, m.causes = at, []Cause{ByWindow}
	}
	if m.at.IsZero() {
		return nil
	}
	return m
}

// window returns when a freeze window opens or closes next, zero for never.
func (w *walk) window(at time.Time) (first time.Time) {
	if w.policy == nil {
		return first
	}
	for i := range w.policy.Freeze {
		f := &w.policy.Freeze[i]
		if !covers(f.Services, w.release.Service) {
			continue
		}
		if t := f.Change(at); t.After(at) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// visit decides at a moment. The weight is untold but for what is compared with a
// record of which it is known.
func (w *walk) visit(m *moment) *release.Verdict {
	c := w.known.caseAt(release.Question{Subject: w.release.Subject, Since: w.since, At: m.at}, w.others)
	v := w.decide(w.policy, c)
	v.At = m.at
	w.out.Moments++
	w.hold(m.at)
	if w.prev == nil || !alike(w.prev, &v) {
		w.step(&v, m.causes)
	}
	w.out.Final = v.Decision
	w.reach(&v)
	for _, r := range m.asked {
		w.compare(r, w.asked(r, c, &v))
	}
	w.prev = &v
	return &v
}

// reach notes when a decision was first reached.
func (w *walk) reach(v *release.Verdict) {
	if v.Decision == release.Promote && w.out.Promoted.IsZero() {
		w.out.Promoted = v.At
	}
	if v.Decision == release.Rollback && w.out.RolledBack.IsZero() {
		w.out.RolledBack = v.At
	}
	if w.out.Outcome == release.Hold {
		w.out.Outcome = v.Decision
	}
}

func (w *walk) step(v *release.Verdict, causes []Cause) {
	s := Step{At: v.At, Decision: v.Decision, MaxWeight: v.MaxWeight, Causes: causes}
	s.Reasons, s.More = calls(v)
	if len(w.out.Steps) == MaxSteps {
		// The last step stays the last one.
		w.out.Steps = w.out.Steps[:MaxSteps-1]
		w.out.StepsLeft++
	}
	w.out.Steps = append(w.out.Steps, s)
}

// calls are the first reasons that call for the decision; more counts the others.
func calls(v *release.Verdict) (list []release.Reason, more int) {
	list = []release.Reason{}
	for _, r := range v.Reasons {
		switch {
		case r.Decision != v.Decision:
		case len(list) == MaxReasons:
			more++
		default:
			list = append(list, r)
		}
	}
	return list, more
}

// alike reports whether two verdicts say the same, apart from numbers and times in
// their texts, and from which foreign evidence they name.
func alike(a, b *release.Verdict) bool {
	same := func(x, y release.Reason) bool {
		x.Text, x.Change, y.Text, y.Change = "", "", "", ""
		if x.Code == release.Foreign {
			x.Evidence = y.Evidence
		}
		return x == y
	}
	return a.Decision == b.Decision && a.MaxWeight == b.MaxWeight && slices.EqualFunc(a.Reasons, b.Reasons, same) //nolint:floatcompare // the same number
}

// asked is the verdict on the weight that a record tells of, which is the one at hand
// where it tells of none.
func (w *walk) asked(r *release.Record, c release.Case, untold *release.Verdict) *release.Verdict {
	if r.Weight == 0 || w.told[r] {
		return untold
	}
	c.Weight = r.Weight
	v := w.decide(w.policy, c)
	v.At = untold.At
	return &v
}

// compare notes where the gate decided otherwise, once for each record.
func (w *walk) compare(r *release.Record, v *release.Verdict) {
	if r.Decision == v.Decision || w.told[r] {
		return
	}
	w.told[r] = true
	d := Difference{Record: r.ID, At: v.At, Weight: r.Weight, Was: r.Decision, Would: v.Decision, Incomparable: r.Weight == 0 && forWeight(r)}
	d.Reasons, d.More = calls(v)
	w.out.Differences = append(w.out.Differences, d)
}

// forWeight reports whether the gate held for nothing but the weight.
func forWeight(r *release.Record) bool {
	n := 0
	for _, reason := range r.Reasons {
		if reason.Decision == r.Decision {
			if reason.Code != release.Traffic {
				return false
			}
			n++
		}
	}
	return n > 0
}

// was notes what the gate really told.
func (w *walk) was() {
	for _, r := range w.known.records[imageOf(w.release.Subject)] {
		if r.At.Before(w.since) || r.At.After(w.until) {
			continue
		}
		if w.out.Was == "" || w.out.Was == release.Hold {
			w.out.Was = r.Decision
		}
		if r.Decision == release.Promote && w.out.WasPromoted.IsZero() {
			w.out.WasPromoted = r.At
		}
	}
}

// holding is how long one reason held a release.
type holding struct {
	code release.Code
	kind release.Kind
	d    time.Duration
}

// hold adds the time since the last moment to the reasons that held then, until the
// outcome is reached.
func (w *walk) hold(at time.Time) {
	if w.prev == nil || w.out.Outcome != release.Hold {
		return
	}
	seen := map[holding]bool{}
	for _, r := range w.prev.Reasons {
		key := holding{code: r.Code, kind: r.Kind}
		if r.Decision != release.Hold || seen[key] {
			continue
		}
		seen[key] = true
		i := slices.IndexFunc(w.out.held, func(h holding) bool { return h.code == r.Code && h.kind == r.Kind })
		if i < 0 {
			i = len(w.out.held)
			w.out.held = append(w.out.held, key)
		}
		w.out.held[i].d += at.Sub(w.prev.At)
	}
}
