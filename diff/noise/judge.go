package noise

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// Judge says what the counts mean at the false discovery rate alpha. It returns
// the differences in the order of [diff.Report], and by operation the number of
// outcomes with at least one that is not noise. It changes nothing: more may be
// observed and judged again, which the statistics allow at any time.
//
// # Regression
//
// The e-values of all cells are put to e-BH together, at alpha. A cell that only
// ever differed on both sides at once, or on neither, says nothing either way
// and is not among them. That choice looks at which outcomes are discordant and
// not at which side differs in them, so that the e-values stay valid under it.
//
// # Noise
//
// A cell is noise if it is no regression, base differs from itself there at
// least once, and the e-value is below [Explained], or below the number of cells
// in which base differs from itself: among m cells without any regression, at
// most one is expected to reach m by chance. Branch differs about as often as
// control does. Of a cell that is noise, the values outside of what
// was learned are a difference of kind Class, with its own counts. For those
// the outcomes in which control left the class that the outcomes before it had
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
// outcomes without control, in an operation that has others.
func (l *Ledger) Judge(alpha float64) ([]diff.Difference, map[string]uint64) {
	candidates := l.candidates()
	judge(candidates, alpha)
	notNoise := make(map[diff.Cell]bool)
	var differences []diff.Difference
	for i := range candidates {
		c := &candidates[i]
		if c.Branch == 0 || c.class && !c.parentIsNoise(candidates) {
			continue
		}
		if c.Judgement != diff.Noise {
			notNoise[c.Cell] = true
		}
		differences = append(differences, c.Difference)
	}
	slices.SortStableFunc(differences, diff.Compare)
	return differences, l.differing(notNoise)
}

// Explained is the e-value below which a difference that base also has from
// itself is explained by it. It is the square root of 10: evidence below it is
// "not worth more than a bare mention" (Jeffreys, Theory of Probability, 1961,
// appendix B).
const Explained = 3.1622776601683795

// candidate is a difference on its way to a judgement.
type candidate struct {
	diff.Difference
	cell *cell
	// class marks the values outside of the class that the cell at parent
	// learned.
	class  bool
	parent int
	// x and y are the two counts of the test; n is how many samples gave them.
	x, y, n uint64
	test    test
}

// test is the e-value that applies to a candidate.
type test uint8

const (
	untested test = iota
	oneSided      // x against y
	twoSided      // either against the other
)

func (t test) evalue(x, y uint64) float64 {
	switch t {
	case oneSided:
		return stats.EValue(x, y)
	case twoSided:
		return stats.SignEValue(x, y)
	}
	return 1
}

// moreSamples is [stats.MoreSamples] for the test. Of a two-sided e-value the
// greater side makes up half.
func (c *candidate) moreSamples(threshold float64) uint64 {
	switch c.test {
	case oneSided:
		return stats.MoreSamples(c.n, c.x, c.y, threshold)
	case twoSided:
		return stats.MoreSamples(c.n, c.x, c.y, 2*threshold)
	}
	return 0
}

// candidates returns one candidate for each cell, and one more for the values
// that left its class. Their order is that of the cells' names, so that it does
// not depend on which was met first.
func (l *Ledger) candidates() []candidate {
	list := make([]candidate, 0, len(l.order))
	for _, c := range slices.SortedFunc(slices.Values(l.order), (*cell).compareName) {
		parent := len(list)
		list = append(list, l.candidate(c))
		n, examples := c.classes.outside(c.learned.common)
		if violations := c.learned.violations(); n > 0 || violations > 0 {
			list = append(list, classCandidate(&list[parent], parent, n, violations, examples))
		}
	}
	return list
}

func (c *cell) compareName(other *cell) int {
	return cmp.Or(
		strings.Compare(c.Operation, other.Operation),
		strings.Compare(string(c.Part), string(other.Part)),
		strings.Compare(c.Path, other.Path),
		strings.Compare(string(c.Kind), string(other.Kind)),
	)
}

func (l *Ledger) candidate(c *cell) candidate {
	result := candidate{
		Difference: diff.Difference{
			Cell:     c.Cell,
			Counts:   c.counts(),
			Examples: c.examples.list(),
		},
		cell: c,
	}
	if c.learned.common != class.All {
		result.Learned = c.learned.common.Most().String()
	}
	result.n = result.N
	switch {
	case result.Paired:
		result.x, result.y, result.test = c.branchOnly, c.controlOnly, oneSided
	case c.operation.paired == 0:
		result.x, result.y, result.test = l.directions(c)
	}
	result.EValue = result.test.evalue(result.x, result.y)
	return result
}

// counts returns the cell's counts over the paired outcomes, or over the others
// where branch did not differ in those.
func (c *cell) counts() diff.Counts {
	if c.branchCount == 0 && c.unpaired > 0 {
		return diff.Counts{N: c.operation.unpaired, Branch: c.unpaired}
	}
	return diff.Counts{
		N:           c.operation.paired,
		Branch:      c.branchCount,
		Control:     c.controlCount,
		BranchOnly:  c.branchOnly,
		ControlOnly: c.controlOnly,
		Paired:      true,
	}
}

// directions returns how often the difference occurred, and how often its
// reverse, in a run without control.
func (l *Ledger) directions(c *cell) (forth, back uint64, t test) {
	reverse := c.Cell
	switch c.Kind {
	case diff.Removed:
		reverse.Kind = diff.Added
	case diff.Added:
		reverse.Kind = diff.Removed
	default:
		if c.up+c.down == 0 {
			return 0, 0, untested
		}
		return max(c.up, c.down), min(c.up, c.down), twoSided
	}
	if r := l.cells[reverse]; r != nil {
		back = r.unpaired
	}
	return c.unpaired, back, oneSided
}

// classCandidate is the candidate for values that leave the class that the
// candidate of[parent] learned. Its pairs are not matched outcome by outcome;
// both sides together would lower the e-value, so that counting them apart errs
// towards the null.
func classCandidate(of *candidate, parent int, n, violations uint64, examples []diff.Example) candidate {
	c := of.cell
	result := candidate{
		Difference: diff.Difference{
			Cell: c.Cell,
			Counts: diff.Counts{
				N: of.N, Branch: n, BranchOnly: n, Control: violations, ControlOnly: violations, Paired: true,
			},
			EValue:   stats.EValue(n, violations),
			Learned:  of.Learned,
			Examples: examples,
		},
		cell: c, class: true, parent: parent,
		x: n, y: violations, n: of.N, test: oneSided,
	}
	result.Kind = diff.Class
	return result
}

func (c *candidate) parentIsNoise(all []candidate) bool {
	return all[c.parent].Judgement == diff.Noise
}

// judge fills in the judgements.
func judge(list []candidate, alpha float64) {
	var evalues []float64
	var tested []int
	for i := range list {
		if list[i].test != untested && list[i].x+list[i].y > 0 {
			evalues = append(evalues, list[i].EValue)
			tested = append(tested, i)
		}
	}
	rejected := 0
	for k, yes := range stats.EBH(evalues, alpha) {
		if yes {
			list[tested[k]].Judgement = diff.Regression
			rejected++
		}
	}
	threshold := stats.Threshold(len(evalues), rejected+1, alpha)
	explained := max(Explained, float64(noisy(list)))
	for i := range list {
		c := &list[i]
		switch {
		case c.Judgement == diff.Regression:
		case c.Paired && c.Control > 0 && c.EValue < explained:
			c.Judgement = diff.Noise
		default:
			c.Judgement = diff.Suspect
			c.MoreSamples = c.moreSamples(threshold)
		}
		c.Reason = reason(c)
	}
}

// noisy counts the cells in which base differs from itself.
func noisy(list []candidate) int {
	n := 0
	for i := range list {
		if list[i].Paired && list[i].Control > 0 {
			n++
		}
	}
	return n
}

// looksLikeNoise says of a cell, before the end, what Judge would if all were
// observed.
func (c *cell) looksLikeNoise(entry int) bool {
	if c.controlCount == 0 || stats.EValue(c.branchOnly, c.controlOnly) >= Explained {
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
		if r.entry >= len(r.cell.classes) || !leaves(r.cell.classes[r.entry].classes, r.cell.learned.common) {
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
