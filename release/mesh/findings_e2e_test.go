//go:build e2e

package mesh_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"twinspect.dev/release/mesh"
)

func TestWhatWouldGoWrongIsNamedBeforeARequestIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		routes string
		kind   error
		says   string
		status int // what the sidecar answers in the branch's lane
	}{
		"a subset of nobody": {`[{route: [{destination: {host: {{.Host}}, subset: gone}, headers: {response: {set: {x-twinspect-route: branch}}}}]}]`,
			mesh.ErrSubset, `names subset "gone"`, 503},
		"no attestation": {`[{route: [{destination: {host: {{.Host}}}}]}]`, mesh.ErrUnattested, "sets x-twinspect-route", 200},
		"a split":        {`[{route: [{destination: {host: {{.Host}}}, weight: 90}, {destination: {host: other.example}, weight: 10}]}]`, mesh.ErrSplit, "by weight", 0},
		"nobody's route": {`[{match: [{uri: {prefix: /elsewhere}}], route: [{destination: {host: {{.Host}}}}]}]`, mesh.ErrUnrouted, "404", 404},
		"an own answer":  {`[{directResponse: {status: 418}}]`, mesh.ErrUnrouted, "418", 418},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.apply(t, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: theirs, namespace: {{.Namespace}}}, spec: {hosts: [{{.Host}}], http: `+c.routes+`}}`, s)
			_, err := s.check(mesh.LaneBranch)
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "VirtualService "+s.Namespace+"/theirs")
			_, err = mesh.MakePlan(s.ctx, s.clients, s.routes())
			var conflict *mesh.ConflictError
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, []mesh.Ref{{Kind: "VirtualService", Namespace: s.Namespace, Name: "theirs"}}, conflict.Claims)
			if c.status == 0 {
				return
			}
			to := caller(t, s.envoy(t))
			soon(t, func() bool {
				a := to.Send(s.ctx, get(s.Host, "/things", mesh.LaneHeader, mesh.LaneBranch))
				return a.Response.Status == c.status
			})
		})
	}
}

func TestOfTwoVirtualServicesTheSidecarTakesTheFirstThatTheErrorNames(t *testing.T) {
	s := newShop(t)
	e := s.envoy(t)
	s.applyRoutes(t, s.routes())
	s.proven(t, e, mesh.LaneBranch)
	ours := s.virtualService(t, "twinspect-catalog")
	// The age of an object is known to the second.
	soon(t, func() bool { return time.Now().Unix() > ours.CreationTimestamp.Unix() })
	s.apply(t, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a-younger, namespace: {{.Namespace}}}, spec: {hosts: [{{.Host}}],
  http: [{route: [{destination: {host: {{.Host}}}, headers: {response: {set: {x-twinspect-route: younger}}}}]}]}}`, s)
	_, err := s.check(mesh.LaneBranch)
	var conflict *mesh.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, []mesh.Ref{
		{Kind: "VirtualService", Namespace: s.Namespace, Name: "twinspect-catalog"},
		{Kind: "VirtualService", Namespace: s.Namespace, Name: "a-younger"},
	}, conflict.Claims)
	require.ErrorContains(t, err, s.Namespace+"/twinspect-catalog and to VirtualService "+s.Namespace+"/a-younger")

	s.marked(t, e)
	s.proven(t, e, mesh.LaneBranch)
	to := caller(t, e)
	_, err = mesh.Delete(s.ctx, s.clients, mesh.Owned{Namespace: s.Namespace})
	require.NoError(t, err)
	soon(t, func() bool {
		return to.Send(s.ctx, get(s.Host, "/")).Response.Header.Get("x-twinspect-route") == "younger"
	})
}

func TestWhatTheSidecarLeavesOutIsNotReached(t *testing.T) {
	s := newShop(t)
	s.applyRoutes(t, s.routes())
	e := s.envoy(t)
	s.proven(t, e, mesh.LaneBranch)
	s.apply(t, strings.Replace(shopManifest, `hosts: ["{{.Namespace}}/*"]`, `hosts: ["{{.Namespace}}/*", "~{{.Namespace}}/{{.Host}}"]`, 1), s)
	_, err := s.check(mesh.LaneBranch)
	require.ErrorIs(t, err, mesh.ErrUnrouted)
	to := caller(t, e)
	soon(t, func() bool {
		a := to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, mesh.LaneBranch))
		return string(a.Response.Body) != "branch"
	})
}

// marked waits until the sidecar knows a VirtualService that is created now, and
// so all that were created before.
func (s *shop) marked(t *testing.T, e sidecar) {
	t.Helper()
	s.apply(t, `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: marker, namespace: {{.Namespace}}}
spec: {hosts: [marker.{{.Namespace}}.test], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: {{.Port}}, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: marker, namespace: {{.Namespace}}}
spec: {hosts: [marker.{{.Namespace}}.test], http: [{directResponse: {status: 418}}]}
`, s)
	to := caller(t, e)
	soon(t, func() bool { return to.Send(s.ctx, get("marker."+s.Namespace+".test", "/")).Response.Status == 418 })
}

func TestAVersionWithoutAReadyEndpointIsNamedBeforeARequestIsSent(t *testing.T) {
	t.Run("a ServiceEntry's endpoint is removed", func(t *testing.T) {
		s := newShop(t)
		s.applyRoutes(t, s.routes())
		_, err := s.check(mesh.LaneBranch)
		require.NoError(t, err)
		entries := s.clients.Istio.NetworkingV1().ServiceEntries(s.Namespace)
		e, err := entries.Get(s.ctx, "catalog", metav1.GetOptions{})
		require.NoError(t, err)
		e.Spec.Endpoints = e.Spec.Endpoints[:1]
		_, err = entries.Update(s.ctx, e, metav1.UpdateOptions{})
		require.NoError(t, err)
		_, err = s.check(mesh.LaneBranch)
		require.ErrorIs(t, err, mesh.ErrNotReady)
		require.ErrorContains(t, err, "ServiceEntry "+s.Namespace+`/catalog has no ready endpoint for subset "twinspect-branch"`)
		require.ErrorContains(t, err, "none labelled version=branch")
		_, err = s.check(mesh.LaneBase)
		require.NoError(t, err)
		to := caller(t, s.envoy(t))
		soon(t, func() bool {
			return to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, mesh.LaneBranch)).Response.Status == 503
		})
	})
	t.Run("a Service's pod is not ready", func(t *testing.T) {
		s := newShop(t)
		s.kubernetesService(t)
		_, err := mesh.Apply(s.ctx, s.clients, s.plan(t, s.storeRoutes()))
		require.NoError(t, err)
		e := s.envoy(t)
		at, err := s.checkStore()
		require.NoError(t, err)
		require.Equal(t, mesh.Endpoints{Ready: 1, Total: 1, ServiceReady: 2, ServiceTotal: 2}, at.Endpoints)
		s.waitEndpoints(t, e, map[string]bool{branchPodIP: true})

		s.branchReady(t, false)
		_, err = s.checkStore()
		require.ErrorIs(t, err, mesh.ErrNotReady)
		require.ErrorContains(t, err, "Service "+s.Namespace+`/store has no ready endpoint for subset "twinspect-branch"`)
		require.ErrorContains(t, err, "the service has 2 endpoints, 1 ready, 1 labelled version=branch and none of them ready")
		s.waitEndpoints(t, e, map[string]bool{})

		s.branchReady(t, true)
		_, err = s.checkStore()
		require.NoError(t, err)
		s.waitEndpoints(t, e, map[string]bool{branchPodIP: true})
	})
}

func TestAServiceOfKubernetesWithWorkloadsIsAnsweredByItsVersions(t *testing.T) {
	s := newShop(t)
	s.kubernetesService(t)
	s.apply(t, `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: one, namespace: {{.Namespace}}, labels: {app: store}}
spec: {address: {{.Branch.IP}}, labels: {app: store, version: loopback}, ports: {http: {{.Branch.Port}}}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: two, namespace: {{.Namespace}}, labels: {app: store}}
spec: {address: {{.Base.IP}}, labels: {app: store, version: other}, ports: {http: {{.Base.Port}}}}
`, s)
	r := s.storeRoutes()
	r.Base, r.Branch = map[string]string{"version": "other"}, map[string]string{"version": "loopback"}
	_, err := mesh.Apply(s.ctx, s.clients, s.plan(t, r))
	require.NoError(t, err)
	at, err := s.checkStore()
	require.NoError(t, err)
	require.Equal(t, mesh.Endpoints{Ready: 1, Total: 1, ServiceReady: 4, ServiceTotal: 4}, at.Endpoints)
	to := caller(t, s.envoy(t))
	for _, lane := range []string{"base", "branch"} {
		soon(t, func() bool {
			a := to.Send(s.ctx, get("store."+s.Namespace, "/", mesh.LaneHeader, lane))
			return string(a.Response.Body) == lane && a.Response.Header.Get(mesh.AttestHeader) == lane
		}, lane)
	}
}

// Documentation addresses (RFC 5737): the API server takes none of loopback for
// a slice, and nothing is sent to them.
const basePodIP, branchPodIP = "192.0.2.10", "192.0.2.11"

// kubernetesService makes the service store as a cluster with nodes has it.
func (s *shop) kubernetesService(t *testing.T) {
	t.Helper()
	s.apply(t, `
apiVersion: v1
kind: Service
metadata: {name: store, namespace: {{.Namespace}}}
spec: {selector: {app: store}, ports: [{name: http, port: {{.Port}}, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: store-base, namespace: {{.Namespace}}, labels: {app: store, version: base}}
spec: {containers: [{name: store, image: store}]}
---
apiVersion: v1
kind: Pod
metadata: {name: store-branch, namespace: {{.Namespace}}, labels: {app: store, version: branch}}
spec: {containers: [{name: store, image: store}]}
`, s)
	s.podStatus(t, "store-base", basePodIP, true)
	s.branchReady(t, true)
}

// branchReady says of the branch's pod what a kubelet and the controller of
// slices would.
func (s *shop) branchReady(t *testing.T, ready bool) {
	t.Helper()
	s.podStatus(t, "store-branch", branchPodIP, ready)
	s.apply(t, fmt.Sprintf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: store-1, namespace: {{.Namespace}}, labels: {kubernetes.io/service-name: store}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [%s], conditions: {ready: true}, targetRef: {kind: Pod, name: store-base, namespace: {{.Namespace}}}}
- {addresses: [%s], conditions: {ready: %t}, targetRef: {kind: Pod, name: store-branch, namespace: {{.Namespace}}}}
`, basePodIP, branchPodIP, ready), s)
}

func (s *shop) podStatus(t *testing.T, name, ip string, ready bool) {
	t.Helper()
	pods := s.clients.Kube.CoreV1().Pods(s.Namespace)
	p, err := pods.Get(s.ctx, name, metav1.GetOptions{})
	require.NoError(t, err)
	status := core.ConditionFalse
	if ready {
		status = core.ConditionTrue
	}
	p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = core.PodRunning, ip, []core.PodIP{{IP: ip}}
	p.Status.Conditions = []core.PodCondition{{Type: core.PodReady, Status: status}}
	_, err = pods.UpdateStatus(s.ctx, p, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func (s *shop) storeRoutes() mesh.Routes {
	r := s.routes()
	r.Host = "store"
	return r
}

func (s *shop) checkStore() (mesh.Route, error) {
	r := s.request()
	r.Host = "store"
	return mesh.Check(s.ctx, s.clients, r.InLane(s.storeRoutes(), mesh.LaneBranch))
}

// waitEndpoints waits until the sidecar knows these addresses for the branch, and
// no other, as ready.
func (s *shop) waitEndpoints(t *testing.T, e sidecar, want map[string]bool) {
	t.Helper()
	cluster := fmt.Sprintf("outbound|%d|twinspect-branch|store.%s.svc.cluster.local", s.Port, s.Namespace)
	require.NoError(t, e.WaitFor(s.ctx, func(dump []byte) bool {
		got, known := endpointsOf(t, dump, cluster)
		return known && fmt.Sprint(got) == fmt.Sprint(want)
	}))
}

func endpointsOf(t *testing.T, dump []byte, cluster string) (ready map[string]bool, known bool) {
	t.Helper()
	var text struct {
		Configs []struct {
			Dynamic []struct {
				Config struct {
					Cluster   string `json:"cluster_name"`
					Endpoints []struct {
						LB []struct {
							Health   string `json:"health_status"`
							Endpoint struct {
								Address struct {
									Socket struct{ Address string } `json:"socket_address"`
								}
							}
						} `json:"lb_endpoints"`
					}
				} `json:"endpoint_config"`
			} `json:"dynamic_endpoint_configs"`
		}
	}
	require.NoError(t, json.Unmarshal(dump, &text))
	ready = map[string]bool{}
	for _, c := range text.Configs {
		for _, d := range c.Dynamic {
			if d.Config.Cluster != cluster {
				continue
			}
			known = true
			for _, locality := range d.Config.Endpoints {
				for _, lb := range locality.LB {
					if lb.Health == "HEALTHY" {
						ready[lb.Endpoint.Address.Socket.Address] = true
					}
				}
			}
		}
	}
	return ready, known
}
