package release

import (
	"fmt"
	"slices"
	"time"
)

// byEvidence are the codes of evidence that does not let a release through yet.
var byEvidence = []Code{Missing, Stale, Foreign, Thin, Lossy, Blind, Unsigned, Future, Unproven, Failed}

// traffic holds a release that wants more than its canary can take, or more than it may
// have before its evidence is complete.
func (j *judge) traffic() {
	weight := j.asked.Weight
	if weight > j.capacity {
		j.add(Reason{Code: Traffic, Decision: Hold, Kind: Canary,
			Text:   fmt.Sprintf("%s of the traffic is more than the canary has the capacity for, %s", percent(weight), percent(j.capacity)),
			Change: fmt.Sprintf("give the canary more replicas, or ask for at most %s", percent(j.capacity))})
	}
	if j.policy != nil && weight > j.policy.Budget.MaxTraffic && j.worst() == Hold && j.has(byEvidence...) {
		j.add(Reason{Code: Traffic, Decision: Hold,
			Text:   fmt.Sprintf("%s of the traffic is more than a release may have before its evidence is complete, %s", percent(weight), percent(j.policy.Budget.MaxTraffic)),
			Change: fmt.Sprintf("complete the evidence, or ask for at most %s", percent(j.policy.Budget.MaxTraffic))})
	}
}

// maxWeight is the share that a release may grow to. Promoted it is what its canary
// can take, or what a person let it have. Held by its canary's evidence alone it is the
// budget for gathering more, as that is made of traffic; held by anything else, such as
// a comparison that has not been made, it does not grow at all.
func (j *judge) maxWeight(d Decision, followed *Override) float64 {
	switch {
	case d == Promote && followed != nil:
		return max(j.capacity, j.asked.Weight)
	case d == Promote:
		return j.capacity
	case d == Rollback || followed != nil || j.policy == nil || !j.awaitsTraffic():
		return 0
	}
	return min(j.policy.Budget.MaxTraffic, j.capacity)
}

// awaitsTraffic reports whether nothing holds but what traffic changes.
func (j *judge) awaitsTraffic() bool {
	return !slices.ContainsFunc(j.reasons, func(r Reason) bool {
		return r.Decision != Promote && r.Kind != Canary && r.Code != Traffic
	})
}

// overdue reports whether evidence has held the release for longer than the budget, and
// says so. While anything else holds it is not: a source that cannot be read may have
// what is missing.
func (j *judge) overdue() bool {
	limit, since := j.maxHold(), j.asked.Since
	if limit <= 0 || since.IsZero() || !j.has(byEvidence...) || j.has(Frozen, Stopped, Faulty, Unknown) {
		return false
	}
	end := since.Add(limit)
	if !j.asked.At.Before(end) {
		end = end.Add(j.paused(since, j.asked.At))
	}
	j.turns(end)
	if j.asked.At.Before(end) {
		return false
	}
	j.add(Reason{Code: Overdue, Decision: Rollback,
		Text:   fmt.Sprintf("evidence holds it since %s, and the policy allows %s", moment(since), limit),
		Change: "push the evidence that is asked for, or let a person override what holds it"})
	return true
}

func (j *judge) maxHold() time.Duration {
	if j.policy == nil {
		return 0
	}
	return j.policy.Budget.MaxHold
}
