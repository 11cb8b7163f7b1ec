package noise

import (
	"math"

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
	// forth blocks vote for the difference, back the other way: how many with
	// which majority.
	forth uint64
	back  map[uint64]uint64
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
		narrows: c.cell.narrows(), common: l.common(c.cell), back: make(map[uint64]uint64),
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
			s.back[uint64(-k.Net)]++
		}
	}
	return s
}

// Would says what would have been judged had branch differed at the cell in the
// share of the operation's compared outcomes in addition, with values whose
// classes are values, and all else been the same. It may be called by several
// goroutines.
//
// The votes are approximated by their expected numbers: the outcomes are taken to
// be spread evenly over the blocks of the operation's sessions, and the additional
// differences by chance over the outcomes in which branch did not differ. So a
// block in which the sides were even votes for branch if it has at least one of
// them, and one that voted for control turns if it has more than its majority. The
// weights stay those of the run.
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
	each := float64(v.n) / float64(v.blocks)
	free := each * (1 - min(float64(s.Branch)/float64(v.n), 1))
	forth, y := s.voted(&v, spread{free, min(share, 1)})
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
	inside := float64(v.blocks) - float64(s.leaving)
	some, _ := spread{each, min(share, 1)}.beyond(0)
	return x.wouldLeave(s, s.leaving+max(1, nearest(inside*some)))
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

// voted returns how the blocks would have voted, each with more differences in
// what it has of outcomes in which branch does not differ. Of those a block that
// votes for control has about half its majority more than another.
func (s *standing) voted(v *volume, more spread) (forth, back uint64) {
	even := float64(v.blocks) - float64(s.forth)
	turned, left := 0.0, 0.0
	for majority, n := range s.back {
		over, under := spread{more.outcomes + float64(majority)/2, more.share}.beyond(majority)
		turned += float64(n) * over
		left += float64(n) * under
		even -= float64(n)
	}
	some, _ := more.beyond(0)
	return max(1, s.forth+nearest(turned+max(0, even)*some)), nearest(left)
}

// spread is differences by chance: in so many outcomes, each with this
// probability.
type spread struct{ outcomes, share float64 }

// farSpread bounds the sum of beyond; farther out the mean decides.
const farSpread = 64

// beyond returns with which probabilities there are more than m differences, and
// fewer.
func (s spread) beyond(m uint64) (more, fewer float64) {
	if mean := s.outcomes * s.share; m > farSpread || s.share >= 1 {
		return indicator(mean > float64(m)), indicator(mean < float64(m))
	}
	p := math.Exp(s.outcomes * math.Log1p(-s.share))
	for k := range m {
		fewer += p
		p *= max(0, s.outcomes-float64(k)) / float64(k+1) * s.share / (1 - s.share)
	}
	return max(0, 1-fewer-p), fewer
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// nearest returns the number of blocks that is about as often exceeded as not
// reached, where so many are expected: the median of a binomial distribution is
// less than 1 from its mean (Kaas, Buhrman, Mean, median and mode in binomial
// distributions, 1980).
func nearest(expected float64) uint64 { return uint64(max(0, math.Round(expected))) }

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
