package jsondiff

import "hash/maphash"

// Sums are hashes of values that are the same for equal values. They are keyed
// by a random seed, so that no document can be made to collide; wherever sums
// are equal, the values are still compared.

func (d *Differ) sumBytes(b []byte) uint64 {
	if d.seed == (maphash.Seed{}) {
		d.seed = maphash.MakeSeed()
	}
	return maphash.Bytes(d.seed, b)
}

// sumText returns the sum of a name's characters.
func (d *Differ) sumText(x ref) uint64 { return d.sumBytes(x.text(&d.text1)) }

// sum returns the sum of a value, never 0. Each is worked out once a document.
func (d *Differ) sum(x ref) uint64 {
	t := x.t
	if len(t.sums) < len(t.nodes) {
		t.sums = append(t.sums[:0], make([]uint64, len(t.nodes))...)
	}
	if t.sums[x.i] == 0 {
		t.sums[x.i] = max(d.freshSum(x), 1)
	}
	return t.sums[x.i]
}

func (d *Differ) freshSum(x ref) uint64 {
	n := x.node()
	switch n.kind {
	case number:
		d.text1 = appendDecimal(append(d.text1[:0], byte(number)), x.raw())
		return d.sumBytes(d.text1)
	case text:
		return mix(uint64(text), d.sumText(x))
	case array:
		sum := uint64(array)
		e := x.first()
		for range n.count {
			sum = mix(sum, d.sum(e))
			e = e.next()
		}
		return sum
	case object:
		return d.sumObject(x)
	}
	return mix(uint64(n.kind), d.sumBytes(x.raw()))
}

// sumObject takes the members in the order of their names' sums, and those of
// the same name in the order of the object.
func (d *Differ) sumObject(x ref) uint64 {
	mark := d.members.mark()
	defer d.members.release(mark)
	sum := uint64(object)
	for _, m := range d.sortedMembers(x.first(), int(x.node().count)) {
		sum = mix(mix(sum, m.sum), d.sum(x.at(m.name).value()))
	}
	return sum
}

// mix folds y into x so that the order counts: the finaliser of MurmurHash3.
func mix(x, y uint64) uint64 {
	x = x*0x9E3779B97F4A7C15 + y
	x ^= x >> 33
	x *= 0xFF51AFD7ED558CCD
	x ^= x >> 33
	x *= 0xC4CEB9FE1A85EC53
	return x ^ x>>33
}
