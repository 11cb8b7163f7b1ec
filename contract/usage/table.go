package usage

import (
	"cmp"
	"slices"
)

// table is the choices' samples, by field and by outcome.
type table struct {
	fields   []field
	outcomes []event
}

// field says for each sample which of its values there was: 0 for none, -1 where
// what holds it was not there either.
type field struct {
	at     *spot
	values []int8
}

// event says for each sample whether an outcome was.
type event struct {
	name string
	was  []bool
}

func (c *choices) table(b *book) table {
	var t table
	for _, at := range b.spots {
		if at.branch {
			continue
		}
		if f := c.field(at); f.varies() {
			t.fields = append(t.fields, f)
		}
	}
	seen := make(map[string]bool)
	order := slices.Clone(c.names)
	slices.Sort(order)
	for _, name := range order {
		e, key := c.event(c.ids[name]), ""
		e.name = name
		for _, was := range e.was {
			if was == e.was[0] {
				key += "1"
			} else {
				key += "0"
			}
		}
		// What comes and goes with another outcome is the same decision.
		if !seen[key] && slices.Contains(e.was, !e.was[0]) {
			t.outcomes = append(t.outcomes, e)
		}
		seen[key] = true
	}
	slices.SortFunc(t.fields, func(a, b field) int { return cmp.Compare(a.at.place(), b.at.place()) })
	return t
}

// field reads a place by its values, or by what they are where there are many.
func (c *choices) field(at *spot) field {
	f := field{at: at, values: make([]int8, len(c.samples))}
	if !c.fill(&f, byValue) {
		c.fill(&f, byClass)
	}
	return f
}

// fill numbers what a place said; false where it said too much.
func (c *choices) fill(f *field, by way) bool {
	numbers := make(map[uint64]int8)
	for i := range c.samples {
		s := &c.samples[i]
		f.values[i] = 0
		list := part(s.given, f.at.id, by)
		if len(list) == 0 {
			if up := f.at.up; up.up != nil && len(part(s.given, up.id, byValue)) == 0 {
				f.values[i] = -1
			}
			continue
		}
		var h uint64
		for _, e := range list {
			h = join2(h, e.hash)
		}
		n, ok := numbers[h]
		if !ok {
			if len(numbers) >= maxChoices {
				return false
			}
			n = int8(len(numbers)) + 1
			numbers[h] = n
		}
		f.values[i] = n
	}
	return true
}

func (f *field) varies() bool {
	first := int8(-1)
	for _, v := range f.values {
		if first < 0 {
			first = v
		} else if v >= 0 && v != first {
			return true
		}
	}
	return false
}

func (c *choices) event(id uint32) event {
	e := event{was: make([]bool, len(c.samples))}
	for i := range c.samples {
		e.was[i] = len(part(c.samples[i].sent, id, 0)) > 0
	}
	return e
}
