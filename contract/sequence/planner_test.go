package sequence

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
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
		for name, v := range map[string]string{"kept": e.Kept, "same": e.Same, "listed": e.Listed} {
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
		{"a link of the document", linked1, "GET /invoice/{no}", []string{
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
		"update-deleted: PUT /products/{id} use-after-delete 404/410",
		"delete-again: DELETE /products/{id} idempotent 2XX/404/410",
	}, scriptOf(t, p, "products/lifecycle-put"))
	assert.Contains(t, scriptOf(t, p, "products/lifecycle-patch"), "update: PATCH /products/{id}")
}
