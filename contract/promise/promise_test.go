package promise

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

const text = `openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /x:
    get:
      responses:
        "200": {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
components:
  schemas:
    Base:
      type: object
      required: [id]
      properties:
        id: {type: string}
        note: {type: string, nullable: true}
    Order:
      allOf:
        - $ref: '#/components/schemas/Base'
        - type: object
          required: [lines, note]
          properties:
            state: {type: string, enum: [open, paid]}
            lines: {type: array, items: {$ref: '#/components/schemas/Line'}}
            labels: {type: object, additionalProperties: {type: integer}}
            payment: {oneOf: [{$ref: '#/components/schemas/Card'}, {$ref: '#/components/schemas/Bill'}]}
            parent: {$ref: '#/components/schemas/Order'}
    Line: {type: object, additionalProperties: false, required: [sku], properties: {sku: {type: string}, "a/b": {type: number}}}
    Card: {type: object, required: [kind, number], properties: {kind: {type: string}, number: {type: string}}}
    Bill: {type: object, required: [kind], properties: {kind: {type: integer}}}
    Loop: {allOf: [{$ref: '#/components/schemas/Loop'}]}
`

func order(t *testing.T) (*openapi.Document, openapi.Place) {
	doc, err := openapi.Parse("shop.yaml", []byte(text))
	require.NoError(t, err)
	return doc, doc.Root().Join("components", "schemas", "Order")
}

func TestAPlaceIsPromisedAsTheSchemasTogetherSay(t *testing.T) {
	doc, schema := order(t)
	for name, tt := range map[string]struct {
		tokens                 []string
		declared, open, always bool
		types                  []string
	}{
		"the whole":                {nil, true, false, true, []string{"object"}},
		"required above":           {[]string{"id"}, true, false, true, []string{"string"}},
		"required beside":          {[]string{"note"}, true, false, true, []string{"null", "string"}},
		"optional":                 {[]string{"state"}, true, false, false, []string{"string"}},
		"item of a list":           {[]string{"lines", "*", "sku"}, true, false, true, []string{"string"}},
		"optional in an item":      {[]string{"lines", "*", "a/b"}, true, false, false, []string{"number"}},
		"forbidden":                {[]string{"lines", "*", "price"}, false, false, false, nil},
		"not named":                {[]string{"colour"}, false, true, false, nil},
		"value of a map":           {[]string{"labels", "*"}, true, false, true, []string{"integer"}},
		"key of a map":             {[]string{"labels", "red"}, true, false, false, []string{"integer"}},
		"in every branch":          {[]string{"payment", "kind"}, true, false, true, []string{"integer", "string"}},
		"in one branch":            {[]string{"payment", "number"}, true, false, false, []string{"string"}},
		"through itself":           {[]string{"parent", "parent", "id"}, true, false, true, []string{"string"}},
		"below what is no object":  {[]string{"id", "x"}, false, false, false, nil},
		"properties taken as maps": {[]string{"payment", "*"}, true, false, true, []string{"integer", "string"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Look(doc, schema, tt.tokens)
			assert.Equal(t, tt.declared, got.Declared, "declared")
			assert.Equal(t, tt.open, got.Open, "open")
			assert.Equal(t, tt.always, got.Always, "always")
			assert.Equal(t, tt.types, got.Types)
		})
	}
	assert.Equal(t, []any{"open", "paid"}, Look(doc, schema, []string{"state"}).Enum)
}

func TestCirclesEnd(t *testing.T) {
	doc, schema := order(t)
	loop := doc.Root().Join("components", "schemas", "Loop")
	assert.False(t, Look(doc, loop, []string{"x"}).Declared)
	assert.Empty(t, Fields(doc, loop))
	assert.Contains(t, Fields(doc, schema), "/parent")
}

func TestFieldsAreAllThatIsNamed(t *testing.T) {
	doc, schema := order(t)
	assert.Equal(t, []string{
		"/id", "/labels", "/labels/*", "/lines", "/lines/*", "/lines/*/a~1b", "/lines/*/sku", "/note", "/parent",
		"/payment", "/payment/kind", "/payment/number", "/state",
	}, Fields(doc, schema))
}
