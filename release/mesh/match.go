package mesh

import (
	"slices"
	"strings"

	istioapi "istio.io/api/networking/v1alpha3"
)

// condition is one part of a match; a match holds when all its parts do.
type condition func(*istioapi.HTTPMatchRequest, Request) (bool, error)

// Cheap conditions that know no errors come first: what they exclude is not
// there for Envoy, so that an expression behind them harms nobody.
var conditions = []condition{
	matchCaller, matchURI, matchPseudo, matchHeaders, matchWithout, matchQuery,
}

// matchRoute returns the index of the first match of a route that holds, or -1;
// a route without matches holds always, at 0. Its gateways are names in full.
func matchRoute(route *istioapi.HTTPRoute, req Request) (int, error) {
	if len(route.Match) == 0 {
		return 0, nil
	}
	for i, m := range route.Match {
		if ok, err := matchRequest(m, req); ok || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func matchRequest(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	for _, c := range conditions {
		if ok, err := c(m, req); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// matchCaller is decided when the configuration is made for a proxy. Labels and
// namespace of the source are ignored where gateways are given.
func matchCaller(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	if m.GetPort() != 0 && m.GetPort() != req.Port {
		return false, nil
	}
	if len(m.GetGateways()) > 0 {
		return slices.Contains(m.GetGateways(), req.Gateway), nil
	}
	return subsetOf(m.GetSourceLabels(), req.Labels) &&
		(m.GetSourceNamespace() == "" || m.GetSourceNamespace() == req.Namespace), nil
}

// matchURI ignores case for exact and prefix only.
func matchURI(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	uri := m.GetUri()
	if uri == nil || uri.MatchType == nil {
		return true, nil
	}
	path, _ := splitTarget(req.Path)
	if !m.GetIgnoreUriCase() {
		return uriMatches(uri, path)
	}
	switch c := uri.MatchType.(type) {
	case *istioapi.StringMatch_Exact:
		return strings.EqualFold(path, c.Exact), nil
	case *istioapi.StringMatch_Prefix:
		return len(path) >= len(c.Prefix) && strings.EqualFold(path[:len(c.Prefix)], c.Prefix), nil
	}
	return uriMatches(uri, path)
}

// uriMatches knows no "*" for any value: Envoy compiles it as an expression.
func uriMatches(uri *istioapi.StringMatch, path string) (bool, error) {
	if re, ok := uri.MatchType.(*istioapi.StringMatch_Regex); ok {
		return wholeMatch(re.Regex, path)
	}
	return textMatches(uri, path)
}

func matchPseudo(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	for _, p := range []struct {
		want *istioapi.StringMatch
		have string
	}{{m.GetMethod(), req.Method}, {m.GetAuthority(), req.Host}, {m.GetScheme(), req.Scheme}} {
		if p.want == nil {
			continue
		}
		if ok, err := textMatches(p.want, p.have); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func matchHeaders(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	for _, name := range sortedKeys(m.GetHeaders()) {
		if err := claimError(name); err != nil {
			return false, err
		}
		values := headerValues(req.Header, name)
		if values == nil {
			return false, nil
		}
		if ok, err := fieldMatches(m.GetHeaders()[name], name, values); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// matchWithout takes a header that is not there as empty, except where the
// condition only asks whether it is there.
func matchWithout(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	for _, name := range sortedKeys(m.GetWithoutHeaders()) {
		if err := claimError(name); err != nil {
			return false, err
		}
		want := m.GetWithoutHeaders()[name]
		values := headerValues(req.Header, name)
		if values == nil && anyValue(want) {
			continue
		}
		if ok, err := fieldMatches(want, name, values); ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// fieldMatches decides a condition on all the fields of one name. Envoy joined
// them to a list; with the runtime guard match_headers_individually, on by
// default in 1.40, one of them suffices. Where that makes a difference, the
// version of the proxy decides.
func fieldMatches(m *istioapi.StringMatch, name string, values []string) (bool, error) {
	list, err := textMatches(m, strings.Join(values, ","))
	if err != nil || len(values) < 2 {
		return list, err
	}
	one := false
	for _, v := range values {
		ok, err := textMatches(m, v)
		if err != nil {
			return false, err
		}
		one = one || ok
	}
	if one != list {
		return false, fault(ErrUndecided, "send one field, or put the lanes' routes before it",
			"a match on %s depends on whether the proxy looks at its %d values one by one or as a list", name, len(values))
	}
	return list, nil
}

// claimError: what a token says is known to the proxy alone.
func claimError(header string) error {
	if !strings.HasPrefix(header, "@request.auth.claims") {
		return nil
	}
	return fault(ErrUndecided, "put the lanes' routes before it", "a match on %s depends on the token that the proxy verifies", header)
}

// matchQuery looks at the first value of each parameter, as it is encoded.
func matchQuery(m *istioapi.HTTPMatchRequest, req Request) (bool, error) {
	if len(m.GetQueryParams()) == 0 {
		return true, nil
	}
	_, query := splitTarget(req.Path)
	for _, name := range sortedKeys(m.GetQueryParams()) {
		value, there := queryValue(query, name)
		if !there {
			return false, nil
		}
		if ok, err := textMatches(m.GetQueryParams()[name], value); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func queryValue(query, name string) (string, bool) {
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == name && pair != "" {
			return v, true
		}
	}
	return "", false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
