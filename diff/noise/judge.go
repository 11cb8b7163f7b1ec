package noise

import (
	"cmp"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/stats"
)

// Judge says what the counts mean at the false discovery rate alpha. It changes
// nothing: more may be observed and judged again. (Each look is valid alone; see
// [stats.Blocks] for what looking often does.)
//
// # Regression
//
// What is tested are the votes of blocks of sessions. The e-values of all cells
// are put to e-BH together, at alpha, with the weights that the [Profile] gives
// them. A cell whose blocks are all tied says nothing either way and is not among
// them. That choice looks at how unlike the sides are and not at which of them
// differs, so that the e-values stay valid under it.
//
// # Noise
//
// A cell is noise if it is no regression, base differs from itself there at
// least once, and [stats.Uniform] of the votes is below [Explained], or below the
// number of cells in which base differs from itself: among m cells without any
// regression, at most one is expected to reach m by chance. Branch differs about
// as often as control does. Where base happens not to differ from itself in this
// run and did in earlier ones, often enough to make branch's differences likely,
// that explains them as well. Of a cell that is noise, the values outside of what
// was learned are a difference of kind Class, with its own counts. For those
// the outcomes in which control left the class that the sessions before it had
// taught stand against it, in the order of their [Rank].
//
// # Suspect
//
// Everything else: branch differs and there are too few samples to tell.
//
// # Without a control side
//
// Nothing is known of noise then. Still, base and branch are exchangeable if
// they are no different, so that each direction of a difference is as likely as
// its reverse: a member that is missing on branch is as often missing on base.
// Members removed and added, values that change their type, and the status are
// tested so, by the same martingale. A value that merely changes, or an order,
// stays a suspect however often it occurs. So does what occurred only in
// outcomes without control, in an operation that has others. A profile explains
// nothing there: its classes are held against branch's values only in pairs.
func (l *Ledger) Judge(alpha float64) *Judged {
	candidates := l.candidates()
	bench := judge(candidates, alpha)
	result := &Judged{outlooks: l.outlooks(candidates, bench)}
	notNoise := make(map[diff.Cell]bool)
	for i := range candidates {
		c := &candidates[i]
		if c.Branch == 0 || c.class && !c.parentIsNoise(candidates) {
			continue
		}
		if c.Judgement != diff.Noise {
			notNoise[c.Cell] = true
		}
		if c.explained {
			result.Explained++
		}
		result.Differences = append(result.Differences, c.Difference)
	}
	slices.SortStableFunc(result.Differences, diff.Compare)
	result.Differing = l.differing(notNoise)
	return result
}

// Judged is what a ledger says. It shares no memory with it that changes.
type Judged struct {
	// Differences are in the order of [diff.Report].
	Differences []diff.Difference
	// Differing is, by operation, the number of outcomes with at least one
	// difference that is not noise.
	Differing map[string]uint64
	// Explained is how many of the differences are noise by the profile alone.
	Explained uint64

	outlooks outlooks
}

// Explained is the e-value below which a difference that base also has from
// itself is explained by it. It is the square root of 10: evidence below it is
// "not worth more than a bare mention" (Jeffreys, Theory of Probability, 1961,
// appendix B).
const Explained = 3.1622776601683795

// bench is what all candidates are judged by.
type bench struct {
	alpha float64
	// weighed are the weighted e-values that were tested, the greatest first.
	weighed []float64
	// mean is that of the weights before they were made to have a mean of 1.
	mean float64
	// explained is the e-value below which noise explains a difference.
	explained float64
}

// judge fills in the judgements.
func judge(list []candidate, alpha float64) bench {
	var tested []*candidate
	for i := range list {
		if c := &list[i]; c.test != untested && c.x+c.y > 0 {
			tested = append(tested, c)
		}
	}
	b := bench{alpha: alpha, mean: mean(tested), explained: max(Explained, float64(noisy(list)))}
	b.test(tested)
	for i := range list {
		b.settle(&list[i])
	}
	return b
}

func mean(tested []*candidate) float64 {
	sum := 0.0
	for _, c := range tested {
		sum += c.weight
	}
	if sum == 0 {
		return 1
	}
	return sum / float64(len(tested))
}

// test finds the regressions.
func (b *bench) test(tested []*candidate) {
	evalues, weights := make([]float64, len(tested)), make([]float64, len(tested))
	for i, c := range tested {
		evalues[i], weights[i] = c.EValue, c.weight/b.mean
		b.weighed = append(b.weighed, evalues[i]*weights[i])
	}
	slices.SortFunc(b.weighed, func(x, y float64) int { return -cmp.Compare(x, y) })
	for i, yes := range stats.WeightedEBH(evalues, weights, b.alpha) {
		if yes {
			tested[i].Judgement = diff.Regression
		}
	}
}

// bar is what the weighted e-value of one candidate must reach, among n, if the
// others stay as they are: it is rejected with the k greatest of them for the
// greatest k that pay for themselves together with it.
func (b *bench) bar(n int) float64 {
	k := 0
	for i, e := range b.weighed {
		if e >= stats.Threshold(n, i+2, b.alpha) {
			k = i + 1
		}
	}
	return stats.Threshold(n, k+1, b.alpha)
}

// settle judges what is no regression.
func (b *bench) settle(c *candidate) {
	switch {
	case c.Judgement == diff.Regression:
	case c.Paired && c.Control > 0 && c.excess() < b.explained:
		c.Judgement = diff.Noise
	case c.Paired && c.prior.makesLikely(c.N, c.x) && c.excess() < b.explained:
		c.Judgement, c.explained = diff.Noise, true
	default:
		c.Judgement = diff.Suspect
		c.MoreSamples = c.moreSamples(b.bar(len(b.weighed)) * b.mean / c.weight)
	}
	c.Reason = reason(c)
}

// noisy counts the cells in which base differs from itself, as far as is known.
func noisy(list []candidate) int {
	n := 0
	for i := range list {
		if c := &list[i]; c.Paired && (c.Control > 0 || c.prior != nil) {
			n++
		}
	}
	return n
}

// looksLikeNoise says of a cell, before the end, what Judge would if all were
// observed.
func (c *cell) looksLikeNoise(entry int) bool {
	if x, y := c.pairs.Votes(); c.controlCount == 0 || stats.Uniform(x, y) >= Explained {
		return false
	}
	return !c.narrows() || entry >= len(c.classes) || !leaves(c.classes[entry].classes, c.learned.common)
}

// differing returns how many outcomes of each operation had one of the cells.
func (l *Ledger) differing(cells map[diff.Cell]bool) map[string]uint64 {
	result := l.outcomes.differing(func(r reference) bool {
		if cells[r.cell.Cell] {
			return true
		}
		if r.entry >= len(r.cell.classes) || !leaves(r.cell.classes[r.entry].classes, l.common(r.cell)) {
			return false
		}
		key := r.cell.Cell
		key.Kind = diff.Class
		return cells[key]
	})
	for _, op := range l.operations {
		if op.uncounted > 0 {
			result[op.name] += op.uncounted
		}
	}
	return result
}
