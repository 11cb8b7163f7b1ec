package release

import (
	"slices"
	"time"
)

// Decide weighs a case by a policy. It is pure and deterministic: the order of the
// evidence does not matter, nothing that it is handed is changed, and it may be called
// from any goroutine.
//
// Each requirement is weighed by itself, see [Requirement]; of several pieces of
// evidence of its kind the newest conclusive one stands, and newer ones that hold add
// that they hold. The verdict is the worst of all, so that evidence which by itself
// would hold or roll back never improves it. Freezes, stops, faults and a question that
// lacks something hold, and never soften a rollback. What a person said comes after
// that, and the budget for holding last.
//
// It promotes only where some evidence passed or a person who may do so said so, and
// never while there is a fault, a stop or a question that lacks something.
func Decide(p *Policy, c Case) Verdict {
	j := &judge{policy: p, asked: &c, capacity: 1, reasons: make([]Reason, 0, 2*len(Kinds))}
	j.faults()
	if j.question() {
		j.evidence()
	}
	j.surroundings()
	j.traffic()
	decision, followed := j.overrides(j.worst())
	if decision == Hold && j.overdue() {
		decision, followed = Rollback, nil
	}
	return j.verdict(decision, followed)
}

// judge gathers the reasons of one case.
type judge struct {
	policy  *Policy
	asked   *Case
	reasons []Reason
	until   time.Time
	// capacity is the least that evidence which counts has measured, 1 where none did.
	capacity float64
	now      weighing // the requirement that is weighed
	have     pieces   // of it
}

func (j *judge) add(r Reason) { j.reasons = append(j.reasons, r) }

// turns notes a time at which the verdict may change by itself.
func (j *judge) turns(at time.Time) {
	if at.After(j.asked.At) && (j.until.IsZero() || at.Before(j.until)) {
		j.until = at
	}
}

func (j *judge) worst() Decision {
	worst := Promote
	for i := range j.reasons {
		worst = Worst(worst, j.reasons[i].Decision)
	}
	return worst
}

// has reports whether a reason with one of the codes calls for what is not a promotion.
func (j *judge) has(codes ...Code) bool {
	return slices.ContainsFunc(j.reasons, func(r Reason) bool {
		return r.Decision != Promote && slices.Contains(codes, r.Code)
	})
}

func (j *judge) verdict(decision Decision, followed *Override) Verdict {
	v := Verdict{
		Schema: VerdictSchema, Version: VerdictVersion, Decision: decision,
		Subject: j.asked.Subject, At: j.asked.At, Reasons: ordered(j.reasons, decision, Rollback, Hold, Promote),
		MaxWeight: j.maxWeight(decision, followed), Until: j.until, Override: followed,
	}
	if share(j.asked.Weight) {
		v.Weight = j.asked.Weight
	}
	if j.policy != nil {
		v.Policy = PolicyRef{j.policy.Name, j.policy.Digest}
	}
	return v
}

// ordered returns the reasons by what they call for, those for the first decision first,
// otherwise as they were. It moves each once: they are long, and may be many.
func ordered(reasons []Reason, decisions ...Decision) []Reason {
	list := make([]Reason, 0, len(reasons))
	for i, d := range decisions {
		if slices.Contains(decisions[:i], d) {
			continue
		}
		for n := range reasons {
			if reasons[n].Decision == d {
				list = append(list, reasons[n])
			}
		}
	}
	return list
}
