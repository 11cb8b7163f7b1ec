package jsondiff

import (
	"cmp"
	"slices"
)

// item is one element to be classified.
type item struct {
	sum   uint64
	pos   int32
	other bool
}

// aspect is what of an element counts: the members of key; or all but those that
// except tells; or the whole, for the zero aspect.
type aspect struct {
	key    []string
	except func(name []byte) bool
}

// classify numbers the elements that have no counterpart yet so that two of
// them have the same class if, and only if, they are equal by
// the aspect. The others have the class none.
func (d *Differ) classify(m *matching, by aspect) {
	mark := d.items.mark()
	defer d.items.release(mark)
	items := d.items.take(len(m.xs) + len(m.ys))[:0]
	items = d.appendItems(items, m.x, m.xs, m.mateX, m.classX, by, false)
	items = d.appendItems(items, m.y, m.ys, m.mateY, m.classY, by, true)
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.sum, b.sum) })
	m.classes = 0
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].sum == items[0].sum {
			n++
		}
		d.numberClasses(m, items[:n], by)
		items = items[n:]
	}
}

func (d *Differ) appendItems(items []item, t *tape, nodes []uint32, mates, classes []int32, by aspect, other bool) []item {
	for i, n := range nodes {
		classes[i] = none
		if mates[i] == none {
			items = append(items, item{d.sumBy(ref{t, n}, by), int32(i), other})
		}
	}
	return items
}

// numberClasses classifies items of the same sum. Unless two values collide,
// which no document can bring about, the inner loop runs once.
func (d *Differ) numberClasses(m *matching, items []item, by aspect) {
	for i, a := range items {
		if *m.class(a) != none {
			continue
		}
		*m.class(a) = int32(m.classes)
		for _, b := range items[i+1:] {
			if *m.class(b) == none && d.equalBy(m.element(a), m.element(b), by) {
				*m.class(b) = int32(m.classes)
			}
		}
		m.classes++
	}
}

func (m *matching) class(a item) *int32 {
	if a.other {
		return &m.classY[a.pos]
	}
	return &m.classX[a.pos]
}

func (m *matching) element(a item) ref {
	if a.other {
		return ref{m.y, m.ys[a.pos]}
	}
	return ref{m.x, m.xs[a.pos]}
}

// sumBy returns the sum of x by the aspect.
func (d *Differ) sumBy(x ref, by aspect) uint64 {
	switch {
	case by.except != nil:
		return d.sumExcept(x, by.except)
	case by.key == nil:
		return d.sum(x)
	}
	sum := uint64(0)
	for _, name := range by.key {
		if v, ok := d.find(x, name); ok {
			sum = mix(sum, d.sum(v))
		} else {
			sum = mix(sum, 0)
		}
	}
	return sum
}

func (d *Differ) equalBy(x, y ref, by aspect) bool {
	switch {
	case by.except != nil:
		return d.equalExcept(x, y, by.except)
	case by.key == nil:
		return d.equal(x, y)
	}
	for _, name := range by.key {
		v, inX := d.find(x, name)
		w, inY := d.find(y, name)
		if inX != inY || inX && !d.equal(v, w) {
			return false
		}
	}
	return true
}

// find returns the first member called name; x may be anything.
func (d *Differ) find(x ref, name string) (value ref, ok bool) {
	n := x.node()
	if n.kind != object {
		return ref{}, false
	}
	x = x.first()
	for range n.count {
		if string(x.text(&d.text1)) == name {
			return x.value(), true
		}
		x = x.value().next()
	}
	return ref{}, false
}
