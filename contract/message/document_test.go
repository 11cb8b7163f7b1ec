package message_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

const shop = `
openapi: 3.0.3
info: {title: shop, version: '1'}
servers: [{url: 'https://shop.example.com/{v}', variables: {v: {default: v2}}}]
paths:
  /products/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$ref: '#/components/schemas/ID'}}
    put:
      parameters:
        - {name: tags, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {$ref: '#/components/schemas/Filter'}}
      requestBody:
        content:
          application/xml: {schema: {$ref: '#/components/schemas/Product'}}
          application/x-www-form-urlencoded:
            schema: {$ref: '#/components/schemas/Product'}
            encoding: {labels: {style: pipeDelimited, explode: false}}
      responses:
        '200':
          description: done
          headers: {X-Left: {schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}
components:
  schemas:
    ID: {type: integer}
    Filter: {type: object, properties: {price: {type: object, properties: {min: {type: number}}}}}
    Product:
      allOf:
        - {type: object, properties: {id: {$ref: '#/components/schemas/ID'}}}
        - {type: object, properties: {name: {type: string}, labels: {type: array, items: {type: string}}}}
`

func TestRequestsOfADocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.WriteFile(path, []byte(shop), 0o600))
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	c := message.New(doc, schema.New(doc))
	op := doc.Operation("PUT /products/{id}")
	require.NotNil(t, op)
	product := map[string]any{"id": json.Number("7"), "name": "5", "labels": []any{"a", "b c"}}
	for mediaType, body := range map[string]string{
		"application/xml":                   `<?xml version="1.0" encoding="UTF-8"?><Product><id>7</id><labels>a</labels><labels>b c</labels><name>5</name></Product>`,
		"application/x-www-form-urlencoded": "id=7&labels=a%7Cb%20c&name=5",
	} {
		in := contract.Request{
			Path: map[string]any{"id": json.Number("7")},
			Query: map[string]any{"tags": []any{"x,", "5"}, "filter": map[string]any{
				"price": map[string]any{"min": json.Number("1.50")}}},
			Body: &contract.Body{MediaType: mediaType, Value: product},
		}
		req, err := c.Encode(op, &in)
		require.NoError(t, err)
		assert.Equal(t, "/v2/products/7?tags=x%2C,5&filter%5Bprice%5D%5Bmin%5D=1.50", req.Target)
		assert.Equal(t, body, string(req.Body))
		assert.Equal(t, "application/json", req.Header.Get("Accept"))
		req.Target = "/v9" + req.Target[3:]
		out, problems := c.Decode(op, &req)
		require.Empty(t, problems)
		assert.Equal(t, in, out)
	}
	left, err := c.Parameter(op.Responses[0].Headers[0], []string{"12"})
	require.NoError(t, err)
	assert.Equal(t, json.Number("12"), left)
	v, err := c.Body(op.Responses[0].Media[0], schema.Response, "application/json", []byte(`{"id":1.0}`))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"id": json.Number("1.0")}, v)
}
