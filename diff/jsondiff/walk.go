package jsondiff

import (
	"encoding/binary"
	"math/bits"
)

// walker walks two documents side by side for as long as they agree. It knows
// nothing of errors: where it stops, the documents differ, or one of them is not
// JSON, or its members stand in another order.
type walker struct {
	a, b  []byte
	i, j  int
	depth int // levels that are left

	textA, textB []byte // buffers
}

// same reports whether a and b are JSON, equal, and have their members in the
// same order.
func (w *walker) same(a, b []byte, maxDepth int) bool {
	w.a, w.b, w.i, w.j, w.depth = a, b, 0, 0, maxDepth
	if !w.value() {
		return false
	}
	w.skip()
	return w.i == len(a) && w.j == len(b)
}

// skip skips white space on both sides.
func (w *walker) skip() {
	if w.i < len(w.a) && w.a[w.i] <= ' ' {
		w.i = space(w.a, w.i)
	}
	if w.j < len(w.b) && w.b[w.j] <= ' ' {
		w.j = space(w.b, w.j)
	}
}

// peek skips white space and returns the byte behind it, 0 where the sides
// differ or end.
func (w *walker) peek() byte {
	w.skip()
	if w.i < len(w.a) && w.j < len(w.b) && w.a[w.i] == w.b[w.j] {
		return w.a[w.i]
	}
	return 0
}

// take steps over c if both sides have it next.
func (w *walker) take(c byte) bool {
	if w.peek() != c {
		return false
	}
	w.i++
	w.j++
	return true
}

func (w *walker) value() bool {
	switch w.peek() {
	case '"':
		return w.text()
	case '{':
		return w.container(object, '}')
	case '[':
		return w.container(array, ']')
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	case 'n':
		return w.word("null")
	}
	return w.number()
}

func (w *walker) container(k kind, closer byte) bool {
	if w.depth == 0 {
		return false
	}
	w.depth--
	w.i++
	w.j++
	if w.take(closer) {
		w.depth++
		return true
	}
	for {
		if k == object && !(w.peek() == '"' && w.text() && w.take(':')) {
			return false
		}
		if !w.value() {
			return false
		}
		switch w.peek() {
		case ',':
			w.i++
			w.j++
		case closer:
			w.i++
			w.j++
			w.depth++
			return true
		default:
			return false
		}
	}
}

func (w *walker) word(s string) bool {
	if len(w.a)-w.i < len(s) || len(w.b)-w.j < len(s) ||
		string(w.a[w.i:w.i+len(s)]) != s || string(w.b[w.j:w.j+len(s)]) != s {
		return false
	}
	w.i += len(s)
	w.j += len(s)
	return true
}

// text compares two strings, whose quotes both sides have next, while neither
// is escaped.
func (w *walker) text() bool {
	i, j := w.i+1, w.j+1
	for i+8 <= len(w.a) && j+8 <= len(w.b) {
		x, y := binary.LittleEndian.Uint64(w.a[i:]), binary.LittleEndian.Uint64(w.b[j:])
		m := special(x)
		n := bits.TrailingZeros64(m) &^ 7 // bits before the first special byte
		if n < 64 && (x^y)<<(56-n) == 0 && byte(x>>n) == '"' {
			w.i, w.j = i+n/8+1, j+n/8+1
			return true
		}
		if n < 64 || x != y {
			break
		}
		i += 8
		j += 8
	}
	return w.textSlowly()
}

func (w *walker) textSlowly() bool {
	endA, escA, msgA := scanString(w.a, w.i)
	endB, escB, msgB := scanString(w.b, w.j)
	if msgA != "" || msgB != "" {
		return false
	}
	rawA, rawB := w.a[w.i:endA], w.b[w.j:endB]
	w.i, w.j = endA, endB
	if !escA && !escB {
		return string(rawA) == string(rawB)
	}
	w.textA, w.textB = appendText(w.textA[:0], rawA), appendText(w.textB[:0], rawB)
	return string(w.textA) == string(w.textB)
}

func (w *walker) number() bool {
	if w.i == len(w.a) || w.j == len(w.b) || !isNumberStart(w.a[w.i]) || !isNumberStart(w.b[w.j]) {
		return false
	}
	endA, msgA := scanNumber(w.a, w.i)
	endB, msgB := scanNumber(w.b, w.j)
	if msgA != "" || msgB != "" {
		return false
	}
	x, y := w.a[w.i:endA], w.b[w.j:endB]
	w.i, w.j = endA, endB
	return equalNumbers(x, y)
}

func isNumberStart(c byte) bool { return c == '-' || c >= '0' && c <= '9' }
