package mesh

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

const catalog = "catalog.shop.svc.cluster.local"

// spec is the routes that most tests ask for.
func spec() Routes {
	return Routes{
		Namespace: "shop", Host: "catalog", Run: "r1",
		Base: map[string]string{"version": "base"}, Branch: map[string]string{"version": "branch"},
	}
}

// decode reads one object, strictly, as the API server would.
func decode[T any](t testing.TB, doc string) *T {
	t.Helper()
	out := new(T)
	require.NoError(t, yaml.UnmarshalStrict([]byte(doc), out), doc)
	return out
}

// vs and dr take "namespace/name", age in hours and the spec in YAML.
func vs(t testing.TB, namespace, name string, age int, body string) *istio.VirtualService {
	o := decode[istio.VirtualService](t, "spec: "+body)
	o.Namespace, o.Name = namespace, name
	o.CreationTimestamp.Time = time.Unix(1e9, 0).Add(-time.Duration(age) * time.Hour)
	return o
}

func dr(t testing.TB, namespace, name string, age int, body string) *istio.DestinationRule {
	o := decode[istio.DestinationRule](t, "spec: "+body)
	o.Namespace, o.Name = namespace, name
	o.CreationTimestamp.Time = time.Unix(1e9, 0).Add(-time.Duration(age) * time.Hour)
	return o
}

// entry is the ServiceEntry of the stand: one endpoint a version.
func entry(t testing.TB) *istio.ServiceEntry {
	o := decode[istio.ServiceEntry](t, `
spec:
  hosts: [catalog.shop.svc.cluster.local]
  addresses: [127.0.10.1]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 8080, name: http, protocol: HTTP}]
  endpoints:
  - {address: 127.0.0.2, labels: {version: base}, ports: {http: 9912}}
  - {address: 127.0.0.3, labels: {version: branch}, ports: {http: 9913}}`)
	o.Namespace, o.Name = "shop", "catalog"
	return o
}

// kubeObjects is the same service as Kubernetes has it: the branch is not ready.
func kubeObjects(t testing.TB) []runtime.Object {
	svc := decode[core.Service](t, `
metadata: {namespace: shop, name: catalog}
spec: {selector: {app: catalog}, ports: [{name: http, port: 8080}, {name: admin, port: 9090}]}`)
	slice := decode[discovery.EndpointSlice](t, `
metadata: {namespace: shop, name: catalog-1, labels: {kubernetes.io/service-name: catalog}}
addressType: IPv4
ports: [{name: http, port: 9912}]
endpoints:
- {addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: catalog-base}}
- {addresses: [10.0.0.2], conditions: {ready: false}, targetRef: {kind: Pod, name: catalog-branch}}`)
	pod := func(version, ready string) *core.Pod {
		return decode[core.Pod](t, `
metadata: {namespace: shop, name: catalog-`+version+`, labels: {app: catalog, version: `+version+`}}
status: {conditions: [{type: Ready, status: "`+ready+`"}]}`)
	}
	return []runtime.Object{svc, slice, pod("base", "True"), pod("branch", "False")}
}

func snapshot(t testing.TB, objects ...runtime.Object) *Snapshot {
	s := &Snapshot{Domain: "cluster.local", RootNamespace: "istio-system"}
	for _, o := range objects {
		switch o := o.(type) {
		case *istio.VirtualService:
			s.VirtualServices = append(s.VirtualServices, o)
		case *istio.DestinationRule:
			s.DestinationRules = append(s.DestinationRules, o)
		case *istio.ServiceEntry:
			s.ServiceEntries = append(s.ServiceEntries, o)
		case *istio.WorkloadEntry:
			s.WorkloadEntries = append(s.WorkloadEntries, o)
		case *istio.Sidecar:
			s.Sidecars = append(s.Sidecars, o)
		case *core.Service:
			s.Services = append(s.Services, o)
		case *discovery.EndpointSlice:
			s.Slices = append(s.Slices, o)
		case *core.Pod:
			s.Pods = append(s.Pods, podOf(o))
		default:
			require.Fail(t, "no place for", "%T", o)
		}
	}
	s.sort()
	return s
}

// applied returns the objects of the plan as they would stand in the cluster.
func applied(t testing.TB, s *Snapshot, r Routes) []runtime.Object {
	p, err := s.Plan(r)
	require.NoError(t, err)
	var out []runtime.Object
	for _, st := range p.Steps {
		out = append(out, st.want)
	}
	return out
}

func ask(lane string) Request {
	r := Request{Namespace: "shop", Host: "catalog", Method: "GET", Path: "/items/1?full=1"}
	if lane != "" {
		r = r.InLane(spec(), lane)
	}
	return r
}
