package usage

import (
	"cmp"
	"slices"
)

// item is an object of a list, or one of several answers of an operation, with the
// values in it but for those of lists in it.
type item struct {
	at     *spot
	values []*value
}

// first are the values of an item that are looked at.
func (it *item) first() []*value { return it.values[:min(len(it.values), maxTraits)] }

// row is an item of a response, and what stands for it in the consumer's answer.
type row struct {
	// list are such items, into those of the answer; from and at are the places in
	// both at which they have the same value, whose hash is key.
	list, into, from, at *spot
	key                  uint64
	// met says that the answer has the item. Chosen says that it has one that comes
	// after one that it does not have: what is only cut off is so by its position.
	met, chosen bool
	given, sent []entry
}

func (r *row) bytes() int { return 16*(len(r.given)+len(r.sent)) + 96 }

// items appends the items among the values of a message; a whole body too, where
// the message is one of several.
func items(to []item, values []value, several bool) []item {
	for i := range values {
		v := &values[i]
		if v.kind != tree || v.at.name != "*" && !(several && v.at.up.up == nil) {
			continue
		}
		it := item{at: v.at, values: []*value{v}}
		for j := i + 1; j < len(values) && values[j].at.under(v.at); j++ {
			if values[j].at.directly(v.at) {
				it.values = append(it.values, &values[j])
			}
		}
		to = append(to, it)
	}
	return to
}

// directly reports whether s is beneath top and in no list there.
func (s *spot) directly(top *spot) bool {
	for ; s != nil && s != top; s = s.up {
		if s.name == "*" {
			return false
		}
	}
	return s == top
}

// lists sorts items by where they are.
func lists(all []item) [][]item {
	of := make(map[*spot][]item)
	for _, it := range all {
		of[it.at] = append(of[it.at], it)
	}
	out := make([][]item, 0, len(of))
	for _, list := range of {
		out = append(out, list)
	}
	slices.SortFunc(out, func(a, b []item) int { return cmp.Compare(a[0].at.place(), b[0].at.place()) })
	return out[:min(len(out), maxLists)]
}

// keys finds for each place whose values tell the items of a list apart which item
// each value is of.
func keys(list []item) map[*spot]map[uint64]int {
	out := make(map[*spot]map[uint64]int)
	for i := range list {
		for _, v := range list[i].first() {
			if v.kind != text && v.kind != number || len(v.text) < minText {
				continue
			}
			of, ok := out[v.at]
			if !ok {
				of = make(map[uint64]int)
				out[v.at] = of
			}
			if _, twice := of[v.hash]; twice {
				out[v.at] = nil
			} else if of != nil {
				of[v.hash] = i
			}
		}
	}
	return out
}

// pairing is a place of items and one of those of the answer with values in common.
type pairing struct {
	from, at *spot
	met      int
}

// before reports whether p has more in common than q.
func (p pairing) before(q pairing) bool {
	if q.met == 0 || p.met != q.met {
		return p.met > q.met
	}
	a, b := p.from.place(), q.from.place()
	return a < b || a == b && p.at.place() < q.at.place()
}

func pairUp(given, sent map[*spot]map[uint64]int) (best pairing) {
	for from, values := range given {
		for at, others := range sent {
			p := pairing{from: from, at: at}
			for hash := range values {
				if _, ok := others[hash]; ok {
					p.met++
				}
			}
			if p.met > 0 && p.before(best) {
				best = p
			}
		}
	}
	return best
}

// rows puts items of a list and those of a list of the answer together.
func rows(to []row, list, into []item, given, sent map[*spot]map[uint64]int) []row {
	p := pairUp(given, sent)
	if p.met == 0 {
		return to
	}
	chosen, left, begin := false, false, len(to)
	for i := range list {
		k := slices.IndexFunc(list[i].first(), func(v *value) bool { return v.at == p.from })
		if k < 0 || len(list[i].values[k].text) < minText {
			continue
		}
		r := row{list: list[i].at, into: into[0].at, from: p.from, at: p.at, key: list[i].values[k].hash}
		var j int
		if j, r.met = sent[p.at][r.key]; r.met {
			r.sent = shown(into[j].first())
		}
		chosen, left = chosen || left && r.met, left || !r.met
		if len(to) < maxRows {
			r.given = traits(list[i].first())
			to = append(to, r)
		}
	}
	for i := begin; i < len(to); i++ {
		to[i].chosen = chosen
	}
	return to
}

// traits are what a decision may ask of an item. Of numbers only their sign is: few
// numbers are many in as few items.
func traits(values []*value) []entry {
	var out []entry
	for _, v := range values {
		e := entry{at: v.at.id, way: byValue, hash: v.class()}
		if v.kind == text && v.text != "" {
			out = append(out, entry{at: v.at.id, way: byClass, hash: e.hash})
			e.hash = v.hash
		}
		out = append(out, e)
	}
	return tidy(out)
}

// shown are what is there of an item of the answer, and what it says if it may be
// one of a few things.
func shown(values []*value) []entry {
	var out []entry
	for _, v := range values {
		if v.kind == null || v.kind == tree {
			continue
		}
		out = append(out, entry{at: v.at.id, way: byValue})
		if v.states() {
			out = append(out, entry{at: v.at.id, way: byClass, hash: v.hash})
		}
	}
	return tidy(out)
}
