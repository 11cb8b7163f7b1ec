package usage

import (
	"slices"
	"time"

	"twinspect.dev/contract"
)

// way is a comparison, the surest first.
type way uint8

const (
	exact way = iota
	numeric
	substring
	segment // a part of the value, as the id in a link
	computed
	ways
)

var hows = [ways]contract.How{contract.Exact, contract.Numeric, contract.Substring, contract.Substring, contract.Computed}

// class ranks what a way explains: a value as such, one in a text, a part of one,
// and what is made of several.
func (w way) class() int { return max(int(w), int(numeric)) }

// entry is one form in which a value may come again, or in which it was sent.
type entry struct {
	hash uint64
	at   uint16
	// val is which of the values of a message it is a form of; begin and end say
	// which of its words.
	val        uint16
	begin, end uint8
	// way is of a response's values alone. stale is what the consumer had before.
	way   way
	stale bool
}

// empty reports whether there is nothing that could come again. A zero is what a
// number is without a value.
func (v *value) empty() bool {
	switch v.kind {
	case null:
		return true
	case tree:
		return v.size == 0
	case number:
		return v.numeric && v.dec.c == 0
	}
	return v.text == ""
}

// given appends the forms in which a value of a response may come again. Known is
// what the consumer has sent or been asked until then.
func given(to []entry, v *value, now time.Time, known *index) []entry {
	if v.empty() {
		return to
	}
	e := entry{hash: v.hash, at: v.at.id, way: exact}
	e.stale = v.isKnown(known) || (v.kind == text || v.kind == number) && isClock(v.text, now)
	v.fresh = !e.stale
	to = append(to, e)
	if v.numeric {
		to = givenNumber(to, v.dec, e)
	}
	if v.kind != text && v.kind != number || len(v.text) > maxText {
		return to
	}
	e.way = substring
	if inner := trimmed(v.text); len(inner) >= minText {
		e.hash = hashText(asSpan, inner)
		to = append(to, e)
	}
	e.way = segment
	segments(v.text, func(s string) {
		part := e
		part.hash = hashText(asSpan, s)
		part.stale = e.stale || known.has(part.hash)
		to = append(to, part)
	})
	return to
}

// isKnown reports whether the consumer has sent or been asked a value. A boolean
// never is: there are but two, and one of them is always there.
func (v *value) isKnown(known *index) bool {
	switch {
	case v.kind == boolean:
		return false
	case known.has(v.hash):
		return true
	case !v.numeric:
		return false
	}
	return known.has(v.dec.hash()) || known.has(v.dec.shift(2).hash()) || known.has(v.dec.shift(-2).hash())
}

// givenNumber appends a number's other forms: in cents, and out of cents.
func givenNumber(to []entry, d decimal, e entry) []entry {
	e.way = numeric
	for _, n := range [...]int{0, 2, -2} {
		e.hash = d.shift(n).hash()
		to = append(to, e)
		if d.c == 0 {
			break
		}
	}
	return to
}

// sent appends the forms in which a value that the consumer sent may be found.
func sent(to []entry, v *value, val int) []entry {
	if v.empty() {
		return to
	}
	e := entry{hash: v.hash, at: v.at.id, val: uint16(val), end: 1}
	if v.kind != text || len(v.text) > maxText {
		to = append(to, e)
		if v.numeric {
			e.hash = v.dec.hash()
			to = append(to, e)
		}
		return to
	}
	var words words
	words.read(v.text)
	e.end = uint8(max(words.n, 1))
	to = append(to, e)
	if v.numeric {
		e.hash = v.dec.hash()
		to = append(to, e)
	}
	words.spans(func(s string, i, j int) {
		e.hash, e.begin, e.end = hashText(asSpan, s), uint8(i), uint8(j)
		to = append(to, e)
	})
	if !v.numeric {
		words.numbers(func(d decimal, i, j int) {
			e.hash, e.begin, e.end = d.hash(), uint8(i), uint8(j)
			to = append(to, e)
		})
	}
	return to
}

// tidy sorts entries, leaves each out but once, and cuts them to those that a
// sample may have: those of the least hashes, so that the order does not matter.
func tidy(list []entry) []entry {
	if len(list) > maxEntries {
		slices.SortFunc(list, compareHashes)
		list = slices.Compact(list)
		list = list[:min(len(list), maxEntries)]
	}
	slices.SortFunc(list, compareEntries)
	return slices.Clone(slices.Compact(list))
}

func compareHashes(a, b entry) int {
	if a.hash != b.hash {
		return order(a.hash < b.hash)
	}
	return compareEntries(a, b)
}

// order is that of two values that are not the same.
func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

func compareEntries(a, b entry) int {
	if x, y := a.place(), b.place(); x != y {
		return order(x < y)
	}
	if a.hash != b.hash {
		return order(a.hash < b.hash)
	}
	if x, y := a.rest(), b.rest(); x != y {
		return order(x < y)
	}
	return 0
}

// place and rest are what entries are sorted by before and after their hashes.
func (e *entry) place() uint32 { return uint32(e.at)<<8 | uint32(e.way) }

func (e *entry) rest() uint64 {
	n := uint64(e.val)<<16 | uint64(e.begin)<<8 | uint64(e.end)
	if e.stale {
		n |= 1 << 32
	}
	return n
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
