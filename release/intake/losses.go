package intake

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/release"
)

// maxLossReasons is how many reasons are told one by one, the most frequent; the rest
// are "other". There are some dozens in all.
const maxLossReasons = 100

// losses sums up an account: what was wanted and what of it never reached the verdict,
// in the unit of which the greatest share was lost.
//
// The stages of one unit are one chain: what one of them dropped no later one saw, so
// their losses add up, and what was wanted is what was lost, is still inside, or left
// the last of them. What was left out on purpose was not wanted. Units are kept apart:
// a frame that is lost costs an exchange that is then lost too, which would count
// twice, and a million frames beside it would hide a thousand lost exchanges.
//
// It is an error if a stage does not balance.
func losses(a capture.Account) (release.Losses, error) {
	byUnit := map[string]*release.Losses{}
	var order []string
	last := map[string]uint64{}
	for i := range a {
		st := &a[i]
		if err := balanced(st); err != nil {
			return release.Losses{}, err
		}
		if unit := unitOf(st); unit != "" {
			if byUnit[unit] == nil {
				byUnit[unit] = &release.Losses{}
				order = append(order, unit)
			}
			add(byUnit[unit], st)
			last[unit] = st.Written
		}
	}
	worst := release.Losses{}
	for _, unit := range order {
		l := byUnit[unit]
		l.Seen = sum(l.Seen, l.Lost, last[unit])
		if worst.Seen == 0 || share(*l) > share(worst) {
			worst = *l
		}
	}
	worst.Reasons = told(worst.Reasons)
	return worst, nil
}

// unitOf returns the unit by which a stage is chained to others, "" where it does not
// count: answers are compared whether or not there are spans of traces. An outcome is
// what became of one exchange.
func unitOf(st *capture.Stage) string {
	switch st.Unit {
	case "spans":
		return ""
	case "outcomes":
		return "exchanges"
	}
	return st.Unit
}

// add counts what the stage lost, and in Seen what is still inside.
func add(l *release.Losses, st *capture.Stage) {
	l.Seen = sum(l.Seen, st.Open)
	for reason, n := range st.Dropped {
		l.Lost = sum(l.Lost, n)
		if l.Reasons == nil {
			l.Reasons = make(map[string]uint64)
		}
		l.Reasons[string(reason)] = sum(l.Reasons[string(reason)], n)
	}
}

func share(l release.Losses) float64 {
	if l.Seen == 0 {
		return 0
	}
	return float64(l.Lost) / float64(l.Seen)
}

// told keeps the most frequent reasons.
func told(reasons map[string]uint64) map[string]uint64 {
	if len(reasons) == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), strings.Compare(a, b))
	})
	out := make(map[string]uint64, min(len(names), maxLossReasons))
	for i, name := range names {
		key := clip(name)
		if i >= maxLossReasons-1 && len(names) > maxLossReasons {
			key = "other"
		}
		out[key] = sum(out[key], reasons[name])
	}
	return out
}

// balanced is [capture.Stats.Balance] without overflow, which a forged account may
// bring about.
func balanced(st *capture.Stage) error {
	left := st.Seen
	for _, n := range slices.Concat([]uint64{st.Written, st.Open}, slices.Collect(maps.Values(st.Filtered)), slices.Collect(maps.Values(st.Dropped))) {
		if n > left {
			return fmt.Errorf("%w: stage %.80q accounts for more than the %d that it saw", ErrContradicts, st.Name, st.Seen)
		}
		left -= n
	}
	if left > 0 {
		return fmt.Errorf("%w: stage %.80q does not account for %d of the %d that it saw", ErrContradicts, st.Name, left, st.Seen)
	}
	return nil
}

// sum adds counts, staying at the greatest number where it would be passed.
func sum(counts ...uint64) uint64 {
	total := uint64(0)
	for _, n := range counts {
		if total > math.MaxUint64-n {
			return math.MaxUint64
		}
		total += n
	}
	return total
}
