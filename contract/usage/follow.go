package usage

import (
	"slices"
	"time"

	"twinspect.dev/contract/join"
)

// message is one that the consumer of a group sent: a request, or its answer.
type message struct {
	book   *book
	call   int
	forms  []entry
	answer bool
}

// look puts all that the consumer of a group sent into the index.
func (f *Follower) look(r *reading, g group) {
	f.index.reset()
	f.messages, f.sent = f.messages[:0], f.sent[:0]
	for _, i := range g.calls {
		if r.chain.Calls[i].Exchange == nil {
			continue
		}
		if _, b := f.request(r, i); b != nil && r.steps > 0 {
			f.send(r, message{book: b, call: i, forms: f.asked(r, i)})
		}
	}
	if g.parent >= 0 && answered(&r.chain.Calls[g.parent]) {
		if _, b := f.answer(r, g.parent); b != nil {
			f.send(r, message{book: b, call: g.parent, forms: f.told(r, g.parent), answer: true})
		}
	}
}

func (f *Follower) send(r *reading, m message) {
	f.messages = append(f.messages, m)
	r.steps -= len(m.forms)
	if r.steps <= 0 {
		return
	}
	for i := range m.forms {
		f.index.add(m.forms[i].hash, m.forms[i].at, len(f.messages)-1, f.messages)
	}
}

// target is a message that the consumer sent after a response, or several to the
// same operation.
type target struct {
	book     *book
	flow     *flow
	messages []int32
	answer   bool
}

// targets are the messages that the consumer sent after the call at first: its
// later requests, by operation, and its answer.
func (f *Follower) targets(r *reading, first int) []target {
	out := make([]target, 0, 4)
	for k := range f.messages {
		m := &f.messages[k]
		if !m.answer && (m.call <= first || !after(&r.chain.Calls[first], &r.chain.Calls[m.call])) {
			continue
		}
		r.steps--
		j := slices.IndexFunc(out, func(t target) bool { return t.book == m.book && t.answer == m.answer })
		if j < 0 {
			if j = len(out); j == maxTargets {
				f.skip(1)
				continue
			}
			out = append(out, target{book: m.book, answer: m.answer})
		}
		out[j].messages = append(out[j].messages, int32(k))
	}
	return out
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
	targets := f.targets(r, calls[0])
	if len(targets) == 0 {
		f.calls.Filter(NothingAfter, uint64(len(calls)))
		return
	}
	f.calls.Written += uint64(len(calls))
	f.watch(r, g, o, calls, targets)
	for i := range targets {
		t := &targets[i]
		if t.flow = f.flow(o, flowKey{r.context(g), t.book}); t.flow == nil {
			f.skip(len(calls))
		}
	}
	derived := f.derived(r, g, calls)
	f.match(r, o, targets, calls, derived)
	f.sample(r, g, targets, calls, derived)
	f.entries = f.entries[:len(f.entries)-len(derived)]
}

// sample keeps what the calls gave and what was sent then, where a flow wants it.
func (f *Follower) sample(r *reading, g group, targets []target, calls []int, derived []entry) {
	hash := r.sample(g)
	var union []entry
	for _, t := range targets {
		if t.flow == nil || !t.flow.wants(hash) {
			continue
		}
		if union == nil {
			for _, i := range calls {
				union = append(union, r.said[i].given...)
			}
			union = tidy(append(union, derived...))
		}
		t.flow.keep(sample{hash: hash, given: union, sent: f.tidied(t.messages)}, f.budget())
	}
}

// dispatch is what some messages of a group held, tidied.
type dispatch struct {
	messages []int32
	sent     []entry
}

// tidied returns what messages held. Responses that came before the same ones share
// it in their samples.
func (f *Follower) tidied(messages []int32) []entry {
	i := slices.IndexFunc(f.sent, func(d dispatch) bool { return slices.Equal(d.messages, messages) })
	if i >= 0 {
		return f.sent[i].sent
	}
	var sent []entry
	for _, m := range messages {
		base := len(sent)
		for _, e := range f.messages[m].forms {
			e.val += uint16(base)
			sent = append(sent, e)
		}
	}
	sent = tidy(sent)
	if len(f.sent) < maxTargets {
		f.sent = append(f.sent, dispatch{messages, sent})
	}
	return sent
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

// derived returns the forms of what may be computed out of all that calls gave.
func (f *Follower) derived(r *reading, g group, calls []int) []entry {
	var all []series
	for _, i := range calls {
		got, _ := f.answer(r, i)
		all = gather(all, got, true)
	}
	if len(all) == 0 {
		return nil
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
	begin := len(f.entries)
	f.entries = compute(f.entries, all)
	return f.cut(r, begin)
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
func (f *Follower) match(r *reading, o *origin, targets []target, calls []int, derived []entry) {
	f.flowOf = slices.Grow(f.flowOf[:0], len(f.messages))[:len(f.messages)]
	clear(f.flowOf)
	for _, t := range targets {
		for _, m := range t.messages {
			f.flowOf[m] = t.flow
		}
	}
	for _, i := range calls {
		f.hits(r, o, r.said[i].given, 1)
	}
	f.hits(r, o, derived, uint64(len(calls)))
}

func (f *Follower) hits(r *reading, o *origin, given []entry, n uint64) {
	f.tallied++
	r.steps -= len(given)
	for i := range given {
		e := &given[i]
		for k := f.index.first(e.hash); k > 0; {
			hit := &f.index.nodes[k-1]
			if w := f.flowOf[hit.message]; w != nil {
				f.tally(o, w, pair(e.at, hit.at, e.way), n)
			}
			k = hit.next
		}
	}
}

func (f *Follower) tally(o *origin, w *flow, p pairKey, n uint64) {
	t := w.pairs[p]
	if t != nil && t.last == f.tallied {
		return
	}
	f.pairs.Seen += n
	if t == nil {
		if o.pairs >= maxPairs || f.held >= maxAllPairs {
			f.pairs.Drop(ManyPairs, n)
			return
		}
		o.pairs++
		f.held++
		t = new(tally)
		w.pairs[p] = t
	}
	t.calls += n
	t.last = f.tallied
	f.pairs.Written += n
}
