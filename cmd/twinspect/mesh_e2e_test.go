//go:build e2e

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	istiostand "twinspect.dev/fixtures/stand/istio"
	kubestand "twinspect.dev/fixtures/stand/kube"
	"twinspect.dev/fixtures/stand/kube/child"
)

// meshPatience bounds a test with a control plane: ten times what it takes.
const meshPatience = 5 * time.Minute

// cluster is an API server, istiod, and a sidecar before a service in two versions.
type cluster struct {
	kube         *kubestand.Server
	url          string   // of the service, as its callers name it
	routes       string   // file
	flags        []string // that reach it
	base, branch *atomic.Int64
}

// priced serves products and counts; it names itself in each.
func priced(t *testing.T, ip, price string) (port int, asked *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	require.NoError(t, err)
	asked = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"path":%q,"price":%s}`, r.URL.Path, price)
	}))
	require.NoError(t, s.Listener.Close())
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return l.Addr().(*net.TCPAddr).Port, asked
}

func startCluster(t *testing.T, branchPrice string) *cluster {
	t.Helper()
	if err := istiostand.Available(); err != nil {
		t.Skip(err)
	}
	require.NoError(t, istiostand.Build(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), meshPatience)
	t.Cleanup(cancel)
	kube, err := kubestand.Start(ctx, kubestand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, kube.Close()) })
	istiod, err := istiostand.Start(ctx, kube, istiostand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, istiod.Close()) })
	c := &cluster{kube: kube}
	basePort, base := priced(t, "127.0.0.2", "12.50")
	branchPort, branch := priced(t, "127.0.0.3", branchPrice)
	c.base, c.branch = base, branch
	ports, err := child.FreePorts(ctx, "127.0.0.9", 1)
	require.NoError(t, err)
	c.apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog.shop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: %[1]d, name: http, protocol: HTTP}]
  endpoints:
  - {address: 127.0.0.2, labels: {version: v1}, ports: {http: %[2]d}}
  - {address: 127.0.0.3, labels: {version: v2}, ports: {http: %[3]d}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: caller, namespace: shop}
spec:
  workloadSelector: {labels: {app: caller}}
  egress:
  - port: {number: %[1]d, name: http, protocol: HTTP}
    bind: 127.0.0.9
    captureMode: NONE
    hosts: ["shop/*"]
`, ports[0], basePort, branchPort))
	sidecar := fmt.Sprintf("127.0.0.9:%d", ports[0])
	envoy, err := istiod.Envoy(ctx, istiostand.EnvoyOptions{Name: "caller", Namespace: "shop", Listen: sidecar})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, envoy.Close()) })
	c.routes = filepath.Join(t.TempDir(), "routes.yaml")
	require.NoError(t, os.WriteFile(c.routes, []byte("namespace: shop\nhost: catalog\nbase: {version: v1}\nbranch: {version: v2}\n"), 0o600))
	c.url = fmt.Sprintf("http://catalog.shop.svc.cluster.local:%d", ports[0])
	c.flags = []string{
		"--through", c.url, "--kubeconfig", kube.Kubeconfig(), "--caller-namespace", "shop",
		"--dial", fmt.Sprintf("base=%[1]s,branch=%[1]s,control=%[1]s", sidecar),
	}
	return c
}

func (c *cluster) apply(t *testing.T, manifest string) {
	t.Helper()
	require.NoError(t, c.kube.Apply(t.Context(), manifest))
}

func (c *cluster) remove(t *testing.T, manifest string) {
	t.Helper()
	require.NoError(t, c.kube.Delete(t.Context(), manifest))
}

// command runs routes for the cluster.
func (c *cluster) command(t *testing.T, args ...string) result {
	t.Helper()
	return twinspect(t.Context(), append(append([]string{"routes"}, args...), "--kubeconfig", c.kube.Kubeconfig())...)
}

func (c *cluster) diffRun(t *testing.T, file string, args ...string) result {
	t.Helper()
	return twinspect(t.Context(), append(append([]string{"diff-run", file}, c.flags...), args...)...)
}

func TestADiffRunThroughAMeshMakesItsRoutesProvesEachAnswerAndLeavesNothing(t *testing.T) {
	c, dir := startCluster(t, "12.51"), t.TempDir()
	r := c.diffRun(t, writeRecording(t, many(100)...), "--routes", c.routes, "--report", dir)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	report := evidence(t, dir)
	assert.Equal(t, []diff.Lane{
		{Side: "base", Lane: "base", Attested: 100}, {Side: "branch", Lane: "branch", Attested: 100}, {Side: "control", Lane: "base", Attested: 100},
	}, report.Replay.Lanes)
	assert.EqualValues(t, 100, report.Operations[0].Compared)
	regressions := report.Judged(diff.Regression)
	require.Len(t, regressions, 1)
	assert.Equal(t, "$.price", regressions[0].Path)
	assert.GreaterOrEqual(t, c.base.Load(), int64(200), "base and control, and probes")
	assert.GreaterOrEqual(t, c.branch.Load(), int64(100))
	assert.Contains(t, r.stderr, "made VirtualService shop/twinspect-catalog")

	left := c.command(t, "delete", "--namespace", "shop")
	assert.Equal(t, "nothing of ours is there\n", left.stdout, left.stderr)
}

func TestWhatWouldReachTheWrongVersionIsCaughtBeforeSending(t *testing.T) {
	c := startCluster(t, "12.50")
	file := writeRecording(t, many(5)...)
	caught := func(t *testing.T, says ...string) {
		t.Helper()
		r := c.diffRun(t, file)
		assert.Equal(t, 2, r.code, r.stdout)
		for _, s := range says {
			assert.Contains(t, r.stderr, s)
		}
		assert.Zero(t, c.base.Load()+c.branch.Load(), "nothing was sent")
	}
	t.Run("no routes at all", func(t *testing.T) { caught(t, "catalog.shop.svc.cluster.local") })

	made := c.command(t, "apply", "-f", c.routes)
	require.Zero(t, made.code, made.stderr)
	assert.Contains(t, made.stdout, "VirtualService shop/twinspect-catalog")
	again := c.command(t, "plan", "-f", c.routes)
	assert.Contains(t, again.stdout, "unchanged")

	t.Run("a second VirtualService of somebody", func(t *testing.T) {
		second := `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: somebodys, namespace: shop}
spec:
  hosts: [catalog.shop.svc.cluster.local]
  http: [{route: [{destination: {host: catalog.shop.svc.cluster.local}}]}]
`
		c.apply(t, second)
		caught(t, "VirtualService shop/somebodys", "VirtualService shop/twinspect-catalog")
		c.remove(t, second)
	})
	t.Run("a subset that nothing has", func(t *testing.T) {
		removed := c.command(t, "delete", "--namespace", "shop", "--name", "twinspect-catalog")
		require.Zero(t, removed.code, removed.stderr)
		own := strings.ReplaceAll(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: owners, namespace: shop}
spec:
  hosts: [HOST]
  http:
  - match: [{headers: {x-twinspect-lane: {exact: branch}}}]
    route: [{destination: {host: HOST, subset: greeen}, headers: {response: {set: {x-twinspect-route: branch}}}}]
  - route: [{destination: {host: HOST}, headers: {response: {set: {x-twinspect-route: base}}}}]
`, "HOST", "catalog.shop.svc.cluster.local")
		c.apply(t, own)
		caught(t, "greeen", "shop/owners")
		c.remove(t, own)
	})
	t.Run("a version without an endpoint", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "routes.yaml")
		require.NoError(t, os.WriteFile(none, []byte("namespace: shop\nhost: catalog\nbase: {version: v1}\nbranch: {version: v9}\n"), 0o600))
		require.Zero(t, c.command(t, "apply", "-f", none).code)
		caught(t, "version=v9", "twinspect-branch")
		require.Zero(t, c.command(t, "delete", "--namespace", "shop").code)
	})
}
