package mesh

import (
	"net"
	"slices"
	"strings"

	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	core "k8s.io/api/core/v1"
)

// exportToAnnotation is a Kubernetes Service's exportTo.
const exportToAnnotation = "networking.istio.io/exportTo"

// service is an entry of Istio's registry: a Service or a ServiceEntry.
type service struct {
	host  string
	ref   Ref
	ports []port
	kube  *core.Service
	entry *istio.ServiceEntry
}

type port struct {
	number uint32
	name   string
}

// service returns what host stands for as seen from namespace, or nil. A
// Kubernetes Service comes before a ServiceEntry of its name, a name before a
// wildcard, an older one before a younger.
func (s *Snapshot) service(host, namespace string) *service {
	for _, k := range s.Services {
		if s.kubeHost(k) == host && exported(splitList(k.Annotations[exportToAnnotation]), k.Namespace, namespace) {
			return kubeService(k, host)
		}
	}
	var best *istio.ServiceEntry
	pattern := ""
	for _, e := range s.ServiceEntries {
		if !exported(e.Spec.ExportTo, e.Namespace, namespace) {
			continue
		}
		if p := mostSpecific(lower(e.Spec.Hosts), host); p != "" && moreSpecific(p, pattern) {
			best, pattern = e, p
		}
	}
	if best == nil {
		return nil
	}
	return entryService(best, host)
}

func (s *Snapshot) kubeHost(k *core.Service) string {
	return fqdn(k.Name, k.Namespace, s.Domain)
}

func kubeService(k *core.Service, host string) *service {
	out := &service{host: host, ref: refOf("Service", k), kube: k}
	for _, p := range k.Spec.Ports {
		out.ports = append(out.ports, port{number: uint32(p.Port), name: p.Name})
	}
	return out
}

func entryService(e *istio.ServiceEntry, host string) *service {
	out := &service{host: host, ref: refOf("ServiceEntry", e), entry: e}
	for _, p := range e.Spec.Ports {
		out.ports = append(out.ports, port{number: p.GetNumber(), name: p.GetName()})
	}
	return out
}

func (s *service) port(number uint32) (port, bool) {
	i := slices.IndexFunc(s.ports, func(p port) bool { return p.number == number })
	if i < 0 {
		return port{}, false
	}
	return s.ports[i], true
}

func (s *service) portNumbers() []uint32 {
	out := make([]uint32, len(s.ports))
	for i, p := range s.ports {
		out[i] = p.number
	}
	return out
}

// hostOf returns the name in full of the Host header that a caller sends: a
// sidecar knows a service by each of its shorter names too.
func (s *Snapshot) hostOf(host, namespace string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, full := range []string{
		host, host + "." + namespace + ".svc." + s.Domain, host + ".svc." + s.Domain, host + "." + s.Domain,
	} {
		if s.service(full, namespace) != nil {
			return full
		}
	}
	return fqdn(host, namespace, s.Domain)
}

func lower(hosts []string) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = strings.ToLower(h)
	}
	return out
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// imports reports whether the caller's Sidecar lets it see host of owner. Where
// a listener is bound to the port, it alone decides.
func (s *Snapshot) imports(req Request, owner, host string) bool {
	car := s.sidecar(req)
	if req.Gateway != meshGateway || car == nil || len(car.Spec.Egress) == 0 {
		return true
	}
	return slices.ContainsFunc(listenersOf(car, req.Port), func(l *istioapi.IstioEgressListener) bool {
		return listenerImports(l, req.Namespace, owner, host)
	})
}

// listenerImports: what a host with "~" before its namespace names is left out
// again, of all namespaces where it names none.
func listenerImports(l *istioapi.IstioEgressListener, caller, owner, host string) bool {
	in := false
	for _, h := range l.GetHosts() {
		h, without := strings.CutPrefix(h, "~")
		if without && strings.HasPrefix(h, "/") {
			h = "*" + h
		}
		if !importHolds(h, caller, owner, host) {
			continue
		}
		if without {
			return false
		}
		in = true
	}
	return in
}

func listenersOf(car *istio.Sidecar, number uint32) []*istioapi.IstioEgressListener {
	var bound, free []*istioapi.IstioEgressListener
	for _, l := range car.Spec.Egress {
		switch {
		case l.GetPort() == nil:
			free = append(free, l)
		case l.GetPort().GetNumber() == number:
			bound = append(bound, l)
		}
	}
	if bound != nil {
		return bound
	}
	return free
}

func importHolds(rule, caller, owner, host string) bool {
	ns, pattern, ok := strings.Cut(rule, "/")
	if !ok {
		return false
	}
	if ns == "." {
		ns = caller
	}
	return (ns == "*" || ns == owner) && hostMatches(strings.ToLower(pattern), host)
}

// sidecar returns the Sidecar of the caller: the oldest that selects it, else
// the oldest of its namespace, else that of the root namespace, or nil.
func (s *Snapshot) sidecar(req Request) *istio.Sidecar {
	var general, root *istio.Sidecar
	for _, c := range s.Sidecars {
		selector := c.Spec.GetWorkloadSelector().GetLabels()
		switch {
		case c.Namespace == req.Namespace && len(selector) > 0:
			if subsetOf(selector, req.Labels) {
				return c
			}
		case c.Namespace == req.Namespace && general == nil:
			general = c
		case c.Namespace == s.RootNamespace && len(selector) == 0 && root == nil:
			root = c
		}
	}
	if general != nil {
		return general
	}
	return root
}
