package mesh

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestOurRoutesSendEachLaneToItsSubset(t *testing.T) {
	s := snapshot(t, entry(t))
	s = snapshot(t, append(applied(t, s, spec()), entry(t))...)
	cases := map[string]struct {
		header http.Header
		lane   string
	}{
		"nothing":                       {nil, LaneBase},
		"header base":                   {http.Header{"X-Twinspect-Lane": {"base"}}, LaneBase},
		"header branch":                 {http.Header{"X-Twinspect-Lane": {"branch"}}, LaneBranch},
		"header in lower case":          {http.Header{"x-twinspect-lane": {"branch"}}, LaneBranch},
		"unknown lane":                  {http.Header{"X-Twinspect-Lane": {"branch2"}}, LaneBase},
		"baggage branch":                {http.Header{"Baggage": {"a=b,lane=branch"}}, LaneBranch},
		"baggage branch alone":          {http.Header{"Baggage": {"lane=branch"}}, LaneBranch},
		"baggage with property":         {http.Header{"Baggage": {"a=b, lane=branch;p=1,c=d"}}, LaneBranch},
		"baggage in two lines":          {http.Header{"Baggage": {"a=b", "lane=branch"}}, LaneBranch},
		"baggage that only begins so":   {http.Header{"Baggage": {"lane=branches"}}, LaneBase},
		"baggage that only ends so":     {http.Header{"Baggage": {"airlane=branch"}}, LaneBase},
		"header is before baggage":      {http.Header{"X-Twinspect-Lane": {"base"}, "Baggage": {"lane=branch"}}, LaneBase},
		"unknown lane before baggage":   {http.Header{"X-Twinspect-Lane": {"x"}, "Baggage": {"lane=branch"}}, LaneBase},
		"header branch before baggage":  {http.Header{"X-Twinspect-Lane": {"branch"}, "Baggage": {"lane=base"}}, LaneBranch},
		"an empty header is no lane":    {http.Header{"X-Twinspect-Lane": {""}, "Baggage": {"lane=branch"}}, LaneBase},
		"first of two lanes in baggage": {http.Header{"Baggage": {"lane=base,lane=branch"}}, LaneBranch},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req := ask("")
			req.Header, req.Lane = c.header, c.lane
			got, err := s.Route(req)
			require.NoError(t, err)
			assert.Equal(t, "twinspect-"+c.lane, got.Subset)
			assert.Equal(t, catalog, got.Host)
			assert.Equal(t, uint32(8080), got.Port)
			assert.Equal(t, map[string]string{AttestHeader: c.lane}, got.ResponseHeaders)
			assert.Equal(t, Endpoints{Ready: 1, Total: 1, ServiceReady: 2, ServiceTotal: 2}, got.Endpoints)
			assert.Equal(t, Ref{kindVirtualService, "shop", "twinspect-catalog"}, got.VirtualService)
		})
	}
}

const subsets = `{host: catalog, subsets: [{name: base, labels: {version: base}}, {name: branch, labels: {version: branch}}]}`

func TestRouteErrorsNameTheFindingAndTheRemedy(t *testing.T) {
	rule := dr(t, "shop", "catalog", 9, subsets)
	to := func(subset, rest string) string {
		return `{hosts: [catalog], http: [{route: [{destination: {host: catalog, subset: ` + subset + `}` + rest + `}]}]}`
	}
	attest := `, headers: {response: {set: {X-Twinspect-Route: branch}}}`
	cases := map[string]struct {
		objects []runtime.Object
		kind    error
		says    []string
	}{
		"no VirtualService": {nil, ErrUnrouted, []string{"no VirtualService of " + catalog, "apply the routes"}},
		"two of one host": {[]runtime.Object{vs(t, "shop", "a", 2, to("branch", attest)), vs(t, "ops", "b", 1, `{hosts: [`+catalog+`], http: [{route: [{destination: {host: x}}]}]}`)},
			ErrConflict, []string{"VirtualService shop/a and to VirtualService ops/b", "gateway mesh"}},
		"missing subset": {[]runtime.Object{rule, vs(t, "shop", "a", 2, to("canary", attest))},
			ErrSubset, []string{`subset "canary"`, "VirtualService shop/a", "shop/catalog (subsets base, branch)", "503"}},
		"no rule at all": {[]runtime.Object{vs(t, "shop", "a", 2, to("branch", attest))}, ErrSubset, []string{"there is none for the host"}},
		"not attested": {[]runtime.Object{rule, vs(t, "shop", "a", 2, to("branch", ""))}, ErrUnattested,
			[]string{"set x-twinspect-route: branch in its response headers"}},
		"attested as another": {[]runtime.Object{rule, vs(t, "shop", "a", 2, to("branch", `, headers: {response: {set: {x-twinspect-route: base}}}`))},
			ErrUnattested, []string{`to "base"`}},
		"attested twice": {[]runtime.Object{rule, vs(t, "shop", "a", 2, to("branch", `, headers: {response: {set: {x-twinspect-route: branch}, add: {x-twinspect-route: base}}}`))},
			ErrUnattested, []string{`to "branch,base"`}},
		"weights": {[]runtime.Object{rule, vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{route: [{destination: {host: catalog, subset: base}, weight: 90}, {destination: {host: catalog, subset: branch}, weight: 10}]}]}`)},
			ErrSplit, []string{"90 to base, 10 to branch"}},
		"redirect":        {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{redirect: {uri: /x}}]}`)}, ErrUnrouted, []string{"redirects"}},
		"direct response": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{directResponse: {status: 503}}]}`)}, ErrUnrouted, []string{"with 503 itself"}},
		"abort": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{fault: {abort: {httpStatus: 500, percentage: {value: 5}}}, route: [{destination: {host: catalog}}]}]}`)},
			ErrUnrouted, []string{"aborts 5 %"}},
		"nowhere": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{name: x}]}`)}, ErrUnrouted, []string{"goes nowhere"}},
		"no match": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{match: [{uri: {exact: /x}}], route: [{destination: {host: catalog}}]}]}`)},
			ErrUnrouted, []string{"none of the 1 routes", "404"}},
		"bad expression": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{match: [{uri: {regex: "("}}], route: [{destination: {host: catalog}}]}]}`)},
			ErrUndecided, []string{"route 0 of VirtualService shop/a", `"("`}},
		"token": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{match: [{headers: {"@request.auth.claims.sub": {exact: x}}}], route: [{destination: {host: catalog}}]}]}`)},
			ErrUndecided, []string{"@request.auth.claims.sub"}},
		"unknown destination": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{route: [{destination: {host: gone}`+attest+`}]}]}`)},
			ErrUnrouted, []string{"gone.shop.svc.cluster.local"}},
		"unknown port": {[]runtime.Object{rule, vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{route: [{destination: {host: catalog, port: {number: 1}}`+attest+`}]}]}`)},
			ErrUnrouted, []string{"no port 1, only [8080]"}},
		"no endpoint": {[]runtime.Object{dr(t, "shop", "d", 1, `{host: catalog, subsets: [{name: branch, labels: {version: next}}]}`), vs(t, "shop", "a", 2, to("branch", attest))},
			ErrNotReady, []string{`subset "branch"`, "2 endpoints, 2 ready", "none labelled version=next"}},
		"delegate is gone": {[]runtime.Object{vs(t, "shop", "a", 2, `{hosts: [catalog], http: [{delegate: {name: x}}]}`)}, ErrUnrouted, []string{"none of the 1 routes"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := snapshot(t, append(c.objects, entry(t))...).Route(ask(LaneBranch))
			require.ErrorIs(t, err, c.kind)
			for _, s := range append(c.says, "GET catalog/items/1?full=1 from shop, lane branch") {
				assert.ErrorContains(t, err, s)
			}
		})
	}
}

func TestAPodThatIsNotReadyIsNoEndpointOfItsSubset(t *testing.T) {
	s := snapshot(t, kubeObjects(t)...)
	s = snapshot(t, append(applied(t, s, spec()), kubeObjects(t)...)...)
	req := ask(LaneBranch)
	_, err := s.Route(req)
	require.ErrorIs(t, err, ErrInvalid, "the service has two ports")
	req.Port = 8080
	_, err = s.Route(req)
	require.ErrorIs(t, err, ErrNotReady)
	assert.ErrorContains(t, err, "2 endpoints, 1 ready, 1 labelled version=branch and none of them ready")
	req = ask(LaneBase)
	req.Port = 8080
	got, err := s.Route(req)
	require.NoError(t, err)
	assert.Equal(t, Endpoints{1, 1, 1, 2}, got.Endpoints)
	req.Port = 9090
	_, err = s.Route(req)
	assert.ErrorIs(t, err, ErrNotReady, "no slice serves the port")
}

func TestWithoutALaneTheServiceItselfMayAnswer(t *testing.T) {
	got, err := snapshot(t, entry(t)).Route(ask(""))
	require.NoError(t, err)
	assert.Equal(t, Ref{}, got.VirtualService)
	assert.Equal(t, 2, got.Endpoints.Ready)
}

func TestTheCallerWritesTheHostAsItLikes(t *testing.T) {
	s := snapshot(t, entry(t))
	s = snapshot(t, append(applied(t, s, spec()), entry(t))...)
	for _, host := range []string{"catalog", "catalog:8080", "catalog.shop", "Catalog.Shop.svc", catalog, catalog + ".", catalog + ":8080"} {
		req := ask(LaneBranch)
		req.Host = host
		_, err := s.Route(req)
		assert.NoError(t, err, host)
	}
	req := ask(LaneBranch)
	req.Namespace = "web"
	_, err := s.Route(req)
	assert.ErrorIs(t, err, ErrUnrouted, "a short name is of the caller's namespace")
	req.Host = "catalog.shop"
	_, err = s.Route(req)
	assert.NoError(t, err)
}

func TestLanesAreCheckedOnceForEqualRequests(t *testing.T) {
	s := snapshot(t, entry(t))
	s = snapshot(t, append(applied(t, s, spec()), entry(t))...)
	other := ask("")
	other.Path = "/other"
	got, err := s.Lanes(spec(), []Request{ask(""), ask(""), other})
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, 2, got[0].Count)
	assert.Equal(t, SubsetBase, got[0].Base.Subset)
	assert.Equal(t, SubsetBranch, got[0].Branch.Subset)
	other.Host = "gone"
	got, err = s.Lanes(spec(), []Request{other, ask("")})
	assert.ErrorContains(t, err, "lane base")
	assert.ErrorContains(t, err, "lane branch")
	assert.Len(t, got, 1)
}

func TestLanesThatShareEndpointsAreFound(t *testing.T) {
	body := `{hosts: [catalog], http: [
  {match: [{headers: {x-twinspect-lane: {exact: branch}}}], route: [{destination: {host: catalog, subset: branch}, headers: {response: {set: {x-twinspect-route: branch}}}}]},
  {route: [{destination: {host: catalog}, headers: {response: {set: {x-twinspect-route: base}}}}]}]}`
	s := snapshot(t, entry(t), dr(t, "shop", "d", 1, subsets), vs(t, "shop", "a", 1, body))
	_, err := s.Lanes(spec(), []Request{ask("")})
	require.ErrorIs(t, err, ErrSplit)
	assert.ErrorContains(t, err, "same endpoints")
}

func TestASidecarThatDoesNotImportTheServiceHidesIt(t *testing.T) {
	s := snapshot(t, entry(t))
	objects := append(applied(t, s, spec()), entry(t))
	sidecar := func(egress string) *istio.Sidecar {
		o := decode[istio.Sidecar](t, `spec: {workloadSelector: {labels: {app: caller}}, egress: [`+egress+`]}`)
		o.Namespace, o.Name = "shop", "caller"
		return o
	}
	cases := map[string]bool{
		`{hosts: ["shop/*"]}`:                            true,
		`{hosts: ["./*"]}`:                               true,
		`{hosts: ["*/catalog.shop.svc.cluster.local"]}`:  true,
		`{hosts: ["*/*.svc.cluster.local"]}`:             true,
		`{hosts: ["ops/*"]}`:                             false,
		`{hosts: ["~/*"]}`:                               false,
		`{hosts: ["shop/other.shop.svc.cluster.local"]}`: false,
		`{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["shop/*"]}`:                     true,
		`{port: {number: 81, name: http, protocol: HTTP}, hosts: ["shop/*"]}`:                       false,
		`{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["ops/*"]}, {hosts: ["shop/*"]}`: false,
	}
	for egress, seen := range cases {
		s := snapshot(t, append(objects, sidecar(egress))...)
		req := ask(LaneBranch)
		_, err := s.Route(req)
		assert.NoError(t, err, "selects another: %s", egress)
		req.Labels = map[string]string{"app": "caller"}
		_, err = s.Route(req)
		assert.Equal(t, seen, err == nil, "%s: %v", egress, err)
	}
}
