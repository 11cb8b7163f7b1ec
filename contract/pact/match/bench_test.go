package match_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkResponse compares a list of products, as a service answers it, with an
// example of one product and rules for its members.
func BenchmarkResponse(b *testing.B) {
	product := func(i int) string {
		return fmt.Sprintf(`{"id": %d, "name": "product %d", "price": %d.50, "tags": ["a", "b"], "stock": {"count": %d}}`, i, i, i, i)
	}
	var items []string
	for i := range 10_000 {
		items = append(items, product(i))
	}
	got := `{"items": [` + strings.Join(items, ", ") + `]}`
	want := `{"items": [` + product(1) + `]}`
	rules := `"$.items": {"matchers": [{"match": "type", "min": 1}]}, "$.items[*].price": {"matchers": [{"match": "decimal"}]},
		"$.items[*].name": {"matchers": [{"match": "regex", "regex": "product \\d+"}]}`
	b.SetBytes(int64(len(got)))
	for b.Loop() {
		require.Empty(b, respond(b, rules, want, got))
	}
}
