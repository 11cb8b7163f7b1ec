package consumer

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

func TestWhatIsDeclaredAndNeverCameIsTold(t *testing.T) {
	doc, err := openapi.Parse("shop.yaml", []byte(`openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers: {ETag: {schema: {type: string}}}
          content:
            application/json:
              schema:
                type: object
                properties:
                  id: {type: string}
                  taxes: {type: object, additionalProperties: {type: number}}
                  labels: {type: object, additionalProperties: {type: string}}
                  customer: {type: object, properties: {name: {type: string}}}
`))
	require.NoError(t, err)
	res := contract.Answer{Status: 200, Calls: 5, MediaType: "application/json", Fields: []contract.Field{
		{At: "body", Seen: 5, Of: 5}, {At: "body /id", Seen: 5, Of: 5},
		{At: "body /taxes", Seen: 5, Of: 5}, {At: "body /taxes/reduced", Seen: 2, Of: 5},
	}}
	declare(&res, doc, doc.Operation("GET /orders"))
	var never []contract.Place
	for _, f := range res.Fields {
		if f.Usage.State == contract.Never {
			never = append(never, f.At)
		}
	}
	assert.Equal(t, []contract.Place{"body /customer", "body /labels", "header ETag"}, never)
}
