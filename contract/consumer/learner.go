// Package consumer infers contracts from chains of calls: what each consumer asks
// of each provider, what it gets, and what of this it uses.
package consumer

import (
	"cmp"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/shape"
	"twinspect.dev/contract/usage"
)

// The reasons for which a call is in no contract.
const (
	// NoConsumer: nothing says who called, as of those who are no service.
	NoConsumer capture.Reason = "no-consumer"
	// NoProvider: nothing says who was called.
	NoProvider capture.Reason = "no-provider"
	// Own: a service called itself.
	Own capture.Reason = "own-call"
	// TooMany: there are more operations than are kept apart.
	TooMany capture.Reason = "too-many-operations"
)

// maxInteractions bounds the operations of all pairs. An interaction takes some
// 100 KB, so that these take 2 GB at the very most; a hundred services with fifty
// calls each make a quarter of it.
const maxInteractions = 20_000

// Learner infers contracts. It is used by one goroutine at a time. What it gives
// does not depend on the order of the chains.
type Learner struct {
	documents map[string]*openapi.Document
	follower  *usage.Follower
	checker   *redact.Redactor
	pairs     map[pair]*learned
	count     int
	stats     capture.Stats
}

type pair struct{ consumer, provider string }

type learned struct {
	from, to     time.Time
	interactions map[string]*interaction
}

type interaction struct {
	calls     uint64
	causes    map[string]uint64
	request   *shape.Builder
	responses map[int]*response
}

type response struct {
	calls  uint64
	media  map[string]uint64
	fields *shape.Builder
	// example is the exchange that shows it best.
	example candidate
}

// New returns a learner that names operations by the documents of providers.
func New(documents map[string]*openapi.Document) (*Learner, error) {
	checker, err := redact.New(redact.Rules{Defaults: true}, nil)
	if err != nil {
		return nil, err
	}
	return &Learner{documents: documents, follower: usage.New(), checker: checker, pairs: make(map[pair]*learned)}, nil
}

// Operation names the operation of a provider: as its document does, else by the
// span, else by the looks of the target.
func (l *Learner) Operation(provider string, node *trace.Call, e *capture.Exchange) string {
	if doc := l.documents[provider]; doc != nil {
		if name := doc.Name(e.Request.Method, e.Request.Target); name != "" {
			return name
		}
	}
	return join.Operation(provider, node, e)
}

// Learn takes a chain into account.
func (l *Learner) Learn(c *join.Chain) {
	for i := range c.Calls {
		l.stats.Seen++
		switch reason := l.call(c, i); reason {
		case "":
			l.stats.Written++
		case TooMany:
			l.stats.Drop(reason, 1)
		default:
			l.stats.Filter(reason, 1)
		}
	}
	l.follower.See(c)
}

func (l *Learner) call(c *join.Chain, i int) capture.Reason {
	call := &c.Calls[i]
	switch {
	case call.Consumer == "":
		return NoConsumer
	case call.Provider == "":
		return NoProvider
	case call.Consumer == call.Provider:
		return Own
	}
	it := l.interaction(call)
	if it == nil {
		return TooMany
	}
	it.see(call, cause(c, call)).example.offer(call, l.checker)
	return ""
}

// cause is the consumer's operation during which it made the call.
func cause(c *join.Chain, call *join.Call) string {
	if call.Parent < 0 {
		return ""
	}
	return c.Calls[call.Parent].Operation
}

func (l *Learner) interaction(call *join.Call) *interaction {
	of := pair{call.Consumer, call.Provider}
	p := l.pairs[of]
	if p == nil {
		p = &learned{interactions: make(map[string]*interaction)}
		l.pairs[of] = p
	}
	it := p.interactions[call.Operation]
	if it == nil {
		if l.count == maxInteractions {
			return nil
		}
		l.count++
		it = &interaction{causes: make(map[string]uint64), request: shape.NewBuilder(), responses: make(map[int]*response)}
		p.interactions[call.Operation] = it
	}
	p.during(call.Exchange.Request.Start, call.Exchange.Response.End)
	return it
}

func (p *learned) during(start, end time.Time) {
	if end.Before(start) {
		end = start
	}
	if p.from.IsZero() || start.Before(p.from) {
		p.from = start
	}
	if end.After(p.to) {
		p.to = end
	}
}

func (it *interaction) see(call *join.Call, cause string) *response {
	it.calls++
	it.causes[cause]++
	shape.Request(it.request, call.Operation, &call.Exchange.Request)
	res := it.responses[call.Exchange.Response.Status]
	if res == nil {
		res = &response{media: make(map[string]uint64), fields: shape.NewBuilder()}
		it.responses[call.Exchange.Response.Status] = res
	}
	res.calls++
	res.media[mediaType(&call.Exchange.Response)]++
	shape.Response(res.fields, &call.Exchange.Response)
	return res
}

// mediaType is that of the body, "" where there is none.
func mediaType(res *capture.Response) string {
	if len(res.Body) == 0 {
		return ""
	}
	t, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return t
}

// Account implements capture.Accounted: calls of chains, those in a contract
// written, and what of their values was followed.
func (l *Learner) Account() capture.Account {
	return append(capture.Account{{Name: "infer", Unit: "calls", Stats: l.stats.Clone()}}, l.follower.Account()...)
}

// Contracts returns what was inferred, sorted by consumer and provider.
func (l *Learner) Contracts() []*contract.Contract {
	pairs := slices.SortedFunc(maps.Keys(l.pairs), func(a, b pair) int {
		return cmp.Or(strings.Compare(a.consumer, b.consumer), strings.Compare(a.provider, b.provider))
	})
	var all []*contract.Contract
	for _, p := range pairs {
		if len(l.pairs[p].interactions) > 0 {
			all = append(all, l.contract(p))
		}
	}
	return all
}

func (l *Learner) contract(of pair) *contract.Contract {
	p := l.pairs[of]
	c := &contract.Contract{
		Schema: contract.ContractSchema, Version: contract.ContractVersion,
		Consumer: of.consumer, Provider: of.provider,
		From: p.from.UTC(), To: p.to.UTC(),
	}
	doc := l.documents[of.provider]
	if doc != nil {
		info := doc.Info()
		c.Document = &info
	}
	for _, name := range slices.Sorted(maps.Keys(p.interactions)) {
		it := p.interactions[name]
		known := contract.Interaction{Operation: name, Calls: it.calls, For: it.causes, Request: it.request.Fields()}
		var op *openapi.Operation
		if doc != nil {
			op = doc.Operation(name)
		}
		if op != nil {
			known.OperationID = op.ID
		}
		for _, status := range slices.Sorted(maps.Keys(it.responses)) {
			uses := l.follower.Uses(of.consumer, of.provider, name, status)
			res := it.responses[status].contract(status, uses)
			declare(&res, doc, op)
			known.Responses = append(known.Responses, res)
		}
		c.Interactions = append(c.Interactions, known)
	}
	return c
}

func (r *response) contract(status int, uses map[contract.Place]contract.Usage) contract.Answer {
	c := contract.Answer{Status: status, Calls: r.calls, MediaType: most(r.media), Fields: r.fields.Fields(), Example: r.example.example}
	known := located(c.Fields, uses)
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Usage = known[f.At]
		if f.Usage.State == "" {
			f.Usage = contract.Usage{State: contract.Seen, Of: f.Seen}
		}
	}
	return c
}

// located brings uses to the places of fields: what one sees as the keys of a map
// may be so many names to the other. Of several the surest one counts.
func located(fields []contract.Field, uses map[contract.Place]contract.Usage) map[contract.Place]contract.Usage {
	known := make(map[contract.Place]contract.Usage, len(uses))
	for _, at := range slices.Sorted(maps.Keys(uses)) {
		u := uses[at]
		to, ok := shape.Locate(fields, at)
		if !ok {
			continue
		}
		if old := known[to]; old.State == "" || u.State == contract.Used && (old.State != contract.Used || u.Confidence > old.Confidence) {
			u.Evidence = told(&u)
			known[to] = u
		}
	}
	return known
}

// maxTold is how many places a contract names at which a field is used: a person
// who reviews it wants to know that there are some, and where.
const maxTold = 3

// told is the evidence that a contract keeps: of a field that is used the surest,
// each place once; of others none, since it proves nothing.
func told(u *contract.Usage) []contract.Evidence {
	if u.State != contract.Used {
		return nil
	}
	var kept []contract.Evidence
	for _, e := range u.Evidence {
		same := func(o contract.Evidence) bool { return o.Into == e.Into }
		if len(kept) < maxTold && !slices.ContainsFunc(kept, same) {
			kept = append(kept, e)
		}
	}
	return kept
}

// most is the key that was counted most often, the first by name of several.
func most(counts map[string]uint64) string {
	var best string
	var n uint64
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		if counts[key] > n {
			best, n = key, counts[key]
		}
	}
	return best
}
