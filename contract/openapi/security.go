package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// schemes reads the document's security schemes.
func (b *builder) schemes() {
	b.doc.Schemes = make(map[string]*Scheme)
	for _, u := range b.units {
		if u.kind != "securitySchemes" || len(u.faults) > 0 {
			continue
		}
		n, err := u.parts[0].end()
		if err != nil {
			continue // it is a fault of the unit
		}
		b.doc.Schemes[u.name] = scheme(u.name, n)
	}
}

func scheme(name string, n node) *Scheme {
	s := &Scheme{
		Name: name, Type: n.text("type"), In: n.text("in"), Param: n.text("name"),
		Scheme: strings.ToLower(n.text("scheme")), OpenIDConnectURL: n.text("openIdConnectUrl"), Place: n.place,
	}
	flows, _ := n.raw("flows")
	entries, err := flows.entries()
	if err != nil || len(entries) == 0 {
		return s
	}
	s.Flows = make(map[string]string, len(entries))
	for _, flow := range entries {
		s.Flows[flow.name] = flow.text("tokenUrl")
	}
	return s
}

// security returns the alternatives of an operation, else those of the document.
// An empty list says that no credentials are needed.
func (b *builder) security(operation node) []Requirement {
	n, ok := operation.raw("security")
	if !ok {
		if n, ok = b.root.raw("security"); !ok {
			return nil
		}
	}
	list, _ := n.value.([]any)
	var all []Requirement
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			b.tell(n.place.index(i), b.operation, "the security requirement is no object")
			continue
		}
		r := make(Requirement, len(m))
		for name, scopes := range m {
			if b.doc.Schemes[name] == nil {
				b.tell(n.place.index(i), b.operation, fmt.Sprintf("the security scheme %s is not declared", name))
			}
			r[name] = texts(scopes)
		}
		all = append(all, r)
	}
	return all
}

func texts(v any) []string {
	list, _ := v.([]any)
	scopes := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			scopes = append(scopes, s)
		}
	}
	slices.Sort(scopes)
	return scopes
}
