package consumer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// FromContract makes a Pact of version v out of an inferred contract: one interaction
// for each operation and status. The texts say what could not be said, and why; they
// hold no values. The same contract gives the same Pact.
func FromContract(c *contract.Contract, v pact.Version) (*pact.Pact, []string) {
	w := &writer{version: v, rules: v != pact.V1 && v != pact.V11, or: v != pact.V1 && v != pact.V11 && v != pact.V2}
	p := &pact.Pact{Consumer: c.Consumer, Provider: c.Provider, Version: v}
	if !w.rules {
		w.tell("version %s has no matching rules: values must be equal to those of the examples", v)
	}
	for i := range c.Interactions {
		for j := range c.Interactions[i].Responses {
			it, r := &c.Interactions[i], &c.Interactions[i].Responses[j]
			w.at = fmt.Sprintf("%s answers %d", it.Operation, r.Status)
			if conditional[r.Status] {
				w.tell("left out: it depends on the copy that the consumer has")
				continue
			}
			p.Interactions = append(p.Interactions, w.interaction(it, r))
		}
		if len(c.Interactions[i].Responses) == 0 {
			w.at = c.Interactions[i].Operation
			w.tell("no answer was seen")
		}
	}
	return p, w.told
}

// writer collects what cannot be said.
type writer struct {
	version pact.Version
	rules   bool   // the version has matching rules
	or      bool   // and rules of which one is enough, and those for numbers
	at      string // what is being written
	told    []string
}

func (w *writer) tell(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.at != "" {
		text = w.at + ": " + text
	}
	w.told = append(w.told, text)
}

// shown is an interaction with the exchange that its request is taken from: the
// response's own, else that of another one.
type shown struct {
	*contract.Interaction
	Example *contract.Sample
	own     bool
}

func show(it *contract.Interaction, r *contract.Answer) *shown {
	if r.Example != nil {
		return &shown{it, r.Example, true}
	}
	for i := range it.Responses {
		if x := it.Responses[i].Example; x != nil {
			return &shown{it, x, false}
		}
	}
	return &shown{Interaction: it}
}

func (w *writer) interaction(in *contract.Interaction, r *contract.Answer) pact.Interaction {
	it := show(in, r)
	w.at = fmt.Sprintf("%s answers %d", it.Operation, r.Status)
	out := pact.Interaction{Kind: pact.HTTP, Description: w.at, Request: w.request(it), Response: w.response(it, r)}
	if dependsOnData(it, r) {
		state := pact.State{Name: fmt.Sprintf("%s answered %d", it.Operation, r.Status)}
		if it.own && w.or {
			state.Params = stateParams(it)
		}
		out.States = []pact.State{state}
	}
	if it.Example == nil {
		w.tell("no exchange may be shown: its values are made up")
	} else if !it.own {
		w.tell("the request is that of another answer: the provider state must see to this one")
	}
	return out
}

// conditional are the statuses that answer a precondition (RFC 9110 section 13): no
// provider state can make a version of something that has the tag of an example.
var conditional = map[int]bool{304: true, 412: true}

// dependsOnData says whether the provider needs a state for the answer: it names a
// resource, or refuses, or something of what it gives is used.
func dependsOnData(it *shown, r *contract.Answer) bool {
	return strings.Contains(it.Operation, "{") || r.Status >= 400 || slices.ContainsFunc(r.Fields, func(f contract.Field) bool {
		part, _ := f.At.Split()
		return part == "body" && f.Usage.State == contract.Used
	})
}

// response is the status, and of headers and body what is used.
func (w *writer) response(it *shown, r *contract.Answer) *pact.Response {
	out := &pact.Response{Status: r.Status, Header: map[string][]string{}, Rules: pact.Rules{}}
	var header map[string]string
	var body any
	if it.own {
		header, body = it.Example.ResponseHeader, it.Example.Response
	}
	for i := range r.Fields {
		if part, name := r.Fields[i].At.Split(); part == "header" && r.Fields[i].Usage.State == contract.Used {
			w.header(out, &r.Fields[i], name, header)
		}
	}
	w.body(out, treeOf(r.Fields), body, r.MediaType)
	if len(out.Header) == 0 {
		out.Header = nil
	}
	if len(out.Rules) == 0 {
		out.Rules = nil
	}
	return out
}

func (w *writer) header(out *pact.Response, f *contract.Field, name string, example map[string]string) {
	switch {
	case credential(name):
		w.tell("%s is used and left out: it is a credential", f.At)
		return
	case f.Optional():
		w.tell("%s is used and left out: it is not always there", f.At)
		return
	}
	value, ok := lookup(example, name)
	if !ok {
		value = text(sample(f))
	}
	out.Header[name] = []string{value}
	w.put(out.Rules, pact.InHeader, name, textRule(f, value))
}

// body writes the used fields of a body that is JSON.
func (w *writer) body(out *pact.Response, root *node, example any, media string) {
	if root == nil || !root.relied() {
		return
	}
	b := &builder{writer: w, rules: out.Rules}
	value, ok := b.build(root, example, "$")
	if !ok {
		return
	}
	out.Body = pact.Body{Presence: pact.Present, ContentType: cmp.Or(media, "application/json"), Value: value, IsJSON: true}
	if media != "" {
		out.Header["Content-Type"] = []string{media}
		w.put(out.Rules, pact.InHeader, "Content-Type", regex("^"+quote(media)+`(\s*;.*)?$`))
	}
}
