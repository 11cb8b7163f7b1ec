package usage

import (
	"cmp"
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
	computed
	ways
)

var hows = [ways]contract.How{contract.Exact, contract.Numeric, contract.Substring, contract.Computed}

// entry is one form in which a value may come again, or in which it was sent.
type entry struct {
	hash uint64
	at   uint32
	// val is which of the values of a message it is a form of.
	val uint16
	// way is of a response's values alone. stale is what the consumer had before.
	way   way
	stale bool
}

// given appends the forms in which a value of a response may come again.
func given(to []entry, v *value, now time.Time) []entry {
	if v.kind == null || v.kind == tree && v.size == 0 || v.kind != tree && v.text == "" {
		return to
	}
	e := entry{hash: v.hash, at: v.at.id, way: exact, stale: !v.fresh}
	if (v.kind == text || v.kind == number) && isClock(v.text, now) {
		e.stale = true
	}
	to = append(to, e)
	if v.numeric {
		to = givenNumber(to, v.dec, e)
	}
	if v.kind != text && v.kind != number || len(v.text) > maxText {
		return to
	}
	e.way = substring
	if whole(v.text) {
		e.hash = hashText(asSpan, v.text)
		to = append(to, e)
	}
	segments(v.text, func(s string) {
		e.hash = hashText(asSpan, s)
		to = append(to, e)
	})
	return to
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
	if v.kind == null || v.kind == tree && v.size == 0 || v.kind != tree && v.text == "" {
		return to
	}
	e := entry{hash: v.hash, at: v.at.id, val: uint16(val)}
	to = append(to, e)
	if v.numeric {
		e.hash = v.dec.hash()
		to = append(to, e)
	}
	if v.kind == text && len(v.text) <= maxText {
		e.hash = hashText(asSpan, v.text)
		to = append(to, e)
		spans(v.text, func(s string) {
			if s != v.text {
				e.hash = hashText(asSpan, s)
				to = append(to, e)
			}
		})
	}
	return to
}

// tidy sorts entries, leaves each out but once, and cuts them to those that a
// sample may have: those of the least hashes, so that the order does not matter.
func tidy(list []entry) []entry {
	if len(list) > maxEntries {
		slices.SortFunc(list, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.hash, b.hash), compareEntries(a, b))
		})
		list = slices.Compact(list)
		list = list[:min(len(list), maxEntries)]
	}
	slices.SortFunc(list, compareEntries)
	return slices.Clone(slices.Compact(list))
}

func compareEntries(a, b entry) int {
	stale := 0
	if a.stale != b.stale {
		stale = 1
		if b.stale {
			stale = -1
		}
	}
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.way, b.way), cmp.Compare(a.hash, b.hash), stale, cmp.Compare(a.val, b.val))
}
