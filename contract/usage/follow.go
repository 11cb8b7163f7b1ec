package usage

import (
	"slices"
	"time"

	"twinspect.dev/contract/join"
)

// target is a message that the consumer sent, or several to the same operation.
type target struct {
	book   *book
	sent   []entry
	answer bool
}

// follow follows the responses of one origin within a group.
func (f *Follower) follow(r *reading, g group, key originKey, calls []int) {
	_, b := f.answer(r, calls[0])
	o := f.origin(key, b)
	if o == nil {
		f.calls.Drop(ManyOperations, uint64(len(calls)))
		return
	}
	if r.steps <= 0 {
		f.calls.Drop(MuchWork, uint64(len(calls)))
		return
	}
	f.count(r, o, calls)
	targets := f.targets(r, g, calls[0])
	if len(targets) == 0 {
		f.calls.Filter(NothingAfter, uint64(len(calls)))
		return
	}
	f.calls.Written += uint64(len(calls))
	f.watch(r, g, o, calls, targets)
	each, derived := f.given(r, g, calls)
	var union []entry
	for _, t := range targets {
		w := f.flow(o, flowKey{r.context(g), t.book}, r.said[calls[0]].requests)
		if w == nil {
			f.skip(len(calls))
			continue
		}
		f.match(r, o, w, t, each, derived)
		hash := r.sample(g)
		if !w.wants(hash) {
			continue
		}
		if union == nil {
			for _, list := range each {
				union = append(union, list...)
			}
			union = tidy(append(union, derived...))
		}
		w.keep(sample{hash: hash, given: union, sent: tidy(t.sent)}, f.budget())
	}
}

// count counts at which places the responses had something.
func (f *Follower) count(r *reading, o *origin, calls []int) {
	for _, i := range calls {
		clear(f.present)
		got, _ := f.answer(r, i)
		for j := range got {
			if at := got[j].at; !f.present[at] {
				f.present[at] = true
				o.present[at]++
			}
		}
	}
}

// targets are the messages that the consumer sent after the call at first: its
// later requests, by operation, and its answer.
func (f *Follower) targets(r *reading, g group, first int) []target {
	var out []target
	for _, i := range g.calls {
		if i <= first || r.chain.Calls[i].Exchange == nil || !after(&r.chain.Calls[first], &r.chain.Calls[i]) {
			continue
		}
		values, b := f.request(r, i)
		if b == nil || r.steps <= 0 {
			continue
		}
		r.steps -= len(values) + 1
		j := slices.IndexFunc(out, func(t target) bool { return t.book == b })
		if j < 0 {
			if j = len(out); j == maxTargets {
				f.skip(1)
				continue
			}
			out = append(out, target{book: b})
		}
		out[j].add(values)
	}
	if g.parent >= 0 && answered(&r.chain.Calls[g.parent]) {
		if values, b := f.answer(r, g.parent); b != nil {
			t := target{book: b, answer: true}
			r.steps -= len(values)
			t.add(values)
			out = append(out, t)
		}
	}
	return out
}

func (t *target) add(values []value) {
	t.sent = slices.Grow(t.sent, 4*len(values))
	for i := range values {
		t.sent = sent(t.sent, &values[i], len(t.sent))
	}
}

// given returns the forms of what each call gave, and of what may be computed out
// of all of them.
func (f *Follower) given(r *reading, g group, calls []int) (each [][]entry, derived []entry) {
	var all []series
	for _, i := range calls {
		got, _ := f.answer(r, i)
		now := moment(&r.chain.Calls[i])
		list := make([]entry, 0, 4*len(got))
		for j := range got {
			list = given(list, &got[j], now)
		}
		each = append(each, list)
		all = gather(all, got, true)
	}
	if len(all) == 0 {
		return each, nil
	}
	if g.parent >= 0 {
		incoming, _ := f.request(r, g.parent)
		all = gather(all, incoming, false)
	}
	_, own := f.answer(r, calls[0])
	for _, i := range g.calls {
		// Responses of the same operation are there already.
		if got, b := f.answer(r, i); b != own && r.steps > 0 {
			r.steps -= len(got)
			all = gather(all, got, false)
		}
	}
	n := len(all)
	all = choose(all)
	f.computed.Seen += uint64(n)
	f.computed.Written += uint64(len(all))
	f.computed.Drop(ManySeries, uint64(n-len(all)))
	return each, compute(nil, all)
}

// moment is when a call was answered.
func moment(c *join.Call) time.Time {
	if end := c.Exchange.Response.End; !end.IsZero() {
		return end
	}
	return c.Exchange.Request.Start
}

// match counts in how many calls the values of a place came again at another. What
// was computed out of several calls counts for each of them.
func (f *Follower) match(r *reading, o *origin, w *flow, t target, each [][]entry, derived []entry) {
	clear(f.index)
	for i, e := range t.sent {
		if at := f.index[e.hash]; len(at) < maxHits {
			f.index[e.hash] = append(at, int32(i))
		}
	}
	each = append(each, derived)
	for i, list := range each {
		r.steps -= len(list)
		clear(f.matched)
		f.hits(t.sent, list)
		n := 1
		if i == len(each)-1 {
			n = i
		}
		for pair := range f.matched {
			f.tally(o, w, pair, uint64(n))
		}
	}
}

func (f *Follower) hits(sent, given []entry) {
	for i := range given {
		for _, j := range f.index[given[i].hash] {
			f.matched[pairKey{given[i].at, sent[j].at, given[i].way}] = true
		}
	}
}

func (f *Follower) tally(o *origin, w *flow, pair pairKey, n uint64) {
	f.pairs.Seen += n
	before, ok := w.pairs[pair]
	if !ok {
		if o.pairs >= maxPairs || f.held >= maxAllPairs {
			f.pairs.Drop(ManyPairs, n)
			return
		}
		o.pairs++
		f.held++
	}
	w.pairs[pair] = before + n
	f.pairs.Written += n
}
