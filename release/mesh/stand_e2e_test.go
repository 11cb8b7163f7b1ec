//go:build e2e

package mesh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"twinspect.dev/capture"
	istiostand "twinspect.dev/fixtures/stand/istio"
	kubestand "twinspect.dev/fixtures/stand/kube"
	"twinspect.dev/fixtures/stand/kube/child"
	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

const (
	// patience bounds each test: thirty times what the slowest takes.
	patience = 5 * time.Minute
	// callerIP is where the callers' sidecars listen.
	callerIP = "127.0.0.9"
)

// stand is what the tests share: an API server, istiod, and their clients.
type stand struct {
	kube    *kubestand.Server
	istiod  *istiostand.Istiod
	clients *mesh.Clients
}

var (
	theStand stand
	// begin starts the stand once, for the first test that needs it.
	begin = sync.OnceValue(func() error { return theStand.start(context.Background()) })
	// namespaces numbers those of the tests.
	namespaces atomic.Int32
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := theStand.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func (s *stand) start(ctx context.Context) (err error) {
	if err := istiostand.Build(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.kube, err = kubestand.Start(ctx, kubestand.Options{}); err != nil {
		return err
	}
	if s.istiod, err = istiostand.Start(ctx, s.kube, istiostand.Options{}); err != nil {
		return err
	}
	s.clients, err = mesh.Connect(ctx, s.kube.Kubeconfig(), "")
	return err
}

func (s *stand) close() error {
	var errs []error
	if s.istiod != nil {
		errs = append(errs, s.istiod.Close())
	}
	if s.kube != nil {
		errs = append(errs, s.kube.Close())
	}
	return errors.Join(errs...)
}

// shop is a namespace with the service catalog, whose versions are two servers,
// and with the Sidecar of a caller.
type shop struct {
	*stand
	ctx             context.Context
	Namespace, Host string
	// Port is the service's, and the one where the caller's sidecar listens.
	Port         int
	Base, Branch *version
}

const shopManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: {{.Namespace}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: catalog, namespace: {{.Namespace}}}
spec:
  hosts: [{{.Host}}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: {{.Port}}, name: http, protocol: HTTP}]
  endpoints:
  - {address: {{.Base.IP}}, labels: {version: base}, ports: {http: {{.Base.Port}}}}
  - {address: {{.Branch.IP}}, labels: {version: branch}, ports: {http: {{.Branch.Port}}}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: caller, namespace: {{.Namespace}}}
spec:
  workloadSelector: {labels: {app: caller}}
  egress:
  - port: {number: {{.Port}}, name: http, protocol: HTTP}
    bind: 127.0.0.9
    captureMode: NONE
    hosts: ["{{.Namespace}}/*"]
`

// newShop applies the namespace and its objects; it skips where no stand can be.
func newShop(t *testing.T) *shop {
	t.Helper()
	if err := istiostand.Available(); err != nil {
		t.Skip(err)
	}
	require.NoError(t, begin())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ports, err := child.FreePorts(ctx, callerIP, 1)
	require.NoError(t, err)
	s := &shop{stand: &theStand, ctx: ctx, Namespace: fmt.Sprintf("shop-%d", namespaces.Add(1)), Port: ports[0],
		Base: serve(ctx, t, "127.0.0.2", "base"), Branch: serve(ctx, t, "127.0.0.3", "branch")}
	s.Host = "catalog." + s.Namespace + ".svc.cluster.local"
	s.apply(t, shopManifest, s)
	return s
}

// apply fills the text in and makes its objects what it says.
func (s *shop) apply(t *testing.T, text string, data any) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, template.Must(template.New("").Funcs(template.FuncMap{"name": objectName}).Parse(text)).Execute(&b, data))
	require.NoError(t, s.kube.Apply(s.ctx, b.String()), b.String())
}

// routes are those of the catalog.
func (s *shop) routes() mesh.Routes {
	return mesh.Routes{Namespace: s.Namespace, Host: "catalog", Run: "run-1",
		Base: map[string]string{"version": "base"}, Branch: map[string]string{"version": "branch"}}
}

func (s *shop) plan(t *testing.T, r mesh.Routes) *mesh.Plan {
	t.Helper()
	p, err := mesh.MakePlan(s.ctx, s.clients, r)
	require.NoError(t, err)
	return p
}

// applyRoutes applies them.
func (s *shop) applyRoutes(t *testing.T, r mesh.Routes) *mesh.Applied {
	t.Helper()
	a, err := mesh.Apply(s.ctx, s.clients, s.plan(t, r))
	require.NoError(t, err)
	return a
}

// request is one of the caller to the catalog, in no lane.
func (s *shop) request() mesh.Request {
	return mesh.Request{Namespace: s.Namespace, Labels: map[string]string{"app": "caller"}, Host: s.Host, Port: uint32(s.Port), Path: "/things"}
}

func (s *shop) check(lane string) (mesh.Route, error) {
	r := s.request()
	if lane != "" {
		r = r.InLane(s.routes(), lane)
	}
	return mesh.Check(s.ctx, s.clients, r)
}

// envoy starts the caller's sidecar.
func (s *shop) envoy(t *testing.T) sidecar {
	t.Helper()
	e, err := s.istiod.Envoy(s.ctx, istiostand.EnvoyOptions{Name: "caller", Namespace: s.Namespace,
		Listen: net.JoinHostPort(callerIP, fmt.Sprint(s.Port))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	return e
}

// caller sends requests to the sidecar as they are, Host included.
func caller(t *testing.T, e sidecar) *send.Client {
	t.Helper()
	to, err := url.Parse(e.URL())
	require.NoError(t, err)
	c, err := send.New(send.Config{URL: to, KeepHost: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// get is a request for the target with the fields, as pairs.
func get(host, target string, fields ...string) *replay.Ask {
	ask := new(replay.Ask)
	ask.Request.Method, ask.Request.Target, ask.Request.Proto = http.MethodGet, target, "HTTP/1.1"
	ask.Request.Header = capture.Header{{Name: "Host", Value: host}}
	for i := 0; i < len(fields); i += 2 {
		ask.Request.Header = append(ask.Request.Header, capture.Field{Name: fields[i], Value: fields[i+1]})
	}
	ask.Recorded = &capture.Exchange{Request: ask.Request}
	return ask
}

// soon waits for the condition.
func soon(t *testing.T, holds func() bool, why ...any) {
	t.Helper()
	require.Eventually(t, holds, 30*time.Second, 2*time.Millisecond, why...)
}

// version is a server that answers with its name and counts the requests. It
// claims to be a lane of its own, which no route may let through.
type version struct {
	Name, IP string
	Port     int
	asked    atomic.Int64
}

func serve(ctx context.Context, t *testing.T, ip, name string) *version {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(ip, "0"))
	require.NoError(t, err)
	v := &version{Name: name, IP: ip, Port: l.Addr().(*net.TCPAddr).Port}
	server := httptest.NewUnstartedServer(v)
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return v
}

// ServeHTTP implements http.Handler.
func (v *version) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	v.asked.Add(1)
	w.Header().Set("X-Twinspect-Route", "the service itself")
	_, _ = io.WriteString(w, v.Name)
}

// sidecar is what requests are sent to.
type sidecar = *istiostand.Envoy

func (s *shop) virtualService(t *testing.T, name string) *istio.VirtualService {
	t.Helper()
	vs, err := s.clients.Istio.NetworkingV1().VirtualServices(s.Namespace).Get(s.ctx, name, metav1.GetOptions{})
	require.NoError(t, err)
	return vs
}

// get returns the error of reading an object.
func (s *shop) get(ref mesh.Ref) (err error) {
	net := s.clients.Istio.NetworkingV1()
	if ref.Kind == "VirtualService" {
		_, err = net.VirtualServices(ref.Namespace).Get(s.ctx, ref.Name, metav1.GetOptions{})
	} else {
		_, err = net.DestinationRules(ref.Namespace).Get(s.ctx, ref.Name, metav1.GetOptions{})
	}
	return err
}
