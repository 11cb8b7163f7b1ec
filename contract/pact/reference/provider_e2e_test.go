//go:build e2e

package reference_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/replay/send"
)

// answer is what the provider says, right or wrong.
type answer struct {
	what   string
	status int
	header http.Header
	body   []byte
}

// provider answers as it is told: by path, and messages by their description.
type provider struct {
	url *url.URL

	mu      sync.Mutex
	answers map[string]answer
	states  []string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	p.url = u
	return p
}

func (p *provider) port(t *testing.T) int {
	port, err := strconv.Atoi(p.url.Port())
	require.NoError(t, err)
	return port
}

func (p *provider) tell(answers map[string]answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = answers
}

func (p *provider) changes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.states
	p.states = nil
	return all
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	key := r.URL.Path
	switch key {
	case "/states":
		var c struct {
			State, Action string
			Params        map[string]any
		}
		_ = json.Unmarshal(body, &c)
		if c.State != "" { // the reference tells of interactions without a state, too
			delete(c.Params, "action")
			p.states = append(p.states, c.Action+" "+c.State+" "+show(c.Params))
		}
		return
	case "/messages":
		var m struct{ Description string }
		_ = json.Unmarshal(body, &m)
		key = m.Description
	}
	a, ok := p.answers[key]
	if !ok {
		http.Error(w, "unknown "+key, http.StatusTeapot)
		return
	}
	w.Header()["Date"] = nil
	w.Header()["Content-Type"] = nil // none is made up
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func metadataHeader(metadata map[string]any) string {
	return base64.StdEncoding.EncodeToString([]byte(show(metadata)))
}

// ours is this module's verifier of a provider at an address.
func ours(t *testing.T, at *url.URL, states string) *verify.Verifier {
	t.Helper()
	client, err := send.New(send.Config{URL: at})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	v := &verify.Verifier{Sender: client, URL: at, Messages: &verify.HTTP{URL: at.JoinPath("messages")}}
	if states != "" {
		v.States = &verify.HTTP{URL: at.JoinPath(states)}
	}
	return v
}
