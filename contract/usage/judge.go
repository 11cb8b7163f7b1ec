package usage

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"twinspect.dev/contract"
)

// candidate is a pair of places that may be a use.
type candidate struct {
	flow       *flow
	from, into *spot
	way        way
	outcome
	// all is the outcome with what was no news.
	all outcome
	// covers counts the values that it explains, over all samples.
	covers int
	// named says that both places end in the same name.
	named bool
	// told is the confidence, 0 where it is no use.
	told float64
	// explained says that other places explain what is sent; shared that others
	// explain it as well.
	explained, shared bool
}

// minLog is the e-value from which on a pair is looked at beside others: less
// proves nothing even where it is the only one.
var minLog = math.Log(4)

// judge tests all pairs of an origin.
func (o *origin) judge() []candidate {
	var all []candidate
	tests := 0
	for _, w := range o.sorted() {
		list, n := w.candidates(o.book)
		tests += n
		all = append(all, list...)
	}
	settle(all, tests)
	byName(all)
	return all
}

// sorted returns the flows in the order of their names.
func (o *origin) sorted() []*flow {
	list := make([]*flow, 0, len(o.flows))
	for _, w := range o.flows {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b *flow) int {
		return cmp.Or(cmp.Compare(a.context, b.context), cmp.Compare(a.target.into, b.target.into))
	})
	return list
}

// often is the share of the samples in which what is computed must come again. The
// other number of a product is of the same trace, so that a 2 that is no quantity
// gives the right product wherever the quantity is 2, and nowhere by chance. What
// is really computed is so nearly always.
const often = 0.5

// candidates tests the pairs of one flow, and returns of how many pairs they are.
func (w *flow) candidates(b *book) ([]candidate, int) {
	seen := w.contents()
	byInto := make(map[uint32][]candidate)
	for pair := range w.pairs {
		col := w.column(pair)
		c := candidate{
			flow: w, from: b.spots[pair.from], into: w.target.spots[pair.into], way: pair.way,
			outcome: col.test(),
		}
		c.all = w.whole(pair)
		if c.all.matched == 0 {
			continue
		}
		if pair.way == computed && float64(c.matched) < often*float64(c.samples) {
			continue
		}
		c.named = pair.way <= numeric && c.from.field() == c.into.field()
		byInto[pair.into] = append(byInto[pair.into], c)
	}
	var out []candidate
	for into, list := range byInto {
		w.explain(into, list)
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.from.place(), b.from.place()), cmp.Compare(a.into.place(), b.into.place()), cmp.Compare(a.way, b.way))
	})
	return out, max(seen, len(w.pairs))
}

// contents counts the pairs that there might be: what was given, by place and
// comparison, times the places of what was sent.
func (w *flow) contents() int {
	from, into := make(map[pairKey]bool), make(map[uint32]bool)
	for i := range w.samples {
		for _, e := range w.samples[i].given {
			from[pairKey{from: e.at, way: e.way}] = true
		}
		for _, e := range w.samples[i].sent {
			into[e.at] = true
		}
	}
	return len(from) * len(into)
}

// column is what the samples have at a pair of places, of what was news.
func (w *flow) column(p pairKey) column {
	c := column{given: make([][]uint64, len(w.samples)), sent: make([][]entry, len(w.samples))}
	for i := range w.samples {
		s := &w.samples[i]
		for _, e := range part(s.given, p.from, p.way) {
			if !e.stale && len(c.given[i]) < maxColumn {
				c.given[i] = append(c.given[i], e.hash)
			}
		}
		c.sent[i] = part(s.sent, p.into, 0)
		c.sent[i] = c.sent[i][:min(len(c.sent[i]), maxColumn)]
	}
	return c
}

// part returns what a sample has at a place.
func part(list []entry, at uint32, by way) []entry {
	i := sort.Search(len(list), func(i int) bool {
		return list[i].at > at || list[i].at == at && list[i].way >= by
	})
	j := i
	for j < len(list) && list[j].at == at && list[j].way == by {
		j++
	}
	return list[i:j]
}

// whole counts the samples in which a pair matches, news or not, of those that have
// something at both places.
func (w *flow) whole(p pairKey) (o outcome) {
	var before []entry
	for i := range w.samples {
		s := &w.samples[i]
		given, sent := part(s.given, p.from, p.way), part(s.sent, p.into, 0)
		if len(given) == 0 || len(sent) == 0 {
			continue
		}
		o.samples++
		if common(given, sent) {
			o.matched++
		}
		if common(given, before) {
			o.chance++
		}
		before = sent
	}
	return o
}

func common(given, sent []entry) bool {
	for i, j := 0, 0; i < len(given) && j < len(sent); {
		switch c := cmp.Compare(given[i].hash, sent[j].hash); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			return true
		}
	}
	return false
}

// settle tells the pairs that e-BH rejects among that many tests.
func settle(all []candidate, tests int) {
	logs := make([]float64, len(all))
	for i := range all {
		if logs[i] = all[i].logE; all[i].explained {
			logs[i] = math.Inf(-1)
		}
	}
	for i, told := range confidences(logs, tests) {
		if all[i].told = told; all[i].shared {
			all[i].told /= 2
		}
	}
}

// confidences returns one less the least level at which e-BH
// would reject each of some e-values, given by their logarithms, among that many
// tests; 0 where that is above [Alpha].
func confidences(logs []float64, tests int) []float64 {
	out := make([]float64, len(logs))
	order := make([]int, len(logs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logs[b], logs[a]) })
	least := 1.0
	for k := len(order); k > 0; k-- {
		i := order[k-1]
		least = min(least, math.Exp(math.Log(float64(tests)/float64(k))-logs[i]))
		if least <= Alpha {
			out[i] = 1 - least
		}
	}
	return out
}

// mostly is the share of the samples in which a value comes again under its name
// that is no accident of some.
const mostly = 0.8

// byName tells the pairs of the same name that no test can tell, where nothing
// that is proven explains what is sent.
func byName(all []candidate) {
	type sink struct {
		flow *flow
		into *spot
	}
	proven := make(map[sink]bool)
	for i := range all {
		if c := &all[i]; c.told > 0 {
			proven[sink{c.flow, c.into}] = true
		}
	}
	for i := range all {
		c := &all[i]
		if c.told == 0 && c.named && !c.echo() && !proven[sink{c.flow, c.into}] &&
			float64(c.all.matched) >= mostly*float64(c.all.samples) {
			c.told = ByName
		}
	}
}

// echo reports whether the provider only gives back what it was asked with, and
// would be asked with in a later call of the same operation.
func (c *candidate) echo() bool { return c.flow.self && c.samples == 0 }

// evidence is what a candidate says to a reader. What is told by its name alone
// has the counts with what was no news.
func (c *candidate) evidence() contract.Evidence {
	o := c.outcome
	if o.samples == 0 || c.told == ByName && !c.shared {
		o = c.all
	}
	return contract.Evidence{
		How: hows[c.way], Into: c.flow.target.into + " " + string(c.into.place()),
		Matched: o.matched, Chance: o.chance, Samples: o.samples,
	}
}
