package annotate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// fake answers as Grafana does, by its documentation of the HTTP API.
type fake struct {
	mu      sync.Mutex
	next    []func(http.ResponseWriter) // answers before the real ones
	asked   int
	headers http.Header
	stored  map[int64]map[string]any
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	f.headers = r.Header.Clone()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if len(f.next) > 0 {
		f.next[0](w)
		f.next = f.next[1:]
		return
	}
	if r.Header.Get("Authorization") != "Bearer glsa_token" {
		fail(w, 401, `{"message":"Invalid API key"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var sent map[string]any
	if json.Unmarshal(body, &sent) != nil {
		fail(w, 400, `{"message":"bad request data"}`)
		return
	}
	var id int64
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/grafana/api/annotations":
		id = int64(len(f.stored) + 1)
		f.stored[id] = sent
		fmt.Fprintf(w, `{"id":%d,"message":"Annotation added"}`, id)
	case r.Method == http.MethodPatch:
		if _, err := fmt.Sscanf(r.URL.Path, "/grafana/api/annotations/%d", &id); err != nil || f.stored[id] == nil {
			fail(w, 404, `{"message":"Could not find annotation to update"}`)
			return
		}
		f.stored[id]["timeEnd"] = sent["timeEnd"]
		fmt.Fprint(w, `{"message":"Annotation patched"}`)
	default:
		fail(w, 404, `{"message":"Not found"}`)
	}
}

func fail(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func start(t *testing.T, f *fake, change func(*Options)) *Grafana {
	f.stored = map[int64]map[string]any{}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	o := Options{URL: server.URL + "/grafana/", Token: "glsa_token"}
	if change != nil {
		change(&o)
	}
	g, err := NewGrafana(o)
	require.NoError(t, err)
	t.Cleanup(g.Close)
	return g
}

func TestADeploymentIsAnAnnotation(t *testing.T) {
	f := &fake{}
	g := start(t, f, func(o *Options) { o.Organization = 4 })
	id, err := g.Push(t.Context(), deployment)
	require.NoError(t, err)
	assert.Equal(t, int64(1), id)
	assert.Equal(t, "4", f.headers.Get("X-Grafana-Org-Id"))
	got := f.stored[id]
	assert.InEpsilon(t, float64(deployment.At.UnixMilli()), got["time"], 0)
	assert.Equal(t, []any{
		"deployment", "twinspect", "service:catalog", "environment:production", "digest:" + deployment.Digest,
		"branch:feature/faster, cheaper", "commit:0123abc", "pipeline:1234", "job:deploy to production", "by:ci", "base:" + deployment.BaseDigest,
	}, got["tags"])
	assert.Contains(t, got["text"], `<a href="https://ci.example/run?id=1234&amp;job=deploy#log" target="_blank" rel="noopener noreferrer">Pipeline</a>`)
}

func TestUntrustedTextIsNoMarkupOfAnAnnotation(t *testing.T) {
	a := annotate(release.Deployment{Subject: release.Subject{Service: `<img src=x onerror="alert(1)">`}, Origin: release.Origin{URL: `javascript:alert(1)`}})
	assert.NotContains(t, a.Text, "<img")
	assert.NotContains(t, a.Text, "<a ")
	a = annotate(release.Deployment{Origin: release.Origin{URL: `https://x/"><script>`}})
	assert.NotContains(t, a.Text, "<script")
}

func TestTagsKeepToWhatGrafanaTakes(t *testing.T) {
	d := deployment
	d.Branch, d.Job = strings.Repeat("b", 100), strings.Repeat("j", 101)
	d.Commit, d.Pipeline = strings.Repeat("c", 100), strings.Repeat("p", 99)
	a := annotate(d)
	assert.LessOrEqual(t, sizeOf(a.Tags), maxTags)
	assert.Contains(t, a.Tags, "branch:"+d.Branch)
	assert.NotContains(t, a.Tags, "job:"+d.Job, "it has more characters than the database takes")
	assert.Contains(t, a.Text, d.Job, "the text says what the tags have no room for")
}

func TestFailuresOfGrafanaSayWhatToDo(t *testing.T) {
	answer := func(status int, body string) []func(http.ResponseWriter) {
		return []func(http.ResponseWriter){func(w http.ResponseWriter) { fail(w, status, body) }}
	}
	for name, c := range map[string]struct {
		next []func(http.ResponseWriter)
		want string
	}{
		"a token that is none":    {answer(401, `{"message":"Invalid API key"}`), "Grafana answered 401: Invalid API key; is the token that of a service account, and not expired?"},
		"a permission is missing": {answer(403, `{"accessErrorId":"ACE0","message":"You'll need additional permissions to perform this action. Permissions needed: annotations:create","title":"Access denied"}`), "permissions annotations:create and annotations:write"},
		"too many tags":           {answer(400, `{"message":"tags length (640) exceeds the maximum allowed (500): modify the configuration to increase it"}`), "exceeds the maximum allowed"},
		"a redirection":           {answer(302, ``), "Grafana answered 302"},
		"a page":                  {answer(500, `<html>`), "Grafana answered 500"},
		"no ID":                   {answer(200, `{"message":"hello"}`), "what answered is not Grafana"},
		"no JSON":                 {answer(200, `ok`), "what answered is not Grafana"},
		"a token in the answer":   {answer(400, `{"message":"bad glsa_token"}`), "bad [secret]"},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, &fake{next: c.next}, nil)
			_, err := g.Push(t.Context(), deployment)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "glsa_token")
		})
	}
}

func TestABusyGrafanaIsToldAgain(t *testing.T) {
	busy := func(w http.ResponseWriter) { fail(w, http.StatusServiceUnavailable, `{"message":"busy"}`) }
	f := &fake{next: []func(http.ResponseWriter){busy}}
	id, err := start(t, f, nil).Push(t.Context(), deployment)
	require.NoError(t, err)
	assert.Equal(t, int64(1), id)
	assert.Equal(t, 2, f.asked)
}

func TestWaitingForGrafanaEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{next: []func(http.ResponseWriter){func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "30")
		fail(w, http.StatusTooManyRequests, `{"message":"slow down"}`)
		cancel()
	}}}
	_, err := start(t, f, nil).Push(ctx, deployment)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, f.asked)
}

func TestOptionsThatAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no URL":           {Token: "t"},
		"no host":          {URL: "https://", Token: "t"},
		"another scheme":   {URL: "ftp://grafana", Token: "t"},
		"a password":       {URL: "https://u:hunter2@grafana", Token: "t"},
		"in the clear":     {URL: "http://grafana.example", Token: "t"},
		"no token":         {URL: "https://grafana.example"},
		"a token of lines": {URL: "https://grafana.example", Token: "a\nb"},
		"no organization":  {URL: "https://grafana.example", Token: "t", Organization: -1},
		"what is no URL":   {URL: "https://gra fana\x00hunter2", Token: "t"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewGrafana(o)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	_, err := NewGrafana(Options{URL: "http://grafana.monitoring:3000", Plain: true, Token: "t"})
	require.NoError(t, err)
	_, err = start(t, &fake{}, nil).Push(t.Context(), release.Deployment{})
	require.ErrorContains(t, err, "does not say when")
}
