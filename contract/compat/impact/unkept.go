package impact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/promise"
)

// The rules for a consumer that relies on what a document does not promise.
const (
	operationUnknown  = "consumer-operation-undocumented"
	parameterUnknown  = "consumer-parameter-undocumented"
	parameterMissing  = "consumer-parameter-required"
	requestUnfit      = "consumer-request-not-accepted"
	statusUnknown     = "consumer-status-undocumented"
	mediaTypeUnknown  = "consumer-media-type-undocumented"
	fieldUnknown      = "consumer-field-undocumented"
	fieldOptional     = "consumer-field-optional"
	fieldOfOtherTypes = "consumer-field-type"
	fieldNullable     = "consumer-field-nullable"
)

// unkept tells what a consumer relies on and a document does not promise.
func unkept(doc *openapi.Document, c *contract.Contract, of unit) []Effect {
	u := &unkeeping{doc: doc, unit: of}
	for i := range c.Interactions {
		u.interaction(&c.Interactions[i])
	}
	return u.found
}

type unkeeping struct {
	doc   *openapi.Document
	unit  unit
	op    *openapi.Operation
	it    *contract.Interaction
	found []Effect
}

func (u *unkeeping) interaction(it *contract.Interaction) {
	u.it, u.op = it, counterpart(u.doc, it.Operation)
	if u.op == nil {
		u.tell(Effect{Level: Breaks, Rule: operationUnknown, Calls: it.Calls, Of: it.Calls,
			Text: fmt.Sprintf("calls %s, which the document does not have, %s", it.Operation, u.unit.share(it.Calls, it.Calls))}, "")
		return
	}
	u.request()
	for i := range it.Responses {
		u.response(&it.Responses[i])
	}
}

func (u *unkeeping) tell(e Effect, at openapi.Place) {
	e.Operation = u.it.Operation
	e.New = where(u.doc, at)
	u.found = append(u.found, e)
}

func (u *unkeeping) request() {
	for i := range u.it.Request {
		f := &u.it.Request[i]
		p := asked(u.doc, u.op, f.At, "")
		e := Effect{At: f.At, Calls: f.Seen, Of: u.it.Calls}
		switch {
		case f.Seen == 0, !p.Declared && (p.Open || isPath(f.At)):
			continue // a parameter of the path may have another name
		case !p.Declared:
			e.Level, e.Rule = Risk, parameterUnknown
			e.Text = fmt.Sprintf("sends %s, which %s does not take, %s", f.At, u.it.Operation, u.unit.share(f.Seen, u.it.Calls))
		default:
			fit, keyword := fit(f, u.doc, &p)
			if fit != unfit {
				continue
			}
			e.Level, e.Rule = Risk, requestUnfit
			e.Text = fmt.Sprintf("sends %s with values that break its %s %s", f.At, keyword, u.unit.share(f.Seen, u.it.Calls))
		}
		u.tell(e, p.Schema)
	}
	for _, p := range u.op.Parameters {
		u.required(p)
	}
}

// required tells of a parameter that must be there and is not always sent.
func (u *unkeeping) required(p *openapi.Parameter) {
	if !p.Required || p.In != "query" {
		return // contracts keep no credentials, and only the headers that tell something
	}
	at := contract.At(p.In, p.Name)
	var seen uint64
	if f := sent(u.it, at); f != nil {
		seen = f.Seen
	}
	if without := u.it.Calls - min(seen, u.it.Calls); without > 0 {
		u.tell(Effect{Level: Risk, Rule: parameterMissing, At: at, Calls: without, Of: u.it.Calls,
			Text: fmt.Sprintf("leaves out %s, which %s requires, %s", at, u.it.Operation, u.unit.share(without, u.it.Calls))}, p.Place)
	}
}

func (u *unkeeping) response(r *contract.Answer) {
	status := strconv.Itoa(r.Status)
	declared := conform.Declared(u.op, r.Status)
	if declared == nil {
		level := Notice
		if uses(r) {
			level = Breaks
		}
		u.tell(Effect{Level: level, Rule: statusUnknown, Status: status, Calls: r.Calls, Of: u.it.Calls,
			Text: fmt.Sprintf("is answered %d by %s, which the document does not have, %s", r.Status, u.it.Operation, u.unit.share(r.Calls, u.it.Calls))}, u.op.Place)
		return
	}
	m := message.Best(declared.Media, r.MediaType)
	if m == nil && r.MediaType != "" && uses(r) {
		u.tell(Effect{Level: Breaks, Rule: mediaTypeUnknown, Status: status, Calls: r.Calls, Of: r.Calls,
			Text: fmt.Sprintf("reads %s from %s, which the document does not have for %d", r.MediaType, u.it.Operation, r.Status)}, declared.Place)
		return
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Usage.State == contract.Used {
			u.field(r, f, u.promised(declared, m, f))
		}
	}
}

// uses reports whether the consumer uses anything of a response.
func uses(r *contract.Answer) bool {
	for i := range r.Fields {
		if r.Fields[i].Usage.State == contract.Used {
			return true
		}
	}
	return false
}

func (u *unkeeping) promised(r *openapi.Response, m *openapi.Media, f *contract.Field) promise.Promise {
	part, name := f.At.Split()
	if part == "header" {
		for _, h := range r.Headers {
			if strings.EqualFold(h.Name, name) {
				return promise.Promise{Declared: true, Always: h.Required, Schema: h.Schema}
			}
		}
		return promise.Promise{Open: true}
	}
	if m == nil || m.Schema == "" {
		return promise.Promise{Open: true}
	}
	return promise.Look(u.doc, m.Schema, pointer.Split(name))
}

// field tells what is not promised of a field that is used. A header that is not
// declared is no breach: documents leave most of them out.
func (u *unkeeping) field(r *contract.Answer, f *contract.Field, p promise.Promise) {
	part, _ := f.At.Split()
	e := Effect{Status: strconv.Itoa(r.Status), At: f.At, Calls: f.Usage.Calls, Of: f.Usage.Of}
	used := fmt.Sprintf("uses %s of %s %s", f.At, u.it.Operation, u.unit.share(e.Calls, e.Of))
	switch {
	case part == "header" && !p.Declared:
		return
	case !p.Declared:
		e.Level, e.Rule, e.Text = Breaks, fieldUnknown, used+", which is not promised"
	case part == "body" && otherTypes(f, &p):
		e.Level, e.Rule, e.Text = Breaks, fieldOfOtherTypes, used+", which is promised with another type"
	case !p.Always && !f.Optional() && part == "body":
		e.Level, e.Rule, e.Text = Notice, fieldOptional, used+", which was always there and is promised as optional"
	case p.Types != nil && p.Null() && f.Types["null"] == 0:
		e.Level, e.Rule, e.Text = Notice, fieldNullable, used+", which was never null and may be"
	default:
		return
	}
	u.tell(e, p.Schema)
}

// otherTypes reports whether no type that was seen is promised.
func otherTypes(f *contract.Field, p *promise.Promise) bool {
	if p.Types == nil || len(f.Types) == 0 {
		return false
	}
	return !slices.ContainsFunc(p.Types, func(t string) bool {
		return f.Types[t] > 0 || t == "number" && f.Types["integer"] > 0
	})
}

func isPath(at contract.Place) bool {
	part, _ := at.Split()
	return part == "path"
}
