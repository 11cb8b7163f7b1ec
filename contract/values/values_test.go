package values_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

func tree(t require.TestingT, text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), text)
	return v
}

// compiled returns the schema A of the components.
func compiled(t testing.TB, components string) *schema.Schema {
	doc := tree(t, `{"openapi":"3.1.0","components":{"schemas":`+components+`}}`)
	set := schema.Of("3.1.0", map[string]any{"file:///a.json": doc})
	s, err := set.Schema(openapi.Place("file:///a.json#/components/schemas/A"), schema.Request)
	require.NoError(t, err, components)
	return s
}

func one(t testing.TB, text string) *schema.Schema { return compiled(t, `{"A":`+text+`}`) }

const product = `{"type":"object","required":["name","price"],"additionalProperties":false,"properties":{
 "id":{"type":"integer","readOnly":true},"name":{"type":"string","minLength":1,"maxLength":40},"price":{"type":"number","exclusiveMinimum":0,"maximum":1000,"multipleOf":0.01},
 "quantity":{"type":"integer","minimum":0,"maximum":99},"kind":{"enum":["book","film"]},"sku":{"type":"string","pattern":"^[A-Z]{3}-\\d{4}$"},"released":{"type":"string","format":"date-time"},
 "tags":{"type":"array","items":{"type":"string","maxLength":10},"maxItems":5,"uniqueItems":true},"note":{"type":["string","null"]}}}`

// schemas are one or two of each keyword.
var schemas = []string{
	product, `{"type":"integer"}`, `{"type":"integer","format":"int32"}`, `{"type":"integer","format":"int64"}`, `{"type":"number","minimum":0.1,"exclusiveMaximum":0.3}`,
	`{"type":"string","format":"uuid"}`, `{"type":"string","format":"email","maxLength":30}`, `{"type":"array","items":{"type":"integer"},"minItems":2,"uniqueItems":true}`,
	`{"type":"object","additionalProperties":{"type":"integer"},"minProperties":2,"maxProperties":4}`, `{"oneOf":[{"type":"integer"},{"type":"string","minLength":3}]}`,
	`{"anyOf":[{"type":"object","required":["a"],"properties":{"a":{"const":1}}},{"type":"object","required":["b"],"properties":{"b":{"type":"boolean"}}}]}`,
	`{"type":"object","properties":{"a":{"type":"integer"}},"if":{"properties":{"a":{"minimum":10}},"required":["a"]},"then":{"required":["big"],"properties":{"big":{"type":"string"}}},"else":{"required":["small"]}}`,
	`{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}`, `{"type":"array","contains":{"const":7},"minContains":2,"maxContains":3,"items":{"type":"integer"}}`,
	`{"type":"object","patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":false}`, `{"type":"object","propertyNames":{"pattern":"^[a-z]{3}$"},"minProperties":1}`,
	`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"dependentRequired":{"a":["b"]}}`, `{"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":3}}},{"properties":{"a":{"maximum":5}},"required":["a"]}]}`,
	`{"type":"string","not":{"enum":["Text 3"]}}`, `{"not":{"type":"string"}}`, `{"type":"object","allOf":[{"properties":{"a":{"type":"integer"}}}],"unevaluatedProperties":false}`,
	`{"type":"string","pattern":"^\\d+$","maxLength":3}`, `{"enum":[1,"a",null,{"x":1}]}`, `true`, `{}`, `{"type":"string","contentEncoding":"base64"}`, `{"type":"boolean"}`, `{"type":"null"}`,
	`{"type":"integer","minimum":9007199254740993}`, `{"type":"integer","multipleOf":7,"minimum":10,"maximum":30}`, `{"type":"string","format":"date","examples":["2020-02-29"]}`,
	`{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer","minimum":1},"more":{"type":"array","items":{"enum":["x","y"]}}}}}`,
}

func show(v any) string { b, _ := json.Marshal(v); return string(b) }

func TestEveryValidValueFitsAndEveryInvalidOneDoesNot(t *testing.T) {
	g := values.New(1)
	for _, text := range schemas {
		s := one(t, text)
		valid, gaps := g.Valid(s)
		require.NotEmpty(t, valid, "%s %v", text, gaps)
		for _, v := range valid {
			assert.NoError(t, s.Compiled.Validate(v.Data), "%s: %s %s", text, show(v.Data), v.Why)
			assert.NotEmpty(t, v.Why)
		}
		invalid, _ := g.Invalid(s)
		for _, v := range invalid {
			assert.False(t, s.Valid(v.Data), "%s: %s %s", text, show(v.Data), v.Why)
		}
	}
}

func rules(list []values.Value) map[string]bool {
	out := map[string]bool{}
	for _, v := range list {
		out[string(v.Rule)+" "+v.At] = true
	}
	return out
}

func TestEachRuleOfAProductIsKeptAtItsEdgeAndBroken(t *testing.T) {
	g := values.New(1)
	s := one(t, product)
	valid, gaps := g.Valid(s)
	assert.Empty(t, gaps)
	have := rules(valid)
	for _, want := range []string{"minimal ", "maximal ", "minLength /name", "maxLength /name", "exclusiveMinimum /price", "maximum /price", "multipleOf /price", "minimum /quantity",
		"enum /kind", "pattern /sku", "format /released", "minItems /tags", "maxItems /tags", "maxLength /tags/0", "unicode /name"} {
		assert.True(t, have[want], want)
	}
	invalid, gaps := g.Invalid(s)
	assert.Empty(t, gaps)
	have = rules(invalid)
	for _, want := range []string{"type ", "null ", "missing /name", "missing /price", "additionalProperties /unexpected_property", "minLength /name", "maxLength /name", "exclusiveMinimum /price",
		"maximum /price", "multipleOf /price", "minimum /quantity", "maximum /quantity", "enum /kind", "pattern /sku", "format /released", "maxItems /tags", "uniqueItems /tags", "maxLength /tags/0", "type /tags/0", "null /name"} {
		assert.True(t, have[want], want)
	}
	for _, v := range append(valid, invalid...) {
		if v.At == "" || v.At == "/name" {
			assert.NotContains(t, show(v.Data), `"id"`, "readOnly is not sent")
		}
	}
	if testing.Verbose() {
		for _, v := range append(valid, invalid...) {
			fmt.Println(v.Rule, v.At, show(v.Data)[:min(len(show(v.Data)), 200)], v.Why)
		}
	}
}

func TestTheSameSeedGivesTheSameWhateverWasAskedBefore(t *testing.T) {
	a, b := values.New(7), values.New(7)
	for _, text := range schemas {
		b.Invalid(one(t, text))
	}
	for _, text := range schemas {
		s1, s2 := one(t, text), one(t, text)
		b.Random(s2, rand.New(rand.NewPCG(1, 1)))
		v1, g1 := a.Valid(s1)
		v2, g2 := b.Valid(s2)
		assert.Equal(t, v1, v2)
		assert.Equal(t, g1, g2)
		i1, _ := a.Invalid(s1)
		i2, _ := b.Invalid(s2)
		assert.Equal(t, i1, i2)
	}
}

func TestWhatCannotBeMadeIsAGap(t *testing.T) {
	g := values.New(1)
	for text, why := range map[string]string{
		`{"A":{"type":"string","pattern":"a^"}}`:                                                        "matched none",
		`{"A":{"type":"integer","minimum":5,"maximum":3}}`:                                              "no number",
		`{"A":{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/components/schemas/A"}}}}`: "without an end",
		`{"A":{"type":"string","minLength":2147483648}}`:                                                "longer than",
		`{"A":false}`: "contradict",
		`{"A":{"allOf":[{"type":"string"},{"type":"integer"}]}}`: "contradict",
	} {
		valid, gaps := g.Valid(compiled(t, text))
		assert.Empty(t, valid, text)
		if assert.NotEmpty(t, gaps, text) {
			assert.Contains(t, gaps[0].Why, why)
		}
	}
	valid, gaps := g.Valid(one(t, `{"type":"string","maxLength":2147483648}`))
	assert.NotEmpty(t, valid)
	assert.Contains(t, fmt.Sprint(gaps), "maxLength")
}

func TestRecursionEnds(t *testing.T) {
	g := values.New(1)
	s := compiled(t, `{"A":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"parent":{"$ref":"#/components/schemas/A"},"children":{"type":"array","items":{"$ref":"#/components/schemas/A"}}}}}`)
	valid, _ := g.Valid(s)
	invalid, _ := g.Invalid(s)
	assert.Greater(t, len(valid), 20)
	assert.Greater(t, len(invalid), 20)
	assert.LessOrEqual(t, len(valid), 400)
}

func TestEveryLevelComposes(t *testing.T) {
	g := values.New(1)
	for _, text := range schemas {
		s := one(t, text)
		for _, d := range g.Dimensions(s) {
			require.NotEmpty(t, d.Levels)
			for _, l := range d.Levels {
				v, ok := g.Compose(s, map[string]values.Value{d.At: l})
				assert.True(t, ok, "%s %s %v", text, d.At, l)
				assert.True(t, s.Valid(v))
			}
		}
	}
	dims := g.Dimensions(one(t, product))
	assert.Greater(t, len(dims), 6)
	s := one(t, product)
	v, ok := g.Compose(s, map[string]values.Value{"/quantity": {Data: json.Number("99")}, "/price": {Data: json.Number("1000")}, "/note": {Absent: true}})
	require.True(t, ok)
	assert.Equal(t, json.Number("99"), v.(map[string]any)["quantity"])
	assert.NotContains(t, v, "note")
	_, ok = g.Compose(s, map[string]values.Value{"/name": {Absent: true}})
	assert.False(t, ok)
}

func TestRandomValuesFit(t *testing.T) {
	g := values.New(1)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, text := range schemas {
		s := one(t, text)
		seen := map[string]bool{}
		for range 50 {
			v, ok := g.Random(s, rng)
			require.True(t, ok, text)
			require.True(t, s.Valid(v))
			seen[show(v)] = true
		}
		if text == product {
			assert.Greater(t, len(seen), 40)
		}
	}
}

func TestTheOrdinaryValueIsTheExampleWhereThereIsOne(t *testing.T) {
	valid, _ := values.New(1).Valid(one(t, `{"type":"string","format":"date","examples":["2020-02-29"]}`))
	assert.Equal(t, "2020-02-29", valid[0].Data)
	assert.Equal(t, contract.FromExample, valid[0].Source)
}

// decoded returns a tree, or false where the text is none.
func decoded(text []byte) (any, bool) {
	if !json.Valid(text) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err == nil
}
