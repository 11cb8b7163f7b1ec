//go:build e2e

package deploy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	kubestand "twinspect.dev/fixtures/stand/kube"
)

// definitions are the modules with the definitions of the kinds that the pieces have, and
// where they are in them. Kargo's module cannot be had; its Stage is held against what
// objects_test.go knows of it. The ServiceMonitor is of no module without its operator's.
var definitions = map[string]string{
	"github.com/fluxcd/flagger@v1.36.1":        "artifacts/flagger/crd.yaml",
	"github.com/argoproj/argo-rollouts@v1.8.3": "manifests/crds/*-crd.yaml",
	"github.com/tektoncd/pipeline@v1.0.0":      "config/300-crds/300-*.yaml",
}

// objects are those that are held against the server, in an order in which they can be made.
var objects = []string{
	"gate/common.yaml", "gate/replicated.yaml", "gate/single.yaml", "gate/secrets.example.yaml",
	"flagger/canary.yaml", "argo/analysistemplate.yaml", "argo/rollout.yaml", "tekton/task.yaml", "tekton/pipeline.yaml",
}

// A real API server knows every field of every kind, and refuses one that is not there.
func TestAnAPIServerTakesEveryObject(t *testing.T) {
	if err := kubestand.Available(); err != nil {
		t.Skip(err)
	}
	require.NoError(t, kubestand.Build(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	server, err := kubestand.Start(ctx, kubestand.Options{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	for module, pattern := range definitions {
		text := ""
		found, err := filepath.Glob(filepath.Join(download(t, module), pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, module)
		for _, path := range found {
			if text += "\n---\n" + read(t, path); !strings.Contains(read(t, path), "kind: CustomResourceDefinition") {
				t.Fatalf("%s defines no kind", path)
			}
		}
		require.NoError(t, server.ApplyCRDs(ctx, text), module)
	}
	for _, name := range []string{"twinspect", "shop"} {
		require.NoError(t, server.Apply(ctx, "{apiVersion: v1, kind: Namespace, metadata: {name: "+name+"}}"))
	}
	api := client(t, server)
	for _, path := range objects {
		for _, o := range documents(t, path) {
			assert.NoError(t, api.dryRun(ctx, o), path)
		}
	}
	wrong := ofKind(t, "flagger/canary.yaml", "Canary", "")
	at(t, wrong, "spec", "analysis").(object)["maxWieght"] = 50
	assert.ErrorContains(t, api.dryRun(ctx, wrong), "maxWieght", "what is misspelt is refused")
}

// download returns the folder of a module's sources.
func download(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module) //nolint:gosec // a constant
	cmd.Dir = t.TempDir()                                                             // of no module
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var m struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &m))
	return m.Dir
}

// apiClient asks an API server.
type apiClient struct {
	*http.Client
	url, token string
}

func client(t *testing.T, s *kubestand.Server) *apiClient {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile())
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &apiClient{&http.Client{Transport: transport}, s.URL(), s.Token()}
}

// dryRun applies an object without keeping it; a field that its kind does not have is an
// error.
func (c *apiClient) dryRun(ctx context.Context, o object) error {
	meta := o["metadata"].(object)
	version := o["apiVersion"].(string)
	root := "/apis/" + version
	if !strings.Contains(version, "/") {
		root = "/api/" + version
	}
	var list struct {
		Resources []struct {
			Name, Kind string
			Namespaced bool
		}
	}
	text, err := c.call(ctx, http.MethodGet, root, nil)
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return err
	}
	for _, r := range list.Resources {
		if r.Kind != o["kind"] || strings.Contains(r.Name, "/") {
			continue
		}
		path := root
		if r.Namespaced {
			namespace, _ := meta["namespace"].(string)
			if namespace == "" {
				namespace = "default"
			}
			path += "/namespaces/" + namespace
		}
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		_, err = c.call(ctx, http.MethodPatch, fmt.Sprintf("%s/%s/%s?dryRun=All&fieldValidation=Strict&fieldManager=test&force=true", path, r.Name, meta["name"]), body)
		return err
	}
	return fmt.Errorf("there is no kind %v in %s", o["kind"], version)
}

func (c *apiClient) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/apply-patch+yaml")
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	return text, err
}
