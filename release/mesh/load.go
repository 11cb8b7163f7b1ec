package mesh

import (
	"context"
	"errors"
	"fmt"

	istio "istio.io/client-go/pkg/apis/networking/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is how many objects one answer of a list holds: 500 pods of some
// 10 kB each are 5 MB, the most that is decoded at once.
const pageSize = 500

// Load lists all that decides where requests go. Rights that are missing are
// all named at once, each as a [ForbiddenError].
func Load(ctx context.Context, c *Clients) (*Snapshot, error) {
	s := &Snapshot{Domain: c.domain(), RootNamespace: c.rootNamespace()}
	if err := errors.Join(s.loadIstio(ctx, c), s.loadKube(ctx, c)); err != nil {
		return nil, err
	}
	s.sort()
	return s, nil
}

func (s *Snapshot) loadIstio(ctx context.Context, c *Clients) error {
	net := c.Istio.NetworkingV1()
	return errors.Join(
		list(ctx, c, "virtualservices.networking.istio.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := net.VirtualServices(ns).List(ctx, o)
			return l, collect(err, func() { s.VirtualServices = append(s.VirtualServices, l.Items...) })
		}),
		list(ctx, c, "destinationrules.networking.istio.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := net.DestinationRules(ns).List(ctx, o)
			return l, collect(err, func() { s.DestinationRules = append(s.DestinationRules, l.Items...) })
		}),
		list(ctx, c, "serviceentries.networking.istio.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := net.ServiceEntries(ns).List(ctx, o)
			return l, collect(err, func() { s.ServiceEntries = append(s.ServiceEntries, l.Items...) })
		}),
		list(ctx, c, "workloadentries.networking.istio.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := net.WorkloadEntries(ns).List(ctx, o)
			return l, collect(err, func() { s.WorkloadEntries = append(s.WorkloadEntries, l.Items...) })
		}),
		list(ctx, c, "sidecars.networking.istio.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := net.Sidecars(ns).List(ctx, o)
			return l, collect(err, func() { s.Sidecars = append(s.Sidecars, l.Items...) })
		}),
	)
}

func (s *Snapshot) loadKube(ctx context.Context, c *Clients) error {
	return errors.Join(
		list(ctx, c, "services", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := c.Kube.CoreV1().Services(ns).List(ctx, o)
			return l, collect(err, func() { s.Services = appendPointers(s.Services, l.Items) })
		}),
		list(ctx, c, "endpointslices.discovery.k8s.io", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := c.Kube.DiscoveryV1().EndpointSlices(ns).List(ctx, o)
			return l, collect(err, func() { s.Slices = appendPointers(s.Slices, l.Items) })
		}),
		list(ctx, c, "pods", func(ns string, o metav1.ListOptions) (metav1.ListInterface, error) {
			l, err := c.Kube.CoreV1().Pods(ns).List(ctx, o)
			return l, collect(err, func() {
				for i := range l.Items {
					s.Pods = append(s.Pods, podOf(&l.Items[i]))
				}
			})
		}),
	)
}

// list calls page for each namespace until the list ends.
func list(ctx context.Context, c *Clients, resource string, page func(string, metav1.ListOptions) (metav1.ListInterface, error)) error {
	namespaces := c.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, ns := range namespaces {
		for next := ""; ; {
			l, err := page(ns, metav1.ListOptions{Limit: pageSize, Continue: next})
			if err != nil {
				return apiError(ctx, err, "list", resource, ns)
			}
			if next = l.GetContinue(); next == "" {
				break
			}
		}
	}
	return nil
}

func collect(err error, keep func()) error {
	if err == nil {
		keep()
	}
	return err
}

func appendPointers[T core.Service | discovery.EndpointSlice](to []*T, items []T) []*T {
	for i := range items {
		to = append(to, &items[i])
	}
	return to
}

func podOf(p *core.Pod) Pod {
	out := Pod{Namespace: p.Namespace, Name: p.Name, Labels: p.Labels}
	for _, c := range p.Status.Conditions {
		if c.Type == core.PodReady {
			out.Ready = c.Status == core.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return out
}

// sort puts what Istio takes in order of age into this order.
func (s *Snapshot) sort() {
	oldestFirst[*istio.VirtualService](s.VirtualServices)
	oldestFirst[*istio.DestinationRule](s.DestinationRules)
	oldestFirst[*istio.ServiceEntry](s.ServiceEntries)
	oldestFirst[*istio.Sidecar](s.Sidecars)
	oldestFirst[*core.Service](s.Services)
}

// apiError names the right that is missing, or what else keeps the API server
// from doing it. A context that ended is returned as it is.
func apiError(ctx context.Context, err error, verb, resource, namespace string) error {
	where := "all namespaces"
	if namespace != "" {
		where = "namespace " + namespace
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", verb, resource, ctx.Err())
	case apierrors.IsUnauthorized(err):
		return fault(ErrForbidden, "renew the credentials of the kubeconfig's context", "the API server does not know the account (%v)", err)
	case apierrors.IsForbidden(err):
		return &ForbiddenError{Verb: verb, Resource: resource, Namespace: namespace, Err: err}
	case apierrors.IsNotFound(err) && verb == "list":
		return fault(ErrUnreachable, "install Istio, with its custom resource definitions of version v1",
			"the cluster has no %s (%v)", resource, err)
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
		return fault(ErrInvalid, "correct the routes", "the cluster takes no such %s in %s (%v)", resource, where, err)
	case apierrors.IsNotFound(err):
		return fault(ErrInvalid, "create the namespace first, or name another", "cannot %s %s in %s (%v)", verb, resource, where, err)
	}
	return fault(ErrUnreachable, "check that the API server is healthy and try again",
		"cannot %s %s in %s (%v)", verb, resource, where, err)
}
