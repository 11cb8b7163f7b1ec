package openapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
)

// unit is what may be left out of a document alone: an operation, what its path
// item says beside operations, or a component.
type unit struct {
	place Place
	// path and method are set for operations; the method is as the document writes
	// it. A path item has the path alone.
	path, method string
	sent         bool   // by the provider: path is the name of a webhook or callback
	item         *unit  // of an operation
	kind, name   string // of a component, such as "schemas" and "Product"
	// parts are what it consists of in the files: one, unless it is a path item that
	// is a reference.
	parts []node

	// needs are the places that its references lead to.
	needs []Place
	// faults are why it cannot be used.
	faults []fault
	// made is what the library decoded it to; unresolved is why the library cannot
	// resolve it, though its references lead somewhere. It is used all the same.
	made       any
	unresolved error
}

// fault is why a unit cannot be used, and where.
type fault struct {
	place Place
	err   error
}

func (u *unit) fail(place Place, err error) { u.faults = append(u.faults, fault{place, err}) }

// operation names what cannot be used without the unit, "" for a component.
func (u *unit) operation() string {
	if u.method == "" {
		return u.path
	}
	if u.sent {
		return u.path + " " + verb(u.method)
	}
	return verb(u.method) + " " + u.path
}

// verb returns the method of a request. Those that OpenAPI 3.2 lets a document
// define are as it writes them.
func verb(method string) string {
	if slices.Contains(methods, method) {
		return strings.ToUpper(method)
	}
	return method
}

func (u *unit) String() string {
	if u.kind != "" {
		return u.kind + " " + u.name
	}
	return u.operation()
}

// methods are the fields of a path item that are operations, "query" since 3.2.
var methods = []string{"delete", "get", "head", "options", "patch", "post", "put", "query", "trace"}

// kinds are the components that operations are made of.
var kinds = []string{
	"examples", "headers", "links", "parameters", "requestBodies", "responses", "schemas", "securitySchemes",
}

// split lists what a document of version 3 consists of.
func (p *reading) split(root map[string]any) {
	p.splitPaths(root)
	if p.files.loader.Plain {
		p.splitSent(root)
	}
	components, _ := root["components"].(map[string]any)
	p.splitComponents(components, p.doc.Root().Join("components"), kinds)
}

// splitPaths lists path items, each before its operations, in the order of their
// paths.
func (p *reading) splitPaths(root map[string]any) {
	place := p.doc.Root().Join("paths")
	paths, ok := root["paths"].(map[string]any)
	if _, there := root["paths"]; there && !ok {
		p.tell(place, "", "the paths are no object")
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		switch {
		case strings.HasPrefix(path, "x-"):
		case !strings.HasPrefix(path, "/"):
			p.tell(place.Join(path), path, "the path does not begin with a slash")
		default:
			p.splitItem(&unit{place: place.Join(path), path: path}, paths[path])
		}
	}
}

func (p *reading) splitComponents(owner map[string]any, place Place, kinds []string) {
	for _, kind := range kinds {
		all, ok := owner[kind].(map[string]any)
		if _, there := owner[kind]; there && !ok {
			p.tell(place.Join(kind), "", "the components are no object")
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			at := place.Join(kind, name)
			p.units = append(p.units, &unit{place: at, kind: kind, name: name, parts: []node{{p.files, all[name], at}}})
		}
	}
}

// splitItem lists a path item and its operations. Where it is a reference, those
// that it leads to count too; fields beside the reference go before.
func (p *reading) splitItem(item *unit, v any) {
	at := item.place
	p.list(item)
	seen := make(map[string]bool)
	for hops := 0; ; hops++ {
		m, ok := v.(map[string]any)
		if !ok {
			item.fail(at, errors.New("the path item is no object"))
			return
		}
		item.parts = append(item.parts, node{p.files, itemRest(m), at})
		for _, method := range methods {
			p.splitOperation(item, method, m[method], at.Join(method), seen)
		}
		more, _ := m["additionalOperations"].(map[string]any)
		for _, method := range slices.Sorted(maps.Keys(more)) {
			p.splitOperation(item, method, more[method], at.Join("additionalOperations", method), seen)
		}
		ref, isRef := reference(m)
		if !isRef {
			return
		}
		var err error
		if v, at, err = p.step(at, ref, hops); err != nil {
			item.fail(item.place, err)
			return
		}
	}
}

func (p *reading) splitOperation(item *unit, method string, v any, at Place, seen map[string]bool) {
	if v == nil || seen[method] {
		return
	}
	seen[method] = true
	p.list(&unit{
		place: at, path: item.path, method: method, sent: item.sent, item: item,
		parts: []node{{p.files, v, at}}, needs: []Place{item.place},
	})
}

func (p *reading) list(u *unit) {
	if u.sent {
		p.sent = append(p.sent, u)
		return
	}
	p.units = append(p.units, u)
}

// itemRest returns a path item without its operations, which are units of their
// own, and without the reference, which was followed.
func itemRest(m map[string]any) any {
	rest := make(map[string]any)
	for _, key := range []string{"parameters", "servers"} {
		if v, ok := m[key]; ok {
			rest[key] = v
		}
	}
	return rest
}

// step follows one reference.
func (p *reading) step(from Place, ref string, hops int) (any, Place, error) {
	if hops > maxHops {
		return nil, "", fmt.Errorf("the reference %q leads to itself", ref)
	}
	uri, _ := from.Split()
	target, err := p.files.target(uri, ref)
	if err != nil {
		return nil, "", err
	}
	return p.files.look(from, target, &hops)
}

// tell adds a problem. Its place is told to people when all are known.
func (p *reading) tell(place Place, operation, message string) {
	p.problems = append(p.problems, problem{place, contract.Problem{Operation: operation, Message: message}})
}
