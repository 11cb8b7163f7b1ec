package mesh

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"
)

func TestHostsAreResolvedAsIstioDoes(t *testing.T) {
	for in, want := range map[string]string{
		"catalog": catalog, "Catalog": catalog, "catalog.shop": "catalog.shop", "*": "*", "*.shop": "*.shop", "10.0.0.1": "10.0.0.1", "": "",
	} {
		assert.Equal(t, want, fqdn(in, "shop", "cluster.local"), in)
	}
}

func TestTheMostSpecificHostDecides(t *testing.T) {
	cases := []struct {
		patterns []string
		want     string
	}{
		{[]string{"*", "*.local", catalog, "*.shop.svc.cluster.local"}, catalog},
		{[]string{"*", "*.shop.svc.cluster.local", "*.local"}, "*.shop.svc.cluster.local"},
		{[]string{"*"}, "*"},
		{[]string{"other.shop.svc.cluster.local", "*.ops.svc.cluster.local"}, ""},
		{nil, ""},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, mostSpecific(c.patterns, catalog))
	}
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.Permutation([]string{"*", "*.local", catalog, "*.cluster.local", "x"}).Draw(t, "patterns")
		assert.Equal(t, catalog, mostSpecific(patterns, catalog), "whatever the order")
	})
}

func TestExportToDecidesWhoSees(t *testing.T) {
	cases := []struct {
		exportTo []string
		from     string
		seen     bool
	}{
		{nil, "web", true}, {[]string{"*"}, "web", true}, {[]string{"."}, "web", false}, {[]string{"."}, "shop", true},
		{[]string{"~"}, "shop", false}, {[]string{"web"}, "web", true}, {[]string{"web"}, "shop", false}, {[]string{".", "web"}, "web", true},
	}
	for _, c := range cases {
		assert.Equal(t, c.seen, exported(c.exportTo, "shop", c.from), "%v from %s", c.exportTo, c.from)
	}
}

// routed asks where a request of namespace goes and returns the VirtualService.
func routed(t *testing.T, s *Snapshot, req Request) (string, error) {
	t.Helper()
	got, err := s.Route(req)
	return got.VirtualService.Namespace + "/" + got.VirtualService.Name, err
}

func TestTheVirtualServiceIsChosenAsIstioDoes(t *testing.T) {
	to := func(hosts, rest string) string {
		return `{hosts: ` + hosts + `, http: [{route: [{destination: {host: ` + catalog + `}}]}]` + rest + `}`
	}
	cases := map[string]struct {
		objects []runtime.Object
		from    string
		want    string
	}{
		"a name before a wildcard":           {[]runtime.Object{vs(t, "a", "wild", 9, to(`["*"]`, "")), vs(t, "b", "exact", 1, to(`[`+catalog+`]`, ""))}, "shop", "b/exact"},
		"the longer wildcard":                {[]runtime.Object{vs(t, "a", "wild", 9, to(`["*.local"]`, "")), vs(t, "b", "shop", 1, to(`["*.shop.svc.cluster.local"]`, ""))}, "shop", "b/shop"},
		"a short name of its namespace":      {[]runtime.Object{vs(t, "web", "short", 9, to(`[catalog]`, "")), vs(t, "shop", "here", 1, to(`[catalog]`, ""))}, "shop", "shop/here"},
		"not what is not exported":           {[]runtime.Object{vs(t, "shop", "private", 9, to(`[catalog]`, `, exportTo: ["."]`)), vs(t, "ops", "public", 1, to(`[`+catalog+`]`, ""))}, "web", "ops/public"},
		"not what is of a gateway":           {[]runtime.Object{vs(t, "shop", "edge", 9, to(`[catalog]`, `, gateways: [edge]`)), vs(t, "ops", "mesh", 1, to(`[`+catalog+`]`, `, gateways: [edge, mesh]`))}, "shop", "ops/mesh"},
		"not what has no routes":             {[]runtime.Object{vs(t, "shop", "tcp", 9, `{hosts: [catalog], tcp: [{route: [{destination: {host: x}}]}]}`), vs(t, "ops", "http", 1, to(`[`+catalog+`]`, ""))}, "shop", "ops/http"},
		"the more specific of its own hosts": {[]runtime.Object{vs(t, "a", "both", 9, to(`["*", `+catalog+`]`, "")), vs(t, "b", "wild", 1, to(`["*.local"]`, ""))}, "shop", "a/both"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := routed(t, snapshot(t, append(c.objects, entry(t))...), Request{Namespace: c.from, Host: catalog})
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestAGatewayJoinsTheRoutesOfAllWithTheOpenOnesLast(t *testing.T) {
	open := vs(t, "shop", "open", 9, `{hosts: [`+catalog+`], gateways: [edge], http: [{route: [{destination: {host: catalog}}]}]}`)
	narrow := vs(t, "shop", "narrow", 1, `{hosts: [`+catalog+`], gateways: [shop/edge], http: [{match: [{uri: {prefix: /items}, gateways: [edge]}], route: [{destination: {host: catalog}}]}]}`)
	s := snapshot(t, entry(t), open, narrow)
	got, err := routed(t, s, Request{Namespace: "shop", Host: catalog, Gateway: "shop/edge", Path: "/items/1"})
	require.NoError(t, err)
	assert.Equal(t, "shop/narrow", got)
	got, err = routed(t, s, Request{Namespace: "shop", Host: catalog, Gateway: "shop/edge", Path: "/x"})
	require.NoError(t, err)
	assert.Equal(t, "shop/open", got)
}

func TestADelegateIsFollowedOneLevel(t *testing.T) {
	root := vs(t, "shop", "root", 9, `{hosts: [catalog], http: [
  {match: [{headers: {x-lost: {}}}], delegate: {name: gone}},
  {name: r, match: [{uri: {prefix: /items}}], delegate: {name: leaf, namespace: teams}, rewrite: {uri: /v2}, headers: {response: {set: {x-root: "1"}}}},
  {route: [{destination: {host: catalog, subset: base}}]}]}`)
	leaf := vs(t, "teams", "leaf", 9, `{http: [
  {name: contradicts, match: [{uri: {prefix: /other}}], route: [{destination: {host: x}}]},
  {name: regex, match: [{uri: {regex: ".*"}}], route: [{destination: {host: x}}]},
  {name: in, match: [{uri: {prefix: /items/1}, headers: {x-a: {exact: "1"}}}], route: [{destination: {host: catalog.shop.svc.cluster.local, subset: branch}}], headers: {response: {set: {x-leaf: "1"}}}},
  {name: rest, route: [{destination: {host: catalog.shop.svc.cluster.local, subset: base}}]}]}`)
	s := snapshot(t, entry(t), root, leaf, dr(t, "shop", "d", 1, subsets))
	req := Request{Namespace: "shop", Host: "catalog", Path: "/items/1", Header: map[string][]string{"X-A": {"1"}}}
	got, err := s.Route(req)
	require.NoError(t, err)
	assert.Equal(t, "r-in", got.Name)
	assert.Equal(t, Ref{kindVirtualService, "teams", "leaf"}, got.VirtualService)
	assert.Equal(t, 2, got.Index)
	assert.Equal(t, "branch", got.Subset)
	assert.Equal(t, map[string]string{"x-leaf": "1"}, got.ResponseHeaders)
	require.Len(t, got.Notes, 2)
	assert.Contains(t, got.Notes[0], "delegates to shop/gone")
	assert.Contains(t, got.Notes[1], "rewritten")

	req.Header = nil
	got, err = s.Route(req)
	require.NoError(t, err)
	assert.Equal(t, "r-rest", got.Name)
	assert.Equal(t, map[string]string{"x-root": "1"}, got.ResponseHeaders)

	req.Path = "/other"
	got, err = s.Route(req)
	require.NoError(t, err)
	assert.Equal(t, Ref{kindVirtualService, "shop", "root"}, got.VirtualService)

	leaf.Spec.ExportTo = []string{"."}
	req.Path = "/items/1"
	got, err = s.Route(req)
	require.NoError(t, err)
	assert.Equal(t, 2, got.Index, "what is not exported to the root is left out")
	assert.Contains(t, got.Notes[1], "not exported")
}

func TestTheDestinationRuleIsChosenAsIstioDoes(t *testing.T) {
	rule := func(ns, name string, age int, subset, rest string) *istio.DestinationRule {
		return dr(t, ns, name, age, `{host: `+catalog+`, subsets: [{name: `+subset+`, labels: {from: `+name+`}}]`+rest+`}`)
	}
	cases := map[string]struct {
		rules  []runtime.Object
		caller string
		labels map[string]string
		want   map[string]string // subset: the rule that its labels come from
		not    []string
	}{
		"rules of one host are joined":              {[]runtime.Object{rule("shop", "a", 2, "x", ""), rule("shop", "b", 1, "other", "")}, "shop", nil, map[string]string{"x": "a", "other": "b"}, nil},
		"of one name the older counts":              {[]runtime.Object{rule("shop", "b", 1, "x", ""), rule("shop", "a", 2, "x", "")}, "shop", nil, map[string]string{"x": "a"}, nil},
		"another exportTo keeps them apart":         {[]runtime.Object{rule("shop", "a", 2, "x", `, exportTo: [web]`), rule("shop", "b", 1, "other", "")}, "web", nil, map[string]string{"other": "b"}, []string{"x"}},
		"the caller's namespace comes first":        {[]runtime.Object{rule("shop", "a", 2, "x", ""), rule("web", "b", 1, "other", "")}, "web", nil, map[string]string{"other": "b"}, []string{"x"}},
		"the service's before the root's":           {[]runtime.Object{rule("istio-system", "a", 2, "x", ""), rule("shop", "b", 1, "other", "")}, "web", nil, map[string]string{"other": "b"}, []string{"x"}},
		"the root's at last":                        {[]runtime.Object{rule("istio-system", "a", 2, "x", ""), rule("ops", "b", 1, "other", "")}, "web", nil, map[string]string{"x": "a"}, []string{"other"}},
		"private ones are not seen":                 {[]runtime.Object{rule("shop", "a", 2, "x", `, exportTo: ["."]`)}, "web", nil, nil, []string{"x"}},
		"a name hides a wildcard, subsets and all":  {[]runtime.Object{dr(t, "shop", "w", 2, `{host: "*.local", subsets: [{name: x}]}`), rule("shop", "b", 1, "other", "")}, "shop", nil, map[string]string{"other": "b"}, []string{"x"}},
		"a selected caller has its own":             {[]runtime.Object{rule("shop", "a", 1, "x", `, workloadSelector: {matchLabels: {app: c}}`), rule("shop", "b", 2, "other", "")}, "shop", map[string]string{"app": "c"}, map[string]string{"x": "a"}, []string{"other"}},
		"others do not have it":                     {[]runtime.Object{rule("shop", "a", 1, "x", `, workloadSelector: {matchLabels: {app: c}}`), rule("shop", "b", 2, "other", "")}, "shop", nil, map[string]string{"other": "b"}, []string{"x"}},
		"the root's private one is for itself only": {[]runtime.Object{rule("istio-system", "a", 2, "x", `, exportTo: ["."]`)}, "istio-system", nil, map[string]string{"x": "a"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := snapshot(t, c.rules...).rule(catalog, "shop", c.caller, c.labels)
			for subset, from := range c.want {
				require.NotNil(t, r)
				require.NotNil(t, r.subset(subset), subset)
				assert.Equal(t, from, r.subset(subset).Labels["from"])
			}
			for _, subset := range c.not {
				assert.True(t, r == nil || r.subset(subset) == nil, subset)
			}
		})
	}
}

func TestWorkloadsBelongToAServiceEntryThatSelectsThem(t *testing.T) {
	e := entry(t)
	e.Spec.Endpoints = nil
	selected := decode[istio.ServiceEntry](t, `spec: {workloadSelector: {labels: {app: catalog}}}`)
	e.Spec.WorkloadSelector = selected.Spec.WorkloadSelector
	workload := func(name, labels, status string) *istio.WorkloadEntry {
		o := decode[istio.WorkloadEntry](t, `
spec: {address: 10.0.0.1, labels: `+labels+`}
status: {conditions: [`+status+`]}`)
		o.Namespace, o.Name = "shop", name
		return o
	}
	objects := []runtime.Object{
		e, workload("a", `{app: catalog, version: base}`, ""),
		workload("b", `{app: catalog, version: branch}`, `{type: Healthy, status: "False"}`),
		workload("c", `{app: other, version: branch}`, ""),
	}
	for _, o := range kubeObjects(t) {
		if p, ok := o.(*core.Pod); ok && p.Name == "catalog-base" {
			objects = append(objects, p)
		}
	}
	s := snapshot(t, objects...)
	s = snapshot(t, append(applied(t, s, spec()), objects...)...)
	got, err := s.Route(ask(LaneBase))
	require.NoError(t, err)
	assert.Equal(t, Endpoints{2, 2, 2, 3}, got.Endpoints)
	_, err = s.Route(ask(LaneBranch))
	assert.ErrorIs(t, err, ErrNotReady)
}
