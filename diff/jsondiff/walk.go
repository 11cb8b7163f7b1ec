package jsondiff

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// walker compares two documents side by side and builds no tree. Where the
// structure differs, it indexes the smallest object or array around.
//
// It knows nothing of errors: its functions return false where a document is not
// JSON, or passes a limit; what was found until then is void.
type walker struct {
	d    *Differ
	a, b []byte
	i, j int
	// lead ends the run of bytes from i on that are the same as those from j on.
	// What lies within needs to be read on one side only.
	lead  int
	depth int // levels that are left
	// shelves hold the members of objects around that stand in another order,
	// by how deep the object lies.
	shelves [maxShelves]shelf
}

// documents compares the two documents of d.
func (w *walker) documents(d *Differ) bool {
	w.d, w.a, w.b, w.i, w.j, w.lead = d, d.docs[0], d.docs[1], 0, 0, 0
	w.depth = d.opt.maxDepth()
	for i := range w.shelves {
		w.shelves[i].count = 0
	}
	if len(w.a) > maxDocument || len(w.b) > maxDocument {
		return false
	}
	w.skip()
	if !w.value() {
		return false
	}
	w.skip()
	return w.i == len(w.a) && w.j == len(w.b)
}

// meet finds the run of same bytes that begins here.
func (w *walker) meet() { w.lead = w.i + sameLen(w.a[w.i:], w.b[w.j:]) }

// sameLen returns how many bytes a and b have in common from their begin on.
func sameLen(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// step goes n bytes on, on both sides.
func (w *walker) step(n int) { w.i, w.j = w.i+n, w.j+n }

// skip skips white space on both sides.
func (w *walker) skip() {
	if w.i < w.lead && w.a[w.i] > ' ' {
		return
	}
	end := space(w.a, w.i)
	if end < w.lead {
		w.j += end - w.i
	} else {
		w.j = space(w.b, w.j)
	}
	w.i = end
}

// next skips white space and returns the bytes behind it, 0 at the end.
func (w *walker) next() (x, y byte) {
	w.skip()
	if w.i < w.lead {
		return w.a[w.i], w.a[w.i]
	}
	if w.i < len(w.a) {
		x = w.a[w.i]
	}
	if w.j < len(w.b) {
		y = w.b[w.j]
	}
	return x, y
}

// value compares the values that begin here.
func (w *walker) value() bool {
	if w.i >= w.lead {
		w.meet()
		if w.i >= w.lead {
			return w.apart()
		}
	}
	switch w.a[w.i] {
	case '"':
		if end := w.sameText(); end > 0 {
			w.step(end - w.i)
			return true
		}
	case '{':
		return w.object()
	case '[':
		return w.array()
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	case 'n':
		return w.word("null")
	default:
		// A number ends where the byte behind it says so.
		if end := numberEnd(w.a, w.i); end > 0 && end < w.lead {
			w.step(end - w.i)
			return true
		}
	}
	return w.apart()
}

// sameText returns the end of the string that begins here where it is the same on
// both sides, 0 where that has to be looked at more closely.
func (w *walker) sameText() int {
	if end, _, msg := scanString(w.a[:w.lead], w.i); msg == "" {
		return end
	}
	return 0
}

func (w *walker) word(s string) bool {
	if w.lead-w.i < len(s) {
		return w.apart()
	}
	if string(w.a[w.i:w.i+len(s)]) != s {
		return false
	}
	w.step(len(s))
	return true
}

// apart compares values that are not the same bytes. They are not both objects
// or both arrays.
func (w *walker) apart() bool {
	k, l := kindAt(w.a, w.i), kindAt(w.b, w.j)
	if k == none8 || l == none8 {
		return false
	}
	i, j := w.i, w.j
	if k >= array || l >= array {
		d := w.d
		if !d.a.indexValue(Base, w.a, i, w.depth) || !d.b.indexValue(Other, w.b, j, w.depth) {
			return false
		}
		w.i, w.j = d.a.pos, d.b.pos
	} else {
		w.i, w.j = scalarEnd(w.a, i), scalarEnd(w.b, j)
		if w.i == 0 || w.j == 0 {
			return false
		}
	}
	w.lead = w.i
	base, other := span{uint32(i), uint32(w.i)}, span{uint32(j), uint32(w.j)}
	if k != l {
		w.d.note(retyped, base, other)
	} else if !w.d.sameScalars(w.a[i:w.i], w.b[j:w.j]) {
		w.d.note(changed, base, other)
	}
	return true
}

// none8 is no kind.
const none8 kind = 255

// kindAt returns the kind of the value that begins at i.
func kindAt(src []byte, i int) kind {
	if i >= len(src) {
		return none8
	}
	switch c := src[i]; c {
	case '"':
		return text
	case '{':
		return object
	case '[':
		return array
	case 't', 'f':
		return boolean
	case 'n':
		return null
	case '-':
		return number
	default:
		if c-'0' <= 9 {
			return number
		}
	}
	return none8
}

// scalarEnd returns the place behind the scalar that begins at i, 0 where it is
// broken.
func scalarEnd(src []byte, i int) int {
	word := "null"
	switch src[i] {
	case '"':
		if end, _, msg := scanString(src, i); msg == "" {
			return end
		}
		return 0
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
	default:
		return numberEnd(src, i)
	}
	if len(src)-i < len(word) || string(src[i:i+len(word)]) != word {
		return 0
	}
	return i + len(word)
}

// numberEnd returns the place behind the number that begins at i, 0 where there
// is none.
func numberEnd(src []byte, i int) int {
	c := src[i]
	if c-'1' <= 8 {
		j := digits(src, i+1)
		if j+1 < len(src) && src[j] == '.' && src[j+1]-'0' <= 9 {
			j = digits(src, j+2)
		}
		if j == len(src) || src[j] != '.' && src[j]|0x20 != 'e' {
			return j
		}
	} else if c != '-' && c != '0' {
		return 0
	}
	if end, msg := scanNumber(src, i); msg == "" {
		return end
	}
	return 0
}

// digits returns the first place at or after i that has no digit.
func digits(src []byte, i int) int {
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	return i
}

// sameScalars compares two valid scalars of the same kind.
func (d *Differ) sameScalars(x, y []byte) bool {
	if string(x) == string(y) {
		return true
	}
	switch kindAt(x, 0) {
	case number:
		return equalNumbers(x, y)
	case text:
		return d.sameTexts(x, y)
	}
	return false
}

// sameTexts compares two valid strings with their quotes.
func (d *Differ) sameTexts(x, y []byte) bool {
	if string(x) == string(y) {
		return true
	}
	if bytes.IndexByte(x, '\\') < 0 && bytes.IndexByte(y, '\\') < 0 {
		return false
	}
	d.text1, d.text2 = appendText(d.text1[:0], x), appendText(d.text2[:0], y)
	return string(d.text1) == string(d.text2)
}
