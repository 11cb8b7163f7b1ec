package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/store"
)

const (
	image = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	base  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	other = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
)

const policyText = `version: 1
name: shop
services: [catalog, "cart-*"]
require:
  diff: {max_age: 24h, min_samples: 100, self_check: false}
overrides: {by: [all], max: 4h}
`

// The tokens: "all" may everything, "catalog" everything for that service, "reader" reads
// it, "nobody" may nothing.
const accessText = `version: 1
tokens:
  - {name: all, hash: %s, scopes: [{services: "*", may: [ask, push, override, stop, announce, read, policy, audit]}]}
  - {name: catalog, hash: %s, scopes: [{services: catalog, may: [ask, push, override, stop, announce, read]}]}
  - {name: reader, hash: %s, scopes: [{services: catalog, may: [read]}]}
  - {name: cart, hash: %s, scopes: [{services: "cart-*", may: [ask, push, read]}]}
limits: {identity: 100000, total: 100000, body: 64}
`

// server is a gate that is served, and a client of it that holds every answer against
// the document.
type server struct {
	t     *testing.T
	api   *rest.API
	gate  *gate.Gate
	store *store.Store
	http  *httptest.Server
	now   time.Time
}

type option func(*rest.Config)

func serve(t *testing.T, options ...option) *server {
	return serveStore(t, "sqlite:"+filepath.Join(t.TempDir(), "gate.db"), options...)
}

func serveStore(t *testing.T, url string, options ...option) *server {
	t.Helper()
	s := &server{t: t, now: time.Now().UTC().Truncate(time.Second)}
	var err error
	s.store, err = store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	policies, err := gate.LoadPolicies(file(t, "gate.yaml", policyText))
	require.NoError(t, err)
	s.gate = gate.New(gate.Config{Store: s.store, Policies: policies})
	c := rest.Config{Gate: s.gate, Version: "test"}
	for _, o := range options {
		o(&c)
	}
	s.api = rest.New(c)
	var hashes []any
	for _, token := range []string{"all", "catalog", "reader", "cart"} {
		hashes = append(hashes, access.HashOf(tokenOf(token)))
	}
	keeper, err := access.Open(access.Options{Path: file(t, "access.yaml", fmt.Sprintf(accessText, hashes...))})
	require.NoError(t, err)
	s.http = httptest.NewServer(keeper.Middleware(s.api))
	t.Cleanup(s.http.Close)
	return s
}

func tokenOf(name string) string { return "twg_" + name + strings.Repeat("x", 40) }

func file(t *testing.T, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a *answer) into(t *testing.T, v any) {
	require.NoError(t, json.Unmarshal([]byte(a.body), v), a.body)
}

type edit func(*http.Request)

func with(header, value string) edit {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

// do asks in the name of a token, "" for none, and holds the answer against the
// document.
func (s *server) do(token, method, target, body string, edits ...edit) *answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.http.URL+target, strings.NewReader(body))
	require.NoError(s.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+tokenOf(token))
	}
	for _, e := range edits {
		e(r)
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(s.t, err)
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	require.NoError(s.t, err)
	s.conforms(r, got, data)
	return &answer{got.StatusCode, got.Header, string(data)}
}

func (s *server) conforms(r *http.Request, got *http.Response, body []byte) {
	s.t.Helper()
	route, path, err := described(s.t).FindRoute(r)
	if err != nil {
		return // of what the document does not have the table tells
	}
	if r.Method == http.MethodHead {
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: path},
		Status:                 got.StatusCode, Header: got.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	require.NoError(s.t, err, "%s %s answered %d %s", r.Method, r.URL, got.StatusCode, body)
}

func loaded(t *testing.T) *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromData(rest.Document())
	require.NoError(t, err)
	doc.Servers = nil
	return doc
}

var once = sync.OnceValues(func() (routers.Router, error) {
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.PlainBodyDecoder)
	doc, err := openapi3.NewLoader().LoadFromData(rest.Document())
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	return legacy.NewRouter(doc)
})

func described(t *testing.T) routers.Router {
	router, err := once()
	require.NoError(t, err)
	return router
}

// compared is the evidence of a comparison of n answers that ended a minute ago.
func compared(t *testing.T, n uint64, v diff.Verdict) string {
	t.Helper()
	var b bytes.Buffer
	now := time.Now().UTC()
	r := &diff.Report{
		Tool: "twinspect", Started: now.Add(-time.Hour), Ended: now.Add(-time.Minute), Input: "traffic.twin",
		Verdict: v, Reasons: []string{"because"}, Operations: []diff.Operation{{Name: "GET /products", Compared: n}},
	}
	require.NoError(t, report.JSON(&b, r))
	return b.String()
}

const pushTo = "/api/v1/evidence?service=catalog&digest=" + image + "&base_digest=" + base
