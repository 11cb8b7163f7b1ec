package trace

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"twinspect.dev/capture"
)

func receive(t *testing.T, o ReceiverOptions) (*Receiver, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := NewReceiver(ln, o)
	t.Cleanup(func() {
		assert.NoError(t, r.Close(context.Background()))
		assert.NoError(t, r.Account().Balance())
	})
	return r, ln.Addr().String()
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func post(t *testing.T, method, url, media, coding string, body []byte) answer {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", media)
	if coding != "" {
		req.Header.Set("Content-Encoding", coding)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, raw}
}

func next(t *testing.T, r *Receiver) Span {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var s Span
	require.NoError(t, r.ReadSpan(ctx, &s))
	s.Attributes = nil
	return s
}

func TestSpansComeByHTTPInBothForms(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{})
	url := "http://" + addr + "/v1/traces"
	for name, in := range map[string]struct {
		media, coding string
		body          []byte
	}{
		"protobuf":       {protobufType, "", wire(t, 1)},
		"protobuf, gzip": {protobufType, "gzip", zip(t, wire(t, 1))},
		"json":           {"application/json; charset=utf-8", "", []byte(jsonDoc)},
		"json, gzip":     {jsonType, "gzip", zip(t, []byte(jsonDoc))},
	} {
		t.Run(name, func(t *testing.T) {
			a := post(t, "POST", url, in.media, in.coding, in.body)
			assert.Equal(t, 200, a.status, "%s", a.body)
			assert.Equal(t, strings.Split(in.media, ";")[0], a.header.Get("Content-Type"))
			assert.Equal(t, want(1), next(t, r))
		})
	}
	assert.Equal(t, capture.Stats{Seen: 4, Written: 4}, r.Account()[0].Stats)
	assert.Equal(t, capture.Stats{Seen: 4, Written: 4}, r.Account()[1].Stats)
}

func TestWhatIsNoRequestOfOTLPIsRefusedByItsReason(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{MaxRequest: 4 << 10})
	for name, tt := range map[string]struct {
		method, path, media, coding string
		body                        []byte
		status                      int
	}{
		"path":             {"POST", "/v1/metrics", protobufType, "", nil, 404},
		"method":           {"GET", "/v1/traces", protobufType, "", nil, 405},
		"media type":       {"POST", "/v1/traces", "text/plain", "", nil, 415},
		"coding":           {"POST", "/v1/traces", protobufType, "br", nil, 415},
		"bytes":            {"POST", "/v1/traces", protobufType, "", []byte("hello"), 400},
		"json":             {"POST", "/v1/traces", jsonType, "", []byte("{"), 400},
		"gzip":             {"POST", "/v1/traces", protobufType, "gzip", []byte("hello, hello, hello"), 400},
		"cut gzip":         {"POST", "/v1/traces", protobufType, "gzip", zip(t, wire(t, 3))[:60], 400},
		"too large":        {"POST", "/v1/traces", protobufType, "", make([]byte, 5<<10), 413},
		"too large inside": {"POST", "/v1/traces", protobufType, "gzip", zip(t, make([]byte, 1<<20)), 413},
	} {
		t.Run(name, func(t *testing.T) {
			a := post(t, tt.method, "http://"+addr+tt.path, tt.media, tt.coding, tt.body)
			assert.Equal(t, tt.status, a.status, "%s", a.body)
			assert.Empty(t, a.header.Get("Retry-After"), "sent again it would be refused again")
			if tt.media == protobufType {
				var s rpcstatus.Status
				require.NoError(t, proto.Unmarshal(a.body, &s))
				assert.NotEmpty(t, s.GetMessage())
			}
		})
	}
	assert.Equal(t, uint64(10), r.Account()[0].Lost())
	assert.Equal(t, uint64(2), r.Account()[0].Dropped[ReasonTooLarge])
}

func TestSpansWithoutIDsAreRejectedAloneAndSaidSo(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{})
	m := message(2)
	m.ResourceSpans[0].ScopeSpans[0].Spans[0].TraceId = make([]byte, 16)
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	a := post(t, "POST", "http://"+addr+"/v1/traces", protobufType, "", raw)
	var out collectorpb.ExportTraceServiceResponse
	require.NoError(t, proto.Unmarshal(a.body, &out))
	assert.Equal(t, 200, a.status)
	assert.Equal(t, int64(1), out.GetPartialSuccess().GetRejectedSpans())
	assert.Equal(t, want(2), next(t, r))
	assert.Equal(t, map[capture.Reason]uint64{ReasonBadSpan: 1}, r.Account()[1].Dropped)
}

func dial(t *testing.T, addr string) collectorpb.TraceServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return collectorpb.NewTraceServiceClient(conn)
}

func request(n int) *collectorpb.ExportTraceServiceRequest {
	return &collectorpb.ExportTraceServiceRequest{ResourceSpans: message(n).ResourceSpans}
}

func TestSpansComeByGRPCOnTheSamePort(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{})
	client := dial(t, addr)
	_, err := client.Export(t.Context(), request(1))
	require.NoError(t, err)
	_, err = client.Export(t.Context(), request(1), grpc.UseCompressor(grpcgzip.Name))
	require.NoError(t, err)
	assert.Equal(t, want(1), next(t, r))
	assert.Equal(t, want(1), next(t, r))
	assert.Eventually(t, func() bool { return r.Account()[0].Written == 2 }, 10*time.Second, time.Millisecond)
}

func TestAFullQueueAsksToSendAgain(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{MaxQueued: 1500, RetryAfter: 2 * time.Second})
	url := "http://" + addr + "/v1/traces"
	require.Equal(t, 200, post(t, "POST", url, protobufType, "", wire(t, 2)).status, "an empty queue takes any")

	a := post(t, "POST", url, protobufType, "", wire(t, 1))
	assert.Equal(t, 429, a.status)
	assert.Equal(t, "2", a.header.Get("Retry-After"))

	client := dial(t, addr)
	_, err := client.Export(t.Context(), request(1))
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Len(t, status.Convert(err).Details(), 1)
	assert.Equal(t, 2*time.Second, status.Convert(err).Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())

	next(t, r)
	next(t, r)
	assert.Equal(t, 200, post(t, "POST", url, protobufType, "", wire(t, 1)).status, "there is room again")
	assert.Eventually(t, func() bool { return r.Account()[0].Dropped[QueueFull] == 2 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, uint64(3), r.Account()[1].Seen, "what is refused comes again, and is seen then")
}

func TestMoreRequestsAtOnceThanTheLimitAreAskedToComeAgain(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{MaxRequests: 1, RetryAfter: 20 * time.Millisecond})
	r.slots <- struct{}{}
	a := post(t, "POST", "http://"+addr+"/v1/traces", protobufType, "", wire(t, 1))
	assert.Equal(t, 503, a.status)
	assert.Equal(t, "1", a.header.Get("Retry-After"), "whole seconds")
	_, err := dial(t, addr).Export(t.Context(), request(1))
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Len(t, status.Convert(err).Details(), 1)
	r.leave()
	assert.Equal(t, 200, post(t, "POST", "http://"+addr+"/v1/traces", protobufType, "", wire(t, 1)).status)
	assert.Equal(t, map[capture.Reason]uint64{Busy: 2}, r.Account()[0].Dropped)
}

func TestCloseGivesWhatWasTakenThenTheEnd(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{})
	require.Equal(t, 200, post(t, "POST", "http://"+addr+"/v1/traces", protobufType, "", wire(t, 2)).status)
	require.NoError(t, r.Close(t.Context()))
	require.NoError(t, r.Close(t.Context()), "twice")
	next(t, r)
	next(t, r)
	var s Span
	assert.ErrorIs(t, r.ReadSpan(t.Context(), &s), io.EOF)
	assert.ErrorIs(t, r.ReadSpan(t.Context(), &s), io.EOF)
}

func TestCloseAndContextsEndAWaitingRead(t *testing.T) {
	r, _ := receive(t, ReceiverOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		var s Span
		assert.ErrorIs(t, r.ReadSpan(ctx, &s), context.Canceled)
		assert.ErrorIs(t, r.ReadSpan(context.Background(), &s), io.EOF)
	})
	cancel()
	require.NoError(t, r.Close(context.Background()))
	group.Wait()
}

func TestAListenerThatFailsEndsTheStreamWithItsError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	r := NewReceiver(ln, ReceiverOptions{})
	var s Span
	assert.ErrorIs(t, r.ReadSpan(t.Context(), &s), net.ErrClosed)
	assert.NoError(t, r.Close(t.Context()))
}

func FuzzOTLPRequests(f *testing.F) {
	f.Add(wire(f, 2))
	f.Add([]byte(jsonDoc))
	f.Fuzz(func(t *testing.T, in []byte) {
		var b batch
		_, _, _ = b.tracesData(in), b.otlpJSON(in), b.jaeger(in)
		require.LessOrEqual(t, len(b.spans), 3*len(in)/24, "a span has ids")
	})
}
