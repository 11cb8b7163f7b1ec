package noise

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

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
	// prior is what earlier runs knew of the cell, nil for nothing; weight is what
	// its e-value weighs in relation to others.
	prior  *known
	weight float64
	// explained marks noise that is so by the profile alone.
	explained bool
}

// excess is how much more often branch differs, as an e-value that gives no
// weight of its own to "always".
func (c *candidate) excess() float64 { return stats.Uniform(c.x, c.y) }

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
		if class := l.classCandidate(&list[parent], parent); class.Branch+class.Control > 0 {
			list = append(list, class)
		}
	}
	return list
}

func (c *cell) compareName(other *cell) int { return compareCells(c.Cell, other.Cell) }

func compareCells(a, b diff.Cell) int {
	return cmp.Or(
		strings.Compare(a.Operation, b.Operation),
		strings.Compare(string(a.Part), string(b.Part)),
		strings.Compare(a.Path, b.Path),
		strings.Compare(string(a.Kind), string(b.Kind)),
	)
}

func (l *Ledger) candidate(c *cell) candidate {
	result := candidate{
		Difference: diff.Difference{
			Cell:     c.Cell,
			Counts:   c.counts(),
			Examples: c.examples.list(),
			OneValue: c.value.state == oneValue,
		},
		cell: c, prior: l.prior.cell(c.Cell),
	}
	result.weight = result.prior.weight()
	if common := l.common(c); common != class.All {
		result.Learned = common.Most().String()
	}
	result.n = result.N
	switch {
	case result.Paired:
		result.test = oneSided
		result.x, result.y = c.pairs.Votes()
	case c.operation.paired == 0:
		result.x, result.y, result.test = l.directions(c)
	}
	result.BranchSessions, result.ControlSessions = result.x, result.y
	result.EValue = result.test.evalue(result.x, result.y)
	return result
}

// common is what the values of the cell have in common, in this run and those
// before it.
func (l *Ledger) common(c *cell) class.Set { return c.learned.common & l.prior.cell(c.Cell).taught() }

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

// directions returns the blocks in which the difference occurred more often, and
// less often, than its reverse, in a run without control.
func (l *Ledger) directions(c *cell) (forth, back uint64, t test) {
	blocks, t := l.turned(c)
	forth, back = blocks.Votes()
	if t == twoSided {
		forth, back = max(forth, back), min(forth, back)
	}
	return forth, back, t
}

// turned returns the blocks of the difference less those of its reverse.
func (l *Ledger) turned(c *cell) (stats.Blocks, test) {
	reverse := c.Cell
	switch {
	case c.Kind == diff.Removed:
		reverse.Kind = diff.Added
	case c.Kind == diff.Added:
		reverse.Kind = diff.Removed
	case c.up+c.down == 0:
		return stats.Blocks{}, untested
	default:
		return c.alone, twoSided
	}
	if r := l.cells[reverse]; r != nil {
		return c.alone.Minus(&r.alone), oneSided
	}
	return c.alone, oneSided
}

// classCandidate is the candidate for values that leave the class that the
// candidate of learned. Its pairs are not matched session by session; both sides
// together would lower the e-value, so that counting them apart errs towards the
// null.
func (l *Ledger) classCandidate(of *candidate, parent int) candidate {
	c, common := of.cell, l.common(of.cell)
	n, examples := c.classes.outside(common)
	violations := c.learned.violations(of.prior.taught())
	result := candidate{
		Difference: diff.Difference{
			Cell: c.Cell,
			Counts: diff.Counts{
				N: of.N, Branch: n, BranchOnly: n, Control: violations, ControlOnly: violations, Paired: true,
				BranchSessions: c.leaving(common), ControlSessions: violations,
			},
			Learned:  of.Learned,
			Examples: examples,
		},
		cell: c, class: true, parent: parent, n: of.N, test: oneSided, weight: 1,
	}
	result.Kind = diff.Class
	result.x, result.y = result.BranchSessions, violations
	result.EValue = stats.EValue(result.x, result.y)
	return result
}

// leaving is in how many blocks a value of branch leaves what was learned.
func (c *cell) leaving(learned class.Set) (n uint64) {
	for _, k := range c.pairs.List() {
		if leaves(class.Set(k.Mask), learned) {
			n++
		}
	}
	return n
}

func (c *candidate) parentIsNoise(all []candidate) bool {
	return all[c.parent].Judgement == diff.Noise
}
