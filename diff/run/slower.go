package run

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/stats"
	"twinspect.dev/replay"
)

// quantiles are those that are tested.
var quantiles = [...]struct {
	name string
	p    float64
}{{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}}

// slowerOperations returns, at the false discovery rate alpha, the operations
// that are slower on branch, by two tests.
//
// # Most answers
//
// Branch, and not control, is slower than base in more than half of the outcomes.
// That is tested by the same martingale as other differences are. Slow answers
// come in bursts, and so are not independent; discordant pairs alone would take a
// few bursts on one side for proof. A burst does not reach half of the answers. A
// difference that is proven so is one of p50.
//
// # Quantiles
//
// A quantile of branch is greater than base's, beyond [slowerFactor] and
// [slowerMargin], and greater than control's in the same way: by the bounds of
// [stats.QuantileMargin], in which as many samples count as there were spans, not
// answers. And branch is slower alone in more spans than control is, by the
// martingale. Both must hold, so that the error rate is kept where only one of
// them is right about how slow answers come: the bounds where spans are
// independent, the martingale where the sides are exchangeable in each span. A
// burst that is longer than a span counts as several; to be taken for a quantile
// it has to reach the share of branch's spans beyond that, by the margin.
//
// Alpha is split evenly over the test of most answers and the quantiles; the part
// of each quantile is kept over the operations by e-BH for the martingale, and
// split over them and the three bounds for these.
func (j *Judge) slowerOperations(alpha float64) []diff.Difference {
	var operations []*operation
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		if op := j.operations[name]; op.pace.N > 0 {
			operations = append(operations, op)
		}
	}
	alpha /= float64(len(quantiles) + 1)
	most := make([]float64, len(operations))
	blocks := make([]float64, len(operations))
	for i, op := range operations {
		most[i] = stats.EValue(op.pace.BranchOnly, op.pace.N-op.pace.BranchOnly)
		blocks[i] = stats.EValue(op.pace.blocks.Votes())
	}
	byMost, byBlocks := stats.EBH(most, alpha), stats.EBH(blocks, alpha)
	var found []diff.Difference
	for i, op := range operations {
		if byMost[i] {
			found = append(found, op.mostly(most[i]))
		}
		for k, q := range quantiles {
			if byMost[i] && k == 0 || !byBlocks[i] {
				continue
			}
			if b := op.bounds(q.p, alpha/float64(3*len(operations))); b.apart() {
				found = append(found, op.beyond(q.name, b, blocks[i]))
			}
		}
	}
	return found
}

// bounds enclose a quantile of the sides: branch's from below, the others' from
// above. Spans is how many there were.
type bounds struct {
	branch, base, control time.Duration
	spans                 uint64
}

// apart reports whether branch is slower than both.
func (b *bounds) apart() bool { return slower(b.base, b.branch) && slower(b.control, b.branch) }

// bounds returns those of the p-quantile, each with an error rate of alpha.
func (op *operation) bounds(p, alpha float64) bounds {
	b := bounds{spans: min(op.pace.spans.count(), op.pace.N)}
	margin := stats.QuantileMargin(b.spans, p, alpha)
	for i, l := range op.latency {
		switch sides[i] {
		case replay.Branch:
			b.branch = l.quantile(p - margin)
		case replay.Control:
			b.control = l.quantile(p + margin)
		default:
			b.base = l.quantile(p + margin)
		}
	}
	return b
}

// quantile returns the latency at a quantile: 0 below the first, [longest] beyond
// the last, and 0 where there are none.
func (l *latency) quantile(p float64) time.Duration {
	switch {
	case l == nil || p <= 0:
		return 0
	case p >= 1:
		return longest
	}
	return time.Duration(l.h.ValueAtQuantile(100*p)) * time.Microsecond
}

// mostly is the difference of an operation most of whose answers are slower.
func (op *operation) mostly(evidence float64) diff.Difference {
	d := op.slowerIn(quantiles[0].name, evidence)
	d.Reason = fmt.Sprintf("branch alone takes more than %g times as long as base, and %s more, in %d of %d",
		slowerFactor, slowerMargin, op.pace.BranchOnly, op.pace.N)
	return d
}

// beyond is the difference of an operation with a quantile that is greater.
func (op *operation) beyond(name string, b bounds, evidence float64) diff.Difference {
	d := op.slowerIn(name, evidence)
	d.BranchSessions, d.ControlSessions = op.pace.blocks.Votes()
	d.Reason = fmt.Sprintf("branch's %s is at least %s, base's at most %s", name, rounded(b.branch), rounded(b.base))
	if op.pace.Paired {
		d.Reason += ", control's at most " + rounded(b.control)
	}
	d.Reason += fmt.Sprintf(", by %d spans of %s", b.spans, span)
	return d
}

func (op *operation) slowerIn(quantile string, evidence float64) diff.Difference {
	return diff.Difference{
		Cell:      diff.Cell{Operation: op.name, Place: diff.Place{Part: diff.Latency, Path: quantile}, Kind: diff.Slower},
		Counts:    op.pace.Counts,
		Judgement: diff.Regression,
		EValue:    evidence,
		Examples:  []diff.Example{op.pace.example},
	}
}
