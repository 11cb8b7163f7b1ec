package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/fixtures/market"
)

// productPact is what a storefront expects of the catalog.
const productPact = `{
  "consumer": {"name": "storefront"}, "provider": {"name": "catalog"},
  "interactions": [
    {
      "description": "a product that there is",
      "providerStates": [{"name": "GET /products/{id} answered 200", "params": {"id": "p-shelf"}}],
      "request": {"method": "GET", "path": "/products/p-shelf"},
      "response": {
        "status": 200, "headers": {"Content-Type": "application/json"},
        "body": {"id": "p-shelf", "name": "Lamp", "stock": {"quantity": 3}},
        "matchingRules": {
          "header": {"Content-Type": {"matchers": [{"match": "regex", "regex": "application/json.*"}]}},
          "body": {"$.name": {"matchers": [{"match": "type"}]}, "$.stock.quantity": {"matchers": [{"match": "integer"}]}}
        }
      }
    },
    {
      "description": "a product that there is not",
      "providerStates": [{"name": "GET /products/{id} answered 404", "params": {"id": "p-gone"}}],
      "request": {"method": "GET", "path": "/products/p-gone"},
      "response": {"status": 404}
    }
  ],
  "metadata": {"pactSpecification": {"version": "3.0.0"}}
}`

// catalogOf starts a market and returns the URL of its catalog.
func catalogOf(t *testing.T, drop ...string) string {
	t.Helper()
	m, err := market.Start(t.Context(), market.Options{Seed: 1, Drop: map[string][]string{market.Catalog: drop}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close(context.WithoutCancel(t.Context()))) })
	return m.URL(market.Catalog)
}

func pactArgs(path, provider string, more ...string) []string {
	return append([]string{"contract-run", path, "--provider", provider, "--state-url", provider + "/_pact/state"}, more...)
}

func pactEvidence(t *testing.T, r result) *report.Evidence {
	t.Helper()
	e, err := report.Read(strings.NewReader(r.stdout))
	require.NoError(t, err, r.stdout+r.stderr)
	return e
}

func TestAPactIsVerifiedAgainstALiveProvider(t *testing.T) {
	path, provider := writeDocument(t, "storefront-catalog.json", productPact), catalogOf(t)
	r := twinspect(t.Context(), pactArgs(path, provider)...)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "storefront → catalog")
	assert.Contains(t, r.stdout, "✓ a product that there is\n")
	assert.Contains(t, r.stdout, "2 passed")

	folder := twinspect(t.Context(), pactArgs(filepath.Dir(path), provider, "--json", "--parallel", "2")...)
	require.Zero(t, folder.code, folder.stderr)
	e := pactEvidence(t, folder)
	assert.Equal(t, contract.Pass, e.Verdict)
	assert.NoError(t, e.Account.Balance())
	assert.Equal(t, path, e.Pacts[0].Source)
}

func TestABranchThatDropsAFieldBreaksItsConsumerAtThatPlace(t *testing.T) {
	path := writeDocument(t, "storefront-catalog.json", productPact)
	broken := catalogOf(t, "body /stock/quantity@GET /products/{id}")
	r := twinspect(t.Context(), pactArgs(path, broken, "--json")...)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	e := pactEvidence(t, r)
	require.Equal(t, map[verify.Outcome]int{verify.Passed: 1, verify.Failed: 1}, e.Counts)
	require.Len(t, e.Pacts[0].Results[0].Mismatches, 1)
	assert.Equal(t, contract.Place("body /stock/quantity"), e.Pacts[0].Results[0].Mismatches[0].At)

	text := twinspect(t.Context(), pactArgs(path, broken)...)
	assert.Contains(t, text.stdout, "✗ a product that there is\n")
	assert.Contains(t, text.stdout, "body /stock/quantity")
	assert.Contains(t, text.stdout, "$ curl ")

	unused := catalogOf(t, "body /stock/warehouse@GET /products/{id}")
	require.Zero(t, twinspect(t.Context(), pactArgs(path, unused)...).code, "no consumer reads it")
}

func TestTheReportOfPactsHasAllItsForms(t *testing.T) {
	path, out := writeDocument(t, "p.json", productPact), t.TempDir()
	r := twinspect(t.Context(), pactArgs(path, catalogOf(t, "body /stock/quantity@GET /products/{id}"), "--report", out)...)
	require.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stdout, "report: "+filepath.Join(out, "report.html"))
	for name, want := range map[string]string{
		"report.html": "body /stock/quantity", "junit.xml": `failures="2"`, "summary.md": "### ❌ Twinspect: fail", "evidence.json": `"verdict": "fail"`,
	} {
		data, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		assert.Contains(t, string(data), want, name)
	}
}

func TestAProviderThatIsAwayDecidesNothing(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	path := writeDocument(t, "p.json", productPact)
	r := twinspect(t.Context(), "contract-run", path, "--provider", gone.URL, "--json")
	require.Equal(t, 3, r.code, r.stdout+r.stderr)
	e := pactEvidence(t, r)
	assert.Equal(t, 2, e.Counts[verify.NotRun])
	assert.Equal(t, uint64(2), e.Account[0].Dropped[verify.ProviderGone])
	assert.Contains(t, r.stderr, "2 interactions have provider states, which are assumed")
}

func TestAStateThatCannotBeSetUpDecidesNothing(t *testing.T) {
	path := writeDocument(t, "p.json", strings.Replace(productPact, "/products/{id} answered 404", "/nothing answered 404", 1))
	r := twinspect(t.Context(), pactArgs(path, catalogOf(t))...)
	require.Equal(t, 3, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "state-failed")
	assert.Contains(t, r.stdout, "1 passed, 1 not run")
}

func TestAFilterLeavesTheOthersOut(t *testing.T) {
	path, provider := writeDocument(t, "p.json", productPact), catalogOf(t)
	r := twinspect(t.Context(), pactArgs(path, provider, "--filter", "is not", "--json")...)
	require.Zero(t, r.code, r.stderr)
	assert.Equal(t, uint64(1), pactEvidence(t, r).Account[0].Filtered[verify.NotSelected])
	none := twinspect(t.Context(), pactArgs(path, provider, "--filter", "nothing is called so")...)
	assert.Equal(t, 3, none.code)
	assert.Contains(t, none.stdout, "nothing was verified")
}

func TestWrongUsageOfPactsSaysWhatToDo(t *testing.T) {
	pact := writeDocument(t, "p.json", productPact)
	spec := writeDocument(t, "openapi.yaml", pingDocument)
	bad := writeDocument(t, "cut.json", productPact[:len(productPact)-40])
	empty := t.TempDir()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{}, "Pact files, or a broker's pacts by --broker"},
		{[]string{pact, "--budget", "1s"}, "--budget is for testing against a document"},
		{[]string{pact, "--auth", "a=env:B"}, "--auth is for testing against a document"},
		{[]string{spec, "--state-url", "http://127.0.0.1:1"}, "--state-url is for Pact files"},
		{[]string{pact, spec}, "no Pact file, and no folder of such"},
		{[]string{spec, spec}, "2 arguments: give one document"},
		{[]string{bad}, "cut.json"},
		{[]string{empty}, "no"},
		{[]string{pact + ".not"}, "no such file"},
		{[]string{pact, "--header", "nothing"}, "want NAME:VALUE"},
		{[]string{pact, "--header", "Authorization: Bearer abcdef"}, "as env:NAME or file:PATH"},
		{[]string{pact, "--header", "Authorization: Bearer env:NONE"}, "the environment variable NONE is not set"},
		{[]string{pact, "--state-url", "ftp://x"}, "--state-url: want http://HOST/PATH"},
		{[]string{pact, "--state-url", "http://127.0.0.1:1", "--state-command", "true"}, "choose one"},
		{[]string{pact, "--no-teardown"}, "--no-teardown is for --state-url"},
		{[]string{pact, "--select", "latest"}, "--select is for the pacts of a broker"},
		{[]string{pact, "--provider-name", "x"}, "leave the files out"},
		{[]string{"--provider-name", "x"}, "PACT_BROKER_BASE_URL"},
		{[]string{"--broker", "http://127.0.0.1:1"}, "--provider-name NAME"},
		{[]string{"--broker", "ftp://u:hush-hush@h", "--provider-name", "x"}, "the URL of the broker must be"},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--select", "sideways"}, `--select "sideways": want one of main-branch`},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--enable-pending"}, "need --provider-branch"},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--publish-version", "1", "--filter", "y"}, "the result of a part"},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--build-url", "y"}, "add --publish-version"},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--broker-token", "hush-hush"}, "--broker-token: give it as env:NAME"},
		{[]string{"--broker", "http://127.0.0.1:1", "--provider-name", "x", "--broker-user", "u"}, "belong together"},
		{[]string{pact, "--parallel", "0"}, "--parallel 0"},
	} {
		r := twinspect(t.Context(), append([]string{"contract-run", "--provider", "http://127.0.0.1:1"}, tc.args...)...)
		assert.Equal(t, 2, r.code, "%v: %s", tc.args, r.stderr)
		assert.Contains(t, r.stderr, tc.want, "%v", tc.args)
		for _, secret := range []string{"hush-hush", "abcdef"} {
			assert.NotContains(t, r.stdout+r.stderr, secret)
		}
	}
}

// messagePact has a message, and a request whose path a state gives.
const messagePact = `{
  "consumer": {"name": "shipping"}, "provider": {"name": "orders"},
  "interactions": [
    {"type": "Asynchronous/Messages", "description": "an order is placed", "providerStates": [{"name": "an order"}],
     "contents": {"contentType": "application/json", "encoded": false, "content": {"id": 1}},
     "matchingRules": {"body": {"$.id": {"combine": "AND", "matchers": [{"match": "integer"}]}}}}
  ],
  "metadata": {"pactSpecification": {"version": "4.0"}}
}`

func TestMessagesAreAskedForByURL(t *testing.T) {
	var posted atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		posted.Add(1)
		answerJSON(w, http.StatusOK, map[string]any{"id": 17})
	}))
	t.Cleanup(s.Close)
	path := writeDocument(t, "p.json", messagePact)
	r := twinspect(t.Context(), "contract-run", path, "--provider", s.URL, "--message-url", s.URL+"/messages")
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, int32(1), posted.Load())

	none := twinspect(t.Context(), "contract-run", path, "--provider", s.URL)
	assert.Equal(t, 3, none.code)
	assert.Contains(t, none.stdout, "no-messages")
}

func TestACommandSetsUpStatesAndMakesMessages(t *testing.T) {
	script := writeDocument(t, "states.sh", `while read -r line; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case $line in
  *'"message"'*) echo "{\"id\":$id,\"body\":{\"id\":17},\"content_type\":\"application/json\"}" ;;
  *) echo "{\"id\":$id}" ;;
  esac
done
`)
	path := writeDocument(t, "p.json", messagePact)
	r := twinspect(t.Context(), "contract-run", path, "--provider", "http://127.0.0.1:1", "--state-command", "sh "+script)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "✓ an order is placed")
}

func TestNoSecretLeavesTheVerificationOfPacts(t *testing.T) {
	const bearer, key, token = "sesame-0451-openup", "hush-7f3a-quietly", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEtbG92ZWxhY2UifQ.c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+bearer || r.Header.Get("X-Shop") != key {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Debug", "you said "+key)
		answerJSON(w, http.StatusOK, map[string]any{"password": "whisper-softly", "session": token, "said": bearer,
			"user": map[string]any{"apiKey": "murmur-murmur", "name": strings.Repeat("ada", 100)}})
	}))
	t.Cleanup(s.Close)
	path := writeDocument(t, "p.json", `{"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [{"description": "secrets",
		"request": {"method": "GET", "path": "/", "headers": {"Cookie": "session=crumble-crumble"}},
		"response": {"status": 200, "headers": {"X-Debug": "no"}, "body": {"password": 1, "session": 2, "said": 3, "user": 4}}}],
		"metadata": {"pactSpecification": {"version": "3.0.0"}}}`)
	variables := map[string]string{"TOKEN": bearer, "KEY": key}
	out := t.TempDir()
	all := map[string]string{}
	for _, form := range []string{"--json", "--verbose"} {
		r := inEnv(t.Context(), variables, "contract-run", path, "--provider", s.URL, "--report", out, form,
			"--header", "Authorization: Bearer env:TOKEN", "--header", "X-Shop:env:KEY")
		require.Equal(t, 1, r.code, r.stdout+r.stderr)
		all["stdout "+form], all["stderr "+form] = r.stdout, r.stderr
	}
	assert.Contains(t, all["stdout --verbose"], "$H_AUTHORIZATION")
	assert.Contains(t, all["stdout --verbose"], "body /password")
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(out, entry.Name()))
		require.NoError(t, err)
		all[entry.Name()] = string(data)
	}
	require.Len(t, all, 4+4)
	for name, text := range all {
		for _, secret := range []string{bearer, key, token, "whisper-softly", "murmur-murmur", "crumble-crumble", "c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0"} {
			assert.NotContains(t, text, secret, name)
		}
	}
}

func TestDocumentsInJSONAreNoPacts(t *testing.T) {
	for text, want := range map[string]bool{
		productPact: true,
		`{"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [`: true,
		`{"openapi": "3.0.3", "info": {}, "paths": {}}`:                            false,
		`{"openapi": "3.0.3", "consumer": {}, "provider": {}}`:                     false,
		`["consumer", "provider"]`:                                                 false,
		`{"consumer": {}}`:                                                         false,
		`openapi: 3.0.3`:                                                           false,
		``:                                                                         false,
		"{" + strings.Repeat(`"a":[`, 100_000):                                     false,
	} {
		assert.Equal(t, want, looksLikePact([]byte(text)), text[:min(len(text), 40)])
	}
}

func FuzzLooksLikePact(f *testing.F) {
	f.Add([]byte(productPact))
	f.Add([]byte(`{"consumer":`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if looksLikePact(data) {
			assert.True(t, bytes.Contains(data, []byte("{")))
		}
	})
}
