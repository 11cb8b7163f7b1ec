package jsondiff

import "strings"

// keyNames are names of members that identify an element on their own, the
// surest first.
var keyNames = [...]string{"id", "uuid", "key", "sku", "code", "name", "slug"}

// maxReferences bounds how many of the members that refer to something (_id,
// Id, ID) are tried as a key. What identifies an element stands first.
const maxReferences = 4

// keyOf returns the names of the members that identify the elements, nil where
// there are none.
func (d *Differ) keyOf(m *matching, rule ArrayRule) []string {
	if len(rule.Key) > 0 {
		return rule.Key
	}
	if len(m.allX) == 0 || len(m.allY) == 0 {
		return nil
	}
	d.candidates = d.keyCandidates(d.candidates[:0], ref{m.x, m.allX[0]})
	if len(d.candidates) == 0 || d.sameKeys(m) {
		return nil
	}
	for i := range d.candidates {
		if key := d.candidates[i : i+1]; d.isKey(m, key) {
			return key
		}
	}
	return d.pairKey(m)
}

// inPlace reports whether every element stands where its counterpart does: both
// sides have as many, the pairs that differ agree in the surest key, and no two
// of them share it. To match by the key would pair the same; it need not be
// proven unique for that among elements that do not differ.
func (d *Differ) inPlace(m *matching, rule ArrayRule) bool {
	if len(m.xs) != len(m.ys) {
		return false
	}
	key := rule.Key
	if len(key) == 0 {
		d.candidates = d.keyCandidates(d.candidates[:0], ref{m.x, m.xs[0]})
		key = d.candidates[:min(1, len(d.candidates))]
	}
	if len(key) == 0 {
		return false
	}
	mark := d.sums.mark()
	defer d.sums.release(mark)
	sums := d.sums.take(len(m.xs))[:0]
	for i := range m.xs {
		x, y := ref{m.x, m.xs[i]}, ref{m.y, m.ys[i]}
		if d.equal(x, y) {
			continue
		}
		if !d.hasKey(x, key) || !d.equalBy(x, y, aspect{key: key}) {
			return false
		}
		sums = append(sums, d.sumBy(x, aspect{key: key}))
	}
	return distinct(sums)
}

// hasKey reports whether x has a string or a number of each name.
func (d *Differ) hasKey(x ref, key []string) bool {
	for _, name := range key {
		v, ok := d.find(x, name)
		if !ok || v.node().kind != text && v.node().kind != number {
			return false
		}
	}
	return true
}

// keyCandidates appends the names of the members of x that may be a key.
func (d *Differ) keyCandidates(names []string, x ref) []string {
	for _, name := range keyNames {
		if _, ok := d.find(x, name); ok {
			names = append(names, name)
		}
	}
	n := x.node()
	if n.kind != object {
		return names
	}
	x = x.first()
	rest := maxReferences
	for range n.count {
		if name := x.text(&d.text1); rest > 0 && isReference(name) {
			names = append(names, string(name))
			rest--
		}
		x = x.value().next()
	}
	return names
}

func isReference(name []byte) bool {
	s := string(name[max(0, len(name)-3):])
	return s == "_id" || strings.HasSuffix(s, "Id") || strings.HasSuffix(s, "ID")
}

// sameKeys reports whether a key would make no difference: a single pair is
// left, and no candidate tells its two elements apart.
func (d *Differ) sameKeys(m *matching) bool {
	return len(m.xs) == 1 && len(m.ys) == 1 &&
		d.equalBy(ref{m.x, m.xs[0]}, ref{m.y, m.ys[0]}, aspect{key: d.candidates})
}

// isKey reports whether every element has the key, no two of a side have the
// same, and at least half of the shorter side's are on the other side too. Were
// it fewer, the keys would be made anew for each answer, and matching by them
// would hide what the elements have in common.
func (d *Differ) isKey(m *matching, key []string) bool {
	common, unique := d.commonKeys(m, key)
	return unique && common > 0 && 2*common >= min(len(m.allX), len(m.allY))
}

// commonKeys returns how many keys are on both sides; unique is false where
// elements lack the key or share it.
func (d *Differ) commonKeys(m *matching, key []string) (common int, unique bool) {
	if !d.allHave(m.x, m.allX, key) || !d.allHave(m.y, m.allY, key) {
		return 0, false
	}
	mark := d.ints.mark()
	defer d.ints.release(mark)
	all := matching{x: m.x, y: m.y, xs: m.allX, ys: m.allY}
	all.mateX, all.mateY = d.noMates(len(all.xs)), d.noMates(len(all.ys))
	all.classX, all.classY = d.ints.take(len(all.xs)), d.ints.take(len(all.ys))
	d.classify(&all, aspect{key: key})
	seenX, seenY := d.noMates(all.classes), d.noMates(all.classes)
	if !markOnce(seenX, all.classX) || !markOnce(seenY, all.classY) {
		return 0, false
	}
	for i := range seenX {
		if seenX[i] != none && seenY[i] != none {
			common++
		}
	}
	return common, true
}

// allHave reports whether every element has the key.
func (d *Differ) allHave(t *tape, nodes []uint32, key []string) bool {
	for _, n := range nodes {
		if !d.hasKey(ref{t, n}, key) {
			return false
		}
	}
	return true
}

// markOnce marks the classes as seen, and reports whether each is there once.
func markOnce(seen, classes []int32) bool {
	for i, c := range classes {
		if seen[c] != none {
			return false
		}
		seen[c] = int32(i)
	}
	return true
}
