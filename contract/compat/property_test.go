package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

// libraryDocuments are those of the library's own tests.
func libraryDocuments(tb testing.TB) map[string][]byte {
	tb.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		tb.Skip("the library's module is not there")
	}
	all := make(map[string][]byte)
	require.NoError(tb, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(path, "testdata") {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && (bytes.Contains(data, []byte("openapi")) || bytes.Contains(data, []byte("swagger"))) {
			all[path] = data
		}
		return err
	}))
	return all
}

func TestADocumentChangesNothingOfItself(t *testing.T) {
	read := 0
	for path, data := range libraryDocuments(t) {
		plain, err := openapi.Loader{Plain: true}.Parse(path, data)
		if err != nil {
			continue
		}
		read++
		changes, err := Compare(plain, plain)
		require.NoError(t, err, path)
		assert.Empty(t, changes, path)
		c := comparer{old: newSide(plain), next: newSide(plain), memo: make(map[pair]*result)} // knows nothing alike
		for _, op := range plain.Operations {
			for _, r := range op.Responses {
				for _, m := range r.Media {
					src, ok := c.old.at(m.Schema)
					if !ok {
						continue
					}
					found := c.pair(c.old.view(src), c.next.view(src), mode{direction: InResponse})
					assert.Empty(t, found.found, "%s %s", path, m.Schema)

				}
			}
		}
	}
	assert.Greater(t, read, 80)
}

func toldAround(t *testing.T, old, next string) []string {
	t.Helper()
	parse := func(name, operation string) *openapi.Document {
		text := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"components":{"securitySchemes":{"k":{"type":"apiKey","in":"header","name":"k"},"o":{"type":"oauth2","flows":{}}}},"paths":` + operation + `}`
		d, err := openapi.Loader{Plain: true}.Parse(name, []byte(text))
		require.NoError(t, err)
		return d
	}
	changes, err := Comparer{Day: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}.Compare(parse("old.json", old), parse("new.json", next))
	require.NoError(t, err)
	list := []string{}
	for _, c := range changes {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Level, c.ID, c.At)))
	}
	return list
}

// operationCases hold what two versions say of "GET /a", and what is told.
var operationCases = []struct {
	a, b string
	want []string
}{
	{``, `"deprecated":true`, []string{"safe operation-deprecated"}},
	{`"deprecated":true,"x-sunset":"2027-01-02"`, `"deprecated":true,"x-sunset":"2027-01-01"`, []string{"risky sunset-earlier"}},
	{`"deprecated":true,"x-sunset":"2027-01-02"`, `"deprecated":true`, []string{"risky sunset-removed"}},
	{`"operationId":"a"`, `"operationId":"b"`, []string{"risky operation-id-changed"}},
	{`"tags":["a"]`, `"tags":["b"]`, []string{"safe operation-tags-changed"}},
	{`"servers":[{"url":"/v1"}]`, `"servers":[{"url":"/v2"}]`, []string{"safe server-base-path-added", "breaking server-base-path-removed"}},
	{``, `"parameters":[{"in":"query","name":"q","required":true}]`, []string{"breaking request-required-parameter-added query q"}},
	{``, `"parameters":[{"in":"query","name":"q"}]`, []string{"safe request-optional-parameter-added query q"}},
	{`"parameters":[{"in":"query","name":"q"}]`, ``, []string{"risky request-parameter-removed query q"}},
	{`"parameters":[{"in":"query","name":"q"}]`, `"parameters":[{"in":"header","name":"q"}]`, []string{"breaking request-parameter-moved query q"}},
	{`"parameters":[{"in":"header","name":"Q"}]`, `"parameters":[{"in":"header","name":"q","required":true}]`, []string{"breaking request-parameter-became-required header Q"}},
	{
		`"parameters":[{"in":"query","name":"q","schema":{"type":"array"}}]`, `"parameters":[{"in":"query","name":"q","explode":false,"schema":{"type":"array"}}]`,
		[]string{"breaking request-parameter-style-changed query q"},
	},
	{`"parameters":[{"in":"query","name":"q","schema":{"type":"string"}}]`, `"parameters":[{"in":"query","name":"q","explode":false,"schema":{"type":"string"}}]`, []string{}},
	{`"parameters":[{"in":"query","name":"q","schema":{"type":"integer"}}]`, `"parameters":[{"in":"query","name":"q","schema":{"type":"string"}}]`, []string{"safe request-type-widened query q"}},
	{`"parameters":[{"in":"query","name":"q","schema":{"type":"integer"}}]`, `"parameters":[{"in":"query","name":"q","schema":{"type":"array","items":{"type":"integer"}}}]`, []string{}},
	{``, `"requestBody":{"required":true,"content":{"a/b":{}}}`, []string{"breaking request-required-body-added body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, ``, []string{"breaking request-body-removed body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, `"requestBody":{"required":true,"content":{"a/b":{}}}`, []string{"breaking request-body-became-required body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, `"requestBody":{"content":{"a/c":{}}}`, []string{"breaking request-media-type-removed body", "safe request-media-type-added body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, `"requestBody":{"content":{"a/*":{}}}`, []string{"safe request-media-type-added body"}},
	{``, `"security":[{"k":[]}]`, []string{"breaking security-added"}},
	{`"security":[{"k":[]}]`, ``, []string{"safe security-removed"}},
	{`"security":[{"o":["a"]}]`, `"security":[{"o":["a","b"]}]`, []string{"breaking security-scope-added"}},
	{`"security":[{"o":["a","b"]}]`, `"security":[{"o":["a"]}]`, []string{"safe security-scope-removed"}},
	{`"security":[{"o":["a"]},{"k":[]}]`, `"security":[{"o":["a"]}]`, []string{"breaking security-alternative-removed"}},
}

func TestChangesAroundSchemas(t *testing.T) {
	operation := func(s string) string {
		if s != "" {
			s += ","
		}
		return `{"/a":{"get":{` + s + `"responses":{"200":{"description":"ok"}}}}}`
	}
	for _, c := range operationCases {
		assert.Equal(t, c.want, toldAround(t, operation(c.a), operation(c.b)), "%s to %s", c.a, c.b)
	}
}

func TestChangesOfAnswers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
	}{
		{`"200":{},"201":{}`, `"200":{}`, []string{"breaking response-success-status-removed"}},
		{`"200":{}`, `"200":{},"201":{}`, []string{"risky response-success-status-added"}},
		{`"200":{},"404":{}`, `"200":{}`, []string{"risky response-error-status-removed"}},
		{`"200":{}`, `"200":{},"404":{}`, []string{"safe response-error-status-added"}},
		{`"200":{}`, `"2XX":{}`, []string{"risky response-success-status-added"}},
		{`"200":{"content":{"a/b":{},"a/c":{}}}`, `"200":{"content":{"a/b":{}}}`, []string{"breaking response-media-type-removed body"}},
		{`"200":{"content":{"a/b":{}}}`, `"200":{}`, []string{"breaking response-body-removed body"}},
		{`"200":{"headers":{"E":{"required":true}}}`, `"200":{}`, []string{"breaking response-header-removed header E"}},
		{`"200":{"headers":{"E":{}}}`, `"200":{}`, []string{"risky response-optional-header-removed header E"}},
		{`"200":{"headers":{"E":{"required":true}}}`, `"200":{"headers":{"e":{}}}`, []string{"breaking response-header-became-optional header E"}},
	} {
		answers := func(s string) string { return `{"/a":{"get":{"responses":{` + s + `}}}}` }
		assert.Equal(t, c.want, toldAround(t, answers(c.a), answers(c.b)), "%s to %s", c.a, c.b)
	}
}

func TestOperationsThatCameAndWent(t *testing.T) {
	const other = `"/b":{"get":{"responses":{"200":{}}}}`
	for said, want := range map[string]string{
		``:                   "breaking operation-removed",
		`"deprecated":true,`: "risky operation-removed-as-announced",
		`"deprecated":true,"x-sunset":"2026-05-31",`: "risky operation-removed-as-announced",
		`"deprecated":true,"x-sunset":"2026-06-02",`: "breaking operation-removed-before-sunset",
		`"deprecated":true,"x-sunset":"soon",`:       "breaking operation-removed-before-sunset",
	} {
		old := `{"/a":{"get":{` + said + `"responses":{"200":{}}}},` + other + `}`
		assert.Equal(t, []string{want}, toldAround(t, old, `{`+other+`}`), said)
	}
	assert.Equal(t, []string{"safe operation-added"}, toldAround(t, `{}`, `{`+other+`}`))
	assert.Equal(t, []string{"risky operation-not-compared"}, toldAround(t, `{`+other+`}`, `{"/b":{"get":{"responses":{"200":{"$ref":"#/none"}}}}}`))
	assert.Empty(t, toldAround(t, `{"/a/{id}":{"get":{"parameters":[{"in":"path","name":"id","required":true}],"responses":{"200":{}}}}}`,
		`{"/a/{key}":{"get":{"parameters":[{"in":"path","name":"key","required":true}],"responses":{"200":{}}}}}`), "the name of a part of the path")
}

func TestSchemasThatContainThemselvesHaveAnEnd(t *testing.T) {
	tree := `{"$ref":"#/paths/~1a/post/responses/200/content/application~1json/schema"}`
	with := func(value string) string {
		return `{"type":"object","properties":{"value":{"type":"` + value + `"},"left":` + tree + `,"right":{"anyOf":[` + tree + `,{"type":"null"}]}}}`
	}
	told := found(t, document(t, "a.json", with("string")), document(t, "b.json", with("integer")))
	assert.Contains(t, told, "breaking response-type-changed body /value")
	deep := strings.Repeat(`{"items":`, 100) + "{}" + strings.Repeat("}", 100)
	assert.NotEmpty(t, found(t, document(t, "a.json", deep), document(t, "b.json", strings.Replace(deep, "{}", "false", 1))))
}

func TestRemovedPropertiesAreFoundWhereverTheyAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var build func(depth int) map[string]any
	build = func(depth int) map[string]any {
		props := make(map[string]any)
		var required []any
		for i := range 1 + rng.IntN(3) {
			name := fmt.Sprintf("p%d", i)
			props[name] = map[string]any{"type": "string"}
			if depth > 0 {
				props[name] = build(depth - 1)
			}
			required = append(required, name)
		}
		return map[string]any{"type": "object", "properties": props, "required": required}
	}
	for range 50 {
		schema := build(3)
		old, err := json.Marshal(schema)
		require.NoError(t, err)
		at := "body "
		for inner := schema; ; {
			props := inner["properties"].(map[string]any)
			name := fmt.Sprintf("p%d", rng.IntN(len(props)))
			at += "/" + name
			next := props[name].(map[string]any)
			if next["type"] == "string" || rng.IntN(3) == 0 {
				delete(props, name)
				inner["required"] = slices.DeleteFunc(inner["required"].([]any), func(v any) bool { return v == name })
				break
			}
			inner = next
		}
		fresh, err := json.Marshal(schema)
		require.NoError(t, err)
		told := found(t, document(t, "a.json", string(old)), document(t, "b.json", string(fresh)))
		assert.Contains(t, told, "breaking response-property-removed "+at)
	}
}

func FuzzDocumentsAreComparedWithoutEnd(f *testing.F) {
	for _, c := range schemaCases {
		f.Add(c.a, c.b)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		parse := func(name, schema string) *openapi.Document {
			text := `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"components":{"schemas":{"S":` + schema + `}},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}},"responses":{"200":{"description":""}}}}}}`
			d, err := openapi.Loader{Plain: true}.Parse(name, []byte(text))
			if err != nil {
				return nil
			}
			return d
		}
		old, next := parse("a.json", a), parse("b.json", b)
		if old == nil || next == nil {
			return
		}
		there, err := Compare(old, next)
		require.NoError(t, err)
		again, err := Compare(old, next)
		require.NoError(t, err)
		require.Equal(t, there, again)
		same, err := Compare(old, old)
		require.NoError(t, err)
		require.Empty(t, same)
	})
}
