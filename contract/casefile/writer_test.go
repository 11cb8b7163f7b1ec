package casefile

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t testing.TB, dir string, parts ...contract.Part) error {
	t.Helper()
	w, err := NewWriter(dir, Header{Document: contract.DocumentInfo{Path: "testdata/openapi.yaml", Title: "Shop", OpenAPI: "3.0.3"}, Seed: 1, Tool: "test 1"})
	require.NoError(t, err)
	for i := range parts {
		if err := w.Write(&parts[i]); err != nil {
			require.ErrorIs(t, w.Close(), err, "the error is kept")
			return err
		}
	}
	return w.Close()
}

func empty(operation string) contract.Part { return contract.Part{Operation: operation} }

func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFilesHaveReadableNamesOfTheirOwn(t *testing.T) {
	n := names{taken: map[string]bool{}}
	seen := map[string]bool{}
	for operation, want := range map[string]string{"GET /products/{id}": "get-products-id.yaml", "POST /": "post.yaml"} {
		assert.Equal(t, want, n.file(operation))
	}
	for _, operation := range []string{
		"GET /products/{ID}", "GET /products-id", "get /products//id", "../..", "../../etc/passwd", `..\..`, "", " ", "suite", "CON", "lpt1", "/", "ä", "日本",
		strings.Repeat("a", 4000), strings.Repeat("a", 4000) + "b", strings.Repeat("/", 4000), "\x00", "GET /own.yaml",
	} {
		name := n.file(operation)
		assert.True(t, ours(name), "%q: %s", operation, name)
		assert.True(t, filepath.IsLocal(name), name)
		assert.LessOrEqual(t, len(name), 200)
		assert.False(t, seen[strings.ToLower(name)], name)
		seen[strings.ToLower(name)] = true
	}
}

func TestASecondGenerationLeavesWhatIsAsItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "suite")
	require.NoError(t, write(t, dir, empty("GET /a"), empty("GET /b")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "get-a.own.yaml"), []byte("operation: GET /a\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.yaml"), []byte("mine\n"), 0o600))
	old := time.Unix(1_000_000_000, 0)
	for _, name := range files(t, dir) {
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	changed := empty("GET /b")
	changed.Cases = []contract.Case{{ID: "x", Operation: "GET /b"}}
	require.NoError(t, write(t, dir, empty("GET /a"), changed))
	for _, name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, name != "get-b.yaml" && name != suiteFile, info.ModTime().Equal(old), name)
	}
}

func TestFilesOfOperationsThatAreNoMoreAreRemoved(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, write(t, dir, empty("GET /a"), empty("GET /b"), empty("GET /c")))
	for name, data := range map[string]string{"get-b.own.yaml": "operation: GET /b\n", "get-d.yaml": marker + "\n", "get-c.yaml": "operation: mine\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
	}
	require.NoError(t, write(t, dir, empty("GET /a")))
	assert.Equal(t, []string{"get-a.yaml", "get-b.own.yaml", "get-c.yaml", "get-d.yaml", suiteFile}, files(t, dir),
		"what a person wrote, or replaced, and what no suite lists, stays")
}

func TestASuiteThatIsNotWholeReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, write(t, dir, empty("GET /a"), empty("GET /b")))
	before := written(t, dir)
	w, err := NewWriter(dir, Header{})
	require.NoError(t, err)
	require.NoError(t, w.Discard())
	require.NoError(t, w.Close())
	bad := empty("GET /a")
	bad.Cases = []contract.Case{{ID: "x", Steps: []contract.Step{{Request: contract.Request{Query: map[string]any{"a": 1}}}}}}
	require.ErrorContains(t, write(t, dir, bad), "write the cases of GET /a: a value of type int is none of JSON")
	bad.Cases[0].Steps[0].Request.Query["a"] = json.Number("0x1")
	require.ErrorContains(t, write(t, dir, bad), `"0x1" is no number`)
	require.ErrorContains(t, write(t, dir, empty("GET /a"), empty("GET /a")), "they were written before")
	assert.Equal(t, before, written(t, dir))
}

func TestWhatIsNotASuiteIsNotReplaced(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"another list":   {suiteFile, "name: mine\n", "format is missing"},
		"a later format": {suiteFile, "format: 2\n", "take a newer program"},
		"a foreign file": {"get-a.yaml", "mine\n", "is there and was not generated; move it away"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{c.file: c.data})
			w, err := NewWriter(dir, Header{})
			if err == nil {
				p := empty("GET /a")
				err = w.Write(&p)
				require.Error(t, w.Close())
			}
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, []string{c.file}, files(t, dir))
		})
	}
}

func TestValuesBeyondTheBoundsAreRefused(t *testing.T) {
	var deep any
	for range MaxNesting + 1 {
		deep = []any{deep}
	}
	for want, v := range map[string]any{
		"nested deeper than":           deep,
		"its repetitions come to more": strings.Repeat("a", MaxExpanded+1),
		"has more than 67108864 bytes": strings.Repeat("0123456789", MaxFile/10+1)[:MaxFile+1] + "é",
		"is none of JSON":              []any{float64(1)},
	} {
		p := empty("GET /a")
		if want == "has more than 67108864 bytes" {
			b := make([]byte, MaxFile)
			for i := range b {
				b[i] = byte('a' + i*i%26)
			}
			v = strings.Repeat(string(b[:100_003]), 1)
			p.Cases = make([]contract.Case, MaxFile/100_003+1)
			for i := range p.Cases {
				p.Cases[i].Why = v.(string)
			}
		} else {
			p.Cases = []contract.Case{{Steps: []contract.Step{{Request: contract.Request{Query: map[string]any{"a": v}}}}}}
		}
		require.ErrorContains(t, write(t, t.TempDir(), p), want)
	}
}

// shopPart has what reviewers meet.
func shopPart() contract.Part {
	const op = "GET /products/{id}"
	return contract.Part{
		Operation: op,
		Setup: &contract.Setup{
			Operation: op,
			Steps: []contract.Step{{
				Name: "create", Operation: "POST /products",
				Request: contract.Request{Body: &contract.Body{MediaType: "application/json", Value: map[string]any{
					"name": "Chair", "price": json.Number("19.90"), "tags": []any{"a", "b"}, "made": "2026-01-01", "zip": "01234",
					"text": "It has:\n- a seat\n- legs\n",
					"parts": []any{
						map[string]any{"name": "leg", "count": json.Number("4"), "material": "wood of a tree that has grown slowly in the north"},
						map[string]any{"name": "seat", "count": json.Number("1"), "material": nil},
					},
				}}},
				Expect: contract.Expect{Status: []string{"201"}},
			}},
			Use: []contract.Use{{Step: "create", From: "body /id", Into: "path id"}},
		},
		Cases: []contract.Case{
			{
				ID: "get-products-id/ordinary", Operation: op, Kind: contract.Positive, Rule: contract.RuleOrdinary, Source: contract.FromSchema,
				Why: "Every part is in the middle of what is allowed.", Steps: []contract.Step{{Name: usual, Operation: op}},
			},
			{
				ID: "get-products-id/header-x-oversized", Operation: op, Kind: contract.Negative, Rule: contract.RuleOversized, At: "header X", Source: contract.FromSchema,
				Why: "A text is far longer than any client sends: 1 MiB.",
				Steps: []contract.Step{{Name: usual, Operation: op, Request: contract.Request{
					Path: map[string]any{"id": json.Number("1")}, Header: map[string]any{"X": strings.Repeat("a", 1<<20), "Y": "b" + strings.Repeat("字", 300)},
					Query:       map[string]any{"ids": alikeItems(10_000)},
					Body:        &contract.Body{MediaType: "application/json", Raw: []byte("{\"a\": \xff}")},
					Credentials: contract.WrongCredentials,
				}}},
			},
			{
				ID: "get-products-id/pages", Operation: op, Kind: contract.Sequence, Rule: contract.RulePages, Source: contract.FromInferred, Why: "The list ends.",
				Steps: []contract.Step{
					{Name: "list", Operation: "GET /products", Pages: &contract.Pages{Into: "query cursor", Next: "body /next", Items: "body /items", Max: 20}},
					{Name: "read", Operation: op, Use: []contract.Use{{Step: "list", From: "body /items/0/id", Into: "path id"}}, Expect: contract.Expect{Check: contract.Available, Status: []string{"2XX", "404"}, Same: "list"}},
				},
			},
		},
		Gaps: []contract.Gap{{Operation: op, At: "header If-Match", Rule: "pattern", Why: "No text fits the pattern ^$a: it asks for more after the end."}},
	}
}

func alikeItems(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = map[string]any{"id": json.Number("1")}
	}
	return out
}

func TestFilesAreAsTheGoldenOnes(t *testing.T) {
	dir := filepath.Join("testdata", "golden")
	if *update {
		require.NoError(t, write(t, dir, shopPart()))
	}
	fresh := filepath.Join("testdata", "fresh")
	defer os.RemoveAll(fresh)
	require.NoError(t, write(t, fresh, shopPart()))
	assert.Equal(t, written(t, dir), written(t, fresh))
	d, err := Read(dir)
	require.NoError(t, err)
	defer d.Close()
	assert.Equal(t, filepath.Join("testdata", "openapi.yaml"), d.Header.Document.Path)
	p, err := d.Part("GET /products/{id}")
	require.NoError(t, err)
	assert.Empty(t, diffParts(shopPart(), p))
}
