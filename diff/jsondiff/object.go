package jsondiff

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// member is one member of an object, to be found by name.
type member struct {
	sum  uint64 // of the name
	name uint32
	pos  int32 // in the order of the object, from the first member looked at
}

// objects reports the differences between two objects.
func (d *Differ) objects(x, y ref) {
	restX, restY := int(x.node().count), int(y.node().count)
	from, count := d.point(), max(restX, restY)
	x, y = x.first(), y.first()
	for restX > 0 && restY > 0 && d.sameName(x, y) {
		d.member(x, y.value())
		x, y = x.value().next(), y.value().next()
		restX, restY = restX-1, restY-1
	}
	if restX+restY > 0 {
		d.membersByName(x, y, restX, restY)
	}
	d.markMap(from, len(d.way.steps), count)
}

// member compares the member whose name x is with the value y.
func (d *Differ) member(x, y ref) {
	if x.value().sameBytes(y) {
		return
	}
	d.way.enterMember(x)
	d.value(x.value(), y)
	d.way.leave()
}

func (d *Differ) sameName(x, y ref) bool {
	return x.sameBytes(y) || (x.node().escaped || y.node().escaped) && d.compareText(x, y) == 0
}

// membersByName compares the members from x and y on.
func (d *Differ) membersByName(x, y ref, countX, countY int) {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	names := d.nameNodes(y, countY)
	mates := d.mateMembers(x, y, countX, countY)
	matched := d.ints.take(countY)
	clear(matched)
	for _, mate := range mates {
		if mate >= 0 {
			matched[mate] = 1
		}
	}
	if d.opt.Rename != nil {
		d.mateRenamed(x, y.t, mates, names, matched)
	}
	for _, mate := range mates {
		if mate < 0 {
			d.way.enterMember(x)
			d.removed(x.value())
			d.way.leave()
		} else {
			d.member(x, y.at(uint32(names[mate])).value())
		}
		x = x.value().next()
	}
	for i, known := range matched {
		if known == 0 {
			y := y.at(uint32(names[i]))
			d.way.enterMember(y)
			d.added(y.value())
			d.way.leave()
		}
	}
}

// mateRenamed asks for other names of the members from x on that have no mate.
func (d *Differ) mateRenamed(x ref, t *tape, mates, names, matched []int32) {
	for i, mate := range mates {
		if mate < 0 {
			path := d.way.path(&d.docs, len(d.way.steps))
			if name, ok := d.opt.Rename(path, string(x.text(&d.text1))); ok {
				mates[i] = d.unmatched(t, name, names, matched)
			}
		}
		x = x.value().next()
	}
}

// unmatched takes the first member called name that has no mate.
func (d *Differ) unmatched(t *tape, name string, names, matched []int32) int32 {
	for j, known := range matched {
		if known == 0 && string(ref{t, uint32(names[j])}.text(&d.text1)) == name {
			matched[j] = 1
			d.unequal++
			return int32(j)
		}
	}
	return none
}

// nameNodes returns the nodes of the names from x on.
func (d *Differ) nameNodes(x ref, count int) []int32 {
	names := d.ints.take(count)
	for i := range names {
		names[i] = int32(x.i)
		x = x.value().next()
	}
	return names
}

// fewMembers is up to how many members are looked for one by one. Above it,
// sorting them is faster.
const fewMembers = 16

// mateMembers returns for each of the members from x on the one from y on that
// has the same name, the k-th of a name for the k-th, or none.
func (d *Differ) mateMembers(x, y ref, countX, countY int) []int32 {
	mates := d.noMates(countX)
	if countX <= fewMembers && countY <= fewMembers {
		d.mateFew(x, y, mates, countY)
		return mates
	}
	mark := d.members.mark()
	defer d.members.release(mark)
	xs, ys := d.sortedMembers(x, countX), d.sortedMembers(y, countY)
	j := 0
	for _, m := range xs {
		order := -1
		for j < len(ys) {
			if order = d.compareMembers(y.t, ys[j], x.t, m); order >= 0 {
				break
			}
			j++
		}
		if order == 0 {
			mates[m.pos] = ys[j].pos
			j++
		}
	}
	return mates
}

// mateFew looks each of the members up.
func (d *Differ) mateFew(x, y ref, mates []int32, countY int) {
	var names [fewMembers]uint32
	var marks [fewMembers]uint64
	for j := range countY {
		names[j], marks[j] = y.i, y.nameMark()
		y = y.value().next()
	}
	left := uint32(1)<<countY - 1
	for i := range mates {
		mark := x.nameMark()
		for rest := left; rest != 0; rest &= rest - 1 {
			j := bits.TrailingZeros32(rest) % fewMembers
			if (marks[j] == mark || marks[j] == 0 || mark == 0) && d.sameName(x, ref{y.t, names[j]}) {
				mates[i] = int32(j)
				left &^= 1 << j
				break
			}
		}
		x = x.value().next()
	}
}

// nameMark returns what tells most names apart: the length and the first
// characters; 0 for one that is escaped, or at the document's end.
func (x ref) nameMark() uint64 {
	n := x.node()
	if n.escaped {
		return 0
	}
	size := uint64(n.end - n.start)
	if rest := x.t.src[n.start:]; len(rest) >= 8 {
		return (binary.LittleEndian.Uint64(rest)&(1<<min(8*size, 56)-1))<<8 | size&0xFF | 1<<63
	}
	return 0
}

// sortedMembers returns the members from x on, those of the same name together
// and in the order of the object.
func (d *Differ) sortedMembers(x ref, count int) []member {
	list := d.members.take(count)
	t := x.t
	for i := range list {
		list[i] = member{sum: d.sumText(x), name: x.i, pos: int32(i)}
		x = x.value().next()
	}
	slices.SortFunc(list, func(a, b member) int {
		return cmp.Or(d.compareMembers(t, a, t, b), cmp.Compare(a.pos, b.pos))
	})
	return list
}

// compareMembers orders by the name alone.
func (d *Differ) compareMembers(t *tape, a member, u *tape, b member) int {
	if a.sum != b.sum {
		return cmp.Compare(a.sum, b.sum)
	}
	return d.compareText(ref{t, a.name}, ref{u, b.name})
}

// equalObjects compares two objects of the same number of members.
func (d *Differ) equalObjects(x, y ref) bool {
	rest := int(x.node().count)
	x, y = x.first(), y.first()
	for rest > 0 && d.sameName(x, y) {
		if !d.equal(x.value(), y.value()) {
			return false
		}
		x, y = x.value().next(), y.value().next()
		rest--
	}
	return rest == 0 || d.equalByName(x, y, rest)
}

func (d *Differ) equalByName(x, y ref, count int) bool {
	mark := d.ints.mark()
	defer d.ints.release(mark)
	names := d.nameNodes(y, count)
	for _, mate := range d.mateMembers(x, y, count, count) {
		if mate < 0 || !d.equal(x.value(), y.at(uint32(names[mate])).value()) {
			return false
		}
		x = x.value().next()
	}
	return true
}
