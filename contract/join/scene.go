package join

import (
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// scene is a tree with the ways through it. The ways lead from the places of nodes
// to places, -1 where there is none, so that no way is walked twice.
type scene struct {
	tree   *trace.Tree
	skew   time.Duration
	effort *effort
	aside  map[*trace.Span]beside
	nodes  []*trace.Call // in the tree's order: each behind what it is beneath
	at     map[*trace.Call]int
	up     []int
	// client and server lead from a span's id to its call, beneath from the id of a
	// parent to the servers' ends that have no client's.
	client, server map[trace.SpanID]*trace.Call
	beneath        map[trace.SpanID][]*trace.Call
	// hops lead from a call to the same one, passed on; bottoms to the last, tops back
	// to the first.
	hops, bottoms, tops []int
	// outer, beyond and namer are ways up that were walked.
	outer, beyond, namer memo
	calls                []placed
}

func newScene(tree *trace.Tree, aside map[*trace.Span]beside, skew time.Duration) *scene {
	n := tree.Spans + 1
	s := &scene{tree: tree, skew: skew, aside: aside, effort: newEffort(),
		nodes: make([]*trace.Call, 0, n), up: make([]int, 0, n), at: make(map[*trace.Call]int, n),
		client: make(map[trace.SpanID]*trace.Call, n), server: make(map[trace.SpanID]*trace.Call, n),
		beneath: make(map[trace.SpanID][]*trace.Call)}
	type step struct {
		node *trace.Call
		up   int
	}
	stack := []step{{tree.Root, -1}}
	for len(stack) > 0 {
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		at := len(s.nodes)
		s.enter(next.node, next.up)
		for _, child := range slices.Backward(next.node.Children) {
			stack = append(stack, step{child, at})
		}
	}
	s.follow()
	return s
}

// follow finds for each call the one call beneath it that is the same request, sent
// on; where there are several, they are tries.
func (s *scene) follow() {
	const none, several = -1, -2
	n := len(s.nodes)
	ways := make([]int, 3*n)
	s.hops, s.bottoms, s.tops = ways[:n], ways[n:2*n], ways[2*n:]
	for i := range s.hops {
		s.hops[i] = none
	}
	for i, c := range s.nodes {
		p := s.up[i]
		if p < 0 || s.hops[p] == several || !passedOn(s.nodes[p], c) {
			continue
		}
		if s.hops[p] == none {
			s.hops[p] = i
		} else {
			s.hops[p] = several
		}
	}
	for i := range slices.Backward(s.nodes) {
		s.bottoms[i] = i
		if hop := s.hops[i]; hop >= 0 {
			s.bottoms[i] = s.bottoms[hop]
		}
	}
	for i, p := range s.up {
		s.tops[i] = i
		if p >= 0 && s.hops[p] == i {
			s.tops[i] = s.tops[p]
		}
	}
}

func (s *scene) enter(n *trace.Call, up int) {
	s.at[n] = len(s.nodes)
	s.nodes = append(s.nodes, n)
	s.up = append(s.up, up)
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
func (s *scene) bottom(n *trace.Call) *trace.Call { return s.nodes[s.bottoms[s.at[n]]] }

// top is the place of the other end of the way: the call as its consumer made it.
func (s *scene) top(n *trace.Call) int { return s.tops[s.at[n]] }

// memo keeps where ways lead, two more than the place, and 0 for what was not
// walked.
type memo []int

// climb walks up until there is no next, and remembers that of each place on the
// way. Where a way ends may only depend on the places on it.
func (s *scene) climb(m *memo, i int, next func(i int) (up int, more bool)) int {
	const walked = 2 // a way may lead to -1
	if *m == nil {
		*m = make(memo, len(s.nodes))
	}
	var way []int
	for i >= 0 {
		if (*m)[i] != 0 {
			i = (*m)[i] - walked
			break
		}
		up, more := next(i)
		if !more {
			if up != i { // the way ends behind it
				way = append(way, i)
			}
			i = up
			break
		}
		way = append(way, i)
		i = up
	}
	for _, w := range way {
		(*m)[w] = i + walked
	}
	return i
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
