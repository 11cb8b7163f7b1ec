package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDocumentIsValid(t *testing.T) {
	require.NoError(t, loaded(t).Validate(context.Background()))
}

// Each operation of the document is answered, and what the document does not have is
// not: the methods that the gate allows for a path are those of the document.
func TestRoutesAndDocumentAgree(t *testing.T) {
	s := serve(t)
	for path, item := range loaded(t).Paths.Map() {
		target := strings.NewReplacer("{id}", "x", "{hook}", "rollout").Replace(path)
		a := s.do("all", http.MethodTrace, target, "")
		require.Equal(t, http.StatusMethodNotAllowed, a.status, path)
		want := map[string]bool{}
		for method := range item.Operations() {
			want[method] = true
			if method == http.MethodGet {
				want[http.MethodHead] = true
			}
		}
		got := map[string]bool{}
		for _, method := range strings.Split(a.header.Get("Allow"), ", ") {
			got[method] = true
		}
		assert.Equal(t, want, got, path)
		assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
		options := s.do("all", http.MethodOptions, target, "")
		assert.Equal(t, http.StatusNoContent, options.status)
		assert.Equal(t, a.header.Get("Allow"), options.header.Get("Allow"))
	}
	a := s.do("all", "GET", "/api/v1/nothing", "")
	assert.Equal(t, http.StatusNotFound, a.status)
	assert.Contains(t, a.body, "there is nothing at this path")
}

func TestTheDocumentDescribesEveryRoute(t *testing.T) {
	doc := loaded(t)
	for _, route := range serve(t).api.Routes() {
		method, path, _ := strings.Cut(route, " ")
		item := doc.Paths.Value(path)
		require.NotNil(t, item, route)
		require.NotNil(t, item.GetOperation(method), route)
	}
}
