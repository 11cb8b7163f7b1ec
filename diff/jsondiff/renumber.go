package jsondiff

import (
	"slices"
	"strings"
)

// renumbered is an id that another one stands for in the other document.
type renumbered struct {
	base, other span
	place       string // the folded path of the id
}

// mateRenumbered matches elements whose key is another one for each of them, by
// the rest of what they hold, and notes which id became which.
func (d *Differ) mateRenumbered(m *matching) bool {
	if m.trimmed() > 0 {
		return false
	}
	d.candidates = d.keyCandidates(d.candidates[:0], ref{m.x, m.xs[0]})
	for i := range d.candidates {
		key := d.candidates[i : i+1]
		if common, unique := d.commonKeys(m, key); !unique || common > 0 {
			continue
		}
		if d.mateByRest(m, key[0]) {
			return true
		}
	}
	return false
}

// mateByRest matches elements that are equal but for the key; those that are left,
// but for whatever holds ids. It fails unless that finds at least half of the
// shorter side's.
func (d *Differ) mateByRest(m *matching, key string) bool {
	before := len(d.found.ids)
	d.mateExcept(m, key, func(n []byte) bool { return string(n) == key })
	d.mateExcept(m, key, func(n []byte) bool { return string(n) == key || isIdentity(n) })
	if n := m.mated(); n > 0 && 2*n >= min(len(m.xs), len(m.ys)) {
		return true
	}
	d.found.ids = d.found.ids[:before]
	for i := range m.mateX {
		m.mateX[i] = none
	}
	for j := range m.mateY {
		m.mateY[j] = none
	}
	return false
}

// isIdentity reports whether a member of that name holds an id.
func isIdentity(name []byte) bool {
	return string(name) == "id" || string(name) == "uuid" || isReference(name)
}

// mateExcept matches elements that are equal but for some members. It notes the
// ids of those that are matched beyond doubt: no other has the same rest. A name
// or a code that changed is not an id: where else it changes has to be told.
func (d *Differ) mateExcept(m *matching, key string, except func(name []byte) bool) {
	d.classify(m, aspect{except: except})
	d.mateClasses(m)
	if !isIdentity([]byte(key)) {
		return
	}
	mark := d.ints.mark()
	defer d.ints.release(mark)
	count := d.ints.take(m.classes)
	clear(count)
	for _, list := range [...][]int32{m.classX, m.classY} {
		for _, c := range list {
			if c != none {
				count[c]++
			}
		}
	}
	place := d.way.path(&d.docs, len(d.way.steps)).Fold() + "[*]." + key
	for i, j := range m.mateX {
		if j == none || m.classX[i] == none || count[m.classX[i]] != 2 {
			continue
		}
		x, _ := d.find(ref{m.x, m.xs[i]}, key)
		y, _ := d.find(ref{m.y, m.ys[j]}, key)
		d.found.ids = append(d.found.ids, renumbered{x.span(), y.span(), place})
	}
}

func (d *Differ) sumExcept(x ref, except func([]byte) bool) uint64 {
	mark := d.members.mark()
	defer d.members.release(mark)
	sum := uint64(object)
	for _, m := range d.sortedMembers(x.first(), int(x.node().count)) {
		if name := x.at(m.name); !except(name.text(&d.text1)) {
			sum = mix(mix(sum, m.sum), d.sum(name.value()))
		}
	}
	return sum
}

func (d *Differ) equalExcept(x, y ref, except func([]byte) bool) bool {
	mark := d.members.mark()
	defer d.members.release(mark)
	xs := d.keptMembers(x, except)
	ys := d.keptMembers(y, except)
	return slices.EqualFunc(xs, ys, func(a, b member) bool {
		v, w := x.at(a.name), y.at(b.name)
		return d.sameName(v, w) && d.equal(v.value(), w.value())
	})
}

func (d *Differ) keptMembers(x ref, except func([]byte) bool) []member {
	list := d.sortedMembers(x.first(), int(x.node().count))
	return slices.DeleteFunc(list, func(m member) bool { return except(x.at(m.name).text(&d.text1)) })
}

// follower tells the references to renumbered ids.
type follower struct {
	d        *Differ
	to, from map[string]string
	first    map[string]renumbered // where the change of an id is told
}

// follower returns nil where no id was renumbered. An id that became two
// different ones, or two that became one, is none that can be followed.
func (d *Differ) follower() *follower {
	if len(d.found.ids) == 0 {
		return nil
	}
	f := &follower{d, map[string]string{}, map[string]string{}, map[string]renumbered{}}
	for _, r := range d.found.ids {
		x, y := d.canonical(d.docs[0], r.base), d.canonical(d.docs[1], r.other)
		link(f.to, x, y)
		link(f.from, y, x)
		at, known := f.first[x]
		if !known || r.place < at.place || r.place == at.place && r.base.start < at.base.start {
			f.first[x] = r
		}
	}
	return f
}

// link notes that x became y; "" stands for several.
func link(m map[string]string, x, y string) {
	if before, known := m[x]; known && before != y {
		y = ""
	}
	m[x] = y
}

// canonical returns a string or a number in a form that is the same for equal
// ones, and never empty.
func (d *Differ) canonical(src []byte, s span) string {
	v := src[s.start:s.end]
	switch kindAt(v, 0) {
	case text:
		return `"` + string(d.plainName(v))
	case number:
		return string(appendDecimal(nil, v))
	}
	return string(v)
}

// longID is how many characters make a string that is hardly the same as an id
// by chance.
const longID = 8

// explains reports whether f is a reference that follows an id to its new value.
func (f *follower) explains(c *finding) bool {
	if f == nil || c.kind != changed {
		return false
	}
	x, y := f.d.canonical(f.d.docs[0], c.base), f.d.canonical(f.d.docs[1], c.other)
	if f.to[x] != y || f.from[y] != x || f.first[x].base == c.base {
		return false
	}
	if x[0] == '"' && len(x) > longID && len(y) > longID {
		return true
	}
	path := f.d.pathOf(c.step)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].Index < 0 {
			return holdsIDs(path[i].Name)
		}
	}
	return false
}

// holdsIDs reports whether a member of that name is an id or a list of them.
func holdsIDs(name string) bool {
	return slices.Contains(keyNames[:], name) || isReference([]byte(name)) ||
		strings.HasSuffix(name, "_ids") || strings.HasSuffix(name, "Ids") || strings.HasSuffix(name, "IDs")
}
