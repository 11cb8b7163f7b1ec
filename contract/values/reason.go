package values

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
)

// reasons are the keywords that are broken where a value breaks a rule of another
// name, at the place of the rule, and of the object or array that holds it.
var reasons = map[contract.Rule]struct{ here, above []string }{
	"type":                  {here: []string{"type", "enum", "const", "not", "format"}},
	contract.RuleNull:       {here: []string{"type", "enum", "const", "not"}},
	contract.RuleOversized:  {here: []string{"maxLength", "maxItems"}},
	contract.RuleMissing:    {above: []string{"required", "discriminator"}},
	"dependentRequired":     {above: []string{"dependentRequired"}},
	"additionalProperties":  {here: []string{"false"}, above: []string{"additionalProperties"}},
	"unevaluatedProperties": {here: []string{"false"}, above: []string{"unevaluatedProperties"}},
	"properties":            {here: []string{"false"}},
	"items":                 {here: []string{"false"}, above: []string{"items", "additionalItems"}},
	"unevaluatedItems":      {here: []string{"false"}, above: []string{"unevaluatedItems"}},
	"contains":              {here: []string{"contains", "minContains"}},
	"discriminator":         {here: []string{"const", "enum"}},
	"oneOf":                 {here: []string{"oneOf"}},
}

// isReason reports whether a violation is the one that a value was made for. Of a
// value in a branch of a union, whatever the branches say at the union or below
// is: that it breaks its own branch for one reason was seen there.
func (v *Value) isReason(x schema.Violation) bool {
	r, renamed := reasons[v.Rule]
	switch {
	case x.At == v.At && (!renamed && x.Keyword == string(v.Rule) || slices.Contains(r.here, x.Keyword) || x.Keyword == "discriminator"):
		return true
	case slices.Contains(r.above, x.Keyword) && x.At == v.At[:max(strings.LastIndexByte(v.At, '/'), 0)]:
		return true
	}
	return v.up > 0 && isWithin(x.At, v.union())
}

// union returns the pointer of the outermost union that was chosen in.
func (v *Value) union() string {
	at := v.At
	for range v.up - 1 {
		at = at[:max(strings.LastIndexByte(at, '/'), 0)]
	}
	return at
}

func isWithin(at, whole string) bool {
	rest, ok := strings.CutPrefix(at, whole)
	return ok && (rest == "" || rest[0] == '/')
}

// isBroken reports whether a value breaks the whole schema, and whether for its
// one reason. A wrong kind is refused by enum, const or not where there is no
// type: then that is its rule.
func (m *maker) isBroken(v *Value) (broken, alone bool) {
	found := m.schema.Validate(v.Data)
	for _, x := range found {
		if !v.isReason(x) {
			return true, false
		}
	}
	if v.Rule == "type" && len(found) > 0 && found[0].At == v.At && !slices.Contains([]string{"type", "anyOf", "oneOf", "discriminator"}, found[0].Keyword) {
		v.Rule = contract.Rule(found[0].Keyword)
	}
	return len(found) > 0, len(found) > 0
}

// alone keeps the values that break nothing of one way through the unions but
// what they were made for, and notes that they are within a union.
func (m *maker) alone(f *found, a *alternative) {
	f.values = slices.DeleteFunc(f.values, func(v Value) bool {
		if !m.spend(1 + size(v.Data, maxSize)/32) {
			f.left++
			return true
		}
		for _, s := range a.schemas {
			for _, x := range m.part(m.own(s)).Validate(v.Data) {
				if !v.isReason(x) {
					f.try(v)
					return true
				}
			}
		}
		return false
	})
	for i := range f.values {
		f.values[i].up = strings.Count(f.values[i].At, "/") + 1
	}
}

// try notes what was tried and broke something else too.
func (f *found) try(v Value) {
	if len(f.tried) < maxGaps {
		f.tried = append(f.tried, contract.Gap{At: contract.Place(v.At), Rule: v.Rule, Why: v.Why + ": the rest of the schema refuses what was tried too"})
	}
}

// part returns the schema that values are made for, of which only s is asked.
func (m *maker) part(s *jsonschema.Schema) *schema.Schema {
	part := *m.schema
	part.Compiled = s
	return &part
}

// own returns a schema with its own keywords alone, those of unions and of what
// was evaluated left out.
func (m *maker) own(s *jsonschema.Schema) *jsonschema.Schema {
	return m.changed(s, "", func(c *jsonschema.Schema) {
		c.AnyOf, c.OneOf, c.If, c.Then, c.Else = nil, nil, nil, nil, nil
		c.DependentSchemas = nil
	})
}

// changed returns a copy of a schema without what it refers to or consists of,
// the same one for the same schema and name of the change.
func (m *maker) changed(s *jsonschema.Schema, name string, change func(*jsonschema.Schema)) *jsonschema.Schema {
	key := changeOf{s, name}
	c, ok := m.changes[key]
	if !ok {
		some := *s
		c = &some
		c.Ref, c.RecursiveRef, c.DynamicRef, c.AllOf, c.Extensions = nil, nil, nil, nil, nil
		c.UnevaluatedProperties, c.UnevaluatedItems = nil, nil
		change(c)
		m.changes[key] = c
	}
	return c
}

type changeOf struct {
	s    *jsonschema.Schema
	name string
}

// flat returns the schemas of a node and those that hold together with them.
func flat(schemas []*jsonschema.Schema, into []*jsonschema.Schema) []*jsonschema.Schema {
	for _, s := range schemas {
		if len(into) < maxTogether && !slices.Contains(into, s) {
			into = flat(together(s), append(into, s))
		}
	}
	return into
}

// maxTogether is how many schemas that hold for one value are looked at for what
// they refuse as a whole. The widest allOf that is published has some twenty.
const maxTogether = 128

// but returns what all the schemas say, one of them changed.
func (m *maker) but(all []*jsonschema.Schema, one *jsonschema.Schema, name string, change func(*jsonschema.Schema)) []*jsonschema.Schema {
	out := make([]*jsonschema.Schema, 0, len(all)+2)
	for _, s := range all {
		if s == one {
			out = append(out, m.changed(s, name, change))
			continue
		}
		out = append(out, m.changed(s, "flat", func(*jsonschema.Schema) {}))
	}
	return out
}
