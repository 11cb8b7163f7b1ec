package values_test

import (
	"maps"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// ecmaRegexp is an expression of ECMA-262, which the library's own engine is not.
type ecmaRegexp regexp2.Regexp

func ecma(expr string) (jsonschema.Regexp, error) {
	re, err := regexp2.Compile(expr, regexp2.ECMAScript|regexp2.Unicode)
	return (*ecmaRegexp)(re), err
}

func (r *ecmaRegexp) MatchString(s string) bool {
	ok, err := (*regexp2.Regexp)(r).MatchString(s)
	return ok && err == nil
}

func (r *ecmaRegexp) String() string { return (*regexp2.Regexp)(r).String() }

// drawSchema builds a schema of random keywords.
func drawSchema(t *rapid.T, depth int) any {
	kinds := []string{"integer", "number", "string", "boolean", "null", "enum", "const", "any"}
	if depth > 0 {
		kinds = append(kinds, "object", "object", "array", "allOf", "anyOf", "oneOf", "not", "if")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	s := map[string]any{}
	switch kind {
	case "any":
		return rapid.Bool().Draw(t, "true") || depth > 0
	case "enum":
		s["enum"] = []any{1, "a", nil, []any{"x"}}[:rapid.IntRange(1, 4).Draw(t, "listed")]
	case "const":
		s["const"] = rapid.SampledFrom([]any{1, "a", true, nil, map[string]any{"a": 1}}).Draw(t, "const")
	case "integer", "number":
		s["type"] = kind
		drawNumber(t, s)
	case "string":
		s["type"] = kind
		drawText(t, s)
	case "object":
		drawObject(t, s, depth)
	case "array":
		drawArray(t, s, depth)
	case "allOf", "anyOf", "oneOf":
		var all []any
		for range rapid.IntRange(1, 3).Draw(t, "branches") {
			all = append(all, drawSchema(t, depth-1))
		}
		s[kind] = all
	case "not":
		s["not"] = drawSchema(t, depth-1)
	case "if":
		s["if"], s["then"], s["else"] = drawSchema(t, depth-1), drawSchema(t, depth-1), drawSchema(t, depth-1)
	default:
		s["type"] = kind
	}
	return s
}

// some adds a keyword half of the times.
func some[V any](t *rapid.T, s map[string]any, key string, g *rapid.Generator[V]) {
	if rapid.Bool().Draw(t, "has "+key) {
		s[key] = g.Draw(t, key)
	}
}

func drawNumber(t *rapid.T, s map[string]any) {
	some(t, s, "minimum", rapid.IntRange(-50, 10))
	some(t, s, "exclusiveMaximum", rapid.IntRange(5, 300))
	some(t, s, "multipleOf", rapid.SampledFrom([]any{1, 3, 7, 0.5, 0.01}))
	some(t, s, "format", rapid.SampledFrom([]string{"", "made-up"}))
}

func drawText(t *rapid.T, s map[string]any) {
	some(t, s, "minLength", rapid.IntRange(0, 6))
	some(t, s, "maxLength", rapid.IntRange(4, 20))
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		s["pattern"] = rapid.SampledFrom([]string{"^[a-z]+$", "[0-9]{2}", "^(a|bc)*d?$", "^[A-Z]{3}-\\d{1,4}$", "x"}).Draw(t, "pattern")
	case 1:
		s["format"] = rapid.SampledFrom([]string{"date", "date-time", "uuid", "email", "ipv4", "uri", "hostname", "time", "ipv6", "json-pointer", "duration"}).Draw(t, "format")
	}
}

func drawObject(t *rapid.T, s map[string]any, depth int) {
	s["type"] = "object"
	properties := map[string]any{}
	for _, name := range []string{"a", "b", "c"}[:rapid.IntRange(0, 3).Draw(t, "properties")] {
		properties[name] = drawSchema(t, depth-1)
	}
	s["properties"] = properties
	some(t, s, "required", rapid.SampledFrom([][]string{{"a"}, {"b", "a"}, {"d"}}))
	some(t, s, "maxProperties", rapid.IntRange(1, 4))
	some(t, s, "minProperties", rapid.IntRange(0, 3))
	switch rapid.IntRange(0, 6).Draw(t, "more") {
	case 0:
		s["additionalProperties"] = drawSchema(t, depth-1)
	case 1:
		s["additionalProperties"] = false
	case 2:
		s["patternProperties"] = map[string]any{"^x-": drawSchema(t, depth-1)}
	case 3:
		s["propertyNames"] = map[string]any{"maxLength": 6}
	case 4:
		s["dependentRequired"] = map[string]any{"a": []string{"b"}}
		s["dependentSchemas"] = map[string]any{"b": drawSchema(t, depth-1)}
	case 5:
		whole := maps.Clone(s)
		clear(s)
		s["allOf"], s["unevaluatedProperties"] = []any{whole}, false
	}
}

func drawArray(t *rapid.T, s map[string]any, depth int) {
	s["type"] = "array"
	some(t, s, "minItems", rapid.IntRange(0, 3))
	some(t, s, "maxItems", rapid.IntRange(2, 6))
	some(t, s, "uniqueItems", rapid.Bool())
	if rapid.Bool().Draw(t, "positions") {
		s["prefixItems"] = []any{drawSchema(t, depth-1), drawSchema(t, depth-1)}
	}
	if rapid.Bool().Draw(t, "has items") {
		s["items"] = drawSchema(t, depth-1)
	}
	if rapid.IntRange(0, 3).Draw(t, "has contains") == 0 {
		s["contains"] = drawSchema(t, depth-1)
		some(t, s, "minContains", rapid.IntRange(0, 3))
		some(t, s, "maxContains", rapid.IntRange(1, 4))
	}
}
