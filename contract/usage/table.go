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
	// rank is 0 where the values count themselves and there is one in a response: that
	// is decided by rather than by what a value is, or by those of a list.
	rank int
}

// event says for each sample whether an outcome was.
type event struct {
	name string
	was  []bool
}

// table reads the samples. Outcomes at the places of sinks are left out: what comes
// there is a value that is followed. That an item is there is not, where there might
// have been all.
func (c *choices) table(b *book, sinks map[string]bool) table {
	var t table
	for _, at := range b.spots {
		if at.branch || c.list != nil && !at.under(c.list) {
			continue
		}
		if f := c.field(at); f.varies() {
			t.fields = append(t.fields, f)
		}
	}
	seen := make(map[string]bool)
	for _, name := range slices.Sorted(slices.Values(c.names)) {
		if !c.presence && sinks[sinkName(c.context, name)] {
			continue
		}
		id := c.ids[name]
		t.add(c.event(name, entry{at: id, hash: uint64(id)}), seen)
		for _, state := range c.states(id) {
			t.add(c.event(name, state), seen)
		}
	}
	slices.SortFunc(t.fields, func(a, b field) int { return cmp.Compare(a.at.place(), b.at.place()) })
	return t
}

// add adds an outcome that is not always the same. What comes and goes with another
// outcome is the same decision.
func (t *table) add(e event, seen map[string]bool) {
	key := make([]byte, len(e.was))
	for i, was := range e.was {
		key[i] = '0'
		if was == e.was[0] {
			key[i] = '1'
		}
	}
	if !seen[string(key)] && slices.Contains(e.was, !e.was[0]) {
		t.outcomes = append(t.outcomes, e)
	}
	seen[string(key)] = true
}

// states lists the values that a place of the answer has, none where there are too
// many.
func (c *choices) states(id uint16) []entry {
	var list []entry
	for i := range c.samples {
		for _, e := range part(c.samples[i].sent, id, byClass) {
			if !slices.Contains(list, e) {
				list = append(list, e)
			}
		}
		if len(list) > maxChoices {
			return nil
		}
	}
	slices.SortFunc(list, compareEntries)
	return list
}

// field reads a place by its values, or by what they are where there are many.
func (c *choices) field(at *spot) field {
	f := field{at: at, values: make([]int8, len(c.samples))}
	if at.listed() {
		f.rank++
	}
	if !c.fill(&f, byValue) {
		f.rank++
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

func (c *choices) event(name string, of entry) event {
	e := event{name: name, was: make([]bool, len(c.samples))}
	for i := range c.samples {
		e.was[i] = slices.ContainsFunc(part(c.samples[i].sent, of.at, of.way), func(o entry) bool { return o.hash == of.hash })
	}
	return e
}
