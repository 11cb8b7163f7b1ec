package jsondiff

import "slices"

// maxPairs bounds how many pairs of members are tried as a key of an array, each
// in O(n log n) for n elements. Two members that identify an element stand among
// the first of it.
const maxPairs = 16

// pairKey returns two members that together identify the elements, nil where
// there are none: one that may be a key on its own, and another of those or a
// string. Numbers are left out, as they measure more often than they name. A
// string may do so too; so that a change of it is told as one, three quarters of
// the shorter side's keys must be on the other side.
func (d *Differ) pairKey(m *matching) []string {
	first := ref{m.x, m.allX[0]}
	singles := len(d.candidates)
	d.candidates = d.textMembers(d.candidates, first)
	tried := 0
	for i := range singles {
		for j := i + 1; j < len(d.candidates); j++ {
			if tried++; tried > maxPairs {
				return nil
			}
			d.pair = [2]string{d.candidates[i], d.candidates[j]}
			common, unique := d.commonKeys(m, d.pair[:])
			if unique && common > 0 && 4*common >= 3*min(len(m.allX), len(m.allY)) {
				return d.pair[:]
			}
		}
	}
	return nil
}

// textMembers appends the names of the members of x that are strings and not yet
// in names, up to maxPairs of them.
func (d *Differ) textMembers(names []string, x ref) []string {
	n := x.node()
	if n.kind != object {
		return names
	}
	x = x.first()
	for range min(int(n.count), maxPairs) {
		if name := d.way.name(x.text(&d.text1)); x.value().node().kind == text && !slices.Contains(names, name) {
			names = append(names, name)
		}
		x = x.value().next()
	}
	return names
}
