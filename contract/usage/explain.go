package usage

import (
	"cmp"
	"slices"
)

// explain marks the candidates for one place of what is sent that others explain:
// the strongest first, each next one only if it explains what is left.
func (w *flow) explain(into uint32, list []candidate) {
	type taken struct {
		c    *candidate
		seen [][]uint16
	}
	left := make([][]entry, len(w.samples))
	for i := range w.samples {
		left[i] = part(w.samples[i].sent, into, 0)
	}
	seenBy := make(map[pairKey][][]uint16, len(list))
	for k := range list {
		c := &list[k]
		key := pairKey{c.from.id, into, c.way}
		seenBy[key] = w.matches(key, left)
		for _, vals := range seenBy[key] {
			c.covers += len(vals)
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(compareBool(b.logE >= minLog, a.logE >= minLog), cmp.Compare(b.covers, a.covers), cmp.Compare(a.way, b.way),
			compareBool(b.named, a.named), cmp.Compare(a.from.place(), b.from.place()))
	})
	var accepted []taken
	for k := range list {
		c := &list[k]
		key := pairKey{c.from.id, into, c.way}
		seen := seenBy[key]
		if len(accepted) == 0 {
			if c.logE >= minLog {
				accepted = append(accepted, taken{c, seen})
				reduce(left, seen)
			}
			continue
		}
		col := w.column(key)
		col.sent = left
		rest := col.test()
		if rest.logE >= minLog && (c.way != computed || float64(rest.matched) >= often*float64(rest.samples)) {
			c.logE = min(c.logE, rest.logE)
			accepted = append(accepted, taken{c, seen})
			reduce(left, seen)
			continue
		}
		c.explained = true
		for _, a := range accepted {
			if a.c.from != c.from && c.logE >= minLog && slices.EqualFunc(a.seen, seen, slices.Equal) {
				c.explained, c.shared, a.c.shared = false, true, true
			}
		}
	}
}

// matches lists by sample which of the values that were sent a place explains.
func (w *flow) matches(p pairKey, sent [][]entry) [][]uint16 {
	out := make([][]uint16, len(w.samples))
	for i := range w.samples {
		given := part(w.samples[i].given, p.from, p.way)
		for j, k := 0, 0; j < len(given) && k < len(sent[i]); {
			switch c := cmp.Compare(given[j].hash, sent[i][k].hash); {
			case c < 0:
				j++
			case c > 0:
				k++
			default:
				out[i] = append(out[i], sent[i][k].val)
				k++
			}
		}
		slices.Sort(out[i])
		out[i] = slices.Compact(out[i])
	}
	return out
}

// reduce leaves out the values that are explained.
func reduce(left [][]entry, seen [][]uint16) {
	for i := range left {
		if len(seen[i]) == 0 {
			continue
		}
		rest := make([]entry, 0, len(left[i]))
		for _, e := range left[i] {
			if _, found := slices.BinarySearch(seen[i], e.val); !found {
				rest = append(rest, e)
			}
		}
		left[i] = rest
	}
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
