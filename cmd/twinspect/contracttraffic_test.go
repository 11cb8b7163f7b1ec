package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/proxy"
	"twinspect.dev/fixtures/shop"
	"twinspect.dev/fixtures/traffic"
)

// recordedFrom records what drive asks of a provider through a proxy.
func recordedFrom(t *testing.T, provider http.Handler, drive func(url string)) string {
	t.Helper()
	upstream := httptest.NewServer(provider)
	defer upstream.Close()
	u, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "traffic.twin")
	w, err := archive.Create(name, archive.WriteOptions{})
	require.NoError(t, err)
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Upstream: u, Sink: w})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx) }()
	drive("http://" + p.Addr().String())
	http.DefaultClient.CloseIdleConnections()
	cancel()
	require.NoError(t, <-served)
	require.NoError(t, w.Close())
	return name
}

// recordedShop is traffic of the shop without OPTIONS, which its document leaves out.
func recordedShop(t *testing.T, provider http.Handler) string {
	t.Helper()
	all := recordedFrom(t, provider, func(url string) {
		_, err := traffic.Drive(t.Context(), url, traffic.Config{Seed: 1, Sessions: 8})
		require.NoError(t, err)
	})
	name := filepath.Join(t.TempDir(), "declared.twin")
	r := twinspect(t.Context(), "cat", all, "--method", "GET,HEAD,POST,PUT,PATCH,DELETE", "-o", name)
	require.Zero(t, r.code, r.stderr)
	return name
}

func shopDocument(t *testing.T) string {
	t.Helper()
	return writeDocument(t, "openapi.yaml", string(shop.OpenAPI))
}

func TestTrafficThatKeepsToItsDocumentPasses(t *testing.T) {
	out := t.TempDir()
	r := twinspect(t.Context(), "contract-check", "traffic", shopDocument(t), recordedShop(t, shop.New(shop.Config{})), "--json", "--report", out)
	e := evidenceOf(t, r)
	require.Zero(t, r.code, "%v\n%s", causes(e), r.stderr)
	assert.Positive(t, e.Requests)
	assert.NoError(t, e.Account.Balance())
	for _, name := range []string{"report.html", "evidence.json", "junit.xml", "summary.md"} {
		assert.FileExists(t, filepath.Join(out, name))
	}
}

// tampered answers as the shop does, with something replaced in its answers.
func tampered(old, replacement string) http.Handler {
	next := shop.New(shop.Config{Quiet: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(bytes.ReplaceAll(rec.Body.Bytes(), []byte(old), []byte(replacement)))
	})
}

func TestADefectIsFoundInTraffic(t *testing.T) {
	file := recordedShop(t, tampered(`"currency":"EUR"`, `"currency":7`))
	r := twinspect(t.Context(), "contract-check", "traffic", shopDocument(t), file, "--json")
	e := evidenceOf(t, r)
	require.Equal(t, 1, r.code, "%v", e.Reasons)
	require.NotEmpty(t, e.Findings)
	for _, f := range e.Findings {
		assert.EqualValues(t, "body-schema", f.Check, "%s", f.Message)
		assert.Contains(t, f.Message, "currency")
		require.NotEmpty(t, f.Example.Steps)
	}
}

func TestOperationsThatTheDocumentDoesNotHaveAreNamed(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", pingDocument)
	file := recordedFrom(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]any{"ok": true})
	}), func(url string) {
		for _, path := range []string{"/ping", "/secret/7", "/secret/8", "/secret/9"} {
			res, err := http.Get(url + path)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
		}
	})
	text := twinspect(t.Context(), "contract-check", "traffic", spec, file)
	assert.Equal(t, 1, text.code, text.stdout)
	assert.Contains(t, text.stdout, "/secret/")
	e := evidenceOf(t, twinspect(t.Context(), "contract-check", "traffic", spec, file, "--json"))
	require.Len(t, e.Findings, 1, "%v", causes(e))
	assert.EqualValues(t, "documented", e.Findings[0].Check)
	assert.EqualValues(t, 3, e.Findings[0].Count)
}

func TestTrafficThatIsCutShortIsNoPass(t *testing.T) {
	file := recordedShop(t, shop.New(shop.Config{}))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, b[:len(b)/2], 0o600))
	r := twinspect(t.Context(), "contract-check", "traffic", shopDocument(t), file)
	assert.Equal(t, 2, r.code, r.stdout)
	assert.Contains(t, r.stderr, "cut")
}

func TestAnInterruptedCheckOfTrafficSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := twinspect(ctx, "contract-check", "traffic", shopDocument(t), recordedShop(t, shop.New(shop.Config{})), "--json")
	assert.Equal(t, 130, r.code, r.stderr)
}

func TestValuesOfTrafficAreUsedInCases(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	file := recordedFrom(t, &things{}, func(url string) {
		for range 3 {
			res, err := http.Post(url+"/things", "application/json", strings.NewReader(`{"name":"Rosinante"}`))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
		}
	})
	dir := t.TempDir()
	generate(t, spec, dir, "--traffic", file)
	texts, _ := folder(t, dir)
	assert.Contains(t, texts["post-things.yaml"], "source: recorded")
	assert.Contains(t, texts["post-things.yaml"], "Rosinante")
	contractRun(t, 0, spec, newThings(t, nil), "--traffic", file, "--operation", "POST /things")
}
