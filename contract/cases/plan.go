package cases

import (
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
)

// plan is what an operation's cases are made of.
type plan struct {
	g        *Generator
	op       *openapi.Operation
	supplied []contract.Place
	params   []*part
	// bodies are the body in each media type, the one of the ordinary request first.
	bodies []*part
	// ordinary is whole: what the setup supplies is in it. It is sound where it is
	// known to keep to the document.
	ordinary contract.Request
	sound    bool
	gaps     []contract.Gap
	proof    *proof
}

func (g *Generator) plan(op *openapi.Operation) *plan {
	p := &plan{g: g, op: op, supplied: g.Supplied[op.Name], proof: newProof(g, op)}
	for _, param := range op.Parameters {
		if !reserved(param) {
			p.params = append(p.params, p.parameter(param))
		}
	}
	if op.Body != nil {
		for _, m := range op.Body.Media {
			p.bodies = append(p.bodies, p.body(m))
		}
		preferJSON(p.bodies)
	}
	p.begin()
	return p
}

// reserved reports whether a parameter has no meaning: the header fields that
// other parts of a document describe (OpenAPI 3.1 section 4.8.12.1).
func reserved(param *openapi.Parameter) bool {
	if param.In != "header" {
		return false
	}
	switch strings.ToLower(param.Name) {
	case "accept", "content-type", "authorization":
		return true
	}
	return false
}

// preferJSON puts the first body that is JSON, and has a value, first: it says
// more than the others can. Else one that has a value.
func preferJSON(bodies []*part) {
	i := slices.IndexFunc(bodies, func(t *part) bool { return isJSON(t.media) && len(t.valid) > 0 })
	if i < 0 {
		i = slices.IndexFunc(bodies, func(t *part) bool { return len(t.valid) > 0 })
	}
	if i > 0 {
		first := bodies[i]
		copy(bodies[1:i+1], bodies[:i])
		bodies[0] = first
	}
}

// begin makes the ordinary request. Where a value does not come through the wire,
// the next one of its part is tried; a required part without any gets a digit, so
// that other parts can be tested, but then nothing is known to be valid.
func (p *plan) begin() {
	known := true
	for _, t := range p.params {
		switch {
		case !t.required && !t.supplied:
		case len(t.valid) > 0:
			p.ordinary = with(p.ordinary, t.place, t.valid[0].Data)
		default:
			known = known && t.supplied
			p.ordinary = with(p.ordinary, t.place, "1")
		}
	}
	if len(p.bodies) > 0 && p.takesBody() {
		if t := p.bodies[0]; len(t.valid) > 0 {
			p.ordinary = withBody(p.ordinary, t.media, t.valid[0].Data)
		} else {
			known = known && !t.required
		}
	}
	p.settle()
	a := p.ask(p.ordinary)
	p.sound = known && a.err == nil && len(a.found) == 0
	if !p.sound {
		p.gap("", contract.RuleOrdinary, "no request is known that keeps to the document: "+a.reason())
	}
}

// takesBody reports whether the ordinary request has a body. One that is optional
// has no meaning with methods that define none (RFC 9110 section 9.3).
func (p *plan) takesBody() bool {
	switch p.op.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
		return p.op.Body.Required
	}
	return true
}

// maxSettle is how many values of a part are tried for the ordinary request: the
// bounds and branches of a schema are seldom more, and a part where none of them
// comes through the wire has none that does.
const maxSettle = 16

// settle replaces ordinary values that do not come through the wire as they are.
func (p *plan) settle() {
	if a := p.ask(p.ordinary); a.err == nil && len(a.found) == 0 {
		return
	}
	for _, t := range p.params {
		if !t.required && !t.supplied || p.fits(t, p.ordinary) {
			continue
		}
		for i, v := range t.valid[:min(len(t.valid), maxSettle)] {
			if r := with(p.ordinary, t.place, v.Data); p.fits(t, r) {
				p.ordinary = r
				t.valid[0], t.valid[i] = t.valid[i], t.valid[0]
				break
			}
		}
	}
	if p.ordinary.Body == nil {
		return
	}
	for _, t := range p.bodies {
		for _, v := range t.valid[:min(len(t.valid), maxSettle)] {
			if r := withBody(p.ordinary, t.media, v.Data); p.fits(t, r) {
				p.ordinary = r
				return
			}
		}
	}
}

// sift takes those values out of parameters that do not come through the wire: they
// are values of the schema, and none of the parameter.
func (p *plan) sift() {
	for _, t := range p.params {
		all := t.valid
		t.valid, t.answers = t.valid[:0], make([]answer, 0, len(all))
		for _, v := range all {
			if a := p.ask(with(p.ordinary, t.place, v.Data)); a.fits(t) {
				t.valid, t.answers = append(t.valid, v), append(t.answers, a)
			}
		}
		clear(all[len(t.valid):])
		if len(t.valid) == 0 {
			p.gap(t.place, "", "none of the values that were made for it can be sent")
		}
	}
}

// fits reports whether a part keeps to the document, whatever the others do.
func (p *plan) fits(t *part, r contract.Request) bool {
	a := p.ask(r)
	return a.fits(t)
}

func (a *answer) fits(t *part) bool {
	return a.err == nil && !slices.ContainsFunc(a.found, func(v conform.Violation) bool { return within(v.At, t.place) })
}

// within reports whether a violation is of the part that a case is about. Names of
// header fields are alike in any case. Within a body, what is missing is told of
// what should hold it, and what is wrong with a union may be told of its branches.
func within(violation, part contract.Place) bool {
	in, name := violation.Split()
	of, other := part.Split()
	switch {
	case in != of:
		return false
	case in == "body":
		return above(name, other) || above(other, name)
	}
	return name == other || in == "header" && strings.EqualFold(name, other)
}

// above reports whether a pointer leads to what another is in, or to the same.
func above(p, other string) bool {
	rest, ok := strings.CutPrefix(other, p)
	return ok && (rest == "" || rest[0] == '/')
}

func (p *plan) gap(at contract.Place, rule contract.Rule, why string) {
	p.gaps = append(p.gaps, contract.Gap{Operation: p.op.Name, At: at, Rule: rule, Why: why})
}

// tell takes the gaps of values over, which name places within a part.
func (p *plan) tell(place contract.Place, gaps []contract.Gap) {
	for _, gap := range gaps {
		p.gap(inside(place, string(gap.At)), gap.Rule, gap.Why)
	}
}

// inside names a place within a part. Within a parameter there is no way to.
func inside(place contract.Place, at string) contract.Place {
	at = strings.TrimPrefix(strings.TrimPrefix(at, "body"), " ")
	if place == "body" {
		return contract.At("body", at)
	}
	return place
}
