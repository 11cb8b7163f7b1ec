package correlate

import (
	"cmp"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// binding says what one side gave in the place of each recorded value, in the
// order of the keys.
type binding []bound

type bound struct {
	key  boundKey
	text string
}

type boundKey struct {
	source uint32
	value  uint64 // hash of the recorded one
}

func (a boundKey) compare(b boundKey) int {
	return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.source, b.source))
}

func (b binding) find(key boundKey) (string, bool) {
	i, ok := slices.BinarySearchFunc(b, key, func(b bound, key boundKey) int { return b.key.compare(key) })
	if !ok {
		return "", false
	}
	return b[i].text, true
}

// boundBytes is what an element of a binding takes beside its text.
const boundBytes = 32

// gave is a value at a source's place. Of recorded ones the text is left out.
type gave struct {
	source *source
	pos    uint64
	value  uint64
	class  class
	text   string
}

// bind keeps what the side's answer gave.
func (d *desk) bind(ask *replay.Ask, l *links, a *replay.Answer) {
	given := d.collect(l, &a.Response)
	if len(given) == 0 {
		return
	}
	all := l.recorded
	if len(all) == 0 {
		given = slices.Clone(given)
		all = d.collect(l, &ask.Recorded.Response)
	}
	d.pairs = d.pairs[:0]
	for _, s := range l.op.sources {
		recorded, own := all, given
		if len(l.op.sources) > 1 {
			mine := func(g gave) bool { return g.source == s }
			recorded, own = filter(all, mine), filter(given, mine)
		}
		d.pairs = append(d.pairs, align(s, recorded, own)...)
	}
	b, size := bindingOf(d.pairs)
	clear(d.pairs)
	clear(d.given)
	d.side.mu.Lock()
	d.side.bound.put(ask.Recorded.ID, b, size)
	d.side.mu.Unlock()
}

// bindingOf keeps of several values that the side gave in the place of one the
// first.
func bindingOf(pairs []twins) (binding, int) {
	b := make(binding, len(pairs))
	size := 0
	for i, p := range pairs {
		b[i] = bound{boundKey{p.given.source.number, p.recorded.value}, p.given.text}
		size += len(p.given.text) + boundBytes
	}
	slices.SortStableFunc(b, func(x, y bound) int { return x.key.compare(y.key) })
	return slices.CompactFunc(b, func(x, y bound) bool { return x.key == y.key }), size
}

func filter(list []gave, keep func(gave) bool) []gave {
	var out []gave
	for _, g := range list {
		if keep(g) {
			out = append(out, g)
		}
	}
	return out
}

// collect returns what the answer gives. It is valid until the desk is used
// again.
func (d *desk) collect(l *links, r *capture.Response) []gave {
	d.links, d.given = l, d.given[:0]
	d.gives.sieve = &l.op.given
	d.gives.response(r)
	d.links = nil
	return d.given
}

func (d *desk) give(l *leaf) {
	for _, s := range d.links.op.gives[l.key] {
		if s.place.covers(l) && len(d.given) < maxGifts {
			d.given = append(d.given, gave{s, l.pos, hashOf(l.text), classOf(l.text), string(l.text)})
		}
	}
}

// twins is a recorded value and the side's.
type twins struct{ recorded, given gave }

// align finds for each recorded value the one that the side gave in its place.
//
// In an array, a value that both gave stands for itself, wherever it is: the
// order may differ, and what both know from before is the same. Only where values
// are equal by chance easily, such as the ids 1, 2, 3, that holds only if both
// gave the same ones. The others are aligned in their order.
func align(s *source, recorded, given []gave) []twins {
	if len(given) == 0 {
		return nil
	}
	if !s.many {
		return alignOne(recorded, given)
	}
	if equal(recorded, given) {
		return inOrder(recorded, given)
	}
	inRecorded, inGiven := valuesOf(recorded), valuesOf(given)
	same := len(recorded) != len(given) || equalKeys(inRecorded, inGiven)
	stands := func(g gave, in map[uint64]gave) bool {
		_, ok := in[g.value]
		return ok && (same || g.class != weak)
	}
	var pairs []twins
	rest := filter(given, func(g gave) bool { return !stands(g, inRecorded) })
	for _, r := range recorded {
		switch {
		case stands(r, inGiven):
			pairs = append(pairs, twins{r, inGiven[r.value]})
		case len(rest) > 0:
			pairs = append(pairs, twins{r, rest[0]})
			rest = rest[1:]
		}
	}
	return pairs
}

func equal(recorded, given []gave) bool {
	return slices.EqualFunc(recorded, given, func(a, b gave) bool { return a.value == b.value })
}

func inOrder(recorded, given []gave) []twins {
	pairs := make([]twins, len(recorded))
	for i := range recorded {
		pairs[i] = twins{recorded[i], given[i]}
	}
	return pairs
}

// alignOne pairs the values of one place by their form: a cookie as it is, and
// decoded where that differs.
func alignOne(recorded, given []gave) []twins {
	pairs := make([]twins, len(recorded))
	for i, r := range recorded {
		at := max(slices.IndexFunc(given, func(g gave) bool { return g.pos == r.pos }), 0)
		pairs[i] = twins{r, given[at]}
	}
	return pairs
}

func valuesOf(list []gave) map[uint64]gave {
	m := make(map[uint64]gave, len(list))
	for _, g := range list {
		m[g.value] = g
	}
	return m
}

func equalKeys(a, b map[uint64]gave) bool {
	for k := range a {
		if _, ok := b[k]; !ok {
			return false
		}
	}
	return len(a) == len(b)
}
