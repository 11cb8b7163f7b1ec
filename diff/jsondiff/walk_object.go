package jsondiff

import (
	"encoding/binary"
	"math/bits"
)

// object compares two objects, whose brackets stand here.
func (w *walker) object() bool {
	if w.depth == 0 {
		return false
	}
	w.depth--
	w.step(1)
	w.d.way.enter()
	from := w.d.point()
	if !w.members(from) {
		return false
	}
	w.d.way.leave()
	w.depth++
	return true
}

// members compares members for as long as they have the same names, and the rest
// by their names.
func (w *walker) members(from point) bool {
	x, y := w.next()
	if x == '}' && y == '}' {
		w.step(1)
		return true
	}
	for count := 1; ; count++ {
		if x != '"' || y != '"' {
			return count == 1 && w.rest(from, 0)
		}
		same, ok := w.name()
		if !ok {
			return false
		}
		if !same {
			return w.rest(from, count-1)
		}
		if !w.value() {
			return false
		}
		switch x, y = w.next(); {
		case x == ',' && y == ',':
			w.step(1)
			x, y = w.next()
		case x == '}' && y == '}':
			w.step(1)
			w.d.markMap(from, len(w.d.way.steps)-1, count)
			return true
		case (x == ',' || x == '}') && (y == ',' || y == '}'):
			return w.oneSided(x == ',') && w.rest(from, count)
		default:
			return false
		}
	}
}

// name reads the names that stand here. Where they are the same, it goes on to
// the values.
func (w *walker) name() (same, ok bool) {
	if w.i >= w.lead {
		w.meet()
	}
	if w.namesPart() {
		return false, true
	}
	i := w.i
	if end := w.sameText(); end > 0 {
		w.step(end - i)
	} else {
		end, other := scalarEnd(w.a, i), scalarEnd(w.b, w.j)
		if end == 0 || other == 0 {
			return false, false
		}
		if !w.d.sameTexts(w.a[i:end], w.b[w.j:other]) {
			return false, true
		}
		w.i, w.j, w.lead = end, other, end
	}
	w.turnTo(span{uint32(i), uint32(w.i)})
	if x, y := w.next(); x != ':' || y != ':' {
		return false, false
	}
	w.step(1)
	w.skip()
	return true, true
}

// namesPart tells early of names that part within their first characters, none of
// them escaped. Whether they are whole is for the reader of the rest to see.
func (w *walker) namesPart() bool {
	n := w.lead - w.i
	if n > 8 || w.i+9 > len(w.a) || w.j+9 > len(w.b) || w.a[w.lead] == '\\' || w.b[w.j+n] == '\\' {
		return false
	}
	return bits.TrailingZeros64(special(binary.LittleEndian.Uint64(w.a[w.i+1:])))/8 >= n-1
}

// oneSided steps over the comma that one side alone has.
func (w *walker) oneSided(base bool) bool {
	w.lead = w.i
	src, at := w.b, &w.j
	if base {
		src, at = w.a, &w.i
	}
	*at = space(src, *at+1)
	w.lead = w.i
	return *at < len(src) && src[*at] == '"'
}

// rest compares the members from here on by their names, after count that both
// sides have.
func (w *walker) rest(from point, count int) bool {
	if fits, ok := w.fromShelf(from, count); fits || !ok {
		return ok
	}
	d := w.d
	if !d.a.indexRest(Base, w.a, w.i, w.depth+1) || !d.b.indexRest(Other, w.b, w.j, w.depth+1) {
		return false
	}
	w.i, w.j, w.lead = d.a.pos, d.b.pos, d.a.pos
	// The steps of the tape come behind those of the object.
	d.way.leave()
	x, y := ref{&d.a, 0}, ref{&d.b, 0}
	restX, restY := int(x.node().count), int(y.node().count)
	d.membersByName(x.first(), y.first(), restX, restY)
	d.markMap(from, len(d.way.steps), count+max(restX, restY))
	d.way.enter()
	return true
}
