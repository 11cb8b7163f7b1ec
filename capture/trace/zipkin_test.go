package trace

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A call as Brave reports it: both ends share an id, and the server does not say
// its time again.
const zipkinShared = `[[
 {"traceId":"5af7183fb1d4cf5f","id":"5af7183fb1d4cf5f","kind":"SERVER","name":"get /","timestamp":1700000000000000,"duration":10000,
  "localEndpoint":{"serviceName":"frontend","ipv4":"172.17.0.13"},"remoteEndpoint":{"ipv6":"::1","port":49664},"tags":{"http.method":"GET","http.path":"/"}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"5af7183fb1d4cf5f","id":"6b221d5bc9e6496c","kind":"CLIENT","name":"get /products/{id}","timestamp":1700000000001000,"duration":8000,
  "localEndpoint":{"serviceName":"frontend"},"remoteEndpoint":{"serviceName":"catalog","port":9000},"tags":{"http.method":"GET","http.path":"/products/7"}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"5af7183fb1d4cf5f","id":"6b221d5bc9e6496c","kind":"SERVER","shared":true,"name":"get /products/{id}",
  "localEndpoint":{"serviceName":"catalog"},"tags":{"http.method":"GET","http.path":"/products/7","error":""}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"00000000000000c3","kind":"CLIENT","name":"query","timestamp":1700000000003000,"duration":1000,
  "localEndpoint":{"serviceName":"catalog"},"remoteEndpoint":{"serviceName":"mysql","port":3306},"tags":{"sql.query":"select * from products where id=7"}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"00000000000000c4","kind":"PRODUCER","name":"send","timestamp":1700000000004500,
  "localEndpoint":{"serviceName":"catalog"},"remoteEndpoint":{"serviceName":"kafka"}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"00000000000000c4","id":"00000000000000c5","kind":"CONSUMER","name":"receive","timestamp":1700000000090000,
  "localEndpoint":{"serviceName":"audit"}},
 {"traceId":"5af7183fb1d4cf5f","parentId":"5af7183fb1d4cf5f","id":"00000000000000c6","name":"render","timestamp":1700000000009500,"duration":100,
  "localEndpoint":{"serviceName":"frontend"}}
]]`

// Of version 1 both ends may stand in one span.
const zipkinV1Doc = `[{"traceId":"1","id":"2","parentId":"1","name":"get","annotations":[
 {"timestamp":1700000000000100,"value":"cs","endpoint":{"serviceName":"frontend"}},{"timestamp":1700000000000200,"value":"sr","endpoint":{"serviceName":"catalog"}},
 {"timestamp":1700000000000300,"value":"ss","endpoint":{"serviceName":"catalog"}},{"timestamp":1700000000000400,"value":"cr","endpoint":{"serviceName":"frontend"}}],
 "binaryAnnotations":[{"key":"http.status_code","value":"404","endpoint":{"serviceName":"catalog"}},{"key":"sa","value":true,"endpoint":{"serviceName":"catalog","ipv4":"10.1.1.1"}}]}]`

func zipkinTree(t *testing.T, doc string) (*Tree, []Span) {
	t.Helper()
	spans, damaged, err := readAll(t, NewReader(strings.NewReader(doc), ReadOptions{}))
	require.NoError(t, err)
	require.Empty(t, damaged)
	return NewTree(spans[0].Trace, spans), spans
}

func TestTheEndsOfAZipkinCallThatShareAnIDAreOneCall(t *testing.T) {
	tree, spans := zipkinTree(t, zipkinShared)
	assert.Equal(t, "get /(get /products/{id}+get /products/{id}(query send+receive) render)", draw(tree.Root))
	assert.Equal(t, [4]int{7, 0, 0, 2}, [4]int{tree.Spans, tree.Duplicates, tree.Orphans, tree.Merged})
	call := tree.Root.Children[0]
	assert.Equal(t, "frontend", call.Client.Service)
	assert.Equal(t, "catalog", call.Service())
	assert.Equal(t, "GET /products/{id}", call.Operation())
	assert.Equal(t, "error", call.Outcome(), "an error without a text is one too")
	assert.Equal(t, 8*time.Millisecond, call.Duration(), "the server's has no time of its own")
	assert.Equal(t, "catalog", spans[1].Peer)
	assert.Empty(t, spans[0].Peer, "who called a server is not whom it asked")
	assert.Equal(t, "SELECT products", call.Children[0].Operation())
	assert.Equal(t, "mysql", call.Children[0].Service())
	assert.Equal(t, Unset, spans[3].Status)
	assert.True(t, tree.Root.Children[1].Inside())
}

func TestAZipkinSpanOfVersion1IsAsManyAsWroteIt(t *testing.T) {
	tree, spans := zipkinTree(t, zipkinV1Doc)
	require.Len(t, spans, 2)
	assert.Equal(t, 1, tree.Merged)
	assert.Equal(t, "catalog", tree.Root.Service())
	assert.Equal(t, "404", tree.Root.Outcome())
	assert.Equal(t, 300*time.Microsecond, tree.Root.Client.Duration())
	assert.Equal(t, 100*time.Microsecond, tree.Root.Server.Duration())
	assert.Equal(t, "catalog", tree.Root.Client.Peer)
}

func TestOddZipkinSpansAreRead(t *testing.T) {
	for name, tt := range map[string]struct {
		fields string
		want   func(*Span) bool
	}{
		"an address":                {`"kind":"CLIENT","remoteEndpoint":{"ipv6":"::1","port":"80"}`, func(s *Span) bool { return s.Peer == "[::1]:80" }},
		"null endpoints":            {`"kind":"CLIENT","localEndpoint":null,"remoteEndpoint":null,"tags":null`, func(s *Span) bool { return s.Peer == "" && s.Service == "" }},
		"no error":                  {`"tags":{"error":"false"}`, func(s *Span) bool { return s.Status == Unset }},
		"an error of opentelemetry": {`"tags":{"otel.status_code":"ERROR","error":"timeout"}`, func(s *Span) bool { return s.Status == Error && s.Message == "timeout" }},
		"the new conventions": {`"tags":{"http.request.method":"GET","url.path":"/a","url.query":"b=1","http.response.status_code":204}`,
			func(s *Span) bool { return s.HTTP == HTTP{Method: "GET", Target: "/a?b=1", Status: 204} }},
		"a time out of range": {`"timestamp":99999999999999999999,"duration":-5`, func(s *Span) bool { return s.Start.IsZero() }},
		"tags of no form":     {`"tags":[1]`, func(s *Span) bool { return len(s.Attributes) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			var b batch
			require.NoError(t, b.zipkin([]byte(`{"traceId":"1","id":"2",`+tt.fields+`}`)))
			require.Len(t, b.spans, 1)
			assert.True(t, tt.want(&b.spans[0]), "%+v", b.spans[0])
		})
	}
}

func TestZipkinIsAsked(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "Bearer x", r.Header.Get("Authorization"))
		asked <- r.URL.String()
		switch {
		case strings.HasSuffix(r.URL.Path, "/services"):
			_, _ = w.Write([]byte(`["catalog","frontend"]`))
		case strings.HasSuffix(r.URL.Path, "/trace/00000000000000000000000000000009"):
			http.Error(w, "not found", http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(zipkinDoc))
		}
	}))
	defer server.Close()
	z, err := NewZipkin(strings.Replace(server.URL, "http", "zipkin", 1)+"/base", QueryOptions{Header: http.Header{"Authorization": {"Bearer x"}}})
	require.NoError(t, err)

	r, err := z.Trace(t.Context(), TraceID(bytes.Repeat([]byte{0xa}, 16)))
	require.NoError(t, err)
	spans, _, err := readAll(t, r)
	require.NoError(t, err)
	assert.Equal(t, []Span{want(1)}, spans)
	require.NoError(t, r.Close())
	assert.Equal(t, "/base/api/v2/trace/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", <-asked)

	r, err = z.Search(t.Context(), "shop", start, start.Add(time.Minute), 20)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Equal(t, "/base/api/v2/traces?endTs=1700000060000&limit=20&lookback=60000&serviceName=shop", <-asked)

	names, err := z.Services(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"catalog", "frontend"}, names)
	<-asked

	_, err = z.Trace(t.Context(), TraceID{15: 9})
	assert.ErrorIs(t, err, ErrNoTrace)
	assert.ErrorContains(t, err, "zipkin")
	_, err = NewZipkin("zipkin://", QueryOptions{})
	assert.ErrorContains(t, err, "9411")
}
