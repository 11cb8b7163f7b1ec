package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
)

// rule is what Istio makes of the DestinationRules of one host in one
// namespace: subsets are joined, the first of a name counts; a traffic policy
// is the first one's that has one.
type rule struct {
	host     string
	from     []*istio.DestinationRule
	subsets  []*istioapi.Subset
	policy   *istioapi.TrafficPolicy
	exportTo map[string]bool
	selector map[string]string
}

func (r *rule) subset(name string) *istioapi.Subset {
	i := slices.IndexFunc(r.subsets, func(s *istioapi.Subset) bool { return s.GetName() == name })
	if i < 0 {
		return nil
	}
	return r.subsets[i]
}

// rule returns what holds for a caller that sends to host of owner, or nil. The
// caller's own namespace comes first, then the service's, then the root; the
// first that has one for the host decides alone, even without the subset.
func (s *Snapshot) rule(host, owner, caller string, labels map[string]string) *rule {
	local := s.rulesIn(caller, host, func(d *istio.DestinationRule) bool {
		private := privateOnly(d)
		if caller == s.RootNamespace {
			return private
		}
		return private || exported(d.Spec.ExportTo, d.Namespace, caller)
	})
	if len(local) > 0 {
		return chosen(local, caller, labels)
	}
	for _, ns := range []string{owner, s.RootNamespace} {
		all := s.rulesIn(ns, host, func(d *istio.DestinationRule) bool { return !privateOnly(d) })
		all = slices.DeleteFunc(all, func(r *rule) bool {
			return !exported(sortedKeys(r.exportTo), ns, caller)
		})
		if len(all) > 0 {
			return chosen(all, caller, labels)
		}
	}
	return nil
}

// privateOnly: rules with a workloadSelector never leave their namespace.
func privateOnly(d *istio.DestinationRule) bool {
	e := d.Spec.ExportTo
	return d.Spec.GetWorkloadSelector() != nil || len(e) == 1 && (e[0] == "." || e[0] == d.Namespace)
}

// rulesIn returns the joined rules of a namespace for the most specific of its
// hosts that holds host.
func (s *Snapshot) rulesIn(namespace, host string, keep func(*istio.DestinationRule) bool) []*rule {
	var kept []*istio.DestinationRule
	best := ""
	for _, d := range s.DestinationRules {
		if d.Namespace != namespace || !keep(d) {
			continue
		}
		h := fqdn(d.Spec.Host, d.Namespace, s.Domain)
		if hostMatches(h, host) && h != best && moreSpecific(h, best) {
			best, kept = h, nil
		}
		if h == best {
			kept = append(kept, d)
		}
	}
	slices.SortStableFunc(kept, func(a, b *istio.DestinationRule) int {
		return cmp.Or(cmp.Compare(selectorRank(a), selectorRank(b)), older(a, b))
	})
	return join(best, kept)
}

func selectorRank(d *istio.DestinationRule) int {
	if d.Spec.GetWorkloadSelector() != nil {
		return 0
	}
	return 1
}

// join puts together what Istio does: rules of one exportTo and one selector.
// A rule that is seen in more namespaces is joined to the narrower one and also
// stands by itself.
func join(host string, rules []*istio.DestinationRule) []*rule {
	var out []*rule
	for _, d := range rules {
		next := newRule(host, d)
		apart := true
		for _, r := range out {
			same := maps.Equal(next.exportTo, r.exportTo)
			wider := len(r.exportTo) > 0 && containsAll(next.exportTo, r.exportTo)
			if !same && !wider || (next.selector == nil) != (r.selector == nil) || !maps.Equal(next.selector, r.selector) {
				continue
			}
			r.add(d)
			apart = false
		}
		if apart {
			out = append(out, next)
		}
	}
	return out
}

func newRule(host string, d *istio.DestinationRule) *rule {
	r := &rule{host: host, exportTo: map[string]bool{}}
	if sel := d.Spec.GetWorkloadSelector(); sel != nil {
		r.exportTo["."] = true
		r.selector = union(nil, sel.GetMatchLabels())
	} else {
		for _, e := range d.Spec.ExportTo {
			r.exportTo[e] = true
		}
	}
	r.add(d)
	return r
}

func (r *rule) add(d *istio.DestinationRule) {
	r.from = append(r.from, d)
	for _, s := range d.Spec.Subsets {
		if r.subset(s.GetName()) == nil {
			r.subsets = append(r.subsets, s)
		}
	}
	if r.policy == nil {
		r.policy = d.Spec.TrafficPolicy
	}
}

func containsAll(have, want map[string]bool) bool {
	for k := range want {
		if !have[k] {
			return false
		}
	}
	return true
}

// chosen returns the rule that selects the caller in its own namespace, else
// the last one that selects nobody, or nil.
func chosen(rules []*rule, caller string, labels map[string]string) *rule {
	var general *rule
	for _, r := range rules {
		switch {
		case r.selector == nil:
			general = r
		case r.from[0].Namespace == caller && subsetOf(r.selector, labels):
			return r
		}
	}
	return general
}

// rulesAbout names every rule whose host holds host, wherever it is.
func (s *Snapshot) rulesAbout(host string) string {
	var names []string
	for _, d := range s.DestinationRules {
		if hostMatches(fqdn(d.Spec.Host, d.Namespace, s.Domain), host) {
			names = append(names, d.Namespace+"/"+d.Name+" ("+subsetNames(d.Spec.Subsets)+")")
		}
	}
	if len(names) == 0 {
		return "there is none for the host"
	}
	return "there are " + strings.Join(names, ", ")
}

func subsetNames(subsets []*istioapi.Subset) string {
	if len(subsets) == 0 {
		return "no subsets"
	}
	names := make([]string, len(subsets))
	for i, s := range subsets {
		names[i] = s.GetName()
	}
	return "subsets " + strings.Join(names, ", ")
}
