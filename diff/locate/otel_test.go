package locate_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
	"twinspect.dev/diff/locate"
	"twinspect.dev/replay"
	"twinspect.dev/replay/retrace"
)

var w3c = propagation.TraceContext{}

// service is a program that reports its spans by the SDK of OpenTelemetry.
type service struct {
	provider *sdktrace.TracerProvider
	tracer   oteltrace.Tracer
}

func newService(t *testing.T, name, collector string) *service {
	t.Helper()
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(collector), otlptracehttp.WithInsecure(),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	require.NoError(t, err)
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", name))))
	t.Cleanup(func() { assert.NoError(t, p.Shutdown(context.Background())) })
	return &service{p, p.Tracer(name)}
}

// handle serves a route in a server's span.
func (s *service) handle(route string, answer func(ctx context.Context, w http.ResponseWriter) int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := w3c.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := s.tracer.Start(ctx, r.Method+" "+route, oteltrace.WithSpanKind(oteltrace.SpanKindServer), oteltrace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("http.route", route), attribute.String("url.path", r.URL.Path)))
		defer span.End()
		code := answer(ctx, w)
		span.SetAttributes(attribute.Int("http.response.status_code", code))
		if code >= 500 {
			span.SetStatus(codes.Error, "")
		}
		w.WriteHeader(code)
	})
}

// get asks another service in a client's span.
func (s *service) get(ctx context.Context, url string) int {
	ctx, span := s.tracer.Start(ctx, "GET", oteltrace.WithSpanKind(oteltrace.SpanKindClient), oteltrace.WithAttributes(
		attribute.String("http.request.method", "GET"), attribute.String("url.full", url)))
	defer span.End()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 500
	}
	w3c.Inject(ctx, propagation.HeaderCarrier(req.Header))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 500
	}
	_ = res.Body.Close()
	span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	return res.StatusCode
}

// shop is a service that asks its catalog, whose answer it hands on.
func shop(t *testing.T, collector string, calls, status int) (url string, services []*service) {
	t.Helper()
	front, catalog := newService(t, "shop", collector), newService(t, "catalog", collector)
	products := httptest.NewServer(catalog.handle("/products/{id}", func(context.Context, http.ResponseWriter) int { return status }))
	t.Cleanup(products.Close)
	cart := httptest.NewServer(front.handle("/cart", func(ctx context.Context, _ http.ResponseWriter) int {
		code := 0
		for i := range calls {
			code = front.get(ctx, products.URL+"/products/"+strconv.Itoa(i))
		}
		return code
	}))
	t.Cleanup(cart.Close)
	return cart.URL, []*service{front, catalog}
}

func sendTo(url string) replay.Sender {
	return replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
		a := replay.Answer{Request: ask.Request}
		req, err := http.NewRequestWithContext(ctx, ask.Request.Method, url+ask.Request.Target, nil)
		if err != nil {
			a.Fault = replay.Failed
			return a
		}
		for _, f := range ask.Request.Header {
			req.Header.Add(f.Name, f.Value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			a.Fault = replay.Failed
			return a
		}
		_ = res.Body.Close()
		a.Response.Status = res.StatusCode
		return a
	})
}

func TestServicesWithOpenTelemetryAreToldApart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	receiver := trace.NewReceiver(ln, trace.ReceiverOptions{})
	store := trace.NewStore(trace.StoreOptions{})

	recorded := &capture.Exchange{ID: capture.ID{1}}
	recorded.Request = capture.Request{Method: "GET", Target: "/cart", Message: capture.Message{Header: capture.Header{
		{Name: "traceparent", Value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}}}} // not sampled
	trees := map[replay.Side]trace.TraceID{}
	for side, as := range map[replay.Side]struct{ calls, status int }{replay.Base: {1, 200}, replay.Branch: {5, 500}} {
		url, services := shop(t, ln.Addr().String(), as.calls, as.status)
		sender := retrace.New(side, [16]byte{7}, sendTo(url))
		id, _ := sender.Trace(recorded.ID, 0)
		store.Want(id)
		trees[side] = id
		answer := sender.Send(t.Context(), &replay.Ask{Recorded: recorded, Request: recorded.Request})
		require.Equal(t, as.status, answer.Response.Status)
		sent, _ := capture.TraceOf(answer.Request.Header)
		require.Equal(t, trace.TraceID(id).String(), sent)
		for _, s := range services {
			require.NoError(t, s.provider.ForceFlush(t.Context()))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, receiver.Close(ctx))
	require.NoError(t, store.Collect(ctx, receiver, time.Now, nil))

	base, ok := store.Tree(trees[replay.Base])
	require.True(t, ok)
	branch, ok := store.Tree(trees[replay.Branch])
	require.True(t, ok)
	assert.True(t, base.Whole() && branch.Whole())
	assert.Equal(t, 3, base.Spans)
	assert.Equal(t, 11, branch.Spans)

	const at, path = "shop GET /cart > catalog GET /products/{id}", "catalog GET /products/{id}"
	assert.Equal(t, []diff.Change{
		{Place: diff.Place{Part: diff.Call, Path: path}, Kind: diff.Repeated, At: at, Base: "once", Other: "5 times"},
		{Place: diff.Place{Part: diff.Call, Path: path}, Kind: diff.Changed, At: at, Base: "200", Other: "5 x 500"},
	}, locate.Compare(base, branch))
	assert.Equal(t, &locate.Place{
		Service: "catalog", Span: "GET /products/{id}",
		What:      "branch calls it 5 times, base once; ends with 5 x 500 in branch, 200 in base",
		Path:      []string{"shop GET /cart", path},
		BaseTrace: trees[replay.Base].String(), OtherTrace: trees[replay.Branch].String(),
	}, locate.First(base, branch))

	var sp trace.Span
	require.True(t, errors.Is(receiver.ReadSpan(ctx, &sp), io.EOF))
	require.NoError(t, append(receiver.Account(), store.Account()...).Balance())
	assert.Equal(t, uint64(14), store.Account()[0].Open)
}
