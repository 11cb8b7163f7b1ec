// Package sequence makes the cases that take several requests, and the setups of
// those that take one: which operations make what others need is inferred from
// the paths, names, schemas, headers and links of a document, and from traffic.
//
// What steps expect:
//   - A step that others build on has an Expect without a Check, with Status 2XX:
//     where it is answered otherwise the rest of the case is not run, and nothing
//     is said of it, as the operation has cases of its own.
//   - A step with neither Check nor Status may be answered in any way; the rest is
//     run.
//   - A step has one Check. What was created is read twice: the first asks whether
//     it is there (available-after-create), the second whether it is what was sent
//     (read-after-write, by Kept).
//   - The other statuses that a Check allows are in Status; what comes after such a
//     step is run, whatever it was answered, as long as its Uses find their values.
//
// A Use from "header Location" into "target" takes it whole. One into "path id"
// takes the last segment of its path, as the thing asked for is beneath it.
package sequence

import (
	"fmt"
	"net/http"
	"sync"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// Planner plans the sequences of one document. It must not be changed once it was
// asked for anything; it may then be used by many goroutines, which wait for each
// other.
type Planner struct {
	Document *openapi.Document
	// Ordinary makes a request of an operation that ought to be accepted; false
	// where none can be made.
	Ordinary func(op *openapi.Operation) (contract.Request, bool)
	// Vary makes a request whose values differ from those of another, which may be
	// of another operation, in as many fields as it can: the creation's, for an
	// update. Where it is nil or gives false, the ordinary request is sent, and a
	// change that is not kept may not show.
	Vary func(op *openapi.Operation, not contract.Request) (contract.Request, bool)
	// Variants makes requests that are unlike each other and ought to be accepted, the
	// one that says most first. Things are created by the first where they are to be
	// changed, and by each to be read again. Nil or none leaves it at the ordinary one.
	Variants func(op *openapi.Operation) []contract.Request
	// Narrow makes a request say as little in its body as is allowed, but something.
	// Where it is nil or gives false, no update is sent that changes a part only.
	Narrow func(op *openapi.Operation, r contract.Request) (contract.Request, bool)
	// Fresh gives the path of a request values of its own for each salt: a thing that
	// its creator names is one case's alone. Nil leaves them all alike.
	Fresh func(op *openapi.Operation, r contract.Request, salt string) contract.Request
	// Recorded is what traffic showed of which values are taken from where.
	Recorded []Dependency

	once sync.Once
	// mu guards what planned reads of schemas as it goes.
	mu      sync.Mutex
	planned *builder
}

func (p *Planner) plan() *builder {
	p.once.Do(func() { p.planned = newBuilder(p.operations(), p.node(), p) })
	return p.planned
}

// Setups returns what each operation needs that needs anything, in the order of
// the operations: the fewest steps, what others build on first, at most six.
func (p *Planner) Setups() []contract.Setup {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.plan()
	var out []contract.Setup
	for _, op := range b.ops {
		if len(b.chains[op.Name]) == 0 {
			continue
		}
		s := b.scene()
		s.prepare(op)
		p.freshen(b, s.steps, "setup of "+op.Name)
		out = append(out, contract.Setup{Operation: op.Name, Steps: s.steps, Use: s.uses(op)})
	}
	return out
}

// Cases returns the cases of what can be made, of lists, and of links, and what
// none could be made for. The same document and requests give the same cases.
func (p *Planner) Cases() ([]contract.Case, []contract.Gap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.plan()
	cases, gaps := []contract.Case(nil), append([]contract.Gap(nil), b.gaps...)
	listed := make(map[*openapi.Operation]*resource)
	for _, r := range b.resources() {
		if r.list != nil && listed[r.list] == nil {
			listed[r.list] = r
		}
		if deferred(r.create) {
			gaps = append(gaps, contract.Gap{Operation: r.create.Name, Rule: contract.RuleLifecycle,
				Why: fmt.Sprintf("%s answers 202 alone: when the thing is there is not told", r.create.Name)})
			continue
		}
		cases = append(cases, p.lifecycles(b, r)...)
		cases = append(cases, p.written(b, r)...)
		cases = append(cases, p.repeats(b, r)...)
		cases = append(cases, p.conditions(b, r)...)
	}
	for _, op := range b.ops {
		if _, ready := b.chains[op.Name]; !ready {
			continue
		}
		cases = append(cases, p.lists(b, op, listed[op])...)
		linked, unlinked := p.linkCases(b, op)
		cases, gaps = append(cases, linked...), append(gaps, unlinked...)
	}
	return named(cases), gaps
}

// freshen gives each thing that is named by who makes it a name of its own.
func (p *Planner) freshen(b *builder, steps []contract.Step, salt string) {
	if p.Fresh == nil {
		return
	}
	named := map[*openapi.Operation]map[string]any{} // within a case the names are the same
	for i := range steps {
		r := &steps[i].Request
		op := b.byName[steps[i].Operation]
		if op.Method != http.MethodPut || len(r.Path) == 0 {
			continue
		}
		if named[op] == nil {
			named[op] = p.Fresh(op, *r, salt).Path
		}
		r.Path = named[op]
	}
}

// named gives cases whose names came out alike numbers.
func named(cases []contract.Case) []contract.Case {
	used := make(map[string]int)
	for i := range cases {
		cases[i].ID = unique(used, cases[i].ID)
	}
	return cases
}
