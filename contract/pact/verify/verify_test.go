package verify_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/replay/send"
)

// shop is a provider of products that keeps those which its states made.
type shop struct {
	mu       sync.Mutex
	products map[string]map[string]any
	changes  []string
	seen     []*http.Request
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/states":
		s.change(w, r)
	case r.URL.Path == "/messages":
		s.message(w, r)
	default:
		s.seen = append(s.seen, r)
		p := s.products[r.URL.Path]
		if p == nil {
			http.Error(w, "key "+r.Header.Get("X-Api-Key"), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p)
	}
}

func (s *shop) change(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Consumer, State, Action string
		Params                  map[string]any
	}
	_ = json.NewDecoder(r.Body).Decode(&c)
	s.changes = append(s.changes, c.Action+" "+c.State+" for "+c.Consumer)
	if c.State == "broken" {
		http.Error(w, "no database", http.StatusInternalServerError)
		return
	}
	if c.Action == "teardown" {
		s.products = nil
		return
	}
	s.products = map[string]map[string]any{"/api/products/17": {"id": 17, "name": c.Params["name"]}}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": 17})
}

func (s *shop) message(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Description    string
		ProviderStates []struct{ Name string }
		Request        *struct{ Contents any }
	}
	_ = json.NewDecoder(r.Body).Decode(&m)
	if m.Description == "none" {
		http.Error(w, "none", http.StatusNotFound)
		return
	}
	metadata := base64.StdEncoding.EncodeToString([]byte(`{"topic":"products"}`))
	w.Header().Set("Pact-Message-Metadata", metadata)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": 1, "request": m.Request != nil, "states": len(m.ProviderStates)})
}

func provider(t *testing.T) (*shop, *verify.Verifier) {
	t.Helper()
	s := &shop{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	v := verifier(t, server.URL+"/api")
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	v.States = &verify.HTTP{URL: u.JoinPath("states"), Client: server.Client()}
	v.Messages = &verify.HTTP{URL: u.JoinPath("messages"), Client: server.Client()}
	return s, v
}

func verifier(t *testing.T, address string) *verify.Verifier {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	client, err := send.New(send.Config{URL: u})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return &verify.Verifier{Sender: client, URL: u, Timeout: 10 * time.Second}
}

func jsonBody(v any) pact.Body {
	return pact.Body{Presence: pact.Present, ContentType: "application/json", Value: v, IsJSON: true}
}

// product is an interaction that asks for a product.
func product(description string, expected map[string]any, states ...pact.State) pact.Interaction {
	return pact.Interaction{Kind: pact.HTTP, Description: description, States: states,
		Request: &pact.Request{Method: "GET", Path: "/products/1", Query: map[string][]string{"q": {"a b"}},
			Header:     map[string][]string{"Authorization": {"Bearer old"}, "X-Line": {"a\r\nEvil: b"}},
			Generators: pact.Generators{pact.InPath: {"": {Type: "ProviderState", Options: map[string]any{"expression": "/products/${id}"}}}}},
		Response: &pact.Response{Status: 200, Body: jsonBody(expected)},
	}
}

func exists(name string) pact.State {
	return pact.State{Name: "a product exists", Params: map[string]any{"name": name}}
}

func pactOf(all ...pact.Interaction) *pact.Pact {
	return &pact.Pact{Consumer: "web", Provider: "shop", Version: pact.V4, Interactions: all}
}

func outcomes(r *verify.Report) []verify.Outcome {
	var out []verify.Outcome
	for i := range r.Results {
		out = append(out, r.Results[i].Outcome)
	}
	return out
}

func TestEachInteractionIsAskedInItsState(t *testing.T) {
	s, v := provider(t)
	v.Header = capture.Header{{Name: "X-Api-Key", Value: "s3cret-key"}}
	pending := product("pending", map[string]any{"id": json.Number("5")}, exists("pen"))
	pending.Pending = true
	r, err := v.Verify(t.Context(), pactOf(
		product("right", map[string]any{"id": json.Number("17"), "name": "pen"}, exists("pen")),
		product("wrong", map[string]any{"name": "ink"}, exists("pen")),
		product("without state", map[string]any{}),
		pending,
		product("broken", nil, exists("pen"), pact.State{Name: "broken"}),
	))
	require.NoError(t, err)
	assert.Equal(t, []verify.Outcome{verify.Passed, verify.Failed, verify.Failed, verify.Pending, verify.NotRun}, outcomes(r), "%+v", r.Results)
	assert.Equal(t, contract.Fail, r.Verdict)
	require.NoError(t, r.Account.Balance())
	assert.Equal(t, verify.StateFailed, r.Results[4].Reason)
	assert.Equal(t, contract.Place("body /name"), r.Results[1].Mismatches[0].At)
	assert.Equal(t, 404, r.Results[2].Status)
	assert.Contains(t, r.Results[2].Notes[0], "no provider state gave id")
	assert.Equal(t, []string{"setup a product exists for web", "teardown a product exists for web"}, s.changes[:2])
	assert.Equal(t, []string{"teardown broken for web", "teardown a product exists for web"}, s.changes[len(s.changes)-2:])

	sent := s.seen[0]
	assert.Equal(t, "/api/products/17?q=a+b", sent.URL.RequestURI())
	assert.Equal(t, "s3cret-key", sent.Header.Get("X-Api-Key"))
	assert.Empty(t, sent.Header.Get("Evil"))
	text, err := json.Marshal(r)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cret", "nor where the provider has said it")
	assert.NotContains(t, string(text), "Bearer old")
	assert.Contains(t, r.Results[1].Curl, "/api/products/17?q=a+b")
	assert.Contains(t, r.Results[1].Curl, "$H_X_API_KEY")
}

func TestAWholePactMayBePending(t *testing.T) {
	_, v := provider(t)
	v.Pending = true
	r, err := v.Verify(t.Context(), pactOf(product("wrong", map[string]any{"name": "ink"}, exists("pen"))))
	require.NoError(t, err)
	assert.Equal(t, contract.Pass, r.Verdict)
	assert.Equal(t, 1, r.Counts[verify.Pending])
}

func TestAProviderThatIsNotThereIsInconclusive(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	all := make([]pact.Interaction, 8)
	for i := range all {
		all[i] = product("any", nil)
	}
	r, err := verifier(t, gone.URL).Verify(t.Context(), pactOf(all...))
	require.NoError(t, err)
	assert.Equal(t, contract.Inconclusive, r.Verdict)
	assert.Equal(t, 3, r.Verdict.ExitCode())
	assert.Equal(t, uint64(8), r.Account[0].Dropped[verify.ProviderGone])
	assert.Contains(t, r.Results[7].Detail, "several times in a row")
}

func TestWhatIsNotAskedForIsCounted(t *testing.T) {
	_, v := provider(t)
	v.Keep = verify.Filter("one", "exists")
	r, err := v.Verify(t.Context(), pactOf(product("one", map[string]any{}, exists("a")), product("one", nil), product("two", nil, exists("a"))))
	require.NoError(t, err)
	assert.Equal(t, contract.Pass, r.Verdict)
	assert.Equal(t, uint64(2), r.Account[0].Filtered[verify.NotSelected])

	v.Keep = verify.Filter("nothing", "")
	r, err = v.Verify(t.Context(), pactOf(product("one", nil)))
	require.NoError(t, err)
	assert.Equal(t, contract.Inconclusive, r.Verdict)
}

func TestAnInterruptLeavesAReportThatBalances(t *testing.T) {
	_, v := provider(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := v.Verify(ctx, pactOf(product("one", nil, exists("a"))))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, contract.Interrupted, r.Verdict)
	require.NoError(t, r.Account.Balance())
}

func TestManyAreAskedAtATime(t *testing.T) {
	s, v := provider(t)
	v.States, v.Parallel = nil, 8
	s.products = map[string]map[string]any{"/api/products/1": {"id": 1}}
	all := make([]pact.Interaction, 50)
	for i := range all {
		all[i] = product("any", map[string]any{"id": json.Number("1")})
	}
	r, err := v.Verify(t.Context(), pactOf(all...))
	require.NoError(t, err)
	assert.Equal(t, 50, r.Counts[verify.Passed])
}

func messages() *pact.Pact {
	async := pact.Interaction{Kind: pact.AsyncMessage, Description: "new", States: []pact.State{exists("pen")},
		Messages: []pact.Message{{Metadata: map[string]any{"topic": "products"}, Body: jsonBody(map[string]any{"id": json.Number("1"), "states": json.Number("1")})}}}
	wrong, none, sync := async, async, async
	wrong.Messages = []pact.Message{{Metadata: map[string]any{"topic": "other"}, Body: jsonBody(map[string]any{"id": json.Number("2")})}}
	none.Description = "none"
	sync.Kind = pact.SyncMessage
	sync.Messages = []pact.Message{{Body: jsonBody("ask")}, {Body: jsonBody(map[string]any{"request": true})}}
	return pactOf(async, wrong, none, sync)
}

func TestMessagesAreAskedForByHTTP(t *testing.T) {
	_, v := provider(t)
	r, err := v.Verify(t.Context(), messages())
	require.NoError(t, err)
	assert.Equal(t, []verify.Outcome{verify.Passed, verify.Failed, verify.NotRun, verify.Passed}, outcomes(r), "%+v", r.Results)
	assert.Len(t, r.Results[1].Mismatches, 2)
	assert.Equal(t, verify.MessageFailed, r.Results[2].Reason)

	v.Messages = nil
	r, err = v.Verify(t.Context(), messages())
	require.NoError(t, err)
	assert.Equal(t, verify.NoMessages, r.Results[0].Reason)
}

const script = `
read -r line || exit 0
while :; do
  id=${line#*'"id":'}; id=${id%%[,\}]*}
  case $line in
  *'"broken"'*) echo '{"id":'"$id"',"error":"no database"}' ;;
  '{"event":"setup"'*) echo '{"id":'"$id"',"values":{"id":17}}' ;;
  *'"none"'*) echo '{"id":'"$id"',"error":"there is none"}' ;;
  '{"event":"message"'*'"request"'*) echo '{"id":'"$id"',"text":"{\"request\":true}","content_type":"application/json"}' ;;
  '{"event":"message"'*) echo '{"id":'"$id"',"body":{"id":1,"states":1},"metadata":{"topic":"products"}}' ;;
  *) echo '{"id":'"$id"'}' ;;
  esac
  read -r line || { echo "$1" >> ended; exit 0; }
done
`

func command(t *testing.T, text string) *verify.Command {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hook.sh")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	c, err := verify.StartCommand("cd "+filepath.Dir(file)+" && sh hook.sh", io.Discard)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestACommandMakesStatesAndMessages(t *testing.T) {
	c := command(t, script)
	values, err := c.Setup(t.Context(), "web", exists("pen"))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"id": json.Number("17")}, values)
	require.NoError(t, c.Teardown(t.Context(), "web", exists("pen")))
	_, err = c.Setup(t.Context(), "web", pact.State{Name: "broken"})
	require.ErrorContains(t, err, "no database")

	_, v := provider(t)
	v.States, v.Messages = c, c
	r, err := v.Verify(t.Context(), messages())
	require.NoError(t, err)
	assert.Equal(t, []verify.Outcome{verify.Passed, verify.Failed, verify.NotRun, verify.Passed}, outcomes(r), "%+v", r.Results)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	_, err = c.Setup(t.Context(), "web", exists("pen"))
	assert.ErrorContains(t, err, "closed")
}

func TestACommandThatMisbehavesIsEnded(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"no answer":    {"read -r line; echo nonsense; cat", "no answer"},
		"another's":    {`read -r line; echo '{"id":9}'; cat`, "did not answer event 1"},
		"no id":        {`read -r line; echo '{}'; cat`, "did not answer event 1"},
		"gone":         {"exit 3", "has ended"},
		"an endless":   {"read -r line; head -c 17000000 /dev/zero; cat", "has ended, or wrote"},
		"it is silent": {"cat > /dev/null", "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if name == "it is silent" {
				cancel()
			}
			defer cancel()
			hook := command(t, c.script)
			_, err := hook.Setup(ctx, "web", exists("pen"))
			require.ErrorContains(t, err, c.want)
			_, again := hook.Setup(ctx, "web", exists("pen"))
			require.Error(t, again)
			require.NoError(t, hook.Close())
		})
	}
}

func TestWithoutAProviderNothingIsVerified(t *testing.T) {
	_, err := (&verify.Verifier{}).Verify(t.Context(), pactOf())
	assert.ErrorContains(t, err, "no provider")
}

type failing struct{ error }

func (f failing) Setup(context.Context, string, pact.State) (map[string]any, error) {
	return nil, f
}
func (f failing) Teardown(context.Context, string, pact.State) error { return f }

func TestAStateThatFailsIsTheEnvironmentsFault(t *testing.T) {
	_, v := provider(t)
	v.States = failing{errors.New("no database")}
	r, err := v.Verify(t.Context(), pactOf(product("one", nil, exists("a"))))
	require.NoError(t, err)
	assert.Equal(t, contract.Inconclusive, r.Verdict)
	assert.Equal(t, "no database", r.Results[0].Detail)
}

func TestWhatIsNotAskedOfAPendingPactIsPendingToo(t *testing.T) {
	_, v := provider(t)
	v.Pending, v.Messages = true, nil
	r, err := v.Verify(t.Context(), pactOf(pact.Interaction{Description: "a message", Kind: pact.AsyncMessage}))
	require.NoError(t, err)
	assert.Equal(t, verify.NoMessages, r.Results[0].Reason)
	assert.True(t, r.Results[0].Pending)
}

func TestFieldsAloneThatAreSecretAreHidden(t *testing.T) {
	_, v := provider(t)
	v.Header = capture.Header{{Name: "X-Tenant", Value: "shop-7"}, {Name: "X-Shop", Value: "s3cret-key"}}
	v.Secret = []string{"x-shop"}
	r, err := v.Verify(t.Context(), pactOf(product("wrong", map[string]any{"name": "ink"}, exists("pen"))))
	require.NoError(t, err)
	assert.Contains(t, r.Results[0].Curl, "shop-7")
	assert.Contains(t, r.Results[0].Curl, "$H_X_SHOP")
	assert.NotContains(t, r.Results[0].Curl, "s3cret")
}
