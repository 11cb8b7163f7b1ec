package triage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// order is in which categories need attention.
var order = []diff.Category{
	diff.CauseRegression, diff.CauseUnknown, diff.CauseMisrouted, diff.CauseCredentials,
	diff.CauseEnvironment, diff.CauseData, diff.CauseNoise,
}

// remedies are what to do about each; noise needs nothing done.
var remedies = map[diff.Category]diff.Remedy{
	diff.CauseRegression:  diff.Escalate,
	diff.CauseUnknown:     diff.AskAgain,
	diff.CauseMisrouted:   diff.Configure,
	diff.CauseCredentials: diff.Refresh,
	diff.CauseEnvironment: diff.Retry,
	diff.CauseData:        diff.Configure,
}

// whats say each in a sentence, with what to do.
var whats = map[diff.Category]string{
	diff.CauseRegression:  "proven: show them to who changed the branch, or accept what is intended (twinspect accept)",
	diff.CauseUnknown:     "too few samples to tell: ask again (--confirm), or send more traffic",
	diff.CauseMisrouted:   "answered by another version than was asked: check the routes (twinspect routes plan)",
	diff.CauseCredentials: "every side refuses the recorded credentials: sign requests anew (--replay-rules), or record again",
	diff.CauseEnvironment: "a side was not reached, or a gateway answered for it: run again once the sides are up",
	diff.CauseData:        "no side has what the recorded service had: load its data, or send the writes too (--allow-writes)",
	diff.CauseNoise:       "base differs from itself in the same way",
}

// Sum fills in the category and the remedy of each difference of the report, and
// its troubles.
func Sum(r *diff.Report) {
	troubles := make(map[diff.Category]*tally)
	for i := range r.Differences {
		d := &r.Differences[i]
		d.Category = judged(d.Judgement)
		d.Remedy = remedies[d.Category]
		if d.Judgement != diff.Accepted {
			troubles[d.Category] = troubles[d.Category].add(d.Operation, 1, "differences")
		}
	}
	for i := range r.Operations {
		op := &r.Operations[i]
		for _, reason := range slices.Sorted(maps.Keys(op.NotCompared)) {
			c := Category(reason)
			if c == diff.CauseUnknown {
				continue // nothing was asked, or no longer: the account tells
			}
			troubles[c] = troubles[c].add(op.Name, op.NotCompared[reason], "outcomes").because(reason, op.NotCompared[reason])
		}
	}
	r.Troubles = nil
	for _, c := range order {
		if t := troubles[c]; t != nil {
			r.Troubles = append(r.Troubles, t.trouble(c))
		}
	}
}

// judged is the category of a judgement. Of what was accepted the cause is known.
func judged(j diff.Judgement) diff.Category {
	switch j {
	case diff.Regression:
		return diff.CauseRegression
	case diff.Noise:
		return diff.CauseNoise
	case diff.Accepted:
		return ""
	}
	return diff.CauseUnknown
}

// tally is what was found of one category.
type tally struct {
	n          uint64
	unit       string
	operations map[string]uint64
	reasons    map[capture.Reason]uint64
}

func (t *tally) add(operation string, n uint64, unit string) *tally {
	if t == nil {
		t = &tally{unit: unit, operations: make(map[string]uint64), reasons: make(map[capture.Reason]uint64)}
	}
	t.n += n
	t.operations[operation] += n
	return t
}

func (t *tally) because(reason capture.Reason, n uint64) *tally {
	t.reasons[reason] += n
	return t
}

// namedOperations is how many operations a trouble names.
const namedOperations = 5

func (t *tally) trouble(c diff.Category) diff.Trouble {
	names := slices.SortedFunc(maps.Keys(t.operations), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.operations[b], t.operations[a]), cmp.Compare(a, b))
	})
	what := whats[c]
	if why := (capture.Stats{Dropped: t.reasons}).Losses(); why != "" {
		what += fmt.Sprintf(" (%s)", why)
	}
	return diff.Trouble{
		Category: c, Remedy: remedies[c], Count: t.n, Unit: t.unit, What: what,
		Operations: names[:min(len(names), namedOperations)],
	}
}
