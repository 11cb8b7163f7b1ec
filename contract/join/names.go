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
	if top.Client != nil && top.Client.Service != "" {
		return top.Client.Service
	}
	for p := s.up[top]; p != nil && !p.Synthetic(); p = s.up[p] {
		if p.Server != nil || p.Inside() {
			return p.Span().Service
		}
		if name := p.Service(); name != address && name != "" {
			return name
		}
	}
	return e.Context.Caller
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
	for p := s.up[s.top(n)]; p != nil; p = s.up[p] {
		own := p.Client != nil && p.Server == nil && sameService(p.Client.Service, consumer)
		if own || p.Inside() {
			continue
		}
		if i, ok := index[s.bottom(p)]; ok {
			return i
		}
		return -1
	}
	return -1
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
