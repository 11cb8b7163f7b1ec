// Package place reads and changes what a request has at a place of it. No request is
// changed: what is changed is copied, along the way to it alone.
package place

import (
	"fmt"
	"maps"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// member returns the map that a part of a request is, nil for one that is none.
func member(r *contract.Request, part string) *map[string]any {
	switch part {
	case "path":
		return &r.Path
	case "query":
		return &r.Query
	case "header":
		return &r.Header
	case "cookie":
		return &r.Cookie
	}
	return nil
}

// Put returns r with v at a place of it. It fails where the place is no part of a
// request, or leads nowhere in its body.
func Put(r contract.Request, p contract.Place, v any) (contract.Request, error) {
	part, name := p.Split()
	if m := member(&r, part); m != nil {
		if *m = maps.Clone(*m); *m == nil {
			*m = make(map[string]any, 1)
		}
		(*m)[name] = v
		return r, nil
	}
	switch part {
	case "target":
		text, ok := v.(string)
		if !ok {
			return r, fmt.Errorf("%s: %T is no target", p, v)
		}
		r.Target = text
		return r, nil
	case "body":
		body := contract.Body{MediaType: "application/json"}
		if r.Body != nil {
			body = *r.Body
		}
		changed, ok := pointer.Set(body.Value, name, v)
		if !ok || body.Raw != nil {
			return r, fmt.Errorf("body %s: there is no such place in the request", name)
		}
		body.Value = changed
		r.Body = &body
		return r, nil
	}
	return r, fmt.Errorf("%s is no part of a request", p)
}

// Get returns what a request has at a place, and whether there is anything.
func Get(r *contract.Request, p contract.Place) (any, bool) {
	part, name := p.Split()
	if m := member(r, part); m != nil {
		v, ok := (*m)[name]
		return v, ok
	}
	if part == "body" && r.Body != nil {
		return pointer.Get(r.Body.Value, name)
	}
	return nil, false
}

// Has reports whether a request says what stands at a place. A body that is sent as
// it is says everything in it.
func Has(r *contract.Request, p contract.Place) bool {
	part, _ := p.Split()
	switch {
	case part == "target":
		return r.Target != ""
	case part == "body" && r.Body != nil && r.Body.Raw != nil:
		return true
	}
	_, ok := Get(r, p)
	return ok
}
