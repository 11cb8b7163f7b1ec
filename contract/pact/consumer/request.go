package consumer

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// request is that of the example: path, query, the headers that the consumer always
// sends, and the body; where there is no example it is made up of the fields.
func (w *writer) request(it *shown) *pact.Request {
	method, template, _ := strings.Cut(it.Operation, " ")
	out := &pact.Request{Method: method, Rules: pact.Rules{}, Header: map[string][]string{}}
	w.path(out, it, template)
	w.query(out, it)
	w.headers(out, it)
	w.requestBody(out, it)
	if len(out.Header) == 0 {
		out.Header = nil
	}
	if len(out.Rules) == 0 {
		out.Rules = nil
	}
	return out
}

// field finds a part of the requests.
func field(it *shown, at contract.Place) *contract.Field {
	i := slices.IndexFunc(it.Request, func(f contract.Field) bool { return f.At == at })
	if i < 0 {
		return nil
	}
	return &it.Request[i]
}

// path is that of the example; a rule says which others would do, and a generator lets
// a provider state choose another resource.
func (w *writer) path(out *pact.Request, it *shown, template string) {
	var path, rule, expression strings.Builder
	values := pathValues(it)
	for rest := template; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		path.WriteString(before)
		rule.WriteString(quote(before))
		expression.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed {
			break
		}
		path.WriteString(url.PathEscape(text(values[name])))
		rule.WriteString(segment(field(it, contract.At("path", name)), text(values[name])))
		expression.WriteString("${" + name + "}")
		rest = tail
	}
	out.Path = path.String()
	if it.Example != nil && len(values) == 0 {
		out.Path = cmp.Or(capture.PathOf(it.Example.Target), out.Path)
	}
	if len(values) == 0 {
		return
	}
	w.put(out.Rules, pact.InPath, "", regex("^"+rule.String()+"$"))
	if w.or {
		out.Generators = pact.Generators{pact.InPath: {"": {Type: "ProviderState", Options: map[string]any{"expression": expression.String()}}}}
	}
}

// segment is the expression of a parameter in a path.
func segment(f *contract.Field, example string) string {
	if f != nil {
		if r := textRule(f, example); r.Match == "regex" {
			return "(" + strings.TrimSuffix(strings.TrimPrefix(r.Text("regex"), "^"), "$") + ")"
		}
		if _, integer := isNumber(f.Types); integer && f.Types["integer"] == f.Seen {
			return `\d+`
		}
	}
	return "[^/]+"
}

// pathValues are the path's parameters in the example, or made up; nil for none.
func pathValues(it *shown) map[string]any {
	_, template, _ := strings.Cut(it.Operation, " ")
	if !strings.Contains(template, "{") {
		return nil
	}
	out := map[string]any{}
	if it.Example != nil {
		out = fill(template, capture.PathOf(it.Example.Target))
	}
	for rest := template; ; {
		_, after, found := strings.Cut(rest, "{")
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed {
			return out
		}
		if _, ok := out[name]; !ok {
			out[name] = text(sample(field(it, contract.At("path", name))))
		}
		rest = tail
	}
}

// stateParams are what tells a provider state which resource is asked for: the
// parameters of the path and of the query; nil for none.
func stateParams(it *shown) map[string]any {
	params := pathValues(it)
	_, query, _ := strings.Cut(it.Example.Target, "?")
	for name, values := range pact.ParseQuery(query) {
		if params == nil {
			params = map[string]any{}
		}
		if _, inPath := params[name]; !inPath && len(values) == 1 {
			params[name] = values[0]
		}
	}
	return params
}

// fill reads the parameters of a template out of a path, those that can be told: one
// in a segment, with what stands before and behind it.
func fill(template, path string) map[string]any {
	out := map[string]any{}
	names, parts := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) > len(parts) {
		return out
	}
	for i, part := range parts[len(parts)-len(names):] { // a path may have a prefix
		before, after, found := strings.Cut(names[i], "{")
		name, behind, closed := strings.Cut(after, "}")
		rest, ok := strings.CutPrefix(part, before)
		rest, end := strings.CutSuffix(rest, behind)
		value, err := url.PathUnescape(rest)
		if found && closed && ok && end && err == nil && value != "" && !strings.Contains(behind, "{") {
			out[name] = value
		}
	}
	return out
}

// query is that of the example. A provider must be asked all of it, so it is what one
// request had.
func (w *writer) query(out *pact.Request, it *shown) {
	if it.Example == nil {
		for i := range it.Request {
			if part, name := it.Request[i].At.Split(); part == "query" && !it.Request[i].Optional() {
				w.parameter(out, &it.Request[i], name, text(sample(&it.Request[i])))
			}
		}
		return
	}
	_, query, _ := strings.Cut(it.Example.Target, "?")
	values := pact.ParseQuery(query)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			w.parameter(out, field(it, contract.At("query", name)), name, value)
		}
	}
}

func (w *writer) parameter(out *pact.Request, f *contract.Field, name, value string) {
	if out.Query == nil {
		out.Query = map[string][]string{}
	}
	out.Query[name] = append(out.Query[name], value)
	rule := pact.Rule{Match: "type"}
	if f != nil {
		rule = textRule(f, value)
	}
	w.put(out.Rules, pact.InQuery, name, rule)
}

// headers are those that the consumer sent for this answer, or always sends, and
// that a provider may look at.
func (w *writer) headers(out *pact.Request, it *shown) {
	if it.Example == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(it.Example.RequestHeader)) {
		lower := strings.ToLower(name)
		i := slices.IndexFunc(it.Request, func(f contract.Field) bool {
			part, other := f.At.Split()
			return part == "header" && strings.EqualFold(other, name)
		})
		always := i < 0 || !it.Request[i].Optional()
		switch {
		case credential(lower):
			w.tell("header %s is left out: it is a credential; give it when the provider is verified", name)
		case ofConnection[lower] || strings.HasPrefix(lower, "x-b3-") || strings.HasPrefix(lower, "x-forwarded-"):
		case lower == "accept" || lower == "content-type":
			out.Header[name] = []string{it.Example.RequestHeader[name]}
		case i >= 0 && (always || it.own):
			out.Header[name] = []string{it.Example.RequestHeader[name]}
			w.put(out.Rules, pact.InHeader, name, textRule(&it.Request[i], it.Example.RequestHeader[name]))
		}
	}
}

// ofConnection are the fields that say nothing of what is asked: those of the
// connection, of the client, and of tracing.
var ofConnection = map[string]bool{
	"host": true, "connection": true, "content-length": true, "transfer-encoding": true, "te": true, "trailer": true, "upgrade": true,
	"keep-alive": true, "accept-encoding": true, "user-agent": true, "traceparent": true, "tracestate": true, "baggage": true, "b3": true,
	"uber-trace-id": true, "x-request-id": true, "forwarded": true, "via": true, "date": true, "expect": true,
}

// credential reports whether a field proves who asks.
func credential(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate"}, name) ||
		strings.Contains(name, "api-key") || strings.Contains(name, "apikey") || strings.Contains(name, "token") || strings.Contains(name, "secret")
}

// requestBody is that of the example. The rules say that its types count, and the
// forms of its texts.
func (w *writer) requestBody(out *pact.Request, it *shown) {
	root := treeOf(it.Request)
	if it.Example == nil || it.Example.Request == nil {
		if root != nil {
			w.tell("the body of the request is left out: there is no example of it")
		}
		return
	}
	kind, _ := lookup(it.Example.RequestHeader, "Content-Type")
	out.Body = pact.Body{Presence: pact.Present, ContentType: cmp.Or(kind, "application/json"), Value: it.Example.Request, IsJSON: true}
	w.put(out.Rules, pact.InBody, "$", pact.Rule{Match: "type"})
	if root != nil {
		w.forms(out.Rules, root, it.Example.Request, "$")
	}
}

// forms writes the rules of the texts in a request that have a form.
func (w *writer) forms(rules pact.Rules, n *node, v any, path string) {
	switch v := v.(type) {
	case string:
		if n.field != nil {
			if r := textRule(n.field, v); r.Match == "regex" {
				w.put(rules, pact.InBody, path, r)
			}
		}
	case map[string]any:
		for _, name := range n.names() {
			if _, ok := v[name]; ok {
				w.forms(rules, n.kids[name], v[name], path+pact.Step{Name: name, Index: -1}.String())
			}
		}
	case []any:
		if item := n.kids["*"]; item != nil && len(v) > 0 {
			w.forms(rules, item, v[0], path+"[*]")
		}
	}
}
