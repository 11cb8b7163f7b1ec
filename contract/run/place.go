package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// put returns r with v at a place of it. What r refers to is not changed.
func put(r contract.Request, p contract.Place, v any) (contract.Request, error) {
	part, name := p.Split()
	with := func(m map[string]any) map[string]any {
		m = maps.Clone(m)
		if m == nil {
			m = map[string]any{}
		}
		m[name] = v
		return m
	}
	switch part {
	case "path":
		r.Path = with(r.Path)
	case "query":
		r.Query = with(r.Query)
	case "header":
		r.Header = with(r.Header)
	case "cookie":
		r.Cookie = with(r.Cookie)
	case "target":
		text, ok := v.(string)
		if !ok {
			return r, fmt.Errorf("%s: %T is no target", p, v)
		}
		r.Target = text
	case "body":
		return putBody(r, name, v)
	default:
		return r, fmt.Errorf("%s is no part of a request", p)
	}
	return r, nil
}

func putBody(r contract.Request, at string, v any) (contract.Request, error) {
	body := contract.Body{MediaType: "application/json"}
	if r.Body != nil {
		body = *r.Body
	}
	changed, ok := pointer.Set(body.Value, at, v)
	if !ok || body.Raw != nil {
		return r, fmt.Errorf("body %s: there is no such place in the request", at)
	}
	body.Value = changed
	r.Body = &body
	return r, nil
}

// has reports whether r says what stands at a place. A body stands for all that
// is in it.
func has(r *contract.Request, p contract.Place) bool {
	part, name := p.Split()
	values := map[string]map[string]any{"path": r.Path, "query": r.Query, "header": r.Header, "cookie": r.Cookie}
	if m, ok := values[part]; ok {
		_, there := m[name]
		return there
	}
	if part == "body" && r.Body != nil {
		_, there := pointer.Get(r.Body.Value, name)
		return there || r.Body.Raw != nil
	}
	return part == "target" && r.Target != ""
}

// take returns the value of an earlier step at a place: of its answer, or where
// the place begins with "request", of what was sent.
func (w *worker) take(p contract.Place, o *contract.Observation) (any, error) {
	part, name := p.Split()
	switch part {
	case "request":
		return taken(&o.Request, contract.Place(name))
	case "status":
		return json.Number(strconv.Itoa(o.Exchange.Response.Status)), nil
	case "header":
		if v := o.Exchange.Response.Header.Get(name); v != "" {
			return v, nil
		}
	case "body":
		body, err := w.answerBody(o)
		if err != nil {
			return nil, err
		}
		if v, ok := pointer.Get(body, name); ok && v != nil {
			return v, nil
		}
	}
	return nil, fmt.Errorf("the answer of %s has nothing at %s", o.Exchange.Request.Method+" "+o.Exchange.Request.Target, p)
}

func taken(r *contract.Request, p contract.Place) (any, error) {
	part, name := p.Split()
	if part == "body" && r.Body != nil {
		if v, ok := pointer.Get(r.Body.Value, name); ok {
			return v, nil
		}
	}
	for of, m := range map[string]map[string]any{"path": r.Path, "query": r.Query, "header": r.Header, "cookie": r.Cookie} {
		if v, ok := m[name]; ok && of == part {
			return v, nil
		}
	}
	return nil, fmt.Errorf("nothing was sent at %s", p)
}

// targetOf returns the request target of a Location or a link, without the path of
// the provider's own URL, which is put before each request's.
func targetOf(location string, base *url.URL) (string, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("%q is no URI reference", location)
	}
	if u.Host != "" && base != nil && u.Host != base.Host {
		return "", fmt.Errorf("%q leads to another host", location)
	}
	target := u.EscapedPath()
	if !strings.HasPrefix(target, "/") {
		return "", fmt.Errorf("%q is a relative reference", location)
	}
	if base != nil {
		prefix := strings.TrimSuffix(base.EscapedPath(), "/")
		if rest, ok := strings.CutPrefix(target, prefix); ok && strings.HasPrefix(rest, "/") {
			target = rest
		}
	}
	if u.RawQuery != "" {
		target += "?" + u.RawQuery
	}
	return target, nil
}

// nextOf returns the target with the relation next of a Link field (RFC 8288),
// or "".
func nextOf(link string) string {
	for part := range strings.SplitSeq(link, ",") {
		target, parameters, ok := strings.Cut(part, ";")
		if !ok {
			continue
		}
		target = strings.TrimSpace(target)
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(value, `" `), "next") {
				return strings.TrimSuffix(strings.TrimPrefix(target, "<"), ">")
			}
		}
	}
	return ""
}
