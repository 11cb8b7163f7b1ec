package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// styles are the ways to write a parameter, by where it is, the default first
// (OpenAPI 3.1 section 4.8.12.2; "cookie" since 3.2).
var styles = map[string][]string{
	"path":   {"simple", "label", "matrix"},
	"query":  {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
	"header": {"simple"},
	"cookie": {"form", "cookie"},
}

// order is that of [Operation.Parameters].
var order = []string{"path", "query", "header", "cookie"}

// parameters returns those of the path item and of the operation, which replace
// them.
func (b *builder) parameters(u *unit, operation node) ([]*Parameter, error) {
	var list []*Parameter
	for _, from := range append(slices.Clone(u.item.parts), operation) {
		n, ok := from.raw("parameters")
		if !ok {
			continue
		}
		own, err := b.parameterList(n)
		if err != nil {
			return nil, err
		}
		for _, p := range own {
			same := func(other *Parameter) bool { return sameParameter(p, other) }
			switch i := slices.IndexFunc(list, same); {
			case i < 0:
				list = append(list, p)
			case from.place == operation.place:
				list[i] = p
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *Parameter) int {
		return cmp.Compare(slices.Index(order, a.In), slices.Index(order, b.In))
	})
	if u.sent {
		return list, nil
	}
	return b.fitTemplate(u, list), nil
}

func sameParameter(a, b *Parameter) bool {
	return a.In == b.In && (a.Name == b.Name || a.In == "header" && strings.EqualFold(a.Name, b.Name))
}

func (b *builder) parameterList(n node) ([]*Parameter, error) {
	if _, ok := n.value.([]any); !ok {
		return nil, fmt.Errorf("the parameters are no list")
	}
	items, err := n.items()
	if err != nil {
		return nil, err
	}
	var list []*Parameter
	for _, item := range items {
		p, err := b.parameter(item)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		if slices.ContainsFunc(list, func(other *Parameter) bool { return sameParameter(p, other) }) {
			b.tell(item.place, b.operation, fmt.Sprintf("the %s parameter %s is there twice; the first one counts", p.In, p.Name))
			continue
		}
		list = append(list, p)
	}
	return list, nil
}

// parameter reads a parameter, nil where it is left out.
func (b *builder) parameter(n node) (*Parameter, error) {
	p := &Parameter{Name: n.text("name"), In: n.text("in"), Required: n.yes("required")}
	switch {
	case p.Name == "" || !n.object():
		return nil, fmt.Errorf("the parameter at %s has no name", b.doc.Where(n.place))
	case styles[p.In] == nil && !p.Required:
		b.tell(n.place, b.operation, fmt.Sprintf("the parameter %s is left out: a place %q is not known", p.Name, p.In))
		return nil, nil
	case styles[p.In] == nil:
		return nil, fmt.Errorf("it needs the parameter %s, whose place %q is not known", p.Name, p.In)
	case p.In == "header" && ignoredHeader(p.Name):
		return nil, nil
	}
	if p.In == "path" && !p.Required {
		b.tell(n.place, b.operation, fmt.Sprintf("the path parameter %s is not required, which it always is", p.Name))
		p.Required = true
	}
	return p, b.fill(p, n)
}

// ignoredHeader reports whether a header is told elsewhere in a document: in its
// media types and security schemes (OpenAPI 3.1 section 4.8.12.2.1).
func ignoredHeader(name string) bool {
	return slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, func(s string) bool { return strings.EqualFold(s, name) })
}

// fill reads what parameters and headers have in common.
func (b *builder) fill(p *Parameter, n node) error {
	known := styles[p.In]
	p.Style = cmp.Or(n.text("style"), known[0])
	if !slices.Contains(known, p.Style) {
		b.tell(n.place, b.operation, fmt.Sprintf("the style %q is not one of a %s parameter; %q is taken", p.Style, p.In, known[0]))
		p.Style = known[0]
	}
	p.Explode = n.flag("explode", p.Style == "form" || p.Style == "cookie")
	p.AllowReserved, p.AllowEmpty = n.yes("allowReserved"), n.yes("allowEmptyValue")
	p.Deprecated, p.Place = n.yes("deprecated"), n.place
	p.Schema, p.Examples = schemaPlace(n), b.examples(n)
	if _, ok := n.raw("content"); !ok {
		return nil
	}
	media, err := b.media(n)
	if err != nil || len(media) == 0 {
		return err
	}
	if len(media) > 1 {
		b.tell(n.place, b.operation, fmt.Sprintf("the parameter %s has more than one media type; %s is taken", p.Name, media[0].Type))
	}
	p.MediaType, p.Schema = media[0].Type, media[0].Schema
	p.Examples = append(p.Examples, media[0].Examples...)
	return nil
}

// fitTemplate leaves out path parameters that the template does not have, and adds
// those that it has and that are not declared, without a schema.
func (b *builder) fitTemplate(u *unit, list []*Parameter) []*Parameter {
	names := templateNames(u.path)
	list = slices.DeleteFunc(list, func(p *Parameter) bool {
		extra := p.In == "path" && !slices.Contains(names, p.Name)
		if extra {
			b.tell(p.Place, b.operation, fmt.Sprintf("the path parameter %s is left out: the path has no {%s}", p.Name, p.Name))
		}
		return extra
	})
	var added []*Parameter
	for _, name := range names {
		if slices.ContainsFunc(list, func(p *Parameter) bool { return p.In == "path" && p.Name == name }) {
			continue
		}
		b.tell(u.place, b.operation, fmt.Sprintf("the parameter {%s} of the path is not declared; any text is taken", name))
		added = append(added, &Parameter{Name: name, In: "path", Style: "simple", Required: true, Place: u.place})
	}
	return append(added, list...)
}

// templateNames returns the names of the parameters of a path template.
func templateNames(path string) []string {
	var names []string
	for {
		_, rest, _ := strings.Cut(path, "{")
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		path = after
	}
}

// headers returns the headers of an answer, or of a part of a form.
func (b *builder) headers(parent node) ([]*Parameter, error) {
	n, _ := parent.raw("headers")
	entries, err := n.entries()
	if err != nil {
		return nil, err
	}
	var list []*Parameter
	for _, n := range entries {
		if strings.EqualFold(n.name, "Content-Type") {
			continue
		}
		p := &Parameter{Name: n.name, In: "header", Required: n.yes("required")}
		if err := b.fill(p, n.node); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
