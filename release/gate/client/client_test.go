package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
)

const token = "twg_the-token-that-nobody-may-see"

func TestWhatGoesWrongIsSaidWithoutTheToken(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		away   bool
		says   string
	}{
		"away":  {says(http.StatusServiceUnavailable), true, "503"},
		"many":  {says(http.StatusTooManyRequests), true, "429"},
		"cut":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"verdict":"prom`)) }, false, "is no gate's server"},
		"other": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) }, false, "is no gate's server"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example/", http.StatusFound)
		}, true, "sends on to"},
		"problem": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"detail":"ci may not ask"}`))
		}, false, "ci may not ask"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, "is away"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.answer)
			defer s.Close()
			one, err := client.New(client.Config{URL: s.URL, Token: token})
			require.NoError(t, err)
			_, err = one.Ask(context.Background(), release.Subject{Service: "catalog", Digest: "sha256:1"}, 0)
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, c.away, assert.ErrorIs(&quiet{}, err, client.ErrAway))
			assert.NotContains(t, err.Error(), token)
		})
	}
}

// says answers with a status, and that there is no need to wait.
func says(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
	}
}

// quiet is a test that may fail.
type quiet struct{}

func (*quiet) Errorf(string, ...any) {}

func TestAURLWithASecretIsRefusedUnseen(t *testing.T) {
	for _, url := range []string{"gate:8080", "ftp://gate/", "https://user:" + token + "@gate/", "http://%zz"} {
		_, err := client.New(client.Config{URL: url})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), token)
	}
}
