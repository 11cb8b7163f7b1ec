package jsondiff

import (
	"math/bits"
)

// maxShelves is how deep objects may be nested to be compared with a shelf, which
// is that of their depth: there they mostly have the same names. What other has
// in an object is read once more for each object around it that is on a shelf,
// where a tape is made once for all that an object holds; so this bounds how
// often anything is read. Few answers nest deeper than a list of objects that
// have lists of objects, twice over.
const maxShelves = 8

// fromShelf compares the members from here on by their names, after count that
// both sides have. fits is false, and nothing done, where that takes a tape.
func (w *walker) fromShelf(from point, count int) (fits, ok bool) {
	d := w.d
	level := d.opt.maxDepth() - w.depth - 1
	if level >= maxShelves || d.opt.Rename != nil {
		return false, true
	}
	s := &w.shelves[level]
	end := s.read(w.b, w.j, w.depth)
	if end == 0 {
		return false, true
	}
	restX, ok := w.takeMembers(s)
	if !ok {
		return true, false
	}
	w.j, w.lead = end, w.i
	d.markMap(from, len(d.way.steps)-1, count+max(restX, s.count))
	return true, true
}

// takeMembers compares the members of base from here on, and counts them.
func (w *walker) takeMembers(s *shelf) (count int, ok bool) {
	left := uint32(1)<<s.count - 1
	if w.i < len(w.a) && w.a[w.i] == '}' {
		w.i++
		w.leftOver(s, left)
		return 0, true
	}
	for more := true; more; count++ {
		j, end, value := w.find(s, count, left)
		if value == 0 {
			return 0, false
		}
		name := span{uint32(w.i), uint32(end)}
		w.i = value
		if j == none {
			ok = w.lacking(name)
		} else {
			left &^= 1 << j
			ok = w.takeValue(name, s.values[j])
		}
		if !ok {
			return 0, false
		}
		if w.i, more = follow(w.a, w.i, '}'); w.i == 0 {
			return 0, false
		}
	}
	w.leftOver(s, left)
	return count, true
}

// takeValue compares the value that begins here in base with other's at y, which
// is valid, and so is the same one.
func (w *walker) takeValue(name, y span) bool {
	if end := w.i + int(y.end-y.start); end < len(w.a) && sameRun(w.a, w.b, w.i, int(y.start), end-w.i) {
		// A number goes on where no such byte follows.
		if c := w.a[end]; c == ',' || c == '}' || c <= ' ' {
			w.i = end
			return true
		}
	}
	w.turnTo(name)
	w.j, w.lead = int(y.start), w.i
	return w.value()
}

// lacking tells of the value that begins here in base that other has none.
func (w *walker) lacking(name span) bool {
	end := skim(w.a, w.i, w.depth)
	if end == 0 {
		return false
	}
	w.turnTo(name)
	w.d.note(removed, span{uint32(w.i), uint32(end)}, span{})
	w.i = end
	return true
}

// leftOver tells of the members that are left that base has none of them.
func (w *walker) leftOver(s *shelf, left uint32) {
	for ; left != 0; left &= left - 1 {
		j := bits.TrailingZeros32(left)
		w.d.way.turn(wayStep{name: s.names[j], index: -1, other: true})
		w.d.note(added, span{}, s.values[j])
	}
}

// turnTo makes the member of base called name the last step of the way.
func (w *walker) turnTo(name span) { w.d.way.turn(wayStep{name: name, index: -1, escaped: true}) }
