package schema_test

import (
	"encoding/json"
	"testing"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// decode returns a tree, or false where the text is none.
func decode(text []byte) (any, bool) {
	var raw json.RawMessage
	if json.Unmarshal(text, &raw) != nil {
		return nil, false
	}
	return number(raw)
}

func FuzzTranslate(f *testing.F) {
	f.Add([]byte(pets), []byte(`{"kind":"Dog","bark":1}`), false)
	f.Add([]byte(`{"A":`+product+`}`), []byte(productValue), true)
	f.Add([]byte(`{"A":{"$id":"a","$dynamicAnchor":"n","properties":{"c":{"$dynamicRef":"#n"}},"unevaluatedProperties":false}}`), []byte(`{"c":{}}`), true)
	f.Fuzz(func(t *testing.T, schemas, value []byte, newer bool) {
		all, ok := decode(schemas)
		components, isObject := all.(map[string]any)
		v, valueOK := decode(value)
		if !ok || !isObject || !valueOK || len(schemas) > 4096 || len(value) > 4096 {
			return
		}
		version := "3.0.3"
		if newer {
			version = "3.1.0"
		}
		before, _ := json.Marshal(all)
		doc := map[string]any{"components": map[string]any{"schemas": all}}
		s := schema.Of(version, map[string]any{"file:///doc.json": doc})
		for name := range components {
			compiled, err := s.Schema(component(escaped(name)), schema.Request)
			if err != nil {
				continue
			}
			if valid, found := compiled.Valid(v), compiled.Validate(v); valid != (len(found) == 0) {
				t.Fatalf("valid is %v, but violations are %v", valid, found)
			}
		}
		if after, _ := json.Marshal(all); string(after) != string(before) {
			t.Fatal("the document was changed")
		}
	})
}

// FuzzValidate holds values against the library's own validation, where that has
// the same meaning.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(product), []byte(productValue))
	f.Add([]byte(`{"anyOf":[{"required":["a"]},{"properties":{"b":{"const":1.0}}}],"not":{"type":"null"}}`), []byte(`{"b":1}`))
	f.Add([]byte(`{"prefixItems":[{"type":"integer"}],"contains":{"multipleOf":2},"unevaluatedItems":false,"uniqueItems":true}`), []byte(`[1,2.0]`))
	f.Add([]byte(`{"if":{"minimum":3},"then":{"maximum":5},"else":{"enum":[1,"a",null]},"dependentSchemas":{"a":{"maxProperties":1}}}`), []byte(`4`))
	f.Add([]byte(`{"oneOf":[{"minLength":2},{"pattern":"^a"}],"propertyNames":{"maxLength":1},"patternProperties":{"^x":false}}`), []byte(`{"x":1}`))
	f.Fuzz(func(t *testing.T, raw, value []byte) {
		root, ok := decode(raw)
		v, valueOK := decode(value)
		if !ok || !valueOK || len(raw) > 1024 || len(value) > 1024 {
			return
		}
		s := schema.Of("3.1.0", map[string]any{"file:///doc.json": map[string]any{"x": root}})
		compiled, err := s.Schema(openapi.Place("file:///doc.json#/x"), schema.Response)
		if err != nil || schema.DiscriminatorOf(compiled.Compiled) != nil {
			return
		}
		if want, got := compiled.Compiled.Validate(v) == nil, compiled.Valid(v); got != want && !hasExtensions(raw) {
			t.Fatalf("valid is %v, the library says %v: %v", got, want, compiled.Validate(v))
		}
	})
}
