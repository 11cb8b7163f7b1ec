package trace

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/capture"
)

func text(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

func number(key string, n int64) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}}
}

// message is a request of n spans with the ids 1 to n.
func message(n int) *tracepb.TracesData {
	scope := &tracepb.ScopeSpans{}
	for i := range n {
		scope.Spans = append(scope.Spans, &tracepb.Span{
			TraceId: bytes.Repeat([]byte{0xa}, 16), SpanId: binary.BigEndian.AppendUint64(nil, uint64(i+1)),
			ParentSpanId: bytes.Repeat([]byte{0xb}, 8), Name: "GET", Kind: tracepb.Span_SPAN_KIND_SERVER,
			StartTimeUnixNano: 1_700_000_000_000_000_000, EndTimeUnixNano: 1_700_000_000_002_000_000,
			Attributes: []*commonpb.KeyValue{text("http.request.method", "GET"), text("http.route", "/cart/{id}"),
				text("url.path", "/cart/7"), number("http.response.status_code", 503)},
			Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "down"},
		})
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("service.name", "shop")}},
		ScopeSpans: []*tracepb.ScopeSpans{scope},
	}}}
}

func wire(t testing.TB, n int) []byte {
	t.Helper()
	b, err := proto.Marshal(message(n))
	require.NoError(t, err)
	return b
}

const jsonDoc = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
 "scopeSpans":[{"scope":{},"spans":[{"traceId":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanId":"0000000000000001","parentSpanId":"0b0b0b0b0b0b0b0b",
 "name":"GET","kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000002000000,"unknown":{"a":[1]},
 "attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.route","value":{"stringValue":"/cart/{id}"}},
 {"key":"url.path","value":{"stringValue":"/cart/7"}},{"key":"http.response.status_code","value":{"intValue":"503"}}],
 "status":{"code":2,"message":"down"}}]}]}]}`

const jaegerDoc = `{"data":[{"traceID":"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spans":[{"traceID":"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanID":"1",
 "operationName":"GET","references":[{"refType":"CHILD_OF","traceID":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanID":"b0b0b0b0b0b0b0b"}],
 "startTime":1700000000000000,"duration":2000,"tags":[{"key":"http.request.method","type":"string","value":"GET"},
 {"key":"http.route","type":"string","value":"/cart/{id}"},{"key":"url.path","type":"string","value":"/cart/7"},
 {"key":"http.response.status_code","type":"int64","value":503},{"key":"span.kind","type":"string","value":"server"},
 {"key":"error","type":"bool","value":true},{"key":"otel.status_description","type":"string","value":"down"}],
 "logs":[],"processID":"p1","warnings":null}],"processes":{"p1":{"serviceName":"shop","tags":[]}},"warnings":null}],
 "total":0,"limit":0,"offset":0,"errors":null}`

const zipkinDoc = `[{"traceId":"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","id":"1","parentId":"b0b0b0b0b0b0b0b","kind":"SERVER","name":"GET","shared":true,
 "timestamp":1700000000000000,"duration":2000,"localEndpoint":{"serviceName":"shop","ipv4":"10.0.0.1","port":80},"remoteEndpoint":{"ipv4":"10.0.0.9"},
 "annotations":[{"timestamp":1700000000001000,"value":"cache miss"}],"debug":true,
 "tags":{"http.method":"GET","http.route":"/cart/{id}","http.path":"/cart/7","http.status_code":"503","error":"down"}}]`

func line(s string) string { return strings.ReplaceAll(s, "\n", "") + "\n" }

func want(n uint64) Span {
	start := time.Unix(1_700_000_000, 0).UTC()
	s := Span{Trace: TraceID(bytes.Repeat([]byte{0xa}, 16)), Parent: SpanID(bytes.Repeat([]byte{0xb}, 8)),
		Service: "shop", Name: "GET", Kind: Server, Start: start, End: start.Add(2 * time.Millisecond), Status: Error, Message: "down",
		HTTP: HTTP{Method: "GET", Route: "/cart/{id}", Target: "/cart/7", Status: 503}}
	binary.BigEndian.PutUint64(s.ID[:], n)
	return s
}

// readAll returns the spans, without their attributes, and the damage.
func readAll(t testing.TB, r *Reader) (spans []Span, damaged []*capture.RecordError, err error) {
	t.Helper()
	for {
		var s Span
		var bad *capture.RecordError
		switch err = r.ReadSpan(context.Background(), &s); {
		case errors.As(err, &bad):
			damaged = append(damaged, bad)
		case errors.Is(err, io.EOF):
			require.NoError(t, r.Account().Balance())
			require.Equal(t, uint64(len(spans)), r.Account()[0].Written)
			return spans, damaged, nil
		case err != nil:
			return spans, damaged, err
		default:
			s.Attributes = nil
			spans = append(spans, s)
		}
	}
}

func delimited(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(binary.AppendUvarint(out, uint64(len(p))), p...)
	}
	return out
}

func fixed(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(p))), p...)
	}
	return out
}

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(b, nil)
}

func TestEveryFormGivesTheSameSpans(t *testing.T) {
	one, two := wire(t, 1), wire(t, 2)
	for name, tt := range map[string]struct {
		in   []byte
		want []uint64
	}{
		"empty":                   {nil, nil},
		"one message":             {two, []uint64{1, 2}},
		"messages as one":         {append(append([]byte{}, two...), one...), []uint64{1, 2, 1}},
		"varint lengths":          {delimited(two, nil, one), []uint64{1, 2, 1}},
		"fixed lengths":           {fixed(two, one), []uint64{1, 2, 1}},
		"fixed lengths, zstd":     {fixed(zst(t, two), zst(t, []byte(jsonDoc))), []uint64{1, 2, 1}},
		"json":                    {[]byte(jsonDoc), []uint64{1}},
		"json with a mark":        {[]byte("\xef\xbb\xbf" + jsonDoc), []uint64{1}},
		"json lines":              {[]byte(line(jsonDoc) + "\n" + line(jsonDoc)), []uint64{1, 1}},
		"json within result":      {[]byte(line(`{"result":`+jsonDoc+`}`) + `{"result":` + jsonDoc + `}`), []uint64{1, 1}},
		"empty json":              {[]byte(`{}` + "\n" + `{"resourceSpans":[]}` + `{"data":null}`), nil},
		"zipkin":                  {[]byte(zipkinDoc), []uint64{1}},
		"zipkin, traces":          {[]byte(`[` + zipkinDoc + `,[],` + zipkinDoc + `]`), []uint64{1, 1}},
		"zipkin lines":            {[]byte("\n" + line(zipkinDoc) + "[]\n" + line(zipkinDoc)), []uint64{1, 1}},
		"gzip of zipkin":          {zip(t, []byte(zipkinDoc)), []uint64{1}},
		"jaeger":                  {[]byte(jaegerDoc), []uint64{1}},
		"gzip":                    {zip(t, two), []uint64{1, 2}},
		"gzip of json":            {zip(t, []byte(jsonDoc)), []uint64{1}},
		"zstd of varint lengths":  {zst(t, delimited(one)), []uint64{1}},
		"json of an old exporter": {[]byte(strings.Replace(jsonDoc, "scopeSpans", "instrumentationLibrarySpans", 1)), []uint64{1}},
		"json with named kinds":   {[]byte(strings.Replace(jsonDoc, `"kind":2`, `"kind":"SPAN_KIND_SERVER"`, 1)), []uint64{1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(bytes.NewReader(tt.in), ReadOptions{Name: name})
			got, damaged, err := readAll(t, r)
			require.NoError(t, err)
			assert.Empty(t, damaged)
			var expected []Span
			for _, n := range tt.want {
				expected = append(expected, want(n))
			}
			assert.Equal(t, expected, got)
			assert.NoError(t, r.Close())
		})
	}
}

func TestDamageCostsItsRecordAndIsCounted(t *testing.T) {
	one := wire(t, 1)
	broken := append([]byte{}, one...)
	broken[1] ^= 0x40 // the length of the first resource_spans
	noID := message(2)
	noID.ResourceSpans[0].ScopeSpans[0].Spans[0].SpanId = nil
	bad, err := proto.Marshal(noID)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		in      []byte
		limit   int
		spans   int
		reasons []capture.Reason
		offset  int64
	}{
		"a message between others":  {delimited(one, broken, one), 0, 2, []capture.Reason{ReasonMalformed}, int64(len(delimited(one)))},
		"cut":                       {delimited(one, one)[:len(one)+20], 0, 1, []capture.Reason{ReasonCut}, int64(len(delimited(one)))},
		"cut in the length":         {append(delimited(one), 0xff), 0, 1, []capture.Reason{ReasonCut}, int64(len(delimited(one)))},
		"too large":                 {delimited(one, wire(t, 9), one), len(one) + 9, 2, []capture.Reason{ReasonTooLarge}, int64(len(delimited(one)))},
		"a length beyond any":       {append([]byte{spansTag}, bytes.Repeat([]byte{0xff}, 8)...), 0, 0, []capture.Reason{ReasonCut}, 0},
		"a span without an id":      {bad, 0, 1, []capture.Reason{ReasonBadSpan}, 0},
		"a line":                    {[]byte(line(jsonDoc) + "{\"resourceSpans\":[{]}\n" + line(jsonDoc)), 0, 2, []capture.Reason{ReasonMalformed}, -1},
		"a line too long":           {[]byte(line(jsonDoc) + "{\"a\":\"" + strings.Repeat("x", 9000) + "\"}\n" + line(jsonDoc)), 4000, 2, []capture.Reason{ReasonTooLarge}, -1},
		"a cut line":                {[]byte(line(jsonDoc) + line(jsonDoc)[:400]), 0, 1, []capture.Reason{ReasonCut}, -1},
		"another document":          {[]byte(`{"spans":[]}` + "\n" + line(jsonDoc)), 0, 1, []capture.Reason{ReasonMalformed}, -1},
		"a list of no spans":        {[]byte("[7,[]]\n" + line(jsonDoc)), 0, 1, []capture.Reason{ReasonMalformed}, -1},
		"lists too deep":            {[]byte("[[[{}]]]\n" + line(jsonDoc)), 0, 1, []capture.Reason{ReasonMalformed}, -1},
		"a line of zipkin's":        {[]byte(line(zipkinDoc) + "[{\"id\":]\n" + line(zipkinDoc)), 0, 2, []capture.Reason{ReasonMalformed}, -1},
		"a cut list":                {[]byte(line(zipkinDoc) + line(zipkinDoc)[:200]), 0, 1, []capture.Reason{ReasonCut}, -1},
		"a span of zipkin's":        {[]byte("[" + strings.Replace(zipkinDoc, `"id":"1"`, `"id":"x"`, 1)[1:]), 0, 0, []capture.Reason{ReasonBadSpan}, -1},
		"resource spans of no form": {[]byte(`{"resourceSpans":[7,{"scopeSpans":{}}]}`), 0, 0, []capture.Reason{ReasonMalformed, ReasonMalformed}, -1},
		"a span of json":            {[]byte(strings.Replace(jsonDoc, "0000000000000001", "xyz", 1)), 0, 0, []capture.Reason{ReasonBadSpan}, -1},
		"what jaeger could not do":  {[]byte(`{"data":null,"errors":[{"code":500,"msg":"storage is away"}]}`), 0, 0, []capture.Reason{ReasonMalformed}, -1},
		"no traces at all":          {[]byte("hello"), 0, 0, nil, -1},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(bytes.NewReader(tt.in), ReadOptions{Name: "in", MaxRecord: tt.limit})
			spans, damaged, err := readAll(t, r)
			require.NoError(t, err)
			assert.Len(t, spans, tt.spans)
			if tt.reasons == nil {
				assert.NotEmpty(t, damaged)
				return
			}
			var reasons []capture.Reason
			for _, d := range damaged {
				reasons = append(reasons, d.Reason)
				assert.Equal(t, "in", d.Input)
			}
			assert.Equal(t, tt.reasons, reasons, "%v", damaged)
			if tt.offset >= 0 {
				assert.Equal(t, tt.offset, damaged[0].Offset)
			}
		})
	}
}

func TestAFileIsOpenedByItsName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "traces.jsonl.gz")
	require.NoError(t, os.WriteFile(name, zip(t, []byte(line(jsonDoc))), 0o600))
	r, err := Open(name)
	require.NoError(t, err)
	spans, _, err := readAll(t, r)
	require.NoError(t, err)
	assert.Len(t, spans, 1)
	require.NoError(t, r.Close())
	_, err = Open(name + ".gone")
	assert.ErrorContains(t, err, "open traces")
}

func TestACanceledContextEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var s Span
	assert.ErrorIs(t, NewReader(strings.NewReader(jsonDoc), ReadOptions{}).ReadSpan(ctx, &s), context.Canceled)
}

func TestAttributesAreBounded(t *testing.T) {
	var s Span
	a := attributes{span: &s}
	for i := range MaxAttributes + 5 {
		a.add(fmt.Sprint(i), strings.Repeat("é", MaxValue))
	}
	a.add("http.response.status_code", "404")
	assert.Len(t, s.Attributes, MaxAttributes)
	assert.LessOrEqual(t, len(s.Attributes[0].Value), MaxValue)
	assert.Equal(t, MaxAttributes+6, s.Cut)
	assert.Equal(t, 404, s.HTTP.Status, "the conventions are read from all")
}

func TestOperationsAndPeersByBothConventions(t *testing.T) {
	for _, tt := range []struct {
		attributes, operation, peer string
		kind                        Kind
	}{
		{"http.method=GET http.url=http://catalog.shop.svc.cluster.local:8080/products/10023?x=1", "GET /products/{id}", "catalog.shop", Client},
		{"http.request.method=GET url.full=http://10.0.0.7:8080/p/a server.address=10.0.0.7 server.port=8080", "GET /p/a", "{address}", Client},
		{"http.method=PUT http.target=/carts/3fa85f64-5717-4562-b3fc-2c963f66afa6/items net.peer.name=carts net.peer.port=80", "PUT /carts/{id}/items", "carts", Client},
		{"http.request.method=_OTHER http.request.method_original=FOO url.path=/a peer.service=[x", "FOO /a", "x", Client},
		{"http.request.method=GET url.path=/products url.query=limit=2 server.address=catalog", "GET /products", "catalog", Client},
		{"http.method=GET http.path=/products/17", "GET /products/{id}", "", Server},
		{"rpc.system=grpc rpc.service=shop.Cart rpc.method=Add rpc.grpc.status_code=14", "shop.Cart/Add", "", Server},
		{"rpc.system.name=grpc rpc.method=shop.Cart/Add rpc.response.status_code=OK", "shop.Cart/Add", "", Server},
		{"db.system=postgresql db.statement=select`*`from`orders`where`id=7 server.address=db", "SELECT orders", "db", Client},
		{"db.system.name=mysql db.operation.name=insert db.collection.name=carts", "INSERT carts", "", Client},
		{"db.system=redis db.statement=GET`user:1", "GET", "", Client},
		{"messaging.system=kafka messaging.operation.type=send messaging.destination.name=orders", "send orders", "", Producer},
		{"messaging.system=kafka messaging.operation=publish messaging.destination=orders.7 messaging.destination.template=orders.{n}", "publish orders.{n}", "", Producer},
		{"x=y", "job {id}", "", Internal},
	} {
		s := Span{Kind: tt.kind, Name: "job 10023"}
		a := attributes{span: &s}
		for _, f := range strings.Fields(tt.attributes) {
			k, v, _ := strings.Cut(f, "=")
			a.add(k, strings.ReplaceAll(v, "`", " "))
		}
		a.peers.finish(&s)
		assert.Equal(t, tt.operation, s.Operation(), tt.attributes)
		assert.Equal(t, tt.peer, s.PeerName(), tt.attributes)
	}
}

func TestIDsAreReadWithoutTheirZeros(t *testing.T) {
	id, err := ParseTraceID("A1")
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("0", 30)+"a1", id.String())
	for _, s := range []string{"", "0", strings.Repeat("0", 32), "g", strings.Repeat("1", 33), "é"} {
		_, err := ParseTraceID(s)
		assert.Error(t, err, s)
		_, err = ParseSpanID(s)
		assert.Error(t, err, s)
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range [][]byte{wire(f, 2), delimited(wire(f, 1), wire(f, 2)), fixed(wire(f, 1), zst(f, []byte(jsonDoc))),
		[]byte(line(jsonDoc) + line(jsonDoc)), []byte(jaegerDoc), zip(f, []byte(jaegerDoc)), []byte(`[{"traceId":"1"}]`), []byte(zipkinDoc), []byte(`[` + zipkinDoc + `]`), []byte(zipkinV1Doc)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in), ReadOptions{MaxRecord: 64 << 10})
		spans, damaged, err := readAll(t, r)
		require.LessOrEqual(t, len(damaged), len(in)+1)
		if err != nil {
			require.NoError(t, r.Account().Balance())
		}
		for i := range spans {
			require.False(t, spans[i].Trace.IsZero())
			require.NotEqual(t, "\x00", spans[i].Operation())
			_ = spans[i].PeerName()
		}
		NewTree(TraceID{}, spans)
		require.NoError(t, r.Close())
	})
}

func benchmarkRead(b *testing.B, in []byte, spans int) {
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	var s Span
	for b.Loop() {
		r := NewReader(bytes.NewReader(in), ReadOptions{})
		for r.ReadSpan(context.Background(), &s) == nil {
			s.ID = SpanID{}
		}
	}
	b.ReportMetric(float64(spans)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
}

func BenchmarkReadOTLP(b *testing.B) {
	benchmarkRead(b, bytes.Repeat(wire(b, 100), 100), 10000)
}

func BenchmarkReadOTLPJSON(b *testing.B) {
	benchmarkRead(b, bytes.Repeat([]byte(line(jsonDoc)), 10000), 10000)
}

func BenchmarkReadZipkin(b *testing.B) {
	benchmarkRead(b, bytes.Repeat([]byte(line(zipkinDoc)), 10000), 10000)
}

func BenchmarkReadJaeger(b *testing.B) {
	benchmarkRead(b, bytes.Repeat([]byte(line(jaegerDoc)), 10000), 10000)
}
