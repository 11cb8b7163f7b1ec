package values

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
)

// shape is what the schemas of an alternative say together.
type shape struct {
	*alternative
	direction schema.Direction

	fixed   []any // enum and const; nil where there are none
	isFixed bool

	low, high limit
	step      *big.Rat
	integer   bool

	minLength, maxLength int // -1 is none
	patterns, formats    []string
	content              bool

	minItems, maxItems int
	unique             bool
	prefix             int // items that have a schema by their position

	minProperties, maxProperties int
	required, declared           []string
}

// limit is a bound of numbers; nil is none.
type limit struct {
	at        *big.Rat
	exclusive bool
	rule      contract.Rule
}

func (m *maker) shape(a *alternative) *shape {
	if a.shape != nil {
		return a.shape
	}
	sh := &shape{alternative: a, direction: m.schema.Direction, maxLength: -1, maxItems: -1, maxProperties: -1}
	a.shape = sh
	for _, s := range a.schemas {
		sh.fix(s)
		sh.number(s)
		sh.text(s)
		sh.counts(s)
		sh.names(s)
	}
	sh.integer = a.mask&isFraction == 0
	if sh.integer {
		sh.step = multiple(sh.step, big.NewRat(1, 1))
	}
	sh.bytes()
	slices.Sort(sh.required)
	sh.required = slices.Compact(sh.required)
	slices.Sort(sh.declared)
	sh.declared = slices.Compact(sh.declared)
	return sh
}

// fix narrows the values that are listed.
func (sh *shape) fix(s *jsonschema.Schema) {
	list := []any(nil)
	switch {
	case s.Const != nil:
		list = []any{*s.Const}
	case s.Enum != nil:
		list = s.Enum.Values
	default:
		return
	}
	if !sh.isFixed {
		for _, v := range list {
			sh.fixed = append(sh.fixed, plain(v))
		}
		sh.isFixed = true
		return
	}
	allowed := map[string]bool{}
	for _, v := range list {
		key, _ := canonical(plain(v), maxSize)
		allowed[key] = true
	}
	sh.fixed = slices.DeleteFunc(sh.fixed, func(v any) bool {
		key, _ := canonical(v, maxSize)
		return !allowed[key]
	})
}

func (sh *shape) number(s *jsonschema.Schema) {
	sh.low.raise(s.Minimum, false, "minimum", 1)
	sh.low.raise(s.ExclusiveMinimum, true, "exclusiveMinimum", 1)
	sh.high.raise(s.Maximum, false, "maximum", -1)
	sh.high.raise(s.ExclusiveMaximum, true, "exclusiveMaximum", -1)
	if s.MultipleOf != nil && s.MultipleOf.Sign() > 0 {
		sh.step = multiple(sh.step, s.MultipleOf)
	}
}

// raise takes the narrower of two limits; sign is 1 for lower ones.
func (l *limit) raise(at *big.Rat, exclusive bool, rule contract.Rule, sign int) {
	if at == nil {
		return
	}
	if l.at != nil {
		if c := at.Cmp(l.at) * sign; c < 0 || c == 0 && !exclusive {
			return
		}
	}
	*l = limit{at, exclusive, rule}
}

// multiple returns the least number that is a multiple of both.
func multiple(a, b *big.Rat) *big.Rat {
	if a == nil {
		return b
	}
	// lcm(p/q, r/s) = lcm(p*s, r*q) / (q*s)
	x := new(big.Int).Mul(a.Num(), b.Denom())
	y := new(big.Int).Mul(b.Num(), a.Denom())
	gcd := new(big.Int).GCD(nil, nil, x, y)
	lcm := new(big.Int).Mul(x, new(big.Int).Quo(y, gcd))
	return new(big.Rat).SetFrac(lcm, new(big.Int).Mul(a.Denom(), b.Denom()))
}

func (sh *shape) text(s *jsonschema.Schema) {
	least(&sh.minLength, s.MinLength)
	most(&sh.maxLength, s.MaxLength)
	if s.Pattern != nil {
		sh.patterns = appendOnce(sh.patterns, s.Pattern.String())
	}
	if s.Format != nil {
		sh.formats = appendOnce(sh.formats, s.Format.Name)
	}
	if s.ContentEncoding != nil {
		sh.formats = appendOnce(sh.formats, "byte")
	}
	if s.ContentMediaType != nil {
		sh.content = true
	}
}

// bytes takes the range of a format of integers as bounds.
func (sh *shape) bytes() {
	for _, f := range sh.formats {
		w, ok := integerFormats[f]
		if !ok {
			continue
		}
		edge := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), w.bits))
		low := new(big.Rat)
		if w.signed {
			low.Neg(edge)
		}
		sh.low.raise(low, false, "format", 1)
		sh.high.raise(new(big.Rat).Sub(edge, big.NewRat(1, 1)), false, "format", -1)
	}
}

// width is how many bits an integer has beside its sign.
type width struct {
	bits   uint
	signed bool
}

// integerFormats are those of OpenAPI's format registry.
var integerFormats = map[string]width{
	"int8": {7, true}, "int16": {15, true}, "int32": {31, true}, "int64": {63, true},
	"uint8": {8, false}, "uint16": {16, false}, "uint32": {32, false}, "uint64": {64, false},
}

func (sh *shape) counts(s *jsonschema.Schema) {
	least(&sh.minItems, s.MinItems)
	most(&sh.maxItems, s.MaxItems)
	least(&sh.minProperties, s.MinProperties)
	most(&sh.maxProperties, s.MaxProperties)
	sh.unique = sh.unique || s.UniqueItems
	sh.prefix = max(sh.prefix, len(s.PrefixItems))
	if list, ok := s.Items.([]*jsonschema.Schema); ok {
		sh.prefix = max(sh.prefix, len(list))
	}
	if s.Contains != nil {
		need := 1
		if s.MinContains != nil {
			need = *s.MinContains
		}
		sh.minItems = max(sh.minItems, need)
	}
}

func (sh *shape) names(s *jsonschema.Schema) {
	sh.required = append(sh.required, s.Required...)
	for name := range s.Properties {
		sh.declared = append(sh.declared, name)
	}
}

// leftOut reports whether a property is not to be there in this direction.
func (sh *shape) leftOut(schemas []*jsonschema.Schema) bool {
	return slices.ContainsFunc(schemas, func(s *jsonschema.Schema) bool { return marked(s, sh.direction, 0) })
}

// marked reports whether a schema is readOnly in a request, or writeOnly in an
// answer.
func marked(s *jsonschema.Schema, d schema.Direction, hops int) bool {
	if d == schema.Request && s.ReadOnly || d == schema.Response && s.WriteOnly {
		return true
	}
	return hops < 8 && slices.ContainsFunc(together(s), func(t *jsonschema.Schema) bool { return marked(t, d, hops+1) })
}

// property returns the schemas that a property must fit; false where it may not
// be there.
func (m *maker) property(sh *shape, name string) ([]*jsonschema.Schema, bool) {
	var out []*jsonschema.Schema
	evaluated := slices.Contains(sh.declared, name)
	for _, s := range sh.schemas {
		own, known := m.ownProperty(s, name)
		evaluated = evaluated || known
		out = append(out, own...)
	}
	for _, s := range sh.schemas {
		if s.UnevaluatedProperties != nil && !evaluated {
			out = append(out, s.UnevaluatedProperties)
		}
	}
	for _, s := range out {
		if s.Bool != nil && !*s.Bool {
			return nil, false
		}
	}
	return out, true
}

func (m *maker) ownProperty(s *jsonschema.Schema, name string) (out []*jsonschema.Schema, known bool) {
	if p, ok := s.Properties[name]; ok {
		out = append(out, p)
	}
	for _, re := range expressions(s) {
		if re.MatchString(name) {
			out = append(out, s.PatternProperties[re])
		}
	}
	if len(out) > 0 {
		return out, true
	}
	switch extra := s.AdditionalProperties.(type) {
	case bool:
		if !extra {
			out = append(out, always(false))
		}
		return out, extra
	case *jsonschema.Schema:
		return append(out, extra), true
	}
	return nil, false
}

// expressions returns the patterns of properties in a fixed order.
func expressions(s *jsonschema.Schema) []jsonschema.Regexp {
	var out []jsonschema.Regexp
	for re := range s.PatternProperties {
		out = append(out, re)
	}
	slices.SortFunc(out, func(a, b jsonschema.Regexp) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// item returns the schemas that the i-th item must fit.
func item(sh *shape, i int) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	known := false
	for _, s := range sh.schemas {
		own, is := ownItem(s, i)
		known = known || is
		out = append(out, own...)
	}
	for _, s := range sh.schemas {
		if s.UnevaluatedItems != nil && !known {
			out = append(out, s.UnevaluatedItems)
		}
	}
	return out
}

func ownItem(s *jsonschema.Schema, i int) ([]*jsonschema.Schema, bool) {
	if i < len(s.PrefixItems) {
		return s.PrefixItems[i : i+1], true
	}
	if s.Items2020 != nil {
		return []*jsonschema.Schema{s.Items2020}, true
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{items}, true
	case []*jsonschema.Schema:
		if i < len(items) {
			return items[i : i+1], true
		}
		switch extra := s.AdditionalItems.(type) {
		case *jsonschema.Schema:
			return []*jsonschema.Schema{extra}, true
		case bool:
			return []*jsonschema.Schema{always(extra)}, extra
		}
	}
	return nil, false
}

func least(to, from *int) {
	if from != nil {
		*to = max(*to, *from)
	}
}

func most(to, from *int) {
	if from != nil && (*to < 0 || *from < *to) {
		*to = *from
	}
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// plain turns numbers of other types into json.Number, copying what holds them.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, string, json.Number:
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = plain(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	}
	r, ok := rational(v)
	if !ok {
		return v
	}
	n, _ := decimal(r)
	return n
}
