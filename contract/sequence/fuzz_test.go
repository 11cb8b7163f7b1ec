package sequence

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/contract"
)

func TestExpression(t *testing.T) {
	tests := []struct {
		text string
		want contract.Place
	}{
		{"$response.body#/id", "body /id"},
		{"$response.body", "body"},
		{"{$response.body#/a~1b}", "body /a~1b"},
		{"$response.header.Location", "header Location"},
		{"$request.path.id", "request path id"},
		{"$request.query.q", "request query q"},
		{"$request.body#/a/0", "request body /a/0"},
		{"$statusCode", "status"},
		{"$response.path.id", ""}, {"$url", ""}, {"$request.path.", ""}, {"a {$response.body}", ""}, {"$response.bodyid", ""},
	}
	for _, test := range tests {
		got, ok := expression(test.text)
		assert.Equal(t, test.want, got, test.text)
		assert.Equal(t, test.want != "", ok, test.text)
	}
}

func TestWordsAndNouns(t *testing.T) {
	for name, want := range map[string][]string{
		"orderId": {"order", "id"}, "order_id": {"order", "id"}, "X-Order-ID": {"x", "order", "id"}, "HTTPKey": {"http", "key"},
		"orderIDs": {"order", "ids"}, "": nil, "projectsV2": {"projects", "v2"},
	} {
		assert.Equal(t, want, words(name), name)
	}
	for _, pair := range [][2]string{{"categories", "category"}, {"boxes", "box"}, {"houses", "house"}, {"statuses", "status"}, {"orders", "order"}} {
		assert.Contains(t, forms(pair[0]), pair[1])
	}
	assert.Equal(t, []string{"address"}, forms("address"))
}

func FuzzExpression(f *testing.F) {
	f.Add("{$response.body#/id}", "/a~1b/0")
	f.Fuzz(func(t *testing.T, text, pointer string) {
		if at, ok := expression(text); ok && at == "" {
			t.Error("read as no place")
		}
		words(text)
		forms(text)
		v := any(map[string]any{"a/b": []any{"x"}, text: nil})
		find(v, pointer)
		without(v, tokens(pointer))
	})
}
