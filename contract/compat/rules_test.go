package compat

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

func TestRulesHaveNamesAndTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Rules {
		assert.False(t, seen[r.ID], r.ID)
		seen[r.ID] = true
		assert.NotEmpty(t, r.ID)
		assert.NotEmpty(t, r.Level, r.ID)
		assert.NotEmpty(t, r.Direction, r.ID)
		assert.True(t, strings.HasSuffix(r.Text, "."), r.ID)
	}
}

// schemaCases hold two schemas and what the change from the first to the second is,
// and what the way back is; "" for none.
var schemaCases = []struct{ a, b, there, back string }{
	{`true`, `false`, "schema-forbidden", "schema-allowed"},
	{`{"type":["string","integer"]}`, `{"type":"string"}`, "type-narrowed", "type-widened"},
	{`{"type":"number"}`, `{"type":"integer"}`, "type-narrowed", "type-widened"},
	{`{"type":"string"}`, `{"type":"integer"}`, "type-changed", "type-changed"},
	{`{"properties":{"a":{}}}`, `{"type":"object","properties":{"a":{}}}`, "type-stated", "type-unstated"},
	{`{"type":"string"}`, `{"type":["string","null"]}`, "became-nullable", "became-not-nullable"},
	{`{"oneOf":[{"type":"string"},{"type":"null"}]}`, `{"type":["string","null"]}`, "", ""},
	{`{"type":"string"}`, `{"type":"string","enum":["a"]}`, "became-enum", "enum-dropped"},
	{`{"enum":["a"]}`, `{"enum":["a","b"]}`, "enum-value-added", "enum-value-removed"},
	{`{"const":"a"}`, `{"enum":["a"]}`, "", ""},
	{`{"enum":["a"],"x-extensible-enum":true}`, `{"enum":["a","b"],"x-extensible-enum":true}`, "extensible-enum-value-added", "enum-value-removed"},
	{`{"type":"string","x-extensible-enum":["a"]}`, `{"type":"string","x-extensible-enum":["a","b"]}`, "extensible-enum-value-added", "extensible-enum-value-removed"},
	{`{"enum":["a"]}`, `{"enum":["a"],"x-extensible-enum":true}`, "became-extensible-enum", "extensible-enum-closed"},
	{`{"minimum":1}`, `{"minimum":2}`, "minimum-increased", "minimum-decreased"},
	{`{"minimum":1}`, `{"exclusiveMinimum":1}`, "minimum-increased", "minimum-decreased"},
	{`{"minimum":1.0}`, `{"minimum":1}`, "", ""},
	{`{"maximum":1e400}`, `{"maximum":1e399}`, "maximum-decreased", "maximum-increased"},
	{`{"type":"string"}`, `{"type":"string","minLength":0}`, "", ""},
	{`{"type":"string"}`, `{"type":"string","minLength":1}`, "min-length-increased", "min-length-decreased"},
	{`{"type":"string","maxLength":5}`, `{"type":"string","maxLength":4}`, "max-length-decreased", "max-length-increased"},
	{`{"minItems":1}`, `{"minItems":2}`, "min-items-increased", "min-items-decreased"},
	{`{"maxItems":3}`, `{"maxItems":2}`, "max-items-decreased", "max-items-increased"},
	{`{"minProperties":1}`, `{"minProperties":2}`, "min-properties-increased", "min-properties-decreased"},
	{`{"maxProperties":3}`, `{"maxProperties":2}`, "max-properties-decreased", "max-properties-increased"},
	{`{"type":"string"}`, `{"type":"string","maxItems":2}`, "", ""},
	{`{"type":"array"}`, `{"type":"array","uniqueItems":true}`, "unique-items-set", "unique-items-unset"},
	{`{"multipleOf":2}`, `{"multipleOf":4}`, "multiple-of-narrowed", "multiple-of-widened"},
	{`{"multipleOf":2}`, `{"multipleOf":3}`, "multiple-of-changed", "multiple-of-changed"},
	{`{"type":"string"}`, `{"type":"string","pattern":"a"}`, "pattern-added", "pattern-removed"},
	{`{"pattern":"a"}`, `{"pattern":"b"}`, "pattern-changed", "pattern-changed"},
	{`{"type":"string"}`, `{"type":"string","format":"uuid"}`, "format-added", "format-removed"},
	{`{"format":"int64"}`, `{"format":"int32"}`, "format-added", "format-removed"},
	{`{"format":"date"}`, `{"format":"uuid"}`, "format-changed", "format-changed"},
	{`{"type":"string"}`, `{"type":"string","default":"a"}`, "default-added", "default-removed"},
	{`{"default":"a"}`, `{"default":"b"}`, "default-changed", "default-changed"},
	{`{"type":"string"}`, `{"type":"string","deprecated":true}`, "schema-deprecated", "schema-reactivated"},
	{`{"type":"object"}`, `{"type":"object","properties":{"a":{}}}`, "optional-property-added /a", "optional-property-removed /a"},
	{`{"type":"object"}`, `{"type":"object","properties":{"a":{}},"required":["a"]}`, "required-property-added /a", "property-removed /a"},
	{`{"type":"object"}`, `{"type":"object","properties":{"a":{"default":1}},"required":["a"]}`, "required-property-added-with-default /a", "property-removed /a"},
	{`{"additionalProperties":false,"type":"object"}`, `{"additionalProperties":false,"type":"object","properties":{"a":{}}}`, "property-added-to-closed /a", "optional-property-refused /a"},
	{`{"properties":{"a":{}}}`, `{"properties":{"a":{}},"required":["a"]}`, "property-became-required /a", "property-became-optional /a"},
	{`{"properties":{"a":{"default":1}}}`, `{"properties":{"a":{"default":1}},"required":["a"]}`, "property-became-required-with-default /a", "property-became-optional /a"},
	{`{"type":"object"}`, `{"type":"object","additionalProperties":false}`, "additional-properties-forbidden", "additional-properties-allowed"},
	{`{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object","additionalProperties":{"type":"integer"}}`, "type-changed /*", "type-changed /*"},
	{`{"type":"object"}`, `{"type":"object","patternProperties":{"^a":{"type":"string"}}}`, "pattern-property-added", "pattern-property-removed"},
	{`{"type":"object"}`, `{"type":"object","propertyNames":{"maxLength":3}}`, "property-names-added", "property-names-removed"},
	{`{"items":{"type":"string"}}`, `{"items":{"type":"integer"}}`, "type-changed /*", "type-changed /*"},
	{`{"type":"array"}`, `{"type":"array","prefixItems":[{"type":"string"}]}`, "prefix-items-added /*", "prefix-items-removed /*"},
	{`{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `{"oneOf":[{"type":"integer"},{"type":"string"}]}`, "", ""},
	{`{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `{"oneOf":[{"type":"string"},{"type":"integer"},{"type":"boolean"}]}`, "alternative-added", "alternative-removed"},
	{`{"type":"string"}`, `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, "alternative-added", "alternative-removed"},
	{`{"type":"string"}`, `{"oneOf":[{"type":"string"}]}`, "", ""},
	{`{"type":"string","maxLength":3}`, `{"allOf":[{"type":"string"},{"maxLength":3}]}`, "", ""},
	{`{"type":"string"}`, `{"type":"string","not":{"const":"a"}}`, "constraint-added", "constraint-removed"},
	{`{"not":{"const":"a"}}`, `{"not":{"const":"b"}}`, "constraint-changed", "constraint-changed"},
	{`{"not":{"const":"a"}}`, `{"not":{"enum":["a"]}}`, "", ""},
	{`{"type":"string"}`, `{"type":"string","contentEncoding":"base64"}`, "encoding-changed", "encoding-changed"},
	{`{"description":"a","examples":[1]}`, `{"description":"b","title":"c"}`, "", ""},
	{`{"properties":{"a":{"properties":{"b/c":{"type":"string"}}}}}`, `{"properties":{"a":{"properties":{"b/c":{"type":"integer"}}}}}`, "type-changed /a/b~1c", "type-changed /a/b~1c"},
}

// level finds what a rule says.
func level(tb testing.TB, id string) Level {
	tb.Helper()
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.ID == id })
	require.GreaterOrEqual(tb, i, 0, id)
	return Rules[i].Level
}

func TestEachChangeOfASchemaInBothDirections(t *testing.T) {
	for _, c := range schemaCases {
		a, b := document(t, "a.json", c.a), document(t, "b.json", c.b)
		for _, way := range []struct {
			old, next *openapi.Document
			want      string
		}{{a, b, c.there}, {b, a, c.back}} {
			want := []string{}
			if id, below, _ := strings.Cut(way.want, " "); id != "" {
				for _, d := range []string{"request-", "response-"} {
					want = append(want, strings.TrimSpace(string(level(t, d+id))+" "+d+id+" body "+below))
				}
			}
			assert.Equal(t, want, found(t, way.old, way.next), "%s and %s", c.a, c.b)
		}
	}
}

func TestWhatNarrowsAndWidensIsBreakingInOneDirectionAlone(t *testing.T) {
	for _, k := range kinds {
		assert.NotEqual(t, [2]Level{Risky, Breaking}, [2]Level{k.response, k.response}, k.id)
		if strings.HasSuffix(k.id, "-increased") || strings.HasSuffix(k.id, "-decreased") {
			assert.ElementsMatch(t, []Level{Breaking, Safe}, []Level{k.request, k.response}, k.id)
		}
	}
}
