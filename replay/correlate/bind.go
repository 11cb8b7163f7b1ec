package correlate

import (
	"slices"

	"twinspect.dev/replay"
)

// binding says what one side gave in the place of each recorded value.
type binding struct {
	texts map[boundKey]string
}

type boundKey struct {
	source uint32
	value  uint64 // hash of the recorded one
}

// boundBytes is what a binding takes beside its texts: a map entry.
const boundBytes = 64

// gave is a value at a source's place.
type gave struct {
	source *source
	pos    uint64
	value  uint64
	class  class
	text   string
}

// bind keeps what the side's answer gave.
func (d *desk) bind(ask *replay.Ask, l *links, a *replay.Answer) {
	d.links = l
	recorded := d.collect(func() { d.gives.response(&ask.Recorded.Response) })
	given := d.collect(func() { d.gives.response(&a.Response) })
	b := &binding{texts: make(map[boundKey]string)}
	size := 0
	for len(recorded) > 0 {
		s := recorded[0].source
		mine := func(g gave) bool { return g.source == s }
		for _, p := range align(s, filter(recorded, mine), filter(given, mine)) {
			key := boundKey{s.number, p.recorded.value}
			if _, known := b.texts[key]; !known {
				b.texts[key] = p.given.text
				size += len(p.given.text) + boundBytes
			}
		}
		recorded = slices.DeleteFunc(recorded, mine)
	}
	d.links = nil
	if len(b.texts) == 0 {
		return
	}
	d.side.mu.Lock()
	d.side.bound.put(ask.Recorded.ID, b, size)
	d.side.mu.Unlock()
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

func (d *desk) collect(walk func()) []gave {
	d.given = nil
	walk()
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
	inRecorded, inGiven := valuesOf(recorded), valuesOf(given)
	same := len(recorded) != len(given) || equalKeys(inRecorded, inGiven)
	stands := func(g gave, in map[uint64]bool) bool { return in[g.value] && (same || g.class != weak) }
	var pairs []twins
	rest := filter(given, func(g gave) bool { return !stands(g, inRecorded) })
	for _, r := range recorded {
		switch {
		case stands(r, inGiven):
			pairs = append(pairs, twins{r, r})
		case len(rest) > 0:
			pairs = append(pairs, twins{r, rest[0]})
			rest = rest[1:]
		}
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

func valuesOf(list []gave) map[uint64]bool {
	m := make(map[uint64]bool, len(list))
	for _, g := range list {
		m[g.value] = true
	}
	return m
}

func equalKeys(a, b map[uint64]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return len(a) == len(b)
}
