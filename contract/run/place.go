package run

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/place"
	"twinspect.dev/contract/pointer"
)

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
	v, ok := place.Get(r, p)
	if !ok {
		return nil, fmt.Errorf("nothing was sent at %s", p)
	}
	return v, nil
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
