package join

import (
	"net"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/operation"
	"twinspect.dev/capture/trace"
)

// address is what PeerName says of an address of digits.
const address = "{address}"

// consumer is who made the call: the client's span says it, else the call that was
// being worked on, else the recorder.
func (s *scene) consumer(n *trace.Call, e *capture.Exchange) string {
	top := s.top(n)
	if c := s.nodes[top].Client; c != nil && c.Service != "" {
		return c.Service
	}
	at := s.climb(&s.namer, s.up[top], func(i int) (int, bool) {
		switch p := s.nodes[i]; {
		case p.Synthetic():
			return -1, false
		case p.Server != nil || p.Inside():
			return i, false
		default:
			name := p.Service()
			if name != address && name != "" {
				return i, false
			}
			return s.up[i], true
		}
	})
	switch {
	case at < 0:
		return e.Context.Caller
	case s.nodes[at].Server != nil:
		return s.nodes[at].Server.Service
	}
	return s.nodes[at].Service()
}

// provider is who answered it: the server's span says it, else the recorder, else
// the name by which the client asked.
func (s *scene) provider(n *trace.Call, e *capture.Exchange) string {
	if n.Server != nil && n.Server.Service != "" {
		return n.Server.Service
	}
	if e.Context.Service != "" {
		return e.Context.Service
	}
	peer := ""
	if n.Client != nil {
		peer = n.Client.PeerName()
	}
	if peer == "" || peer == address {
		host := trace.Span{Peer: e.Request.Header.Get("Host")}
		if name := host.PeerName(); name != "" {
			return name
		}
	}
	return peer
}

// parent is the index of the recorded call during which the consumer made this
// one: up through its own work to the call that it was asked by.
func (s *scene) parent(n *trace.Call, consumer string, index map[*trace.Call]int) int {
	p := s.outside(s.up[s.top(n)])
	if p >= 0 && s.madeBy(p, consumer) {
		p = s.climb(&s.beyond, p, func(i int) (int, bool) {
			up := s.outside(s.up[i])
			return up, up >= 0 && s.madeBy(up, s.nodes[i].Client.Service)
		})
	}
	if p < 0 {
		return -1
	}
	if i, ok := index[s.nodes[s.bottoms[p]]]; ok {
		return i
	}
	return -1
}

// outside goes up from a place to one that is no work inside a service.
func (s *scene) outside(i int) int {
	return s.climb(&s.outer, i, func(i int) (int, bool) {
		if s.nodes[i].Inside() {
			return s.up[i], true
		}
		return i, false
	})
}

// madeBy reports whether a call is known from its client alone, which is the
// consumer.
func (s *scene) madeBy(i int, consumer string) bool {
	p := s.nodes[i]
	return p.Client != nil && p.Server == nil && sameService(p.Client.Service, consumer)
}

// Operation names the operation by the route that a span knows, else by the
// looks of the target.
func Operation(_ string, n *trace.Call, e *capture.Exchange) string {
	for _, s := range []*trace.Span{n.Server, n.Client} {
		if s != nil && strings.HasPrefix(s.HTTP.Route, "/") {
			return e.Request.Method + " " + bracesOf(s.HTTP.Route)
		}
	}
	return operation.NewLearner().Name(e.Request.Method, e.Request.Target)
}

// bracesOf writes the variables of a route as documents do: "/products/:id" and
// "/products/<int:id>" as "/products/{id}".
func bracesOf(route string) string {
	if !strings.ContainsAny(route, ":<") {
		return route
	}
	parts := strings.Split(route, "/")
	for i, p := range parts {
		switch {
		case len(p) > 1 && p[0] == ':':
			parts[i] = "{" + p[1:] + "}"
		case len(p) > 2 && p[0] == '<' && strings.HasSuffix(p, ">"):
			name := p[1 : len(p)-1]
			parts[i] = "{" + name[strings.LastIndexByte(name, ':')+1:] + "}"
		}
	}
	return strings.Join(parts, "/")
}

// hostOf is the host of an address.
func hostOf(at string) string {
	if host, _, err := net.SplitHostPort(at); err == nil {
		return host
	}
	return at
}
