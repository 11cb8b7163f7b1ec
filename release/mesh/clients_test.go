package mesh

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func kubeconfig(t *testing.T, server string) string {
	path := filepath.Join(t.TempDir(), "config")
	doc := `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "` + server + `"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: one, context: {cluster: c, user: u, namespace: shop}}, {name: two, context: {cluster: c, user: u}}]
current-context: one
`
	require.NoError(t, os.WriteFile(path, []byte(doc), 0o600))
	return path
}

func TestConnectReadsTheContextAndAsksTheServer(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"major":"1","minor":"36"}`))
	}))
	defer server.Close()
	c, err := Connect(t.Context(), kubeconfig(t, server.URL), "")
	require.NoError(t, err)
	assert.Equal(t, "shop", c.Namespace)
	assert.Equal(t, []string{"/version"}, asked)
	c, err = Connect(t.Context(), kubeconfig(t, server.URL), "two")
	require.NoError(t, err)
	assert.Equal(t, "default", c.Namespace)
}

func TestConnectSaysWhatIsMissing(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := Connect(t.Context(), kubeconfig(t, server.URL), "")
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, server.URL)
	_, err = Connect(t.Context(), kubeconfig(t, server.URL), "three")
	require.ErrorIs(t, err, ErrInvalid)
	_, err = Connect(t.Context(), filepath.Join(t.TempDir(), "none"), "")
	require.ErrorIs(t, err, ErrInvalid)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Connect(ctx, kubeconfig(t, server.URL), "")
	assert.Error(t, err)
}
