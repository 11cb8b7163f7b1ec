package mesh

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// FuzzRoute: whatever VirtualService the API server would hand out, a route is
// found that could be answered, or an error says what is wrong.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{
		`{hosts: [catalog], http: [{route: [{destination: {host: catalog, subset: branch}, headers: {response: {set: {x-twinspect-route: branch}}}}]}]}`,
		`{hosts: ["*"], gateways: [mesh, a/b], exportTo: ["."], http: [{match: [{headers: {x-twinspect-lane: {exact: branch}}, gateways: [x]}], delegate: {name: leaf}}]}`,
		`{hosts: [catalog], http: [{match: [{}], route: [{weight: 1}, {weight: 0}], mirror: {host: x}, fault: {delay: {percentage: {value: 1}}}}]}`,
		`{hosts: [catalog], http: [{name: a, match: [{uri: {prefix: /items}}], delegate: {name: fuzz, namespace: shop}}, {redirect: {}}, {directResponse: {}}]}`,
		`{http: [{match: [{uri: {regex: "("}}]}]}`,
	} {
		f.Add(seed)
	}
	leaf := vs(f, "shop", "leaf", 1, `{http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: catalog, subset: base}}]}]}`)
	rule := dr(f, "shop", "d", 1, subsets)
	f.Fuzz(func(t *testing.T, body string) {
		var o istio.VirtualService
		if yaml.Unmarshal([]byte("spec: "+body), &o) != nil {
			t.Skip()
		}
		o.Namespace, o.Name = "shop", "fuzz"
		s := snapshot(t, entry(t), leaf, rule, &o)
		got, err := s.Route(ask(LaneBranch))
		if err == nil {
			assert.Positive(t, got.Endpoints.Ready)
			assert.Equal(t, LaneBranch, got.ResponseHeaders[AttestHeader])
		}
		p, err := s.Plan(spec())
		if err == nil {
			_, err = p.YAML()
			assert.NoError(t, err)
		}
	})
}

// BenchmarkRoute decides in a cluster of 1000 services with 10 pods each.
func BenchmarkRoute(b *testing.B) {
	var objects []runtime.Object
	for i := range 1000 {
		host := fmt.Sprintf("s%d", i)
		objects = append(objects, dr(b, "shop", host, 1, `{host: `+host+`}`),
			vs(b, "shop", host, 1, `{hosts: [`+host+`], http: [{route: [{destination: {host: `+host+`}}]}]}`))
	}
	s := snapshot(b, append(objects, kubeObjects(b)...)...)
	for i := range 10000 {
		s.Pods = append(s.Pods, Pod{Namespace: "shop", Name: fmt.Sprint("p", i), Ready: true})
	}
	made := applied(b, s, spec())
	s.DestinationRules = append(s.DestinationRules, made[0].(*istio.DestinationRule))
	s.VirtualServices = append(s.VirtualServices, made[1].(*istio.VirtualService))
	req := ask(LaneBase)
	req.Port = 8080
	for b.Loop() {
		_, err := s.Route(req)
		require.NoError(b, err)
	}
}
