package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// document puts paths, and perhaps more, into a document of OpenAPI.
func document(paths string) string {
	return "openapi: 3.0.3\ninfo: {title: T, version: \"1\"}\npaths:\n  " + strings.ReplaceAll(strings.TrimSpace(paths), "\n", "\n  ") + "\n"
}

const goodPing = `/ping:
  get:
    responses: {"200": {description: it, content: {application/json: {}}}}
`

func TestOneWrongOperationLeavesTheOthers(t *testing.T) {
	tests := []struct{ name, wrong, why string }{
		{"unresolvable reference", `/bad:
  get:
    parameters: [{$ref: "#/components/parameters/Absent"}]
    responses: {"200": {description: it}}`, "Absent"},
		{"a file that is missing", `/bad:
  get:
    responses: {"200": {description: it, content: {application/json: {schema: {$ref: "absent.yaml#/X"}}}}}`, "absent.yaml"},
		{"reference to another machine", `/bad:
  get:
    responses: {"200": {description: it, content: {application/json: {schema: {$ref: "http://127.0.0.1:1/x.yaml"}}}}}`, "--allow-urls"},
		{"an operation that is a text", "/bad:\n  get: hello", "/bad"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec := writeDocument(t, "openapi.yaml", document(goodPing+tt.wrong))
			e, r := contractRun(t, 0, spec, newThings(t, pong))
			assert.Contains(t, r.stderr, "left out: ")
			assert.Contains(t, r.stderr, tt.why)
			require.NotEmpty(t, e.Problems)
			require.Len(t, e.Coverage.Operations, 1)
			assert.Positive(t, e.Coverage.Operations[0].Asked)
			g := twinspect(t.Context(), "contract-gen", "provider", spec, "-o", t.TempDir())
			assert.Zero(t, g.code, g.stderr)
			assert.Contains(t, g.stdout, tt.why)
		})
	}
}

// pong keeps to goodPing.
func pong(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.URL.Path != "/ping":
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		answerJSON(w, http.StatusOK, map[string]any{"ok": true})
	}
	return true
}

func TestWhatNoCaseCanBeMadeForIsTold(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", document(goodPing+`/codes:
  get:
    parameters:
      - {name: code, in: query, required: true, schema: {type: string, pattern: "^(?=a)b$"}}
    responses: {"200": {description: it}, "400": {description: no}}`))
	e, _ := contractRun(t, 0, spec, newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/codes" && r.Method == http.MethodGet {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		if r.URL.Path == "/codes" {
			w.Header().Set("Allow", "GET")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return true
		}
		return pong(w, r)
	}))
	var told []string
	for _, g := range e.Gaps {
		told = append(told, g.Operation+" "+string(g.At)+" "+g.Why)
	}
	assert.Contains(t, strings.Join(told, "\n"), "GET /codes query code")
	for _, form := range []string{"-o", "--go", "--http", "--postman"} {
		g := twinspect(t.Context(), "contract-gen", "provider", spec, form, filepath.Join(t.TempDir(), "out_test.go"))
		require.Zero(t, g.code, g.stderr)
		assert.Contains(t, g.stdout, "no case: GET /codes query code", form)
		assert.Contains(t, g.stdout, "2 operations, ", form)
	}
}

func TestSchemasWithoutAnEndAreBounded(t *testing.T) {
	tests := map[string]string{
		"cycle of references":  "A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}",
		"required of itself":   "A: {type: object, required: [a], properties: {a: {$ref: '#/components/schemas/A'}}}",
		"optional of itself":   "A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}, n: {type: integer, maximum: 5}}}",
		"a tree":               "A: {type: object, properties: {kids: {type: array, items: {$ref: '#/components/schemas/A'}}}}",
		"a union with itself":  "A: {oneOf: [{type: integer}, {type: array, minItems: 2, items: {$ref: '#/components/schemas/A'}}]}",
		"nothing is allowed":   "A: {allOf: [{type: string}, {type: integer}]}",
		"a length past memory": "A: {type: string, minLength: 4000000000000}",
		"items past memory":    "A: {type: array, minItems: 100000000000, items: {type: string}}",
	}
	for name, schemas := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := writeDocument(t, "openapi.yaml", document(goodPing+`/a:
  post:
    requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}
    responses: {"200": {description: it}, "4XX": {description: no}}`)+"components:\n  schemas:\n    "+schemas+"\n")
			r := twinspect(t.Context(), "contract-run", spec, "--provider", newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/a" {
					return pong(w, r)
				}
				w.WriteHeader(http.StatusOK)
				return true
			}), "--json", "--shrink", "0", "--checks", "answered")
			require.Contains(t, []int{0, 3}, r.code, r.stderr)
			e := evidenceOf(t, r)
			asked := map[string]uint64{}
			for _, o := range e.Coverage.Operations {
				asked[o.Operation] = o.Asked
			}
			assert.Positive(t, asked["GET /ping"], "the others are asked")
			if asked["POST /a"] == 0 {
				assert.NotEmpty(t, append(problems(e.Problems), gaps(e.Gaps)...), "it is told why there is no case")
			}
		})
	}
}

func TestEveryFormOfADocumentIsRun(t *testing.T) {
	swagger := `{"swagger":"2.0","info":{"title":"T","version":"1"},"paths":{"/ping":{"get":{"produces":["application/json"],
		"responses":{"200":{"description":"it","schema":{"type":"object","required":["ok"],"properties":{"ok":{"type":"boolean"}}}}}}}}}`
	newer := strings.Replace(pingDocument, "openapi: 3.0.3", "openapi: 3.1.0", 1)
	newer = strings.Replace(newer, "{type: boolean}", "{type: [boolean, \"null\"], examples: [true]}", 1)
	for name, spec := range map[string]string{
		"3.0": writeDocument(t, "openapi.yaml", pingDocument), "3.1": writeDocument(t, "openapi.yaml", newer),
		"2.0, JSON": writeDocument(t, "swagger.json", swagger), "split": splitDocument(t),
	} {
		t.Run(name, func(t *testing.T) {
			clean, r := contractRun(t, 0, spec, newThings(t, pong))
			assert.Empty(t, r.stderr)
			assert.Positive(t, clean.Requests)
			broken, _ := contractRun(t, 1, spec, newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Path == "/ping" && r.Method == http.MethodGet && answering(200, `{"ok":"yes"}`)(w, r)
			}), "--checks", "body-schema")
			assert.Contains(t, causes(broken), "body-schema GET /ping")
		})
	}
}

// splitDocument is pingDocument in three files.
func splitDocument(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"openapi.yaml": "openapi: 3.0.3\ninfo: {title: T, version: \"1\"}\npaths:\n  /ping: {$ref: paths/ping.yaml}\n",
		"paths/ping.yaml": `get:
  responses:
    "200": {description: it, content: {application/json: {schema: {$ref: "../schemas.json#/Pong"}}}}
`,
		"schemas.json": `{"Pong": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return filepath.Join(dir, "openapi.yaml")
}

func TestReferencesToOtherMachinesAreFollowedWhenToldSo(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("Pong: {type: object, required: [ok], properties: {ok: {type: boolean}}}"))
	}))
	t.Cleanup(other.Close)
	spec := writeDocument(t, "openapi.yaml", document(goodPing+`/pong:
  get:
    responses: {"200": {description: it, content: {application/json: {schema: {$ref: "`+other.URL+`/s.yaml#/Pong"}}}}}`))
	without, _ := contractRun(t, 0, spec, newThings(t, pong))
	assert.Len(t, without.Coverage.Operations, 1)
	with, r := contractRun(t, 1, spec, newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Path == "/pong" && answering(200, `{"ok":1}`)(w, r)
	}), "--allow-urls", "--operation", "GET /pong", "--checks", "body-schema")
	assert.Contains(t, causes(with), "body-schema GET /pong", r.stderr)
}
