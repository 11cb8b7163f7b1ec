package jsondiff

import (
	"encoding/binary"
	"math/bits"
)

// shelf holds the members of a small object of other, to be taken by name. It
// keeps what it knew of the object before in the same document: those of a list
// mostly have the same names in the same order.
type shelf struct {
	// leads are what stands before each value: a comma but for the first, the
	// name, the colon, white space. names are the places of the names in it.
	leads, names, values [fewMembers]span
	marks                [fewMembers]uint64 // of the names; none is there twice
	guess                [fewMembers]uint8  // by the place in base: the member it was before
	count                int
}

// read puts the members from i on, where a name or the end of the object is due,
// on the shelf, and returns the place behind the object. It returns 0 where they
// do not fit, a name is there twice, perhaps, or has an escape, and where src is
// broken or nested more than depth levels deep from there on.
func (s *shelf) read(src []byte, i, depth int) (end int) {
	known := s.count
	s.count = 0
	if i < len(src) && src[i] == '}' {
		return i + 1
	}
	n, same := 0, true
	for more := true; more; n++ {
		if n == fewMembers {
			return 0
		}
		if n >= known || !s.repeats(src, i, n) {
			if same = false; !s.readName(src, i, n) {
				return 0
			}
		}
		value := s.leads[n].end
		if end = skim(src, int(value), depth); end == 0 {
			return 0
		}
		s.values[n] = span{value, uint32(end)}
		if i = space(src, end); i == len(src) || src[i] != ',' && src[i] != '}' {
			return 0
		}
		more = src[i] == ','
	}
	s.count = n
	if (!same || n != known) && !s.settle() {
		return 0
	}
	return i + 1
}

// repeats reports whether what stands before the n-th value is the same as in the
// object before, and moves it to i.
func (s *shelf) repeats(src []byte, i, n int) bool {
	lead := &s.leads[n]
	end := i + int(lead.end-lead.start)
	if end > len(src) || !same(src[i:end], src[lead.start:lead.end]) {
		return false
	}
	name, by := &s.names[n], uint32(i)-lead.start
	name.start, name.end = name.start+by, name.end+by
	*lead = span{uint32(i), uint32(space(src, end))}
	return true
}

// readName reads what stands before the n-th value.
func (s *shelf) readName(src []byte, i, n int) bool {
	from := i
	if n > 0 {
		i = space(src, i+1)
	}
	if i == len(src) || src[i] != '"' {
		return false
	}
	end, escaped, msg := scanString(src, i)
	if escaped || msg != "" {
		return false
	}
	value := colon(src, end)
	s.leads[n], s.names[n] = span{uint32(from), uint32(value)}, span{uint32(i), uint32(end)}
	s.marks[n] = nameMark(src[i:end])
	return value > 0
}

// settle reports whether all marks are different. Where they are not, the shelf
// is empty.
func (s *shelf) settle() bool {
	for i, mark := range s.marks[:s.count] {
		for _, other := range s.marks[:i] {
			if mark == other {
				s.count = 0
				return false
			}
		}
	}
	return true
}

// nameMark returns what tells most names apart, made of the length and the first
// and last characters. The name has its quotes.
func nameMark(name []byte) uint64 {
	n := len(name)
	first, last := uint64(name[1]), uint64(n)
	if n >= 8 {
		first, last = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
	} else if n >= 4 {
		first, last = uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))
	}
	return first ^ bits.RotateLeft64(last, 32+n)*ones
}

// same compares two texts of the same length, which are short mostly.
func same(a, b []byte) bool {
	n := len(a)
	if n < 8 || n > 16 {
		return string(a) == string(b)
	}
	return binary.LittleEndian.Uint64(a) == binary.LittleEndian.Uint64(b) &&
		binary.LittleEndian.Uint64(a[n-8:]) == binary.LittleEndian.Uint64(b[n-8:n])
}

// sameRun reports whether n bytes, at least one, are the same from i of a and
// from j of b on. It is for values, most of which are shorter than a name with
// what stands around it.
func sameRun(a, b []byte, i, j, n int) bool {
	if i+8 <= len(a) && j+8 <= len(b) {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[j:]); n <= 8 || x != 0 {
			return x<<(64-8*min(n, 8)) == 0
		}
	}
	return string(a[i:i+n]) == string(b[j:j+n])
}

// find returns which of the members that are left has the name that begins at i
// of base and is the turn-th of its object, or none, the place behind that name,
// and where its value begins, 0 where either is broken.
func (w *walker) find(s *shelf, turn int, left uint32) (found, name, value int) {
	guess := &s.guess[turn%fewMembers]
	if j := int(*guess) % fewMembers; left>>j&1 != 0 {
		start, value := s.names[j].start, s.values[j].start
		end := w.i + int(value-start)
		if end <= len(w.a) && same(w.a[w.i:end], w.b[start:value]) {
			return j, w.i + int(s.names[j].end-start), space(w.a, end)
		}
	}
	if w.i == len(w.a) || w.a[w.i] != '"' {
		return none, 0, 0
	}
	end, escaped, msg := scanString(w.a, w.i)
	if msg != "" {
		return none, 0, 0
	}
	text := w.a[w.i:end]
	mark := nameMark(text)
	for ; left != 0; left &= left - 1 {
		j := bits.TrailingZeros32(left) % fewMembers
		if (escaped || mark == s.marks[j]) && w.d.sameTexts(text, w.b[s.names[j].start:s.names[j].end]) {
			*guess = uint8(j)
			return j, end, colon(w.a, end)
		}
	}
	return none, end, colon(w.a, end)
}
