package usage

import (
	"cmp"
	"slices"
)

// list notes what became of the items of responses in the consumer's answer, for
// those groups of which a choice keeps what they did.
func (f *Follower) list(r *reading, g group, c *choices, calls []int, hash uint64) {
	told, b := f.answer(r, g.parent)
	r.steps -= len(told)
	into := lists(items(nil, told, false))
	if len(into) == 0 {
		return
	}
	var all []item
	for _, i := range calls {
		got, _ := f.answer(r, i)
		r.steps -= len(got)
		all = items(all, got, len(calls) > 1)
	}
	from := lists(all)
	if len(from) == 0 || c.items == nil && f.flows >= maxFlows {
		return
	}
	given, sent := make([]map[*spot]map[uint64]int, len(from)), make([]map[*spot]map[uint64]int, len(into))
	for i := range from {
		from[i] = from[i][:min(len(from[i]), maxListed)]
		given[i] = keys(from[i])
	}
	for i := range into {
		sent[i] = keys(into[i])
	}
	s := sample{hash: hash}
	for i := range from {
		for j := range into {
			s.rows = rows(s.rows, from[i], into[j], given[i], sent[j])
		}
	}
	if len(s.rows) == 0 {
		return
	}
	if c.items == nil {
		f.flows++
		c.items = &flow{flowKey: flowKey{c.context, b}}
	}
	if c.items.wants(hash) {
		c.items.keep(s, f.budget())
	}
}

// ties are the two lists that rows are of, and how their items were put together.
type ties struct{ list, into, from, at *spot }

// paired are the rows of two lists. Of the ways in which their items are put
// together that which does so most often counts. An item that comes in several
// samples counts once: it is the same whenever it comes.
func (c *choices) paired() [][]*row {
	type entity struct {
		ties
		key uint64
	}
	met, of, seen := make(map[ties]int), make(map[ties][]*row), make(map[entity]bool)
	for i := range c.items.samples {
		s := &c.items.samples[i]
		if c.full && s.hash > c.samples[len(c.samples)-1].hash {
			break // it would not have been looked at, had it come later
		}
		for k := range s.rows {
			r := &s.rows[k]
			t := ties{r.list, r.into, r.from, r.at}
			if seen[entity{t, r.key}] {
				continue
			}
			seen[entity{t, r.key}] = true
			of[t] = append(of[t], r)
			if r.met {
				met[t]++
			}
		}
	}
	order := make([]ties, 0, len(of))
	for t := range of {
		order = append(order, t)
	}
	slices.SortFunc(order, func(a, b ties) int {
		return cmp.Or(cmp.Compare(a.list.place(), b.list.place()), cmp.Compare(a.into.place(), b.into.place()),
			cmp.Compare(met[b], met[a]), cmp.Compare(a.from.place(), b.from.place()), cmp.Compare(a.at.place(), b.at.place()))
	})
	order = slices.CompactFunc(order, func(a, b ties) bool { return a.list == b.list && a.into == b.into })
	var out [][]*row
	for _, t := range order {
		out = append(out, of[t])
	}
	return out
}

// byItem returns what the consumer did with each item as choices of their own: with
// which of them it answers, and what it says of those.
func (c *choices) byItem() []*choices {
	if c.items == nil {
		return nil
	}
	var out []*choices
	for _, all := range c.paired() {
		whether, what := c.within(all[0].list), c.within(all[0].list)
		whether.presence = true
		for _, r := range all {
			if r.chosen {
				whether.samples = append(whether.samples, whether.whether(r))
			}
			if r.met {
				what.samples = append(what.samples, what.what(r, c.items.target))
			}
		}
		out = append(out, whether, what)
	}
	return out
}

// within returns empty choices about the items at a place.
func (c *choices) within(list *spot) *choices {
	return &choices{flow: flow{flowKey: c.flowKey}, calls: c.calls, ids: make(map[string]uint16), at: make(map[*spot]entry), list: list}
}

func (c *choices) whether(r *row) sample {
	s := sample{given: r.given}
	if e, ok := c.there(answer+" "+c.context, r.into); ok && r.met {
		s.sent = append(s.sent, e)
	}
	return s
}

func (c *choices) what(r *row, b *book) sample {
	s := sample{given: r.given}
	for _, of := range r.sent {
		e, ok := c.there(b.into, b.spots[of.at])
		if !ok {
			continue
		}
		if of.way == byClass {
			e.way, e.hash = byClass, of.hash
		}
		s.sent = append(s.sent, e)
	}
	s.sent = tidy(s.sent)
	return s
}
