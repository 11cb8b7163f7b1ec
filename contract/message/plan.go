package message

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// plan is what is worked out of an operation once.
type plan struct {
	op   *openapi.Operation
	base []byte // the first base path
	path []segment
	// params are those of each place, in the order of the document.
	query, header, cookie []*param
	// names holds the parameters of every place by it and their names.
	names  map[string]map[string]*param
	accept string
	bases  [][]string // segments of the base paths, longest first
}

// param is a parameter with what its style comes to.
type param struct {
	*openapi.Parameter
	layout
	at    contract.Place
	shape *shape
	// deep is deepObject, json a value in a media type of JSON.
	deep, json bool
	// others are all parameters of the same place, by their names.
	others map[string]*param
}

// claims reports whether a pair of the place is a property of the parameter,
// which is an object whose properties stand there by their own names.
func (p *param) claims(name string) bool {
	if _, taken := p.others[name]; taken {
		return false
	}
	_, declared := p.shape.properties[name]
	return declared || p.shape.open
}

func (c *Codec) plan(op *openapi.Operation) *plan {
	if p, ok := c.plans.Load(op); ok {
		return p.(*plan)
	}
	p, _ := c.plans.LoadOrStore(op, c.newPlan(op))
	return p.(*plan)
}

func (c *Codec) newPlan(op *openapi.Operation) *plan {
	p := &plan{op: op, accept: accept(op), names: make(map[string]map[string]*param)}
	for _, declared := range op.Parameters {
		param := *c.param(declared)
		param.others = p.place(declared.In)
		name := declared.Name
		switch declared.In {
		case "query":
			p.query = append(p.query, &param)
		case "header":
			p.header = append(p.header, &param)
			name = strings.ToLower(name)
		case "cookie":
			p.cookie = append(p.cookie, &param)
		}
		param.others[name] = &param
	}
	p.path = segments(op.Path, p.place("path"))
	if len(op.BasePaths) > 0 {
		p.base = appendEscaped(nil, op.BasePaths[0], literal)
	}
	for _, base := range op.BasePaths {
		if base != "" {
			p.bases = append(p.bases, strings.Split(base[1:], "/"))
		}
	}
	slices.SortStableFunc(p.bases, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return p
}

// place returns the parameters of a place by their names.
func (p *plan) place(in string) map[string]*param {
	if p.names[in] == nil {
		p.names[in] = make(map[string]*param)
	}
	return p.names[in]
}

// param returns what a parameter's style comes to.
func (c *Codec) param(declared *openapi.Parameter) *param {
	if p, ok := c.params.Load(declared); ok {
		return p.(*param)
	}
	p := &param{Parameter: declared, at: contract.At(declared.In, declared.Name), shape: c.shape(declared.Schema)}
	p.layout = newLayout(declared)
	p.deep = declared.In == "query" && declared.Style == "deepObject" && declared.MediaType == ""
	p.json = declared.MediaType != "" && formOf(declared.MediaType) == jsonForm
	kept, _ := c.params.LoadOrStore(declared, p)
	return kept.(*param)
}

// styles are the default styles by place (OpenAPI 3.1 section 4.8.12.2).
var styles = map[string]string{"path": "simple", "query": "form", "header": "simple", "cookie": "form"}

// undeclared returns a parameter that the document does not have, in the default
// style of its place.
func undeclared(in, name string) *param {
	declared := &openapi.Parameter{Name: name, In: in, Style: styles[in], Explode: styles[in] == "form"}
	return &param{Parameter: declared, at: contract.At(in, name), layout: newLayout(declared), shape: shapeless}
}

// accept returns the media types of the answers that an operation wants, in the
// order of the document: those of 2XX, else of default.
func accept(op *openapi.Operation) string {
	var types []string
	add := func(r *openapi.Response) {
		for _, m := range r.Media {
			if !slices.Contains(types, m.Type) && onlyField(m.Type) {
				types = append(types, m.Type)
			}
		}
	}
	for _, r := range op.Responses {
		if strings.HasPrefix(r.Status, "2") {
			add(r)
		}
	}
	for _, r := range op.Responses {
		if len(types) == 0 && r.Status == "default" {
			add(r)
		}
	}
	if len(types) == 0 {
		return "*/*"
	}
	return strings.Join(types, ", ")
}
