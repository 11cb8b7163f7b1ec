package noise

import (
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

// cell is the counts of one cell.
type cell struct {
	diff.Cell
	operation *operation
	number    uint32

	// Over the paired outcomes.
	branchCount, controlCount uint64
	branchOnly, controlOnly   uint64
	// Over the others: how many differ, and how many of them in which direction.
	unpaired uint64
	up, down uint64
	// pairs are the blocks of the paired outcomes in which a side differs, with
	// the classes of branch's values; alone those of the others, for the kinds of
	// differences that have a direction.
	pairs, alone stats.Blocks

	// changes is how many single differences were counted here.
	changes uint64

	learned  learned
	classes  histogram
	examples examples
	value    value // of branch

	now current
}

// current is what the current outcome holds for a cell.
type current struct {
	sequence        uint64
	branch, control bool
	// first is the index of branch's first change in this cell, narrowest of
	// the last one that narrowed classes, which is what its values have in common.
	first, narrowest int
	classes          class.Set
	// lesson is what the classes of base's and control's values have in common.
	lesson lesson
}

// narrows reports whether the cell's values have classes.
func (c *cell) narrows() bool { return narrows(c.Place, c.Kind) }

// learn takes the values of a control change.
func (c *cell) learn(ch *diff.Change) {
	if c.narrows() {
		c.now.lesson.base &= classOf(ch.Base)
		c.now.lesson.control &= classOf(ch.Other)
	}
}

// count enters the outcome into the counts.
func (c *cell) count(paired bool) {
	if !paired {
		if c.now.branch {
			c.unpaired++
		}
		return
	}
	if c.now.branch {
		c.branchCount++
	}
	if c.now.control {
		c.controlCount++
	}
	switch {
	case c.now.branch && !c.now.control:
		c.branchOnly++
	case c.now.control && !c.now.branch:
		c.controlOnly++
	}
}

// vote enters the outcome into the block of its session. A block is there
// whichever side differs, and also where both do, so that which blocks there are
// does not depend on the sides.
func (c *cell) vote(o *Observation, session uint64, room *int) {
	blocks, net, classes := &c.pairs, int64(0), class.All
	switch {
	case !o.Paired && !(c.now.branch && c.oriented()):
		return
	case !o.Paired:
		blocks, net = &c.alone, c.direct(&o.Branch[c.now.first])
	case c.now.branch && !c.now.control:
		net = 1
	case c.now.control && !c.now.branch:
		net = -1
	}
	if o.Paired {
		classes = c.now.classes
	}
	before := len(blocks.List())
	blocks.Add(uint32(session>>32), net, uint32(classes))
	fit(blocks, before, room)
}

// fit takes the room of the blocks that came, or gives it up where there is none.
// One block each cell has in any case.
func fit(blocks *stats.Blocks, before int, room *int) {
	n := len(blocks.List())
	for *room+before < n && n > max(before, 1) {
		blocks.Shrink()
		n = len(blocks.List())
	}
	*room += before - n
}

// teach enters what control's changes of the outcome taught.
func (c *cell) teach(rank uint64) {
	if c.now.control && c.narrows() {
		s := c.now.lesson
		s.rank, s.n = rank, 1
		c.learned.add(s)
	}
}

// enter keeps what the branch's change shows, and returns the entry of the
// histogram that it is counted under.
func (c *cell) enter(o *Observation, rank uint64, room *int) int {
	first := &o.Branch[c.now.first]
	if *room > 0 && c.examples.wants(c.now.control, rank) {
		e := o.occurrence(first, c.now.control, rank)
		c.examples.add(&e, room)
	}
	if !o.Paired || !c.narrows() {
		return noEntry
	}
	entry := c.classes.add(c.now.classes, 1)
	if at := &c.classes[entry]; *room > 0 && at.wants(rank) {
		e := o.occurrence(&o.Branch[c.now.narrowest], false, rank)
		at.show(&e, room)
	}
	return entry
}

// oriented reports whether the cell's differences have a direction.
func (c *cell) oriented() bool {
	return c.Kind == diff.Removed || c.Kind == diff.Added || c.turns()
}

// turns reports whether both directions are differences of the same cell.
func (c *cell) turns() bool {
	return c.Kind == diff.Retyped || c.Part == diff.Status && c.Kind == diff.Changed
}

// direct counts the direction of a change without a control side: whether base
// or branch has what is the greater of the two by an arbitrary fixed order.
// Exchangeable sides take each direction equally often.
func (c *cell) direct(ch *diff.Change) int64 {
	if !c.turns() {
		return 1
	}
	switch order := c.compare(ch); {
	case order < 0:
		c.up++
		return 1
	case order > 0:
		c.down++
		return -1
	}
	return 0
}

func (c *cell) compare(ch *diff.Change) int {
	if c.Kind == diff.Retyped {
		return strings.Compare(typeOf(ch.Base).String(), typeOf(ch.Other).String())
	}
	return strings.Compare(ch.Base, ch.Other)
}

// typeOf returns the JSON type of a value.
func typeOf(text string) class.Class {
	types := class.SetOf(class.Null, class.Boolean, class.Number, class.String, class.Array, class.Object)
	return (class.Of([]byte(text)) & types).Most()
}
