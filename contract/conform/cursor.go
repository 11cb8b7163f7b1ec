package conform

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/capture"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Cursor holds the schemas that describe one value together: a schema, what it
// refers to, and the branches of its unions. The zero value knows nothing of the
// value.
type Cursor struct{ by []*jsonschema.Schema }

// NewCursor stands at the value that s describes. s may be nil.
func NewCursor(s *jsonschema.Schema) Cursor { return Cursor{closure(nil, s)} }

// RequestBody stands at the body of an operation's request in a media type.
func (c *Conformer) RequestBody(op *openapi.Operation, mediaType string) Cursor {
	if op == nil || op.Body == nil {
		return Cursor{}
	}
	return c.cursor(message.Best(op.Body.Media, mediaType), schema.Request)
}

// ResponseBody stands at the body of an answer.
func (c *Conformer) ResponseBody(op *openapi.Operation, res *capture.Response) Cursor {
	if op == nil || res == nil {
		return Cursor{}
	}
	r := Declared(op, res.Status)
	if r == nil {
		return Cursor{}
	}
	return c.cursor(message.Best(r.Media, res.Header.Get("Content-Type")), schema.Response)
}

func (c *Conformer) cursor(m *openapi.Media, d schema.Direction) Cursor {
	if m == nil {
		return Cursor{}
	}
	s := c.schema(m.Schema, d)
	if s == nil {
		return Cursor{}
	}
	return NewCursor(s.Compiled)
}

// ReadOnly reports whether the value is the server's alone.
func (c Cursor) ReadOnly() bool {
	return slices.ContainsFunc(c.by, func(s *jsonschema.Schema) bool { return s.ReadOnly })
}

// WriteOnly reports whether the value is never answered.
func (c Cursor) WriteOnly() bool {
	return slices.ContainsFunc(c.by, func(s *jsonschema.Schema) bool { return s.WriteOnly })
}

// Member stands at a member of an object. named is false where the member is an
// entry of a map: where the schemas describe it by additionalProperties or
// patternProperties, or do not describe it at all and its name looks like a
// value.
func (c Cursor) Member(name string) (below Cursor, named bool) {
	mapped := false
	for _, s := range c.by {
		if p, ok := s.Properties[name]; ok {
			named, below.by = true, closure(below.by, p)
			continue
		}
		for pattern, p := range s.PatternProperties {
			if pattern.MatchString(name) {
				mapped, below.by = true, closure(below.by, p)
			}
		}
		if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && p.Bool == nil {
			mapped, below.by = true, closure(below.by, p)
		}
	}
	return below, named || !mapped && !looksLikeValue(name)
}

// Element stands at any element of an array.
func (c Cursor) Element() Cursor {
	var below Cursor
	for _, s := range c.by {
		below.by = closure(below.by, s.Items2020)
		for _, p := range s.PrefixItems {
			below.by = closure(below.by, p)
		}
	}
	return below
}

// maxClosure is how many schemas may describe one value together: unions of
// published documents have below 200 branches, and schemas are walked only where
// something is broken or two answers are compared.
const maxClosure = 1000

// closure adds s to the schemas that describe one value, and those that s applies
// to the same value. Cycles end as each schema is added once.
func closure(to []*jsonschema.Schema, s *jsonschema.Schema) []*jsonschema.Schema {
	if s == nil || len(to) >= maxClosure || slices.Contains(to, s) {
		return to
	}
	to = append(to, s)
	for _, one := range [...]*jsonschema.Schema{s.Ref, s.If, s.Then, s.Else} {
		to = closure(to, one)
	}
	if s.DynamicRef != nil {
		to = closure(to, s.DynamicRef.Ref)
	}
	for _, some := range [...][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, one := range some {
			to = closure(to, one)
		}
	}
	for _, one := range s.DependentSchemas {
		to = closure(to, one)
	}
	return to
}

// looksLikeValue reports whether a name is more likely a key of a map: without a
// letter, with four digits, or longer than 64 bytes. The longest names of members
// in published documents have some 60 letters.
func looksLikeValue(name string) bool {
	digits, letters := 0, 0
	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80:
			letters++
		}
	}
	return letters == 0 || digits >= 4 || len(name) > 64
}
