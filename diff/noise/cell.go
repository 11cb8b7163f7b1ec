package noise

import (
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
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

	// learned is what base's and control's values have in common; class.All
	// until there is one.
	learned class.Set
	// violations is how many control values left the class that was learned
	// until then, counted once an outcome.
	violations uint64
	classes    histogram
	examples   examples

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
	violated         bool
}

// narrows reports whether the cell's values have classes: single values do,
// excerpts of a text do not.
func (c *cell) narrows() bool {
	if c.Kind != diff.Changed {
		return false
	}
	switch c.Part {
	case diff.Header, diff.Trailer:
		return true
	case diff.Body:
		return strings.HasPrefix(c.Path, "$")
	}
	return false
}

// learn takes the values of a control change. That of control is first held
// against what was known before it, base's own value included: under the null
// hypothesis branch's value, which is held against what is known in the end,
// leaves the class no more often.
func (c *cell) learn(ch *diff.Change) {
	if !c.narrows() {
		return
	}
	c.learned &= classOf(ch.Base)
	control := classOf(ch.Other)
	if !c.now.violated && leaves(control, c.learned) {
		c.now.violated = true
		c.violations++
	}
	c.learned &= control
}

// leaves reports whether a value with these classes leaves what was learned:
// it lacks the class that says the most.
func leaves(value, learned class.Set) bool {
	return learned != class.All && !value.Has(learned.Most())
}

// classOf returns the classes of a value, and all of them for one that was cut:
// it says nothing.
func classOf(text string) class.Set {
	if strings.HasSuffix(text, " bytes)") && strings.Contains(text, "… (") {
		return class.All
	}
	return class.Of([]byte(text))
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

// enter keeps what the branch's change shows, and returns the entry of the
// histogram that it is counted under.
func (c *cell) enter(o *Observation, room *int) int {
	first := &o.Branch[c.now.first]
	if *room > 0 && c.examples.wants(c.now.control) {
		c.examples.add(o.example(first, room), c.now.control)
	}
	if !o.Paired {
		c.direct(first)
		return 0
	}
	if !c.narrows() {
		return 0
	}
	entry, fresh := c.classes.add(c.now.classes)
	if fresh && *room > 0 {
		c.classes[entry].example = o.example(&o.Branch[c.now.narrowest], room)
	}
	return entry
}

// direct counts the direction of a change without a control side: whether base
// or branch has what is the greater of the two by an arbitrary fixed order.
// Exchangeable sides take each direction equally often.
func (c *cell) direct(ch *diff.Change) {
	switch order := c.compare(ch); {
	case order < 0:
		c.up++
	case order > 0:
		c.down++
	}
}

func (c *cell) compare(ch *diff.Change) int {
	switch {
	case c.Kind == diff.Retyped:
		return strings.Compare(typeOf(ch.Base).String(), typeOf(ch.Other).String())
	case c.Part == diff.Status && c.Kind == diff.Changed:
		return strings.Compare(ch.Base, ch.Other)
	}
	return 0
}

// typeOf returns the JSON type of a value.
func typeOf(text string) class.Class {
	types := class.SetOf(class.Null, class.Boolean, class.Number, class.String, class.Array, class.Object)
	return (class.Of([]byte(text)) & types).Most()
}

// maxClasses bounds a histogram. Values of one place have a handful of distinct
// class sets; what comes beyond is summed up under what it has in common.
const maxClasses = 32

// histogram counts branch's values by their classes. Where several elements of
// an array differ in one outcome, it counts what their classes have in common:
// that lacks a class exactly where one of them does.
type histogram []classCount

type classCount struct {
	classes class.Set
	n       uint64
	example diff.Example
}

// add counts one outcome. It returns its entry's index and whether that is new.
func (h *histogram) add(classes class.Set) (entry int, fresh bool) {
	for i := range *h {
		if (*h)[i].classes == classes {
			(*h)[i].n++
			return i, false
		}
	}
	if len(*h) < maxClasses {
		*h = append(*h, classCount{classes: classes, n: 1})
		return len(*h) - 1, true
	}
	last := &(*h)[maxClasses-1]
	last.classes &= classes
	last.n++
	return maxClasses - 1, false
}

// outside returns how many outcomes had a value that leaves what was learned,
// and an example of each kind of value.
func (h histogram) outside(learned class.Set) (n uint64, list []diff.Example) {
	for i := range h {
		if !leaves(h[i].classes, learned) {
			continue
		}
		n += h[i].n
		if len(list) < maxExamples && h[i].example != (diff.Example{}) {
			list = append(list, h[i].example)
		}
	}
	return n, list
}
