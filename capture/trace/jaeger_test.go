package trace

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func jaegerAt(t *testing.T, o JaegerOptions, serve http.HandlerFunc) *Jaeger {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	j, err := NewJaeger(strings.Replace(server.URL, "http://", "jaeger://", 1)+"/base", o)
	require.NoError(t, err)
	return j
}

func TestJaegerIsAskedInBothForms(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	for name, tt := range map[string]struct {
		v3                   bool
		answer, trace, query string
	}{
		"its own": {false, jaegerDoc, "/base/api/traces/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
			"/base/api/traces?end=1700000060000000&limit=20&service=shop&start=1700000000000000"},
		"otlp": {true, `{"result":` + jsonDoc + `}`, "/base/api/v3/traces/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
			"/base/api/v3/traces?query.num_traces=20&query.search_depth=20&query.service_name=shop&query.start_time_max=2023-11-14T22%3A14%3A20Z&query.start_time_min=2023-11-14T22%3A13%3A20Z"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan string, 2)
			j := jaegerAt(t, JaegerOptions{V3: tt.v3, Header: http.Header{"Authorization": {"Bearer x"}}}, func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "Bearer x", r.Header.Get("Authorization"))
				asked <- r.URL.String()
				_, _ = w.Write([]byte(tt.answer))
			})
			r, err := j.Trace(t.Context(), want(1).Trace)
			require.NoError(t, err)
			spans, damaged, err := readAll(t, r)
			require.NoError(t, err)
			assert.Empty(t, damaged)
			assert.Equal(t, []Span{want(1)}, spans)
			require.NoError(t, r.Close())
			assert.Equal(t, tt.trace, <-asked)

			r, err = j.Search(t.Context(), "shop", start, start.Add(time.Minute), 20)
			require.NoError(t, err)
			require.NoError(t, r.Close())
			assert.Equal(t, tt.query, <-asked)
		})
	}
}

func TestJaegersServicesAreListed(t *testing.T) {
	j := jaegerAt(t, JaegerOptions{}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":["a","b"],"total":2,"errors":null}`))
	})
	got, err := j.Services(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, got)
}

func TestErrorsOfJaegerSayWhatToDo(t *testing.T) {
	for name, tt := range map[string]struct {
		status      int
		media, body string
		says        string
	}{
		"no such trace": {404, "application/json", `{"errors":[{"code":404,"msg":"trace not found"}]}`, "jaeger has no such trace"},
		"a page":        {200, "text/html", "<html>", "base path"},
		"credentials":   {401, "text/plain", "no", "give credentials"},
		"its failure":   {500, "application/json", `{"errors":[{"msg":"storage is away"}]}`, "storage is away"},
	} {
		t.Run(name, func(t *testing.T) {
			j := jaegerAt(t, JaegerOptions{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.media)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := j.Trace(t.Context(), TraceID{1})
			assert.ErrorContains(t, err, tt.says)
			assert.Equal(t, name == "no such trace", errors.Is(err, ErrNoTrace))
		})
	}
	j := jaegerAt(t, JaegerOptions{Timeout: time.Second}, func(http.ResponseWriter, *http.Request) {})
	j.base.Host = "127.0.0.1:1"
	_, err := j.Trace(t.Context(), TraceID{1})
	assert.ErrorContains(t, err, "16686")
	for _, address := range []string{"", "shop", "ftp://x", "jaeger://", "http://a b"} {
		_, err := NewJaeger(address, JaegerOptions{})
		assert.Error(t, err, address)
	}
}

func TestAnAnswerOfJaegersIsBoundedInBytesAndTime(t *testing.T) {
	j := jaegerAt(t, JaegerOptions{MaxAnswer: 300}, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(jaegerDoc)) })
	r, err := j.Trace(t.Context(), TraceID{1})
	require.NoError(t, err)
	_, _, err = readAll(t, r)
	assert.ErrorContains(t, err, "ask for fewer traces")
	require.NoError(t, r.Close())

	release := make(chan struct{})
	j = jaegerAt(t, JaegerOptions{Timeout: 50 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[`))
		w.(http.Flusher).Flush()
		<-release
	})
	defer close(release)
	r, err = j.Trace(t.Context(), TraceID{1})
	require.NoError(t, err)
	_, _, err = readAll(t, r)
	assert.ErrorContains(t, err, "Timeout")
	require.NoError(t, r.Close())
}
