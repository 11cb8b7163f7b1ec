package sequence

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// lead is a value of one operation's exchange that another is told to take.
type lead struct {
	producer *openapi.Operation
	from     contract.Place
	into     contract.Place
	source   contract.Source
}

// newLinks files what the document's links and recorded traffic say, by the
// operation that is led to. Of links, those of error answers give nothing that is
// there.
func (b *builder) newLinks(recorded []Dependency) map[string][]lead {
	out := make(map[string][]lead)
	for _, op := range b.ops {
		for _, r := range successes(op) {
			for i := range r.Links {
				for _, u := range b.linkUses(op, &r.Links[i]) {
					to := r.Links[i].Operation
					out[to] = append(out[to], lead{op, u.From, u.Into, contract.FromLink})
				}
			}
		}
	}
	for _, d := range byCount(recorded) {
		if from := b.byName[d.From]; from != nil && b.byName[d.To] != nil {
			out[d.To] = append(out[d.To], lead{from, d.FromPlace, d.ToPlace, contract.FromRecorded})
		}
	}
	return out
}

// told returns the candidates that need no guess. One that only reads is of the
// class of lists: it shows what is there, and makes nothing.
func (b *builder) told(op *openapi.Operation, n need) []candidate {
	var out []candidate
	for _, l := range b.links[op.Name] {
		if l.into != n.into || l.producer == op {
			continue
		}
		c := told
		switch l.producer.Method {
		case http.MethodPost, http.MethodPut:
		case http.MethodGet:
			c = first
		default:
			continue
		}
		out = append(out, candidate{l.producer, l.from, c, l.source})
	}
	return out
}

// linkUses returns what a link takes out of an exchange of op; what is no
// expression is left to linkRequest.
func (b *builder) linkUses(op *openapi.Operation, l *openapi.Link) []contract.Use {
	to := b.byName[l.Operation]
	if to == nil {
		return nil
	}
	var out []contract.Use
	for _, key := range slices.Sorted(maps.Keys(l.Parameters)) {
		text, ok := l.Parameters[key].(string)
		into, known := parameterPlace(to, key)
		if !ok || !known {
			continue
		}
		if from, ok := expression(text); ok {
			out = append(out, contract.Use{Step: b.names[op.Name], From: from, Into: into})
		}
	}
	expressions(l.Body, func(pointer string, from contract.Place) {
		out = append(out, contract.Use{Step: b.names[op.Name], From: from, Into: contract.At("body", pointer)})
	})
	return out
}

// expressions finds the runtime expressions in the body of a link.
func expressions(body any, visit func(pointer string, from contract.Place)) {
	leaves(body, "", 0, func(pointer string, v any) {
		if text, ok := v.(string); ok {
			if from, ok := expression(text); ok {
				visit(pointer, from)
			}
		}
	})
}

// parameterPlace finds the parameter that a link names: "id", or "path.id".
func parameterPlace(op *openapi.Operation, key string) (contract.Place, bool) {
	in, name, qualified := strings.Cut(key, ".")
	for _, p := range op.Parameters {
		if p.Name == key || qualified && p.In == in && p.Name == name {
			return contract.At(p.In, p.Name), true
		}
	}
	return "", false
}

// expression reads a runtime expression (OpenAPI 3.1 section 4.8.20.4), also one
// that stands alone in braces. A text with more around it is none that a place
// can tell, nor are $url and $method.
func expression(text string) (contract.Place, bool) {
	if inner, ok := strings.CutPrefix(text, "{$"); ok && strings.HasSuffix(inner, "}") {
		text = "$" + strings.TrimSuffix(inner, "}")
	}
	if text == "$statusCode" {
		return "status", true
	}
	source, ok := strings.CutPrefix(text, "$response.")
	prefix := ""
	if !ok {
		if source, ok = strings.CutPrefix(text, "$request."); !ok {
			return "", false
		}
		prefix = "request "
	}
	if pointer, ok := strings.CutPrefix(source, "body"); ok {
		pointer, cut := strings.CutPrefix(pointer, "#")
		if pointer != "" && (!cut || pointer[0] != '/') {
			return "", false
		}
		return contract.At(prefix+"body", pointer), true
	}
	part, name, ok := strings.Cut(source, ".")
	if !ok || name == "" || !slices.Contains([]string{"header", "query", "path"}, part) || prefix == "" && part != "header" {
		return "", false
	}
	return contract.At(prefix+part, name), true
}

// unsaid returns why a link cannot be followed as it is written, "" where it can.
func (b *builder) unsaid(l *openapi.Link) string {
	to := b.byName[l.Operation]
	if to == nil {
		return fmt.Sprintf("the link %s leads to no operation of the document", l.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(l.Parameters)) {
		if _, ok := parameterPlace(to, key); !ok {
			return fmt.Sprintf("the link %s gives %s, a parameter that %s does not have", l.Name, key, to.Name)
		}
		if text, ok := l.Parameters[key].(string); ok && !constant(text) {
			return fmt.Sprintf("the link %s gives %s by an expression that names no single value: %s", l.Name, key, text)
		}
	}
	return ""
}

// constant reports whether a text is an expression that can be read, or none.
func constant(text string) bool {
	if _, ok := expression(text); ok {
		return true
	}
	return !strings.HasPrefix(text, "$") && !strings.Contains(text, "{$")
}
