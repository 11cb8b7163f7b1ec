package mesh

import (
	"cmp"
	"slices"

	istio "istio.io/client-go/pkg/apis/networking/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Snapshot is what decides where requests go, as it stood when it was listed.
// It is only read after [Load], so that many goroutines may use it.
type Snapshot struct {
	VirtualServices  []*istio.VirtualService
	DestinationRules []*istio.DestinationRule
	ServiceEntries   []*istio.ServiceEntry
	WorkloadEntries  []*istio.WorkloadEntry
	Sidecars         []*istio.Sidecar
	Services         []*core.Service
	Slices           []*discovery.EndpointSlice
	Pods             []Pod

	// Domain and RootNamespace are those of [Clients].
	Domain, RootNamespace string
}

// Pod is the part of a pod that decides whether it is an endpoint.
type Pod struct {
	Namespace, Name string
	Labels          map[string]string
	Ready           bool
}

// older orders objects as Istio does: by age, then name, then namespace.
func older(a, b metav1.Object) int {
	ta, tb := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	return cmp.Or(
		ta.Compare(tb.Time),
		cmp.Compare(a.GetName(), b.GetName()),
		cmp.Compare(a.GetNamespace(), b.GetNamespace()),
	)
}

func oldestFirst[T metav1.Object](objects []T) {
	slices.SortFunc(objects, func(a, b T) int { return older(a, b) })
}

func refOf(kind string, o metav1.Object) Ref {
	return Ref{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName()}
}
