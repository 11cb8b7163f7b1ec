package mesh

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	istiofake "istio.io/client-go/pkg/clientset/versioned/fake"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// cluster is a fake one that numbers what is written and holds preconditions,
// as an API server does and the fakes do not.
type cluster struct {
	*Clients
	istio *istiofake.Clientset
	kube  *kubefake.Clientset
	n     int
}

func newCluster(t testing.TB, objects ...runtime.Object) *cluster {
	c := &cluster{istio: istiofake.NewSimpleClientset(entry(t)), kube: kubefake.NewClientset()}
	c.Clients = &Clients{Kube: c.kube, Istio: c.istio}
	c.istio.PrependReactor("*", "*", c.react)
	for _, o := range objects {
		c.put(t, o.(object))
	}
	return c
}

func (c *cluster) react(a ktesting.Action) (bool, runtime.Object, error) {
	switch a := a.(type) {
	case ktesting.CreateActionImpl:
		c.stamp(a.Object.(object), types.UID("uid-"+strconv.Itoa(c.n)))
	case ktesting.UpdateActionImpl:
		live, err := c.istio.Tracker().Get(a.Resource, a.Namespace, a.Object.(object).GetName())
		if err != nil {
			return true, nil, err
		}
		if live.(object).GetResourceVersion() != a.Object.(object).GetResourceVersion() {
			return true, nil, conflictStatus(a.Resource, a.Object.(object).GetName())
		}
		c.stamp(a.Object.(object), live.(object).GetUID())
	case ktesting.DeleteActionImpl:
		live, err := c.istio.Tracker().Get(a.Resource, a.Namespace, a.Name)
		if err != nil {
			return true, nil, err
		}
		p := a.DeleteOptions.Preconditions
		if p == nil || *p.UID != live.(object).GetUID() || *p.ResourceVersion != live.(object).GetResourceVersion() {
			return true, nil, conflictStatus(a.Resource, a.Name)
		}
	}
	return false, nil, nil
}

func (c *cluster) stamp(o object, uid types.UID) {
	c.n++
	o.SetUID(uid)
	o.SetResourceVersion(strconv.Itoa(c.n))
	o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "m"}})
}

func conflictStatus(r schema.GroupVersionResource, name string) error {
	return apierrors.NewConflict(r.GroupResource(), name, errors.New("the object has been modified"))
}

// put creates an object or writes it over, as somebody else would.
func (c *cluster) put(t testing.TB, o object) {
	t.Helper()
	kind := kindVirtualService
	if _, ok := o.(*istio.DestinationRule); ok {
		kind = kindDestinationRule
	}
	r := c.resource(kind)
	live, err := r.get(t.Context(), o.GetNamespace(), o.GetName())
	if err != nil {
		_, err = r.create(t.Context(), o)
	} else {
		o.SetResourceVersion(live.GetResourceVersion())
		_, err = r.update(t.Context(), o)
	}
	require.NoError(t, err)
}

func (c *cluster) plan(t testing.TB, r Routes) *Plan {
	t.Helper()
	p, err := MakePlan(t.Context(), c.Clients, r)
	require.NoError(t, err)
	return p
}

// there returns the names of what stands, routes first.
func (c *cluster) there(t testing.TB) []string {
	s, err := Load(t.Context(), c.Clients)
	require.NoError(t, err)
	out := []string{}
	for _, v := range s.VirtualServices {
		out = append(out, "vs "+v.Namespace+"/"+v.Name)
	}
	for _, d := range s.DestinationRules {
		out = append(out, "dr "+d.Namespace+"/"+d.Name)
	}
	return out
}

var both = []string{"vs shop/twinspect-catalog", "dr shop/twinspect-catalog"}

func TestApplyIsIdempotentAndUndone(t *testing.T) {
	c := newCluster(t)
	a, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	assert.Equal(t, []Ref{{kindDestinationRule, "shop", "twinspect-catalog"}, {kindVirtualService, "shop", "twinspect-catalog"}}, a.Done)
	assert.Equal(t, both, c.there(t))
	route, err := Check(t.Context(), c.Clients, ask(LaneBranch))
	require.NoError(t, err)
	assert.Equal(t, SubsetBranch, route.Subset)

	again, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	assert.Empty(t, again.Done)
	require.NoError(t, again.Undo(t.Context()))
	assert.Equal(t, both, c.there(t), "what a run did not make it does not remove")

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, a.Undo(cancelled))
	assert.Empty(t, c.there(t))
	require.NoError(t, a.Undo(t.Context()), "there is nothing left to do")
}

func TestUndoPutsBackWhatWasUpdated(t *testing.T) {
	c := newCluster(t)
	_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	r := spec()
	r.Run, r.Branch = "r2", map[string]string{"version": "next"}
	a, err := Apply(t.Context(), c.Clients, c.plan(t, r))
	require.NoError(t, err)
	assert.Len(t, a.Done, 2)
	require.NoError(t, a.Undo(t.Context()))
	for _, s := range c.plan(t, spec()).Steps {
		assert.Equal(t, Unchanged, s.Action)
	}
}

func TestAStatusThatIstiodWritesDoesNotHinderUndo(t *testing.T) {
	c := newCluster(t)
	a, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	live, err := c.istio.NetworkingV1().VirtualServices("shop").Get(t.Context(), "twinspect-catalog", metav1.GetOptions{})
	require.NoError(t, err)
	live.Status.ObservedGeneration = 7
	c.put(t, live)
	require.NoError(t, a.Undo(t.Context()))
	assert.Empty(t, c.there(t))
}

func TestUndoLeavesWhatSomebodyElseChanged(t *testing.T) {
	c := newCluster(t)
	a, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	live, err := c.istio.NetworkingV1().VirtualServices("shop").Get(t.Context(), "twinspect-catalog", metav1.GetOptions{})
	require.NoError(t, err)
	live.Spec.Http = live.Spec.Http[:1]
	c.put(t, live)
	err = a.Undo(t.Context())
	require.ErrorIs(t, err, ErrChanged)
	assert.ErrorContains(t, err, "VirtualService shop/twinspect-catalog")
	assert.Equal(t, []string{"vs shop/twinspect-catalog"}, c.there(t))
}

func TestAPlanThatIsOutOfDateIsNotApplied(t *testing.T) {
	t.Run("created meanwhile", func(t *testing.T) {
		c := newCluster(t)
		p := c.plan(t, spec())
		c.put(t, vs(t, "shop", "twinspect-catalog", 0, `{hosts: [other]}`))
		_, err := Apply(t.Context(), c.Clients, p)
		require.ErrorIs(t, err, ErrChanged)
		assert.Equal(t, []string{"vs shop/twinspect-catalog"}, c.there(t), "the DestinationRule is undone, the other's object left")
	})
	t.Run("taken over meanwhile", func(t *testing.T) {
		c := newCluster(t)
		_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
		require.NoError(t, err)
		r := spec()
		r.Run = "r2"
		p := c.plan(t, r)
		c.put(t, dr(t, "shop", "twinspect-catalog", 0, `{host: other}`))
		_, err = Apply(t.Context(), c.Clients, p)
		require.ErrorIs(t, err, ErrChanged)
		live, err := c.istio.NetworkingV1().DestinationRules("shop").Get(t.Context(), "twinspect-catalog", metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, "other", live.Spec.Host)
	})
	t.Run("deleted meanwhile", func(t *testing.T) {
		c := newCluster(t)
		_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
		require.NoError(t, err)
		r := spec()
		r.Run = "r2"
		p := c.plan(t, r)
		_, err = Delete(t.Context(), c.Clients, Owned{Run: "r1"})
		require.NoError(t, err)
		_, err = Apply(t.Context(), c.Clients, p)
		require.ErrorIs(t, err, ErrChanged)
	})
}

func TestARefusedPlanIsNotApplied(t *testing.T) {
	c := newCluster(t, vs(t, "ops", "catalog", 9, `{hosts: [`+catalog+`], http: [{route: [{destination: {host: `+catalog+`}}]}]}`))
	p, err := MakePlan(t.Context(), c.Clients, spec())
	require.ErrorIs(t, err, ErrConflict)
	_, err = Apply(t.Context(), c.Clients, p)
	require.ErrorIs(t, err, ErrConflict)
	assert.Equal(t, []string{"vs ops/catalog"}, c.there(t))
}

func TestAFailureHalfWayIsUndone(t *testing.T) {
	c := newCluster(t)
	p := c.plan(t, spec())
	ctx, cancel := context.WithCancel(t.Context())
	c.istio.PrependReactor("create", "virtualservices", func(ktesting.Action) (bool, runtime.Object, error) {
		cancel()
		return true, nil, context.Canceled
	})
	_, err := Apply(ctx, c.Clients, p)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, c.there(t))
}

func TestAWriteWhoseAnswerWasLostIsUndone(t *testing.T) {
	for _, written := range []bool{true, false} {
		c := newCluster(t)
		p := c.plan(t, spec())
		c.istio.PrependReactor("create", "virtualservices", func(a ktesting.Action) (bool, runtime.Object, error) {
			create := a.(ktesting.CreateActionImpl)
			if written {
				c.stamp(create.Object.(object), "lost")
				require.NoError(t, c.istio.Tracker().Create(create.Resource, create.Object, create.Namespace))
			}
			return true, nil, errors.New("connection reset")
		})
		_, err := Apply(t.Context(), c.Clients, p)
		require.ErrorIs(t, err, ErrUnreachable)
		assert.Empty(t, c.there(t))
	}
	c := newCluster(t)
	_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	r := spec()
	r.Run = "r2"
	p := c.plan(t, r)
	lost := false
	c.istio.PrependReactor("update", "virtualservices", func(a ktesting.Action) (bool, runtime.Object, error) {
		if lost {
			return false, nil, nil
		}
		lost = true
		update := a.(ktesting.UpdateActionImpl)
		c.stamp(update.Object.(object), update.Object.(object).GetUID())
		require.NoError(t, c.istio.Tracker().Update(update.Resource, update.Object, update.Namespace))
		return true, nil, errors.New("connection reset")
	})
	_, err = Apply(t.Context(), c.Clients, p)
	require.ErrorIs(t, err, ErrUnreachable)
	for _, s := range c.plan(t, spec()).Steps {
		assert.Equal(t, Unchanged, s.Action, s.Object)
	}
}

func TestDeleteRemovesOnlyWhatIsOursAndNamed(t *testing.T) {
	labelled := func(labels map[string]string) object {
		o := vs(t, "shop", "x", 1, `{hosts: [other]}`)
		o.Labels = labels
		return o
	}
	for name, o := range map[string]object{
		"no label":         labelled(nil),
		"another manager":  labelled(map[string]string{LabelManagedBy: "helm", LabelRoutes: "twinspect-catalog", LabelRun: "r1"}),
		"no routes":        labelled(map[string]string{LabelManagedBy: ManagedBy, LabelRun: "r1"}),
		"routes of others": labelled(map[string]string{LabelManagedBy: ManagedBy, LabelRoutes: "other", LabelRun: "r9"}),
	} {
		for _, owned := range []Owned{{Namespace: "shop", Name: "twinspect-catalog"}, {Run: "r1"}} {
			c := newCluster(t, o.DeepCopyObject().(object))
			_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
			require.NoError(t, err)
			removed, err := Delete(t.Context(), c.Clients, owned)
			require.NoError(t, err, name)
			assert.Equal(t, []Ref{{kindVirtualService, "shop", "twinspect-catalog"}, {kindDestinationRule, "shop", "twinspect-catalog"}}, removed)
			assert.Equal(t, []string{"vs shop/x"}, c.there(t), name)
		}
	}
	_, err := Delete(t.Context(), newCluster(t).Clients, Owned{})
	assert.ErrorIs(t, err, ErrInvalid)
}

func TestDeleteTriesAgainWhereAnotherWriteCameBetween(t *testing.T) {
	c := newCluster(t)
	_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	left := 3
	c.istio.PrependReactor("delete", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
		left--
		return left >= 0, nil, conflictStatus(a.GetResource(), "x")
	})
	removed, err := Delete(t.Context(), c.Clients, Owned{Run: "r1"})
	require.NoError(t, err)
	assert.Len(t, removed, 2)
	_, err = Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	left = 100
	_, err = Delete(t.Context(), c.Clients, Owned{Run: "r1"})
	assert.ErrorIs(t, err, ErrChanged)
	assert.Equal(t, 100-2*undoTries, left)
}

func TestMissingRightsAreAllNamed(t *testing.T) {
	c := newCluster(t)
	no := func(a ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("no"))
	}
	c.kube.PrependReactor("list", "pods", no)
	c.istio.PrependReactor("list", "virtualservices", no)
	_, err := MakePlan(t.Context(), c.Clients, spec())
	require.ErrorIs(t, err, ErrForbidden)
	assert.ErrorContains(t, err, `may not list pods in all namespaces: bind a ClusterRole with apiGroups [""], resources ["pods"], verbs ["list"]`)
	assert.ErrorContains(t, err, `apiGroups ["networking.istio.io"], resources ["virtualservices"]`)
	c.Namespaces = []string{"shop"}
	_, err = MakePlan(t.Context(), c.Clients, spec())
	assert.ErrorContains(t, err, "in namespace shop: bind a Role")
	var forbidden *ForbiddenError
	require.ErrorAs(t, err, &forbidden)
	assert.True(t, apierrors.IsForbidden(forbidden.Err))
}

func TestOtherFailuresOfTheAPIServerSayWhatToDo(t *testing.T) {
	gone := apierrors.NewNotFound(schema.GroupResource{Resource: "virtualservices"}, "")
	for want, given := range map[string]error{"install Istio": gone, "try again": errors.New("boom")} {
		c := newCluster(t)
		c.istio.PrependReactor("list", "virtualservices", func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, given })
		_, err := Load(t.Context(), c.Clients)
		require.ErrorIs(t, err, ErrUnreachable)
		assert.ErrorContains(t, err, want)
	}
}

func TestAKubernetesServiceIsLoadedWithItsPods(t *testing.T) {
	c := newCluster(t)
	c.istio = istiofake.NewSimpleClientset()
	c.Clients = &Clients{Istio: c.istio, Kube: kubefake.NewClientset(kubeObjects(t)...)}
	_, err := Apply(t.Context(), c.Clients, c.plan(t, spec()))
	require.NoError(t, err)
	req := ask(LaneBase)
	req.Port = 8080
	got, err := Check(t.Context(), c.Clients, req)
	require.NoError(t, err)
	assert.Equal(t, Endpoints{1, 1, 1, 2}, got.Endpoints)
}
