package mesh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	istioapi "istio.io/api/networking/v1alpha3"
)

// Route is where a request would go.
type Route struct {
	// VirtualService defines the route; it is zero where none does and the
	// service itself answers. Where a root delegates, it is the delegate.
	VirtualService Ref
	// Index is the route's place in its VirtualService, from 0, Match that of
	// the match that held; Name is the route's own.
	Index, Match int
	Name         string
	// Host is the destination in full, Port its port, Subset its subset, Labels
	// what the subset's endpoints carry.
	Host   string
	Port   uint32
	Subset string
	Labels map[string]string
	// Endpoints is how many could answer.
	Endpoints Endpoints
	// ResponseHeaders are those that the route sets, names in lower case.
	ResponseHeaders map[string]string
	// Notes tell what else is done to the request: rewritten, mirrored, delayed.
	Notes []string
}

// Check lists the cluster's objects and says where req would go.
func Check(ctx context.Context, c *Clients, req Request) (Route, error) {
	s, err := Load(ctx, c)
	if err != nil {
		return Route{}, err
	}
	return s.Route(req)
}

// Route says where Istio would send the request. The error is one of this
// package's kinds where the request would not be answered, not by one version
// alone, or not with the header that proves the lane. It does no I/O.
func (s *Snapshot) Route(req Request) (Route, error) {
	route, err := s.route(req.withDefaults())
	if err != nil {
		return route, fmt.Errorf("%s: %w", req.withDefaults(), err)
	}
	return route, nil
}

func (s *Snapshot) route(req Request) (Route, error) {
	if strings.Contains(req.Path, "#") {
		return Route{}, fault(ErrUnrouted, "send it without the fragment", "a target with a fragment is answered with 400")
	}
	host := s.hostOf(req.Host, req.Namespace)
	svc := s.service(host, req.Namespace)
	if err := fillPort(&req, svc); err != nil {
		return Route{}, err
	}
	claims, err := s.claims(req, host)
	if err != nil {
		return Route{}, err
	}
	if len(claims) == 0 {
		return s.unclaimed(req, host)
	}
	steps := s.inOrder(claims)
	at, route, err := choose(steps, req)
	if err != nil {
		return route, err
	}
	if at < 0 {
		return route, fault(ErrUnrouted, "add a route without a match at the end",
			"none of the %d routes of %s takes it, so that it is answered with 404", len(steps), refOf(kindVirtualService, claims[0]))
	}
	return s.follow(steps[at], route, req)
}

// fillPort takes the service's only port where none is given.
func fillPort(req *Request, svc *service) error {
	switch {
	case req.Port != 0 || svc == nil:
		return nil
	case len(svc.ports) == 1:
		req.Port = svc.ports[0].number
		return nil
	}
	return fault(ErrInvalid, "give the port", "%s has the ports %v", svc.ref, svc.portNumbers())
}

// unclaimed: without a VirtualService the service answers, in whatever version.
func (s *Snapshot) unclaimed(req Request, host string) (Route, error) {
	if req.Lane != "" {
		return Route{}, fault(ErrUnrouted, "apply the routes of the service, exported to this namespace and imported by its Sidecar",
			"no VirtualService of %s on gateway %s is seen from namespace %s", host, req.Gateway, req.Namespace)
	}
	return s.reach(Route{Host: host, Port: req.Port, ResponseHeaders: map[string]string{}}, req)
}

// choose returns the first route that takes the request, or -1. The route that
// it fills in has the notes of the routes that Istio leaves out.
func choose(steps []step, req Request) (int, Route, error) {
	var route Route
	for i, st := range steps {
		if st.lost != nil {
			route.Notes = append(route.Notes, st.lost.Error())
			continue
		}
		match, err := matchRoute(st.route, req)
		if err == nil && match < 0 {
			continue
		}
		route.VirtualService = refOf(kindVirtualService, st.from)
		route.Index, route.Match, route.Name = st.index, match, st.route.Name
		if err != nil {
			return i, route, fmt.Errorf("route %d of %s: %w", st.index, route.VirtualService, err)
		}
		return i, route, nil
	}
	return -1, route, nil
}

// follow looks at what the chosen route does.
func (s *Snapshot) follow(st step, route Route, req Request) (Route, error) {
	if err := s.noAnswer(st.route, route); err != nil {
		return route, err
	}
	dest, err := single(st.route, route)
	if err != nil {
		return route, err
	}
	to := dest.GetDestination()
	route.Host, route.Subset = fqdn(to.GetHost(), st.from.Namespace, s.Domain), to.GetSubset()
	if route.Port = to.GetPort().GetNumber(); route.Port == 0 {
		route.Port = req.Port
		if svc := s.service(route.Host, req.Namespace); svc != nil && len(svc.ports) == 1 {
			route.Port = svc.ports[0].number
		}
	}
	route.Notes = append(route.Notes, notes(st.route)...)
	headers := responseHeaders(st.route.GetHeaders().GetResponse(), dest.GetHeaders().GetResponse())
	route.ResponseHeaders = make(map[string]string, len(headers))
	for k, v := range headers {
		route.ResponseHeaders[k] = strings.Join(v, ",")
	}
	if err := attested(route, req); err != nil {
		return route, err
	}
	return s.reach(route, req)
}

// noAnswer: the proxy answers by itself, so that no version does.
func (s *Snapshot) noAnswer(r *istioapi.HTTPRoute, route Route) error {
	do := "put the lanes' routes before it"
	switch {
	case r.GetRedirect() != nil:
		return fault(ErrUnrouted, do, "route %d of %s redirects it", route.Index, route.VirtualService)
	case r.GetDirectResponse() != nil:
		return fault(ErrUnrouted, do, "route %d of %s answers it with %d itself",
			route.Index, route.VirtualService, r.GetDirectResponse().GetStatus())
	case r.GetFault().GetAbort().GetPercentage().GetValue() > 0:
		return fault(ErrUnrouted, do, "route %d of %s aborts %g %% of the requests", route.Index, route.VirtualService,
			r.GetFault().GetAbort().GetPercentage().GetValue())
	case len(r.GetRoute()) == 0:
		return fault(ErrUnrouted, "give it a destination", "route %d of %s goes nowhere", route.Index, route.VirtualService)
	}
	return nil
}

// single returns the destination that gets everything.
func single(r *istioapi.HTTPRoute, route Route) (*istioapi.HTTPRouteDestination, error) {
	if len(r.Route) == 1 {
		return r.Route[0], nil
	}
	weighted := slices.DeleteFunc(slices.Clone(r.Route), func(d *istioapi.HTTPRouteDestination) bool { return d.GetWeight() == 0 })
	if len(weighted) == 1 {
		return weighted[0], nil
	}
	shares := make([]string, len(r.Route))
	for i, d := range r.Route {
		shares[i] = fmt.Sprintf("%d to %s", d.GetWeight(), orElse(d.GetDestination().GetSubset(), d.GetDestination().GetHost()))
	}
	return nil, fault(ErrSplit, "put the lanes' routes before it, each with one destination",
		"route %d of %s divides the requests by weight (%s)", route.Index, route.VirtualService, strings.Join(shares, ", "))
}

func notes(r *istioapi.HTTPRoute) []string {
	var out []string
	if w := r.GetRewrite(); w != nil {
		out = append(out, fmt.Sprintf("the request is rewritten: %v", w))
	}
	if r.GetMirror() != nil || len(r.GetMirrors()) > 0 {
		out = append(out, "the request is mirrored: another service gets a copy of it")
	}
	if p := r.GetFault().GetDelay().GetPercentage().GetValue(); p > 0 {
		out = append(out, fmt.Sprintf("%g %% of the requests are delayed", p))
	}
	return out
}

// responseHeaders returns the values that the answer has for certain: the route
// first, then the destination; what is set replaces, what is added is added.
func responseHeaders(ops ...*istioapi.Headers_HeaderOperations) map[string][]string {
	out := map[string][]string{}
	for _, o := range ops {
		for _, k := range sortedKeys(o.GetSet()) {
			out[strings.ToLower(k)] = []string{o.GetSet()[k]}
		}
		for _, k := range sortedKeys(o.GetAdd()) {
			out[strings.ToLower(k)] = append(out[strings.ToLower(k)], o.GetAdd()[k])
		}
	}
	return out
}

func attested(route Route, req Request) error {
	if req.Lane == "" || route.ResponseHeaders[strings.ToLower(req.AttestHeader)] == req.Lane {
		return nil
	}
	return fault(ErrUnattested, fmt.Sprintf("set %s: %s in its response headers", req.AttestHeader, req.Lane),
		"route %d of %s sets %s to %q, so that no answer proves its lane",
		route.Index, route.VirtualService, req.AttestHeader, route.ResponseHeaders[strings.ToLower(req.AttestHeader)])
}

// reach resolves the subset and counts who could answer.
func (s *Snapshot) reach(route Route, req Request) (Route, error) {
	svc := s.service(route.Host, req.Namespace)
	if svc == nil || !s.imports(req, svc.ref.Namespace, route.Host) {
		return route, fault(ErrUnrouted, "create it, export it to this namespace, or import it with the port in the caller's Sidecar",
			"the destination %s is no Service or ServiceEntry that namespace %s sees", route.Host, req.Namespace)
	}
	p, ok := svc.port(route.Port)
	if !ok {
		return route, fault(ErrUnrouted, "name a port of the service in the route's destination",
			"%s has no port %d, only %v", svc.ref, route.Port, svc.portNumbers())
	}
	if route.Subset != "" {
		labels, err := s.subsetLabels(route, svc, req)
		if err != nil {
			return route, err
		}
		route.Labels = labels
	}
	route.Endpoints = count(s.endpoints(svc, p), route.Labels)
	if route.Endpoints.Ready == 0 {
		return route, fault(ErrNotReady, "deploy pods with these labels, or wait until they are ready",
			"%s has no ready endpoint for subset %q on port %d: %s", svc.ref, route.Subset, route.Port, route.Endpoints.seen(route.Labels))
	}
	return route, nil
}

func (s *Snapshot) subsetLabels(route Route, svc *service, req Request) (map[string]string, error) {
	if r := s.rule(svc.host, svc.ref.Namespace, req.Namespace, req.Labels); r != nil {
		if sub := r.subset(route.Subset); sub != nil {
			return maps.Clone(sub.GetLabels()), nil
		}
	}
	return nil, fault(ErrSubset, "define it in a DestinationRule of the host, in the service's namespace and with the exportTo of the others",
		"%s names subset %q of %s, which no DestinationRule that decides for namespace %s defines (%s); the request is refused with 503",
		route.VirtualService, route.Subset, route.Host, req.Namespace, s.rulesAbout(svc.host))
}
