//go:build e2e

package mesh_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"twinspect.dev/capture"
	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// The checker's claim is held against Envoy: wherever it says that a request
// goes, the version that answers is that one, with the headers that it names;
// and what it says is not answered by one version is not.
func TestWhereTheCheckSaysARequestGoesEnvoySendsIt(t *testing.T) {
	s := newShop(t)
	m := newMall(s)
	for name, text := range shapes {
		m.add(name, func(host string) []*istioapi.HTTPRoute { return m.routes(t, host, text) })
	}
	m.open(t)
	m.compare(t)
	for name, outcomes := range m.seen {
		if name != "one catch-all" && name != "last" {
			assert.Greater(t, len(outcomes), 1, "%s: the requests do not tell its routes apart", name)
		}
	}
}

func TestWhereTheCheckSaysARequestGoesEnvoySendsItWhateverTheRoutes(t *testing.T) {
	s := newShop(t)
	m := newMall(s)
	for i := range 40 {
		m.add(fmt.Sprintf("random %d", i), randomRoutes(rand.New(rand.NewPCG(uint64(i), 1))))
	}
	m.open(t)
	m.compare(t)
}

// shapes are the http part of a VirtualService. {{base}} and {{branch}} are
// destinations with the subset.
var shapes = map[string]string{
	"one catch-all":          `[{headers: {response: {set: {x-shape: one}}}, {{base}} }]`,
	"a catch-all first":      `[{match: [{headers: {x-a: {}}}], {{branch}} }, { {{base}} }, {match: [{uri: {prefix: /b}}], {{branch}} }]`,
	"a catch-all by prefix":  `[{match: [{uri: {exact: /b}}], {{branch}} }, {match: [{uri: {prefix: /}}], {{base}} }, { {{branch}} }]`,
	"URI":                    `[{match: [{uri: {exact: /a}}], {{branch}} }, {match: [{uri: {prefix: /a/}}], {{base}} }, {match: [{uri: {regex: "/b|/A.*"}}], {{branch}} }, { {{base}} }]`,
	"URI prefix without end": `[{match: [{uri: {prefix: /a}}], {{branch}} }, { {{base}} }]`,
	"URI regex is whole":     `[{match: [{uri: {regex: "/a"}}], {{branch}} }, {match: [{uri: {regex: ".*b"}}], {{base}} }]`,
	"URI case":               `[{match: [{uri: {exact: /A}, ignoreUriCase: true}, {uri: {prefix: /A/}, ignoreUriCase: true}], {{branch}} }, {match: [{uri: {regex: "/B"}, ignoreUriCase: true}], {{branch}} }, { {{base}} }]`,
	"header exact":           `[{match: [{headers: {x-a: {exact: "1"}}}], {{branch}} }, { {{base}} }]`,
	"header in capitals":     `[{match: [{headers: {X-A: {exact: "1"}}}], {{branch}} }, { {{base}} }]`,
	"header prefix":          `[{match: [{headers: {x-a: {prefix: "1"}}}], {{branch}} }, { {{base}} }]`,
	"header regex":           `[{match: [{headers: {x-a: {regex: "1|2"}}}], {{branch}} }, { {{base}} }]`,
	"header of two values":   `[{match: [{headers: {x-a: {exact: "1,2"}}}], {{branch}} }, { {{base}} }]`,
	"header there":           `[{match: [{headers: {x-a: {}}}], {{branch}} }, {match: [{headers: {x-b: {regex: "*"}}}], {{branch}} }, { {{base}} }]`,
	"header empty":           `[{match: [{headers: {x-a: {exact: ""}}}], {{branch}} }, { {{base}} }]`,
	"header not there":       `[{match: [{withoutHeaders: {x-a: {}}}], {{branch}} }, { {{base}} }]`,
	"header not exact":       `[{match: [{withoutHeaders: {x-a: {exact: "1"}}}], {{branch}} }, { {{base}} }]`,
	"header not empty":       `[{match: [{withoutHeaders: {x-a: {exact: ""}}}], {{branch}} }, { {{base}} }]`,
	"header not any":         `[{match: [{withoutHeaders: {x-a: {regex: ".*"}}}], {{branch}} }, {match: [{withoutHeaders: {x-b: {regex: "*"}}}], {{branch}} }, {match: [{withoutHeaders: {x-b: {prefix: "9"}}}], {{base}} }]`,
	"headers with and not":   `[{match: [{headers: {x-a: {}}, withoutHeaders: {x-a: {exact: "1"}, x-b: {}}}], {{branch}} }, { {{base}} }]`,
	"method":                 `[{match: [{method: {exact: POST}}, {method: {regex: "PUT|DEL.*"}}], {{branch}} }, { {{base}} }]`,
	"authority and scheme":   `[{match: [{authority: {regex: ".*\\.test"}, scheme: {exact: http}, uri: {prefix: /a}}], {{branch}} }, {match: [{scheme: {exact: https}}], {{branch}} }, { {{base}} }]`,
	"query exact":            `[{match: [{queryParams: {x: {exact: "1"}}}], {{branch}} }, { {{base}} }]`,
	"query empty":            `[{match: [{queryParams: {x: {exact: ""}}}], {{branch}} }, { {{base}} }]`,
	"query prefix":           `[{match: [{queryParams: {x: {prefix: "1"}}}], {{branch}} }, { {{base}} }]`,
	"query regex":            `[{match: [{queryParams: {x: {regex: "[0-9]"}, "y": {}}}], {{branch}} }, {match: [{queryParams: {x: {regex: "*"}}}], {{base}} }]`,
	"either of two":          `[{match: [{uri: {exact: /b}}, {method: {exact: POST}, headers: {x-a: {exact: "1"}}}], {{branch}} }, { {{base}} }]`,
	"both of two":            `[{match: [{uri: {prefix: /a}, headers: {x-a: {exact: "1"}, x-b: {exact: "2"}}}], {{branch}} }, { {{base}} }]`,
	"nothing at the end":     `[{match: [{uri: {prefix: /a}}], {{branch}} }]`,
	"rewritten":              `[{match: [{uri: {prefix: /a}}], rewrite: {uri: /z, authority: elsewhere}, {{branch}} }, { {{base}} }]`,
	"redirected":             `[{match: [{uri: {prefix: /a}}], redirect: {uri: /z}}, { {{base}} }]`,
	"answered by the proxy":  `[{match: [{uri: {prefix: /a}}], directResponse: {status: 200, body: {string: proxy}}}, { {{base}} }]`,
	"aborted":                `[{match: [{uri: {prefix: /a}}], fault: {abort: {httpStatus: 418, percentage: {value: 100}}}, {{branch}} }, {fault: {abort: {httpStatus: 418}}, {{base}} }]`,
	"mirrored":               `[{match: [{uri: {prefix: /a}}], mirror: {host: {{host}}, subset: branch}, {{base}} }, { {{branch}} }]`,
	"all weight on one":      `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: {{host}}, subset: base}, weight: 0}, {destination: {host: {{host}}, subset: branch}, weight: 100}]}, { {{base}} }]`,
	"split":                  `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: {{host}}, subset: base}, weight: 50}, {destination: {host: {{host}}, subset: branch}, weight: 50}]}, { {{base}} }]`,
	"a subset of nobody":     `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: {{host}}, subset: gone}}]}, { {{base}} }]`,
	"a subset without pods":  `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: {{host}}, subset: empty}}]}, { {{base}} }]`,
	"a service of nobody":    `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: nobody.example, subset: base}}]}, { {{base}} }]`,
	"a port of nobody":       `[{match: [{uri: {prefix: /a}}], route: [{destination: {host: {{host}}, subset: branch, port: {number: 1}}}]}, { {{base}} }]`,
	"source labels":          `[{match: [{sourceLabels: {app: other}}], {{branch}} }, {match: [{sourceLabels: {app: caller}, uri: {prefix: /a}}], {{branch}} }, { {{base}} }]`,
	"source namespace":       `[{match: [{sourceNamespace: elsewhere}], {{branch}} }, {match: [{sourceNamespace: {{namespace}}, uri: {prefix: /a}}], {{branch}} }, { {{base}} }]`,
	"port":                   `[{match: [{port: 1}], {{branch}} }, {match: [{port: {{port}}, uri: {prefix: /a}}], {{branch}} }, { {{base}} }]`,
	"gateways":               `[{match: [{gateways: [edge]}], {{branch}} }, {match: [{gateways: [edge, mesh], sourceLabels: {app: other}, uri: {prefix: /a}}], {{branch}} }, { {{base}} }]`,
	"headers of the answer": `[{match: [{uri: {prefix: /a}}], headers: {response: {set: {x-one: route, x-two: route}, add: {x-three: route}, remove: [x-one]}},
  route: [{destination: {host: {{host}}, subset: branch}, headers: {response: {set: {X-Two: destination}, add: {x-three: destination}}}}]}, { {{base}} }]`,
	"delegated": `[{match: [{uri: {prefix: /a}}], delegate: {name: leaf}}, {match: [{uri: {prefix: /b}}], delegate: {name: gone}}, {match: [{method: {exact: POST}}], {{branch}} }, { {{base}} }]`,
	"delegated with headers": `[{match: [{headers: {x-a: {prefix: "1"}}}, {method: {exact: POST}}], delegate: {name: leaf},
  headers: {response: {set: {x-root: "1"}}}}, { {{base}} }]`,
	"delegated without a match": `[{delegate: {name: leaf}}, { {{base}} }]`,
	"delegated against a regex": `[{match: [{uri: {regex: "/a.*"}}], delegate: {name: leaf}}, { {{base}} }]`,
}

// leaf is what some shapes delegate to: a VirtualService without hosts.
const leaf = `[{match: [{uri: {exact: /a}}], {{branch}} }, {match: [{uri: {prefix: /b}}], {{branch}} }, {match: [{uri: {regex: "/A.*"}}], {{branch}} },
  {match: [{headers: {x-a: {exact: "1"}}}], headers: {response: {set: {x-leaf: "1"}}}, {{branch}} },
  {match: [{queryParams: {x: {}}}, {headers: {x-b: {}}}], {{branch}} }, {match: [{method: {exact: GET}}], {{base}} }]`

// mall is many services with one of the shapes each, all of the same versions.
type mall struct {
	*shop
	to    *send.Client
	order []string          // the shapes' names
	hosts map[string]string // by shape
	http  map[string][]*istioapi.HTTPRoute
	seen  map[string]map[string]bool // what was answered, by shape
}

func newMall(s *shop) *mall {
	return &mall{shop: s, hosts: map[string]string{}, http: map[string][]*istioapi.HTTPRoute{}, seen: map[string]map[string]bool{}}
}

// add makes a service of its own for the routes.
func (m *mall) add(name string, routes func(host string) []*istioapi.HTTPRoute) {
	host := fmt.Sprintf("s%d.%s.test", len(m.hosts), m.Namespace)
	m.order = append(m.order, name)
	m.hosts[name], m.http[name], m.seen[name] = host, routes(host), map[string]bool{}
}

const mallManifest = `{{range $host := .Hosts}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: {{name $host}}, namespace: {{$.Namespace}}}
spec:
  hosts: [{{$host}}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: {{$.Port}}, name: http, protocol: HTTP}]
  endpoints:
  - {address: {{$.Base.IP}}, labels: {version: base}, ports: {http: {{$.Base.Port}}}}
  - {address: {{$.Branch.IP}}, labels: {version: branch}, ports: {http: {{$.Branch.Port}}}}
{{end}}{{range $host := .Hosts}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: {{name $host}}, namespace: {{$.Namespace}}}
spec:
  host: {{$host}}
  subsets: [{name: base, labels: {version: base}}, {name: branch, labels: {version: branch}}, {name: empty, labels: {version: none}}]
{{end}}`

// open creates all, starts the sidecar and waits until it sends a request by what
// was created last of every kind, since istiod sees those of one kind in order.
func (m *mall) open(t *testing.T) {
	t.Helper()
	m.add("last", func(host string) []*istioapi.HTTPRoute { return m.routes(t, host, shapes["one catch-all"]) })
	var hosts []string
	for _, name := range m.order {
		hosts = append(hosts, m.hosts[name])
	}
	m.apply(t, mallManifest, map[string]any{"Namespace": m.Namespace, "Hosts": hosts, "Port": m.Port, "Base": m.Base, "Branch": m.Branch})
	for _, name := range m.order {
		object := objectName(m.hosts[name])
		if slices.ContainsFunc(m.http[name], func(r *istioapi.HTTPRoute) bool { return r.Delegate != nil }) {
			m.create(t, "leaf-"+object, nil, m.routes(t, m.hosts[name], leaf))
		}
		m.create(t, object, []string{m.hosts[name]}, m.http[name])
	}
	m.to = caller(t, m.envoy(t))
	soon(t, func() bool {
		a := m.to.Send(m.ctx, get(m.hosts["last"], "/"))
		return string(a.Response.Body) == "base" && a.Response.Header.Get("x-shape") == "one"
	})
}

// objectName is the first label of a host.
func objectName(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

func (m *mall) create(t *testing.T, name string, hosts []string, http []*istioapi.HTTPRoute) {
	t.Helper()
	vs := &istio.VirtualService{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: name}}
	vs.Spec.Hosts, vs.Spec.Http = hosts, http
	_, err := m.clients.Istio.NetworkingV1().VirtualServices(m.Namespace).Create(m.ctx, vs, metav1.CreateOptions{})
	require.NoError(t, err, "%s: %v", name, http)
}

func (m *mall) routes(t *testing.T, host, text string) []*istioapi.HTTPRoute {
	t.Helper()
	to := func(subset string) func() string {
		return func() string { return fmt.Sprintf("route: [{destination: {host: %s, subset: %s}}]", host, subset) }
	}
	text = strings.ReplaceAll(text, "name: leaf", "name: leaf-"+objectName(host))
	var b bytes.Buffer
	require.NoError(t, template.Must(template.New("").Funcs(template.FuncMap{
		"base": to("base"), "branch": to("branch"), "host": func() string { return host },
		"namespace": func() string { return m.Namespace }, "port": func() int { return m.Port },
	}).Parse(text)).Execute(&b, nil))
	var spec struct{ HTTP []*istioapi.HTTPRoute }
	require.NoError(t, yaml.UnmarshalStrict([]byte("http: "+b.String()), &spec), b.String())
	return spec.HTTP
}

// compare sends every request to every service.
func (m *mall) compare(t *testing.T) {
	t.Helper()
	snapshot, err := mesh.Load(m.ctx, m.clients)
	require.NoError(t, err)
	var mu sync.Mutex
	var workers sync.WaitGroup
	asked := 0
	for name, host := range m.hosts {
		workers.Go(func() {
			for _, r := range probes() {
				at, want := snapshot.Route(m.asSeen(host, r))
				answer := m.to.Send(m.ctx, m.asSent(host, r))
				mu.Lock()
				asked++
				m.seen[name][string(answer.Response.Body)] = true
				if err := agrees(r, at, want, &answer); err != nil {
					text, _ := yaml.Marshal(m.http[name])
					t.Errorf("%s: %s %s %v: %v; the check says route %d of %s, subset %q, %v\n%s", name, r.Method, r.Path, r.Header, err, at.Index, at.VirtualService, at.Subset, want, text)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	t.Logf("%d requests to %d services", asked, len(m.hosts))
}

// agrees returns nil where the answer is what the check said. It may only not
// know of several fields of one name.
func agrees(r mesh.Request, at mesh.Route, want error, a *replay.Answer) error {
	body, status := string(a.Response.Body), a.Response.Status
	byVersion := body == "base" || body == "branch"
	switch {
	case !a.OK():
		return fmt.Errorf("no answer: %s", a.Err)
	case want == nil && (status != http.StatusOK || body != at.Subset):
		return fmt.Errorf("answered %d by %q", status, body)
	case errors.Is(want, mesh.ErrSplit) && !byVersion,
		errors.Is(want, mesh.ErrUnrouted) && byVersion,
		errors.Is(want, mesh.ErrUndecided) && len(r.Header["X-A"]) < 2:
		return fmt.Errorf("answered %d by %q", status, body)
	case (errors.Is(want, mesh.ErrSubset) || errors.Is(want, mesh.ErrNotReady)) && status != http.StatusServiceUnavailable:
		return fmt.Errorf("answered %d by %q", status, body)
	case want != nil:
		return nil
	}
	for name, value := range at.ResponseHeaders {
		if got := strings.Join(a.Response.Header.Values(name), ","); got != value {
			return fmt.Errorf("%s is %q, not %q", name, got, value)
		}
	}
	return nil
}

func (m *mall) asSeen(host string, r mesh.Request) mesh.Request {
	r.Host, r.Namespace, r.Port = host, m.Namespace, uint32(m.Port)
	r.Labels = map[string]string{"app": "caller"}
	return r
}

func (m *mall) asSent(host string, r mesh.Request) *replay.Ask {
	ask := get(host, r.Path)
	ask.Request.Method = r.Method
	for name, values := range r.Header {
		for _, v := range values {
			ask.Request.Header = append(ask.Request.Header, capture.Field{Name: name, Value: v})
		}
	}
	return ask
}

// probes are requests that differ in all that the shapes look at.
func probes() []mesh.Request {
	var out []mesh.Request
	for _, path := range []string{
		"/", "/a", "/a/", "/a/b", "/A", "/A/b", "/ab", "/b", "/B", "/c", "//a", "/a//b", "/a/./b", "/a/../b", "/b/%2e%2e/a", "/a/..",
		"/%61", "/%41", "/a%2Fb", "/a%2fb", `/a\b`, "/a;x=1", "/a?x=1", "/b?x", "/a?x=", "/c?x=2&x=1", "/?y=2&x=1", "/?x=11&y=", "/c?x=%31",
		"/c?X=1", "/?&&x=1", "/?%78=1", "/b?x=1/../a", "/c?x=1;y=2", "/c?x=a+b&y", "/c?=1", "/c?x==1", "/?x=1#y",
	} {
		out = append(out, mesh.Request{Method: "GET", Path: path})
	}
	for _, method := range []string{"GET", "POST", "DELETE"} {
		for _, path := range []string{"/a", "/b?x=1"} {
			for _, h := range []http.Header{
				{}, {"x-a": {"1"}}, {"X-A": {"1"}}, {"x-a": {""}}, {"x-a": {"2"}}, {"X-A": {"1", "2"}}, {"x-a": {"1,2"}}, {"x-a": {"12"}},
				{"x-a": {"1"}, "x-b": {"2"}}, {"x-a": {"2"}, "x-b": {""}}, {"x-b": {"9"}}, {"x-a": {" 1 "}},
			} {
				out = append(out, mesh.Request{Method: method, Path: path, Header: h})
			}
		}
	}
	return out
}

// randomRoutes are of the same few values as the probes.
func randomRoutes(r *rand.Rand) func(host string) []*istioapi.HTTPRoute {
	return func(host string) []*istioapi.HTTPRoute {
		out := make([]*istioapi.HTTPRoute, 1+r.IntN(5))
		for i := range out {
			out[i] = &istioapi.HTTPRoute{Route: []*istioapi.HTTPRouteDestination{{
				Destination: &istioapi.Destination{Host: host, Subset: pick(r, "base", "branch")},
				Headers:     &istioapi.Headers{Response: &istioapi.Headers_HeaderOperations{Set: map[string]string{"x-route": fmt.Sprint(i)}}},
			}}}
			for range r.IntN(3) {
				out[i].Match = append(out[i].Match, randomMatch(r))
			}
			if i < len(out)-1 && out[i].Match == nil {
				out[i].Match = append(out[i].Match, randomMatch(r))
			}
		}
		return out
	}
}

func randomMatch(r *rand.Rand) *istioapi.HTTPMatchRequest {
	m := new(istioapi.HTTPMatchRequest)
	if r.IntN(2) == 0 {
		m.Uri = randomText(r, "/a", "/b", "/", "/A", "/a/", "/a/b", "/a.*", "/(a|b)", ".*")
		m.IgnoreUriCase = r.IntN(3) == 0
	}
	if r.IntN(4) == 0 {
		m.Method = randomText(r, "GET", "POST", "P", "G.*")
	}
	m.Headers = randomFields(r, "x-a", "X-B")
	m.WithoutHeaders = randomFields(r, "x-a", "x-b")
	m.QueryParams = randomFields(r, "x", "y")
	return m
}

func randomFields(r *rand.Rand, names ...string) map[string]*istioapi.StringMatch {
	out := map[string]*istioapi.StringMatch{}
	for _, name := range names {
		switch r.IntN(8) {
		case 0:
			out[name] = randomText(r, "1", "2", "", "1,2", "*", ".*", "[12]", "1.*", ".+")
		case 1:
			out[name] = &istioapi.StringMatch{}
		}
	}
	return out
}

// randomText takes any of the texts as it is, and what reads as an expression
// also as one; an empty prefix is none.
func randomText(r *rand.Rand, texts ...string) *istioapi.StringMatch {
	text := pick(r, texts...)
	switch r.IntN(3) {
	case 0:
		return &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Exact{Exact: text}}
	case 1:
		if text != "" {
			return &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Prefix{Prefix: text}}
		}
	}
	if text == "" {
		text = "()"
	}
	return &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Regex{Regex: text}}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }
