package trace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var epoch = time.Unix(1_700_000_000, 0)

// sp makes a span that lies from and to in milliseconds.
func sp(id, parent byte, kind Kind, service string, from, to int) Span {
	return Span{Trace: TraceID{1}, ID: spanID(id), Parent: spanID(parent), Kind: kind, Service: service, Name: fmt.Sprintf("s%d", id),
		Start: epoch.Add(time.Duration(from) * time.Millisecond), End: epoch.Add(time.Duration(to) * time.Millisecond)}
}

func spanID(n byte) SpanID { return SpanID{7: n} }

// draw writes a tree as text: "service name (children)", a merged call with a "+".
func draw(c *Call) string {
	var b strings.Builder
	switch s := c.Span(); {
	case s == nil:
		b.WriteString("*")
	case c.Client != nil && c.Server != nil:
		fmt.Fprintf(&b, "%s+%s", c.Client.Name, s.Name)
	default:
		b.WriteString(s.Name)
	}
	for i, child := range c.Children {
		if i == 0 {
			b.WriteString("(")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(draw(child))
	}
	if len(c.Children) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

func TestSpansJoinIntoCalls(t *testing.T) {
	for name, tt := range map[string]struct {
		spans []Span
		want  string
		tree  Tree // the counts
	}{
		"none": {nil, "*", Tree{}},
		"a call with both ends": {[]Span{
			sp(3, 2, Server, "b", 2, 8), sp(2, 1, Client, "a", 1, 9), sp(1, 9, Server, "a", 0, 10), sp(4, 3, Client, "b", 3, 4)},
			"s1(s2+s3(s4))", Tree{Spans: 4, Merged: 1}},
		"both ends with one id": {[]Span{
			sp(1, 0, Server, "a", 0, 10), sp(2, 1, Client, "a", 1, 9), sp(2, 1, Server, "b", 2, 8), sp(3, 2, Internal, "b", 3, 4)},
			"s1(s2+s2(s3))", Tree{Spans: 4, Merged: 1}},
		"tries beside each other": {[]Span{
			sp(1, 0, Server, "a", 0, 10), sp(2, 1, Client, "a", 1, 9), sp(3, 2, Server, "b", 2, 3), sp(4, 2, Server, "b", 4, 5)},
			"s1(s2+s3 s4)", Tree{Spans: 4, Merged: 1}},
		"a proxy beside the service passes the call on": {[]Span{
			sp(1, 0, Server, "a", 0, 10), sp(2, 1, Client, "a", 1, 9), sp(3, 2, Server, "b.mesh", 2, 8), sp(4, 3, Server, "b", 3, 7), sp(5, 4, Client, "b", 4, 5)},
			"s1(s2+s3(s4(s5)))", Tree{Spans: 5, Merged: 1}},
		"duplicates": {[]Span{sp(1, 0, Server, "a", 0, 10), sp(1, 0, Server, "a", 0, 10)}, "s1", Tree{Spans: 1, Duplicates: 1}},
		"orphans beneath a root that holds them together": {[]Span{
			sp(1, 9, Server, "a", 0, 10), sp(4, 8, Server, "b", 2, 3)}, "*(s1 s4)", Tree{Spans: 2, Orphans: 1}},
		"parents in a circle": {[]Span{
			sp(1, 0, Server, "a", 0, 10), sp(2, 3, Internal, "b", 1, 2), sp(3, 2, Internal, "b", 1, 2), sp(4, 4, Internal, "c", 3, 4)},
			"*(s1 s2(s3) s4)", Tree{Spans: 4, Orphans: 2}},
		"a server's clock an hour ahead": {[]Span{
			sp(1, 0, Server, "a", 0, 100), sp(2, 1, Client, "a", 10, 30), sp(3, 2, Server, "b", 3600_000, 3600_010),
			sp(4, 3, Client, "b", 3600_004, 3600_005), sp(5, 1, Client, "a", 40, 50)},
			"s1(s2+s3(s4) s5)", Tree{Spans: 5, Merged: 1, Shifted: 1}},
		"a server's clock behind, without the client": {[]Span{
			sp(1, 0, Server, "a", 1000, 1100), sp(2, 1, Server, "b", 0, 10), sp(3, 1, Server, "c", 1001, 1002)},
			"s1(s3 s2)", Tree{Spans: 3, Shifted: 1}},
		"a message that is handled later": {[]Span{
			sp(1, 0, Server, "a", 0, 10), sp(2, 1, Producer, "a", 1, 2), sp(3, 2, Consumer, "b", 500, 600)},
			"s1(s2+s3)", Tree{Spans: 3, Merged: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			tree := NewTree(TraceID{1}, tt.spans)
			assert.Equal(t, tt.want, draw(tree.Root))
			assert.Equal(t, len(tt.spans) > 0 && tt.tree.Orphans == 0, tree.Whole())
			tt.tree.Trace, tt.tree.Root = TraceID{1}, tree.Root
			assert.Equal(t, tt.tree, *tree)
		})
	}
}

func TestTheServersClockIsMovedIntoItsCall(t *testing.T) {
	tree := NewTree(TraceID{1}, []Span{
		sp(1, 0, Server, "a", 0, 100), sp(2, 1, Client, "a", 10, 30), sp(3, 2, Server, "b", 5000, 5010), sp(4, 3, Client, "b", 5004, 5005)})
	call := tree.Root.Children[0]
	assert.Equal(t, epoch.Add(10*time.Millisecond), call.Began)
	assert.Equal(t, epoch.Add(19*time.Millisecond), call.Children[0].Began, "5 ms of network each way, and 4 ms")
}

func TestOutcomesAreThoseOfTheServiceThatWasCalled(t *testing.T) {
	client := &Span{Kind: Client, Status: Error, HTTP: HTTP{Method: "GET", Status: 404}, Service: "a", Peer: "b:80"}
	server := &Span{Kind: Server, Service: "b", HTTP: HTTP{Method: "GET", Status: 404}}
	waited := &Span{Kind: Client, Status: Error}
	for _, tt := range []struct {
		call    Call
		outcome string
		failed  bool
		service string
	}{
		{Call{Client: client, Server: server}, "404", false, "b"},
		{Call{Client: client}, "404", true, "b"},
		{Call{Client: waited, Server: &Span{Service: "b", HTTP: HTTP{Status: 200}}}, "no answer", true, "b"},
		{Call{Client: &Span{Kind: Client, DB: DB{System: "mysql"}, Service: "a"}}, "ok", false, "mysql"},
		{Call{Client: &Span{Kind: Client, RPC: RPC{System: "grpc", Status: "14"}, Service: "a"}}, "grpc 14", true, "(called by a)"},
		{Call{Client: &Span{Kind: Internal, Status: Error, Service: "a"}}, "error", true, "a"},
		{Call{}, "", false, ""},
	} {
		assert.Equal(t, tt.outcome, tt.call.Outcome())
		assert.Equal(t, tt.failed, tt.call.Failed(), tt.outcome)
		assert.Equal(t, tt.service, tt.call.Service(), tt.outcome)
	}
}

func TestEverySpanStandsInTheTreeOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		spans := make([]Span, n)
		for i := range spans {
			at := rapid.IntRange(0, 50).Draw(t, "at")
			spans[i] = sp(byte(rapid.IntRange(1, 12).Draw(t, "id")), byte(rapid.IntRange(0, 14).Draw(t, "parent")),
				Kind(rapid.IntRange(0, 5).Draw(t, "kind")), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service"), at, at+rapid.IntRange(-2, 9).Draw(t, "long"))
		}
		tree := NewTree(TraceID{1}, spans)
		seen := map[*Span]int{}
		var walk func(*Call)
		walk = func(c *Call) {
			for _, s := range []*Span{c.Client, c.Server} {
				if s != nil {
					seen[s]++
				}
			}
			for _, child := range c.Children {
				walk(child)
			}
		}
		walk(tree.Root)
		for _, times := range seen {
			require.Equal(t, 1, times)
		}
		require.Len(t, seen, tree.Spans)
		require.Equal(t, n, tree.Spans+tree.Duplicates)
	})
}

func BenchmarkTree(b *testing.B) {
	var spans []Span
	for i := range 100 {
		spans = append(spans, sp(byte(2*i+1), byte(2*(i/3)), Server, "a", i, 200), sp(byte(2*i+2), byte(2*i+1), Client, "a", i, 200))
	}
	b.ReportAllocs()
	for b.Loop() {
		NewTree(TraceID{1}, spans)
	}
}
