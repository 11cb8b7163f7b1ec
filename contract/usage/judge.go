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
	origin     *origin
	flow       *flow
	from, into *spot
	way        way
	outcome
	// all is the outcome with what was no news.
	all outcome
	// seen is what it explains of what was sent, by sample; covers counts the words
	// of this, spare the values that came beside.
	seen          [][]cover
	covers, spare int
	// told is the confidence, 0 where it is no use.
	told float64
	// explained says that other places explain what is sent; shares counts those
	// that explain it as well, itself included.
	explained bool
	shares    int
}

func (c *candidate) key() pairKey { return pair(c.from.id, c.into.id, c.way) }

// minLog is the e-value from which on a pair is looked at beside others: less
// proves nothing even where it is the only one.
var minLog = math.Log(4)

// judgement is what is known of all that one consumer got.
type judgement struct {
	of map[*origin][]candidate
	// sinks are the places of which it is known where their values come from.
	sinks map[string]bool
}

// judge tests all pairs of what a consumer got, as what one response explains
// another may explain better.
func (f *Follower) judge(consumer string) *judgement {
	j := &judgement{of: make(map[*origin][]candidate), sinks: make(map[string]bool)}
	origins := f.originsOf(consumer)
	tests := make(map[*origin]int)
	for _, o := range origins {
		for _, w := range o.sorted() {
			w.cut(f.budget())
			list, n := w.candidates(o)
			tests[o] += n
			j.of[o] = append(j.of[o], list...)
		}
	}
	j.explain(origins)
	for _, o := range origins {
		settle(j.of[o], tests[o])
		for i := range j.of[o] {
			if c := &j.of[o][i]; c.told > 0 {
				j.sink(c)
			}
		}
	}
	return j
}

func (f *Follower) originsOf(consumer string) []*origin {
	var list []*origin
	for key, o := range f.origins {
		if key.consumer == consumer {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, compareOrigins)
	return list
}

func compareOrigins(a, b *origin) int {
	return cmp.Or(cmp.Compare(a.provider, b.provider), cmp.Compare(a.operation, b.operation), cmp.Compare(a.status, b.status))
}

// sink notes where a value that is followed arrives, and the lists that hold it:
// that there is something there is no decision.
func (j *judgement) sink(c *candidate) {
	name := func(s *spot) string { return sinkName(c.flow.context, c.flow.target.into+" "+string(s.place())) }
	j.sinks[name(c.into)] = true
	for s := c.into; s.up.up != nil; s = s.up {
		if s.name == "*" {
			j.sinks[name(s)], j.sinks[name(s.up)] = true, true
		}
	}
}

func sinkName(context, into string) string { return context + "\x00" + into }

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

// often is the share of the samples with something there in which what is computed must come again. The
// other number of a product is of the same trace, so that a 2 that is no quantity
// gives the right product wherever the quantity is 2, and nowhere by chance. What
// is really computed is so nearly always.
const often = 0.5

func (o *outcome) often() bool { return float64(o.matched) >= often*float64(o.tried) }

// candidates tests the pairs of one flow, and returns of how many pairs they are.
func (w *flow) candidates(o *origin) ([]candidate, int) {
	var out []candidate
	for p := range w.pairs {
		col := w.column(p, w.samples)
		c := candidate{
			origin: o, flow: w, from: o.book.spots[p.from()], into: w.target.spots[p.into()], way: p.way(),
			outcome: col.test(), shares: 1,
		}
		if c.all = w.whole(p); c.all.matched == 0 || c.way == computed && !c.often() {
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.from.place(), b.from.place()), cmp.Compare(a.into.place(), b.into.place()), cmp.Compare(a.way, b.way))
	})
	return out, max(w.contents(), len(w.pairs))
}

// contents counts the pairs that there might be: what was given, by place and
// comparison, times the places of what was sent.
func (w *flow) contents() int {
	from, into := make(map[pairKey]bool), make(map[uint16]bool)
	for i := range w.samples {
		for _, e := range w.samples[i].given {
			from[pair(e.at, 0, e.way)] = true
		}
		for _, e := range w.samples[i].sent {
			into[e.at] = true
		}
	}
	return len(from) * len(into)
}

// column is what samples have at a pair of places, of what was news.
func (w *flow) column(p pairKey, samples []sample) column {
	c := column{given: make([][]uint64, len(samples)), sent: make([][]entry, len(samples))}
	for i := range samples {
		s := &samples[i]
		for _, e := range part(s.given, p.from(), p.way()) {
			if !e.stale && len(c.given[i]) < maxColumn {
				c.given[i] = append(c.given[i], e.hash)
			}
		}
		c.sent[i] = part(s.sent, p.into(), 0)
		c.sent[i] = c.sent[i][:min(len(c.sent[i]), maxColumn)]
	}
	return c
}

// part returns what a sample has at a place.
func part(list []entry, at uint16, by way) []entry {
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
		given, sent := part(s.given, p.from(), p.way()), part(s.sent, p.into(), 0)
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

// maxShares is how many places may explain the same and be told: with more of them
// each is rather not used than used.
const maxShares = 2

// settle tells the pairs that e-BH rejects among that many tests.
func settle(all []candidate, tests int) {
	logs := make([]float64, len(all))
	for i := range all {
		if logs[i] = all[i].logE; all[i].explained || all[i].shares > maxShares {
			logs[i] = math.Inf(-1)
		}
	}
	for i, told := range confidences(logs, tests) {
		all[i].told = told / float64(all[i].shares)
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

// evidence is what a candidate says to a reader: where nothing was news, with the
// counts of what was none.
func (c *candidate) evidence() contract.Evidence {
	o := c.outcome
	if o.samples == 0 {
		o = c.all
	}
	return contract.Evidence{
		How: hows[c.way], Into: c.flow.target.into + " " + string(c.into.place()),
		Matched: o.matched, Chance: o.chance, Samples: o.samples,
	}
}
