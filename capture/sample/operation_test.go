package sample

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOperationFoldsIdentifiers(t *testing.T) {
	for _, c := range []struct{ method, target, want string }{
		{"GET", "/", "GET /"},
		{"GET", "/products/42?sort=price", "GET /products/{}"},
		{"GET", "/products/42/reviews/7/", "GET /products/{}/reviews/{}/"},
		{"PUT", "/users/3f2b8c1e-9d4a-4c1b-8e5f-0a1b2c3d4e5f", "PUT /users/{}"},
		{"GET", "/commits/deadbeef", "GET /commits/deadbeef"},
		{"GET", "/commits/a14b940", "GET /commits/{}"},
		{"GET", "/v1/face/b2b", "GET /v1/face/b2b"},
		{"GET", "/2026-11-21/x#y", "GET /{}/x"},
		{"GET", "http://shop.example/cart/1", "GET /cart/{}"},
		{"GET", "http://shop.example", "GET /"},
		{"OPTIONS", "*", "OPTIONS *"},
		{"CONNECT", "shop.example:443", "CONNECT shop.example:443"},
		{"GET", strings.Repeat("/a", 40), "GET " + strings.Repeat("/a", 15) + "/{...}"},
		{"GET", "/x/" + strings.Repeat("y", 500) + "/z", "GET /x/{...}"},
		{"", "", " "},
	} {
		assert.Equal(t, c.want, string(appendOperation(nil, c.method, c.target)), "%s %s", c.method, c.target)
	}
}

func FuzzOperation(f *testing.F) {
	f.Add("GET", "/products/42?x=/y")
	f.Add("GET", "http://h/"+strings.Repeat("a/", 300))
	f.Fuzz(func(t *testing.T, method, target string) {
		name := string(appendOperation(nil, method, target))
		require.LessOrEqual(t, len(name), maxName)
		require.LessOrEqual(t, strings.Count(name[min(len(method), maxMethod):], "/"), maxSegments)
		path, _, _ := strings.Cut(target, "?")
		require.Equal(t, name, string(appendOperation(nil, method, path+"?other")), "the query names nothing")
	})
}
