package sequence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// extra is how many things are made before a list is followed, so that there is a
// second page of [small].
const extra = 3

// lists are the cases that follow the list of an operation to its end.
func (p *Planner) lists(b *builder, op *openapi.Operation, r *resource) []contract.Case {
	shown := b.walk(op, large)
	if shown == nil || !b.usable(op) {
		return nil
	}
	out := []contract.Case{p.follow(b, op, r, "pages-large", "the list is followed to its last page", shown, nil)}
	if seams := b.walk(op, small); seams.size != nil && !sameSize(seams, shown) {
		out = append(out, p.follow(b, op, r, "pages-small", "the list is followed in small pages, for what is wrong between them", seams, nil))
	}
	if at, v := b.descending(op); at != "" {
		out = append(out, p.follow(b, op, r, "pages-descending", "the list is followed from its other end, so that its last items are seen however long it is",
			b.walk(op, large), map[contract.Place]any{at: v}))
	}
	if last, ok := p.last(b, op, r); ok {
		out = append(out, last)
	}
	return out
}

func sameSize(a, b *walk) bool {
	at := contract.At("query", a.size.Name)
	return a.set[at] == b.set[at]
}

func (p *Planner) follow(b *builder, op *openapi.Operation, r *resource, name, why string, w *walk, more map[contract.Place]any) contract.Case {
	s := p.filled(b, op, r)
	step := s.add("list", op, contract.Expect{Check: contract.Accepted, Status: success})
	for at, v := range more {
		w.set[at] = v
	}
	w.into(step)
	return pageCase(s, op, name, why)
}

func pageCase(s *scene, op *openapi.Operation, name, why string) contract.Case {
	return contract.Case{ID: s.b.names[op.Name] + "/" + name, Operation: op.Name, Kind: contract.Sequence,
		Rule: contract.RulePages, Source: contract.FromInferred, Why: why, Steps: s.steps}
}

// filled makes a few things of the list, where something makes them. That they
// are refused, as being there already, does not keep the list from being
// followed: these steps expect nothing.
func (p *Planner) filled(b *builder, op *openapi.Operation, r *resource) *scene {
	s := b.scene()
	s.prepare(op)
	if r == nil {
		return s
	}
	request := b.requests[r.create.Name]
	for i := range extra {
		s.send("create-"+itoa(i+1), r.create, request, contract.Expect{})
		request = p.vary(b, r.create, request)
	}
	return s
}

// descending finds the parameter that turns a list around, and its value for it.
func (b *builder) descending(op *openapi.Operation) (contract.Place, any) {
	p := parameter(op, orderNames)
	if p == nil {
		return "", nil
	}
	for _, v := range b.shapes.of(p.Schema).enum {
		if text, ok := v.(string); ok && slices.Contains(words(text), "desc") {
			return contract.At("query", p.Name), v
		}
	}
	return "", nil
}

// last asks for the last page by the number that the answer tells. In pages of
// one item, the number of items is that of pages.
func (p *Planner) last(b *builder, op *openapi.Operation, r *resource) (contract.Case, bool) {
	w := b.walk(op, 1)
	total, ok := b.total(op)
	if !ok || w == nil || w.pages.Step == 0 {
		return contract.Case{}, false
	}
	_, name := total.Split()
	single := w.size != nil && w.set[contract.At("query", w.size.Name)] == json.Number("1")
	if !single && !(w.numbered && strings.Contains(strings.ToLower(name), "page")) {
		return contract.Case{}, false
	}
	s := p.filled(b, op, r)
	ask := func(name string) *contract.Step {
		step := s.add(name, op, contract.Expect{Check: contract.Accepted, Status: success})
		w.into(step)
		step.Pages = nil
		return step
	}
	ask("list")
	end := ask("list-last")
	end.Request = drop(end.Request, w.pages.Into)
	end.Use = append(end.Use, contract.Use{Step: "list", From: total, Into: w.pages.Into})
	return pageCase(s, op, "pages-last", fmt.Sprintf("the end of the list is asked for by what its answer tells at %s", total)), true
}
