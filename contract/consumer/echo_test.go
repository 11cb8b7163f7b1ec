package consumer

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
)

// echoes counts at each place of responses the values that the consumer had before,
// from a request that it made or served: that they come again proves nothing.
type echoes map[place]struct{ known, all int }

// only reports whether all that stood at a place was known.
func (e echoes) only(p place) bool { return e[p].all > 0 && e[p].known == e[p].all }

func (e echoes) see(c *join.Chain) {
	for i := range c.Calls {
		call := &c.Calls[i]
		if call.Consumer == "" {
			continue
		}
		had := make(map[string]bool)
		for j := range c.Calls[:i+1] {
			if o := &c.Calls[j]; j == call.Parent || o.Consumer == call.Consumer && o.Parent == call.Parent {
				asked(&o.Exchange.Request, had)
			}
		}
		res := &call.Exchange.Response
		e.add(call, "header ETag", res.Header.Get("ETag"), had)
		scalars(res.Body, func(at, value string) { e.add(call, contract.At("body", at), value, had) })
	}
}

func (e echoes) add(call *join.Call, at contract.Place, value string, had map[string]bool) {
	if value == "" {
		return
	}
	p := place{call.Consumer, call.Provider, call.Operation, call.Exchange.Response.Status, at}
	n := e[p]
	n.all++
	if had[value] {
		n.known++
	}
	e[p] = n
}

// asked notes all values of a request.
func asked(q *capture.Request, had map[string]bool) {
	target, err := url.Parse(q.Target)
	if err != nil {
		return
	}
	for _, part := range strings.Split(target.Path, "/") {
		had[part] = true
	}
	for _, values := range target.Query() {
		for _, v := range values {
			had[v] = true
			for _, part := range strings.Split(v, ",") {
				had[part] = true
			}
		}
	}
	for _, f := range q.Header {
		if name := http.CanonicalHeaderKey(f.Name); name == "If-None-Match" || name == "Idempotency-Key" {
			had[f.Value] = true
		}
	}
	scalars(q.Body, func(_, value string) { had[value] = true })
}

// scalars calls each for the texts and numbers of a body.
func scalars(body []byte, each func(at, value string)) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, kid := range v {
				walk(at+"/"+name, kid)
			}
		case []any:
			for _, kid := range v {
				walk(at+"/*", kid)
			}
		case json.Number:
			each(at, v.String())
		case string:
			each(at, v)
		}
	}
	walk("", v)
}
