package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/topology"
)

// callsFile holds traces in which web calls checkout, each with a status and a
// duration in milliseconds, for the operation of its own.
func callsFile(t *testing.T) string {
	t.Helper()
	calls := []struct {
		operation string
		status    int
		ms        int64
	}{{"GET /carts/{id}", 200, 40}, {"GET /carts/{id}", 503, 900}, {"POST /orders", 201, 300}, {"POST /orders", 404, 20}}
	var b strings.Builder
	for i, c := range calls {
		method, route, _ := strings.Cut(c.operation, " ")
		span := func(service string, id int, parent string, kind int) string {
			return fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x","parentSpanId":%q,"name":%q,"kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[{"key":"http.request.method","value":{"stringValue":%q}},{"key":"http.route","value":{"stringValue":%q}},{"key":"http.response.status_code","value":{"intValue":"%d"}}]}]}]}`,
				service, i+1, id, parent, c.operation, kind, spanBegan+int64(i)*2e9, spanBegan+int64(i)*2e9+c.ms*1e6, method, route, c.status)
		}
		fmt.Fprintf(&b, "{\"resourceSpans\":[%s,%s]}\n", span("web", 2*i+1, "", 3), span("checkout", 2*i+2, fmt.Sprintf("%016x", 2*i+1), 2))
	}
	return writeDocument(t, "calls.json", b.String())
}

func TestTopologyIsDrawnInEveryForm(t *testing.T) {
	file := callsFile(t)
	for format, want := range map[string][]string{
		"terminal": {"web", "checkout", "GET /carts/{id}", "POST /orders"},
		"dot":      {"digraph", "->", "checkout"},
		"html":     {"<!doctype html", "<svg", "POST /orders"},
		"json":     {topology.SchemaName, "GET /carts/{id}"},
	} {
		t.Run(format, func(t *testing.T) {
			r := twinspect(t.Context(), "topology", file, "--format", format)
			require.Zero(t, r.code, r.stderr)
			for _, text := range want {
				assert.Contains(t, strings.ToLower(r.stdout), strings.ToLower(text))
			}
			assert.Contains(t, r.stderr, "spans")
			out := filepath.Join(t.TempDir(), "topology")
			again := twinspect(t.Context(), "topology", file, "--format", format, "-o", out)
			require.Zero(t, again.code, again.stderr)
			assert.Empty(t, again.stdout)
			written, err := os.ReadFile(out)
			require.NoError(t, err)
			assert.Equal(t, r.stdout, string(written))
		})
	}
}

func TestTopologyAsJSONKeepsToItsSchema(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(topology.Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("topology.json", schema))
	compiled, err := compiler.Compile("topology.json")
	require.NoError(t, err)
	for name, text := range map[string]string{"calls": "", "otlp": otlpJSON(), "jaeger": jaegerJSON(), "zipkin": zipkinJSON(), "nothing": "[]"} {
		file := callsFile(t)
		if text != "" {
			file = writeDocument(t, "spans", text)
		}
		r := twinspect(t.Context(), "topology", file, "--format", "json")
		require.Zero(t, r.code, r.stderr)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(r.stdout))
		require.NoError(t, err)
		assert.NoError(t, compiled.Validate(document), name)
	}
}

func TestChainsAreFoundByWhatTheyHave(t *testing.T) {
	file := callsFile(t)
	tests := []struct {
		name  string
		args  []string
		found []string // outcome of the call that fits
	}{
		{"all, the slowest first", nil, []string{"503", "201", "200", "404"}},
		{"service", []string{"--service", "checkout", "--limit", "2"}, []string{"503", "201"}},
		{"a service that is not", []string{"--service", "absent"}, nil},
		{"operation", []string{"--operation", "POST /orders"}, []string{"201", "404"}},
		{"operation by pattern", []string{"--operation", "GET *"}, []string{"503", "200"}},
		{"status", []string{"--status", "404"}, []string{"404"}},
		{"class of status", []string{"--status", "5xx"}, []string{"503"}},
		{"failed", []string{"--status", "failed"}, []string{"503"}},
		{"duration", []string{"--min-duration", "200ms"}, []string{"503", "201"}},
		{"several", []string{"--min-duration", "200ms", "--operation", "POST *"}, []string{"201"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"topology", file, "--chains"}, tt.args...)
			r := twinspect(t.Context(), append(args, "--format", "json")...)
			require.Zero(t, r.code, r.stderr)
			var chains []chainLine
			require.NoError(t, json.Unmarshal([]byte(r.stdout), &chains))
			var found []string
			for _, c := range chains {
				assert.Equal(t, 2, c.Spans)
				found = append(found, c.Path[len(c.Path)-1].Outcome)
			}
			assert.Equal(t, tt.found, found)

			r = twinspect(t.Context(), args...)
			require.Zero(t, r.code, r.stderr)
			for _, outcome := range tt.found {
				assert.Contains(t, r.stdout, outcome)
			}
			assert.Equal(t, len(tt.found) == 0, r.stdout == "no chain fits\n")
		})
	}
}

func TestWrongTopologyIsRefused(t *testing.T) {
	file := callsFile(t)
	for want, args := range map[string][]string{
		"want one of terminal, json, dot, html": {file, "--format", "svg"},
		"add --chains":                          {file, "--service", "checkout"},
		"chains are for the terminal or json":   {file, "--chains", "--format", "html"},
		"--limit 0":                             {file, "--chains", "--limit", "0"},
		"--min-duration -1s":                    {file, "--chains", "--min-duration", "-1s"},
		"--limit chooses chains":                {file, "--limit", "3"},
		"want a status":                         {file, "--chains", "--status", "9xx"},
		"absent.otlp":                           {"absent.otlp"},
		"requires at least 1 arg":               {},
	} {
		r := twinspect(t.Context(), append([]string{"topology"}, args...)...)
		assert.Equal(t, 2, r.code, want)
		assert.Contains(t, r.stderr, want)
		assert.Empty(t, r.stdout)
	}
}

func TestTopologyOfAnInputThatIsRefusedLeavesTheFileAsItWas(t *testing.T) {
	out := writeDocument(t, "topology.html", "before")
	r := twinspect(t.Context(), "topology", "jaeger://127.0.0.1:1", "--format", "html", "-o", out)
	assert.Equal(t, 2, r.code)
	kept, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Equal(t, "before", string(kept))
}

func TestTopologyShowsNoSecret(t *testing.T) {
	text := strings.ReplaceAll(otlpJSON(), `"name":"GET /carts/{id}"`, `"name":"GET /carts/`+secretMail+`?token=`+secretToken+`"`)
	text = strings.ReplaceAll(text, "/carts/{id}", "/carts/"+secretMail)
	file := writeDocument(t, "spans", text)
	for _, args := range [][]string{{}, {"--format", "json"}, {"--format", "dot"}, {"--format", "html"}, {"--chains"}, {"--chains", "--format", "json"}} {
		r := twinspect(t.Context(), append([]string{"topology", file}, args...)...)
		require.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stdout, "checkout")
		assertNoSecret(t, r.stdout+r.stderr)
	}
}

func TestTopologyCountsDamage(t *testing.T) {
	good, err := os.ReadFile(callsFile(t))
	require.NoError(t, err)
	r := twinspect(t.Context(), "topology", writeDocument(t, "damaged.json", string(good)+"{\"resourceSpans\": 7}\n"))
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stdout, "checkout")
	assert.Contains(t, r.stderr, "trace-malformed")
}
