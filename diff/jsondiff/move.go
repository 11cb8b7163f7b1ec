package jsondiff

import (
	"bytes"
	"slices"
)

// minCommon is how many elements two arrays must have in common for moves to be
// told one by one. In a shorter one, any order is a few moves away from any other,
// and what a service does not sort would be told now so, now so.
const minCommon = 6

// few reports whether so few of the common elements moved that each is told
// alone: at most a third. Above it, the array is told as reordered: the moves
// would say less than that, at greater length.
func few(moved, common int) bool { return common >= minCommon && 3*moved <= common }

// trimmed returns how many elements lead and trail both arrays alike.
func (m *matching) trimmed() int { return len(m.allX) - len(m.xs) }

// order finds the elements that moved: those outside of the longest run of
// counterparts that keep their order. Which of several runs it is depends on the
// order of the lists; so that it does not matter which document is base, the one
// that sorts first goes first.
func (d *Differ) order(m *matching, x, y ref) {
	swapped := bytes.Compare(x.raw(), y.raw()) > 0
	mark := d.ints.mark()
	defer d.ints.release(mark)
	all, count := m.mated(), 0
	if swapped {
		stay := d.ints.take(len(m.mateY))
		count = d.longestRun(m.mateY, stay)
		clear(m.stay)
		for j, i := range m.mateY {
			if i != none {
				m.stay[i] = stay[j]
			}
		}
	} else {
		count = d.longestRun(m.mateX, m.stay)
	}
	if count == all {
		return
	}
	if m.tellMoves = few(all-count, m.trimmed()+all); !m.tellMoves {
		d.report(reordered, x, y)
	}
}

// longestRun marks in stay a longest strictly increasing subsequence of mates
// without regard to none, and returns its length (M. L. Fredman, "On computing
// the length of longest increasing subsequences", Discrete Mathematics 11, 1975).
func (d *Differ) longestRun(mates, stay []int32) int {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	clear(stay)
	before := d.ints.take(len(mates))
	ends := d.ints.take(len(mates))[:0] // of the runs by length: the place of the lowest last one
	for i, j := range mates {
		if j == none {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, j, func(e, j int32) int { return int(mates[e]) - int(j) })
		before[i] = none
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, int32(i))
		} else {
			ends[n] = int32(i)
		}
	}
	if len(ends) == 0 {
		return 0
	}
	for i := ends[len(ends)-1]; i != none; i = before[i] {
		stay[i] = 1
	}
	return len(ends)
}

// matePermuted matches arrays of the same elements. Where some of them are equal,
// the shortest edit script tells which of those kept their order.
func (d *Differ) matePermuted(m *matching, x, y ref) {
	if m.classes < len(m.xs) {
		d.mateAligned(m, x, y)
	}
	d.mateClasses(m)
}
