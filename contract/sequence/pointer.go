package sequence

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
)

func itoa(i int) string { return strconv.Itoa(i) }

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// escape writes a token of a JSON pointer (RFC 6901 section 3).
func escape(token string) string { return escaper.Replace(token) }

var unescaper = strings.NewReplacer("~1", "/", "~0", "~")

// tokens reads a JSON pointer.
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = unescaper.Replace(p)
	}
	return parts
}

// find returns the value at a JSON pointer.
func find(v any, pointer string) (any, bool) {
	for _, t := range tokens(pointer) {
		switch node := v.(type) {
		case map[string]any:
			next, ok := node[t]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(node) {
				return nil, false
			}
			v = node[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// without returns v without the member at the pointer; v is not changed. A member
// of an array takes the whole array with it, as one that is empty may be refused.
func without(v any, path []string) any {
	node, ok := v.(map[string]any)
	if !ok || len(path) == 0 {
		return v
	}
	next, there := node[path[0]]
	if !there {
		return v
	}
	out := maps.Clone(node)
	if _, object := next.(map[string]any); object && len(path) > 1 {
		out[path[0]] = without(next, path[1:])
	} else {
		delete(out, path[0])
	}
	return out
}

// drop takes the value at a place out of a request; the request is copied as far
// as it is changed.
func drop(r contract.Request, at contract.Place) contract.Request {
	part, name := at.Split()
	switch part {
	case "path":
		r.Path = less(r.Path, name)
	case "query":
		r.Query = less(r.Query, name)
	case "header":
		r.Header = less(r.Header, name)
	case "cookie":
		r.Cookie = less(r.Cookie, name)
	case "body":
		if r.Body != nil && name != "" {
			body := *r.Body
			body.Value = without(body.Value, tokens(name))
			r.Body = &body
		}
	}
	return r
}

func less(m map[string]any, name string) map[string]any {
	if _, ok := m[name]; !ok {
		return m
	}
	out := maps.Clone(m)
	delete(out, name)
	return out
}

// set puts a value into a parameter of a request, which is copied as far as it is
// changed.
func set(r contract.Request, at contract.Place, v any) contract.Request {
	part, name := at.Split()
	put := func(m map[string]any) map[string]any {
		out := maps.Clone(m)
		if out == nil {
			out = make(map[string]any)
		}
		out[name] = v
		return out
	}
	switch part {
	case "path":
		r.Path = put(r.Path)
	case "query":
		r.Query = put(r.Query)
	case "header":
		r.Header = put(r.Header)
	case "cookie":
		r.Cookie = put(r.Cookie)
	case "body":
		if r.Body != nil && name == "" {
			body := *r.Body
			body.Value, body.Raw = v, nil
			r.Body = &body
		}
	}
	return r
}

// has reports whether a request has a value at a place.
func has(r contract.Request, at contract.Place) bool {
	part, name := at.Split()
	switch part {
	case "path":
		return r.Path[name] != nil
	case "query":
		return r.Query[name] != nil
	case "header":
		return r.Header[name] != nil
	case "cookie":
		return r.Cookie[name] != nil
	case "body":
		if r.Body == nil {
			return false
		}
		_, ok := find(r.Body.Value, name)
		return ok
	}
	return false
}

// leaves calls visit with the pointer and the last name of every scalar in a
// value, in the order of the names, as far down as maxDepth.
func leaves(v any, at string, depth int, visit func(pointer string, v any)) {
	if depth > maxDepth {
		return
	}
	switch node := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(node)) {
			leaves(node[name], at+"/"+escape(name), depth+1, visit)
		}
	case []any:
		for i, item := range node {
			leaves(item, at+"/"+itoa(i), depth+1, visit)
		}
	default:
		visit(at, v)
	}
}

// maxDepth bounds how deep a value is looked into; what JSON libraries write by
// themselves is far below it.
const maxDepth = 64

// beneath is the place that a pointer leads to from the value at another.
func beneath(at contract.Place, pointer string) contract.Place {
	part, name := at.Split()
	return contract.At(part, name+pointer)
}
