package jsondiff

import "slices"

// distinct reports whether no two sums are the same. It sorts them.
func distinct(sums []uint64) bool {
	slices.Sort(sums)
	for i := 1; i < len(sums); i++ {
		if sums[i] == sums[i-1] {
			return false
		}
	}
	return true
}

// eachMember tells the members of doc, which is a valid value, for as long as
// more returns true. A name comes with its quotes.
func eachMember(doc []byte, more func(name, value []byte) bool) {
	if doc[0] != '{' {
		return
	}
	i := space(doc, 1)
	for doc[i] == '"' {
		end, _, _ := scanString(doc, i)
		name := doc[i:end]
		i = space(doc, space(doc, end)+1)
		end = valueEnd(doc, i)
		if !more(name, doc[i:end]) {
			return
		}
		if i = space(doc, end); doc[i] == '}' {
			return
		}
		i = space(doc, i+1)
	}
}

// valueEnd returns the place behind the value that begins at i, which is valid.
func valueEnd(doc []byte, i int) int {
	if k := kindAt(doc, i); k != object && k != array {
		return scalarEnd(doc, i)
	}
	for open := 0; ; i++ {
		switch doc[i] {
		case '{', '[':
			open++
		case '}', ']':
			if open--; open == 0 {
				return i + 1
			}
		case '"':
			end, _, _ := scanString(doc, i)
			i = end - 1
		}
	}
}

// memberOf returns the first member of doc called name, nil where there is none.
func (d *Differ) memberOf(doc []byte, name string) (value []byte) {
	eachMember(doc, func(n, v []byte) bool {
		if string(d.plainName(n)) == name {
			value = v
		}
		return value == nil
	})
	return value
}

// plainName returns the characters of a name with its quotes.
func (d *Differ) plainName(name []byte) []byte {
	if slices.Contains(name, '\\') {
		d.text1 = appendText(d.text1[:0], name)
		return d.text1
	}
	return name[1 : len(name)-1]
}

// surestKey returns the first of the names that keyCandidates has for doc.
func (d *Differ) surestKey(doc []byte) (name string, ok bool) {
	rank := len(keyNames) + 1
	eachMember(doc, func(quoted, _ []byte) bool {
		n := d.plainName(quoted)
		if r := slices.Index(keyNames[:], string(n)); r >= 0 && r < rank {
			name, rank = keyNames[r], r
		} else if rank > len(keyNames) && isReference(n) {
			name, rank = d.way.name(n), len(keyNames)
		}
		return rank > 0
	})
	return name, rank <= len(keyNames)
}

// sumScalar returns a sum of a valid string or number that is the same for equal
// ones.
func (d *Differ) sumScalar(v []byte) uint64 {
	if v[0] == '"' {
		return mix(uint64(text), d.sumBytes(d.plainName(v)))
	}
	d.text1 = appendDecimal(append(d.text1[:0], byte(number)), v)
	return d.sumBytes(d.text1)
}
