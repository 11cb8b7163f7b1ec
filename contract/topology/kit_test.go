package topology_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/topology"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

// golden compares got with testdata/name, or writes it there when the test is run
// with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to write the golden file")
	require.Equal(t, string(want), string(got))
}

// scene makes the spans of one trace.
type scene struct {
	id    byte
	at    time.Time
	spans []trace.Span
	last  byte
}

func newScene(n int) *scene {
	return &scene{id: byte(n + 1), at: epoch.Add(time.Duration(n) * time.Second)}
}

func (s *scene) span(kind trace.Kind, service string, parent byte, from, to int) *trace.Span {
	s.last++
	sp := trace.Span{Trace: trace.TraceID{0: 1, 14: byte(s.at.Second()), 15: s.id}, ID: trace.SpanID{7: s.last}, Kind: kind, Service: service,
		Start: s.at.Add(time.Duration(from) * time.Millisecond), End: s.at.Add(time.Duration(to) * time.Millisecond)}
	if parent > 0 {
		sp.Parent = trace.SpanID{7: parent}
	}
	s.spans = append(s.spans, sp)
	return &s.spans[len(s.spans)-1]
}

// serve adds a request that a service answers, and returns its number.
func (s *scene) serve(service, method, route string, status int, parent byte, from, to int) byte {
	sp := s.span(trace.Server, service, parent, from, to)
	sp.HTTP = trace.HTTP{Method: method, Route: route, Status: status}
	return s.last
}

// call adds both ends of a call.
func (s *scene) call(caller, service, method, route string, status int, parent byte, from, to int) byte {
	sp := s.span(trace.Client, caller, parent, from, to)
	sp.HTTP, sp.Peer = trace.HTTP{Method: method, Status: status}, service
	return s.serve(service, method, route, status, s.last, from+1, to-1)
}

func (s *scene) query(caller, system, statement string, parent byte, from, to int) {
	sp := s.span(trace.Client, caller, parent, from, to)
	sp.DB = trace.DB{System: system, Statement: statement}
}

func (s *scene) tree() *trace.Tree { return trace.NewTree(s.spans[0].Trace, s.spans) }

// market is a scene of a few services that call each other; every third cart has
// a product that is gone.
func market(n int) *trace.Tree {
	s := newScene(n)
	status, end := 200, 40+n
	if n%3 == 0 {
		status = 502
	}
	top := s.serve("frontend", "POST", "/checkout", status, 0, 0, end+20)
	checkout := s.call("frontend", "checkout", "POST", "/orders", status, top, 2, end+10)
	for i := range 3 {
		code := 200
		if n%3 == 0 && i == 2 {
			code = 404
		}
		get := s.call("checkout", "catalog", "GET", "/products/{id}", code, checkout, 4+8*i, 10+8*i)
		s.query("catalog", "postgresql", "select * from products", get, 6+8*i, 8+8*i)
	}
	s.call("checkout", "pricing", "POST", "/quotes", 200, checkout, 30, end)
	quote := s.last
	s.call("pricing", "catalog", "GET", "/products", 200, quote, 32, end-4)
	send := s.span(trace.Producer, "checkout", checkout, end+1, end+2)
	send.Messaging = trace.Messaging{System: "kafka", Operation: "publish", Destination: "orders"}
	handle := s.span(trace.Consumer, "mailer", s.last, end+30, end+90)
	handle.Messaging = trace.Messaging{System: "kafka", Operation: "process", Destination: "orders"}
	out := s.span(trace.Client, "mailer", s.last, end+40, end+80)
	out.HTTP, out.Peer = trace.HTTP{Method: "POST", Target: "/v3/mail/send", Status: 202}, "api.mail.example:443"
	return s.tree()
}

// job is a scene that begins with a service's own work.
func job(n int) *trace.Tree {
	s := newScene(n)
	top := s.span(trace.Internal, "catalog", 0, 0, 100)
	top.Name = "refresh stock"
	s.span(trace.Internal, "catalog", 1, 1, 90).Name = "page"
	s.query("catalog", "postgresql", "update products set stock = 1", s.last, 2, 9)
	return s.tree()
}

func typical() *topology.Graph {
	b := topology.New()
	for n := range 12 {
		b.See(market(n))
	}
	b.See(job(50))
	return b.Graph()
}

func hostile() *topology.Graph {
	b := topology.New()
	for _, name := range []string{`</svg></style><script>alert(1)</script>`, "a\"b\\n\x1b[31m", "\u202eevil\u200b", `=cmd|' /C calc'!A0`, ""} {
		s := newScene(1)
		top := s.serve("gate"+name, "GET", "/"+name, 200, 0, 0, 9)
		s.call("gate"+name, name, "GET", name, 500, top, 1, 8)
		b.See(s.tree())
	}
	return b.Graph()
}

// file reads spans through the reader, as the command does.
func file(t *testing.T, text string) []*trace.Tree {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spans.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	r, err := trace.Open(path)
	require.NoError(t, err)
	var trees []*trace.Tree
	_, err = trace.Assemble(context.Background(), r, trace.AssembleOptions{}, func(t *trace.Tree) error {
		trees = append(trees, t)
		return nil
	}, nil)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return trees
}
