package trace

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

func written(t require.TestingT, spans []Span) []byte {
	var out bytes.Buffer
	w := NewWriter(&out)
	for i := range spans {
		require.NoError(t, w.WriteSpan(&spans[i]))
	}
	require.NoError(t, w.Close())
	require.NoError(t, w.Account().Balance())
	require.Equal(t, uint64(len(spans)), w.Account()[0].Written)
	return out.Bytes()
}

func readBack(t require.TestingT, file []byte) (out []Span) {
	r := NewReader(bytes.NewReader(file), ReadOptions{})
	for {
		var s Span
		err := r.ReadSpan(context.Background(), &s)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, s)
	}
}

// byService is the order in which a batch has its spans.
func byService(spans []Span) []Span {
	first := map[string]int{}
	for i := range spans {
		if _, ok := first[spans[i].Service]; !ok {
			first[spans[i].Service] = i
		}
	}
	out := slices.Clone(spans)
	slices.SortStableFunc(out, func(a, b Span) int { return first[a.Service] - first[b.Service] })
	return out
}

var (
	someText = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z/.:0-9é ]{1,12}`))
	someKey  = rapid.OneOf(rapid.SampledFrom([]string{"http.method", "http.url", "url.full", "http.target", "url.path",
		"net.peer.name", "net.peer.port", "peer.service", "db.statement", "http.status_code", "rpc.system", "x"}), rapid.String())
	someValue = rapid.OneOf(rapid.SampledFrom([]string{"GET", "http://h:80/p?q=1", "404", "true", "8080"}), rapid.String(),
		rapid.Just(strings.Repeat("é", MaxValue)))
)

func drawSpan(t *rapid.T) Span {
	s := Span{Trace: TraceID{1: byte(rapid.IntRange(1, 255).Draw(t, "trace"))}, ID: spanID(byte(rapid.IntRange(1, 255).Draw(t, "id"))),
		Parent: spanID(byte(rapid.IntRange(0, 9).Draw(t, "parent"))), Service: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "service"),
		Kind: Kind(rapid.IntRange(0, 5).Draw(t, "kind")), Name: someText.Draw(t, "name"), Message: someText.Draw(t, "message"),
		Status: Status(rapid.IntRange(0, 2).Draw(t, "status")), Cut: rapid.IntRange(0, 3).Draw(t, "cut"),
		Start: time.Unix(0, rapid.Int64Range(1, math.MaxInt64).Draw(t, "start")).UTC()}
	text := func(fields ...*string) {
		for _, f := range fields {
			*f = someText.Draw(t, "field")
		}
	}
	text(&s.HTTP.Method, &s.HTTP.Route, &s.HTTP.Target, &s.RPC.System, &s.RPC.Service, &s.RPC.Method, &s.RPC.Status,
		&s.DB.System, &s.DB.Operation, &s.DB.Collection, &s.DB.Statement, &s.Messaging.System, &s.Messaging.Operation, &s.Messaging.Destination)
	if rapid.Bool().Draw(t, "answered") {
		s.HTTP.Status = rapid.IntRange(100, 999).Draw(t, "code")
	}
	if s.Kind == Client || s.Kind == Producer || s.Kind == KindUnknown {
		text(&s.Peer)
	}
	return s
}

func TestFieldsOfSpansAreReadBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := rapid.SliceOfN(rapid.Custom(drawSpan), 0, 8).Draw(t, "spans")
		got := readBack(t, written(t, spans))
		for i := range got {
			got[i].Attributes = nil // what the fields became
		}
		want := byService(spans)
		if diff := cmp.Diff(want, got); len(want) > 0 && diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhatWasReadIsWrittenAndReadBackWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draft := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
			s := drawSpan(t)
			for range rapid.SampledFrom([]int{0, 1, 3, MaxAttributes, MaxAttributes + 2}).Draw(t, "n") {
				s.Attributes = append(s.Attributes, Attribute{someKey.Draw(t, "key"), someValue.Draw(t, "value")})
			}
			return s
		}), 1, 4).Draw(t, "spans")
		once := readBack(t, written(t, draft))
		twice := readBack(t, written(t, once))
		if diff := cmp.Diff(byService(once), twice); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheGeneratedMessagesReadWhatIsWritten(t *testing.T) {
	file := written(t, []Span{
		{Trace: TraceID{1}, ID: spanID(2), Parent: spanID(1), Service: "cart", Name: "GET", Kind: Client, Status: Error, Message: "late",
			HTTP: HTTP{Method: "GET", Target: "/p/1", Status: 404}, Start: epoch, End: epoch.Add(time.Second)},
		{Trace: TraceID{1}, ID: spanID(3), Service: "web", Kind: Server},
	})
	var traces tracepb.TracesData
	require.NoError(t, proto.Unmarshal(file[4:], &traces))
	require.Len(t, traces.ResourceSpans, 2)
	cart := traces.ResourceSpans[0]
	require.Len(t, cart.Resource.Attributes, 1)
	assert.Equal(t, "cart", cart.Resource.Attributes[0].Value.GetStringValue())
	s := cart.ScopeSpans[0].Spans[0]
	assert.Equal(t, "GET", s.Name)
	assert.Equal(t, tracepb.Span_SPAN_KIND_CLIENT, s.Kind)
	assert.Equal(t, tracepb.Status_STATUS_CODE_ERROR, s.Status.Code)
	assert.Equal(t, uint64(epoch.Add(time.Second).UnixNano()), s.EndTimeUnixNano)
	var said []string
	for _, a := range s.Attributes {
		said = append(said, a.Key+"="+a.Value.GetStringValue())
	}
	assert.Equal(t, []string{"http.request.method=GET", "url.path=/p/1", "http.response.status_code=404"}, said)
}

type brokenOutput struct{}

func (brokenOutput) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestTheBatchIsBoundedAndErrorsOfTheOutputAreKept(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	s := Span{Trace: TraceID{1}, ID: spanID(1), Service: "a", Name: strings.Repeat("n", 1000)}
	for range 5000 {
		require.NoError(t, w.WriteSpan(&s))
		require.Less(t, w.held, batchBytes)
	}
	assert.Greater(t, out.Len(), 2*batchBytes)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	require.Error(t, w.WriteSpan(&s))
	assert.Len(t, readBack(t, out.Bytes()), 5000)

	var refused *capture.RefusedError
	broken := NewWriter(brokenOutput{})
	require.ErrorAs(t, broken.WriteSpan(&Span{}), &refused)
	require.NoError(t, broken.WriteSpan(&s))
	require.ErrorIs(t, broken.Close(), io.ErrShortWrite)
	require.ErrorIs(t, broken.WriteSpan(&s), io.ErrShortWrite)
	require.NoError(t, broken.Account().Balance())
	assert.Equal(t, uint64(1), broken.Account()[0].Open)
}

func BenchmarkWriteSpans(b *testing.B) {
	s := Span{Trace: TraceID{1}, ID: spanID(1), Service: "a", Name: "GET /p", Kind: Client, HTTP: HTTP{Method: "GET", Target: "/p/1", Status: 200}, Start: epoch, End: epoch}
	w := NewWriter(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		_ = w.WriteSpan(&s)
	}
}
