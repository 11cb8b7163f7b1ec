package usage

import (
	"maps"
	"slices"
	"strconv"
)

// watch notes what a group's calls of one origin gave, and what the consumer did.
func (f *Follower) watch(r *reading, g group, o *origin, calls []int, targets []target) {
	c := f.choice(o, r.context(g))
	if c == nil {
		f.skip(len(calls))
		return
	}
	c.calls += uint64(len(calls))
	hash := r.sample(g)
	if !c.wants(hash) {
		return
	}
	var given, sent []entry
	for _, i := range calls {
		got, _ := f.answer(r, i)
		given = stated(given, got)
	}
	note := func(name string) {
		if e, ok := c.outcome(name); ok {
			sent = append(sent, e)
		}
	}
	own := r.said[calls[0]].requests
	for _, t := range targets {
		if !t.answer {
			if t.book != own {
				note(t.book.into)
			}
			continue
		}
		f.list(r, g, c, calls, hash)
		note(t.book.into + " status " + strconv.Itoa(r.chain.Calls[g.parent].Exchange.Response.Status))
		values, _ := f.answer(r, g.parent)
		for at, v := range firsts(values) {
			if at.listed() { // what decides over an item is another item's field
				continue
			}
			e, ok := c.there(t.book.into, at)
			if !ok {
				continue
			}
			sent = append(sent, e)
			if v.states() {
				e.way, e.hash = byClass, v.hash
				sent = append(sent, e)
			}
		}
	}
	c.keep(sample{hash: hash, given: tidy(given), sent: tidy(sent)}, f.budget())
}

// skip counts calls that are not followed into one of the messages after them.
func (f *Follower) skip(calls int) {
	f.pairs.Seen += uint64(calls)
	f.pairs.Drop(ManyOperations, uint64(calls))
}

func firsts(values []value) map[*spot]*value {
	out := make(map[*spot]*value)
	for i := range values {
		out[values[i].at] = &values[i]
	}
	return out
}

// states reports whether a value may be one of an enumeration.
func (v *value) states() bool { return v.kind == boolean || v.kind == text && len(v.text) <= maxState }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
