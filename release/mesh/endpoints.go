package mesh

import (
	"fmt"
	"slices"
	"strings"

	istio "istio.io/client-go/pkg/apis/networking/v1"
	discovery "k8s.io/api/discovery/v1"
)

// Endpoints is how many there are: of the subset, and of the service.
type Endpoints struct {
	// Ready and Total are those with the subset's labels, ServiceReady and
	// ServiceTotal those of the service's port whatever their labels.
	Ready, Total               int
	ServiceReady, ServiceTotal int
}

type endpoint struct {
	labels map[string]string
	ready  bool
}

// endpoints returns what answers on a port of a service, each once.
func (s *Snapshot) endpoints(svc *service, p port) []endpoint {
	found := map[string]endpoint{}
	if svc.kube != nil {
		s.sliceEndpoints(svc, p, found)
		if selector := svc.kube.Spec.Selector; len(selector) > 0 {
			s.workloadEndpoints(svc.kube.Namespace, selector, found)
		}
	} else {
		s.entryEndpoints(svc.entry, found)
	}
	out := make([]endpoint, 0, len(found))
	for _, key := range sortedKeys(found) {
		out = append(out, found[key])
	}
	return out
}

func (s *Snapshot) sliceEndpoints(svc *service, p port, found map[string]endpoint) {
	var ends []*discovery.Endpoint
	pods := map[string]map[string]string{}
	for _, slice := range s.Slices {
		if slice.Namespace != svc.kube.Namespace || slice.Labels[discovery.LabelServiceName] != svc.kube.Name || !servesPort(slice, p.name) {
			continue
		}
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			ends = append(ends, e)
			pods[podName(e)] = nil
		}
	}
	s.fillLabels(svc.kube.Namespace, pods)
	for _, e := range ends {
		key := orElse(podName(e), strings.Join(e.Addresses, ","))
		found[key] = endpoint{labels: pods[podName(e)], ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
	}
}

func podName(e *discovery.Endpoint) string {
	if e.TargetRef == nil || e.TargetRef.Kind != "Pod" {
		return ""
	}
	return e.TargetRef.Name
}

// fillLabels gives each of the named pods its labels.
func (s *Snapshot) fillLabels(namespace string, pods map[string]map[string]string) {
	for i := range s.Pods {
		if p := &s.Pods[i]; p.Namespace == namespace {
			if _, wanted := pods[p.Name]; wanted {
				pods[p.Name] = p.Labels
			}
		}
	}
}

// servesPort: a slice names its ports as the service does; "" is a name too.
func servesPort(slice *discovery.EndpointSlice, name string) bool {
	return slices.ContainsFunc(slice.Ports, func(p discovery.EndpointPort) bool {
		return p.Name == nil && name == "" || p.Name != nil && *p.Name == name
	})
}

// entryEndpoints: a ServiceEntry lists its endpoints, or selects WorkloadEntries
// and pods of its namespace.
func (s *Snapshot) entryEndpoints(e *istio.ServiceEntry, found map[string]endpoint) {
	for i, w := range e.Spec.Endpoints {
		found[fmt.Sprint(i, " ", w.GetAddress())] = endpoint{labels: w.GetLabels(), ready: true}
	}
	selector := e.Spec.GetWorkloadSelector().GetLabels()
	if len(selector) == 0 {
		return
	}
	s.workloadEndpoints(e.Namespace, selector, found)
	for _, p := range s.Pods {
		if p.Namespace == e.Namespace && subsetOf(selector, p.Labels) {
			found["pod "+p.Name] = endpoint{labels: p.Labels, ready: p.Ready}
		}
	}
}

func (s *Snapshot) workloadEndpoints(namespace string, selector map[string]string, found map[string]endpoint) {
	for _, w := range s.WorkloadEntries {
		labels := union(w.Labels, w.Spec.Labels)
		if w.Namespace == namespace && subsetOf(selector, labels) {
			found["workload "+w.Name] = endpoint{labels: labels, ready: healthy(w)}
		}
	}
}

// healthy: without a health check there is no condition, and the endpoint is
// taken to be ready.
func healthy(w *istio.WorkloadEntry) bool {
	for _, c := range w.Status.GetConditions() {
		if c.GetType() == "Healthy" {
			return c.GetStatus() == "True"
		}
	}
	return true
}

func count(all []endpoint, labels map[string]string) Endpoints {
	var n Endpoints
	for _, e := range all {
		n.ServiceTotal++
		if e.ready {
			n.ServiceReady++
		}
		if !subsetOf(labels, e.labels) {
			continue
		}
		n.Total++
		if e.ready {
			n.Ready++
		}
	}
	return n
}

// seen says what was there instead of a ready endpoint.
func (n Endpoints) seen(labels map[string]string) string {
	service := fmt.Sprintf("the service has %d endpoints, %d ready", n.ServiceTotal, n.ServiceReady)
	if len(labels) == 0 {
		return service
	}
	if n.Total == 0 {
		return service + ", none labelled " + labelText(labels)
	}
	return fmt.Sprintf("%s, %d labelled %s and none of them ready", service, n.Total, labelText(labels))
}

func labelText(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, k := range sortedKeys(labels) {
		pairs = append(pairs, k+"="+labels[k])
	}
	return strings.Join(pairs, ",")
}
