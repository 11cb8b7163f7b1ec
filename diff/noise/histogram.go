package noise

import (
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// maxClasses bounds a histogram. Values of one place have a handful of distinct
// class sets; what comes beyond is summed up under what it has in common.
const maxClasses = 32

// noEntry stands for no entry of a histogram.
const noEntry = maxClasses

// histogram counts branch's values by their classes. Where several elements of
// an array differ in one outcome, it counts what their classes have in common:
// that lacks a class exactly where one of them does.
type histogram []classCount

type classCount struct {
	classes  class.Set
	n        uint64
	examples examples // at most one
}

// add counts n outcomes and returns the index of their entry.
func (h *histogram) add(classes class.Set, n uint64) int {
	for i := range *h {
		if (*h)[i].classes == classes {
			(*h)[i].n += n
			return i
		}
	}
	if len(*h) < maxClasses {
		*h = append(*h, classCount{classes: classes, n: n})
		return len(*h) - 1
	}
	last := &(*h)[maxClasses-1]
	last.classes &= classes
	last.n += n
	return maxClasses - 1
}

// wants reports whether an example of the rank could be the entry's.
func (c *classCount) wants(rank uint64) bool {
	return len(c.examples) == 0 || rank <= c.examples[0].rank
}

// show makes e the entry's example if it comes before that.
func (c *classCount) show(e *occurrence, room *int) {
	if len(c.examples) > 0 {
		if e.compare(&c.examples[0]) >= 0 {
			return
		}
		*room += c.examples[0].size()
		c.examples = c.examples[:0]
	}
	c.examples.add(e, room)
}

// outside returns how many outcomes had a value that leaves what was learned,
// and an example of each kind of value.
func (h histogram) outside(learned class.Set) (n uint64, list []diff.Example) {
	var found examples
	for i := range h {
		if leaves(h[i].classes, learned) {
			n += h[i].n
			found = append(found, h[i].examples...)
		}
	}
	slices.SortFunc(found, func(a, b occurrence) int { return a.compare(&b) })
	return n, found[:min(len(found), maxExamples)].list()
}
