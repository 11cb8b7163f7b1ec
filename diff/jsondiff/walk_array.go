package jsondiff

// inPlaceKeys holds what the differing elements of an array have for a key, to
// tell whether each stands where its counterpart does; see Differ.inPlace.
type inPlaceKeys struct {
	count int // differing pairs
	rule  ArrayRule
	name  string // of the key where the rule has none
	keyed bool
	sums  int // mark
}

// array compares two arrays, whose brackets stand here.
func (w *walker) array() bool {
	if w.depth == 0 {
		return false
	}
	w.depth--
	i, j, d := w.i, w.j, w.d
	w.step(1)
	d.way.enter()
	from, sums := d.point(), d.sums.mark()
	inPlace, ok := w.elements()
	d.sums.release(sums)
	d.way.leave()
	w.depth++
	if !ok || inPlace {
		return ok
	}
	d.goBack(from)
	if !d.a.indexValue(Base, w.a, i, w.depth) || !d.b.indexValue(Other, w.b, j, w.depth) {
		return false
	}
	w.i, w.j, w.lead = d.a.pos, d.b.pos, d.a.pos
	d.arrays(ref{&d.a, 0}, ref{&d.b, 0})
	return true
}

// elements compares the elements at the same place. inPlace is false where they
// have to be matched otherwise.
func (w *walker) elements() (inPlace, ok bool) {
	x, y := w.next()
	if x == ']' || y == ']' {
		w.step(1)
		return x == y, true
	}
	keys := inPlaceKeys{sums: w.d.sums.mark()}
	for k := int32(0); ; k++ {
		w.d.way.turn(wayStep{index: k})
		i, j, unequal := w.i, w.j, w.d.unequal
		if !w.value() {
			return false, false
		}
		if w.d.unequal != unequal && !w.staysInPlace(&keys, w.a[i:w.i], w.b[j:w.j]) {
			return false, true
		}
		switch x, y = w.next(); {
		case x == ',' && y == ',':
			w.step(1)
			w.skip()
		case x == ']' && y == ']':
			w.step(1)
			return keys.count < 2 || distinct(w.d.sums.s[keys.sums:]), true
		default:
			return false, (x == ',' || x == ']') && (y == ',' || y == ']')
		}
	}
}

// staysInPlace tells whether the elements x and y, which differ, may be each
// other's counterparts.
func (w *walker) staysInPlace(keys *inPlaceKeys, x, y []byte) bool {
	d := w.d
	if keys.count++; keys.count == 1 {
		if d.opt.Array != nil {
			keys.rule = d.opt.Array(d.way.path(&d.docs, len(d.way.steps)-1))
		}
		if keys.keyed = len(keys.rule.Key) > 0; !keys.keyed {
			keys.name, keys.keyed = d.surestKey(x)
		}
	}
	switch {
	case keys.rule.Unordered:
		return false
	case !keys.keyed:
		return keys.count == 1
	}
	sum, same := uint64(0), true
	if len(keys.rule.Key) == 0 {
		sum, same = d.sameKey(0, x, y, keys.name)
	}
	for _, name := range keys.rule.Key {
		if same {
			sum, same = d.sameKey(sum, x, y, name)
		}
	}
	d.sums.take(1)[0] = sum
	return same
}

// sameKey reports whether x and y have the same string or number for a member,
// and mixes it into sum.
func (d *Differ) sameKey(sum uint64, x, y []byte, name string) (uint64, bool) {
	x, y = d.memberOf(x, name), d.memberOf(y, name)
	if x == nil || y == nil {
		return 0, false
	}
	if k := kindAt(x, 0); k != number && k != text || kindAt(y, 0) != k || !d.sameScalars(x, y) {
		return 0, false
	}
	return mix(sum, d.sumScalar(x)), true
}
