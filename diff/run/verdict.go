package run

import (
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// verdict says what the report means as a whole, and why.
func verdict(r *diff.Report, maxLoss float64) (diff.Verdict, []string) {
	regressions, suspects := len(r.Judged(diff.Regression)), len(r.Judged(diff.Suspect))
	doubts := doubts(r, maxLoss)
	var reasons []string
	if regressions > 0 {
		reasons = append(reasons, fmt.Sprintf("%s proven; of all that is proven so, at most %s is expected to be false",
			plural(regressions, "regression"), percent(r.ErrorRate)))
	}
	if suspects > 0 {
		reasons = append(reasons, fmt.Sprintf("%s with too few samples to tell", plural(suspects, "suspect")))
	}
	reasons = append(reasons, doubts...)
	switch {
	case regressions > 0:
		return diff.Fail, reasons
	case suspects > 0 || len(doubts) > 0:
		return diff.Inconclusive, reasons
	}
	passed := fmt.Sprintf("no difference beyond noise in %s", plural(compared(r), "compared outcome"))
	if n := len(r.Judged(diff.Accepted)); n > 0 {
		passed += fmt.Sprintf(", but for %d accepted", n)
	}
	return diff.Pass, []string{passed}
}

// spans is the unit of what traces are made of: answers are compared without them.
const spans = "spans"

// doubts lists what keeps a run without findings from being a pass.
func doubts(r *diff.Report, maxLoss float64) []string {
	var doubts []string
	if compared(r) == 0 {
		doubts = append(doubts, "nothing was compared")
	}
	for _, stage := range r.Account {
		if stage.Unit == spans {
			continue
		}
		if share := lossShare(stage.Stats); share > maxLoss {
			doubts = append(doubts, fmt.Sprintf("%s lost %d of %d %s (%s, at most %s are allowed): %s",
				stage.Name, stage.Lost(), stage.Seen, stage.Unit, percent(share), percent(maxLoss), reasonsOf(stage.Dropped)))
		}
	}
	if share := r.SelfCheck.MissedShare(); share > 0 && share > r.SelfCheck.MaxMissed {
		doubts = append(doubts, fmt.Sprintf("blind: %d of %d changes made on purpose would be missed (%s, at most %s are allowed)",
			r.SelfCheck.Missed, r.SelfCheck.Mutations, percent(share), percent(r.SelfCheck.MaxMissed)))
	}
	return append(doubts, neverCompared(r)...)
}

// namedOperations bounds the operations that the reasons name one by one.
const namedOperations = 10

func neverCompared(r *diff.Report) []string {
	var doubts []string
	more := 0
	for _, op := range r.Operations {
		switch {
		case op.Compared > 0:
		case len(doubts) < namedOperations:
			doubts = append(doubts, fmt.Sprintf("%s was never compared: %s", op.Name, reasonsOf(op.NotCompared)))
		default:
			more++
		}
	}
	if more > 0 {
		doubts = append(doubts, fmt.Sprintf("%d more operations were never compared", more))
	}
	return doubts
}

func compared(r *diff.Report) uint64 {
	var n uint64
	for _, op := range r.Operations {
		n += op.Compared
	}
	return n
}

func lossShare(s capture.Stats) float64 {
	if s.Seen == 0 {
		return 0
	}
	return float64(s.Lost()) / float64(s.Seen)
}

// percent shows a share with the digits that matter.
func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func plural[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// reasonsOf lists counts by reason, the greatest first.
func reasonsOf(counts map[capture.Reason]uint64) string {
	return capture.Stats{Dropped: counts}.Losses()
}
