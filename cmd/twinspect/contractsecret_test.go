package main

import (
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const securedDocument = `openapi: 3.0.3
info: {title: Secured, version: "1"}
paths:
  /open:
    get:
      operationId: getOpen
      responses: {"200": {description: it}}
  /secret:
    get:
      operationId: getSecret
      security: [{bearer: []}]
      responses: {"200": {description: it}, "401": {description: no}}
  /keyed:
    get:
      operationId: getKeyed
      security: [{key: []}]
      responses: {"200": {description: it}, "401": {description: no}}
  /asked:
    get:
      operationId: getAsked
      security: [{asked: []}]
      responses: {"200": {description: it}, "401": {description: no}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-Shop}
    asked: {type: apiKey, in: query, name: pass}
`

var secrets = map[string]string{"TOKEN": "sesame-0451-openup", "KEY": "hush-7f3a-quietly", "PASS": "whisper+99/softly"}

// secured asks for the secrets, and where it is indiscreet, says them.
func secured(indiscreet bool) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		got := map[string]string{
			"/secret": strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
			"/keyed":  r.Header.Get("X-Shop"), "/asked": r.URL.Query().Get("pass"),
		}
		want, asked := map[string]string{"/secret": secrets["TOKEN"], "/keyed": secrets["KEY"], "/asked": secrets["PASS"]}[r.URL.Path]
		switch {
		case !asked && r.URL.Path != "/open":
			w.WriteHeader(http.StatusNotFound)
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET")
			w.WriteHeader(http.StatusMethodNotAllowed)
		case asked && got[r.URL.Path] != want:
			w.WriteHeader(http.StatusUnauthorized)
		case indiscreet:
			w.Header().Set("X-Debug", "you said "+got[r.URL.Path])
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message":"crashed over `+got[r.URL.Path]+`"}`)
		default:
			w.WriteHeader(http.StatusOK)
		}
		return true
	}
}

func TestOperationsWithoutTheirCredentialsAreNotAsked(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", securedDocument)
	e, r := contractRun(t, 3, spec, newThings(t, secured(false)))
	assert.Empty(t, causes(e), "401 to who has no credentials is no finding")
	assert.GreaterOrEqual(t, notRun(e)["no-credentials"], uint64(3), "an ordinary case of each, at least")
	assert.Contains(t, r.stderr, "3 of 4 operations are not asked with credentials")
	assert.Contains(t, strings.Join(e.Reasons, "\n"), "give asked=env:NAME")
	var gaps []string
	for _, g := range e.Gaps {
		gaps = append(gaps, g.Operation)
	}
	assert.Subset(t, gaps, []string{"GET /secret", "GET /keyed", "GET /asked"})
}

func TestWithItsCredentialsASecuredProviderPasses(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", securedDocument)
	r := inEnv(t.Context(), secrets, securedArgs(spec, newThings(t, secured(false)))...)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Empty(t, notRun(evidenceOf(t, r)))
}

func securedArgs(spec, url string, more ...string) []string {
	return append([]string{
		"contract-run", spec, "--provider", url, "--json",
		"--auth", "bearer=env:TOKEN", "--auth", "key=env:KEY", "--auth", "asked=env:PASS",
	}, more...)
}

func TestNoSecretLeavesARun(t *testing.T) {
	spec, out := writeDocument(t, "openapi.yaml", securedDocument), t.TempDir()
	url := newThings(t, secured(true))
	keep := filepath.Join(out, "keep.twin")
	r := inEnv(t.Context(), secrets, securedArgs(spec, url, "--report", out, "--keep", keep)...)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	text := inEnv(t.Context(), secrets, append([]string{"contract-run", spec, "--provider", url, "--verbose"}, securedArgs(spec, url)[5:]...)...)
	require.Equal(t, 1, text.code)
	assert.Contains(t, text.stdout, "$BEARER", "a line for a shell has a variable in its place")

	all := map[string]string{"stdout": r.stdout, "stderr": r.stderr, "text": text.stdout, "text's stderr": text.stderr}
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Len(t, entries, len(reportFiles)+1)
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(out, entry.Name()))
		require.NoError(t, err)
		all[entry.Name()] = string(b) + packed(t, string(b))
	}
	for _, name := range []string{"keep.twin", "examples.twin"} {
		cat := twinspect(t.Context(), "cat", filepath.Join(out, name))
		require.Zero(t, cat.code, cat.stderr)
		assert.Contains(t, cat.stdout, "/secret")
		all["cat "+name] = cat.stdout
	}
	for name, text := range all {
		for _, secret := range append(leaks(), "indiscreet") {
			assert.NotContains(t, text, secret, name)
		}
	}
}

// leaks are the forms in which a secret may stand somewhere.
func leaks() []string {
	var forms []string
	for _, s := range secrets {
		forms = append(forms, s, base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return append(forms, "whisper%2B99%2Fsoftly")
}

// packed returns what a page holds compressed in base64.
func packed(t *testing.T, page string) string {
	t.Helper()
	var text strings.Builder
	for _, b64 := range regexp.MustCompile(`H4sI[A-Za-z0-9+/=]+`).FindAllString(page, -1) {
		raw, err := base64.StdEncoding.DecodeString(b64)
		require.NoError(t, err)
		gz, err := gzip.NewReader(strings.NewReader(string(raw)))
		require.NoError(t, err)
		b, err := io.ReadAll(gz)
		require.NoError(t, err)
		text.Write(b)
	}
	return text.String()
}

func TestSecretsAreKeptWhereThatIsAskedFor(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", securedDocument)
	keep := filepath.Join(t.TempDir(), "keep.jsonl")
	r := inEnv(t.Context(), secrets, securedArgs(spec, newThings(t, secured(true)), "--keep", keep, "--no-redact")...)
	require.Equal(t, 1, r.code, r.stderr)
	b, err := os.ReadFile(keep)
	require.NoError(t, err)
	assert.Contains(t, string(b), secrets["TOKEN"])
	assert.Contains(t, twinspect(t.Context(), "contract-run", "--help").stdout, "--no-redact")
}
