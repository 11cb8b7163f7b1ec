// Package relied tells what a Pact file says its consumer relies on, as the
// contract that traffic would have shown.
package relied

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/shape"
)

// Contract returns what the HTTP interactions of a Pact rely on: everything that
// they expect of a response counts as used. Calls count interactions. name gives
// the operation of a request, as [openapi.Document.Name] does; an interaction that
// it knows nothing of keeps its own path, and so belongs to no document. What is no
// HTTP is left out, and told; so are the parts of messages that are beyond what a
// contract holds. Credentials are no part of it.
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
		left = append(left, r.operations[op].lost(op)...)
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

// sent takes the parts of a request as those of one on the wire are taken.
func (op *operation) sent(req *pact.Request, known string) {
	target := req.Path
	if len(req.Query) > 0 {
		sep := "?"
		if strings.Contains(target, sep) {
			sep = "&"
		}
		target += sep + url.Values(req.Query).Encode()
	}
	shape.Request(op.request, known, &capture.Request{Target: target, Message: capture.Message{Header: header(req.Header)}})
	if req.Body.IsJSON {
		op.request.Value("body", req.Body.Value)
	}
}

func (op *operation) expected(res *pact.Response) {
	status := res.Status
	if status == 0 {
		status = 200 // as the specification has it
	}
	r := op.responses[status]
	if r == nil {
		r = &response{fields: shape.NewBuilder()}
		op.responses[status] = r
	}
	r.calls++
	if r.media == "" && res.Body.Presence == pact.Present {
		r.media = pact.Media(res.Body.ContentType)
	}
	shape.Response(r.fields, &capture.Response{Message: capture.Message{Header: header(res.Header)}})
	if res.Body.IsJSON {
		r.fields.Value("body", res.Body.Value)
	}
}

// header is that of a message without a body: the coding of what is there no more
// does not matter.
func header(h map[string][]string) (out capture.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, capture.Field{Name: name, Value: v})
		}
	}
	return out
}

// lost tells what of the messages of an operation was not learned from.
func (op *operation) lost(name string) (all []string) {
	builders := []*shape.Builder{op.request}
	for _, status := range slices.Sorted(maps.Keys(op.responses)) {
		builders = append(builders, op.responses[status].fields)
	}
	sum := make(map[capture.Reason]uint64)
	for _, b := range builders {
		for reason, n := range b.Lost() {
			sum[reason] += n
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(sum)) {
		all = append(all, fmt.Sprintf("parts of %s: %d, %s", name, sum[reason], reason))
	}
	return all
}

func (op *operation) contract(name string) contract.Interaction {
	it := contract.Interaction{Operation: name, Calls: op.calls, Request: op.request.Fields()}
	for _, status := range slices.Sorted(maps.Keys(op.responses)) {
		r := op.responses[status]
		res := contract.Answer{Status: status, Calls: r.calls, MediaType: r.media, Fields: r.fields.Fields()}
		for i := range res.Fields {
			f := &res.Fields[i]
			f.Usage = contract.Usage{State: contract.Used, Calls: f.Seen, Of: f.Of, Confidence: 1}
		}
		it.Responses = append(it.Responses, res)
	}
	return it
}
