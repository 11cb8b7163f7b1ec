package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

func problems(list []contract.Problem) (texts []string) {
	for _, p := range list {
		texts = append(texts, p.String())
	}
	return texts
}

func gaps(list []contract.Gap) (texts []string) {
	for _, g := range list {
		texts = append(texts, g.Operation+" "+g.Why)
	}
	return texts
}

// generate makes the suite of a document.
func generate(t *testing.T, spec, dir string, more ...string) result {
	t.Helper()
	r := twinspect(t.Context(), append([]string{"contract-gen", "provider", spec, "-o", dir}, more...)...)
	require.Zero(t, r.code, r.stderr)
	return r
}

// folder returns what files hold, and the times when they were last written.
func folder(t *testing.T, dir string) (texts map[string]string, times map[string]time.Time) {
	t.Helper()
	texts, times = map[string]string{}, map[string]time.Time{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		texts[e.Name()], times[e.Name()] = string(b), info.ModTime()
	}
	return texts, times
}

// suiteOfThings generates the suite of thingsDocument beside it.
func suiteOfThings(t *testing.T) (spec, dir string) {
	t.Helper()
	spec = writeDocument(t, "openapi.yaml", thingsDocument)
	dir = filepath.Join(filepath.Dir(spec), "suite")
	generate(t, spec, dir)
	return spec, dir
}

func TestASuiteMadeAgainDoesNotChange(t *testing.T) {
	spec, dir := suiteOfThings(t)
	texts, times := folder(t, dir)
	require.Len(t, texts, 4, "an operation a file, and suite.yaml")
	generate(t, spec, dir)
	again, later := folder(t, dir)
	assert.Equal(t, texts, again)
	assert.Equal(t, times, later, "what is as it was is not written")
	generate(t, spec, dir, "--seed", "2")
	other, _ := folder(t, dir)
	assert.NotEqual(t, texts["suite.yaml"], other["suite.yaml"])
}

func TestAChangedDocumentIsASmallChangeOfItsSuite(t *testing.T) {
	spec, dir := suiteOfThings(t)
	before, _ := folder(t, dir)
	changed := strings.Replace(thingsDocument, "maximum: 50", "maximum: 60", 1)
	require.NoError(t, os.WriteFile(spec, []byte(changed), 0o600))
	generate(t, spec, dir)
	after, _ := folder(t, dir)
	assert.Equal(t, before["post-things.yaml"], after["post-things.yaml"])
	assert.Equal(t, before["get-things-id.yaml"], after["get-things-id.yaml"])
	assert.NotEqual(t, before["get-things.yaml"], after["get-things.yaml"])
	old := linesIn(before["get-things.yaml"])
	differ := 0
	for line, n := range linesIn(after["get-things.yaml"]) {
		differ += max(0, n-old[line])
	}
	assert.Less(t, differ, len(old)/2, "a bound is a few lines")
}

func linesIn(text string) map[string]int {
	count := map[string]int{}
	for line := range strings.Lines(text) {
		count[line]++
	}
	return count
}

func TestASuiteFindsWhatItsDocumentFinds(t *testing.T) {
	spec, dir := suiteOfThings(t)
	of, _ := contractRun(t, 1, spec, newThings(t, crashes))
	with, r := contractRun(t, 1, dir, newThings(t, crashes))
	assert.Equal(t, causes(of), causes(with))
	assert.Equal(t, of.Cases, with.Cases)
	assert.Empty(t, r.stderr)
	one, _ := contractRun(t, 1, dir, newThings(t, crashes), "--operation", "listThings")
	assert.Less(t, made(one), made(with))
}

const ownCase = `operation: GET /things/{id}
cases:
  - id: get-things-id/forty-two
    kind: positive
    rule: example
    source: example
    why: Forty-two is known to be special.
    request: {path: {id: 42}}
`

func TestCasesOfPeopleAreRunAndKept(t *testing.T) {
	spec, dir := suiteOfThings(t)
	own := filepath.Join(dir, "special.own.yaml")
	require.NoError(t, os.WriteFile(own, []byte(ownCase), 0o600))
	generate(t, spec, dir)
	assert.FileExists(t, own)
	e, _ := contractRun(t, 1, dir, newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Path == "/things/42" && answering(500, "{}")(w, r)
	}))
	require.NotEmpty(t, e.Findings)
	assert.Equal(t, "get-things-id/forty-two", e.Findings[0].Example.Case)
	assert.Equal(t, "Forty-two is known to be special.", e.Findings[0].Example.Why)
}

func TestAnEditedCaseIsSentAsItWasEdited(t *testing.T) {
	_, dir := suiteOfThings(t)
	file := filepath.Join(dir, "get-things.yaml")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(b), "limit: 50")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(b), "limit: 50", "limit: 49")), 0o600))
	contractRun(t, 0, dir, newThings(t, crashes), "--operation", "GET /things")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(b), "kind: ", "kin: ", 1)), 0o600))
	r := twinspect(t.Context(), "contract-run", dir, "--provider", newThings(t, nil))
	assert.Equal(t, 2, r.code)
	assert.Regexp(t, `get-things\.yaml:\d+.*kin`, r.stderr, "a mistake is told with its place")
}

func TestADocumentThatChangedSinceIsTold(t *testing.T) {
	spec, dir := suiteOfThings(t)
	changed := strings.Replace(thingsDocument, `"404": {description: none}`, `"410": {description: none}`, 1)
	require.NoError(t, os.WriteFile(spec, []byte(changed), 0o600))
	_, r := contractRun(t, 1, dir, newThings(t, nil))
	assert.Contains(t, r.stderr, "has changed since")
	original := writeDocument(t, "original.yaml", thingsDocument)
	_, r = contractRun(t, 0, dir, newThings(t, nil), "--spec", original)
	assert.Empty(t, r.stderr, "the document that is named is used")
	require.NoError(t, os.Remove(spec))
	gone := twinspect(t.Context(), "contract-run", dir, "--provider", newThings(t, nil))
	assert.Equal(t, 2, gone.code)
	assert.Contains(t, gone.stderr, "--spec")
}
