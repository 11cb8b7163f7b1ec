package values_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// keywords are those that a value may break whose rule is none.
var keywords = map[string][]string{
	"missing": {"required"}, "null": {"type", "enum", "const", "not"}, "oversized": {"maxLength", "maxItems"}, "format": {"format", "contentEncoding"},
	"additionalProperties": {"additionalProperties", "false"}, "items": {"false"}, "properties": {"false"}, "unevaluatedProperties": {"false"},
}

func TestAValueOutsideOfUnionsBreaksOneKeywordAtOnePlace(t *testing.T) {
	g := values.New(1)
	for _, text := range schemas {
		s := one(t, text)
		if s.Compiled.AnyOf != nil || s.Compiled.OneOf != nil || s.Compiled.If != nil {
			continue
		}
		invalid, _ := g.Invalid(s)
		for _, v := range invalid {
			found := s.Validate(v.Data)
			want := slices.Concat(keywords[string(v.Rule)], []string{string(v.Rule)})
			for _, x := range found {
				assert.Contains(t, want, x.Keyword, "%s: %s %s: %s", text, v.Rule, v.At, cut(v.Data))
				assert.Equal(t, found[0].At, x.At, "%s: %s", text, cut(v.Data))
				assert.Contains(t, v.At, x.At)
			}
		}
	}
}

func TestWhatIsNewIsBroken(t *testing.T) {
	g := values.New(1)
	for text, want := range map[string]string{
		`{"oneOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}},{"type":"object","required":["b"],"properties":{"b":{"type":"integer"}}}]}`: "oneOf ",
		`{"type":"array","items":{"type":"integer"},"contains":{"minimum":10},"minContains":2,"maxContains":3}`:                                                         "maxContains ",
		`{"type":"array","items":{"type":"integer"},"contains":{"minimum":10},"minContains":2}`:                                                                         "contains ",
		`{"type":"integer","format":"uint32"}`: "format ",
		`{"type":"integer","format":"uint64"}`: "format ",
		`{"type":"number","format":"int8"}`:    "format ",
		`{"$dynamicAnchor":"n","type":"object","properties":{"x":{"type":"integer"},"c":{"$dynamicRef":"#n"}}}`: "type /c/x",
	} {
		invalid, _ := g.Invalid(one(t, text))
		assert.Contains(t, rules(invalid), want, text)
	}
	valid, _ := g.Valid(one(t, `{"type":"integer","format":"uint64"}`))
	assert.Contains(t, fmt.Sprint(valid), "18446744073709551615")
	for _, v := range valid {
		assert.NotContains(t, []string{"minimal", "maximal"}, string(v.Rule))
	}
}

func TestEverySeedHasTheSameRules(t *testing.T) {
	for _, text := range schemas {
		s := one(t, text)
		var valid, invalid map[string]bool
		for seed := range uint64(20) {
			g := values.New(seed)
			v, _ := g.Valid(s)
			i, _ := g.Invalid(s)
			if seed == 0 {
				valid, invalid = rules(v), rules(i)
				continue
			}
			if first := v[0].Rule; first == "ordinary" || first == "example" {
				require.Equal(t, valid, rules(v), text)
			}
			require.Equal(t, invalid, rules(i), text)
		}
	}
}

func TestWhatTheSchemaAllowsInAnotherWayIsNoGap(t *testing.T) {
	_, gaps := values.New(1).Invalid(one(t, `{"anyOf":[{"type":"integer","maximum":5},{"type":"integer"}]}`))
	assert.Empty(t, gaps)
}

func FuzzValues(f *testing.F) {
	for _, text := range schemas {
		f.Add([]byte(text), uint64(1))
	}
	f.Add([]byte(`{"$ref":"#/x/properties/a","properties":{"a":{"anyOf":[{"$ref":"#/x"},{"oneOf":[{"$ref":"#/x"},{}]}]}}}`), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		raw, ok := decoded(text)
		if !ok || len(text) > 2048 {
			return
		}
		set := schema.Of("3.1.0", map[string]any{"file:///a.json": map[string]any{"x": raw}})
		s, err := set.Schema(openapi.Place("file:///a.json#/x"), schema.Request)
		if err != nil {
			return
		}
		g := values.New(seed)
		valid, _ := g.Valid(s)
		for _, v := range valid {
			if !s.Valid(v.Data) {
				t.Fatalf("%s: %s", text, cut(v.Data))
			}
		}
		invalid, _ := g.Invalid(s)
		for _, v := range invalid {
			if s.Valid(v.Data) {
				t.Fatalf("%s: %s", text, cut(v.Data))
			}
		}
		g.Dimensions(s)
	})
}
