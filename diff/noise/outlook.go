package noise

import (
	"math"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// Outlook is what would have been judged.
type Outlook uint8

// The outlooks.
const (
	Missed    Outlook = iota // nothing, or noise
	Suspected                // a suspect
	Proven                   // a regression
)

// String names the outlook.
func (o Outlook) String() string {
	return [...]string{"missed", "suspected", "proven"}[min(o, Proven)]
}

// outlooks is what [Judged.Would] goes by.
type outlooks struct {
	bench
	// same and more are the bars for a cell that was tested, and for one that was
	// not and so would have been one more.
	same, more float64
	operations map[string]volume
	cells      map[diff.Cell]*standing
	prior      *Profile
}

// volume is how much was compared in an operation.
type volume struct {
	n, blocks uint64
	paired    bool
}

// standing is what is known of a cell.
type standing struct {
	diff.Counts
	test   test
	tested bool
	// forth blocks vote for the difference; against are the net votes of those
	// that vote the other way, ascending.
	forth   uint64
	against []uint64
	// common is the class of its values; leaving blocks of branch and violations
	// of control are out of it.
	narrows             bool
	common              class.Set
	leaving, violations uint64
	classTested         bool
}

func (l *Ledger) outlooks(candidates []candidate, b bench) outlooks {
	x := outlooks{
		bench: b, same: b.bar(len(b.weighed)), more: b.bar(len(b.weighed) + 1),
		operations: make(map[string]volume, len(l.operations)),
		cells:      make(map[diff.Cell]*standing, len(candidates)),
		prior:      l.prior,
	}
	for name, op := range l.operations {
		v := volume{n: op.paired, blocks: op.blocks(), paired: op.paired > 0}
		if !v.paired {
			v.n = op.unpaired
		}
		x.operations[name] = v
	}
	for i := range candidates {
		c := &candidates[i]
		if !c.class {
			x.cells[c.Cell] = l.standing(c)
			continue
		}
		s := x.cells[candidates[c.parent].Cell]
		s.leaving, s.violations, s.classTested = c.x, c.y, c.x+c.y > 0
	}
	return x
}

func (l *Ledger) standing(c *candidate) *standing {
	s := &standing{
		Counts: c.Counts, test: c.test, tested: c.test != untested && c.x+c.y > 0,
		narrows: c.cell.narrows(), common: l.common(c.cell),
	}
	blocks := c.cell.pairs
	switch {
	case c.Paired:
	case c.cell.operation.paired > 0: // what differs in addition does so in pairs
		s.Counts, s.test = diff.Counts{}, oneSided
	default:
		blocks, _ = l.turned(c.cell)
	}
	for _, k := range blocks.List() {
		switch {
		case k.Net > 0:
			s.forth++
		case k.Net < 0:
			s.against = append(s.against, uint64(-k.Net))
		}
	}
	slices.Sort(s.against)
	return s
}

// Would says what would have been judged had branch differed at the cell in the
// share of the operation's compared outcomes in addition, with values whose
// classes are values, and all else been the same. It may be called by several
// goroutines.
//
// The votes are approximated: the outcomes are taken to be spread evenly over
// the blocks of the operation's sessions, and the additional differences to be
// spread by chance over the outcomes in which branch did not differ. So a block
// in which the sides were even votes for branch if it has at least one of them,
// and one that voted for control turns where their expected number is greater
// than its majority. The weights stay those of the run.
func (j *Judged) Would(cell diff.Cell, values class.Set, share float64) Outlook {
	x := &j.outlooks
	v := x.operations[cell.Operation]
	if v.n == 0 || !(share > 0) {
		return Missed
	}
	s, prior := x.cells[cell], x.prior.cell(cell)
	if s == nil {
		s = unseen(cell, v, prior)
	}
	share = min(share, 1) * (1 - min(float64(s.Branch)/float64(v.n), 1))
	each := float64(v.n) / float64(v.blocks)
	hit := -math.Expm1(each * math.Log1p(-min(share, 1)))
	y := s.left(share * each)
	even := float64(v.blocks) - float64(s.forth) - float64(len(s.against))
	forth := s.forth + uint64(len(s.against)) - s.leastLeft(share*each) + votes(even*hit)
	forth = max(forth, 1)
	switch {
	case s.test == untested:
		return Suspected
	case x.proves(s.test.evalue(forth, y)*prior.weight(), s.tested):
		return Proven
	case !v.paired || s.Control == 0 && !prior.makesLikely(v.n, forth) || stats.Uniform(forth, y) >= x.explained:
		return Suspected
	case !s.narrows || !leaves(values, s.common):
		return Missed
	}
	return x.wouldLeave(s, s.leaving+max(1, votes((float64(v.blocks)-float64(s.leaving))*hit)))
}

// wouldLeave judges the values that leave the class in so many blocks.
func (x *outlooks) wouldLeave(s *standing, leaving uint64) Outlook {
	switch {
	case x.proves(stats.EValue(leaving, s.violations), s.classTested):
		return Proven
	case s.violations > 0 && stats.Uniform(leaving, s.violations) < x.explained:
		return Missed
	}
	return Suspected
}

func (x *outlooks) proves(weighted float64, tested bool) bool {
	bar := x.more
	if tested {
		bar = x.same
	}
	return weighted/x.mean >= bar
}

// votes rounds an expected number of blocks against branch.
func votes(expected float64) uint64 {
	if !(expected > 0) {
		return 0
	}
	return uint64(expected + rounding)
}

// rounding keeps a product that is whole from being rounded away.
const rounding = 1e-9

// unseen is the standing of a cell that never differed.
func unseen(name diff.Cell, v volume, prior *known) *standing {
	c := cell{Cell: name}
	s := &standing{test: oneSided, narrows: c.narrows(), common: prior.taught()}
	if !v.paired && !c.oriented() {
		s.test = untested
	}
	if !v.paired && c.turns() {
		s.test = twoSided
	}
	return s
}

// left is how many blocks still vote against the difference, with a majority
// greater than raised.
func (s *standing) left(raised float64) uint64 {
	at, _ := slices.BinarySearchFunc(s.against, raised, func(net uint64, r float64) int {
		if float64(net) > r {
			return 1
		}
		return -1
	})
	return uint64(len(s.against) - at)
}

// leastLeft is how many blocks do not vote for the difference, with a majority
// of at least raised.
func (s *standing) leastLeft(raised float64) uint64 {
	at, _ := slices.BinarySearchFunc(s.against, raised, func(net uint64, r float64) int {
		if float64(net) >= r {
			return 1
		}
		return -1
	})
	return uint64(len(s.against) - at)
}
