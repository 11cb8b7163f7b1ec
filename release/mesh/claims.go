package mesh

import (
	"slices"

	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
)

// claims returns the VirtualServices that route host for the request, the
// oldest first: those whose host is the most specific. More than one is an
// error for sidecars, which take exactly one of a host (IST0109); a gateway
// takes the routes of all.
func (s *Snapshot) claims(req Request, host string) ([]*istio.VirtualService, error) {
	var found []*istio.VirtualService
	best := ""
	for _, vs := range s.VirtualServices {
		p := s.claim(vs, req, host)
		if p == "" {
			continue
		}
		if p != best && moreSpecific(p, best) {
			best, found = p, nil
		}
		if p == best {
			found = append(found, vs)
		}
	}
	if len(found) > 1 && req.Gateway == meshGateway {
		return nil, conflict(best, req.Gateway, found,
			"a sidecar takes one of them and ignores the others; put all routes of the host into one, or join them with delegates")
	}
	return found, nil
}

// claim returns the host of a VirtualService that holds host for the request's
// proxy, or "".
func (s *Snapshot) claim(vs *istio.VirtualService, req Request, host string) string {
	if len(vs.Spec.Http) == 0 ||
		!slices.Contains(gatewaysOf(vs.Spec.Gateways, vs.Namespace), req.Gateway) ||
		!exported(vs.Spec.ExportTo, vs.Namespace, req.Namespace) {
		return ""
	}
	p := mostSpecific(s.hosts(vs), host)
	if p == "" || !s.imports(req, vs.Namespace, host) {
		return ""
	}
	return p
}

// hosts are those of a VirtualService in full.
func (s *Snapshot) hosts(vs *istio.VirtualService) []string {
	out := make([]string, len(vs.Spec.Hosts))
	for i, h := range vs.Spec.Hosts {
		out[i] = fqdn(h, vs.Namespace, s.Domain)
	}
	return out
}

func conflict(host, gateway string, claims []*istio.VirtualService, do string) error {
	e := &ConflictError{Host: host, Gateway: gateway, Do: do}
	for _, vs := range claims {
		e.Claims = append(e.Claims, refOf(kindVirtualService, vs))
	}
	return e
}

// inOrder returns the routes of all in the order in which they are tried. Where
// a gateway joins several, the routes that take everything come last.
func (s *Snapshot) inOrder(claims []*istio.VirtualService) []step {
	var first, last []step
	for _, vs := range claims {
		for _, st := range s.steps(vs) {
			if len(claims) > 1 && takesAll(st.route) {
				last = append(last, st)
			} else {
				first = append(first, st)
			}
		}
	}
	return append(first, last...)
}

func takesAll(r *istioapi.HTTPRoute) bool {
	return len(r.Match) == 0 || slices.ContainsFunc(r.Match, func(m *istioapi.HTTPMatchRequest) bool {
		open := len(m.Headers)+len(m.WithoutHeaders)+len(m.QueryParams) == 0 && m.Method == nil && m.Authority == nil && m.Scheme == nil
		return open && (m.Uri == nil || m.Uri.GetPrefix() == "/")
	})
}
