package schema_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func tree(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), text)
	return v
}

// set returns the schemas of a document that has these components.
func set(t testing.TB, version, schemas string) *schema.Set {
	t.Helper()
	doc := tree(t, `{"openapi":"`+version+`","components":{"schemas":`+schemas+`}}`)
	return schema.Of(version, map[string]any{"file:///doc.json": doc})
}

func component(name string) openapi.Place {
	return openapi.Place("file:///doc.json#/components/schemas/" + name)
}

func TestSchemasOf30(t *testing.T) {
	for _, c := range []struct{ name, schemas, valid, invalid string }{
		{"nullable", `{"A":{"type":"string","nullable":true}}`, `null`, `1`},
		{"nullable enum", `{"A":{"type":"string","enum":["a"],"nullable":true}}`, `null`, `"b"`},
		{"nullable allOf", `{"A":{"nullable":true,"allOf":[{"$ref":"#/components/schemas/B"}]},"B":{"type":"object"}}`, `null`, `1`},
		{"exclusive", `{"A":{"minimum":1,"exclusiveMinimum":true}}`, `1.5`, `1`},
		{"siblings of $ref", `{"A":{"properties":{"b":{"$ref":"#/components/schemas/B","minLength":5}}},"B":{"type":"string"}}`, `{"b":"x"}`, `{"b":1}`},
		{"reference to itself below", `{"A":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/A"}}}}`, `{"a":{"a":{}}}`, `{"a":{"a":1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := set(t, "3.0.3", c.schemas).Schema(component("A"), schema.Request)
			require.NoError(t, err)
			assert.Empty(t, s.Validate(tree(t, c.valid)))
			assert.True(t, s.Valid(tree(t, c.valid)))
			assert.NotEmpty(t, s.Validate(tree(t, c.invalid)))
			assert.False(t, s.Valid(tree(t, c.invalid)))
		})
	}
}

func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// number decodes a value with numbers that lose nothing.
func number(text []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err == nil
}

// hasExtensions reports whether a schema uses what the library does not know.
func hasExtensions(schema []byte) bool {
	for _, word := range []string{"discriminator", "$dynamicRef", "$recursiveRef"} {
		if bytes.Contains(schema, []byte(word)) {
			return true
		}
	}
	return false
}
