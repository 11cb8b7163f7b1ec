// Package coverage measures how much of an OpenAPI document was reached: which of
// what it says of requests was kept to and broken by those that were sent, and
// which of what it says of answers was seen.
//
// # What is counted
//
// Parameters and bodies, by media type: positive where one was sent in a request
// that keeps to the document, negative where one was sent that breaks it.
//
// Keywords of the schemas of requests, such as "query limit maximum" or "body
// /items/*/quantity minimum": positive where a value that keeps to it was sent,
// for bounds the value at the bound, negative where it was what a value broke.
// Keywords of the same name at the same place of the value are one, whichever
// branch of a union, and whichever media type, they are in. Values of
// enumerations and branches of unions have items of their own. These three say
// whether, not how often: their counts stop at 1.
//
// Credentials, and of answers the statuses, media types, header fields and links
// that are declared. What the document does not declare is no item.
//
// A request that was sent without the credentials that it needs, or with wrong
// ones, says nothing of parameters and bodies: it is refused before they matter.
package coverage

import (
	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Meter measures the coverage of one document. It is used by one goroutine at a
// time. An operation's items are worked out when it is first asked.
type Meter struct {
	doc       *openapi.Document
	schemas   *schema.Set
	conformer *conform.Conformer
	plans     map[string]*plan
	recorded  bool
}

// New returns a meter of a document, whose schemas and conformer it shares.
func New(doc *openapi.Document, schemas *schema.Set, c *conform.Conformer) *Meter {
	return &Meter{doc: doc, schemas: schemas, conformer: c, plans: make(map[string]*plan)}
}

// plan returns what is counted of an operation, nil where there is none of the
// name.
func (m *Meter) plan(operation string) *plan {
	if p, ok := m.plans[operation]; ok {
		return p
	}
	op := m.doc.Operation(operation)
	if op == nil {
		return nil
	}
	p := newPlan(m, op)
	m.plans[operation] = p
	return p
}

// See takes what a case gave into account. It keeps nothing of it.
func (m *Meter) See(cs *contract.Case, seen []contract.Observation) {
	if cs == nil {
		return
	}
	for i := range seen {
		o := &seen[i]
		if o.Step < 0 || o.Step >= len(cs.Steps) || unsent(o) {
			continue
		}
		step := &cs.Steps[o.Step]
		p := m.plan(step.Operation)
		if p == nil || o.Request.Method != "" && o.Request.Method != p.op.Method {
			continue
		}
		m.see(p, cs, step, o)
	}
}

// unsent reports whether nothing reached the provider.
func unsent(o *contract.Observation) bool {
	return o.Exchange.Response.Status == 0 && (o.Fault == string(capture.Refused) || o.Fault == canceled)
}

// canceled is the fault of a request that was given up because the run ended.
const canceled = "canceled"

func (m *Meter) see(p *plan, cs *contract.Case, step *contract.Step, o *contract.Observation) {
	p.asked++
	p.answered(&o.Exchange.Response)
	p.credentials(step.Request.Credentials, o.Exchange.Response.Status)
	m.follow(cs, step)
	if step.Request.Credentials != "" && p.op.Security != nil {
		return
	}
	if len(cs.Steps) > 1 || cs.Kind != contract.Negative {
		p.request(&o.Request, m.conformer.Request(p.op, &o.Request))
		return
	}
	// Cases that break the same place by the same rule break the same items.
	key := broke{cs.Rule, cs.At}
	if cs.Rule == "" || !p.known[key] {
		violations := m.conformer.Request(p.op, &o.Request)
		p.request(&o.Request, violations)
		if len(violations) == 1 && len(p.known) < maxKnown {
			p.known[key] = true
		}
		return
	}
	p.again(cs.At, &o.Request)
}

// maxKnown is how many places and rules of an operation are remembered: cases.Max
// is below it, and what is not remembered is worked out again.
const maxKnown = 1024

// broke is what a negative case breaks.
type broke struct {
	rule contract.Rule
	at   contract.Place
}

// follow counts the link that a case is about.
func (m *Meter) follow(cs *contract.Case, step *contract.Step) {
	if cs.Rule != contract.RuleLink || step != &cs.Steps[len(cs.Steps)-1] {
		return
	}
	if p := m.plan(cs.Operation); p != nil {
		p.link(cs.Why, step.Operation)
	}
}

// Recorded takes a recorded request into account, decoded, with where it breaks
// the document, and its answer. wire is where the credentials are looked for.
func (m *Meter) Recorded(op *openapi.Operation, r *contract.Request, violations []conform.Violation, wire *capture.Exchange) {
	if op == nil || r == nil || wire == nil {
		return
	}
	p := m.plan(op.Name)
	if p == nil {
		return
	}
	m.recorded = true
	p.asked++
	p.answered(&wire.Response)
	which := m.shown(op, r, &wire.Request)
	if which == "" && wire.Response.Status == 401 {
		which = contract.WrongCredentials
	}
	p.credentials(which, wire.Response.Status)
	if which == "" || op.Security == nil {
		p.request(r, violations)
	}
}

// Brings takes a request that was not sent into account, and returns how many
// items it keeps to that none did before: what a choice of few requests is made by.
func (m *Meter) Brings(op *openapi.Operation, r *contract.Request) int {
	if op == nil || r == nil {
		return 0
	}
	p := m.plan(op.Name)
	if p == nil {
		return 0
	}
	before := p.kept()
	p.request(r, nil)
	return p.kept() - before
}
