package relied_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/relied"
)

const catalog = `openapi: 3.0.3
info: {title: Catalog, version: "1"}
paths:
  /products:
    get:
      parameters:
        - {name: category, in: query, schema: {type: string}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
      responses:
        "200":
          description: some
          headers:
            ETag: {required: true, schema: {type: string}}
          content:
            application/json:
              schema:
                type: object
                required: [items, total, page]
                properties:
                  items:
                    type: array
                    items:
                      type: object
                      required: [id, price]
                      properties:
                        id: {type: string}
                        price: {type: number}
                        name: {type: string}
                  total: {type: integer}
                  page:
                    type: object
                    required: [next]
                    properties:
                      next: {type: string}
                      last: {type: string}
  /products/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200": {description: one}
        "404": {description: none}
`

func document(t *testing.T, old, changed string) *openapi.Document {
	t.Helper()
	text := strings.Replace(catalog, old, changed, 1)
	require.True(t, old == "" || text != catalog, "%q is not in the document", old)
	doc, err := openapi.Parse("catalog.yaml", []byte(text))
	require.NoError(t, err)
	return doc
}

func asJSON(text string) pact.Body {
	v, err := pact.ParseJSON([]byte(text))
	if err != nil {
		panic(err)
	}
	return pact.Body{Presence: pact.Present, ContentType: "application/json; charset=utf-8", Value: v, IsJSON: true}
}

func asked(path string, query, header map[string][]string, res pact.Response) pact.Interaction {
	return pact.Interaction{Kind: pact.HTTP, Description: path, Request: &pact.Request{Method: "get", Path: path, Query: query, Header: header}, Response: &res}
}

func list(query, header map[string][]string, body string) pact.Interaction {
	return asked("/products", query, header, pact.Response{Status: 200, Header: map[string][]string{"etag": {`"1"`}}, Body: asJSON(body)})
}

// read is the contract of the interactions, and what was left out.
func read(t *testing.T, all ...pact.Interaction) (*contract.Contract, []string) {
	t.Helper()
	return relied.Contract(&pact.Pact{Consumer: "shop", Provider: "catalog", Version: pact.V4, Interactions: all}, document(t, "", "").Name)
}

func places(fields []contract.Field) (all []string) {
	for _, f := range fields {
		all = append(all, fmt.Sprintf("%s %d/%d", f.At, f.Seen, f.Of))
	}
	return all
}

func TestInteractionsOfOneOperationAreOne(t *testing.T) {
	c, left := read(t,
		list(map[string][]string{"category": {"tea"}}, map[string][]string{"accept": {"application/json"}}, `{"items":[{"price":1.5}]}`),
		asked("/products/p-1", nil, nil, pact.Response{Status: 200}),
		asked("/products/p-2", nil, nil, pact.Response{Status: 404}),
		list(map[string][]string{"tag": {"a", "b"}}, map[string][]string{"Accept": {"application/json"}}, `{"items":[{"price":2,"name":"n"}],"total":1}`),
	)
	assert.Empty(t, left)
	assert.Equal(t, contract.ContractSchema, c.Schema)
	assert.Equal(t, []string{"shop", "catalog"}, []string{c.Consumer, c.Provider})
	require.Len(t, c.Interactions, 2)
	all, one := c.Interactions[0], c.Interactions[1]
	assert.Equal(t, "GET /products", all.Operation)
	assert.EqualValues(t, 2, all.Calls)
	assert.Equal(t, []string{"header Accept 2/2", "query category 1/2", "query tag 1/2", "query tag/* 2/2"}, places(all.Request))
	require.Len(t, all.Responses, 1)
	r := all.Responses[0]
	assert.Equal(t, "application/json", r.MediaType)
	assert.EqualValues(t, 2, r.Calls)
	assert.Equal(t, []string{"body 2/2", "body /items 2/2", "body /items/* 2/2", "body /items/*/name 1/2", "body /items/*/price 2/2", "body /total 1/2", "header ETag 2/2"}, places(r.Fields))
	for _, f := range r.Fields {
		assert.Equal(t, contract.Usage{State: contract.Used, Calls: f.Seen, Of: f.Of, Confidence: 1}, f.Usage, f.At)
	}

	assert.Equal(t, "GET /products/{id}", one.Operation)
	assert.Equal(t, []string{"path id 2/2"}, places(one.Request))
	assert.Equal(t, []int{200, 404}, []int{one.Responses[0].Status, one.Responses[1].Status})
}

func TestWhatAPactDoesNotSayIsAsTheSpecificationHasIt(t *testing.T) {
	c, left := read(t, pact.Interaction{Kind: pact.HTTP, Request: &pact.Request{Path: "/products"}, Response: &pact.Response{}})
	assert.Empty(t, left)
	require.Len(t, c.Interactions, 1)
	assert.Equal(t, "GET /products", c.Interactions[0].Operation)
	assert.Equal(t, 200, c.Interactions[0].Responses[0].Status)
	assert.Empty(t, c.Interactions[0].Responses[0].Fields)
}

func TestMessagesAreLeftOutAndTold(t *testing.T) {
	c, left := read(t,
		pact.Interaction{Kind: pact.AsyncMessage, Description: "a product is new", Messages: []pact.Message{{}}},
		pact.Interaction{Kind: pact.SyncMessage, Description: "asks", Messages: []pact.Message{{}, {}}},
		pact.Interaction{Kind: pact.HTTP, Description: "no answer", Request: &pact.Request{Path: "/products"}},
	)
	assert.Empty(t, c.Interactions)
	assert.Equal(t, []string{`"a product is new" is no request over HTTP`, `"asks" is no request over HTTP`, `"no answer" is no request over HTTP`}, left)
}

func TestOperationsThatNoDocumentHasKeepTheirPath(t *testing.T) {
	c, _ := read(t, asked("/vendors/7", nil, nil, pact.Response{Status: 200}), asked("/vendors/8", nil, nil, pact.Response{Status: 200}))
	var names []string
	for _, it := range c.Interactions {
		names = append(names, it.Operation)
		assert.Empty(t, it.Request)
	}
	assert.Equal(t, []string{"GET /vendors/7", "GET /vendors/8"}, names)
}

func TestCredentialsAreNoPartOfWhatIsReliedOn(t *testing.T) {
	c, _ := read(t, list(map[string][]string{"access_token": {"s3cret"}}, map[string][]string{"Authorization": {"Bearer s3cret"}, "cookie": {"s3cret"}}, `{}`))
	text, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cret")
	assert.Empty(t, c.Interactions[0].Request)
}

func TestWhatIsBeyondAContractIsTold(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	_, left := read(t, list(nil, nil, deep))
	assert.Equal(t, []string{"parts of GET /products: 1, too-deep"}, left)
}

func TestTheOrderOfInteractionsDoesNotMatter(t *testing.T) {
	all := []pact.Interaction{
		list(nil, nil, `{"items":[]}`), list(nil, nil, `{"total":1}`), asked("/products/p-1", nil, nil, pact.Response{Status: 404}),
		asked("/products/p-1", nil, nil, pact.Response{Status: 200}),
	}
	first, _ := read(t, all...)
	slices.Reverse(all)
	second, _ := read(t, all...)
	assert.Equal(t, first, second)
}

// An object, or an array, that holds what is expected does not make its other members
// expected.
func TestOnlyWhatIsExpectedWeighs(t *testing.T) {
	c, _ := read(t, list(nil, nil, `{"items":[{"price":1.5}],"page":{"next":"x"}}`))
	for _, tc := range []struct {
		name, old, changed string
		breaks             bool
	}{
		{"an expected member of an item that is optional now", "required: [id, price]", "required: [id]", true},
		{"an expected member of an item", "[id, price]\n                      properties:\n                        id: {type: string}\n                        price: {type: number}", "[id]\n                      properties:\n                        id: {type: string}", true},
		{"another member of an item", "name: {type: string}", "title: {type: string}", false},
		{"an expected member of an object that is optional now", "required: [next]", "required: [last]", true},
		{"another member of an object", "last: {type: string}", "end: {type: string}", false},
		{"what is not spoken of", "total: {type: integer}", "count: {type: integer}", false},
		{"an object that holds what is expected", "page:\n                    type: object", "pages:\n                    type: object", true},
		{"an array that holds what is expected", "items:\n                    type: array", "list:\n                    type: array", true},
		{"an expected header", "ETag: {required", "X-Tag: {required", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, after := document(t, "", ""), document(t, tc.old, tc.changed)
			changes, err := compat.Compare(before, after)
			require.NoError(t, err)
			require.NotEmpty(t, changes)
			r := impact.Judge(impact.Case{Provider: "catalog", Old: before, New: after, Changes: changes, Pacts: []*contract.Contract{c}})
			require.Len(t, r.Consumers, 1)
			assert.Equal(t, tc.breaks, r.Consumers[0].Level == impact.Breaks, "%+v", r.Consumers[0].Effects)
		})
	}
}
