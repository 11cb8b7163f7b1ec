package cases

import (
	"maps"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// field returns where a request holds the parameters of a part, nil where it is
// no such part.
func field(r *contract.Request, part string) *map[string]any {
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

// with returns the request with a value for a parameter. r stays as it is, as it
// does in all that follows.
func with(r contract.Request, at contract.Place, v any) contract.Request {
	part, name := at.Split()
	if m := field(&r, part); m != nil {
		changed := make(map[string]any, len(*m)+1)
		maps.Copy(changed, *m)
		changed[name] = v
		*m = changed
	}
	return r
}

// without returns the request without a parameter, or without a part of its body.
func without(r contract.Request, at contract.Place) contract.Request {
	part, name := at.Split()
	if part == "body" {
		return withoutBody(r, name)
	}
	m := field(&r, part)
	if m == nil {
		return r
	}
	if _, ok := (*m)[name]; !ok {
		return r
	}
	changed := maps.Clone(*m)
	delete(changed, name)
	if len(changed) == 0 {
		changed = nil
	}
	*m = changed
	return r
}

func withoutBody(r contract.Request, at string) contract.Request {
	switch {
	case r.Body == nil || at != "" && r.Body.Raw != nil:
		return r
	case at == "":
		r.Body = nil
		return r
	}
	body := *r.Body
	if v, ok := pointer.Delete(body.Value, at); ok {
		body.Value = v
		r.Body = &body
	}
	return r
}

// withBody returns the request with a body of a media type.
func withBody(r contract.Request, mediaType string, v any) contract.Request {
	r.Body = &contract.Body{MediaType: mediaType, Value: v}
	return r
}

// withRaw returns the request with a body of these bytes.
func withRaw(r contract.Request, mediaType string, raw []byte) contract.Request {
	r.Body = &contract.Body{MediaType: mediaType, Raw: raw}
	return r
}
