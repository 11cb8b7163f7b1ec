package noise

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// Profile is the noise of a service, kept from run to run: where base differed
// from itself, how often, and as what. It holds counts and classes and no values.
// A nil Profile knows nothing. It is not changed by anything and may be used by
// several goroutines.
//
// It is a prior and not a switch. It explains differences that nothing proves to
// be regressions, begins the class of a value where earlier runs left it, and
// gives more weight to the evidence of cells that have been quiet. A cell that it
// calls noisy is proven a regression as any other.
type Profile struct {
	runs  uint64
	cut   uint64
	cells map[diff.Cell]*known
}

// known is what a profile knows of one cell. Older runs weigh less in Outcomes
// and Differing: see HalfLife.
type known struct {
	// Runs is in how many runs base differed from itself here, Last the last of
	// them; Outcomes were compared since the first, Differing of them differed.
	Runs, Last          uint64
	Outcomes, Differing float64
	Classes             class.Set
}

// The bounds of a profile.
const (
	// HalfLife is after how many runs of its operation what a cell showed weighs
	// half: a service that is compared at each merge forgets in weeks.
	HalfLife = 16
	// leastDiffering is the weight of differences below which a cell is dropped:
	// that of one difference 32 runs ago.
	leastDiffering = 0.25
	// longestAbsence is for how many runs a cell is kept after it was last seen,
	// where nothing was compared of its operation.
	longestAbsence = 256
	// maxWeight bounds the counts so that two decimals of them are exact.
	maxWeight = 1 << 44
	// maxKnown bounds the cells. Those with the fewest differences go.
	maxKnown = DefaultCells
)

// Runs is how many runs the profile was learned from.
func (p *Profile) Runs() uint64 {
	if p == nil {
		return 0
	}
	return p.runs
}

// Cells is how many cells it knows.
func (p *Profile) Cells() uint64 {
	if p == nil {
		return 0
	}
	return uint64(len(p.cells))
}

// Cut is how many cells found no room in it, over all runs.
func (p *Profile) Cut() uint64 {
	if p == nil {
		return 0
	}
	return p.cut
}

// cell returns what is known of a cell, nil for nothing.
func (p *Profile) cell(c diff.Cell) *known {
	if p == nil {
		return nil
	}
	return p.cells[c]
}

// Use makes the ledger judge with what earlier runs learned. It must be called
// before the first outcome is judged and does not go into partials. The profile
// must not depend on this run.
func (l *Ledger) Use(p *Profile) { l.prior = p }

// Profile returns what previous, which may be nil, and this run know together. It
// learns only from the outcomes in which base answered twice.
func (l *Ledger) Profile(previous *Profile) *Profile {
	p := &Profile{runs: previous.Runs() + 1, cut: previous.Cut(), cells: make(map[diff.Cell]*known)}
	if previous != nil {
		for name, k := range previous.cells {
			if again := l.aged(name, k, p.runs); again != nil {
				p.cells[name] = again
			}
		}
	}
	for _, c := range l.order {
		if c.controlCount > 0 {
			p.learn(c)
		}
	}
	p.bound()
	return p
}

// aged returns what is left of k after the run, nil where that is too little.
func (l *Ledger) aged(name diff.Cell, k *known, run uint64) *known {
	again := *k
	if op := l.operations[name.Operation]; op != nil && op.paired > 0 {
		fade := math.Exp2(-1.0 / HalfLife)
		again.Outcomes = rounded(k.Outcomes*fade + float64(op.paired))
		again.Differing = rounded(k.Differing * fade)
		if again.Differing < leastDiffering && l.cells[name].controls() == 0 {
			return nil
		}
	} else if run-k.Last > longestAbsence {
		return nil
	}
	return &again
}

func (c *cell) controls() uint64 {
	if c == nil {
		return 0
	}
	return c.controlCount
}

// rounded leaves two decimals, so that the file is short and the same on any
// machine.
func rounded(x float64) float64 { return math.Round(min(x, maxWeight)*100) / 100 }

// learn takes in what the run saw of a cell.
func (p *Profile) learn(c *cell) {
	k := p.cells[c.Cell]
	if k == nil {
		k = &known{Outcomes: rounded(float64(c.operation.paired)), Classes: class.All}
		p.cells[c.Cell] = k
	}
	k.Runs++
	k.Last = p.runs
	k.Differing = rounded(k.Differing + float64(c.controlCount))
	k.Classes &= c.learned.common
}

// bound leaves as many cells as there may be.
func (p *Profile) bound() {
	if len(p.cells) <= maxKnown {
		return
	}
	names := p.names()
	slices.SortStableFunc(names, func(a, b diff.Cell) int {
		return cmp.Compare(p.cells[b].Differing, p.cells[a].Differing)
	})
	for _, name := range names[maxKnown:] {
		delete(p.cells, name)
		p.cut++
	}
}

func (p *Profile) names() []diff.Cell { return slices.SortedFunc(maps.Keys(p.cells), compareCells) }
