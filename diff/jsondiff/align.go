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

// Aligner finds what two lists have in common and in the same order. It keeps
// its buffers. The zero value is ready to use. It is not for concurrent use.
type Aligner struct {
	// fars holds, for 0, 1, 2… edits, how far into the first list each diagonal
	// leads: edits+1 places for the diagonals -edits, -edits+2, … edits.
	fars []int32
	work int

	in             []uint8 // by value: 1 where the first list has it, 2 the second
	xs, ys         []int32 // the values that both lists have
	placeX, placeY []int32 // and where
}

// Align tells keep, in descending order, the places of the elements that the
// shortest edit script from a to b keeps. The elements are numbers from 0 to
// below n. Where the script would take too long to find, those that are equal at
// the same place are told instead.
func (s *Aligner) Align(a, b []int32, n int, keep func(i, j int)) {
	s.selectCommon(a, b, n)
	if edits, ok := s.search(s.xs, s.ys); ok {
		s.trace(s.xs, s.ys, edits, func(i, j int) { keep(int(s.placeX[i]), int(s.placeY[j])) })
		return
	}
	for i := min(len(a), len(b)) - 1; i >= 0; i-- {
		if a[i] == b[i] {
			keep(i, i)
		}
	}
}

// selectCommon leaves out what only one list has, which no script keeps.
func (s *Aligner) selectCommon(a, b []int32, n int) {
	s.in = slices.Grow(s.in[:0], n)[:n]
	clear(s.in)
	for _, v := range a {
		s.in[v] |= 1
	}
	for _, v := range b {
		s.in[v] |= 2
	}
	s.xs, s.placeX = s.common(a, s.xs[:0], s.placeX[:0])
	s.ys, s.placeY = s.common(b, s.ys[:0], s.placeY[:0])
}

func (s *Aligner) common(list, values, places []int32) (v, p []int32) {
	for i, c := range list {
		if s.in[c] == 3 {
			values, places = append(values, c), append(places, int32(i))
		}
	}
	return values, places
}

// mateByScript matches by the shortest edit script, and then an element that it
// removes with an equal one that it adds: that one moved.
func (d *Differ) mateByScript(m *matching, x, y ref) {
	if len(m.xs) == 1 && len(m.ys) == 1 {
		return
	}
	d.classify(m, aspect{})
	d.mateAligned(m, x, y)
	mark := d.ints.mark()
	defer d.ints.release(mark)
	kept := d.ints.take(len(m.xs))
	copy(kept, m.mateX)
	stay := m.trimmed() + m.mated()
	d.mateClasses(m)
	if all := m.trimmed() + m.mated(); few(all-stay, all) {
		return
	}
	for i, j := range m.mateX {
		if j != none && kept[i] == none {
			m.mateX[i], m.mateY[j] = none, none
		}
	}
}

// mateBetween makes those without a counterpart each other's that stand between
// the same elements that kept their order.
func (d *Differ) mateBetween(m *matching) {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	fences := d.ints.take(len(m.xs))
	copy(fences, m.mateX)
	i, j := 0, 0
	for k, mate := range fences {
		if mate != none && m.stay[k] != 0 {
			m.mateRest(i, k, j, int(mate))
			i, j = k+1, int(mate)+1
		}
	}
	m.mateRest(i, len(m.xs), j, len(m.ys))
	for k, mate := range fences {
		if mate == none {
			m.stay[k] = 1
		}
	}
}

// mateAligned matches by the shortest edit script. Which of several it is
// depends on the order of the lists; so that it does not matter which document
// is base, the one that sorts first goes first.
func (d *Differ) mateAligned(m *matching, x, y ref) {
	if bytes.Compare(x.raw(), y.raw()) > 0 {
		d.align.Align(m.classY, m.classX, m.classes, func(j, i int) { m.mate(i, j) })
		return
	}
	d.align.Align(m.classX, m.classY, m.classes, m.mate)
}

// search fills fars up to the number of edits that leads to the end.
func (s *Aligner) search(a, b []int32) (edits int, ok bool) {
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
func (s *Aligner) row(edits int) []int32 {
	first := edits * (edits + 1) / 2
	return s.fars[first : first+edits+1]
}

// start returns where the n-th diagonal begins after the last of the edits: the
// farther of one step right from the diagonal below, which removes an element of
// the first list, and one step down from the diagonal above.
func (s *Aligner) start(edits, n int) int {
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
func (s *Aligner) trace(a, b []int32, edits int, keep func(i, j int)) {
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
