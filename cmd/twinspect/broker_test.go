package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
)

const brokerToken = "sesame-broker-4711"

// brokerStand is a Pact Broker that keeps what it is given: pacts, whose versions and
// branches they are of, and the results of their verification.
type brokerStand struct {
	*httptest.Server
	mu      sync.Mutex
	pacts   []shelved
	results []map[string]any // in the order in which they came
	wanted  map[string]any   // the last selection
	pending bool
	asked   int
}

type shelved struct {
	consumer, provider, version, branch string
	content                             map[string]any
}

func newBrokerStand(t *testing.T) *brokerStand {
	t.Helper()
	s := &brokerStand{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("POST /publish", s.publish)
	mux.HandleFunc("POST /for/{provider}", s.list)
	mux.HandleFunc("GET /pact/{n}", s.pact)
	mux.HandleFunc("POST /results/{n}", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		s.results = append(s.results, body)
		answerJSON(w, http.StatusCreated, map[string]any{})
	})
	mux.HandleFunc("PUT /branch/{name}/{branch}/{version}", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusCreated, map[string]any{})
	})
	mux.HandleFunc("GET /deploy", s.deploy)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		if r.Header.Get("Authorization") != "Bearer "+brokerToken {
			answerJSON(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"message": "not " + r.Header.Get("Authorization")}})
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *brokerStand) index(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) map[string]any { return map[string]any{"href": s.URL + path, "templated": true} }
	answerJSON(w, http.StatusOK, map[string]any{"_links": map[string]any{
		"pb:publish-contracts":                               at("/publish"),
		"pb:provider-pacts-for-verification":                 at("/for/{provider}"),
		"pb:pacticipant-branch-version":                      at("/branch/{pacticipant}/{branch}/{version}"),
		"pb:can-i-deploy-pacticipant-version-to-environment": at("/deploy?name={pacticipant}&version={version}&to={environment}"),
	}})
}

func (s *brokerStand) publish(w http.ResponseWriter, r *http.Request) {
	var body struct {
		PacticipantVersionNumber, Branch string
		Contracts                        []struct{ ConsumerName, ProviderName, Content string }
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, c := range body.Contracts {
		raw, _ := base64.StdEncoding.DecodeString(c.Content)
		p := shelved{consumer: c.ConsumerName, provider: c.ProviderName, version: body.PacticipantVersionNumber, branch: body.Branch}
		if json.Unmarshal(raw, &p.content) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.pacts = append(s.pacts, p)
	}
	answerJSON(w, http.StatusOK, map[string]any{"notices": []any{map[string]any{"type": "success", "text": "Kept on the shelf"}}})
}

func (s *brokerStand) list(w http.ResponseWriter, r *http.Request) {
	s.wanted = map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&s.wanted)
	list := []any{}
	for i, p := range s.pacts {
		if p.provider == r.PathValue("provider") {
			list = append(list, map[string]any{
				"verificationProperties": map[string]any{"pending": s.pending, "notices": []any{
					map[string]any{"text": "Chosen by its branch", "when": "before_verification"},
					map[string]any{"text": "Now it is kept", "when": "after_verification:success_true_published_true"}}},
				"_links": map[string]any{"self": map[string]any{"href": fmt.Sprintf("%s/pact/%d", s.URL, i), "name": "Pact between " + p.consumer + " and " + p.provider}},
			})
		}
	}
	answerJSON(w, http.StatusOK, map[string]any{"_embedded": map[string]any{"pacts": list}})
}

func (s *brokerStand) pact(w http.ResponseWriter, r *http.Request) {
	for i, p := range s.pacts {
		if fmt.Sprint(i) == r.PathValue("n") {
			body := map[string]any{"_links": map[string]any{
				"pb:publish-verification-results": map[string]any{"href": fmt.Sprintf("%s/results/%d", s.URL, i)}}}
			for k, v := range p.content {
				body[k] = v
			}
			answerJSON(w, http.StatusOK, body)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *brokerStand) deploy(w http.ResponseWriter, r *http.Request) {
	var ok any // null where nothing was verified
	if len(s.results) > 0 {
		ok = s.results[len(s.results)-1]["success"]
	}
	answerJSON(w, http.StatusOK, map[string]any{"summary": map[string]any{"deployable": ok, "reason": "to " + r.URL.Query().Get("to") + ": by the last result"}})
}

// ask runs the command with the broker's credentials in the environment.
func (s *brokerStand) ask(t *testing.T, args ...string) result {
	t.Helper()
	r := inEnv(t.Context(), map[string]string{"PACT_BROKER_BASE_URL": s.URL, "PACT_BROKER_TOKEN": brokerToken}, args...)
	assert.NotContains(t, r.stdout+r.stderr, brokerToken)
	return r
}

func (s *brokerStand) publishProduct(t *testing.T) {
	t.Helper()
	path := writeDocument(t, "p.json", productPact)
	r := s.ask(t, "broker", "publish", path, "--version", "1.0", "--branch", "main")
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "published storefront → catalog, version 1.0")
	assert.Contains(t, r.stderr, "broker: Kept on the shelf")
}

func TestPactsGoThroughABrokerToItsProviderAndTheResultBack(t *testing.T) {
	s := newBrokerStand(t)
	s.publishProduct(t)
	require.Equal(t, "main", s.pacts[0].branch)
	good, out := catalogOf(t), t.TempDir()
	unknown := s.ask(t, "broker", "can-i-deploy", "--name", "catalog", "--version", "7", "--to", "production")
	assert.Equal(t, 3, unknown.code)
	assert.Contains(t, unknown.stdout, "unknown: ")
	args := []string{
		"contract-run", "--provider-name", "catalog", "--select", "main-branch", "--select", "tag=prod,consumer=storefront",
		"--publish-version", "7", "--provider-branch", "trunk", "--build-url", "https://ci.example/7", "--report", out,
	}
	r := s.ask(t, append(args, "--provider", good, "--state-url", good+"/_pact/state")...)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "Chosen by its branch")
	assert.Contains(t, r.stdout, "Now it is kept")
	assert.Equal(t, []any{map[string]any{"mainBranch": true}, map[string]any{"tag": "prod", "latest": true, "consumer": "storefront"}}, s.wanted["consumerVersionSelectors"])
	require.Len(t, s.results, 1)
	assert.Equal(t, true, s.results[0]["success"])
	assert.Equal(t, "7", s.results[0]["providerApplicationVersion"])

	yes := s.ask(t, "broker", "can-i-deploy", "--name", "catalog", "--version", "7", "--to", "production")
	require.Zero(t, yes.code, yes.stderr)
	assert.Equal(t, "yes: to production: by the last result\n", yes.stdout)

	bad := catalogOf(t, "body /stock/quantity@GET /products/{id}")
	r = s.ask(t, append(args, "--provider", bad, "--state-url", bad+"/_pact/state")...)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	require.Len(t, s.results, 2)
	assert.Equal(t, false, s.results[1]["success"])
	told, err := json.Marshal(s.results[1]["testResults"])
	require.NoError(t, err)
	assert.Contains(t, string(told), `"attribute":"body /stock/quantity"`)
	no := s.ask(t, "broker", "can-i-deploy", "--name", "catalog", "--version", "7", "--to", "production")
	assert.Equal(t, 1, no.code)
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(out, e.Name()))
		require.NoError(t, err)
		assert.NotContains(t, string(data), brokerToken, e.Name())
	}
}

func TestAPendingPactThatFailsIsToldAndDoesNotCount(t *testing.T) {
	s := newBrokerStand(t)
	s.publishProduct(t)
	s.pending = true
	bad := catalogOf(t, "body /stock/quantity@GET /products/{id}")
	r := s.ask(t, "contract-run", "--provider-name", "catalog", "--enable-pending", "--provider-branch", "trunk", "--publish-version", "8",
		"--provider", bad, "--state-url", bad+"/_pact/state", "--json")
	require.Zero(t, r.code, r.stdout+r.stderr)
	e := pactEvidence(t, r)
	assert.Equal(t, contract.Pass, e.Verdict)
	assert.Equal(t, 1, e.Counts[verify.Pending])
	assert.Equal(t, true, s.wanted["includePendingStatus"])
	assert.Equal(t, false, s.results[0]["success"], "the broker must learn that it is not kept yet")
}

func TestWhatIsNotDecidedIsNotPublished(t *testing.T) {
	s := newBrokerStand(t)
	s.publishProduct(t)
	r := s.ask(t, "contract-run", "--provider-name", "catalog", "--publish-version", "9", "--provider", "http://127.0.0.1:1")
	require.Equal(t, 3, r.code, r.stdout+r.stderr)
	assert.Empty(t, s.results)
	assert.Contains(t, r.stderr, "the result is not published")
}

func TestABrokerThatIsAwayDecidesNothingAndLeavesAReport(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	out := t.TempDir()
	r := twinspect(t.Context(), "contract-run", "--broker", gone.URL, "--broker-retries", "0", "--provider-name", "catalog", "--provider", "http://127.0.0.1:1", "--report", out)
	require.Equal(t, 3, r.code, r.stdout+r.stderr)
	data, err := os.ReadFile(filepath.Join(out, "junit.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(data), `errors="1"`)
	assert.Contains(t, r.stdout, gone.URL)

	deploy := twinspect(t.Context(), "broker", "can-i-deploy", "--broker", gone.URL, "--broker-retries", "0", "--name", "a", "--version", "1", "--to", "x")
	assert.Equal(t, 3, deploy.code)
	assert.Contains(t, deploy.stderr, "is the broker there")
	publish := twinspect(t.Context(), "broker", "publish", writeDocument(t, "p.json", productPact), "--broker", gone.URL, "--broker-retries", "0", "--version", "1")
	assert.Equal(t, 2, publish.code)
}

func TestABrokerWithoutPactsOfTheProviderDecidesNothing(t *testing.T) {
	s := newBrokerStand(t)
	r := s.ask(t, "contract-run", "--provider-name", "catalog", "--provider", "http://127.0.0.1:1")
	assert.Equal(t, 3, r.code, r.stderr)
	assert.Contains(t, r.stdout, "there was no pact to verify")
}

func TestFetchedPactsAreFilesThatCanBeVerified(t *testing.T) {
	s := newBrokerStand(t)
	s.publishProduct(t)
	s.publishProduct(t)
	dir := filepath.Join(t.TempDir(), "pacts")
	list := s.ask(t, "broker", "fetch", "--provider-name", "catalog")
	require.Zero(t, list.code, list.stderr)
	assert.Equal(t, 2, strings.Count(list.stdout, "Pact between storefront and catalog"))
	r := s.ask(t, "broker", "fetch", "--provider-name", "catalog", "-o", dir)
	require.Zero(t, r.code, r.stderr)
	assert.Equal(t, filepath.Join(dir, "storefront-catalog-2.json")+"\n"+filepath.Join(dir, "storefront-catalog.json")+"\n", r.stdout)
	again := s.ask(t, "broker", "fetch", "--provider-name", "catalog", "-o", dir)
	assert.Equal(t, 2, again.code)
	assert.Contains(t, again.stderr, "--force")
	require.Zero(t, s.ask(t, "broker", "fetch", "--provider-name", "catalog", "-o", dir, "--force").code)
	provider := catalogOf(t)
	verified := twinspect(t.Context(), pactArgs(dir, provider)...)
	assert.Zero(t, verified.code, verified.stdout+verified.stderr)
}

func TestWrongCredentialsAreRefusedWithoutBeingSaid(t *testing.T) {
	s := newBrokerStand(t)
	for _, variables := range []map[string]string{
		{}, {"PACT_BROKER_TOKEN": "another-secret-31"}, {"PACT_BROKER_USERNAME": "ada", "PACT_BROKER_PASSWORD": "another-secret-31"},
		{"PACT_BROKER_TOKEN": brokerToken, "MINE": "another-secret-31"},
	} {
		args := []string{"broker", "fetch", "--broker", s.URL, "--provider-name", "catalog"}
		if variables["MINE"] != "" {
			args = append(args, "--broker-token", "env:MINE") // what is given counts before the environment
		}
		r := inEnv(t.Context(), variables, args...)
		assert.Equal(t, 2, r.code)
		assert.Contains(t, r.stderr, "401")
		assert.NotContains(t, r.stdout+r.stderr, "another-secret-31")
	}
	given := inEnv(t.Context(), map[string]string{"MINE": brokerToken}, "broker", "fetch", "--broker", s.URL, "--provider-name", "catalog", "--broker-token", "env:MINE")
	assert.Zero(t, given.code, given.stderr)
}

func TestHelpAndUsageOfTheBroker(t *testing.T) {
	for _, name := range []string{"publish", "fetch", "can-i-deploy"} {
		r := twinspect(t.Context(), "broker", name, "--help")
		assert.Zero(t, r.code)
		assert.Contains(t, r.stdout, "Examples:\n  twinspect broker "+name)
		assert.Contains(t, r.stdout, "PACT_BROKER_BASE_URL")
		assert.Contains(t, r.stdout, "Exit codes:")
	}
	path := writeDocument(t, "p.json", productPact)
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"publish", path}, "version"},
		{[]string{"publish", path, "--version", "1"}, "PACT_BROKER_BASE_URL"},
		{[]string{"publish", path, "--version", "1", "--broker", "http://127.0.0.1:1", "--broker-retries", "-1"}, "--broker-retries -1"},
		{[]string{"publish", t.TempDir(), "--version", "1", "--broker", "http://127.0.0.1:1"}, "there is no Pact file in it"},
		{[]string{"fetch", "--broker", "http://127.0.0.1:1"}, "provider-name"},
		{[]string{"fetch", "--broker", "http://127.0.0.1:1", "--provider-name", "x", "--select", "branch="}, "want one of main-branch"},
		{[]string{"can-i-deploy", "--name", "a", "--version", "1"}, "to"},
	} {
		r := twinspect(t.Context(), append([]string{"broker"}, tc.args...)...)
		assert.Equal(t, 2, r.code, "%v", tc.args)
		assert.Contains(t, r.stderr, tc.want, "%v", tc.args)
	}
}

func TestNamesOfFetchedFilesStayInTheirFolder(t *testing.T) {
	for name, want := range map[string]string{"shop": "shop", "../../etc/passwd": ".._.._etc_passwd", "A b/ü": "A_b__", strings.Repeat("x", 300): strings.Repeat("x", 100)} {
		assert.Equal(t, want, participantFile(name))
	}
}
