package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/format"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	list   = "GET /products"
	create = "POST /products"
	read   = "GET /products/{id}"
)

func newContext(t testing.TB, path string) Context {
	t.Helper()
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	require.Empty(t, doc.Problems)
	return Context{Document: doc, Codec: message.New(doc, schema.New(doc)), DocumentPath: "openapi.yaml", Tool: "test 1"}
}

func single(id, operation string, kind contract.Kind, rule contract.Rule, r contract.Request) contract.Case {
	return contract.Case{
		ID: id, Operation: operation, Kind: kind, Rule: rule, Why: "It is the " + string(rule) + " of a " + string(kind) + " case.",
		Steps: []contract.Step{{Name: "request", Operation: operation, Request: r}},
	}
}

func body(v any) *contract.Body { return &contract.Body{MediaType: "application/json", Value: v} }

// suite has a case of each form.
func suite() []contract.Part {
	chair := map[string]any{"name": "Chair"}
	made := contract.Step{Name: "create", Operation: create, Request: contract.Request{Body: body(chair)}, Expect: contract.Expect{Status: []string{"2XX"}}}
	get := contract.Step{
		Name: "read", Operation: read, Use: []contract.Use{{Step: "create", From: "body /id", Into: "path id"}},
		Expect: contract.Expect{Check: contract.ReadAfterWrite, Status: []string{"200"}, Kept: "create"},
	}
	byLocation := get
	byLocation.Use = []contract.Use{{Step: "create", From: "header Location", Into: "target"}}
	similar := contract.Step{
		Name: "similar", Operation: create, Request: contract.Request{Body: body(map[string]any{"similar": json.Number("0")})},
		Use:    []contract.Use{{Step: "create", From: "body /id", Into: "body /similar"}, {Step: "create", From: "request body /name", Into: "body /name"}},
		Expect: contract.Expect{Status: []string{"201"}},
	}
	pages := contract.Step{Name: "list", Operation: list, Pages: &contract.Pages{Into: "query limit", Step: 1, Max: 9}, Expect: contract.Expect{Status: []string{"200"}, Listed: "create"}}
	return []contract.Part{
		{Operation: list, Cases: []contract.Case{
			single("get-products/query-limit-maximum", list, contract.Positive, "maximum", contract.Request{Query: map[string]any{"limit": json.Number("100")}}),
			single("get-products/query-limit-type", list, contract.Negative, "type", contract.Request{Query: map[string]any{"limit": "a b&ü"}}),
			single("get-products/none", list, contract.Negative, contract.RuleCredentials, contract.Request{Credentials: contract.NoCredentials}),
			single("get-products/wrong", list, contract.Negative, contract.RuleCredentials, contract.Request{Credentials: contract.WrongCredentials}),
			single("get-products/method", list, contract.Negative, contract.RuleMethod, contract.Request{Method: "PATCH"}),
			single("get-products/gone", "GET /gone", contract.Positive, contract.RuleOrdinary, contract.Request{}),
		}},
		{Operation: create, Cases: []contract.Case{
			single("post-products/oversized", create, contract.Negative, contract.RuleOversized, contract.Request{Body: body(map[string]any{"name": strings.Repeat("a", 100_000)})}),
			single("post-products/malformed", create, contract.Negative, contract.RuleMalformed, contract.Request{Body: &contract.Body{MediaType: "application/json", Raw: []byte("{\"name\":\n### a\n")}}),
			single("post-products/bytes", create, contract.Negative, contract.RuleMalformed, contract.Request{Body: &contract.Body{MediaType: "application/json", Raw: []byte("\"\xff\"")}}),
			{ID: "post-products/lifecycle", Operation: create, Kind: contract.Sequence, Rule: contract.RuleLifecycle, Why: "What is made is there.", Steps: []contract.Step{made, get, similar, byLocation, pages}},
		}},
		{
			Operation: read,
			Setup:     &contract.Setup{Operation: read, Steps: []contract.Step{made}, Use: []contract.Use{{Step: "create", From: "header Location", Into: "path id"}}},
			Cases: []contract.Case{
				single("get-products-id/ordinary", read, contract.Positive, contract.RuleOrdinary, contract.Request{}),
				single("get-products-id/path-id-type", read, contract.Negative, "type", contract.Request{Path: map[string]any{"id": "x/é"}}),
			},
		},
	}
}

func parts(all []contract.Part) iter.Seq2[contract.Part, error] {
	return func(yield func(contract.Part, error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
	}
}

var exports = []struct {
	file  string
	write func(io.Writer, Context, iter.Seq2[contract.Part, error]) error
	left  map[capture.Reason]int
}{
	{"contract_test.go", GoTest, map[capture.Reason]int{NoOperation: 1, NoComparison: 3, NoPages: 1}},
	{"collection.json", Postman, map[capture.Reason]int{NoOperation: 1, NoComparison: 3, NoPages: 1, NotText: 1}},
	{"requests.http", HTTPFile, map[capture.Reason]int{NoOperation: 1, NoComparison: 3, NoPages: 1, NotText: 1, NotOneLine: 1}},
}

func TestExportsAreAsTheGoldenFilesAndTellWhatTheyLeaveOut(t *testing.T) {
	for _, e := range exports {
		t.Run(e.file, func(t *testing.T) {
			x := newContext(t, "testdata/golden/openapi.yaml")
			left := map[capture.Reason]int{}
			x.Left = func(l Left) {
				left[l.Reason]++
				assert.NotEmpty(t, l.Case)
				assert.NotEmpty(t, l.Detail)
			}
			var got bytes.Buffer
			require.NoError(t, e.write(&got, x, parts(suite())))
			golden := filepath.Join("testdata", "golden", e.file)
			if *update {
				require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got.String())
			assert.Equal(t, e.left, left)
			assert.NotContains(t, got.String(), "q7vz3kx9w", "no marker is left")
		})
	}
}

func TestAnErrorOfTheSuiteEndsAnExport(t *testing.T) {
	broken := errors.New("broken")
	for _, e := range exports {
		err := e.write(io.Discard, newContext(t, "testdata/golden/openapi.yaml"), func(yield func(contract.Part, error) bool) { yield(contract.Part{}, broken) })
		require.ErrorIs(t, err, broken, e.file)
	}
}

func TestTheGoTestIsFormattedAndVetted(t *testing.T) {
	source, err := os.ReadFile("testdata/golden/contract_test.go")
	require.NoError(t, err)
	formatted, err := format.Source(source)
	require.NoError(t, err)
	assert.Equal(t, string(formatted), string(source))
	out, err := exec.CommandContext(t.Context(), "go", "vet", "-tags", "contract", "./testdata/golden").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// shop answers as the golden document says, or breaks it.
func shop(t *testing.T, broken bool) *httptest.Server {
	names := map[string]string{}
	mux := http.NewServeMux()
	authorized := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Bearer token" || r.URL.Query().Get("api_key") == "key" {
			return true
		}
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /products", func(w http.ResponseWriter, r *http.Request) {
		switch limit := r.URL.Query().Get("limit"); {
		case !authorized(w, r):
		case limit != "" && limit != "100":
			answer(w, http.StatusBadRequest, nil)
		default:
			answer(w, http.StatusOK, []any{})
		}
	})
	mux.HandleFunc("POST /products", func(w http.ResponseWriter, r *http.Request) {
		var made struct {
			Name    string      `json:"name"`
			Similar json.Number `json:"similar"`
		}
		if !authorized(w, r) {
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&made); err != nil || made.Name == "" || len(made.Name) > 40 {
			answer(w, http.StatusBadRequest, nil)
			return
		}
		id := json.Number([]string{"7", "8", "9", "10", "11"}[len(names)])
		names[id.String()] = made.Name
		w.Header().Set("Location", "http://"+r.Host+"/products/"+id.String())
		answer(w, http.StatusCreated, map[string]any{"id": id, "name": made.Name})
	})
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, r *http.Request) {
		name, ok := names[r.PathValue("id")]
		switch {
		case !ok && r.URL.Query().Get("api_key") == "":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		case broken:
			answer(w, http.StatusOK, map[string]any{"id": "seven", "name": name})
		default:
			answer(w, http.StatusOK, map[string]any{"id": json.Number(r.PathValue("id")), "name": name})
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func runGoTest(t *testing.T, env ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-tags", "contract", "./testdata/golden")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheGoTestFindsWhatBreaksTheDocument(t *testing.T) {
	env := []string{"PROVIDER_BEARER=token", "PROVIDER_KEY=key"}
	t.Run("a service that keeps to it", func(t *testing.T) {
		out, err := runGoTest(t, append(env, "PROVIDER_URL="+shop(t, false).URL)...)
		require.NoError(t, err, out)
		assert.Contains(t, out, "--- PASS: TestContractPostProducts/post-products/lifecycle")
		assert.NotContains(t, out, "SKIP")
	})
	t.Run("one that does not", func(t *testing.T) {
		out, err := runGoTest(t, append(env, "PROVIDER_URL="+shop(t, true).URL)...)
		require.Error(t, err, out)
		assert.Contains(t, out, "--- FAIL: TestContractGetProductsId/get-products-id/ordinary")
		assert.Contains(t, out, "value must be an integer")
	})
	t.Run("none", func(t *testing.T) {
		out, err := runGoTest(t, "PROVIDER_URL=")
		require.NoError(t, err, out)
		assert.Contains(t, out, "PROVIDER_URL is not set")
	})
	t.Run("no credentials", func(t *testing.T) {
		out, err := runGoTest(t, "PROVIDER_URL="+shop(t, false).URL, "PROVIDER_BEARER=")
		require.NoError(t, err, out)
		assert.Contains(t, out, "PROVIDER_BEARER is not set")
	})
}
