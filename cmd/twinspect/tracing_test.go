package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
)

// recordedTrace is what production gave every recorded request.
const recordedTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// carts returns n recorded requests that name a trace of production.
func carts(n int) []*capture.Exchange {
	var list []*capture.Exchange
	for i := range n {
		e := get(fmt.Sprintf("/carts/%d", i))
		e.Request.Header = append(e.Request.Header, capture.Field{Name: "traceparent", Value: "00-" + recordedTrace + "-00f067aa0ba902b7-00"})
		list = append(list, e)
	}
	return list
}

// collector is where exporters send their spans to. It hands each request on.
type collector struct {
	url  string
	took func(body []byte, header http.Header) error
}

func newCollector(t *testing.T, took func([]byte, http.Header) error) *collector {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, took(body, r.Header)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return &collector{url: s.URL, took: took}
}

// keeping keeps the spans as they come.
func keeping(t *testing.T, each func(*collectorpb.ExportTraceServiceRequest) error) *collector {
	t.Helper()
	var one sync.Mutex
	return newCollector(t, func(body []byte, _ http.Header) error {
		one.Lock()
		defer one.Unlock()
		var request collectorpb.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			return err
		}
		return each(&request)
	})
}

// toFile writes lines of OTLP's JSON, as the collector's file exporter does.
func toFile(t *testing.T, name string) *collector {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return keeping(t, func(request *collectorpb.ExportTraceServiceRequest) error {
		line, err := protojson.Marshal(request)
		if err == nil {
			_, err = f.Write(append(ids.ReplaceAllFunc(line, inHex), '\n'))
		}
		return err
	})
}

// ids are those fields of bytes that OTLP has in hexadecimal, unlike the rest of
// Protobuf's JSON.
var ids = regexp.MustCompile(`"(?:traceId|spanId|parentSpanId)":\s*"[^"]*"`)

func inHex(field []byte) []byte {
	parts := bytes.Split(field, []byte(`"`))
	id, err := base64.StdEncoding.DecodeString(string(parts[3]))
	if err != nil {
		panic(err) // of what was just encoded
	}
	return fmt.Appendf(nil, `"%s":"%x"`, parts[1], id)
}

// service reports its spans by the SDK of OpenTelemetry.
type service struct{ tracer oteltrace.Tracer }

// batchDelay is how long the services hold spans back, instead of 5 s.
const batchDelay = 100 * time.Millisecond

func newService(t *testing.T, name string, to *collector) *service {
	t.Helper()
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(to.url+"/v1/traces"))
	require.NoError(t, err)
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(batchDelay)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", name))))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.Shutdown(ctx) // nobody may be there any more
	})
	return &service{p.Tracer(name)}
}

var w3c = propagation.TraceContext{}

func (s *service) handle(route string, answer func(ctx context.Context, path string) (int, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := w3c.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := s.tracer.Start(ctx, r.Method+" "+route, oteltrace.WithSpanKind(oteltrace.SpanKindServer), oteltrace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("http.route", route)))
		defer span.End()
		code, body := answer(ctx, r.URL.Path)
		span.SetAttributes(attribute.Int("http.response.status_code", code))
		if code >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header()["Date"] = nil // who answers later may do so in the next second
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

// get asks another service in a client's span.
func (s *service) get(ctx context.Context, url string) int {
	ctx, span := s.tracer.Start(ctx, "GET", oteltrace.WithSpanKind(oteltrace.SpanKindClient), oteltrace.WithAttributes(
		attribute.String("http.request.method", "GET"), attribute.String("url.full", url)))
	defer span.End()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	w3c.Inject(ctx, propagation.HeaderCarrier(req.Header))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	return res.StatusCode
}

// cartVersion is one version of the cart's service: how often it asks for prices, and
// what is answered.
type cartVersion struct{ calls, status int }

// run serves the version and its prices, and returns the address and the traces
// that it was asked in.
func (v cartVersion) run(t *testing.T, to *collector) (url string, seen func() []string) {
	t.Helper()
	cart, pricing := newService(t, "cart", to), newService(t, "pricing", to)
	prices := httptest.NewServer(pricing.handle("/prices/{sku}", func(context.Context, string) (int, string) { return v.status, `{"price":4}` }))
	t.Cleanup(prices.Close)
	var mu sync.Mutex
	var traces []string
	front := cart.handle("/carts/{id}", func(ctx context.Context, path string) (int, string) {
		good := 0
		for i := range v.calls {
			if cart.get(ctx, fmt.Sprintf("%s/prices/%d", prices.URL, i)) == http.StatusOK {
				good++
			}
		}
		return http.StatusOK, fmt.Sprintf(`{"cart":%q,"asked":%d}`, path, good)
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("traceparent"); id != "" {
			mu.Lock()
			traces = append(traces, id)
			mu.Unlock()
		}
		front.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), traces...)
	}
}

var asBase = cartVersion{calls: 1, status: http.StatusOK}

// trio serves base, control and a branch, and returns the flags that name them.
func trio(t *testing.T, to *collector, branch cartVersion) []string {
	t.Helper()
	var flags []string
	for side, v := range map[string]cartVersion{"--base": asBase, "--control": asBase, "--branch": branch} {
		url, _ := v.run(t, to)
		flags = append(flags, side, url)
	}
	return flags
}

// faults are what branch does to its calls, and how it is told.
var faults = []struct {
	name   string
	branch cartVersion
	kind   diff.Kind
	what   string
}{
	{"asked one by one", cartVersion{5, http.StatusOK}, diff.Repeated, "branch calls it 5 times, base once"},
	{"fails", cartVersion{1, http.StatusInternalServerError}, diff.Changed, "ends with 500 in branch, 200 in base"},
	{"not asked", cartVersion{0, http.StatusOK}, diff.Removed, "base calls it once, branch does not"},
}

// theCallIsNamed checks that the call is a regression of its own, and the cause of
// what differs in the answer.
func theCallIsNamed(t *testing.T, r *diff.Report, kind diff.Kind, what string) {
	t.Helper()
	assert.Equal(t, diff.Fail, r.Verdict)
	parts := make(map[diff.Part]diff.Difference)
	for _, d := range r.Judged(diff.Regression) {
		if d.Part != diff.Latency { // to ask five times does take longer
			parts[d.Part] = d
		}
	}
	assert.Len(t, parts, 2)
	assert.Equal(t, diff.Cell{
		Operation: "GET /carts/{id}", Place: diff.Place{Part: diff.Call, Path: "pricing GET /prices/{sku}"}, Kind: kind,
	}, parts[diff.Call].Cell)
	assert.Equal(t, "$.asked", parts[diff.Body].Path)
	for _, d := range parts {
		if assert.NotNil(t, d.Location, d.Part) {
			assert.Equal(t, []string{"pricing", what}, []string{d.Location.Service, d.Location.What})
			assert.Equal(t, []string{"cart GET /carts/{id}", "pricing GET /prices/{sku}"}, d.Location.Path)
			assert.NotEqual(t, d.Location.BaseTrace, d.Location.BranchTrace)
			assert.Equal(t, d.Location.Of, d.Location.Same)
		}
	}
	stage := stageIn(t, r, "traces", "outcomes")
	assert.Equal(t, uint64(40), stage.Written, stage)
}

func stageIn(t *testing.T, r *diff.Report, name, unit string) capture.Stage {
	t.Helper()
	require.NoError(t, r.Account.Balance())
	for _, stage := range r.Account {
		if stage.Name == name && stage.Unit == unit {
			return stage
		}
	}
	require.Fail(t, "no such stage", "%s in %v", name, r.Account)
	return capture.Stage{}
}

// prints is what a command prints, to be waited for.
type prints struct {
	mu   sync.Mutex
	text strings.Builder
	find string
	then func(rest string)
}

func (l *prints) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	_, after, found := strings.Cut(l.text.String(), l.find)
	if line, _, whole := strings.Cut(after, "\n"); found && whole && l.then != nil {
		l.then(line)
		l.then = nil
	}
	return len(p), nil
}

// String returns what was printed.
func (l *prints) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// receiving runs diff-run with a port of the kernel's choice for spans: exporters
// know one that passes them on once the command has told the other.
// What else is to have the spans gets them too.
func receiving(t *testing.T, branch cartVersion, also []*collector, args ...string) (code int, stderr string) {
	t.Helper()
	address := make(chan string, 1)
	told := &prints{find: "traces: send spans to ", then: func(line string) { address <- strings.Fields(line)[0] }}
	collect := sync.OnceValue(func() string { return "http://" + <-address + "/v1/traces" })
	to := newCollector(t, func(body []byte, header http.Header) error {
		for _, other := range also {
			if err := other.took(body, header); err != nil {
				return err
			}
		}
		req, err := http.NewRequest(http.MethodPost, collect(), strings.NewReader(string(body)))
		if err != nil {
			return err
		}
		req.Header = header.Clone()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
	args = append(append([]string{"diff-run"}, args...), trio(t, to, branch)...)
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: told, Getenv: func(string) string { return "" }, Version: "test"}
	code = run(t.Context(), env, append(args, "--traces", "otlp://127.0.0.1:0"))
	return code, told.String()
}

// jaegerOf serves spans as the query service of Jaeger does.
func jaegerOf(t *testing.T) (*collector, string) {
	t.Helper()
	var mu sync.Mutex
	traces := make(map[string][]map[string]any)
	processes := make(map[string]any)
	to := keeping(t, func(request *collectorpb.ExportTraceServiceRequest) error {
		mu.Lock()
		defer mu.Unlock()
		for _, rs := range request.GetResourceSpans() {
			name := rs.GetResource().GetAttributes()[0].GetValue().GetStringValue()
			processes[name] = map[string]any{"serviceName": name}
			for _, ss := range rs.GetScopeSpans() {
				for _, span := range ss.GetSpans() {
					id := hex.EncodeToString(span.GetTraceId())
					traces[id] = append(traces[id], asJaeger(span, name))
				}
			}
		}
		return nil
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		id := strings.TrimPrefix(r.URL.Path, "/api/traces/")
		if r.URL.Path == "/api/services" {
			_, _ = io.WriteString(w, `{"data":["cart","pricing"]}`)
			return
		}
		if traces[id] == nil {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": []any{map[string]any{"traceID": id, "spans": traces[id], "processes": processes}}})
	}))
	t.Cleanup(s.Close)
	return to, "jaeger://" + strings.TrimPrefix(s.URL, "http://")
}

func asJaeger(span *tracepb.Span, service string) map[string]any {
	kind := strings.ToLower(strings.TrimPrefix(span.GetKind().String(), "SPAN_KIND_"))
	tags := []map[string]any{{"key": "span.kind", "type": "string", "value": kind}}
	for _, a := range span.GetAttributes() {
		tag := map[string]any{"key": a.GetKey(), "type": "string", "value": a.GetValue().GetStringValue()}
		if n, ok := a.GetValue().GetValue().(*commonpb.AnyValue_IntValue); ok {
			tag["type"], tag["value"] = "int64", n.IntValue
		}
		tags = append(tags, tag)
	}
	if span.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
		tags = append(tags, map[string]any{"key": "error", "type": "bool", "value": true})
	}
	id := hex.EncodeToString(span.GetTraceId())
	var references []map[string]any
	if parent := span.GetParentSpanId(); len(parent) > 0 {
		references = append(references, map[string]any{"refType": "CHILD_OF", "traceID": id, "spanID": hex.EncodeToString(parent)})
	}
	began, ended := span.GetStartTimeUnixNano(), span.GetEndTimeUnixNano()
	return map[string]any{
		"traceID": id, "spanID": hex.EncodeToString(span.GetSpanId()), "operationName": span.GetName(), "references": references, "tags": tags,
		"startTime": began / 1000, "duration": (ended - began) / 1000, "processID": service,
	}
}

func TestCallsThatServicesReportAreJudgedAlikeNowAndAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spans, kept := filepath.Join(dir, "spans.jsonl"), filepath.Join(dir, "kept.twin")
			jaeger, address := jaegerOf(t)
			code, stderr := receiving(t, tt.branch, []*collector{toFile(t, spans), jaeger},
				writeRecording(t, carts(40)...), "--report", dir, "--keep", kept, "--traces-wait", "2s")
			require.Equal(t, 1, code, stderr)
			now := evidence(t, dir)
			theCallIsNamed(t, now, tt.kind, tt.what)
			for _, source := range []string{spans, address} {
				again := t.TempDir()
				r := twinspect(t.Context(), "diff", kept, "--traces", source, "--report", again)
				require.Equal(t, 1, r.code, r.stdout+r.stderr)
				assert.Equal(t, now.Differences, evidence(t, again).Differences)
				assert.Contains(t, r.stdout, "pricing")
			}
		})
	}
}

func TestSpansThatComeAfterTheAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spans := filepath.Join(dir, "spans.jsonl")
	jaeger, address := jaegerOf(t)
	for name, tt := range map[string]struct {
		source string
		to     *collector
	}{"in a file": {spans, toFile(t, spans)}, "at Jaeger": {address, jaeger}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := twinspect(t.Context(), append([]string{"diff-run", writeRecording(t, carts(40)...), "--report", dir,
				"--traces", tt.source, "--traces-wait", "2s"}, trio(t, tt.to, faults[0].branch)...)...)
			require.Equal(t, 1, r.code, r.stdout+r.stderr)
			theCallIsNamed(t, evidence(t, dir), faults[0].kind, faults[0].what)
		})
	}
}

func TestTracesAreJudgedOnceByAnyNumberOfWorkers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spans := filepath.Join(dir, "spans.jsonl")
	r := twinspect(t.Context(), append([]string{"diff-run", writeRecording(t, carts(40)...), "--report", dir, "--workers", "3",
		"--traces", spans, "--traces-wait", "2s"}, trio(t, toFile(t, spans), faults[0].branch)...)...)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	theCallIsNamed(t, evidence(t, dir), faults[0].kind, faults[0].what)
}

func TestSpansThatNeverEndDoNotHoldUpARun(t *testing.T) {
	t.Parallel()
	told := &prints{find: "traces: send spans to "}
	told.then = func(line string) {
		conn, err := net.Dial("tcp", strings.Fields(line)[0])
		if assert.NoError(t, err) {
			t.Cleanup(func() { assert.NoError(t, conn.Close()) })
			_, err = io.WriteString(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\nabc")
			assert.NoError(t, err)
		}
	}
	url := serve(t, product)
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: told, Getenv: func(string) string { return "" }, Version: "test"}
	code := run(t.Context(), env, []string{"diff-run", writeRecording(t, many(4)...), "--base", url, "--branch", url,
		"--traces", "otlp://127.0.0.1:0", "--traces-wait", "100ms"})
	assert.Zero(t, code, "the verdict is that of the answers")
	assert.Contains(t, told.String(), "cut off")
}

func TestOwnTracesAreEnoughToLookAtThemLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spans, kept := filepath.Join(dir, "spans.jsonl"), filepath.Join(dir, "kept.twin")
	to := toFile(t, spans)
	flags, seen := []string(nil), make(map[string]func() []string)
	for side, v := range map[string]cartVersion{"base": asBase, "control": asBase, "branch": {5, http.StatusOK}} {
		url, traces := v.run(t, to)
		flags, seen[side] = append(flags, "--"+side, url), traces
	}
	r := twinspect(t.Context(), append([]string{"diff-run", writeRecording(t, carts(20)...), "--own-traces", "--loop", "2", "--copies", "2",
		"--keep", kept}, flags...)...)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	all := make(map[string]string)
	for side, traces := range seen {
		list := traces()
		assert.Len(t, list, 80, side)
		for _, parent := range list {
			assert.NotContains(t, parent, recordedTrace)
			assert.Empty(t, all[parent], "%s and %s were asked in the same trace", side, all[parent])
			assert.True(t, strings.HasSuffix(parent, "-01"), "not sampled: %s", parent)
			all[parent] = side
		}
	}
	require.Eventually(t, func() bool { return strings.Count(read(t, spans), `"spanId"`) == 80*(3+3+11) }, 10*time.Second, 10*time.Millisecond)
	again := t.TempDir()
	r = twinspect(t.Context(), "diff", kept, "--traces", spans, "--report", again)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	found := evidence(t, again)
	assert.Equal(t, uint64(80), stageIn(t, found, "traces", "outcomes").Written)
	assert.Equal(t, diff.Repeated, regressionIn(t, found, diff.Call).Kind)
	assert.Equal(t, "pricing", regressionIn(t, found, diff.Body).Location.Service)
}

func regressionIn(t *testing.T, r *diff.Report, part diff.Part) diff.Difference {
	t.Helper()
	for _, d := range r.Judged(diff.Regression) {
		if d.Part == part {
			return d
		}
	}
	require.Fail(t, "no regression", "of %s in %v", part, r.Differences)
	return diff.Difference{}
}

func TestWithoutSpansAnswersAreJudgedAllTheSame(t *testing.T) {
	t.Parallel()
	nobody := newCollector(t, func([]byte, http.Header) error { return nil })
	for name, tt := range map[string]struct {
		branch cartVersion
		code   int
	}{
		"the same":  {asBase, 0},
		"not asked": {cartVersion{0, http.StatusOK}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, began := t.TempDir(), time.Now()
			args := append([]string{"diff-run", writeRecording(t, carts(40)...), "--report", dir,
				"--traces", "otlp://127.0.0.1:0", "--traces-wait", "500ms"}, trio(t, nobody, tt.branch)...)
			r := twinspect(t.Context(), args...)
			require.Equal(t, tt.code, r.code, r.stdout+r.stderr)
			assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond)
			assert.Less(t, time.Since(began), 5*time.Second, "no longer than it was told to wait")
			assert.Equal(t, map[capture.Reason]uint64{"no-spans": 40}, stageIn(t, evidence(t, dir), "traces", "outcomes").Filtered)
			assert.Contains(t, r.stdout, "no-spans")
		})
	}
}

func TestARunThatIsInterruptedWhileItWaitsForSpansSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var flags []string
	for _, side := range []string{"--base", "--control", "--branch"} {
		flags = append(flags, side, serve(t, product))
	}
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept.jsonl")
	var stopping sync.WaitGroup
	stopping.Go(func() {
		defer cancel()
		assert.Eventually(t, func() bool { // once the account is kept, all are answered
			text, err := os.ReadFile(kept)
			return err == nil && strings.Contains(string(text), `"account"`)
		}, 10*time.Second, time.Millisecond)
	})
	defer stopping.Wait()
	r := twinspect(ctx, append([]string{"diff-run", writeRecording(t, many(10)...), "--traces", "otlp://127.0.0.1:0", "--traces-wait", "1m",
		"--keep", kept, "--report", dir}, flags...)...)
	assert.Equal(t, 130, r.code, r.stdout+r.stderr)
	assert.Equal(t, diff.Interrupted, evidence(t, dir).Verdict)
}

func TestTracesThatCannotBeHadAreRefusedBeforeAnythingIsSent(t *testing.T) {
	url := serve(t, func(string) string { t.Error("it was asked"); return "" })
	live := []string{"diff-run", writeRecording(t, many(2)...), "--base", url, "--branch", url}
	kept := writeRecording(t, many(2)...)
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"spans of a run that is over":      {[]string{"diff", kept, "--traces", "otlp://127.0.0.1:4318"}, "the run is over, and nothing sends its spans again"},
		"no file":                          {[]string{"diff", kept, "--traces", "absent.jsonl"}, "absent.jsonl"},
		"no time":                          {append(live, "--traces", "otlp://127.0.0.1:0", "--traces-wait", "-1s"), "--traces-wait -1s: want a time"},
		"no address":                       {append(live, "--traces", "otlp://nowhere"), "--traces"},
		"no jaeger":                        {append(live, "--traces", "jaeger://127.0.0.1:1"), "is its query service at 127.0.0.1:1"},
		"own traces of a run that is over": {[]string{"diff", kept, "--own-traces"}, "unknown flag"},
	} {
		t.Run(name, func(t *testing.T) {
			r := twinspect(t.Context(), tt.args...)
			assert.Equal(t, 2, r.code, r.stdout+r.stderr)
			assert.Contains(t, r.stderr, tt.says)
		})
	}
}
