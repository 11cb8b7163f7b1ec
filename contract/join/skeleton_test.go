package join

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

func full() *trace.Span {
	return &trace.Span{
		ID: trace.SpanID{1}, Parent: trace.SpanID{2}, Service: "s", Name: "n", Kind: trace.Client, Status: trace.Error,
		Start: time.Unix(5, 6).UTC(), End: time.Unix(4, 0).UTC(), Message: "message-secret",
		HTTP:      trace.HTTP{Method: "GET", Route: "/r", Target: "/t?q=query-secret", Status: 404},
		RPC:       trace.RPC{System: "grpc", Service: "a.B", Method: "C", Status: "5"},
		DB:        trace.DB{System: "mysql", Statement: "SELECT x FROM users WHERE name = 'statement-secret'"},
		Messaging: trace.Messaging{System: "kafka", Operation: "publish", Destination: "d"}, Peer: "p:1",
		Attributes: []trace.Attribute{{Key: "k", Value: "attribute-secret"}}, Cut: 3,
	}
}

func TestOnlyWhatIsNeededOfASpanIsKept(t *testing.T) {
	s := full()
	b := appendSpan(nil, s)
	assert.NotContains(t, string(b), "secret")
	var got trace.Span
	query, err := decodeSpan(b, &got)
	require.NoError(t, err)
	assert.NotZero(t, query)
	assert.Equal(t, s.Operation(), got.Operation())
	want := *s
	want.Message, want.Attributes, want.Cut, want.HTTP.Target = "", nil, 0, "/t"
	want.DB = trace.DB{System: "mysql", Operation: "SELECT", Collection: "users"}
	assert.Equal(t, want, got)

	var none trace.Span
	_, err = decodeSpan(appendSpan(nil, &trace.Span{}), &none)
	require.NoError(t, err)
	assert.Equal(t, trace.Span{}, none)
}

// spoken is an exchange with all that a record keeps of it.
func spoken() *capture.Exchange {
	e := &capture.Exchange{ID: capture.ID{1}}
	e.Request.Method, e.Request.Target, e.Request.Start = "GET", "/a?b=c", time.Unix(5, 0)
	e.Request.Header = capture.Header{{Name: "Traceparent", Value: "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"}}
	e.Response.Status, e.Response.Body, e.Response.End = 200, []byte("{}"), time.Unix(6, 0)
	e.Context.Agent, e.Context.Client, e.Context.Service = "a", "10.0.0.1:4000", "s"
	return e
}

func FuzzRecords(f *testing.F) {
	exchange, err := exchangeRecord(nil, trace.TraceID{1}, spoken())
	require.NoError(f, err)
	shadow, err := shadowRecord(nil, spoken())
	require.NoError(f, err)
	for _, rec := range [][]byte{
		spanRecord(nil, full()), exchange, shadow,
		matchedRecord(nil, exchange, match{trace.TraceID{2}, trace.SpanID{3}, true, 0.5}),
	} {
		f.Add(rec)
		f.Add(append([]byte{byte(len(rec) + keySize), 0, 1, 2, 3, 4, 5, 6, 7}, rec...))
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_ = records(b, func(_ uint64, _ []byte) error { return nil })
		_, _ = decodeSpan(b, &trace.Span{})
		if len(b) < recordHead {
			return
		}
		_, _ = decodeSpan(b[recordHead:], &trace.Span{})
		_, _ = decodeExchange(b)
		_, _, _, _ = readWindow([]record{{1, b}, {1, b}})
	})
}

func TestADamagedTemporaryFileIsToldOf(t *testing.T) {
	for name, damage := range map[string]func(f *os.File) error{
		"cut":     func(f *os.File) error { return f.Truncate(10) },
		"changed": func(f *os.File) error { _, err := f.WriteAt(bytes.Repeat([]byte{0xff}, 64), 0); return err },
	} {
		t.Run(name, func(t *testing.T) {
			j, err := New(Options{Dir: t.TempDir()})
			require.NoError(t, err)
			s := full()
			s.Trace = trace.TraceID{15: 1}
			require.NoError(t, j.AddSpan(s))
			require.NoError(t, j.traces.flush())
			require.NoError(t, damage(j.spill.file))
			require.ErrorIs(t, j.Each(context.Background(), func(*Chain) error { return nil }), errDamaged)
			require.NoError(t, j.Close())
		})
	}
}

func TestBinsGiveTheirKeysInOrderHoweverLittleFits(t *testing.T) {
	s, err := newSpill(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	b := newBins(s, 0, 256)
	const keys = 300
	for n := range uint64(keys * 2) {
		key := mix(n % keys)
		if n%keys < 40 {
			key = n % keys // alike in all but the lowest bits
		}
		require.NoError(t, b.add(key, []byte{byte(n)}))
	}
	for range 40 {
		require.NoError(t, b.add(7, []byte(strings.Repeat("x", 100))))
	}
	require.NoError(t, b.flush())
	var got []uint64
	left := 0
	g := &groups{most: 400, tooLarge: func([]byte) error { left++; return nil }}
	g.group = func(_ context.Context, recs []record) error {
		assert.Len(t, recs, 2)
		got = append(got, recs[0].key)
		return nil
	}
	require.NoError(t, b.each(context.Background(), g))
	assert.Len(t, got, keys-1)
	assert.IsIncreasing(t, got)
	assert.Equal(t, 42, left, "all records of the key, and no other")
}

func TestRoutesMatchPaths(t *testing.T) {
	for _, tt := range []struct {
		route, path string
		want        bool
	}{
		{"/products/{id}", "/products/7", true}, {"/products/:id", "/products/7", true}, {"/products/<int:id>", "/products/7", true},
		{"/products/{id}", "/products/7/x", false}, {"/products/{id}", "/products", false}, {"/products/{id}", "/products/", false},
		{"/files/*", "/files/a", true}, {"/files/*rest", "/files/a/b", true}, {"/files/{path...}", "/files", true}, {"/", "/", true},
		{"/a", "/b", false}, {"/{a}/b/{*rest}", "/x/b", true}, {"/{a}/b/{*rest}", "/x/c", false},
	} {
		assert.Equal(t, tt.want, routeMatches(tt.route, tt.path), "%s %s", tt.route, tt.path)
	}
}

func TestVariablesOfRoutesAreWrittenAsDocumentsDo(t *testing.T) {
	assert.Equal(t, "/a/{id}/b/{n}/{x}", bracesOf("/a/:id/b/<int:n>/{x}"))
	assert.Equal(t, "/a", bracesOf("/a"))
}
