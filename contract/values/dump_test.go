package values_test

import (
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract/schema"
)

// dumper writes compiled schemas as JSON Schema 2020-12 for other validators:
// each schema is an entry of $defs.
type dumper struct {
	names map[*jsonschema.Schema]string
	defs  map[string]any
}

func dump(s *jsonschema.Schema) map[string]any {
	d := &dumper{map[*jsonschema.Schema]string{}, map[string]any{}}
	ref := d.ref(s)
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": ref["$ref"], "$defs": d.defs}
}

func (d *dumper) ref(s *jsonschema.Schema) map[string]any {
	name, ok := d.names[s]
	if !ok {
		name = "s" + strconv.Itoa(len(d.names))
		d.names[s] = name
		d.defs[name] = d.body(s)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func (d *dumper) body(s *jsonschema.Schema) any {
	if s.Bool != nil {
		return *s.Bool
	}
	out := map[string]any{}
	d.scalars(s, out)
	d.parts(s, out)
	var all []any
	for _, part := range s.AllOf {
		all = append(all, d.ref(part))
	}
	if s.DynamicRef != nil {
		all = append(all, d.ref(s.DynamicRef.Ref))
	}
	all = append(all, d.unions(s, out)...)
	all = append(all, texts(s, out)...)
	if len(all) > 0 {
		out["allOf"] = all
	}
	return out
}

func (d *dumper) scalars(s *jsonschema.Schema, out map[string]any) {
	if s.Types != nil {
		out["type"] = s.Types.ToStrings()
	}
	if s.Const != nil {
		out["const"] = *s.Const
	}
	if s.Enum != nil {
		out["enum"] = s.Enum.Values
	}
	if s.Pattern != nil {
		out["pattern"] = s.Pattern.String()
	}
	if s.UniqueItems {
		out["uniqueItems"] = true
	}
	if len(s.Required) > 0 {
		out["required"] = s.Required
	}
	if len(s.DependentRequired) > 0 {
		out["dependentRequired"] = s.DependentRequired
	}
	for key, n := range map[string]*int{
		"minLength": s.MinLength, "maxLength": s.MaxLength, "minItems": s.MinItems, "maxItems": s.MaxItems, "minProperties": s.MinProperties,
		"maxProperties": s.MaxProperties, "minContains": s.MinContains, "maxContains": s.MaxContains,
	} {
		if n != nil {
			out[key] = *n
		}
	}
	for key, r := range map[string]*big.Rat{
		"minimum": s.Minimum, "maximum": s.Maximum, "exclusiveMinimum": s.ExclusiveMinimum, "exclusiveMaximum": s.ExclusiveMaximum, "multipleOf": s.MultipleOf,
	} {
		if r != nil {
			digits, _ := r.FloatPrec()
			out[key] = json.Number(r.FloatString(digits))
		}
	}
}

func (d *dumper) parts(s *jsonschema.Schema, out map[string]any) {
	for key, part := range map[string]*jsonschema.Schema{
		"$ref": s.Ref, "not": s.Not, "if": s.If, "then": s.Then, "else": s.Else, "contains": s.Contains, "items": s.Items2020, "propertyNames": s.PropertyNames,
		"unevaluatedProperties": s.UnevaluatedProperties, "unevaluatedItems": s.UnevaluatedItems,
	} {
		if part != nil && key == "$ref" {
			out[key] = d.ref(part)[key]
		} else if part != nil {
			out[key] = d.ref(part)
		}
	}
	for key, parts := range map[string]map[string]*jsonschema.Schema{"properties": s.Properties, "dependentSchemas": s.DependentSchemas} {
		if parts != nil {
			out[key] = d.each(parts)
		}
	}
	if s.PatternProperties != nil {
		patterns := map[string]any{}
		for re, part := range s.PatternProperties {
			patterns[re.String()] = d.ref(part)
		}
		out["patternProperties"] = patterns
	}
	if len(s.PrefixItems) > 0 {
		out["prefixItems"] = d.list(s.PrefixItems)
	}
	switch extra := s.AdditionalProperties.(type) {
	case bool:
		out["additionalProperties"] = extra
	case *jsonschema.Schema:
		out["additionalProperties"] = d.ref(extra)
	}
}

func (d *dumper) each(parts map[string]*jsonschema.Schema) map[string]any {
	out := map[string]any{}
	for name, part := range parts {
		out[name] = d.ref(part)
	}
	return out
}

func (d *dumper) list(parts []*jsonschema.Schema) []any {
	var out []any
	for _, part := range parts {
		out = append(out, d.ref(part))
	}
	return out
}

// unions writes anyOf and oneOf. JSON Schema has no discriminator: objects fit the
// branch that they name, as if by if and then.
func (d *dumper) unions(s *jsonschema.Schema, out map[string]any) []any {
	plain := map[string]any{}
	if len(s.AnyOf) > 0 {
		plain["anyOf"] = d.list(s.AnyOf)
	}
	if len(s.OneOf) > 0 {
		plain["oneOf"] = d.list(s.OneOf)
	}
	by := schema.DiscriminatorOf(s)
	if by == nil {
		maps.Copy(out, plain)
		return nil
	}
	branches := s.OneOf
	if len(branches) == 0 {
		branches = s.AnyOf
	}
	names := slices.Sorted(maps.Keys(by.Names))
	named := map[string]any{"required": []string{by.Property}, "properties": map[string]any{by.Property: map[string]any{"enum": names}}}
	var chosen []any
	for _, name := range names {
		if i := by.Names[name]; i >= 0 && i < len(branches) {
			chosen = append(chosen, map[string]any{
				"if":   map[string]any{"properties": map[string]any{by.Property: map[string]any{"const": name}}, "required": []string{by.Property}},
				"then": d.ref(branches[i]),
			})
		}
	}
	condition := any(map[string]any{"type": "object"})
	if by.Inline {
		condition = map[string]any{"allOf": []any{condition, named}}
	}
	return []any{map[string]any{"if": condition, "then": map[string]any{"allOf": append(chosen, named)}, "else": plain}}
}

const base64Text = `^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$`

// bounds are those of the formats of OpenAPI that no other validator knows.
var bounds = map[string][2]any{
	"int8": {math.MinInt8, math.MaxInt8}, "int16": {math.MinInt16, math.MaxInt16}, "int32": {math.MinInt32, math.MaxInt32}, "int64": {math.MinInt64, math.MaxInt64},
	"uint8": {0, math.MaxUint8}, "uint16": {0, math.MaxUint16}, "uint32": {0, math.MaxUint32}, "uint64": {0, uint64(math.MaxUint64)},
}

// texts writes formats and encodings; those of OpenAPI as what they mean.
func texts(s *jsonschema.Schema, out map[string]any) []any {
	var all []any
	if s.ContentEncoding != nil {
		all = append(all, map[string]any{"pattern": base64Text})
	}
	if s.ContentMediaType != nil {
		out["contentMediaType"] = s.ContentMediaType.Name
	}
	if s.Format == nil {
		return all
	}
	switch name := s.Format.Name; name {
	case "byte":
		return append(all, map[string]any{"pattern": base64Text})
	case "base64url":
		return append(all, map[string]any{"pattern": `^[A-Za-z0-9_-]*=*$`})
	case "char":
		return append(all, map[string]any{"minLength": 1, "maxLength": 1})
	default:
		if b, ok := bounds[name]; ok {
			return append(all, map[string]any{"if": map[string]any{"type": "number"}, "then": map[string]any{"type": "integer", "minimum": b[0], "maximum": b[1]}})
		}
		out["format"] = name
	}
	return all
}
