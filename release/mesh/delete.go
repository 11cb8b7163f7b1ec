package mesh

import (
	"context"
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Owned names objects of ours: all conditions that are not empty must hold, and
// at least one must be given.
type Owned struct {
	// Namespace is empty for all of the clients' namespaces.
	Namespace string
	// Name is Routes.Name, Run Routes.Run.
	Name, Run string
}

// selector holds for nothing that is not ours.
func (o Owned) selector() string {
	set := labels.Set{LabelManagedBy: ManagedBy}
	if o.Name != "" {
		set[LabelRoutes] = o.Name
	}
	if o.Run != "" {
		set[LabelRun] = o.Run
	}
	return set.AsSelector().String()
}

// Delete removes what is named and ours, the VirtualServices first, and returns
// what it removed. It goes on after an error. Each object is read anew right
// before, and removed only as it was read.
func Delete(ctx context.Context, c *Clients, o Owned) ([]Ref, error) {
	if o == (Owned{}) {
		return nil, fault(ErrInvalid, "give a namespace, a name or a run", "all routes of all namespaces would be deleted")
	}
	found, err := c.owned(ctx, o)
	if err != nil {
		return nil, err
	}
	var removed []Ref
	var errs []error
	for _, ref := range found {
		gone, err := c.removeOurs(ctx, ref, o)
		if gone {
			removed = append(removed, ref)
		}
		errs = append(errs, err)
	}
	return removed, errors.Join(errs...)
}

func (c *Clients) removeOurs(ctx context.Context, ref Ref, o Owned) (bool, error) {
	r, gone := c.resource(ref.Kind), false
	err := retry(ctx, r, ref, func(live object) (string, error) {
		if !o.holds(live) {
			return "", nil
		}
		err := r.remove(ctx, live)
		gone = err == nil
		return "delete", err
	})
	return gone, err
}

func (o Owned) holds(live object) bool {
	l := live.GetLabels()
	return ours(live) && (o.Name == "" || l[LabelRoutes] == o.Name) && (o.Run == "" || l[LabelRun] == o.Run)
}

// owned lists what Delete would remove, the routes before the subsets.
func (c *Clients) owned(ctx context.Context, o Owned) ([]Ref, error) {
	in := *c
	if o.Namespace != "" {
		in.Namespaces = []string{o.Namespace}
	}
	var rules, routes []Ref
	net := c.Istio.NetworkingV1()
	err := errors.Join(
		list(ctx, &in, "virtualservices.networking.istio.io", func(ns string, opts metav1.ListOptions) (metav1.ListInterface, error) {
			opts.LabelSelector = o.selector()
			l, err := net.VirtualServices(ns).List(ctx, opts)
			return l, collect(err, func() { routes = append(routes, ownedRefs(kindVirtualService, l.Items, o)...) })
		}),
		list(ctx, &in, "destinationrules.networking.istio.io", func(ns string, opts metav1.ListOptions) (metav1.ListInterface, error) {
			opts.LabelSelector = o.selector()
			l, err := net.DestinationRules(ns).List(ctx, opts)
			return l, collect(err, func() { rules = append(rules, ownedRefs(kindDestinationRule, l.Items, o)...) })
		}),
	)
	return slices.Concat(routes, rules), err
}

func ownedRefs[T object](kind string, items []T, o Owned) []Ref {
	var out []Ref
	for _, i := range items {
		if o.holds(i) {
			out = append(out, refOf(kind, i))
		}
	}
	return out
}
