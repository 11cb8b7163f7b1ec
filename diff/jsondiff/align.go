package jsondiff

import (
	"bytes"
	"slices"
)

// The search for the shortest edit script (E. W. Myers, "An O(ND) Difference
// Algorithm and Its Variations", Algorithmica 1, 1986) takes time and memory
// that grow with the square of the script's length.
const (
	// maxEdits bounds the memory of one search to maxEdits²/2 places of 4 bytes,
	// 512 KiB.
	maxEdits = 512
	// maxAlignWork bounds the time of one search, in steps of about a
	// nanosecond.
	maxAlignWork = 1 << 24
)

// aligner searches for the shortest edit script of two lists of classes.
type aligner struct {
	// fars holds, for 0, 1, 2… edits, how far into the first list each diagonal
	// leads: edits+1 places for the diagonals -edits, -edits+2, … edits.
	fars []int32
	work int
}

// alignElements matches the elements by the shortest edit script, and those
// that it removes and adds at the same place in their order.
func (d *Differ) alignElements(m *matching, x, y ref) {
	if len(m.xs) > 1 || len(m.ys) > 1 {
		d.classify(m, nil)
		d.mateAligned(m, x, y)
	}
	i, j := 0, 0
	for k, mate := range m.mateX {
		if mate != none {
			m.mateRest(i, k, j, int(mate))
			i, j = k+1, int(mate)+1
		}
	}
	m.mateRest(i, len(m.xs), j, len(m.ys))
}

// mateAligned searches among those elements alone that have an equal one on the
// other side, for no script keeps another. Which of several shortest scripts is
// found depends on the order of the lists; so that it does not matter which
// document is base, the one that sorts first goes first.
func (d *Differ) mateAligned(m *matching, x, y ref) {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	placesX, placesY := d.common(m)
	mate := func(i, j int) { m.mate(int(placesX[i]), int(placesY[j])) }
	a, b := d.classesAt(m.classX, placesX), d.classesAt(m.classY, placesY)
	if bytes.Compare(x.raw(), y.raw()) > 0 {
		d.align.run(b, a, func(j, i int) { mate(i, j) })
		return
	}
	d.align.run(a, b, mate)
}

// common returns the places of the elements whose class both sides have.
func (d *Differ) common(m *matching) (xs, ys []int32) {
	xs, ys = d.ints.take(len(m.xs))[:0], d.ints.take(len(m.ys))[:0]
	in := d.ints.take(m.classes)
	clear(in)
	for _, c := range m.classX {
		in[c] |= 1
	}
	for j, c := range m.classY {
		in[c] |= 2
		if in[c] == 3 {
			ys = append(ys, int32(j))
		}
	}
	for i, c := range m.classX {
		if in[c] == 3 {
			xs = append(xs, int32(i))
		}
	}
	return xs, ys
}

func (d *Differ) classesAt(classes, places []int32) []int32 {
	list := d.ints.take(len(places))
	for i, p := range places {
		list[i] = classes[p]
	}
	return list
}

// run tells keep the places of the elements that the shortest edit script
// keeps. Where the search is given up, it keeps those that are equal at the
// same place.
func (s *aligner) run(a, b []int32, keep func(i, j int)) {
	if edits, ok := s.search(a, b); ok {
		s.trace(a, b, edits, keep)
		return
	}
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			keep(i, i)
		}
	}
}

// search fills fars up to the number of edits that leads to the end.
func (s *aligner) search(a, b []int32) (edits int, ok bool) {
	s.fars, s.work = s.fars[:0], 0
	for edits = 0; edits <= min(maxEdits, len(a)+len(b)) && s.work <= maxAlignWork; edits++ {
		base := len(s.fars)
		s.fars = slices.Grow(s.fars, edits+1)[:base+edits+1]
		for n := range edits + 1 {
			k := 2*n - edits
			i := s.start(edits, n)
			first := i
			for i < len(a) && i-k < len(b) && a[i] == b[i-k] {
				i++
			}
			s.work += 1 + i - first
			s.fars[base+n] = int32(i)
			if i >= len(a) && i-k >= len(b) {
				return edits, true
			}
		}
	}
	return 0, false
}

// row returns how far the diagonals lead after that many edits.
func (s *aligner) row(edits int) []int32 {
	first := edits * (edits + 1) / 2
	return s.fars[first : first+edits+1]
}

// start returns where the n-th diagonal begins after the last of the edits: the
// farther of one step right from the diagonal below, which removes an element of
// the first list, and one step down from the diagonal above.
func (s *aligner) start(edits, n int) int {
	if edits == 0 {
		return 0
	}
	before := s.row(edits - 1)
	switch {
	case n == 0:
		return int(before[0])
	case n == edits:
		return int(before[n-1]) + 1
	}
	return max(int(before[n-1])+1, int(before[n]))
}

// trace walks the script back from its end.
func (s *aligner) trace(a, b []int32, edits int, keep func(i, j int)) {
	i, k := len(a), len(a)-len(b)
	for ; edits >= 0; edits-- {
		n := (k + edits) / 2
		first := s.start(edits, n)
		for i > first {
			i--
			keep(i, i-k)
		}
		if edits == 0 {
			return
		}
		before := s.row(edits - 1)
		if n == edits || n > 0 && int(before[n-1])+1 >= int(before[n]) {
			i = int(before[n-1])
			k--
		} else {
			i = int(before[n])
			k++
		}
	}
}
