package join

import (
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// scene is a tree with the ways through it.
type scene struct {
	tree  *trace.Tree
	skew  time.Duration
	aside map[*trace.Span]beside
	nodes []*trace.Call // in the tree's order
	up    map[*trace.Call]*trace.Call
	// client and server lead from a span's id to its call, beneath from the id of a
	// parent to the servers' ends that have no client's.
	client, server map[trace.SpanID]*trace.Call
	beneath        map[trace.SpanID][]*trace.Call
	// hops leads from a call to the same one, passed on; bottoms to the last.
	hops, bottoms map[*trace.Call]*trace.Call
	calls         []placed
}

func newScene(tree *trace.Tree, aside map[*trace.Span]beside, skew time.Duration) *scene {
	s := &scene{tree: tree, skew: skew, aside: aside,
		up: make(map[*trace.Call]*trace.Call, tree.Spans), hops: make(map[*trace.Call]*trace.Call), bottoms: make(map[*trace.Call]*trace.Call),
		client: make(map[trace.SpanID]*trace.Call, tree.Spans), server: make(map[trace.SpanID]*trace.Call, tree.Spans),
		beneath: make(map[trace.SpanID][]*trace.Call)}
	stack := []*trace.Call{tree.Root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		s.enter(n)
		for _, child := range slices.Backward(n.Children) {
			s.up[child] = n
			stack = append(stack, child)
		}
	}
	s.follow()
	return s
}

// follow finds for each call the one call beneath it that is the same request, sent
// on; where there are several, they are tries.
func (s *scene) follow() {
	several := make(map[*trace.Call]bool)
	for _, n := range s.nodes {
		p := s.up[n]
		if p == nil || several[p] || !passedOn(p, n) {
			continue
		}
		if s.hops[p] != nil {
			several[p] = true
			delete(s.hops, p)
			continue
		}
		s.hops[p] = n
	}
}

func (s *scene) enter(n *trace.Call) {
	s.nodes = append(s.nodes, n)
	if n.Client != nil {
		s.client[n.Client.ID] = n
	}
	if n.Server != nil {
		s.server[n.Server.ID] = n
		if n.Client == nil {
			s.beneath[n.Server.Parent] = append(s.beneath[n.Server.Parent], n)
		}
	}
}

// bottom follows a call down through proxies and layers of clients, which make
// spans of their own of the same request, to where it was answered.
func (s *scene) bottom(n *trace.Call) *trace.Call {
	if b, ok := s.bottoms[n]; ok {
		return b
	}
	var way []*trace.Call
	b := n
	for next := b; next != nil; next = s.hops[b] {
		b = next
		way = append(way, b)
	}
	for _, w := range way {
		s.bottoms[w] = b
	}
	return b
}

// top is the other end of the way: the call as its consumer made it.
func (s *scene) top(n *trace.Call) *trace.Call {
	for p := s.up[n]; p != nil && s.hops[p] == n; p = s.up[n] {
		n = p
	}
	return n
}

// passedOn reports whether c, beneath n, is the same request, sent on: what a
// client's span is made of, and what a proxy beside the service passed to it. A
// gateway, which is a service with a name of its own, calls anew.
func passedOn(n, c *trace.Call) bool {
	if !overHTTP(n) || !overHTTP(c) || !sameRequest(n.Span(), c.Span()) {
		return false
	}
	switch {
	case n.Server == nil && c.Client != nil:
		return sameService(n.Client.Service, c.Client.Service)
	case n.Server == nil:
		return true
	case c.Server == nil:
		return false
	}
	return sameService(n.Server.Service, c.Server.Service) &&
		(c.Client == nil || sameService(n.Server.Service, c.Client.Service))
}

// sameRequest reports whether nothing that two spans say of a request differs.
func sameRequest(a, b *trace.Span) bool {
	if methodOf(a) != methodOf(b) {
		return false
	}
	p, q := pathOf(a), pathOf(b)
	return p != "" && p == q || (p == "" || q == "") && a.HTTP.Route != "" && a.HTTP.Route == b.HTTP.Route
}

// sameService compares names without what a mesh puts behind them: its proxies are
// called "reviews.default" beside "reviews".
func sameService(a, b string) bool {
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return a == b && a != ""
}

// overHTTP reports whether a call went over HTTP, as gRPC does.
func overHTTP(n *trace.Call) bool {
	s := n.Span()
	if s == nil || s.Kind == trace.Internal || s.Kind == trace.Producer || s.Kind == trace.Consumer {
		return false
	}
	return methodOf(s) != "" || n.Client != nil && methodOf(n.Client) != ""
}

// methodOf is the method of the span's request; each call of gRPC is a POST.
func methodOf(s *trace.Span) string {
	if s.HTTP.Method == "" && s.RPC.Method != "" {
		return "POST"
	}
	return s.HTTP.Method
}

// pathOf is the path of the span's request: of gRPC, the service and the method.
func pathOf(s *trace.Span) string {
	switch {
	case s.HTTP.Target != "":
		return capture.PathOf(s.HTTP.Target)
	case s.HTTP.Method == "" && s.RPC.Method != "":
		return "/" + s.Operation()
	}
	return ""
}
