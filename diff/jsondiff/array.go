package jsondiff

// none stands for an element without a counterpart.
const none = -1

// matching finds out which elements of two arrays belong together.
type matching struct {
	x, y       *tape
	allX, allY []uint32 // every element
	first      int      // how many lead both arrays alike
	// What is left without the elements that lead and trail both alike, and
	// for each its counterpart in the other list, or none.
	xs, ys       []uint32
	mateX, mateY []int32
	// Elements of the same class are equal; see Differ.classify.
	classX, classY []int32
	classes        int
	stay           []int32 // by the place in xs: 1 where the element keeps its order
	tellMoves      bool    // the others moved
}

// arrays reports the differences between two arrays.
func (d *Differ) arrays(x, y ref) {
	refs, ints := d.refs.mark(), d.ints.mark()
	defer func() { d.refs.release(refs); d.ints.release(ints) }()
	m := matching{x: x.t, y: y.t, allX: d.elements(x), allY: d.elements(y)}
	d.trim(&m)
	if len(m.xs)+len(m.ys) == 0 {
		return
	}
	var rule ArrayRule
	if d.opt.Array != nil {
		rule = d.opt.Array(d.way.path(&d.docs, len(d.way.steps)))
	}
	d.matchElements(&m, rule, x, y)
	d.reportElements(&m)
}

// match finds the counterparts in two arrays. The scratch memory is the caller's
// to release.
func (d *Differ) match(x, y ref, rule ArrayRule) matching {
	m := matching{x: x.t, y: y.t, allX: d.elements(x), allY: d.elements(y)}
	d.trim(&m)
	d.matchElements(&m, rule, x, y)
	return m
}

// elements returns the nodes of the elements of x.
func (d *Differ) elements(x ref) []uint32 {
	list := d.refs.take(int(x.node().count))
	x = x.first()
	for i := range list {
		list[i] = x.i
		x = x.next()
	}
	return list
}

func (d *Differ) noMates(n int) []int32 {
	list := d.ints.take(n)
	for i := range list {
		list[i] = none
	}
	return list
}

// trim sets the elements aside that lead and trail both arrays alike.
func (d *Differ) trim(m *matching) {
	xs, ys := m.allX, m.allY
	for len(xs) > 0 && len(ys) > 0 && d.equal(ref{m.x, xs[0]}, ref{m.y, ys[0]}) {
		xs, ys = xs[1:], ys[1:]
		m.first++
	}
	for len(xs) > 0 && len(ys) > 0 && d.equal(ref{m.x, xs[len(xs)-1]}, ref{m.y, ys[len(ys)-1]}) {
		xs, ys = xs[:len(xs)-1], ys[:len(ys)-1]
	}
	m.xs, m.ys = xs, ys
}

// matchElements finds the counterparts, and reports where the common elements
// changed their order.
func (d *Differ) matchElements(m *matching, rule ArrayRule, x, y ref) {
	m.mateX, m.mateY = d.noMates(len(m.xs)), d.noMates(len(m.ys))
	m.classX, m.classY = d.ints.take(len(m.xs)), d.ints.take(len(m.ys))
	m.stay = d.ints.take(len(m.xs))
	switch {
	case rule.Unordered:
		d.unequal++
		d.mateUnordered(m, rule)
		return
	case len(m.xs) == 0 || len(m.ys) == 0:
		return
	case d.inPlace(m, rule):
		m.mateRest(0, len(m.xs), 0, len(m.ys))
		return
	}
	// A key that is found is unique, so that by it the same elements in another
	// order are a mere reordering too; it spares the sums of whole elements.
	key := d.keyOf(m, rule)
	anew := false
	switch {
	case (key == nil || len(rule.Key) > 0) && d.permuted(m):
		d.matePermuted(m, x, y)
	case key != nil:
		d.classify(m, aspect{key: key})
		d.mateClasses(m)
	default:
		if anew = d.mateRenumbered(m); !anew {
			d.mateByScript(m, x, y)
		}
	}
	d.order(m, x, y)
	if key != nil {
		return
	}
	d.mateBetween(m)
	if anew && len(m.xs) == len(m.ys) {
		m.mateRest(0, len(m.xs), 0, len(m.ys))
	}
}

// mateUnordered matches equal elements, the others by a key, and what is left in
// its order.
func (d *Differ) mateUnordered(m *matching, rule ArrayRule) {
	d.classify(m, aspect{})
	d.mateClasses(m)
	if key := d.keyOf(m, rule); key != nil {
		d.classify(m, aspect{key: key})
		d.mateClasses(m)
	}
	m.mateRest(0, len(m.xs), 0, len(m.ys))
}

// permuted reports whether both sides have the same elements. A single one of
// each, being left, differs.
func (d *Differ) permuted(m *matching) bool {
	if len(m.xs) != len(m.ys) || len(m.xs) == 1 {
		return false
	}
	d.classify(m, aspect{})
	mark := d.ints.mark()
	defer d.ints.release(mark)
	counts := d.ints.take(m.classes)
	clear(counts)
	for _, c := range m.classX {
		counts[c]++
	}
	for _, c := range m.classY {
		counts[c]--
		if counts[c] < 0 {
			return false
		}
	}
	return true
}

// mateClasses makes the k-th element of a class the counterpart of the k-th of
// that class on the other side.
func (d *Differ) mateClasses(m *matching) {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	heads, next := d.noMates(m.classes), d.ints.take(len(m.ys))
	for j := len(m.ys) - 1; j >= 0; j-- {
		if c := m.classY[j]; c != none && m.mateY[j] == none {
			next[j] = heads[c]
			heads[c] = int32(j)
		}
	}
	for i, c := range m.classX {
		if c == none || m.mateX[i] != none || heads[c] == none {
			continue
		}
		j := heads[c]
		heads[c] = next[j]
		m.mate(i, int(j))
	}
}

func (m *matching) mate(i, j int) { m.mateX[i], m.mateY[j] = int32(j), int32(i) }

// mateRest makes those without a counterpart in the two ranges each other's, in
// their order, while both sides have one.
func (m *matching) mateRest(i, endX, j, endY int) {
	for {
		for i < endX && m.mateX[i] != none {
			i++
		}
		for j < endY && m.mateY[j] != none {
			j++
		}
		if i == endX || j == endY {
			return
		}
		m.mate(i, j)
	}
}

// hasMoved reports whether the element at i of xs is to be told as moved.
func (m *matching) hasMoved(i int) bool { return m.tellMoves && m.stay[i] == 0 }

// mated returns how many elements have a counterpart.
func (m *matching) mated() int {
	n := len(m.mateX)
	for _, j := range m.mateX {
		if j == none {
			n--
		}
	}
	return n
}

// reportElements reports what differs between counterparts, and what has none.
func (d *Differ) reportElements(m *matching) {
	for i, j := range m.mateX {
		d.way.enterElement(m.first + i)
		x := ref{m.x, m.xs[i]}
		if j == none {
			d.removed(x)
		} else {
			y := ref{m.y, m.ys[j]}
			if m.hasMoved(i) {
				d.report(moved, x, y)
				d.found.list[len(d.found.list)-1].to = int32(m.first) + j
			}
			d.value(x, y)
		}
		d.way.leave()
	}
	for j, i := range m.mateY {
		if i == none {
			d.way.enterElement(m.first + j)
			d.added(ref{m.y, m.ys[j]})
			d.way.leave()
		}
	}
}
