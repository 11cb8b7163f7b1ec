package mesh

import (
	"context"

	"google.golang.org/protobuf/proto"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// object is a VirtualService or a DestinationRule.
type object interface {
	metav1.Object
	runtime.Object
}

// typed is what the client of one kind in one namespace does.
type typed[T object] interface {
	Get(context.Context, string, metav1.GetOptions) (T, error)
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
}

// resource reads and writes objects of one kind. Its errors are those of the
// API server.
type resource struct {
	kind, plural string
	get          func(ctx context.Context, namespace, name string) (object, error)
	create       func(context.Context, object) (object, error)
	update       func(context.Context, object) (object, error)
	remove       func(context.Context, object) error
}

// resources are in the order of creation: a route to a subset that is not there
// yet is a black hole, so the subsets come first, and go last.
func (c *Clients) resources() []resource {
	net := c.Istio.NetworkingV1()
	return []resource{
		resourceOf(kindDestinationRule, "destinationrules.networking.istio.io",
			func(ns string) typed[*istio.DestinationRule] { return net.DestinationRules(ns) }),
		resourceOf(kindVirtualService, "virtualservices.networking.istio.io",
			func(ns string) typed[*istio.VirtualService] { return net.VirtualServices(ns) }),
	}
}

func resourceOf[T object](kind, plural string, in func(namespace string) typed[T]) resource {
	return resource{
		kind: kind, plural: plural,
		get: func(ctx context.Context, ns, name string) (object, error) {
			o, err := in(ns).Get(ctx, name, metav1.GetOptions{})
			return o, err
		},
		create: func(ctx context.Context, o object) (object, error) {
			made, err := in(o.GetNamespace()).Create(ctx, o.(T), metav1.CreateOptions{FieldManager: ManagedBy})
			return made, err
		},
		update: func(ctx context.Context, o object) (object, error) {
			made, err := in(o.GetNamespace()).Update(ctx, o.(T), metav1.UpdateOptions{FieldManager: ManagedBy})
			return made, err
		},
		remove: func(ctx context.Context, o object) error {
			uid, version := o.GetUID(), o.GetResourceVersion()
			return in(o.GetNamespace()).Delete(ctx, o.GetName(), metav1.DeleteOptions{
				Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version},
			})
		},
	}
}

func (c *Clients) resource(kind string) resource {
	all := c.resources()
	if all[0].kind == kind {
		return all[0]
	}
	return all[1]
}

func specOf(o object) proto.Message {
	switch t := o.(type) {
	case *istio.VirtualService:
		return &t.Spec
	case *istio.DestinationRule:
		return &t.Spec
	}
	return nil
}

// ownLabels are the labels that we write; others are left as they are.
var ownLabels = []string{LabelManagedBy, LabelRoutes, LabelRun}

// sameContent compares what we write: the spec and our labels.
func sameContent(a, b object) bool {
	for _, k := range ownLabels {
		if a.GetLabels()[k] != b.GetLabels()[k] {
			return false
		}
	}
	return proto.Equal(specOf(a), specOf(b))
}

// withContent returns what live becomes when it gets want's content. The rest
// of its metadata, with the resourceVersion, stays.
func withContent(live, want object) object {
	out := live.DeepCopyObject().(object)
	labels := union(nil, live.GetLabels())
	for _, k := range ownLabels {
		if v := want.GetLabels()[k]; v != "" {
			labels[k] = v
		} else {
			delete(labels, k)
		}
	}
	out.SetLabels(labels)
	proto.Reset(specOf(out))
	proto.Merge(specOf(out), specOf(want))
	return out
}
