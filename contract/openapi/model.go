package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// builder makes the model of the operations out of the raw trees.
type builder struct {
	*reading
	root node
	// operation is the name of the one that is being made.
	operation string
	// byID and byPlace find what links lead to.
	byID    map[string]string
	byPlace map[Place]string
}

// build makes the operations that can be used.
func (p *reading) build(root map[string]any) {
	b := &builder{
		reading: p, root: node{p.files, root, p.doc.Root()},
		byID: make(map[string]string), byPlace: make(map[Place]string),
	}
	b.schemes()
	b.index()
	d := p.doc
	d.byName = make(map[string]*Operation)
	for _, u := range p.units {
		if u.method == "" || len(u.faults) > 0 {
			continue
		}
		op, err := b.make(u)
		if err != nil {
			u.fail(u.place, err)
			continue
		}
		d.Operations = append(d.Operations, op)
		d.byName[op.Name] = op
	}
	slices.SortFunc(d.Operations, func(a, b *Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	b.buildSent()
	b.overlaps()
	d.routes = newRoutes(d.Operations)
}

// index finds the names of operations by their ids and places.
func (b *builder) index() {
	for _, u := range b.units {
		if u.method == "" {
			continue
		}
		b.byPlace[u.place] = u.operation()
		b.byPlace[b.root.place.Join("paths", u.path, u.method)] = u.operation()
		id := u.parts[0].text("operationId")
		if id == "" {
			continue
		}
		if other, ok := b.byID[id]; ok {
			b.tell(u.place.Join("operationId"), u.operation(), fmt.Sprintf("its operationId %q is that of %s too", id, other))
			continue
		}
		b.byID[id] = u.operation()
	}
}

func (b *builder) make(u *unit) (*Operation, error) {
	n := u.parts[0]
	b.operation = u.operation()
	op := &Operation{
		Name: b.operation, Method: verb(u.method), Path: u.path, ID: n.text("operationId"),
		Summary: n.text("summary"), Deprecated: n.yes("deprecated"), Place: u.place, Sent: u.sent,
	}
	if !u.sent {
		b.bases(op, u)
	}
	var err error
	if op.Parameters, err = b.parameters(u, n); err != nil {
		return nil, err
	}
	if op.Body, err = b.body(n); err != nil {
		return nil, err
	}
	if op.Responses, err = b.responses(n); err != nil {
		return nil, err
	}
	op.Security = b.security(n)
	return op, nil
}

func (b *builder) bases(op *Operation, u *unit) {
	for _, server := range b.servers(u) {
		op.BasePaths = appendNew(op.BasePaths, basePath(server.filled))
		op.bases = appendNew(op.bases, basePath(server.url))
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (b *builder) body(operation node) (*Body, error) {
	n, ok := operation.raw("requestBody")
	if !ok {
		return nil, nil
	}
	n, err := n.end()
	if err != nil {
		return nil, err
	}
	media, err := b.media(n)
	if err != nil {
		return nil, err
	}
	if len(media) == 0 {
		b.tell(n.place, b.operation, "the body has no media type")
		return nil, nil
	}
	return &Body{Required: n.yes("required"), Media: media, Place: n.place}, nil
}

// media returns the media types of a body or an answer.
func (b *builder) media(parent node) ([]*Media, error) {
	content, _ := parent.raw("content")
	entries, err := content.entries()
	if err != nil {
		return nil, err
	}
	var list []*Media
	for _, n := range entries {
		m := &Media{Type: n.name, Schema: schemaPlace(n.node), Examples: b.examples(n.node), Place: n.place}
		if m.Encoding, err = b.encoding(n.node); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// schemaPlace is where the schema stands; a reference is not followed, as words
// next to it may count too.
func schemaPlace(n node) Place {
	if schema, ok := n.raw("schema"); ok {
		return schema.place
	}
	return ""
}

func (b *builder) encoding(media node) (map[string]Encoding, error) {
	n, ok := media.raw("encoding")
	if !ok {
		return nil, nil
	}
	entries, err := n.entries()
	if err != nil {
		return nil, err
	}
	all := make(map[string]Encoding, len(entries))
	for _, n := range entries {
		style := cmp.Or(n.text("style"), "form")
		e := Encoding{
			ContentType: n.text("contentType"), Style: style, Explode: n.flag("explode", style == "form"),
			AllowReserved: n.yes("allowReserved"),
		}
		if e.Headers, err = b.headers(n.node); err != nil {
			return nil, err
		}
		all[n.name] = e
	}
	return all, nil
}

// examples returns the examples of a parameter, a header or a media type.
func (b *builder) examples(parent node) []Example {
	var list []Example
	if n, ok := parent.raw("example"); ok {
		list = append(list, Example{Value: n.value, Place: n.place})
	}
	n, _ := parent.raw("examples")
	entries, err := n.entries()
	if err != nil {
		b.tell(n.place, b.operation, err.Error())
		return list
	}
	for _, n := range entries {
		// OpenAPI 3.2 has the value apart from how it is written.
		value, ok := n.raw("value")
		if data, has := n.raw("dataValue"); has {
			value, ok = data, true
		}
		switch {
		case ok:
			list = append(list, Example{Name: n.name, Value: value.value, Place: value.place})
		case n.text("externalValue") != "":
			b.tell(n.place, b.operation, "the example is not used: its value stands outside of the document")
		}
	}
	return list
}

// overlaps tells the operations that no request can reach, as one with the same
// template, but for the names of its parameters, comes before.
func (b *builder) overlaps() {
	first := make(map[string]*Operation)
	for _, op := range b.doc.Operations {
		key := op.Method + " " + shape(op.Path)
		if other, ok := first[key]; ok {
			b.tell(op.Place, op.Name, fmt.Sprintf("its path is that of %s: a request is taken as one of that operation", other.Name))
			continue
		}
		first[key] = op
	}
}

// shape returns a path template without the names of its parameters.
func shape(path string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return b.String() + path
		}
		b.WriteString(before + "{}")
		path = after
	}
}
