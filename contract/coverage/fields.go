package coverage

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
)

// An operation has this many fields of answers at most; what lies below a field
// that was never seen is not listed, so that cyclic schemas end.
const maxFields = 3000

type fieldsKey struct {
	response *openapi.Response
	media    *openapi.Media
}

// fields are those of the answers in one media type.
type fields struct {
	root  *field
	count int
}

// field is a member of answers, or all elements of a list.
type field struct {
	seen    uint64
	by      []*jsonschema.Schema
	members map[string]*field // those that are declared; nil until one was looked for
	rest    *field            // entries of maps
	element *field
}

// Fields counts the fields that an answer has, of those that its schema declares.
// What an undeclared answer has is not counted.
func (m *Meter) Fields(op *openapi.Operation, res *capture.Response) {
	p := m.plan(op.Name)
	declared := conform.Declared(op, res.Status)
	if p == nil || declared == nil {
		return
	}
	media := message.Best(declared.Media, res.Header.Get("Content-Type"))
	if media == nil || media.Schema == "" {
		return
	}
	f := p.fieldsOf(m, fieldsKey{declared, media})
	if f.root == nil {
		return
	}
	if value, ok := m.conformer.Value(op, res); ok {
		f.see(f.root, value, 0)
	}
}

func (p *plan) fieldsOf(m *Meter, key fieldsKey) *fields {
	if f, ok := p.fields[key]; ok {
		return f
	}
	f := new(fields)
	if s, err := m.schemas.Schema(key.media.Schema, schema.Response); err == nil {
		f.root = &field{by: applied(nil, s.Compiled)}
	}
	if p.fields == nil {
		p.fields = make(map[fieldsKey]*fields)
	}
	p.fields[key] = f
	return f
}

func (f *fields) see(x *field, v any, depth int) {
	if depth > 64 { // as the deepest that a message may be nested
		return
	}
	switch v := v.(type) {
	case map[string]any:
		f.open(x)
		for name, member := range v {
			below := x.members[name]
			if below == nil {
				below = x.rest
			}
			if below != nil {
				below.seen++
				f.see(below, member, depth+1)
			}
		}
	case []any:
		if x.element == nil {
			x.element = &field{by: elements(x.by)}
		}
		for _, element := range v {
			f.see(x.element, element, depth+1)
		}
	}
}

// open works out the members that are declared.
func (f *fields) open(x *field) {
	if x.members != nil {
		return
	}
	x.members = make(map[string]*field)
	for _, s := range x.by {
		for name, p := range s.Properties {
			if writeOnly(p, 0) {
				continue
			}
			if x.members[name] == nil {
				if f.count++; f.count > maxFields {
					return
				}
				x.members[name] = new(field)
			}
			x.members[name].by = applied(x.members[name].by, p)
		}
		extra, _ := s.AdditionalProperties.(*jsonschema.Schema)
		for _, p := range append(slices.Collect(maps.Values(s.PatternProperties)), extra) {
			if p != nil && p.Bool == nil {
				if x.rest == nil {
					x.rest = new(field)
				}
				x.rest.by = applied(x.rest.by, p)
			}
		}
	}
}

// writeOnly reports whether a property is not for answers.
func writeOnly(s *jsonschema.Schema, hops int) bool {
	if s == nil || hops > 8 {
		return false
	}
	return s.WriteOnly || writeOnly(s.Ref, hops+1) || slices.ContainsFunc(s.AllOf, func(t *jsonschema.Schema) bool { return writeOnly(t, hops+1) })
}

func elements(by []*jsonschema.Schema) (out []*jsonschema.Schema) {
	for _, s := range by {
		out = applied(out, s.Items2020)
		for _, p := range s.PrefixItems {
			out = applied(out, p)
		}
	}
	return out
}

// applied adds a schema to those that describe a value, and those that it applies
// to the same value.
func applied(to []*jsonschema.Schema, s *jsonschema.Schema) []*jsonschema.Schema {
	if s == nil || len(to) >= maxClosure || slices.Contains(to, s) {
		return to
	}
	to = append(to, s)
	for _, one := range [...]*jsonschema.Schema{s.Ref, dynamic(s), s.Then, s.Else} {
		to = applied(to, one)
	}
	for _, some := range [...][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, one := range some {
			to = applied(to, one)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		to = applied(to, s.DependentSchemas[name])
	}
	return to
}

// fieldItems are the items of the fields of answers, in the order of responses and
// media types, then names.
func (p *plan) fieldItems() (out []contract.CoverItem) {
	for _, r := range p.op.Responses {
		for _, m := range r.Media {
			f := p.fields[fieldsKey{r, m}]
			if f == nil || f.root == nil {
				continue
			}
			prefix := r.Status
			if len(r.Media) > 1 {
				prefix += " " + m.Type
			}
			out = f.root.list(out, prefix+" ", "")
			if f.count > maxFields {
				out = append(out, contract.CoverItem{Part: partField, Name: prefix + " (more)", CannotBreak: true, Why: "the schema has more fields than are counted"})
			}
		}
	}
	return out
}

func (x *field) list(out []contract.CoverItem, prefix, at string) []contract.CoverItem {
	for _, name := range slices.Sorted(maps.Keys(x.members)) {
		member, here := x.members[name], pointer.Join(at, name)
		it := contract.CoverItem{Part: partField, Name: prefix + here, Positive: member.seen, CannotBreak: true}
		if member.seen == 0 {
			it.Why = "no recorded answer has it"
		}
		out = member.list(append(out, it), prefix, here)
	}
	for _, below := range []*field{x.rest, x.element} {
		if below != nil {
			out = below.list(out, prefix, at+"/*")
		}
	}
	return out
}
