package schema_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func TestSchemasOfALoadedDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
swagger: "2.0"
info: {title: shop, version: "1"}
paths:
  /a/{id}:
    post:
      parameters:
        - {name: id, in: path, required: true, type: integer, format: int32, minimum: 1, exclusiveMinimum: true}
        - {name: b, in: body, schema: {$ref: "#/definitions/B"}}
      responses: {"200": {description: ok, schema: {type: array, items: {$ref: "#/definitions/B"}}}}
definitions:
  B: {type: object, required: [n], properties: {n: {type: string, readOnly: true}}}
`), 0o600))
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	s := schema.New(doc)
	op := doc.Operation("POST /a/{id}")
	require.NotNil(t, op)
	id, err := s.Schema(op.Parameters[0].Schema, schema.Request)
	require.NoError(t, err)
	assert.False(t, id.Valid(tree(t, `1`)))
	assert.True(t, id.Valid(tree(t, `2`)))
	body, err := s.Schema(op.Body.Media[0].Schema, schema.Request)
	require.NoError(t, err)
	assert.True(t, body.Valid(tree(t, `{}`)))
	answer, err := s.Schema(op.Responses[0].Media[0].Schema, schema.Response)
	require.NoError(t, err)
	found := answer.Validate(tree(t, `[{}]`))
	require.Len(t, found, 1)
	_, where, err := doc.Node(found[0].Schema)
	require.NoError(t, err)
	assert.Equal(t, found[0].Schema, where)
	assert.Empty(t, s.Problems())
}
