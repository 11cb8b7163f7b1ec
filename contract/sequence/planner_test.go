package sequence

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// show writes a setup in lines: what is asked, and what is taken from where.
func show(s contract.Setup) []string {
	var out []string
	for _, step := range s.Steps {
		out = append(out, step.Operation+uses(step.Use))
	}
	return append(out, "= "+s.Operation+uses(s.Use))
}

func uses(all []contract.Use) string {
	var b strings.Builder
	for _, u := range all {
		fmt.Fprintf(&b, " [%s <- %s %s]", u.Into, u.Step, u.From)
	}
	return b.String()
}

func setupOf(t *testing.T, p *Planner, operation string) []string {
	t.Helper()
	for _, s := range p.Setups() {
		if s.Operation == operation {
			return show(s)
		}
	}
	return nil
}

// script writes a case in lines: the step, its operation, what is expected.
func scriptOf(t *testing.T, p *Planner, id string) []string {
	t.Helper()
	cases, _ := p.Cases()
	for _, c := range cases {
		if c.ID != id {
			continue
		}
		var out []string
		for _, s := range c.Steps {
			out = append(out, line(s))
		}
		return out
	}
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	require.Failf(t, "no such case", "%s of %v", id, ids)
	return nil
}

func line(s contract.Step) string {
	text := s.Name + ": " + s.Operation
	if e := s.Expect; e.Check != "" {
		text += " " + string(e.Check)
		for name, v := range map[string]string{"kept": e.Kept, "same": e.Same, "listed": e.Listed, "unlisted": e.Unlisted} {
			if v != "" {
				text += " " + name + "=" + v
			}
		}
		if len(e.Status) > 0 {
			text += " " + strings.Join(e.Status, "/")
		}
	}
	return text
}

func TestSetupsAreTheMinimalChain(t *testing.T) {
	tests := []struct {
		name, document, operation string
		want                      []string
	}{
		{"an item after its collection", shop, "GET /products/{id}", []string{
			"POST /products", "= GET /products/{id} [path id <- post-products body /id]"}},
		{"nested collections, deepest first", shop, "DELETE /orders/{orderId}/lines/{lineId}", []string{
			"POST /orders", "POST /products", "POST /orders/{orderId}/lines [path orderId <- post-orders body /id] [body /productId <- post-products body /id]",
			"= DELETE /orders/{orderId}/lines/{lineId} [path lineId <- post-orders-order-id-lines body /lineId] [path orderId <- post-orders body /id]"}},
		{"a required query that names another thing", shop, "GET /reviews", []string{
			"POST /products", "= GET /reviews [query product_id <- post-products body /id]"}},
		{"a header that names another thing", shop, "GET /parcel", []string{
			"POST /orders", "= GET /parcel [header X-Order-Id <- post-orders body /id]"}},
		{"what only a list shows", shop, "GET /countries/{code}", []string{
			"GET /countries", "= GET /countries/{code} [path code <- get-countries body /items/0/code]"}},
		{"a Location taken whole", shop, "GET /jobs/{id}", []string{
			"POST /jobs", "= GET /jobs/{id} [target <- post-jobs header Location]"}},
		{"a Location beneath which something stands", shop, "GET /jobs/{id}/log", []string{
			"POST /jobs", "= GET /jobs/{id}/log [path id <- post-jobs header Location]"}},
		{"a name that the client gives", shop, "GET /buckets/{name}", []string{
			"PUT /buckets/{name}", "= GET /buckets/{name} [path name <- put-buckets-name request path name]"}},
		{"an update by the identity in its body", petstore, "PUT /pet", []string{
			"POST /pet", "= PUT /pet [body /id <- post-pet body /id]"}},
		{"an irregular collection", petstore, "GET /pet/{petId}", []string{
			"POST /pet", "= GET /pet/{petId} [path petId <- post-pet body /id]"}},
		{"a name in the body that was sent", petstore, "GET /user/{username}", []string{
			"POST /user", "= GET /user/{username} [path username <- post-user request body /username]"}},
		{"a repository and its owner", hub, "GET /repos/{owner}/{repo}", []string{
			"POST /user/repos", "= GET /repos/{owner}/{repo} [path repo <- post-user-repos body /name] [path owner <- post-user-repos body /owner/login]"}},
		{"a link of the document", linking, "GET /invoice/{no}", []string{
			"POST /sales", "= GET /invoice/{no} [path no <- post-sales body /invoice/number]"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, setupOf(t, read(t, test.document).planner(), test.operation))
		})
	}
}

func TestLifecycle(t *testing.T) {
	p := read(t, shop).planner()
	assert.Equal(t, []string{
		"create: POST /products",
		"read: GET /products/{id} available-after-create 2XX",
		"read-created: GET /products/{id} read-after-write kept=create 2XX",
		"update: PUT /products/{id}",
		"read-updated: GET /products/{id} write-kept kept=update 2XX",
		"list: GET /products available-after-create listed=create 2XX",
		"delete: DELETE /products/{id}",
		"read-deleted: GET /products/{id} use-after-delete 404/410",
		"list-deleted: GET /products use-after-delete unlisted=create 2XX",
		"update-deleted: PUT /products/{id} use-after-delete 404/410",
		"delete-again: DELETE /products/{id} idempotent 2XX/404/410",
	}, scriptOf(t, p, "products/lifecycle-put"))
	assert.Contains(t, scriptOf(t, p, "products/lifecycle-patch"), "update: PATCH /products/{id}")
}

func TestAPartIsChangedBeforeTheWhole(t *testing.T) {
	p := read(t, shop).planner()
	p.Narrow = func(_ *openapi.Operation, r contract.Request) (contract.Request, bool) { return r, true }
	script := scriptOf(t, p, "products/lifecycle-patch")
	assert.Subset(t, script, []string{
		"update-part: PATCH /products/{id}",
		"read-updated-part: GET /products/{id} write-kept kept=create update-part 2XX",
	})
	assert.NotContains(t, scriptOf(t, p, "products/lifecycle-put"), "update-part: PUT /products/{id}")
}

func TestWhatIsCreatedOtherwiseIsReadAgain(t *testing.T) {
	p := read(t, shop).planner()
	full, long := contract.Request{Body: &contract.Body{Value: "full"}}, contract.Request{Body: &contract.Body{Value: "long"}}
	p.Variants = func(_ *openapi.Operation) []contract.Request { return []contract.Request{full, long} }
	cases, _ := p.Cases()
	sent := map[string]any{}
	for _, cs := range cases {
		for _, s := range cs.Steps {
			if s.Name == "create" && strings.HasPrefix(cs.ID, "products/") {
				sent[cs.ID] = s.Request.Body.Value
			}
		}
	}
	assert.Equal(t, "full", sent["products/lifecycle-put"])
	assert.Equal(t, "long", sent["products/created-1"])
	assert.Equal(t, []string{
		"create: POST /products", "read: GET /products/{id} available-after-create 2XX",
		"read-created: GET /products/{id} read-after-write kept=create 2XX",
	}, scriptOf(t, p, "products/created-1"))
}

func TestAThingThatItsCreatorNamesIsOneCasesAlone(t *testing.T) {
	p := read(t, shop).planner()
	p.Fresh = func(_ *openapi.Operation, r contract.Request, salt string) contract.Request {
		r.Path = map[string]any{"name": salt}
		return r
	}
	cases, _ := p.Cases()
	for _, cs := range cases {
		for _, s := range cs.Steps {
			if s.Operation == "PUT /buckets/{name}" && strings.HasPrefix(cs.ID, "buckets/") {
				assert.Equal(t, cs.ID, s.Request.Path["name"])
			}
		}
	}
}

func TestLifecycleWithoutUpdate(t *testing.T) {
	p := read(t, shop).planner()
	assert.Equal(t, []string{
		"post-orders: POST /orders",
		"post-products: POST /products",
		"create: POST /orders/{orderId}/lines",
		"delete: DELETE /orders/{orderId}/lines/{lineId}",
		"delete-again: DELETE /orders/{orderId}/lines/{lineId} idempotent 2XX/404/410",
	}, scriptOf(t, p, "orders-lines/lifecycle"))
}

func TestRepeats(t *testing.T) {
	p := read(t, shop).planner()
	assert.Equal(t, []string{"create: POST /products", "create-again: POST /products status-declared"}, scriptOf(t, p, "products/create-twice"))
	assert.Equal(t, []string{
		"create: POST /products", "update: PUT /products/{id}", "read: GET /products/{id}",
		"update-again: PUT /products/{id} idempotent 2XX", "read-again: GET /products/{id} idempotent same=read 2XX",
	}, scriptOf(t, p, "products/put-twice"))
	assert.Equal(t, []string{
		"create: POST /products", "delete: DELETE /products/{id}", "delete-again: DELETE /products/{id} idempotent 2XX/404/410",
		"read-deleted: GET /products/{id} use-after-delete 404/410",
	}, scriptOf(t, p, "products/delete-twice"))
}

func TestPreparationExpectsSuccessWithoutACheck(t *testing.T) {
	cases, _ := read(t, shop).planner().Cases()
	for _, c := range cases {
		assert.Equal(t, contract.Sequence, c.Kind, c.ID)
		assert.NotEmpty(t, c.Why, c.ID)
		given := map[string]bool{}
		for _, s := range c.Steps {
			for _, u := range s.Use {
				assert.True(t, given[u.Step], "%s: %s uses %s", c.ID, s.Name, u.Step)
			}
			for _, name := range append(strings.Fields(s.Expect.Kept), s.Expect.Same, s.Expect.Listed, s.Expect.Unlisted) {
				assert.True(t, name == "" || given[name], "%s: %s is held against %s", c.ID, s.Name, name)
			}
			assert.False(t, given[s.Name], "%s: two steps %s", c.ID, s.Name)
			given[s.Name] = true
		}
	}
}

func TestUpdateDiffersFromCreation(t *testing.T) {
	cases, _ := read(t, shop).planner().Cases()
	for _, c := range cases {
		if c.ID == "products/lifecycle-put" {
			assert.Equal(t, "one", c.Steps[0].Request.Body.Value.(map[string]any)["name"])
			assert.Equal(t, "two", c.Steps[3].Request.Body.Value.(map[string]any)["name"])
			assert.Empty(t, c.Steps[3].Request.Path, "the identity is taken from the creation")
		}
	}
}

func TestConditions(t *testing.T) {
	p := read(t, shop).planner()
	assert.Equal(t, []string{"create: POST /products", "read: GET /products/{id}", "read-again: GET /products/{id} headers 304"},
		scriptOf(t, p, "products/if-none-match"))
	assert.Equal(t, []string{
		"create: POST /products", "read: GET /products/{id}", "update: PUT /products/{id} valid-accepted 2XX",
		"update-stale: PUT /products/{id} invalid-rejected 412",
	}, scriptOf(t, p, "products/if-match-put"))
}

func TestRequiredIfMatchIsReadFirst(t *testing.T) {
	p := read(t, guarded).planner()
	assert.Equal(t, []string{"POST /docs", "GET /docs/{id} [path id <- post-docs body /id]",
		"= DELETE /docs/{id} [path id <- post-docs body /id] [header If-Match <- get-docs-id header ETag]"},
		setupOf(t, p, "DELETE /docs/{id}"))
	assert.Contains(t, scriptOf(t, p, "docs/lifecycle"), "delete-again: DELETE /docs/{id} idempotent 2XX/404/410/412")
}

func TestCyclesAreGaps(t *testing.T) {
	p := read(t, cyclic).planner()
	cases, gaps := p.Cases()
	assert.Empty(t, cases)
	var why []string
	for _, g := range gaps {
		why = append(why, g.Operation+": "+g.Why)
	}
	assert.Contains(t, why, "POST /authors: what it needs is needed for itself: POST /authors needs POST /books needs POST /authors")
	assert.Len(t, gaps, 3)
	assert.Empty(t, p.Setups())
}

func TestOptionalReferencesAreLeftOutWhereNothingElseNeedsThem(t *testing.T) {
	p := read(t, strings.ReplaceAll(cyclic, "required: [authorId]", "required: [title]")).planner()
	assert.Equal(t, []string{"POST /books", "POST /authors [body /bookId <- post-books body /id]",
		"= GET /authors/{authorId} [path authorId <- post-authors body /id]"}, setupOf(t, p, "GET /authors/{authorId}"))
	for _, s := range p.Setups() {
		if s.Operation == "GET /authors/{authorId}" {
			assert.NotContains(t, s.Steps[0].Request.Body.Value, "authorId")
		}
	}
}

func TestLinks(t *testing.T) {
	p := read(t, linking).planner()
	assert.Equal(t, []string{"origin: POST /sales", "follow: GET /invoice/{no} available-after-create 2XX"},
		scriptOf(t, p, "post-sales/link-invoice-201"))
	assert.Equal(t, []string{"post-sales: POST /sales", "origin: POST /sales", "follow: GET /invoice/{no} available-after-create 2XX"},
		scriptOf(t, p, "post-sales/link-existing-409"))
	cases, gaps := p.Cases()
	var why []string
	for _, g := range gaps {
		why = append(why, g.Why)
	}
	assert.Equal(t, []string{
		"the link Joined gives no by an expression that names no single value: a-{$response.body#/invoice/number}",
		"the link Nowhere leads to no operation of the document",
		"the link Limits of 429 is not followed: no request is known to be answered with it",
	}, why)
	for _, c := range cases {
		if c.ID == "post-sales/link-existing-409" {
			assert.Equal(t, []contract.Use{{Step: "origin", From: "request body /key", Into: "path no"}}, c.Steps[2].Use)
			assert.Equal(t, []string{"409"}, c.Steps[1].Expect.Status)
		}
	}
}

func TestPages(t *testing.T) {
	products := func(id string) contract.Step {
		cases, _ := read(t, shop).planner().Cases()
		for _, c := range cases {
			if c.ID == id {
				return c.Steps[len(c.Steps)-1]
			}
		}
		require.Fail(t, id)
		return contract.Step{}
	}
	list := products("get-products/pages-small")
	assert.Equal(t, &contract.Pages{Into: "query page", Step: 1, Items: "body /items", Max: maxPages}, list.Pages)
	assert.Equal(t, map[string]any{"page": number(1), "limit": number(2)}, list.Request.Query)
	assert.Equal(t, number(50), products("get-products/pages-large").Request.Query["limit"], "no more than is allowed")
	assert.Equal(t, "desc", products("get-products/pages-descending").Request.Query["order"])
	last := products("get-products/pages-last")
	assert.Equal(t, []contract.Use{{Step: "list", From: "body /total", Into: "query page"}}, last.Use)
	assert.Equal(t, map[string]any{"limit": number(1)}, last.Request.Query)
}

func TestPagesByCursorAndLink(t *testing.T) {
	tests := []struct {
		name, parameters, fields, header string
		want                             contract.Pages
	}{
		{"a cursor", "{name: cursor, in: query, schema: {type: string}}", "next_cursor: {type: string}", "X",
			contract.Pages{Into: "query cursor", Next: "body /next_cursor"}},
		{"a token in what is said of the list", "{name: pageToken, in: query, schema: {type: string}}", "meta: {type: object, properties: {nextPageToken: {type: string}}}", "X",
			contract.Pages{Into: "query pageToken", Next: "body /meta/nextPageToken"}},
		{"a URL", "{name: q, in: query, schema: {type: string}}", "next: {type: string, format: uri}", "X",
			contract.Pages{Into: "target", Next: "body /next"}},
		{"a header", "{name: cursor, in: query, schema: {type: string}}", "a: {type: string}", "Link",
			contract.Pages{Into: "target", Next: "header Link"}},
		{"an offset by the size", "{name: offset, in: query, schema: {type: integer}}, {name: limit, in: query, schema: {type: integer, maximum: 20}}", "a: {type: string}", "X",
			contract.Pages{Into: "query offset", Step: 20}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Items, test.want.Max = "body /items", maxPages
			text := fmt.Sprintf(`
paths:
  /things:
    get:
      parameters: [%s]
      responses:
        '200':
          headers: {%s: {schema: {type: string}}}
          content:
            application/json:
              schema: {type: object, properties: {items: {type: array, items: {type: object, properties: {id: {type: string}}}}, %s}}
`, test.parameters, test.header, test.fields)
			cases, _ := read(t, text).planner().Cases()
			require.NotEmpty(t, cases)
			assert.Equal(t, "get-things/pages-large", cases[0].ID)
			assert.Equal(t, test.want, *cases[0].Steps[0].Pages)
		})
	}
}

func TestPlansAreTheSameEachTime(t *testing.T) {
	first, gaps := read(t, shop).planner().Cases()
	for range 5 {
		again, more := read(t, shop).planner().Cases()
		require.Equal(t, first, again)
		require.Equal(t, gaps, more)
	}
}
