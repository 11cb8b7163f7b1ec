// Package relied tells what a Pact file says its consumer relies on, as the
// contract that traffic would have shown.
package relied

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/shape"
)

// Contract returns what the HTTP interactions of a Pact rely on: everything that
// they expect of a response counts as used. Calls count interactions. name gives
// the operation of a request, as [openapi.Document.Name] does; an interaction that
// it knows nothing of keeps its own path, and so belongs to no document. What is no
// HTTP is left out, and told.
func Contract(p *pact.Pact, name func(method, target string) string) (*contract.Contract, []string) {
	c := &contract.Contract{
		Schema: contract.ContractSchema, Version: contract.ContractVersion,
		Consumer: p.Consumer, Provider: p.Provider,
	}
	r := reading{operations: make(map[string]*operation)}
	var left []string
	for i := range p.Interactions {
		it := &p.Interactions[i]
		if it.Kind != pact.HTTP || it.Request == nil || it.Response == nil {
			left = append(left, fmt.Sprintf("%q is no request over HTTP", it.Description))
			continue
		}
		r.interaction(it, name)
	}
	for _, op := range slices.Sorted(maps.Keys(r.operations)) {
		c.Interactions = append(c.Interactions, r.operations[op].contract(op))
	}
	return c, left
}

type reading struct{ operations map[string]*operation }

type operation struct {
	calls     uint64
	request   *shape.Builder
	responses map[int]*response
}

type response struct {
	calls  uint64
	media  string
	fields *shape.Builder
}

func (r *reading) interaction(it *pact.Interaction, name func(method, target string) string) {
	method := strings.ToUpper(it.Request.Method)
	if method == "" {
		method = "GET" // as the specification has it
	}
	known := name(method, it.Request.Path)
	if known == "" {
		known = method + " " + it.Request.Path
	}
	op := r.operations[known]
	if op == nil {
		op = &operation{request: shape.NewBuilder(), responses: make(map[int]*response)}
		r.operations[known] = op
	}
	op.calls++
	op.sent(it.Request, known)
	op.expected(it.Response)
}

func (op *operation) sent(req *pact.Request, known string) {
	op.request.Begin()
	_, template, _ := strings.Cut(known, " ")
	for name, value := range shape.PathParameters(template, req.Path) {
		op.request.Value(contract.At("path", name), value)
	}
	for name, values := range req.Query {
		for _, v := range values {
			op.request.Value(contract.At("query", name), v)
		}
	}
	headers(op.request, req.Header)
	if req.Body.IsJSON {
		op.request.Value("body", req.Body.Value)
	}
}

func (op *operation) expected(res *pact.Response) {
	status := res.Status
	if status == 0 {
		status = 200
	}
	r := op.responses[status]
	if r == nil {
		r = &response{fields: shape.NewBuilder()}
		op.responses[status] = r
	}
	r.calls++
	if r.media == "" && res.Body.Presence == pact.Present {
		r.media, _, _ = mime.ParseMediaType(res.Body.ContentType)
	}
	r.fields.Begin()
	headers(r.fields, res.Header)
	if res.Body.IsJSON {
		r.fields.Value("body", res.Body.Value)
	}
}

func headers(b *shape.Builder, h map[string][]string) {
	for name, values := range h {
		if shape.Matters(name) {
			b.Value(contract.At("header", name), strings.Join(values, ", "))
		}
	}
}

func (op *operation) contract(name string) contract.Interaction {
	it := contract.Interaction{Operation: name, Calls: op.calls, Request: op.request.Fields()}
	for _, status := range slices.Sorted(maps.Keys(op.responses)) {
		r := op.responses[status]
		res := contract.ContractResponse{Status: status, Calls: r.calls, MediaType: r.media, Fields: r.fields.Fields()}
		for i := range res.Fields {
			f := &res.Fields[i]
			f.Usage = contract.Usage{State: contract.Used, Calls: f.Seen, Of: f.Of, Confidence: 1}
		}
		it.Responses = append(it.Responses, res)
	}
	return it
}
