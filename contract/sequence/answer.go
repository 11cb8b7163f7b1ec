package sequence

import (
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// identities are the names that the identity of a thing goes by, the likeliest
// first.
var identities = []string{"id", "uuid", "guid", "key", "slug", "code", "login", "username", "name", "number", "no", "sku", "symbol", "ref", "sha", "identifier"}

// envelopes are names of fields that hold the answer proper.
var envelopes = []string{"data", "result", "results", "item", "items", "payload", "response", "attributes", "body",
	"content", "records", "entries", "list", "values", "elements", "rows", "_embedded", "resource", "resources", "hits"}

// maxEnvelope is how deep the answer proper may be inside of others: JSON:API has
// 2, HAL with a list 2.
const maxEnvelope = 3

// successes returns the responses of an operation that say that all went well,
// 201 first; "default" counts where there is no other.
func successes(op *openapi.Operation) []*openapi.Response {
	var out []*openapi.Response
	for _, r := range op.Responses {
		if strings.HasPrefix(r.Status, "2") {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *openapi.Response) int { return created(b) - created(a) })
	if len(out) > 0 {
		return out
	}
	return slices.DeleteFunc(slices.Clone(op.Responses), func(r *openapi.Response) bool { return r.Status != "default" })
}

func created(r *openapi.Response) int {
	if r.Status == "201" {
		return 1
	}
	return 0
}

// declares reports whether an operation declares a status itself, not by a range.
func declares(op *openapi.Operation, statuses ...string) bool {
	return slices.ContainsFunc(op.Responses, func(r *openapi.Response) bool { return slices.Contains(statuses, r.Status) })
}

// deferred reports whether an operation is only accepted, and done later (RFC
// 9110 section 15.3.3).
func deferred(op *openapi.Operation) bool {
	all := successes(op)
	return len(all) > 0 && !slices.ContainsFunc(all, func(r *openapi.Response) bool { return r.Status != "202" })
}

// structured returns the media of a response whose fields can be told.
func structured(media []*openapi.Media) *openapi.Media {
	var first *openapi.Media
	for _, m := range media {
		if m.Schema == "" {
			continue
		}
		if strings.Contains(m.Type, "json") {
			return m
		}
		if first == nil {
			first = m
		}
	}
	return first
}

// identity finds in the values of a schema the field that a need names: its
// pointer.
func (s *shapes) identity(p openapi.Place, n need) (string, bool) {
	return s.search(p, n, "", 0)
}

func (s *shapes) search(p openapi.Place, n need, at string, depth int) (string, bool) {
	sh := s.of(p)
	if sh.items != "" && depth < maxEnvelope {
		return s.search(sh.items, n, at+"/0", depth+1)
	}
	if f := s.best(sh, n); f != nil {
		return at + "/" + escape(f.name), true
	}
	if depth == maxEnvelope {
		return "", false
	}
	for _, f := range sh.fields {
		inner := s.of(f.schema)
		if !slices.Contains(envelopes, strings.ToLower(f.name)) && !n.isNoun(f.words) && len(sh.fields) > 1 {
			continue
		}
		if inner.items == "" && len(inner.fields) == 0 {
			continue
		}
		inside := n
		inside.beside = n.beside && !n.isNoun(f.words)
		if found, ok := s.search(f.schema, inside, at+"/"+escape(f.name), depth+1); ok {
			return found, true
		}
	}
	return "", false
}

// isNoun reports whether words say what the need is of.
func (n *need) isNoun(ws []string) bool {
	return slices.ContainsFunc(phrases(ws), func(p string) bool { return slices.Contains(n.nouns, p) })
}

// best returns the field of one object that a need names: called as it is, by its
// suffix with or without the noun, of the same shared schema, by a usual name, or
// the only text that the object must have.
func (s *shapes) best(sh *shape, n need) *field {
	tests := []func(f *field) bool{
		func(f *field) bool { return slices.Equal(f.words, n.words) },
		func(f *field) bool { return n.suffix != "" && n.named(f.words) },
		func(f *field) bool { return n.schema.named() != "" && s.of(f.schema).at == n.schema.at },
	}
	if n.beside {
		tests = tests[:1]
	}
	for _, test := range tests {
		for i := range sh.fields {
			if f := &sh.fields[i]; test(f) && s.fits(f, n, false) {
				return f
			}
		}
	}
	if n.beside {
		return nil
	}
	for _, exact := range []bool{true, false} {
		for _, name := range identities {
			for i := range sh.fields {
				if f := &sh.fields[i]; n.usual(f.words, name) && s.fits(f, n, exact) {
					return f
				}
			}
		}
	}
	return s.onlyText(sh, n)
}

// named reports whether words are the need's suffix, or the noun and it.
func (n *need) named(ws []string) bool {
	noun, suffix := splitSuffix(ws)
	return suffix == n.suffix && (len(noun) == 0 || n.isNoun(noun))
}

// usual reports whether words are a usual name for an identity, alone or after
// the noun.
func (n *need) usual(ws []string, name string) bool {
	if len(ws) == 0 || ws[len(ws)-1] != name {
		return false
	}
	return len(ws) == 1 || n.isNoun(ws[:len(ws)-1])
}

func (s *shapes) onlyText(sh *shape, n need) *field {
	var only *field
	for i := range sh.fields {
		f := &sh.fields[i]
		if !f.required || s.of(f.schema).typ != "string" || s.of(f.schema).fixed {
			continue
		}
		if only != nil {
			return nil
		}
		only = f
	}
	if only == nil || !s.fits(only, n, false) || n.segment < 0 {
		return nil
	}
	return only
}

// fits reports whether a field's value can stand where the need is. Text may be
// written of any number, but a number not of any text.
func (s *shapes) fits(f *field, n need, exact bool) bool {
	typ := s.of(f.schema).typ
	switch {
	case typ == "object" || typ == "array" || typ == "boolean" || len(s.of(f.schema).fields) > 0:
		return false
	case typ == n.typ:
		return true
	case exact:
		return false
	case typ == "" || n.typ == "":
		return true
	case n.typ == "string":
		return !strings.HasPrefix(string(n.into), "body")
	}
	return n.typ == "number" && typ == "integer"
}

// list finds the list that an answer holds: the place of the list and the schema
// of what is in it.
func (s *shapes) list(op *openapi.Operation) (contract.Place, openapi.Place, bool) {
	for _, r := range successes(op) {
		m := structured(r.Media)
		if m == nil {
			continue
		}
		if pointer, items, ok := s.listIn(m.Schema, "", 0); ok {
			return contract.At("body", pointer), items, true
		}
	}
	return "", "", false
}

func (s *shapes) listIn(p openapi.Place, at string, depth int) (string, openapi.Place, bool) {
	sh := s.of(p)
	if sh.items != "" {
		return at, sh.items, true
	}
	if depth == maxEnvelope {
		return "", "", false
	}
	var found *field
	for i := range sh.fields {
		f := &sh.fields[i]
		if s.of(f.schema).items == "" {
			continue
		}
		if slices.Contains(envelopes, strings.ToLower(f.name)) {
			return s.listIn(f.schema, at+"/"+escape(f.name), depth+1)
		}
		if len(s.of(s.of(f.schema).items).fields) > 0 {
			if found != nil {
				return "", "", false
			}
			found = f
		}
	}
	if found != nil {
		return s.listIn(found.schema, at+"/"+escape(found.name), depth+1)
	}
	for i := range sh.fields {
		f := &sh.fields[i]
		if slices.Contains(envelopes, strings.ToLower(f.name)) && len(s.of(f.schema).fields) > 0 {
			return s.listIn(f.schema, at+"/"+escape(f.name), depth+1)
		}
	}
	return "", "", false
}
