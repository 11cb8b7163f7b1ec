package mesh

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
)

// step is an HTTP route in its place: the VirtualService that defines it, which
// for a delegated one is not the one that the host belongs to.
type step struct {
	from  *istio.VirtualService
	index int
	route *istioapi.HTTPRoute
	// lost says why Istio leaves the route out; route is then the root's.
	lost error
}

// steps returns the routes of a VirtualService with those that it delegates in
// their place, one level deep. Istio leaves out a route whose delegate is not
// there, not exported to the root, or that contradicts the root.
func (s *Snapshot) steps(root *istio.VirtualService) []step {
	var out []step
	for i, r := range root.Spec.Http {
		if r.GetDelegate() == nil {
			out = append(out, step{from: root, index: i, route: withGateways(r, root.Namespace)})
			continue
		}
		out = append(out, s.delegated(root, i)...)
	}
	return out
}

func (s *Snapshot) delegated(root *istio.VirtualService, index int) []step {
	r := withGateways(root.Spec.Http[index], root.Namespace)
	ns, name := orElse(r.Delegate.Namespace, root.Namespace), r.Delegate.Name
	lost := func(format, do string) []step {
		err := fault(ErrUnrouted, do, format, index, refOf(kindVirtualService, root), ns, name)
		return []step{{from: root, index: index, route: r, lost: err}}
	}
	at := slices.IndexFunc(s.VirtualServices, func(vs *istio.VirtualService) bool { return vs.Namespace == ns && vs.Name == name })
	if at < 0 || len(s.VirtualServices[at].Spec.Hosts) > 0 {
		return lost("route %d of %s delegates to %s/%s, which is no VirtualService without hosts", "create it, or take the delegate out")
	}
	leaf := s.VirtualServices[at]
	if !exported(leaf.Spec.ExportTo, leaf.Namespace, root.Namespace) {
		return lost("route %d of %s delegates to %s/%s, which is not exported to it", "add the root's namespace to its exportTo")
	}
	var out []step
	for i, l := range leaf.Spec.Http {
		if merged := mergeRoute(r, withGateways(l, leaf.Namespace)); merged != nil {
			out = append(out, step{from: leaf, index: i, route: merged})
		}
	}
	return out
}

// withGateways returns the route with the gateways of its matches in full.
func withGateways(r *istioapi.HTTPRoute, namespace string) *istioapi.HTTPRoute {
	if !slices.ContainsFunc(r.Match, func(m *istioapi.HTTPMatchRequest) bool { return len(m.GetGateways()) > 0 }) {
		return r
	}
	out := proto.CloneOf(r)
	for _, m := range out.Match {
		for i, g := range m.GetGateways() {
			m.Gateways[i] = gatewayName(g, namespace)
		}
	}
	return out
}

// mergeRoute returns the delegate's route within the root's, or nil where one
// contradicts the other.
func mergeRoute(root, leaf *istioapi.HTTPRoute) *istioapi.HTTPRoute {
	match, ok := mergeMatches(root.Match, leaf.Match)
	if !ok || leaf.Delegate != nil {
		return nil
	}
	out := proto.CloneOf(leaf)
	out.Match = match
	out.Name = strings.Trim(root.Name+"-"+leaf.Name, "-")
	if out.DirectResponse == nil {
		out.DirectResponse = root.DirectResponse
	}
	if out.Rewrite == nil {
		out.Rewrite = root.Rewrite
	}
	if out.Fault == nil {
		out.Fault = root.Fault
	}
	if out.Mirror == nil {
		out.Mirror = root.Mirror
	}
	if out.Mirrors == nil {
		out.Mirrors = root.Mirrors
	}
	if out.Headers == nil {
		out.Headers = root.Headers
	}
	return out
}

func mergeMatches(root, leaf []*istioapi.HTTPMatchRequest) ([]*istioapi.HTTPMatchRequest, bool) {
	if len(root) == 0 {
		return leaf, true
	}
	if len(leaf) == 0 {
		return root, true
	}
	var out []*istioapi.HTTPMatchRequest
	for _, l := range leaf {
		before := len(out)
		for _, r := range root {
			if !contradict(r, l) {
				out = append(out, mergeMatch(r, l))
			}
		}
		if len(out) == before {
			return nil, false
		}
	}
	return out, true
}

// mergeMatch takes from the root what the leaf leaves open.
func mergeMatch(root, leaf *istioapi.HTTPMatchRequest) *istioapi.HTTPMatchRequest {
	out := proto.CloneOf(leaf)
	for _, f := range []struct{ to, from **istioapi.StringMatch }{
		{&out.Uri, &root.Uri}, {&out.Scheme, &root.Scheme}, {&out.Method, &root.Method}, {&out.Authority, &root.Authority},
	} {
		if *f.to == nil {
			*f.to = *f.from
		}
	}
	out.Headers = union(root.Headers, leaf.Headers)
	out.WithoutHeaders = union(root.WithoutHeaders, leaf.WithoutHeaders)
	out.QueryParams = union(root.QueryParams, leaf.QueryParams)
	out.SourceLabels = union(root.SourceLabels, leaf.SourceLabels)
	out.SourceNamespace = orElse(leaf.SourceNamespace, root.SourceNamespace)
	if out.Port == 0 {
		out.Port = root.Port
	}
	if len(out.Gateways) == 0 {
		out.Gateways = root.Gateways
	}
	return out
}

func union[V any](root, leaf map[string]V) map[string]V {
	out := make(map[string]V, len(root)+len(leaf))
	maps.Copy(out, root)
	maps.Copy(out, leaf)
	return out
}

// contradict reports whether the leaf asks for what the root does not include.
func contradict(root, leaf *istioapi.HTTPMatchRequest) bool {
	for _, p := range [][2]*istioapi.StringMatch{
		{root.Uri, leaf.Uri}, {root.Scheme, leaf.Scheme}, {root.Method, leaf.Method}, {root.Authority, leaf.Authority},
	} {
		if !includes(p[0], p[1]) {
			return true
		}
	}
	for _, p := range [][2]map[string]*istioapi.StringMatch{
		{root.Headers, leaf.Headers}, {root.WithoutHeaders, leaf.WithoutHeaders}, {root.QueryParams, leaf.QueryParams},
	} {
		for k, l := range p[1] {
			if !includes(p[0][k], l) {
				return true
			}
		}
	}
	return root.IgnoreUriCase != leaf.IgnoreUriCase ||
		root.Port > 0 && leaf.Port > 0 && root.Port != leaf.Port ||
		contradictCaller(root, leaf)
}

func contradictCaller(root, leaf *istioapi.HTTPMatchRequest) bool {
	for k, l := range leaf.SourceLabels {
		if r, ok := root.SourceLabels[k]; ok && r != l {
			return true
		}
	}
	if root.SourceNamespace != "" && leaf.SourceNamespace != root.SourceNamespace {
		return true
	}
	if len(root.Gateways) == 0 {
		return false
	}
	return slices.ContainsFunc(leaf.Gateways, func(g string) bool { return !slices.Contains(root.Gateways, g) })
}

// includes reports whether all that the leaf takes the root takes too, by
// Istio's rule: no two conditions on one field where one is an expression.
func includes(root, leaf *istioapi.StringMatch) bool {
	if root == nil || leaf == nil {
		return true
	}
	text := leaf.GetExact() + leaf.GetPrefix()
	switch {
	case root.GetRegex() != "" || leaf.GetRegex() != "":
		return false
	case root.GetExact() != "":
		return leaf.GetExact() == root.GetExact()
	case root.GetPrefix() != "":
		return text != "" && strings.HasPrefix(text, root.GetPrefix())
	}
	return false
}
