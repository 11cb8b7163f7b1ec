package mesh

import (
	"net/netip"
	"slices"
	"strings"
)

// meshGateway is the reserved name of all sidecars.
const meshGateway = "mesh"

// fqdn resolves a host as it is written in an Istio object of namespace: a name
// without a dot is a service of that namespace, any other is complete.
func fqdn(host, namespace, domain string) string {
	host = strings.ToLower(host)
	if host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return host + "." + namespace + ".svc." + domain
}

// hostMatches reports whether a pattern, a name or "*" and a suffix, holds host.
func hostMatches(pattern, host string) bool {
	if suffix, wild := strings.CutPrefix(pattern, "*"); wild {
		return strings.HasSuffix(host, suffix)
	}
	return pattern == host
}

// mostSpecific returns the pattern that decides for host: the name itself, else
// the longest wildcard. It returns "" where none matches.
func mostSpecific(patterns []string, host string) string {
	best := ""
	for _, p := range patterns {
		if hostMatches(p, host) && moreSpecific(p, best) {
			best = p
		}
	}
	return best
}

func moreSpecific(a, b string) bool {
	if exactA, exactB := !strings.HasPrefix(a, "*"), b != "" && !strings.HasPrefix(b, "*"); exactA != exactB {
		return exactA
	}
	return len(a) > len(b)
}

// exported reports whether an object of owner with this exportTo is seen from
// namespace. "~" is seen from nowhere.
func exported(exportTo []string, owner, namespace string) bool {
	if len(exportTo) == 0 || slices.Contains(exportTo, "*") || slices.Contains(exportTo, namespace) {
		return true
	}
	return owner == namespace && slices.Contains(exportTo, ".")
}

// gatewayName resolves a gateway as it is written in an object of namespace.
func gatewayName(name, namespace string) string {
	if name == meshGateway || strings.Contains(name, "/") {
		return name
	}
	return namespace + "/" + name
}

// gatewaysOf returns the names in full; none means the sidecars.
func gatewaysOf(names []string, namespace string) []string {
	if len(names) == 0 {
		return []string{meshGateway}
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = gatewayName(n, namespace)
	}
	return out
}

// subsetOf reports whether every one of want is in have.
func subsetOf(want, have map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}
