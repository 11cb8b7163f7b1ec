package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
)

var recordedAt = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func get(target string) *capture.Exchange { return recorded(http.MethodGet, target, "") }

func post(target, body string) *capture.Exchange { return recorded(http.MethodPost, target, body) }

func recorded(method, target, body string) *capture.Exchange {
	e := &capture.Exchange{}
	e.Request.Method, e.Request.Target, e.Request.Proto = method, target, "HTTP/1.1"
	e.Request.Header = capture.Header{{Name: "Host", Value: "shop.example"}, {Name: "X-Odd-CASE", Value: "kept"}}
	e.Request.Body, e.Request.BodySize = []byte(body), int64(len(body))
	e.Response.Status, e.Response.Reason, e.Response.Proto = 200, "OK", "HTTP/1.1"
	e.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	e.Response.Body, e.Response.BodySize = []byte(`{"ok":true}`), 11
	return e
}

// writeRecording writes a .twin file with one session a file of exchanges, one
// each 10 ms.
func writeRecording(t *testing.T, exchanges ...*capture.Exchange) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "recording.twin")
	w, err := archive.Create(name, archive.WriteOptions{})
	require.NoError(t, err)
	for i, e := range exchanges {
		at := recordedAt.Add(time.Duration(i) * 10 * time.Millisecond)
		e.ID = capture.NewID("test", "connection", recordedAt, uint64(i))
		e.Context.Connection, e.Context.Index = fmt.Sprint("connection ", i/2), uint64(i)
		e.Request.Start, e.Request.End = at, at
		e.Response.Start, e.Response.End = at.Add(time.Millisecond), at.Add(2*time.Millisecond)
		require.NoError(t, w.WriteExchange(t.Context(), e))
	}
	require.NoError(t, w.Close())
	return name
}

// many returns n requests to the same few operations.
func many(n int) []*capture.Exchange {
	var list []*capture.Exchange
	for i := range n {
		list = append(list, get(fmt.Sprintf("/products/%d", i)))
	}
	return list
}

// serve answers with what body makes of a request's path.
func serve(t *testing.T, body func(path string) string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body(r.URL.Path))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func product(path string) string { return fmt.Sprintf(`{"path":%q,"price":12.50}`, path) }
