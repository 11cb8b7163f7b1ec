package usage

import (
	"strconv"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract/join"
)

// group are the calls that one consumer made within one call of its own.
type group struct {
	parent   int // -1 for none
	consumer string
	calls    []int // in order
}

// groups splits a chain, in the order of the first call of each.
func groups(c *join.Chain) []group {
	type key struct {
		parent   int
		consumer string
	}
	var out []group
	at := make(map[key]int)
	for i := range c.Calls {
		call := &c.Calls[i]
		k := key{call.Parent, call.Consumer}
		if k.parent >= len(c.Calls) || k.parent < 0 || c.Calls[k.parent].Exchange == nil {
			k.parent = -1
		}
		if _, ok := at[k]; !ok {
			at[k] = len(out)
			out = append(out, group{parent: k.parent, consumer: k.consumer})
		}
		g := &out[at[k]]
		g.calls = append(g.calls, i)
	}
	return out
}

// reading is a chain of which each message is read once, when it is needed.
type reading struct {
	chain *join.Chain
	trace uint64
	said  []said
	work  int // values that may still be read
	steps int // values that may still be looked up
}

type said struct {
	request, answer       []value
	requests, answers     *book
	hasRequest, hasAnswer bool
}

func (f *Follower) read(c *join.Chain) *reading {
	r := &reading{chain: c, said: make([]said, len(c.Calls)), work: maxWork, steps: maxSteps}
	switch {
	case c.Tree != nil:
		r.trace = hashText(asText, string(c.Tree.Trace[:]))
	case len(c.Calls) > 0 && c.Calls[0].Exchange != nil:
		r.trace = hashText(asText, c.Calls[0].Exchange.Context.TraceID)
	}
	return r
}

// request returns what was asked in a call, and the places of it.
func (f *Follower) request(r *reading, i int) ([]value, *book) {
	s, call := &r.said[i], &r.chain.Calls[i]
	if !s.hasRequest {
		s.hasRequest = true
		s.requests = f.book(request, call.Provider, call.Operation)
		if call.Exchange != nil && s.requests != nil {
			s.request = f.reader.request(s.requests, call.Operation, &call.Exchange.Request, r.work)
			r.work -= len(s.request)
		}
	}
	return s.request, s.requests
}

// answer returns what was answered in a call, and the places of it.
func (f *Follower) answer(r *reading, i int) ([]value, *book) {
	s, call := &r.said[i], &r.chain.Calls[i]
	if !s.hasAnswer {
		s.hasAnswer = true
		s.answers = f.book(answer, call.Provider, call.Operation)
		if answered(call) && s.answers != nil {
			s.answer = f.reader.response(s.answers, &call.Exchange.Response, r.work)
			r.work -= len(s.answer)
		}
	}
	return s.answer, s.answers
}

func answered(c *join.Call) bool {
	return c.Exchange != nil && c.Exchange.Response.Status != 0 && c.Exchange.Response.Incomplete != capture.Unseen
}

// after reports whether b began after a had ended. The consumer's spans know best;
// then one recorder's times, if it saw both; else only the order is known.
func after(a, b *join.Call) bool {
	switch {
	case a.Node != nil && b.Node != nil && a.Node.Client != nil && b.Node.Client != nil:
		return ordered(a.Node.Client.End, b.Node.Client.Start)
	case a.Exchange.Context.Agent != "" && a.Exchange.Context.Agent == b.Exchange.Context.Agent:
		return ordered(a.Exchange.Response.End, b.Exchange.Request.Start)
	}
	return true
}

// ordered reports whether to is not before from; where one is not known, they are.
func ordered(from, to time.Time) bool {
	return from.IsZero() || to.IsZero() || !to.Before(from)
}

// group follows the responses that one group of calls got.
func (f *Follower) group(r *reading, g group) {
	f.calls.Seen += uint64(len(g.calls))
	if g.consumer == "" {
		f.calls.Filter(Nobody, uint64(len(g.calls)))
		return
	}
	f.learn(r, g)
	list, keys := f.split(r, g)
	for _, key := range keys {
		f.follow(r, g, key, list[key])
	}
}

// split sorts the calls with an answer by their origin.
func (f *Follower) split(r *reading, g group) (map[originKey][]int, []originKey) {
	list := make(map[originKey][]int)
	var keys []originKey
	for _, i := range g.calls {
		call := &r.chain.Calls[i]
		if !answered(call) {
			f.calls.Filter(NoAnswer, 1)
			continue
		}
		key := originKey{call.Consumer, call.Provider, call.Operation, call.Exchange.Response.Status}
		if list[key] == nil {
			keys = append(keys, key)
		}
		list[key] = append(list[key], i)
	}
	return list, keys
}

// learn finds which values of the responses were news when they came.
func (f *Follower) learn(r *reading, g group) {
	clear(f.known)
	if g.parent >= 0 {
		incoming, _ := f.request(r, g.parent)
		f.keep(incoming)
	}
	for _, i := range g.calls {
		asked, _ := f.request(r, i)
		f.keep(asked)
		got, _ := f.answer(r, i)
		for j := range got {
			got[j].fresh = f.isFresh(&got[j])
		}
		f.keep(got)
	}
}

// keep notes what the consumer has from now on, and from which place.
func (f *Follower) keep(values []value) {
	for i := range values {
		v := &values[i]
		if v.kind == boolean || v.kind == null {
			continue
		}
		f.note(v.hash, v.at)
		if v.numeric {
			f.note(v.dec.hash(), v.at)
		}
	}
}

// note keeps the place that a value comes from, nil where it comes from several.
func (f *Follower) note(hash uint64, at *spot) {
	if from, ok := f.known[hash]; ok && from != at {
		at = nil
	}
	f.known[hash] = at
}

// isFresh reports whether the consumer did not have v but from the same place of
// the same operation, as when it asks twice. A boolean is never known: there are
// but two, and one of them is always there.
func (f *Follower) isFresh(v *value) bool {
	if v.kind == boolean {
		return true
	}
	if from, ok := f.known[v.hash]; ok && from != v.at {
		return false
	}
	if !v.numeric {
		return true
	}
	for _, n := range [...]int{0, 2, -2} {
		if from, ok := f.known[v.dec.shift(n).hash()]; ok && from != v.at {
			return false
		}
	}
	return true
}

// context names the operation of the consumer within which a group was called.
func (r *reading) context(g group) string {
	if g.parent < 0 {
		return ""
	}
	return r.chain.Calls[g.parent].Operation
}

// sample is the hash by which a group is chosen as a sample.
func (r *reading) sample(g group) uint64 {
	first := &r.chain.Calls[g.calls[0]]
	id := first.Exchange.ID
	return join2(r.trace, hashText(asText, string(id[:])+g.consumer+strconv.Itoa(g.parent)))
}
