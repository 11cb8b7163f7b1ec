package main

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/report"
)

var reportFiles = []string{"report.html", "evidence.json", "junit.xml", "summary.md", "examples.har", "examples.twin"}

// crashes where limit is 50.
func crashes(w http.ResponseWriter, r *http.Request) bool {
	return r.URL.Query().Get("limit") == "50" && answering(500, `{"error":"out of range"}`)(w, r)
}

func TestAReportFolderHoldsEveryForm(t *testing.T) {
	spec, out := writeDocument(t, "openapi.yaml", thingsDocument), filepath.Join(t.TempDir(), "new", "out")
	r := twinspect(t.Context(), "contract-run", spec, "--provider", newThings(t, crashes), "--report", out)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "report: "+filepath.Join(out, "report.html"))
	assert.Contains(t, r.stdout, "limit=50", "the smallest request is shown")
	files := map[string][]byte{}
	for _, name := range reportFiles {
		b, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		require.NotEmpty(t, b, name)
		files[name] = b
	}
	var schema, evidence any
	require.NoError(t, json.Unmarshal([]byte(report.Schema()), &schema))
	require.NoError(t, json.Unmarshal(files["evidence.json"], &evidence))
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("evidence.json", schema))
	compiled, err := compiler.Compile("evidence.json")
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(evidence))
	assert.NoError(t, xml.Unmarshal(files["junit.xml"], new(struct {
		XMLName xml.Name `xml:"testsuites"`
	})))
	assert.Contains(t, string(files["summary.md"]), "GET /things")
	assert.True(t, json.Valid(files["examples.har"]))
}

func TestAKeptRunIsReplayed(t *testing.T) {
	spec, keep := writeDocument(t, "openapi.yaml", thingsDocument), filepath.Join(t.TempDir(), "keep.twin")
	e, _ := contractRun(t, 0, spec, newThings(t, nil), "--keep", keep)
	got := replayJSON(t, 0, keep, "--to", newThings(t, nil), "--allow-writes")
	assert.Equal(t, e.Requests, got.Sent, "every request of the run is kept, those of setups too")
	assert.Positive(t, got.Statuses[201])
}

func TestExamplesReproduceTheirStatus(t *testing.T) {
	spec, out := writeDocument(t, "openapi.yaml", thingsDocument), t.TempDir()
	url := newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
		return crashes(w, r) || r.Method == http.MethodPost && r.Header.Get("Content-Type") == "text/plain" && answering(418, "{}")(w, r)
	})
	e, _ := contractRun(t, 1, spec, url, "--report", out)
	want := map[int]uint64{}
	for _, f := range e.Findings {
		for _, step := range f.Example.Steps {
			want[step.Status]++
		}
	}
	require.NotEmpty(t, want)
	got := replayJSON(t, 0, filepath.Join(out, "examples.twin"), "--to", url, "--allow-writes")
	assert.Equal(t, want, got.Statuses)
}

func TestEachExampleNamesItsExchangeOfTheRecording(t *testing.T) {
	spec, out := writeDocument(t, "openapi.yaml", thingsDocument), t.TempDir()
	keep := filepath.Join(out, "keep.twin")
	e, _ := contractRun(t, 1, spec, newThings(t, crashes), "--report", out, "--keep", keep)
	kept := twinspect(t.Context(), "cat", keep)
	require.Zero(t, kept.code, kept.stderr)
	for _, f := range e.Findings {
		for _, step := range f.Example.Steps {
			assert.Contains(t, kept.stdout, step.Exchange)
		}
	}
	assert.Equal(t, 1, strings.Count(kept.stdout, `{"account"`))
}
