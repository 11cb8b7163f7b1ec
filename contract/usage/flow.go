package usage

import (
	"cmp"
	"slices"
)

type originKey struct {
	consumer, provider, operation string
	status                        int
}

// origin are the responses of one status that a consumer got from an operation.
type origin struct {
	originKey
	book *book
	// present counts the calls whose response had something at a place.
	present map[*spot]uint64
	flows   map[flowKey]*flow
	choices map[string]*choices
	pairs   int
}

// flowKey is an operation of the consumer and a message that it sends in it.
type flowKey struct {
	context string
	target  *book
}

// flow is what may go from an origin to one kind of message.
type flow struct {
	flowKey
	// pairs counts the calls with a value that came again.
	pairs map[pairKey]*tally
	// samples are sorted by hash; bytes is what they take.
	samples []sample
	bytes   int
	full    bool
}

// pairKey is a place of the response, one of what is sent, and a comparison.
type pairKey uint64

func pair(from, into uint16, by way) pairKey {
	return pairKey(from)<<32 | pairKey(into)<<16 | pairKey(by)
}

func (p pairKey) from() uint16 { return uint16(p >> 32) }
func (p pairKey) into() uint16 { return uint16(p >> 16) }
func (p pairKey) way() way     { return way(p) }

// tally counts calls; last is the one that was counted last.
type tally struct{ calls, last uint64 }

// sample is what was given and sent within one group.
type sample struct {
	hash        uint64
	given, sent []entry
	rows        []row
}

func (s *sample) bytes() int {
	n := 16*(len(s.given)+len(s.sent)) + 88
	for i := range s.rows {
		n += s.rows[i].bytes()
	}
	return n
}

// origin returns the origin of that key, nil where there are too many.
func (f *Follower) origin(key originKey, b *book) *origin {
	o := f.origins[key]
	if o == nil && b != nil && len(f.origins) < maxOrigins {
		o = &origin{originKey: key, book: b, present: make(map[*spot]uint64), flows: make(map[flowKey]*flow), choices: make(map[string]*choices)}
		f.origins[key] = o
	}
	return o
}

// flow returns a flow of o, nil where there are too many.
func (f *Follower) flow(o *origin, key flowKey) *flow {
	w := o.flows[key]
	if w == nil && key.target != nil && f.flows < maxFlows {
		w = &flow{flowKey: key, pairs: make(map[pairKey]*tally)}
		o.flows[key] = w
		f.flows++
		if f.flows&(f.flows-1) == 0 {
			f.trim()
		}
	}
	return w
}

// budget is how many bytes of samples a flow may keep: less, the more flows.
func (f *Follower) budget() int { return maxKept / max(f.flows, 64) }

// trim lets go of what is beyond the budget since it became smaller.
func (f *Follower) trim() {
	for _, o := range f.origins {
		for _, w := range o.flows {
			w.cut(f.budget())
		}
		for _, c := range o.choices {
			c.shrink(f.budget())
		}
	}
}

// shrink cuts all that choices keep.
func (c *choices) shrink(budget int) {
	c.cut(budget)
	if c.items != nil {
		c.items.cut(budget)
	}
}

// wants reports whether a sample of that hash may be kept.
func (w *flow) wants(hash uint64) bool {
	return !w.full || hash < w.samples[len(w.samples)-1].hash
}

// keep adds a sample. Those that remain are the first by hash, as many as fit:
// which these are does not depend on the order in which they come.
func (w *flow) keep(s sample, budget int) {
	i, _ := slices.BinarySearchFunc(w.samples, s.hash, func(t sample, h uint64) int { return cmp.Compare(t.hash, h) })
	w.samples = slices.Insert(w.samples, i, s)
	w.bytes += s.bytes()
	w.cut(budget)
}

// cut keeps the first that fit; the two with the least hashes are always kept, and
// bounded by themselves.
func (w *flow) cut(budget int) {
	for n := len(w.samples); n > 2 && (n > maxSamples || w.bytes > budget); n-- {
		w.bytes -= w.samples[n-1].bytes()
		w.samples[n-1] = sample{}
		w.samples = w.samples[:n-1]
		w.full = true
	}
}
