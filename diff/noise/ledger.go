// Package noise keeps the ledger of a run: how often each kind of difference
// occurred at each place of each operation, between base and branch and between
// base and control. From it follows what is noise and what is not.
//
// # What is learned
//
// Noise is learned for each [diff.Cell] alone, and only from base against
// control. A cell of kind Changed is not switched off by it but narrowed: the
// values that base and control gave there have some class in common, and a
// branch value outside of it is a difference of its own, of kind Class. So a
// timestamp may change its value; it may not become null (another kind, hence
// another cell) or "soon" (another class).
//
// An outcome counts once for a cell, however many elements of an array differ
// in it: they are not independent. A removed or added subtree is one difference
// already where it is found, and so is one cell.
//
// # What is tested
//
// Nor are the outcomes of a session independent: what a user has in the basket
// shows in each of the answers. So outcomes are counted and sessions are tested:
// each has one vote, see [stats.Blocks].
//
// # Order does not count
//
// What a ledger says depends on which outcomes it observed and not on their
// order: they may be observed by several ledgers, and merged. Where something
// must come first, [Rank] decides. Only what the [Limits] cut depends on what came
// first.
package noise

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// Limits bound the memory of a [Ledger]; 0 stands for the default.
type Limits struct {
	// Operations bounds the operations that are told apart.
	Operations int
	// Cells bounds the cells over all operations.
	Cells int
	// References bounds how many references to cells the distinct sets of
	// differences hold together.
	References int
	// Blocks bounds the blocks of sessions that cells tell apart together. A cell
	// that finds no room puts sessions together, which costs evidence and no more.
	Blocks int
	// ExampleBytes bounds all examples. Differences that are found once it is
	// spent have their counts, and no examples.
	ExampleBytes int
}

// The default limits. A service has hundreds of operations and a bad run some
// thousands of cells; more come from names that callers make up. A cell takes
// at most 3 KiB without its examples and blocks (32 classes of 40 bytes, 32
// lessons of 24, its name and counts), a reference 21 bytes, a block 24.
// Together, all stays below 250 MiB at worst.
const (
	DefaultOperations   = 8192
	DefaultCells        = 20000
	DefaultReferences   = 1 << 20
	DefaultBlocks       = 1 << 21
	DefaultExampleBytes = 64 << 20
)

// The reasons in the ledger's account.
const (
	// OperationLimit: the operation came after as many as are told apart.
	OperationLimit capture.Reason = "operation-limit"
	// CellLimit: the cell came after as many as are told apart.
	CellLimit capture.Reason = "cell-limit"
	// SummedUp: the outcome's differences came after as many as are told apart,
	// so that whether it differs was decided when it was seen, not at the end.
	SummedUp capture.Reason = "summed-up"
)

// Observation is what one outcome gave.
type Observation struct {
	Operation string
	// Exchange, Method and Target name the recorded exchange in examples; where
	// nothing differs they may be left out.
	Exchange, Method, Target string
	// Session is what the outcome has in common with others, so that their
	// differences may have one cause. Without one each exchange is its own.
	Session string
	// Branch and Control are what differs from base on either side.
	Branch, Control []diff.Change
	// Paired says that control was compared as well.
	Paired bool
}

// Ledger counts differences. It is used by one goroutine at a time.
type Ledger struct {
	limits     Limits
	operations map[string]*operation
	cells      map[diff.Cell]*cell
	order      []*cell // by number
	outcomes   outcomes
	room       int // bytes left for examples
	blocks     int // left for cells
	prior      *Profile

	sequence uint64 // number of the current outcome, from 1
	touched  []*cell

	changes capture.Stats
	seen    capture.Stats
}

// operation counts the compared outcomes of one operation.
type operation struct {
	name             string
	paired, unpaired uint64
	// uncounted is how many outcomes had a branch difference beyond a limit;
	// they count as differing.
	uncounted uint64
	// summed is how many outcomes are in the account as SummedUp.
	summed uint64
	// sessions has a bit for each hash of a session, single counts the outcomes
	// that have none.
	sessions [stats.MaxBlocks / 64]uint64
	single   uint64
}

// meet notes the session of an outcome.
func (op *operation) meet(session string, rank uint64) {
	if session == "" {
		op.single++
		return
	}
	bit := rank >> 32 * stats.MaxBlocks >> 32
	op.sessions[bit/64] |= 1 << (bit % 64)
}

// blocks is in about how many blocks the outcomes come.
func (op *operation) blocks() uint64 {
	n := op.single
	for _, word := range op.sessions {
		n += uint64(bits.OnesCount64(word))
	}
	return min(n, stats.MaxBlocks)
}

// New returns an empty ledger.
func New(limits Limits) *Ledger {
	limits.Operations = cmp.Or(limits.Operations, DefaultOperations)
	limits.Cells = cmp.Or(limits.Cells, DefaultCells)
	limits.References = cmp.Or(limits.References, DefaultReferences)
	limits.Blocks = cmp.Or(limits.Blocks, DefaultBlocks)
	limits.ExampleBytes = cmp.Or(limits.ExampleBytes, DefaultExampleBytes)
	return &Ledger{
		limits:     limits,
		operations: make(map[string]*operation),
		cells:      make(map[diff.Cell]*cell),
		outcomes:   newOutcomes(limits.References),
		room:       limits.ExampleBytes,
		blocks:     limits.Blocks,
	}
}

// Observe counts one outcome. It must be called for outcomes without any
// difference too. Nothing of o's slices is kept.
func (l *Ledger) Observe(o Observation) {
	l.sequence++
	l.touched = l.touched[:0]
	l.changes.Seen += uint64(len(o.Branch) + len(o.Control))
	l.seen.Seen++
	op := l.operation(o.Operation)
	if op == nil {
		l.changes.Drop(OperationLimit, uint64(len(o.Branch)+len(o.Control)))
		l.seen.Drop(OperationLimit, 1)
		return
	}
	if o.Paired {
		op.paired++
	} else {
		op.unpaired++
	}
	l.learn(op, &o)
	lost := l.branch(op, &o)
	var session uint64
	if o.Session != "" {
		session = Rank(o.Session)
	}
	op.meet(o.Session, session)
	l.settle(op, &o, session, lost)
}

func (l *Ledger) operation(name string) *operation {
	if op := l.operations[name]; op != nil {
		return op
	}
	if len(l.operations) >= l.limits.Operations {
		return nil
	}
	op := &operation{name: strings.Clone(name)}
	l.operations[op.name] = op
	return op
}

// touch returns the cell of a change, made ready for the current outcome; nil
// where the limit is reached.
func (l *Ledger) touch(op *operation, ch *diff.Change) *cell {
	key := diff.Cell{Operation: op.name, Place: ch.Place, Kind: ch.Kind}
	if len(key.Path) > maxText {
		key.Path = shorten(key.Path)
	}
	c := l.cell(op, key)
	if c == nil {
		l.changes.Drop(CellLimit, 1)
		return nil
	}
	l.changes.Written++
	c.changes++
	if c.now.sequence != l.sequence {
		c.now = current{sequence: l.sequence, classes: class.All, lesson: lesson{base: class.All, control: class.All}}
		l.touched = append(l.touched, c)
	}
	return c
}

// cell returns the cell of that name; nil where the limit is reached.
func (l *Ledger) cell(op *operation, key diff.Cell) *cell {
	if c := l.cells[key]; c != nil || len(l.cells) >= l.limits.Cells {
		return c
	}
	key.Path = strings.Clone(key.Path)
	c := &cell{Cell: key, operation: op, number: uint32(len(l.order)), learned: learned{common: class.All}}
	l.cells[key] = c
	l.order = append(l.order, c)
	return c
}

// learn counts what differs between base and control. Without a pair there is
// nothing to learn from.
func (l *Ledger) learn(op *operation, o *Observation) {
	for i := range o.Control {
		ch := &o.Control[i]
		if c := l.touch(op, ch); c != nil && o.Paired {
			c.now.control = true
			c.learn(ch)
		}
	}
}

// branch counts what differs between base and branch. It reports whether a
// difference found no cell.
func (l *Ledger) branch(op *operation, o *Observation) (lost bool) {
	for i := range o.Branch {
		ch := &o.Branch[i]
		c := l.touch(op, ch)
		if c == nil {
			lost = true
			continue
		}
		if !c.now.branch {
			c.now.branch, c.now.first, c.now.narrowest = true, i, i
		}
		c.value.add(ch.Other)
		if !o.Paired || !c.narrows() {
			continue
		}
		if common := c.now.classes & classOf(ch.Other); common != c.now.classes {
			c.now.classes, c.now.narrowest = common, i
		}
	}
	return lost
}

// settle enters the outcome into its cells.
func (l *Ledger) settle(op *operation, o *Observation, session uint64, lost bool) {
	// One order for all outcomes makes equal sets equal.
	slices.SortFunc(l.touched, func(a, b *cell) int { return cmp.Compare(a.number, b.number) })
	l.outcomes.begin()
	var rank uint64
	if len(l.touched) > 0 {
		rank = Rank(shorten(o.Exchange))
	}
	if o.Session == "" {
		session = rank
	}
	for _, c := range l.touched {
		c.count(o.Paired)
		c.vote(o, session, &l.blocks)
		c.teach(session)
		if c.now.branch {
			l.outcomes.add(c, c.enter(o, rank, &l.room))
		}
	}
	l.finish(op, lost)
}

// finish counts the outcome by its references.
func (l *Ledger) finish(op *operation, lost bool) {
	switch {
	case lost:
		op.uncounted++
	case l.outcomes.end(op, 1):
		l.seen.Written++
		return
	}
	op.summed++
	l.seen.Filter(SummedUp, 1)
}

// Account tells what became of the differences that were given to the ledger,
// and of the outcomes.
func (l *Ledger) Account() capture.Account {
	return capture.Account{
		{Name: "noise", Unit: "differences", Stats: l.changes.Clone()},
		{Name: "judge", Unit: "outcomes", Stats: l.seen.Clone()},
	}
}
