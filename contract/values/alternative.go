package values

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
)

// maxAlternatives is how many ways through the unions of one schema are kept;
// where there are more, each branch is still in one of them.
const maxAlternatives = 64

// alternative is one way through the unions of a node: schemas whose own keywords
// hold together.
type alternative struct {
	schemas []*jsonschema.Schema
	rule    contract.Rule
	why     string // "" where there was nothing to choose
	union   bool   // a branch of anyOf or oneOf was chosen

	mask  kinds
	shape *shape
}

// draft is the version that schemas made here have.
const draft = 2020

func always(b bool) *jsonschema.Schema { return &jsonschema.Schema{DraftVersion: draft, Bool: &b} }

// alternatives returns the ways through the unions of a node, those that no value
// can take left out.
func (m *maker) alternatives(n *node) []*alternative {
	if n.done {
		return n.alts
	}
	n.done = true
	all := []*alternative{{mask: anyKind}}
	for _, s := range n.schemas {
		all = combine(all, m.expand(s, nil))
	}
	n.alts = all
	return all
}

// expand returns the ways through one schema. One that leads back to itself at
// the same value has no way.
func (m *maker) expand(s *jsonschema.Schema, stack []*jsonschema.Schema) []*alternative {
	if slices.Contains(stack, s) || len(stack) > bottom || s.Bool != nil && !*s.Bool {
		return nil
	}
	stack = append(stack, s)
	all := []*alternative{{schemas: []*jsonschema.Schema{s}, mask: kindsOf(s)}}
	for _, same := range together(s) {
		all = combine(all, m.expand(same, stack))
	}
	if len(s.AnyOf) > 0 {
		all = combine(all, m.branches(s, s.AnyOf, "anyOf", stack))
	}
	if len(s.OneOf) > 0 {
		all = combine(all, m.branches(s, s.OneOf, "oneOf", stack))
	}
	if s.If != nil && (s.Then != nil || s.Else != nil) {
		all = combine(all, m.conditional(s, stack))
	}
	for _, name := range sorted(s.DependentSchemas) {
		all = combine(all, m.depending(name, s.DependentSchemas[name], stack))
	}
	for _, name := range sorted(s.Dependencies) {
		if dep, ok := s.Dependencies[name].(*jsonschema.Schema); ok {
			all = combine(all, m.depending(name, dep, stack))
		}
	}
	return all
}

// together are the schemas that hold whenever s does.
func together(s *jsonschema.Schema) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	if s.Ref != nil {
		out = append(out, s.Ref)
	}
	if s.DynamicRef != nil && s.DynamicRef.Ref != nil {
		out = append(out, s.DynamicRef.Ref)
	}
	if d := schema.DynamicOf(s); d != nil && d.Static != nil {
		out = append(out, d.Static)
	}
	if s.RecursiveRef != nil {
		out = append(out, s.RecursiveRef)
	}
	return append(out, s.AllOf...)
}

func (m *maker) branches(s *jsonschema.Schema, of []*jsonschema.Schema, key string, stack []*jsonschema.Schema) []*alternative {
	d := schema.DiscriminatorOf(s)
	var all []*alternative
	for i, branch := range of {
		ways := m.expand(branch, stack)
		if d != nil && (key == "oneOf" || len(s.OneOf) == 0) {
			ways = combine(ways, named(d, i))
		}
		for _, w := range ways {
			c := *w
			c.union = true
			c.rule, c.why = contract.RuleBranch, fmt.Sprintf("branch %d of %s", i+1, key)
			all = append(all, &c)
		}
	}
	return all
}

// named returns the ways to name a branch by the discriminator.
func named(d *schema.Discriminator, branch int) []*alternative {
	var all []*alternative
	for _, name := range sorted(d.Names) {
		if d.Names[name] != branch {
			continue
		}
		var value any = name
		property := &jsonschema.Schema{DraftVersion: draft, Const: &value}
		all = append(all, &alternative{mask: anyKind, schemas: []*jsonschema.Schema{{
			DraftVersion: draft, Required: []string{d.Property}, Properties: map[string]*jsonschema.Schema{d.Property: property},
		}}})
	}
	if len(all) == 0 {
		return []*alternative{{mask: anyKind}}
	}
	return all
}

func (m *maker) conditional(s *jsonschema.Schema, stack []*jsonschema.Schema) []*alternative {
	then := m.expand(s.If, stack)
	if s.Then != nil {
		then = combine(then, m.expand(s.Then, stack))
	}
	otherwise := []*alternative{{mask: anyKind, schemas: []*jsonschema.Schema{{DraftVersion: draft, Not: s.If}}}}
	if s.Else != nil {
		otherwise = combine(otherwise, m.expand(s.Else, stack))
	}
	return append(labelled(then, "then", "the condition of if holds"), labelled(otherwise, "else", "the condition of if does not hold")...)
}

func labelled(all []*alternative, rule contract.Rule, why string) []*alternative {
	for i, a := range all {
		c := *a
		c.rule, c.why = rule, why
		all[i] = &c
	}
	return all
}

// depending holds a schema where a property is there.
func (m *maker) depending(name string, dep *jsonschema.Schema, stack []*jsonschema.Schema) []*alternative {
	with := []*alternative{{mask: anyKind, schemas: []*jsonschema.Schema{{DraftVersion: draft, Required: []string{name}}}}}
	without := []*alternative{{mask: anyKind, schemas: []*jsonschema.Schema{{
		DraftVersion: draft, Properties: map[string]*jsonschema.Schema{name: always(false)}}}}}
	return append(labelled(combine(with, m.expand(dep, stack)), "dependentSchemas", name+" is there, and what depends on it"),
		labelled(without, "dependentSchemas", name+" is not there")...)
}

// combine takes a way of a and a way of b together: all pairs, or, where those
// are too many, each way once.
func combine(a, b []*alternative) []*alternative {
	var out []*alternative
	whole := len(a)*len(b) <= maxAlternatives
	for i, x := range a {
		for j, y := range b {
			if !whole && i > 0 && j > 0 || x.mask&y.mask == 0 || len(out) >= 4*maxAlternatives {
				continue
			}
			c := &alternative{mask: x.mask & y.mask, rule: x.rule, why: x.why, union: x.union || y.union}
			c.schemas = append(slices.Clip(slices.Clone(x.schemas)), y.schemas...)
			if y.why != "" {
				c.rule = y.rule
				if c.why != "" {
					c.why += ", "
				}
				c.why += y.why
			}
			out = append(out, c)
		}
	}
	return out
}

// kinds is a set of kinds of values; an integer is told from other numbers.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isBool
	isInteger
	isFraction
	isText
	isArray
	isObject
	anyKind = 1<<7 - 1
)

var kindNames = map[string]kinds{
	"null": isNull, "boolean": isBool, "integer": isInteger, "number": isInteger | isFraction,
	"string": isText, "array": isArray, "object": isObject,
}

// kindsOf returns the kinds that a schema's own keywords allow.
func kindsOf(s *jsonschema.Schema) kinds {
	mask := kinds(anyKind)
	if s.Types != nil {
		mask = typed(s.Types)
	}
	if s.Not != nil && onlyType(s.Not) {
		mask &^= typed(s.Not.Types)
	}
	if s.Format != nil && integerFormats[s.Format.Name] != (width{}) {
		mask &^= isFraction
	}
	if s.Const != nil {
		mask &= kindOf(*s.Const)
	}
	if s.Enum != nil {
		var some kinds
		for _, v := range s.Enum.Values {
			some |= kindOf(v)
		}
		mask &= some
	}
	return mask
}

func typed(t *jsonschema.Types) kinds {
	var mask kinds
	for _, name := range t.ToStrings() {
		mask |= kindNames[name]
	}
	return mask
}

// onlyType reports whether a schema says nothing but its type.
func onlyType(s *jsonschema.Schema) bool {
	return s.Types != nil && len(together(s)) == 0 && s.Enum == nil && s.Const == nil && s.Not == nil && s.If == nil &&
		len(s.AnyOf)+len(s.OneOf)+len(s.Required)+len(s.Properties)+len(s.PatternProperties)+len(s.DependentRequired)+len(s.DependentSchemas)+len(s.Dependencies) == 0 &&
		s.Format == nil && s.Pattern == nil && s.MinLength == nil && s.MaxLength == nil && s.Minimum == nil && s.Maximum == nil &&
		s.ExclusiveMinimum == nil && s.ExclusiveMaximum == nil && s.MultipleOf == nil && s.MinItems == nil && s.MaxItems == nil &&
		!s.UniqueItems && s.Contains == nil && s.Items == nil && s.Items2020 == nil && len(s.PrefixItems) == 0 && s.UnevaluatedItems == nil &&
		s.MinProperties == nil && s.MaxProperties == nil && s.PropertyNames == nil && s.AdditionalProperties == nil && s.UnevaluatedProperties == nil &&
		s.ContentEncoding == nil && s.ContentMediaType == nil && len(s.Extensions) == 0
}

// kindOf returns the kind of a value.
func kindOf(v any) kinds {
	switch v := v.(type) {
	case nil:
		return isNull
	case bool:
		return isBool
	case string:
		return isText
	case []any:
		return isArray
	case map[string]any:
		return isObject
	default:
		if r, ok := rational(v); ok && !r.IsInt() {
			return isFraction
		}
		return isInteger
	}
}

func rational(v any) (*big.Rat, bool) { return new(big.Rat).SetString(fmt.Sprint(v)) }
