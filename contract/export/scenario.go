package export

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/place"
)

// scenario is a case with its setup, each request in the form of the wire.
type scenario struct {
	*contract.Case
	steps []*step
	vars  int
}

// step is one request, and what is made of its answer.
type step struct {
	name, operation string
	from            *contract.Step
	op              *openapi.Operation
	// request has the marker of a variable where its value is to stand.
	request     capture.Request
	uses        []*variable
	gives       []*variable
	credentials []credential
	status      statuses
	left        []Left
	sent        contract.Request // with markers
}

// as says how a value of an answer is taken.
type as uint8

const (
	value   as = iota // as it is
	segment           // the last segment of the path of a Location
	target            // path and query of a Location
)

// variable is a value of an answer that a later request has.
type variable struct {
	name, marker string
	from         contract.Place
	as           as
}

// scenario makes the scenario of a case. Where it cannot be exported the second
// result says why.
func (x *Context) scenario(p *contract.Part, cs *contract.Case) (*scenario, *Left) {
	s := &scenario{Case: cs}
	steps := make([]*contract.Step, 0, len(cs.Steps)+2)
	var supply []contract.Use
	if p.Setup != nil && len(cs.Steps) == 1 {
		supply = missing(cs, p.Setup.Use)
	}
	prefix := ""
	if len(supply) > 0 {
		prefix = "setup "
		for i := range p.Setup.Steps {
			steps = append(steps, &p.Setup.Steps[i])
		}
	}
	before := len(steps)
	for i := range cs.Steps {
		steps = append(steps, &cs.Steps[i])
	}
	for i, from := range steps {
		uses, of := from.Use, s.steps
		if i >= before && before > 0 {
			uses = append(slices.Clone(supply), from.Use...)
		}
		name := from.Name
		if i < before {
			name = prefix + name
		}
		st, left := x.step(s, of, from, uses, i == len(steps)-1)
		if left != nil {
			left.Case, left.Whole = cs.ID, true
			return nil, left
		}
		st.name = name
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// missing returns what of a setup a case has no value of its own for.
func missing(cs *contract.Case, uses []contract.Use) []contract.Use {
	var out []contract.Use
	for _, u := range uses {
		if cs.At != u.Into && !place.Has(&cs.Steps[0].Request, u.Into) {
			out = append(out, u)
		}
	}
	return out
}

func (x *Context) step(s *scenario, before []*step, from *contract.Step, uses []contract.Use, last bool) (*step, *Left) {
	op := x.Document.Operation(from.Operation)
	if op == nil {
		return nil, &Left{Reason: NoOperation, Detail: "the document does not have " + from.Operation}
	}
	st := &step{from: from, op: op, operation: from.Operation, status: expected(s.Case, last, op, &from.Expect)}
	r := from.Request
	for _, u := range uses {
		v, err := st.use(s, before, u)
		if err == nil {
			r, err = place.Put(r, u.Into, v)
		}
		if err != nil {
			if part, _ := u.Into.Split(); part == "body" && s.Kind == contract.Negative {
				continue // the body that breaks the document has no such place
			}
			return nil, &Left{Reason: NoVariable, Detail: err.Error()}
		}
	}
	st.sent = r
	var err error
	if st.request, err = x.Codec.Encode(op, &r); err != nil {
		return nil, &Left{Reason: NotEncodable, Detail: err.Error()}
	}
	x.authorize(st, &r)
	st.lacks(s.ID)
	return st, nil
}

// lacks tells what no form says of a step.
func (st *step) lacks(id string) {
	e := &st.from.Expect
	if st.from.Pages != nil {
		st.left = append(st.left, Left{Case: id, Reason: NoPages, Detail: "only the first page is asked for"})
	}
	for _, c := range []struct{ what, step string }{
		{"is not compared with what %q sent", e.Kept}, {"is not compared with the answer of %q", e.Same},
		{"is not searched for what %q created", e.Listed}, {"is not searched for what %q created", e.Unlisted},
	} {
		if c.step != "" {
			st.left = append(st.left, Left{Case: id, Reason: NoComparison, Detail: "the answer " + fmt.Sprintf(c.what, c.step)})
		}
	}
}

// use returns what stands at a place of an earlier step: what was sent there as it
// is, and the marker of a variable for what was answered.
func (st *step) use(s *scenario, before []*step, u contract.Use) (any, error) {
	var of *step
	for _, b := range before {
		if b.from.Name == u.Step {
			of = b
		}
	}
	if of == nil {
		return nil, fmt.Errorf("there is no earlier step %q", u.Step)
	}
	if rest, ok := strings.CutPrefix(string(u.From), "request "); ok {
		v, ok := place.Get(&of.sent, contract.Place(rest))
		if !ok {
			return nil, fmt.Errorf("nothing was sent at %s", rest)
		}
		for _, known := range s.variables() {
			if v == any(known.marker) {
				st.uses = append(st.uses, known)
			}
		}
		return v, nil
	}
	v := &variable{from: u.From}
	switch {
	case u.Into == "target":
		v.as = target
	case u.From == "header Location":
		v.as = segment
	}
	for _, known := range of.gives {
		if known.from == v.from && known.as == v.as {
			st.uses = append(st.uses, known)
			return known.marker, nil
		}
	}
	s.vars++
	v.name = identifier(of.from.Name + "_" + string(u.From))
	if v.as != value {
		v.name += map[as]string{segment: "_segment", target: "_target"}[v.as]
	}
	v.marker = marker(s.vars)
	of.gives = append(of.gives, v)
	st.uses = append(st.uses, v)
	return v.marker, nil
}

func (s *scenario) variables() []*variable {
	var all []*variable
	for _, st := range s.steps {
		all = append(all, st.gives...)
	}
	return all
}

// marker stands for a variable in a request until it is written: letters and
// digits, so that it is encoded as itself everywhere.
func marker(n int) string { return fmt.Sprintf("q7vz3kx9w%04dj5", n) }

// identifier makes a name of a variable, in any language, of a text.
func identifier(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.TrimSuffix(b.String(), "_")
}

// isJSON reports whether a request's body is JSON, where a variable stands with its
// quotes or without.
func isJSON(r *capture.Request) bool {
	mediaType, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	mediaType = strings.TrimSpace(mediaType)
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// fill puts what a form has for variables in the place of their markers.
func (st *step) fill(s string, form func(v *variable) string) string {
	for _, v := range st.uses {
		s = strings.ReplaceAll(s, v.marker, form(v))
	}
	return s
}

// How the forms write a variable: as it is, in a target, and in JSON with its quotes.
func inText(v *variable) string   { return "{{" + v.name + "}}" }
func inTarget(v *variable) string { return "{{" + v.name + "_uri}}" }
func inJSON(v *variable) string   { return "{{" + v.name + "_json}}" }

// secret is how the forms write the variable of a credential.
func secret(name string) string { return "{{" + name + "}}" }

// body returns the body with variables; in JSON they stand for whole values.
func (st *step) body() string {
	s := string(st.request.Body)
	if isJSON(&st.request) {
		for _, v := range st.uses {
			s = strings.ReplaceAll(s, `"`+v.marker+`"`, inJSON(v))
		}
	}
	return st.fill(s, inText)
}
