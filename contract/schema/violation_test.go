package schema_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

const pets = `{
	"Pet":{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],
		"discriminator":{"propertyName":"kind","mapping":{"hound":"#/components/schemas/Dog","bad":"#/nowhere"}}},
	"Cat":{"type":"object","required":["kind"],"properties":{"kind":{"type":"string"},"lives":{"type":"integer","maximum":9}}},
	"Dog":{"type":"object","required":["kind","bark"],"properties":{"kind":{"type":"string"},"bark":{"type":"string","pattern":"^[a-z]+$"}}},
	"Base":{"type":"object","required":["t"],"properties":{"t":{"type":"string"}},"discriminator":{"propertyName":"t"}},
	"Child":{"allOf":[{"$ref":"#/components/schemas/Base"},{"properties":{"x":{"type":"integer"}}}]},
	"User":{"type":"object","required":["id","name","secret"],"properties":{
		"id":{"type":"integer","readOnly":true},"name":{"type":"string"},"secret":{"type":"string","writeOnly":true,"enum":["a","b"]}}},
	"Admin":{"allOf":[{"$ref":"#/components/schemas/User"},{"required":["role"],"properties":{"role":{"readOnly":true,"type":"string"}}}]},
	"Union":{"anyOf":[{"type":"integer"},{"type":"object","properties":{"op":{"enum":["x"]},"n":{"type":"integer"}}},
		{"type":"object","properties":{"op":{"enum":["y"]},"n":{"type":"string"}}}]},
	"Maybe":{"nullable":true,"allOf":[{"$ref":"#/components/schemas/Cat"}]}
}`

func TestViolationsTellPlaceAndReason(t *testing.T) {
	s := set(t, "3.0.3", pets)
	for _, c := range []struct{ name, value, at, keyword, place, message string }{
		{"Pet", `{"kind":"Dog","bark":"A"}`, "/bark", "pattern", "Dog/properties/bark", "must match ^[a-z]+$; it is text of 1 character"},
		{"Pet", `{"kind":"hound"}`, "", "required", "Dog", `the property "bark" is missing`},
		{"Pet", `{"kind":"hunter2"}`, "/kind", "discriminator", "Pet", `must name a schema, one of "Cat", "Dog", "hound"; it is text of 7 characters`},
		{"Pet", `{}`, "", "discriminator", "Pet", `the property "kind" is missing, which names the schema`},
		{"Pet", `3`, "", "oneOf", "Pet", "fits none of the 2 branches of oneOf; it is a number"},
		{"Base", `{"t":"Nobody"}`, "/t", "discriminator", "Base", `must name a schema, one of "Base", "Child"; it is text of 6 characters`},
		{"User", `{"id":1,"name":"n","secret":"hunter2"}`, "/secret", "enum", "User/properties/secret", `must be one of "a", "b"; it is text of 7 characters`},
		{"Union", `{"op":"y","n":4}`, "/n", "type", "Union/anyOf/2/properties/n", "must be string, not a number"},
		{"Maybe", `{"kind":"c","lives":10}`, "/lives", "maximum", "Cat/properties/lives", "must be at most 9"},
	} {
		compiled, err := s.Schema(component(c.name), schema.Request)
		require.NoError(t, err)
		got := compiled.Validate(tree(t, c.value))
		assert.Equal(t, []schema.Violation{{At: c.at, Keyword: c.keyword, Schema: component(c.place), Message: c.message}}, got, c.value)
	}
	assert.Len(t, s.Problems(), 1, "the mapping that leads nowhere")
}

func TestBranchThatIsNamedMayFitBesideOthers(t *testing.T) {
	compiled, err := set(t, "3.0.3", pets).Schema(component("Pet"), schema.Response)
	require.NoError(t, err)
	assert.True(t, compiled.Valid(tree(t, `{"kind":"Dog","bark":"a"}`)), "it fits Cat too")
	base, err := set(t, "3.0.3", pets).Schema(component("Base"), schema.Response)
	require.NoError(t, err)
	assert.True(t, base.Valid(tree(t, `{"t":"Child"}`)))
}

func TestDirectionDecidesWhatIsRequired(t *testing.T) {
	s := set(t, "3.0.3", pets)
	for value, want := range map[string][2]bool{
		`{"name":"n","secret":"a"}`: {true, false},
		`{"name":"n","id":1}`:       {false, true},
	} {
		for d, ok := range want {
			user, err := s.Schema(component("User"), schema.Direction(d))
			require.NoError(t, err)
			assert.Equal(t, ok, user.Valid(tree(t, value)), "%s as %s", value, schema.Direction(d))
		}
	}
	admin, err := s.Schema(component("Admin"), schema.Request)
	require.NoError(t, err)
	assert.True(t, admin.Valid(tree(t, `{"name":"n","secret":"a"}`)))
	assert.True(t, admin.ReadOnly("/id"))
	assert.False(t, admin.ReadOnly("/name"))
	assert.True(t, admin.WriteOnly("/secret"))
}

func TestWhatCannotBeUsedIsToldAndTheRestHolds(t *testing.T) {
	s := set(t, "3.0.3", `{"A":{"type":"object","properties":{
		"p":{"type":"string","pattern":"(","maxLength":2},"q":{"type":"strnig"},"r":{"multipleOf":0},"s":{"const":1},
		"t":{"enum":[]},"u":{"format":"made-up"},"v":{"maximum":1e999999999},"w":{"minLength":-1},"x":7}}}`)
	a, err := s.Schema(component("A"), schema.Request)
	require.NoError(t, err)
	assert.False(t, a.Valid(tree(t, `{"p":"abc"}`)))
	assert.True(t, a.Valid(tree(t, `{"p":"ab","q":1,"r":1,"s":2,"t":1,"u":"x","v":3,"w":"","x":1}`)))
	assert.Len(t, s.Problems(), 8)
	assert.Equal(t, []string{"made-up"}, s.UnknownFormats())
	assert.Contains(t, s.Problems()[0].Place, "#/components/schemas/A/properties/p/pattern")
}

func TestSchemaThatCannotBeUsedIsAnError(t *testing.T) {
	for name, schemas := range map[string]string{
		"leads nowhere":           `{"A":{"properties":{"b":{"$ref":"#/components/schemas/B"}}}}`,
		"back to itself":          `{"A":{"$ref":"#/components/schemas/B"},"B":{"$ref":"#/components/schemas/A"}}`,
		"without end":             `{"A":{"allOf":[{"$ref":"#/components/schemas/B"}]},"B":{"anyOf":[{"$ref":"#/components/schemas/A"}]}}`,
		"was not read":            `{"A":{"items":{"$ref":"other.json#/X"}}}`,
		"nested more than 1000":   `{"A":` + strings.Repeat(`{"items":`, 1100) + `{}` + strings.Repeat(`}`, 1100) + `}`,
		"cannot be followed: par": `{"A":{"items":{"$ref":"%zz:/x"}}}`,
	} {
		_, err := set(t, "3.0.3", schemas).Schema(component("A"), schema.Request)
		if assert.Error(t, err, name) {
			assert.Contains(t, err.Error(), name)
			assert.Contains(t, err.Error(), "file:///doc.json#/components/schemas/")
		}
	}
	_, err := set(t, "3.0.3", `{}`).Schema(openapi.Place("file:///none#/a"), schema.Request)
	assert.Error(t, err)
}

func TestHostileValuesEndSoon(t *testing.T) {
	s := set(t, "3.1.0", `{
		"N":{"type":"integer"},"U":{"uniqueItems":true},
		"T":{"anyOf":[{"$ref":"#/components/schemas/T1"},{"$ref":"#/components/schemas/T2"}]},
		"T1":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/T"}},"required":["x"]},
		"T2":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/T"}},"required":["y"]},
		"E":{"anyOf":[{"$ref":"#/components/schemas/E1"},{"$ref":"#/components/schemas/E1"}]},
		"E1":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/E"}}}}`)
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + `1` + strings.Repeat(`}`, n) }
	start := time.Now()
	for name, value := range map[string]string{
		"N": `1e1000000000`, "U": `[1e400,1E400]`, "T": deep(200), "E": deep(60),
	} {
		compiled, err := s.Schema(component(name), schema.Response)
		require.NoError(t, err)
		assert.False(t, compiled.Valid(tree(t, value)), name)
		found := compiled.Validate(tree(t, value))
		assert.NotEmpty(t, found, name)
		assert.LessOrEqual(t, len(found), 100)
	}
	assert.Less(t, time.Since(start), 20*time.Second)
	n, err := s.Schema(component("N"), schema.Response)
	require.NoError(t, err)
	assert.True(t, n.Valid(tree(t, `1e400`)))
	assert.True(t, n.Valid(tree(t, `1.0`)))
	assert.False(t, n.Valid(tree(t, deep(5000))), "too deep")
	assert.False(t, n.Valid(struct{}{}), "no JSON")
}

func TestManyGoroutinesGetTheSameSchema(t *testing.T) {
	s := set(t, "3.0.3", pets)
	got := make([]*schema.Schema, 32)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			compiled, err := s.Schema(component("Pet"), schema.Request)
			assert.NoError(t, err)
			other, err := s.Schema(component(fmt.Sprint([]string{"User", "Admin", "Maybe"}[i%3])), schema.Request)
			assert.NoError(t, err)
			assert.NotEmpty(t, other.Validate(true))
			assert.NotEmpty(t, compiled.Validate(true))
			got[i] = compiled
		})
	}
	all.Wait()
	for _, other := range got {
		assert.Same(t, got[0], other)
	}
}
