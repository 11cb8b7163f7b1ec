package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
)

// What no output may hold.
const (
	secretToken = "q9Xv72LmPw03ZtKs81Rd"
	secretMail  = "jane.roe@corp.example"
	secretJWT   = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)

var allSecrets = []string{secretToken, secretMail, "jane.roe%40corp.example", secretJWT}

func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range allSecrets {
		assert.NotContains(t, text, secret)
	}
}

// secretTags are attributes in which secrets stand in all the ways they do.
var secretTags = [][2]string{
	{"http.request.method", "GET"},
	{"http.response.status_code", "200"},
	{"http.route", "/carts/{id}"},
	{"url.full", "https://shop.example/carts/7?token=" + secretToken + "&page=2"},
	{"url.path", "/carts/7"},
	{"url.query", "api_key=" + secretToken + "&page=2"},
	{"http.request.header.authorization", "Bearer " + secretToken},
	{"http.request.header.x_api_key", secretToken},
	{"http.request.header.cookie", "sid=" + secretToken + "; theme=dark"},
	{"http.response.header.set_cookie", `["theme=dark; Path=/","sid=` + secretToken + `; Path=/"]`},
	{"http.request.header.content_length", "3"},
	{"enduser.mail", "<" + secretMail + ">"},
	{"enduser.password", secretToken},
	{"session.id", secretToken},
	{"note", "of " + secretJWT},
	{"note.sql", "SELECT 1 FROM users WHERE mail = '" + secretMail + "'"},
	{"plain", "kept & <shown>"},
}

const (
	spanTrace  = "0af7651916cd43dd8448eb211c80319c"
	spanBegan  = 1780000000000000000
	spanNanos  = 150000000
	spanParent = "b7ad6b7169203331"
	spanID     = "00f067aa0ba902b7"
)

func attributesOf(field, value string) string {
	var b strings.Builder
	for i, tag := range secretTags {
		if i > 0 {
			b.WriteByte(',')
		}
		text, _ := json.Marshal(tag[1])
		fmt.Fprintf(&b, value, field, tag[0], text)
	}
	return b.String()
}

// otlpJSON is a client's and a server's span of one call.
func otlpJSON() string {
	attributes := attributesOf("key", `{%q:%q,"value":{"stringValue":%s}}`)
	span := func(service, id, parent string, kind int) string {
		return fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},"scopeSpans":[{"spans":[
{"traceId":%q,"spanId":%q,"parentSpanId":%q,"name":"GET /carts/{id}","kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}]}]}`,
			service, spanTrace, id, parent, kind, spanBegan, spanBegan+spanNanos, attributes)
	}
	return `{"resourceSpans":[` + span("web", spanParent, "", 3) + "," + span("checkout", spanID, spanParent, 2) + `]}`
}

func jaegerJSON() string {
	tags := attributesOf("key", `{%q:%q,"type":"string","value":%s}`)
	span := func(process, id, references, kind string) string {
		return fmt.Sprintf(`{"traceID":%q,"spanID":%q,"operationName":"GET /carts/{id}","references":[%s],"startTime":%d,"duration":%d,"processID":%q,
"tags":[{"key":"span.kind","type":"string","value":%q},%s]}`, spanTrace, id, references, spanBegan/1000, spanNanos/1000, process, kind, tags)
	}
	child := fmt.Sprintf(`{"refType":"CHILD_OF","traceID":%q,"spanID":%q}`, spanTrace, spanParent)
	return `{"data":[{"traceID":"` + spanTrace + `","spans":[` + span("p1", spanParent, "", "client") + "," + span("p2", spanID, child, "server") +
		`],"processes":{"p1":{"serviceName":"web"},"p2":{"serviceName":"checkout"}}}]}`
}

func zipkinJSON() string {
	tags := attributesOf("", `%.0s%q:%s`)
	span := func(service, id, parent, kind string) string {
		return fmt.Sprintf(`{"traceId":%q,"id":%q,%s"name":"GET /carts/{id}","kind":%q,"timestamp":%d,"duration":%d,"localEndpoint":{"serviceName":%q},"tags":{%s}}`,
			spanTrace, id, parent, kind, spanBegan/1000, spanNanos/1000, service, tags)
	}
	return "[" + span("web", spanParent, "", "CLIENT") + "," + span("checkout", spanID, `"parentId":"`+spanParent+`",`, "SERVER") + "]"
}

// otlpProtobuf is otlpJSON as a file of the collector's.
func otlpProtobuf(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	for _, sp := range spansIn(t, strings.NewReader(otlpJSON())) {
		require.NoError(t, w.WriteSpan(&sp))
	}
	require.NoError(t, w.Close())
	return b.String()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func spansIn(t *testing.T, r io.Reader) (all []trace.Span) {
	t.Helper()
	in := trace.NewReader(r, trace.ReadOptions{})
	for {
		var sp trace.Span
		err := in.ReadSpan(t.Context(), &sp)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, sp)
	}
}

// linesOf are the spans that a command printed.
func linesOf(t *testing.T, text string) (all []spanLine) {
	t.Helper()
	for line := range strings.Lines(text) {
		var sp spanLine
		require.NoError(t, json.Unmarshal([]byte(line), &sp), line)
		all = append(all, sp)
	}
	return all
}

func assertTheTwoSpans(t *testing.T, all []spanLine) {
	t.Helper()
	require.Len(t, all, 2)
	for i, service := range []string{"web", "checkout"} {
		assert.Equal(t, service, all[i].Service)
		assert.Equal(t, spanTrace, all[i].Trace)
		assert.Equal(t, "GET /carts/{id}", all[i].Operation)
		assert.EqualValues(t, spanNanos, all[i].Duration)
		assert.Equal(t, 200, all[i].Status)
		assert.Equal(t, "kept & <shown>", all[i].Attributes["plain"])
		assert.Equal(t, "3", all[i].Attributes["http.request.header.content_length"])
	}
	assert.Equal(t, spanParent, all[1].Parent)
}

func TestSpansAreReadInEveryForm(t *testing.T) {
	forms := map[string]string{
		"otlp protobuf": otlpProtobuf(t), "otlp json": otlpJSON(), "jaeger": jaegerJSON(), "zipkin": zipkinJSON(),
		"zipped": zipped(t, jaegerJSON()),
	}
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			for _, r := range []result{
				twinspect(t.Context(), "spans", writeDocument(t, "spans", text)),
				withInput(t.Context(), text, "spans", "-"),
			} {
				require.Zero(t, r.code, r.stderr)
				assertTheTwoSpans(t, linesOf(t, r.stdout))
				assertNoSecret(t, r.stdout+r.stderr)
				assert.Contains(t, r.stderr, "pseudonyms; --no-redact keeps them")
			}
		})
	}
}

func TestSpansInAFileAreThoseThatWereRead(t *testing.T) {
	for name, text := range map[string]string{"otlp": otlpJSON(), "jaeger": jaegerJSON(), "zipkin": zipkinJSON()} {
		t.Run(name, func(t *testing.T) {
			source, out := writeDocument(t, "spans", text), filepath.Join(t.TempDir(), "spans.otlp")
			r := twinspect(t.Context(), "spans", source, "-o", out, "--no-redact")
			require.Zero(t, r.code, r.stderr)
			assert.Empty(t, r.stdout)
			got, err := os.Open(out)
			require.NoError(t, err)
			defer got.Close()
			assert.Equal(t, spansIn(t, strings.NewReader(text)), spansIn(t, got))
			assert.Equal(t, twinspect(t.Context(), "spans", source, "--no-redact").stdout, twinspect(t.Context(), "spans", out, "--no-redact").stdout)
		})
	}
}

func TestNoSecretOfASpanIsKeptUnlessTold(t *testing.T) {
	for name, text := range map[string]string{"otlp": otlpJSON(), "jaeger": jaegerJSON(), "zipkin": zipkinJSON()} {
		t.Run(name, func(t *testing.T) {
			source := writeDocument(t, "spans", text)
			out := filepath.Join(t.TempDir(), "spans.otlp")
			require.Zero(t, twinspect(t.Context(), "spans", source, "-o", out).code)
			kept, err := os.ReadFile(out)
			require.NoError(t, err)
			assertNoSecret(t, string(kept))
			assert.Contains(t, string(kept), "page=2")
			assert.Contains(t, string(kept), "theme=")

			again := twinspect(t.Context(), "spans", source, "--no-redact")
			for _, secret := range []string{secretToken, secretMail, secretJWT} {
				assert.Contains(t, again.stdout, secret)
			}
			assert.NotContains(t, again.stderr, "pseudonyms")
		})
	}
}

func TestRulesSayWhatElseIsSecretInSpans(t *testing.T) {
	rules := writeDocument(t, "rules.yaml", "headers: [X-Tenant]\nrules:\n  - service: checkout\n    form: [plain]\n")
	text := strings.ReplaceAll(otlpJSON(), "x_api_key", "x_tenant")
	r := twinspect(t.Context(), "spans", writeDocument(t, "spans", text), "--rules", rules)
	require.Zero(t, r.code, r.stderr)
	assertNoSecret(t, r.stdout)
	all := linesOf(t, r.stdout)
	assert.Equal(t, "kept & <shown>", all[0].Attributes["plain"])
	assert.NotEqual(t, "kept & <shown>", all[1].Attributes["plain"])
}

func TestAFileOfSpansIsNotOverwrittenUnlessTold(t *testing.T) {
	source, out := writeDocument(t, "spans", otlpJSON()), filepath.Join(t.TempDir(), "spans.otlp")
	require.Zero(t, twinspect(t.Context(), "spans", source, "-o", out).code)
	r := twinspect(t.Context(), "spans", source, "-o", out)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "--force")
	assert.Zero(t, twinspect(t.Context(), "spans", source, "-o", out, "--force").code)

	r = twinspect(t.Context(), "spans", out, "-o", out, "--force")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "give another name")
	assertTheTwoSpans(t, linesOf(t, twinspect(t.Context(), "spans", out).stdout))
}

func TestDamageInSpansIsToldAndTheRestIsKept(t *testing.T) {
	text := strings.ReplaceAll(otlpJSON(), "\n", "") + "\n" + `{"resourceSpans": 7}` + "\n" + strings.ReplaceAll(otlpJSON(), "\n", "") + "\n"
	r := twinspect(t.Context(), "spans", writeDocument(t, "spans", text))
	assert.Equal(t, twinspect(t.Context(), "cat", damagedRecording(t)).code, r.code)
	assert.Len(t, linesOf(t, r.stdout), 4)
	assert.Contains(t, r.stderr, "trace-malformed")
	assertNoSecret(t, r.stdout+r.stderr)
}

// damagedRecording has a line that is no exchange.
func damagedRecording(t *testing.T) string {
	t.Helper()
	r := twinspect(t.Context(), "cat", writeRecording(t, get("/a"), get("/b")))
	first, rest, _ := strings.Cut(r.stdout, "\n")
	return writeDocument(t, "x.jsonl", first+"\n{\"broken\n"+rest)
}

func TestWrongSourcesOfSpansAreRefused(t *testing.T) {
	file := writeDocument(t, "spans", otlpJSON())
	for want, args := range map[string][]string{
		"requires at least 1 arg":       {},
		"absent.otlp":                   {"absent.otlp"},
		"that is a folder":              {t.TempDir()},
		"want a file, otlp://HOST:PORT": {"http://127.0.0.1:1/traces"},
		"want one otlp://":              {"otlp://127.0.0.1:0", "otlp://127.0.0.1:0"},
		"--for -1s":                     {file, "--for", "-1s"},
		"--since 0s":                    {file, "--since", "0s"},
		"--traces-limit 0":              {file, "--traces-limit", "0"},
		"spans of jaeger://":            {"jaeger://127.0.0.1:1"},
		"spans of zipkin://":            {"zipkin://127.0.0.1:1"},
		"spans of otlp://":              {"otlp://127.0.0.1:99999"},
		"rules.yaml":                    {file, "--rules", "rules.yaml"},
	} {
		r := twinspect(t.Context(), append([]string{"spans"}, args...)...)
		assert.Equal(t, 2, r.code, want)
		assert.Contains(t, r.stderr, want)
		assert.Empty(t, r.stdout)
	}
	r := twinspect(t.Context(), "spans", "jaeger://user:"+secretToken+"@127.0.0.1:1")
	assert.Equal(t, 2, r.code)
	assertNoSecret(t, r.stderr)
}

func TestWhatIsNoTraceIsDamage(t *testing.T) {
	for _, text := range []string{"hello", "{}\x00", strings.Repeat("[", 1000)} {
		r := withInput(t.Context(), text, "spans", "-")
		assert.NotZero(t, r.code, "%q", text)
		assert.Empty(t, r.stdout)
	}
}

// spansFrom runs a command that takes spans, until stop ends it as an interrupt does.
func spansFrom(t *testing.T, args ...string) (address string, stop func() result) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	told, tell := io.Pipe()
	var stdout, stderr bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: io.MultiWriter(&stderr, tell), Getenv: func(string) string { return "" }, Version: "test"}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, env, args)
		tell.Close()
	}()
	lines := bufio.NewScanner(told)
	for address == "" && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "send spans to "); ok {
			address, _, _ = strings.Cut(rest, " ")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, told) }()
	if address == "" {
		cancel()
		t.Fatalf("%v ended with %d: %s", args, <-ended, stderr.String())
	}
	return address, func() result {
		cancel()
		return result{<-ended, stdout.String(), stderr.String()}
	}
}

func sendSpans(t *testing.T, address string) {
	t.Helper()
	resp, err := http.Post("http://"+address+"/v1/traces", "application/json", strings.NewReader(otlpJSON()))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	http.DefaultClient.CloseIdleConnections()
}

func TestSpansAreTakenFromServicesUntilTheInterrupt(t *testing.T) {
	address, stop := spansFrom(t, "spans", "otlp://127.0.0.1:0")
	sendSpans(t, address)
	r := stop()
	require.Zero(t, r.code, r.stderr)
	assertTheTwoSpans(t, linesOf(t, r.stdout))
	assertNoSecret(t, r.stdout+r.stderr)
}

func TestSpansOfServicesAndOfFilesComeTogether(t *testing.T) {
	out := filepath.Join(t.TempDir(), "spans.otlp")
	address, stop := spansFrom(t, "spans", "otlp://127.0.0.1:0", writeDocument(t, "spans", zipkinJSON()), "-o", out)
	sendSpans(t, address)
	r := stop()
	require.Zero(t, r.code, r.stderr)
	assert.Len(t, linesOf(t, twinspect(t.Context(), "spans", out).stdout), 4)
}

func TestSpansAreTakenForATime(t *testing.T) {
	r := twinspect(t.Context(), "spans", "otlp://127.0.0.1:0", "--for", "1ms")
	assert.Zero(t, r.code, r.stderr)
	assert.Empty(t, r.stdout)
}

// tracingSystem answers as the query service whose paths begin with api does; each of
// the two services has the same trace.
func tracingSystem(t *testing.T, api, services, traces string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case api + "/services":
			io.WriteString(w, services)
		case api + "/traces":
			io.WriteString(w, traces)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http")
}

func TestTracesOfATracingSystemComeOnceEach(t *testing.T) {
	jaeger := "jaeger" + tracingSystem(t, "/api", `{"data":["checkout","web"]}`, jaegerJSON())
	zipkin := "zipkin" + tracingSystem(t, "/api/v2", `["checkout","web"]`, "["+zipkinJSON()+"]")
	for _, source := range []string{jaeger, zipkin} {
		r := twinspect(t.Context(), "spans", source, "--since", "15m", "--traces-limit", "7")
		require.Zero(t, r.code, r.stderr)
		assertTheTwoSpans(t, linesOf(t, r.stdout))
		assertNoSecret(t, r.stdout+r.stderr)
		assert.Contains(t, r.stderr, string(trace.Duplicate))
	}
}

func TestRefusalOfATracingSystemIsAFailure(t *testing.T) {
	url := tracingSystem(t, "/nowhere", "", "")
	for _, scheme := range []string{"jaeger", "zipkin"} {
		r := twinspect(t.Context(), "spans", scheme+url)
		assert.Equal(t, 2, r.code)
		assert.Contains(t, r.stderr, "not found")
	}
}
