package openapi

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func load(t *testing.T, name string) *Document {
	t.Helper()
	d, err := Load(filepath.Join("testdata", name))
	require.NoError(t, err)
	return d
}

func names(d *Document) []string {
	var list []string
	for _, op := range d.Operations {
		list = append(list, op.Name)
	}
	return list
}

func TestNamesByTheTemplatesOfTheDocument(t *testing.T) {
	d := load(t, "shop.yaml")
	for _, p := range d.Problems {
		assert.Contains(t, p.Message, "of the path is not declared")
		assert.NotNil(t, d.Operation(p.Operation))
	}
	assert.Equal(t, "3.1.0", d.Version)
	for request, want := range map[string]string{
		"GET /products":           "GET /products",
		"GET /products/":          "GET /products",
		"GET /products?page=2":    "GET /products",
		"POST /products":          "POST /products",
		"PATCH /products":         "",
		"GET /api/v2/products":    "GET /products",
		"GET /api/v3/products/17": "GET /products/{id}",
		"GET https://shop.example.com/api/v2/products/17?a=b": "GET /products/{id}",
		"GET /products/17":               "GET /products/{id}",
		"GET /products/a%2Fb":            "GET /products/{id}",
		"GET /products/featured":         "GET /products/featured",
		"DELETE /products/featured":      "DELETE /products/{id}",
		"GET /products/%66eatured":       "GET /products/featured",
		"GET /products/17.json":          "GET /products/{id}.json",
		"GET /products/.json":            "GET /products/{id}",
		"GET /products/1/reviews/2":      "GET /products/{product}/reviews/{review}",
		"GET /products/1/reviews/latest": "GET /products/{product}/reviews/{review}",
		"GET /carts/1/reviews/latest":    "GET /{collection}/{id}/reviews/latest",
		"GET /carts/1/reviews/2":         "",
		"GET /reports/2026-01..2026-02":  "GET /reports/{from}..{to}",
		"GET /reports/2026-01..":         "",
		"POST /users/7:activate":         "POST /users/{id}:activate",
		"POST /users/:activate":          "",
		"GET /feeds":                     "GET /feeds/",
		"GET /feeds/":                    "GET /feeds/",
		"GET /internal/admin/jobs":       "GET /admin/jobs",
		"GET /admin/jobs":                "GET /admin/jobs",
		"GET /products//":                "",
		"GET /":                          "",
		"OPTIONS *":                      "",
		"CONNECT example.com:443":        "",
		"GET http://example.com":         "",
	} {
		method, target, _ := strings.Cut(request, " ")
		assert.Equal(t, want, d.Name(method, target), request)
	}
}

func TestVersion2HasABasePath(t *testing.T) {
	d := load(t, "petstore.json")
	assert.Equal(t, "2.0", d.Version)
	assert.Equal(t, "GET /pet/{petId}", d.Name("GET", "/v2/pet/7"))
	assert.Equal(t, "GET /pet/findByStatus", d.Name("GET", "/v2/pet/findByStatus?status=sold"))
	assert.Equal(t, "PUT /pet/{petId}", d.Name("PUT", "/pet/7"), "a proxy took the base path away")
	assert.Equal(t, []string{"GET /pet/findByStatus", "GET /pet/{petId}", "PUT /pet/{petId}"}, names(d))
	assert.NotNil(t, d.Spec.Components.Schemas["Pet"])
}

func TestOneBrokenOperationLeavesTheOthers(t *testing.T) {
	d := load(t, "damaged.yaml")
	var broken []string
	for _, p := range d.Problems {
		if d.Operation(p.Operation) != nil {
			continue
		}
		assert.True(t, strings.HasPrefix(p.Place, filepath.Join("testdata", "damaged.yaml:")), p.Place)
		broken = append(broken, p.Operation)
	}
	assert.Equal(t, []string{"GET /away", "GET /bad", "PUT /good/{id}", "/text"}, broken)
	assert.Equal(t, []string{"POST /also/good", "GET /good/{id}"}, names(d))
	assert.Equal(t, "GET /good/{id}", d.Name("GET", "/good/1"))
	assert.Empty(t, d.Name("GET", "/bad"))
	assert.Contains(t, d.Problems[0].Message, "--allow-urls")
}

func TestFilesThatAreNoDocument(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "spec:1:1: the document is empty"},
		"broken YAML":     {"openapi: 3.0.0\npaths: [a\n", "spec:2:8: not YAML: "},
		"broken JSON":     {"{\n  \"openapi\": \"3.0.0\",\n  \"paths\": }\n", "spec:3:12: not JSON: missing value"},
		"a list":          {"- a\n", "spec:1:"},
		"something else":  {"kind: Deployment\n", "spec: not an OpenAPI document: it has neither openapi nor swagger"},
		"a later version": {"openapi: 4.0.0\n", "spec: openapi: 4.0.0 is not known"},
		"an old version":  {"swagger: '1.2'\n", "spec: swagger: 1.2 is not known"},
	} {
		_, err := Parse("spec", []byte(c.text))
		require.Error(t, err, name)
		assert.True(t, strings.HasPrefix(err.Error(), c.want), "%s: %s", name, err)
	}
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAPathThatIsNullIsAProblemOfItsOwn(t *testing.T) {
	d, err := Parse("spec", []byte("swagger: '2.0'\ninfo: {title: a, version: 1.0}\npaths:\n  /a:\n  /b: {get: {responses: {200: {description: b}}}}\n"))
	require.NoError(t, err)
	require.Len(t, d.Problems, 1)
	assert.Equal(t, "/a", d.Problems[0].Operation)
	assert.Equal(t, []string{"GET /b"}, names(d))
}

func TestTemplatesThatDifferInTheSlashAlone(t *testing.T) {
	d, err := Parse("spec", []byte(`
openapi: 3.0.0
info: {title: a, version: '1'}
paths:
  /a: {get: {responses: {200: {description: a}}}}
  /a/: {get: {responses: {200: {description: b}}}}
  /: {get: {responses: {200: {description: root}}}}
`))
	require.NoError(t, err)
	assert.Equal(t, "GET /a", d.Name("GET", "/a"))
	assert.Equal(t, "GET /a/", d.Name("GET", "/a/?x"))
	assert.Equal(t, "GET /", d.Name("GET", "/"))
	assert.Equal(t, "GET /", d.Name("GET", "http://example.com?x=/a"))
}

func TestWebhooksAloneAreADocument(t *testing.T) {
	d, err := Parse("spec", []byte("openapi: 3.1.0\ninfo: {title: a, version: '1'}\nwebhooks: {}\n"))
	require.NoError(t, err)
	assert.Empty(t, names(d))
	assert.Empty(t, d.Name("GET", "/"))
}

func TestNamesFromManyGoroutines(t *testing.T) {
	d := load(t, "shop.yaml")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 100 {
				assert.Equal(t, "GET /products/{id}", d.Name("GET", "/products/17"))
			}
		})
	}
	wait.Wait()
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"shop.yaml", "petstore.json", "damaged.yaml", "model.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(data, "/products/17")
	}
	f.Add([]byte("openapi: 3.0.0\npaths: {/a: {get: }, x-a: 1}"), "/a")
	f.Add([]byte("swagger: 2.0\npaths: {/a: null}\nbasePath: a"), "/%")
	f.Add([]byte("openapi: 3.1.0\npaths: {'/{': {get: {}}, '/}{': {get: {}}}"), "/{")
	f.Fuzz(func(t *testing.T, data []byte, target string) {
		d, err := Parse("testdata/fuzz.yaml", data)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "testdata/fuzz.yaml:"), "%v", err)
			return
		}
		if name := d.Name("GET", target); name != "" {
			require.NotNil(t, d.Operation(name))
		}
		for _, op := range d.Operations {
			require.NotEmpty(t, d.Where(op.Place))
			for _, p := range op.Parameters {
				_, _, err := d.Node(p.Place)
				require.NoError(t, err)
			}
		}
	})
}

func BenchmarkName(b *testing.B) {
	d, err := Load("testdata/shop.yaml")
	require.NoError(b, err)
	for b.Loop() {
		d.Name("GET", "/api/v2/products/17?page=2")
	}
}

func TestPlainDocumentsSayTheSame(t *testing.T) {
	for _, name := range []string{"shop.yaml", "petstore.json", "damaged.yaml"} {
		path := filepath.Join("testdata", name)
		full := load(t, name)
		plain, err := Loader{Plain: true}.Load(path)
		require.NoError(t, err)
		assert.Nil(t, plain.Spec)
		for _, op := range full.Operations {
			assert.Equal(t, op, plain.Operation(op.Name), "%s %s", name, op.Name)
			assert.Equal(t, full.Where(op.Place), plain.Where(op.Place))
		}
		assert.Equal(t, full.Info(), plain.Info())
		assert.Equal(t, full.Files(), plain.Files(), name)
	}
}

func TestPlainDocumentsTellBrokenReferencesAndRepeatedNames(t *testing.T) {
	text := `{"openapi":"3.0.0","info":{"title":"\u0041\n","title":"b"},"paths":{
		"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/None"}}}},
		"/b":{"get":{"responses":{"200":{"description":"b"},"200":{"description":"b"}}}},
		"/c":{"get":{"responses":{"200":{"description":"b"},"200":{"description":"b"}}}}}}`
	full, err := Parse("spec.json", []byte(text))
	require.NoError(t, err)
	plain, err := Loader{Plain: true}.Parse("spec.json", []byte(text))
	require.NoError(t, err)
	assert.Equal(t, full.Files(), plain.Files())
	assert.Equal(t, names(full), names(plain))
	for _, p := range plain.Problems {
		assert.Contains(t, full.Problems, p)
	}
	assert.Len(t, plain.Problems, 4, "a reference that leads nowhere, and three names that are there twice")
}

func FuzzPlainDocumentsAreReadAlike(f *testing.F) {
	for _, name := range []string{"shop.yaml", "petstore.json", "damaged.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"openapi":"3.0.0","paths":{},"a":[1,1.0,"\u0000x","\ud800",{},[],{"a":1,"a":2},null,true]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		full, err := newTree().decode(text(data))
		pooled := newTree()
		pooled.plain = true
		plain, again := pooled.decode(text(data))
		require.Equal(t, err == nil, again == nil, "%v, %v", err, again)
		if err == nil {
			require.Equal(t, full, plain)
		}
	})
}

func text(data []byte) *input { return newInput(bytes.NewReader(data), len(data), nil) }
