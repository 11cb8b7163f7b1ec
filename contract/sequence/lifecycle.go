package sequence

import (
	"fmt"
	"net/http"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// script is a case about a resource as it is written.
type script struct {
	*scene
	p *Planner
	r *resource
}

// begin makes the thing: what it takes, then the step "create".
func (p *Planner) begin(b *builder, r *resource) *script {
	return p.beginWith(b, r, b.requests[r.create.Name])
}

func (p *Planner) beginWith(b *builder, r *resource, request contract.Request) *script {
	s := &script{b.scene(), p, r}
	s.send("create", r.create, request, contract.Expect{Status: success})
	s.subject, s.given[r.create.Name] = r.create, "create"
	return s
}

// done is the case that was written.
func (s *script) done(name string, about *openapi.Operation, rule contract.Rule, why string) contract.Case {
	s.p.freshen(s.b, s.steps, s.r.name+"/"+name)
	return contract.Case{
		ID: s.r.name + "/" + name, Operation: about.Name, Kind: contract.Sequence, Rule: rule,
		Source: s.r.source, Why: why, Steps: s.steps,
	}
}

// lifecycles are the cases of what becomes of a thing from its creation on: one
// for each way to change it.
func (p *Planner) lifecycles(b *builder, r *resource) []contract.Case {
	var out []contract.Case
	for _, way := range []struct {
		name   string
		update *openapi.Operation
	}{{"lifecycle-put", r.put}, {"lifecycle-patch", r.patch}} {
		if way.update != nil && (r.read != nil || r.remove != nil) {
			out = append(out, p.lifecycle(b, r, way.name, way.update))
		}
	}
	if len(out) == 0 && (r.read != nil || r.remove != nil || r.list != nil) {
		out = append(out, p.lifecycle(b, r, "lifecycle", nil))
	}
	return out
}

func (p *Planner) lifecycle(b *builder, r *resource, name string, update *openapi.Operation) contract.Case {
	s := p.beginWith(b, r, p.variants(b, r.create)[0])
	s.reads()
	if update != nil {
		s.updates(update)
	}
	s.lists()
	s.deletes(update)
	return s.done(name, r.create, contract.RuleLifecycle,
		fmt.Sprintf("what %s makes is read as it was written, changed, and gone after it was deleted", r.create.Name))
}

// variants returns requests of an operation that are unlike each other, the
// ordinary one where none are known.
func (p *Planner) variants(b *builder, op *openapi.Operation) []contract.Request {
	if p.Variants != nil {
		if all := p.Variants(op); len(all) > 0 {
			return all
		}
	}
	return []contract.Request{b.requests[op.Name]}
}

// written are the cases of things that are created otherwise than usually, and read
// again.
func (p *Planner) written(b *builder, r *resource) []contract.Case {
	if r.read == nil {
		return nil
	}
	var out []contract.Case
	for i, request := range p.variants(b, r.create)[1:] {
		s := p.beginWith(b, r, request)
		s.reads()
		out = append(out, s.done(fmt.Sprint("created-", i+1), r.create, contract.RuleLifecycle,
			fmt.Sprintf("what %s makes is read as it was written, whatever was written", r.create.Name)))
	}
	return out
}

// reads asks twice, as a step is held against one check: first whether the thing
// is there, then whether it is what was written.
func (s *script) reads() {
	if s.r.read == nil {
		return
	}
	s.add("read", s.r.read, contract.Expect{Check: contract.Available, Status: success})
	s.add("read-created", s.r.read, contract.Expect{Check: contract.ReadAfterWrite, Status: success, Kept: "create"})
}

func (s *script) updates(update *openapi.Operation) {
	request := s.varied(update)
	reads := s.r.read != nil && !deferred(update)
	if narrow, ok := s.narrow(update, request); ok && reads {
		s.send("update-part", update, narrow, contract.Expect{Status: success})
		s.add("read-updated-part", s.r.read, contract.Expect{Check: contract.WriteKept, Status: success, Kept: "create update-part"})
	}
	s.send("update", update, request, contract.Expect{Status: success})
	if reads {
		s.add("read-updated", s.r.read, contract.Expect{Check: contract.WriteKept, Status: success, Kept: "update"})
	}
}

// narrow is a request that changes a part only: a PATCH leaves what it does not
// name as it was (RFC 5789 section 2).
func (s *script) narrow(update *openapi.Operation, r contract.Request) (contract.Request, bool) {
	if s.p.Narrow == nil || update.Method != http.MethodPatch {
		return r, false
	}
	return s.p.Narrow(update, r)
}

// varied is a request of an update whose values are not those of the creation, so
// that it shows whether they are kept.
func (s *script) varied(update *openapi.Operation) contract.Request {
	i := slices.IndexFunc(s.steps, func(step contract.Step) bool { return step.Name == "create" })
	return s.p.vary(s.b, update, s.steps[i].Request)
}

func (s *script) lists() {
	if s.r.list == nil {
		return
	}
	step := s.add("list", s.r.list, contract.Expect{Check: contract.Available, Status: success, Listed: "create"})
	if walk := s.b.walk(s.r.list, large); walk != nil {
		walk.into(step)
	}
}

func (s *script) listsNoMore() {
	if s.r.list == nil {
		return
	}
	step := s.add("list-deleted", s.r.list, contract.Expect{Check: contract.UseAfterDelete, Status: success, Unlisted: "create"})
	if walk := s.b.walk(s.r.list, large); walk != nil {
		walk.into(step)
	}
}

// deletes asks for the thing again after it was deleted, in every way there is.
func (s *script) deletes(update *openapi.Operation) {
	if s.r.remove == nil {
		return
	}
	s.add("delete", s.r.remove, contract.Expect{Status: success})
	if deferred(s.r.remove) {
		return
	}
	if s.r.read != nil {
		s.add("read-deleted", s.r.read, contract.Expect{Check: contract.UseAfterDelete, Status: gone})
	}
	s.listsNoMore()
	if update != nil && update != s.r.create && !declares(update, "201") {
		expect := contract.Expect{Check: contract.UseAfterDelete, Status: s.refused(update, gone)}
		s.send("update-deleted", update, s.varied(update), expect)
	}
	s.deletesAgain()
}

func (s *script) deletesAgain() {
	statuses := s.refused(s.r.remove, append([]string{"2XX"}, gone...))
	s.add("delete-again", s.r.remove, contract.Expect{Check: contract.Idempotent, Status: statuses})
}

// refused adds 412 to the statuses where the request has a condition, which no
// thing that is gone fulfils (RFC 9110 section 13.1.1).
func (s *script) refused(op *openapi.Operation, statuses []string) []string {
	for _, c := range s.b.choices[op.Name] {
		if c.etag {
			return append(append([]string{}, statuses...), "412")
		}
	}
	return statuses
}

// repeats are the cases of requests that are sent twice.
func (p *Planner) repeats(b *builder, r *resource) []contract.Case {
	out := []contract.Case{p.createTwice(b, r)}
	if r.read != nil {
		out = append(out, p.readTwice(b, r))
	}
	if r.put != nil && r.read != nil && !deferred(r.put) {
		out = append(out, p.putTwice(b, r))
	}
	if r.remove != nil && !deferred(r.remove) {
		out = append(out, p.deleteTwice(b, r))
	}
	return out
}

func (p *Planner) createTwice(b *builder, r *resource) contract.Case {
	s := p.begin(b, r)
	s.subject = nil
	s.add("create-again", r.create, contract.Expect{Check: contract.StatusDeclared})
	return s.done("create-twice", r.create, contract.RuleRepeat,
		"the same thing is made twice: whether it is made again or refused, the status is declared")
}

func (p *Planner) readTwice(b *builder, r *resource) contract.Case {
	s := p.begin(b, r)
	s.add("read", r.read, contract.Expect{Status: success})
	s.add("read-again", r.read, contract.Expect{Check: contract.Idempotent, Status: success, Same: "read"})
	return s.done("get-twice", r.read, contract.RuleRepeat, "what only reads changes nothing: the second answer is like the first")
}

// putTwice compares what is read after each: the answers to the requests
// themselves may differ (RFC 9110 section 9.2.2).
func (p *Planner) putTwice(b *builder, r *resource) contract.Case {
	s := p.begin(b, r)
	request := s.varied(r.put)
	s.send("update", r.put, request, contract.Expect{Status: success})
	s.add("read", r.read, contract.Expect{Status: success})
	s.send("update-again", r.put, request, contract.Expect{Check: contract.Idempotent, Status: success})
	s.add("read-again", r.read, contract.Expect{Check: contract.Idempotent, Status: success, Same: "read"})
	return s.done("put-twice", r.put, contract.RuleRepeat, "PUT twice leaves what PUT once leaves")
}

func (p *Planner) deleteTwice(b *builder, r *resource) contract.Case {
	s := p.begin(b, r)
	s.add("delete", r.remove, contract.Expect{Status: success})
	s.deletesAgain()
	if r.read != nil {
		s.add("read-deleted", r.read, contract.Expect{Check: contract.UseAfterDelete, Status: gone})
	}
	return s.done("delete-twice", r.remove, contract.RuleRepeat, "DELETE twice leaves what DELETE once leaves, and never fails on the provider's side")
}
