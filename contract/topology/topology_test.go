package topology_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/topology"
)

func edge(t *testing.T, g *topology.Graph, caller, provider string) *topology.Edge {
	t.Helper()
	for i := range g.Edges {
		if e := &g.Edges[i]; e.Caller == caller && e.Provider == provider {
			return e
		}
	}
	require.Fail(t, "no edge", "%s -> %s in %v", caller, provider, g.Edges)
	return nil
}

func TestCallsAreCountedByWhoMakesThemAndWhatFor(t *testing.T) {
	g := typical()
	assert.Equal(t, [3]uint64{13, 13, g.Spans}, [3]uint64{g.Traces, g.Whole, 12*19 + 3})
	var names []string
	for _, s := range g.Services {
		names = append(names, s.Name+" "+string(s.Role))
	}
	assert.Equal(t, []string{"api.mail.example outside", "catalog service", "checkout service", "frontend service", "mailer service",
		"postgresql database", "pricing service"}, names)

	catalog := g.Service("catalog")
	assert.Equal(t, uint64(12*4+1), catalog.Calls)
	assert.Zero(t, catalog.Errors, "a 404 is the caller's")
	assert.Equal(t, "GET /products/{id}", catalog.Operations[1].Name)
	assert.Equal(t, map[string]uint64{"200": 32, "404": 4}, catalog.Operations[1].Outcomes)
	assert.Equal(t, uint64(4), g.Service("checkout").Errors)
	assert.Nil(t, g.Service("kafka"), "who handles the message was called, not the broker")

	e := edge(t, g, "checkout", "catalog")
	require.Len(t, e.Links, 1)
	l := &e.Links[0]
	assert.Equal(t, [2]string{"POST /orders", "GET /products/{id}"}, [2]string{l.For, l.Operation})
	assert.Equal(t, [3]uint64{36, 12, 3}, [3]uint64{l.Calls, l.Requests, l.Most})
	assert.InDelta(t, 3, l.PerRequest(), 0)
	assert.Equal(t, 6*time.Millisecond, l.Latency.Max)
	assert.Equal(t, "process orders", edge(t, g, "checkout", "mailer").Links[0].Operation)
	assert.Equal(t, "process orders", edge(t, g, "mailer", "api.mail.example").Links[0].For)
	assert.Equal(t, "refresh stock", edge(t, g, "catalog", "postgresql").Links[1].For)

	assert.Equal(t, []string{"catalog refresh stock job 1", "frontend POST /checkout request 12"}, roots(g))
	assert.InDelta(t, 50, g.Seconds(), 1)
	assert.InDelta(t, 12.0/50, g.Rate(12), 0.01)
	assert.Zero(t, g.Left.Total())
}

func roots(g *topology.Graph) (list []string) {
	for _, r := range g.Roots {
		list = append(list, fmt.Sprintf("%s %s %s %d", r.Service, r.Operation, r.Begin, r.Calls))
	}
	return list
}

func TestTreesWithHolesAreCountedForWhatTheyShow(t *testing.T) {
	for name, tt := range map[string]struct {
		make  func(s *scene)
		edges []string
		roots []string
	}{
		"the server's span is missing": {func(s *scene) {
			top := s.serve("a", "GET", "/", 200, 0, 0, 9)
			s.span(trace.Client, "a", top, 1, 8).Peer = "b:80"
			s.call("b", "c", "GET", "/c", 200, s.last, 2, 7)
		}, []string{"a->b by GET /", "b->c by "}, []string{"a GET / request 1"}},
		"the client's span is missing": {func(s *scene) {
			top := s.serve("a", "GET", "/", 200, 0, 0, 9)
			s.serve("b", "GET", "/b", 200, top, 1, 8)
		}, []string{"a->b by GET /"}, []string{"a GET / request 1"}},
		"the parent of all is missing": {func(s *scene) {
			s.serve("b", "GET", "/b", 200, 77, 1, 8)
			s.serve("c", "GET", "/c", 200, 78, 2, 8)
		}, nil, []string{"b GET /b request 1"}},
		"work whose parent is missing": {func(s *scene) {
			s.span(trace.Internal, "b", 77, 1, 8)
			s.query("b", "redis", "GET x", s.last, 2, 3)
		}, []string{"b->redis by "}, nil},
		"a client begins": {func(s *scene) { s.call("load", "a", "GET", "/", 200, 0, 0, 9) },
			[]string{"load->a by "}, []string{"load GET / caller 1"}},
		"a service calls itself": {func(s *scene) {
			top := s.serve("a", "GET", "/", 200, 0, 0, 9)
			s.call("a", "a", "GET", "/in", 200, top, 1, 8)
		}, []string{"a->a by GET /"}, []string{"a GET / request 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(1)
			tt.make(s)
			b := topology.New()
			b.See(s.tree())
			g := b.Graph()
			var edges []string
			for _, e := range g.Edges {
				for _, l := range e.Links {
					edges = append(edges, e.Caller+"->"+e.Provider+" by "+l.For)
				}
			}
			assert.Equal(t, tt.edges, edges)
			assert.Equal(t, tt.roots, roots(g))
		})
	}
	b := topology.New()
	b.See(trace.NewTree(trace.TraceID{1}, nil))
	assert.Equal(t, uint64(1), b.Graph().Traces)
}

func TestWhatIsBeyondTheLimitsIsCounted(t *testing.T) {
	b := topology.NewLimited(topology.Limits{Services: 3, Operations: 3, Edges: 2, Links: 2, Roots: 1, Outcomes: 1})
	for n := range 10 {
		s := newScene(n)
		top := s.serve("a", "GET", fmt.Sprintf("/a%d", n), 200+n, 0, 0, 9)
		s.call("a", fmt.Sprintf("b%d", n), "GET", fmt.Sprintf("/b%d", n), 200, top, 1, 8)
		b.See(s.tree())
	}
	g := b.Graph()
	assert.Len(t, g.Services, 3)
	assert.Equal(t, topology.Left{Services: 8, Operations: 9, Edges: 8, Roots: 9}, g.Left)
	calls := uint64(0)
	for _, o := range g.Service("a").Operations {
		calls += o.Calls
	}
	assert.Equal(t, uint64(10), calls, "the rest is in %s", topology.Other)
	assert.Len(t, g.Service("a").Operations, 3)

	other := topology.NewLimited(topology.Limits{Services: 1, Operations: 1, Edges: 1, Links: 1, Roots: 1, Outcomes: 1})
	other.Merge(b)
	assert.Len(t, other.Graph().Services, 1)
	assert.Positive(t, other.Graph().Left.Total())
}

func TestNeitherOrderNorHowTreesAreSpreadMatters(t *testing.T) {
	var trees []*trace.Tree
	for n := range 12 {
		trees = append(trees, market(n))
	}
	trees = append(trees, job(50), job(51))
	want := topology.New()
	for _, tree := range trees {
		want.See(tree)
	}
	rapid.Check(t, func(rt *rapid.T) {
		builders := []*topology.Builder{topology.New(), topology.New(), topology.New()}
		for _, tree := range rapid.Permutation(trees).Draw(rt, "order") {
			builders[rapid.IntRange(0, 2).Draw(rt, "builder")].See(tree)
		}
		builders[0].Merge(builders[1])
		builders[2].Merge(builders[0])
		require.Equal(rt, want.Graph(), builders[2].Graph())
	})
}

func TestLatenciesAreThoseOfHdrHistogram(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := hdrhistogram.New(1, 1<<36, 3)
		b := topology.New()
		for _, us := range rapid.SliceOfN(rapid.Int64Range(0, 1<<30), 1, 200).Draw(rt, "µs") {
			require.NoError(rt, h.RecordValue(us))
			s := newScene(0)
			s.serve("a", "GET", "/", 200, 0, 0, 0)
			s.spans[0].End = s.spans[0].Start.Add(time.Duration(us) * time.Microsecond)
			b.See(s.tree())
		}
		got := b.Graph().Service("a").Latency
		for q, d := range map[float64]time.Duration{50: got.P50, 95: got.P95, 99: got.P99, 100: got.Max} {
			want := float64(h.ValueAtQuantile(q))
			require.InDelta(rt, want, float64(d.Microseconds()), want*0.01+1, "p%v", q)
		}
	})
}

// BenchmarkSee counts a million spans in traces of twenty.
func BenchmarkSee(b *testing.B) {
	const spans = 1_000_000
	var trees []*trace.Tree
	for n := range 100 {
		trees = append(trees, market(n%50))
	}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		builder := topology.New()
		for seen, i := 0, 0; seen < spans; i++ {
			t := trees[i%len(trees)]
			builder.See(t)
			seen += t.Spans
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if builder.Graph().Traces == 0 {
			b.Fatal("nothing seen")
		}
	}
	b.ReportMetric(float64(spans)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<10), "KiB")
}

func TestAGraphIsMadeOfAFileOfZipkins(t *testing.T) {
	b := topology.New()
	for _, tree := range file(t, `[{"traceId":"1","id":"1","kind":"SERVER","name":"get /","timestamp":1700000000000000,"duration":9000,"localEndpoint":{"serviceName":"web"}},
		{"traceId":"1","parentId":"1","id":"2","kind":"CLIENT","name":"get","timestamp":1700000000001000,"duration":8000,"localEndpoint":{"serviceName":"web"},"tags":{"http.method":"GET","http.path":"/products/7"}},
		{"traceId":"1","parentId":"1","id":"2","kind":"SERVER","shared":true,"name":"get","localEndpoint":{"serviceName":"catalog"},"tags":{"http.method":"GET","http.route":"/products/{id}","http.status_code":"404"}}]`) {
		b.See(tree)
	}
	g := b.Graph()
	assert.Equal(t, uint64(3), g.Spans)
	assert.Equal(t, "GET /products/{id}", edge(t, g, "web", "catalog").Links[0].Operation)
	assert.Equal(t, map[string]uint64{"404": 1}, g.Service("catalog").Operations[0].Outcomes)
}
