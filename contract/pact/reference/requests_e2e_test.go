//go:build e2e

package reference_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/match"
)

// request is what a consumer sends, right or wrong.
type request struct {
	what         string
	method, path string
	query        url.Values
	header       http.Header
	body         []byte
}

func (r request) with(what string, change func(*request)) request {
	r.what, r.query, r.header = what, maps.Clone(r.query), r.header.Clone()
	change(&r)
	return r
}

// requestsFor are the right request, and those that differ from it in one thing.
func requestsFor(want *pact.Request, draw *rand.Rand) []request {
	good := request{"right", want.Method, want.Path, url.Values{}, http.Header{}, want.Body.Bytes()}
	maps.Copy(good.query, want.Query)
	for name, values := range want.Header {
		good.header[http.CanonicalHeaderKey(name)] = values
	}
	all := []request{
		good,
		good.with("another method", func(r *request) { r.method = http.MethodDelete }),
		good.with("another path", func(r *request) { r.path += "/x" }),
		good.with("path with a number", func(r *request) { r.path = "/r/22" }),
		good.with("more header", func(r *request) { r.header.Set("X-More", "x") }),
		good.with("more query", func(r *request) { r.query.Set("more", "x") }),
	}
	for _, name := range slices.Sorted(maps.Keys(good.query)) {
		v := good.query[name]
		all = append(all, good.with("query missing", func(r *request) { delete(r.query, name) }))
		for _, v := range [][]string{{}, {""}, {"x"}, {"7"}, {"1.5"}, append(slices.Clone(v), v[0]), append(slices.Clone(v), "x"), v[:1], {v[len(v)-1], v[0]}} {
			all = append(all, good.with(fmt.Sprintf("query %s %q", name, v), func(r *request) { r.query[name] = v }))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(good.header)) {
		v := good.header[name][0]
		all = append(all, good.with("header missing", func(r *request) { delete(r.header, name) }))
		for _, v := range []string{"", "x", "b2", strings.ToUpper(v), strings.ReplaceAll(v, ", ", ","), v + ";q=1", "text/plain, application/json"} {
			all = append(all, good.with(fmt.Sprintf("header %s %q", name, v), func(r *request) { r.header[name] = []string{v} }))
		}
	}
	return append(all, some(draw, otherContents(want, good), 16)...)
}

func otherContents(want *pact.Request, good request) []request {
	var all []request
	if want.Body.Presence != pact.Present {
		return append(all, good.with("a body", func(r *request) { r.body = []byte("x") }))
	}
	for _, text := range []string{"", "x", "hello ", "b=2&a=1", "a=1", "a=1&b=3", "a=1&b=2&c=3"} {
		all = append(all, good.with("text "+text, func(r *request) { r.body = []byte(text) }))
	}
	if want.Body.IsJSON {
		for _, m := range mutants(want.Body.Value) {
			all = append(all, good.with("body "+m.what, func(r *request) { r.body = []byte(show(m.value)) }))
		}
	}
	return all
}

// sent sends a request to the reference's server, which answers 200 where it is the
// expected one, and says why where it is not.
func (r *request) sent(t *testing.T, client *http.Client, to string) (ok bool, why string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, to+r.path+"?"+r.query.Encode(), bytes.NewReader(r.body))
	require.NoError(t, err)
	req.Header = r.header.Clone()
	resp, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode == http.StatusOK, string(body)
}

func (r *request) captured() *capture.Request {
	got := &capture.Request{Method: r.method, Target: r.path + "?" + r.query.Encode(), Proto: "HTTP/1.1"}
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		for _, v := range r.header[name] {
			got.Header = append(got.Header, capture.Field{Name: name, Value: v})
		}
	}
	got.Body, got.BodySize = r.body, int64(len(r.body))
	return got
}

// TestRequestsAreJudgedAsTheReferenceDoes sends right and wrong requests to servers
// of the reference, and holds them against the pacts that it writes of them.
func TestRequestsAreJudgedAsTheReferenceDoes(t *testing.T) {
	j, dir := newJudge(t), t.TempDir()
	var servers []struct{ Name, URL, Pact string }
	j.ask(t, order{Do: "serve", Dir: dir}, &servers)
	require.NotEmpty(t, servers)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	var c compared
	for _, s := range servers {
		read, err := pact.ReadFile(filepath.Join(dir, s.Pact))
		require.NoError(t, err)
		require.Len(t, read.Interactions, 1)
		want := read.Interactions[0].Request
		h := fnv.New64a()
		_, _ = io.WriteString(h, s.Pact)
		for i, r := range requestsFor(want, rand.New(rand.NewPCG(h.Sum64(), 0))) { //nolint:gosec // the same each time
			ok, why := r.sent(t, &http.Client{Transport: transport}, s.URL)
			found := match.Request(want, r.captured())
			assert.True(t, i > 0 || ok && len(found) == 0, "the right request of %s: %s %v", s.Name, why, found)
			c.count(len(found) == 0)
			if ok != (len(found) == 0) {
				c.disagreed = append(c.disagreed, disagreement{string(read.Version), s.Name,
					r.what, r.query.Encode() + " " + string(r.body), fmt.Sprint(outcome(found), " ", found), why})
			}
		}
	}
	c.tell(t)
}

func outcome(found []match.Mismatch) string {
	if len(found) == 0 {
		return "passed"
	}
	return "failed"
}
