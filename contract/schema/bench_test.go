package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/schema"
)

const product = `{"type":"object","required":["id","name","price"],"additionalProperties":false,"properties":{
	"id":{"type":"string","format":"uuid"},"name":{"type":"string","minLength":1,"maxLength":80},
	"price":{"type":"number","minimum":0},"stock":{"type":"integer","minimum":0},
	"kind":{"type":"string","enum":["a","b"]},"sku":{"type":"string","pattern":"^[A-Z]{3}-\\d+$"},
	"tags":{"type":"array","items":{"type":"string"},"maxItems":5}}}`

const productValue = `{"id":"2eb8aa08-aa98-11ea-b4aa-73b441d16380","name":"Lamp","price":12.5,"stock":3,"kind":"a","sku":"ABC-12","tags":["x","y"]}`

func BenchmarkSmallObject(b *testing.B) {
	compiled, err := set(b, "3.0.3", `{"A":`+product+`}`).Schema(component("A"), schema.Response)
	require.NoError(b, err)
	value := tree(b, productValue)
	b.Run("valid", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !compiled.Valid(value) {
				b.Fatal("it is valid")
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if compiled.Compiled.Validate(value) != nil {
				b.Fatal("it is valid")
			}
		}
	})
	b.Run("kin-openapi", func(b *testing.B) { benchKin(b) })
	b.Run("invalid", func(b *testing.B) {
		b.ReportAllocs()
		broken := tree(b, `{"id":"x","name":"","price":-1,"tags":7}`)
		for b.Loop() {
			if len(compiled.Validate(broken)) != 4 {
				b.Fatal("it breaks four keywords")
			}
		}
	})
}

func benchKin(b *testing.B) {
	b.Helper()
	b.ReportAllocs()
	var kin openapi3.Schema
	require.NoError(b, json.Unmarshal([]byte(product), &kin))
	var value any
	require.NoError(b, json.Unmarshal([]byte(productValue), &value))
	for b.Loop() {
		if err := kin.VisitJSON(value); err != nil {
			b.Fatal(err)
		}
	}
}
