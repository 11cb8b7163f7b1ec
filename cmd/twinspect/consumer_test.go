package main

import (
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/proxy"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/contractfile"
	"twinspect.dev/contract/pact"
	"twinspect.dev/fixtures/market"
)

// marketRun is what was recorded of a market.
type marketRun struct {
	spans     string
	exchanges []string
	specs     []string
}

// args of contract-gen consumer.
func (m *marketRun) args(more ...string) []string {
	args := []string{"contract-gen", "consumer", "--traces", m.spans}
	for _, name := range m.exchanges {
		args = append(args, "--exchanges", name)
	}
	for _, spec := range m.specs {
		args = append(args, "--spec", spec)
	}
	return append(args, more...)
}

// recordedMarket records a market with a recorder before each service. around puts
// something between who calls and the recorder, and between it and the service.
func recordedMarket(t *testing.T, n int, around func(upstream string) (before, behind string)) *marketRun {
	t.Helper()
	dir := t.TempDir()
	m := &marketRun{spans: filepath.Join(dir, "spans.otlp"), specs: marketDocuments(t)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	receiver := trace.NewReceiver(l, trace.ReceiverOptions{})
	var working sync.WaitGroup
	working.Go(func() { writeSpans(t, receiver, m.spans) })
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	through := func(service, address string) string {
		file := filepath.Join(dir, service+".twin")
		m.exchanges = append(m.exchanges, file)
		w, err := archive.Create(file, archive.WriteOptions{})
		require.NoError(t, err)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		before, behind := listener.Addr().String(), address
		if around != nil {
			before, _ = around(before)
			_, behind = around(behind)
		}
		p, err := proxy.New(proxy.Config{Listener: listener, Upstream: &url.URL{Scheme: "http", Host: behind}, Sink: w, Service: service})
		require.NoError(t, err)
		serving.Go(func() {
			assert.NoError(t, p.Serve(ctx))
			assert.NoError(t, w.Close())
		})
		return before
	}
	shop, err := market.Start(ctx, market.Options{OTLP: "http://" + l.Addr().String(), Through: through, Seed: 3})
	require.NoError(t, err)
	transport := &http.Transport{}
	_, err = market.Drive(ctx, &http.Client{Transport: transport}, shop.URL(market.Storefront), n, 3)
	require.NoError(t, err)
	transport.CloseIdleConnections()
	require.NoError(t, shop.Close(ctx))
	stop()
	serving.Wait()
	require.NoError(t, receiver.Close(context.Background()))
	working.Wait()
	return m
}

func writeSpans(t *testing.T, in *trace.Receiver, name string) {
	f, err := os.Create(name)
	if !assert.NoError(t, err) {
		return
	}
	w := trace.NewWriter(f)
	for {
		var sp trace.Span
		if in.ReadSpan(context.Background(), &sp) != nil {
			break
		}
		assert.NoError(t, w.WriteSpan(&sp))
	}
	assert.NoError(t, w.Close())
	assert.NoError(t, f.Close())
}

// marketDocuments writes the documents, and returns them as SERVICE=FILE.
func marketDocuments(t *testing.T) (specs []string) {
	t.Helper()
	for _, service := range market.Services() {
		if text := market.Document(service); text != nil {
			specs = append(specs, service+"="+writeDocument(t, service+".yaml", string(text)))
		}
	}
	return specs
}

// smallMarket is recorded once for the tests that only read it.
var smallMarket = func() func(t *testing.T) *marketRun {
	var once sync.Once
	var files map[string][]byte
	return func(t *testing.T) *marketRun {
		t.Helper()
		once.Do(func() {
			m := recordedMarket(t, 250, nil)
			files = make(map[string][]byte)
			for _, name := range append(m.exchanges, m.spans) {
				content, err := os.ReadFile(name)
				require.NoError(t, err)
				files[filepath.Base(name)] = content
			}
		})
		dir := t.TempDir()
		m := &marketRun{spans: filepath.Join(dir, "spans.otlp"), specs: marketDocuments(t)}
		for name, content := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
			if name != "spans.otlp" {
				m.exchanges = append(m.exchanges, filepath.Join(dir, name))
			}
		}
		return m
	}
}()

// marketPairs are who calls whom.
func marketPairs() (pairs [][2]string) {
	for _, consumer := range market.Services() {
		for _, provider := range market.Calls(consumer) {
			pairs = append(pairs, [2]string{consumer, provider})
		}
	}
	return pairs
}

func TestContractsOfConsumersAreWrittenOfTracesAndExchanges(t *testing.T) {
	m, out := smallMarket(t), t.TempDir()
	dir := filepath.Join(out, "contracts")
	r := twinspect(t.Context(), m.args("-o", dir, "--pact", out+"/pacts", "--go-tests", out+"/gotests")...)
	require.Zero(t, r.code, r.stderr)
	assert.NotContains(t, r.stdout, "against the last contract")
	all, err := contractfile.Read(dir)
	require.NoError(t, err)
	require.Len(t, all, len(marketPairs()))
	for _, pair := range marketPairs() {
		assert.FileExists(t, contractfile.Path(dir, pair[0], pair[1]))
		name := pair[0] + "-" + pair[1]
		p, err := pact.ReadFile(filepath.Join(out, "pacts", name+".json"))
		require.NoError(t, err)
		assert.Equal(t, pact.V4, p.Version)
		assert.Equal(t, pair, [2]string{p.Consumer, p.Provider})
		assert.NotEmpty(t, p.Interactions)
		typeChecked(t, filepath.Join(out, "gotests", name))
	}
	for _, c := range all {
		require.NotNil(t, c.Document, c.Provider)
		for _, it := range c.Interactions {
			assert.NotEmpty(t, it.OperationID, it.Operation)
			assert.Contains(t, market.Operations(c.Provider), it.Operation)
		}
	}

	// The second run finds nothing new; what a developer has begun stays.
	mine := filepath.Join(out, "gotests", "storefront-catalog", "pact_test.go")
	require.NoError(t, os.WriteFile(mine, []byte("package mine\n"), 0o600))
	again := twinspect(t.Context(), m.args("-o", dir, "--go-tests", out+"/gotests")...)
	require.Zero(t, again.code, again.stderr)
	assert.NotContains(t, again.stdout, "against the last contract")
	assert.Contains(t, again.stdout, "kept as they are")
	kept, err := os.ReadFile(mine)
	require.NoError(t, err)
	assert.Equal(t, "package mine\n", string(kept))
}

// typeChecked sees that a folder is a package of tests that compiles.
func typeChecked(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, f)
	}
	config := types.Config{Importer: importer.ForCompiler(set, "source", nil), FakeImportC: true}
	_, err = config.Check(dir, set, files, nil)
	require.NoError(t, err)
}

func TestASecondRunShowsWhatHasChanged(t *testing.T) {
	m, dir := smallMarket(t), t.TempDir()
	require.Zero(t, twinspect(t.Context(), m.args("-o", dir)...).code)
	path := contractfile.Path(dir, market.Storefront, market.Catalog)
	c, err := contractfile.ReadFile(path)
	require.NoError(t, err)
	gone := c.Interactions[0].Operation
	c.Interactions = c.Interactions[1:]
	require.NoError(t, contractfile.Write(dir, c))

	r := twinspect(t.Context(), m.args("-o", dir)...)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "storefront of catalog, against the last contract:")
	assert.Contains(t, r.stdout, gone)
	assert.NotContains(t, r.stdout, "storefront of checkout, against the last contract:")
}

func TestMergeAddsTheCounts(t *testing.T) {
	m, dir := smallMarket(t), t.TempDir()
	require.Zero(t, twinspect(t.Context(), m.args("-o", dir)...).code)
	once, err := contractfile.Read(dir)
	require.NoError(t, err)
	r := twinspect(t.Context(), m.args("-o", dir, "--merge")...)
	require.Zero(t, r.code, r.stderr)
	twice, err := contractfile.Read(dir)
	require.NoError(t, err)
	for i := range once {
		for j := range once[i].Interactions {
			assert.Equal(t, 2*once[i].Interactions[j].Calls, twice[i].Interactions[j].Calls)
		}
	}
}

func TestVersionsOfPactAreWritten(t *testing.T) {
	m := smallMarket(t)
	for text, version := range map[string]pact.Version{"2": pact.V2, "3": pact.V3, "4": pact.V4} {
		out := t.TempDir()
		r := twinspect(t.Context(), m.args("-o", out+"/contracts", "--pact", out+"/pacts", "--pact-version", text)...)
		require.Zero(t, r.code, r.stderr)
		p, err := pact.ReadFile(filepath.Join(out, "pacts", "checkout-pricing.json"))
		require.NoError(t, err)
		assert.Equal(t, version, p.Version)
	}
}

func TestTheSummaryIsJSONWhereTold(t *testing.T) {
	m := smallMarket(t)
	r := twinspect(t.Context(), m.args("-o", t.TempDir(), "--json")...)
	require.Zero(t, r.code, r.stderr)
	var sum inferred
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &sum))
	assert.Equal(t, len(marketPairs()), sum.Contracts)
	assert.Len(t, sum.Pairs, sum.Contracts)
	for _, p := range sum.Pairs {
		assert.Positive(t, p.Calls, p)
		assert.Positive(t, p.Used, p)
	}
	require.NoError(t, sum.Account.Balance())
}

func TestWithoutAJoinedCallTheAccountSaysWhy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "contracts")
	r := twinspect(t.Context(), "contract-gen", "consumer", "--traces", callsFile(t), "--exchanges", writeRecording(t, get("/a")), "-o", dir)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "no call of one service to another was recorded")
	assert.Contains(t, r.stderr, "exchanges")
	assert.NotContains(t, r.stdout, "written")
	assert.NoDirExists(t, dir)
}

func TestWrongUseOfConsumerIsRefusedBeforeSpansAreWaitedFor(t *testing.T) {
	spans, exchanges := callsFile(t), writeRecording(t, get("/a"))
	bad := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(bad, "a"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(bad, "a", "b.yaml"), []byte("schema: none\n"), 0o600))
	document := writeDocument(t, "things.yaml", thingsDocument)
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"required flag", nil},
		{"absent.otlp", []string{"--traces", "absent.otlp", "--exchanges", exchanges, "-o", "x"}},
		{"absent.twin", []string{"--traces", "otlp://127.0.0.1:0", "--exchanges", "absent.twin", "-o", "x"}},
		{"standard input", []string{"--traces", "-", "--exchanges", "-", "-o", "x"}},
		{"want PROVIDER=FILE", []string{"--traces", spans, "--exchanges", exchanges, "-o", "x", "--spec", "things.yaml"}},
		{"another document of things", []string{"--traces", spans, "--exchanges", exchanges, "-o", "x", "--spec", "things=" + document, "--spec", "things=" + document}},
		{"absent.yaml", []string{"--traces", spans, "--exchanges", exchanges, "-o", "x", "--spec", "things=absent.yaml"}},
		{"--pact-version 5", []string{"--traces", spans, "--exchanges", exchanges, "-o", "x", "--pact-version", "5"}},
		{"b.yaml", []string{"--traces", "otlp://127.0.0.1:0", "--exchanges", exchanges, "-o", bad}},
	} {
		r := twinspect(t.Context(), append([]string{"contract-gen", "consumer"}, tt.args...)...)
		assert.Equal(t, 2, r.code, tt.want)
		assert.Contains(t, r.stderr, tt.want)
		assert.Empty(t, r.stdout)
	}
	assert.NoDirExists(t, "x")
}

// leaking puts secrets into what services say to each other.
func leaking(t *testing.T) func(upstream string) (before, behind string) {
	t.Helper()
	serve := func(p *httputil.ReverseProxy) string {
		s := httptest.NewServer(p)
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	return func(upstream string) (before, behind string) {
		to := &url.URL{Scheme: "http", Host: upstream}
		before = serve(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Set("Authorization", "Bearer "+secretToken)
			r.Out.Header.Set("X-Customer", secretMail)
		}})
		behind = serve(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
			ModifyResponse: func(r *http.Response) error {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return err
				}
				secrets := `{"contact":"` + secretMail + `","access_token":"` + secretToken + `","proof":"` + secretJWT + `",`
				if len(body) > 2 && body[0] == '{' {
					body = append([]byte(secrets), body[1:]...)
				}
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				r.Header.Set("Content-Length", strconv.Itoa(len(body)))
				r.Header.Set("Set-Cookie", "sid="+secretToken)
				return nil
			},
		})
		return before, behind
	}
}

func TestContractsHoldNoSecretThatTheTrafficHad(t *testing.T) {
	m, out := recordedMarket(t, 60, leaking(t)), t.TempDir()
	r := twinspect(t.Context(), "cat", m.exchanges[0])
	require.Contains(t, r.stdout, secretToken)
	require.Contains(t, r.stdout, secretMail)

	r = twinspect(t.Context(), m.args("-o", out+"/contracts", "--pact", out+"/pacts", "--go-tests", out+"/gotests")...)
	require.Zero(t, r.code, r.stderr)
	assertNoSecret(t, r.stdout+r.stderr)
	read := 0
	require.NoError(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range allSecrets {
			assert.False(t, strings.Contains(string(content), secret), "%s holds a secret", path)
		}
		read++
		return err
	}))
	assert.Equal(t, 3*len(marketPairs()), read)
}

func TestNamesOfPairsDoNotMeet(t *testing.T) {
	names := make(fileNames)
	seen := make(map[string]bool)
	for _, pair := range [][2]string{{"a-b", "c"}, {"a", "b-c"}, {"A", "b-c"}, {"", ""}, {".", "."}, {"_x", "y"}, {"../..", "/etc"}, {"ü", "ö"}} {
		name := names.of(pair[0] + "-" + pair[1])
		assert.False(t, seen[strings.ToLower(name)], name)
		assert.Equal(t, name, filepath.Base(name))
		assert.NotContains(t, "._", name[:1])
		seen[strings.ToLower(name)] = true
	}
	assert.Equal(t, "pactpricing", packageName("pricing"))
	assert.Equal(t, "pact", packageName("日本"))
}
