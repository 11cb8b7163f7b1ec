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
	// asked and told are the forms in which the values were sent; given are those
	// in which the answer's may come again.
	asked, told, given []entry
	hasAsked, hasTold  bool
}

func (f *Follower) read(c *join.Chain) *reading {
	if cap(f.entries) > maxIdle {
		f.entries = nil
	}
	f.entries = f.entries[:0]
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
	f.look(r, g)
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

// learn finds the forms of the responses, and which of them were news when they
// came: not in a request that the consumer served or made until then.
func (f *Follower) learn(r *reading, g group) {
	f.known.reset()
	if g.parent >= 0 {
		f.keep(f.asked(r, g.parent))
	}
	for _, i := range g.calls {
		f.keep(f.asked(r, i))
		if !answered(&r.chain.Calls[i]) {
			continue
		}
		got, _ := f.answer(r, i)
		now, begin := moment(&r.chain.Calls[i]), len(f.entries)
		for j := range got {
			if r.steps > 0 {
				f.entries = given(f.entries, &got[j], now, &f.known)
			}
		}
		r.said[i].given = f.cut(r, begin)
	}
}

// keep notes what the consumer has from now on.
func (f *Follower) keep(forms []entry) {
	for i := range forms {
		f.known.note(forms[i].hash)
	}
}

// asked returns the forms of what was asked in a call.
func (f *Follower) asked(r *reading, i int) []entry {
	s := &r.said[i]
	if !s.hasAsked {
		s.hasAsked = true
		values, _ := f.request(r, i)
		s.asked = f.forms(r, values)
	}
	return s.asked
}

// told returns the forms of what was answered in a call.
func (f *Follower) told(r *reading, i int) []entry {
	s := &r.said[i]
	if !s.hasTold {
		s.hasTold = true
		values, _ := f.answer(r, i)
		s.told = f.forms(r, values)
	}
	return s.told
}

func (f *Follower) forms(r *reading, values []value) []entry {
	begin := len(f.entries)
	for i := range values {
		if left := r.steps - (len(f.entries) - begin); left > 0 {
			f.entries = sent(f.entries, &values[i], i)
		}
	}
	return f.cut(r, begin)
}

// cut takes the entries from begin on out of what is used again, and counts them.
func (f *Follower) cut(r *reading, begin int) []entry {
	list := f.entries[begin:len(f.entries):len(f.entries)]
	r.steps -= len(list)
	return list
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
