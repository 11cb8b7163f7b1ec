package sequence

import (
	"net/http"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// success are the statuses of a step that what follows builds on.
var success = []string{"2XX"}

// gone are the statuses that say that a thing is no longer there.
var gone = []string{"404", "410"}

// scene is a case, or a setup, as it is written: what is needed is put before
// what needs it.
type scene struct {
	b     *builder
	steps []contract.Step
	// given tells by operation the step that is taken values from.
	given map[string]string
	// subject is the operation that made what the case is about: whoever can take
	// from it does.
	subject *openapi.Operation
}

func (b *builder) scene() *scene { return &scene{b: b, given: make(map[string]string)} }

// choices are those of the operation, but for what the subject gives.
func (s *scene) choices(op *openapi.Operation) []choice {
	out := slices.Clone(s.b.choices[op.Name])
	if s.subject == nil || s.subject == op {
		return out
	}
	for i, c := range out {
		for _, w := range s.b.wanted[op.Name] {
			if w.into != c.into {
				continue
			}
			for _, other := range w.from {
				if other.producer == s.subject {
					out[i].candidate = other
				}
			}
		}
	}
	return out
}

// prepare adds the steps that an operation needs and that are not yet there.
func (s *scene) prepare(op *openapi.Operation) {
	for _, c := range s.choices(op) {
		s.require(c.producer)
	}
}

func (s *scene) require(op *openapi.Operation) {
	if s.given[op.Name] != "" {
		return
	}
	s.prepare(op)
	s.add(s.b.names[op.Name], op, contract.Expect{Status: success})
}

// add appends a step with the ordinary request of op, after what it needs.
func (s *scene) add(name string, op *openapi.Operation, expect contract.Expect) *contract.Step {
	return s.send(name, op, s.b.requests[op.Name], expect)
}

// send appends a step, after what it needs.
func (s *scene) send(name string, op *openapi.Operation, r contract.Request, expect contract.Expect) *contract.Step {
	s.prepare(op)
	uses := s.uses(op)
	for _, u := range uses {
		if part, _ := u.Into.Split(); part != "body" {
			r = drop(r, u.Into)
		}
		if u.Into == "target" {
			r.Path = nil
		}
	}
	for _, at := range s.b.dropped[op.Name] {
		r = drop(r, at)
	}
	s.steps = append(s.steps, contract.Step{Name: name, Operation: op.Name, Request: r, Use: uses, Expect: expect})
	// An ETag is taken from the last answer that had the thing.
	if s.given[op.Name] == "" || op.Method == http.MethodGet && slices.Equal(expect.Status, success) {
		s.given[op.Name] = name
	}
	return &s.steps[len(s.steps)-1]
}

// uses returns what an operation takes out of the steps before. A Location of the
// very thing that is asked for is taken whole.
func (s *scene) uses(op *openapi.Operation) []contract.Use {
	var out []contract.Use
	whole := false
	for _, c := range s.choices(op) {
		u := contract.Use{Step: s.given[c.producer.Name], From: c.from, Into: c.into}
		if located(op, c) {
			u.Into, whole = "target", true
		}
		out = append(out, u)
	}
	if whole {
		out = slices.DeleteFunc(out, func(u contract.Use) bool { part, _ := u.Into.Split(); return part == "path" })
	}
	return out
}

// located reports whether a Location is that of the operation's own path.
func located(op *openapi.Operation, c choice) bool {
	segs := segments(op.Path)
	part, _ := c.into.Split()
	return c.from == "header Location" && part == "path" && c.segment == len(segs)-1
}

// vary returns a request of op whose values are others than those of not.
func (p *Planner) vary(b *builder, op *openapi.Operation, not contract.Request) contract.Request {
	if p.Vary != nil {
		if r, ok := p.Vary(op, not); ok {
			return r
		}
	}
	return b.requests[op.Name]
}
