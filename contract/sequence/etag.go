package sequence

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// conditions are the cases of requests with a condition (RFC 9110 section 13),
// where the document declares what they take.
func (p *Planner) conditions(b *builder, r *resource) []contract.Case {
	if r.read == nil {
		return nil
	}
	tag, ok := etagOf(r.read)
	if !ok {
		return nil
	}
	var out []contract.Case
	if declares(r.read, "304") {
		out = append(out, p.notModified(b, r, tag))
	}
	for _, way := range []struct {
		name string
		op   *openapi.Operation
	}{{"if-match-put", r.put}, {"if-match-patch", r.patch}} {
		if way.op != nil && declares(way.op, "412") {
			out = append(out, p.stale(b, r, tag, way.name, way.op))
		}
	}
	return out
}

func (p *Planner) notModified(b *builder, r *resource, tag contract.Place) contract.Case {
	s := p.begin(b, r)
	s.add("read", r.read, contract.Expect{Status: success})
	step := s.add("read-again", r.read, contract.Expect{Check: contract.HeadersKept, Status: []string{"304"}})
	condition(step, "If-None-Match", tag)
	return s.done("if-none-match", r.read, contract.RuleRepeat,
		fmt.Sprintf("what is asked for again with the ETag that it had is not sent again: %s declares 304", r.read.Name))
}

// stale changes a thing twice with the ETag from before the first change.
func (p *Planner) stale(b *builder, r *resource, tag contract.Place, name string, update *openapi.Operation) contract.Case {
	s := p.begin(b, r)
	s.add("read", r.read, contract.Expect{Status: success})
	changed := s.varied(update)
	condition(s.send("update", update, changed, contract.Expect{Check: contract.Accepted, Status: success}), "If-Match", tag)
	again := p.vary(b, update, changed)
	condition(s.send("update-stale", update, again, contract.Expect{Check: contract.Rejected, Status: []string{"412"}}), "If-Match", tag)
	return s.done(name, update, contract.RuleLifecycle,
		fmt.Sprintf("a change is made with the ETag that was read, and refused with one that no longer holds: %s declares 412", update.Name))
}

// condition gives a step the ETag that the step "read" was answered with, unless
// its operation declares the field and was given it so.
func condition(step *contract.Step, header string, tag contract.Place) {
	for name := range step.Request.Header {
		if strings.EqualFold(name, header) {
			step.Request = drop(step.Request, contract.At("header", name))
			header = name
		}
	}
	into := contract.At("header", header)
	given := func(u contract.Use) bool { return strings.EqualFold(string(u.Into), string(into)) }
	if !slices.ContainsFunc(step.Use, given) {
		step.Use = append(step.Use, contract.Use{Step: "read", From: tag, Into: into})
	}
}
