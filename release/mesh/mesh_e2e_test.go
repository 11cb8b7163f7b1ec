//go:build e2e

package mesh_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/route"
)

// requests is how many each lane is sent.
const requests = 200

func TestEachLaneIsAnsweredByItsOwnVersionAndProvesIt(t *testing.T) {
	s := newShop(t)
	e := s.envoy(t)
	to := caller(t, e)
	for _, st := range s.plan(t, s.routes()).Steps {
		require.Equal(t, mesh.Create, st.Action)
	}
	s.applyRoutes(t, s.routes())
	lanes := map[string]*version{mesh.LaneBase: s.Base, mesh.LaneBranch: s.Branch}
	for lane := range lanes {
		got, err := s.check(lane)
		require.NoError(t, err)
		require.Equal(t, "twinspect-"+lane, got.Subset)
		require.Equal(t, mesh.Endpoints{Ready: 1, Total: 1, ServiceReady: 2, ServiceTotal: 2}, got.Endpoints)
		s.proven(t, e, lane)
	}
	for lane, v := range lanes {
		s.Base.asked.Store(0)
		s.Branch.asked.Store(0)
		sender, err := route.New(route.Lane{Name: lane}, to)
		require.NoError(t, err)
		for range requests {
			answered(t, sender.Send(s.ctx, get(s.Host, "/things")), lane)
		}
		attested, misrouted := sender.Counts()
		require.EqualValues(t, requests, attested)
		require.Zero(t, misrouted)
		require.EqualValues(t, requests, v.asked.Load())
		require.EqualValues(t, requests, s.Base.asked.Load()+s.Branch.asked.Load(), "the other version got none")
	}
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{nil, mesh.LaneBase},
		{[]string{"baggage", "lane=branch"}, mesh.LaneBranch},
		{[]string{"baggage", "a=b;p=1, lane=branch;p=2,c=d"}, mesh.LaneBranch},
		{[]string{"baggage", "a=b", "baggage", "lane=branch"}, mesh.LaneBranch},
		{[]string{"baggage", "lane=base"}, mesh.LaneBase},
		{[]string{"baggage", "lane=branchy,airlane=branch"}, mesh.LaneBase},
		{[]string{"X-Twinspect-Lane", "branch"}, mesh.LaneBranch},
		{[]string{"x-twinspect-lane", "branch", "baggage", "lane=base"}, mesh.LaneBranch},
		{[]string{"x-twinspect-lane", "base", "baggage", "lane=branch"}, mesh.LaneBase},
		{[]string{"x-twinspect-lane", "other", "baggage", "lane=branch"}, mesh.LaneBase},
	} {
		before := lanes[c.want].asked.Load()
		for range requests / 10 {
			a := to.Send(s.ctx, get(s.Host, "/things", c.fields...))
			answered(t, a, c.want)
			require.Equal(t, []string{c.want}, a.Response.Header.Values(mesh.AttestHeader), "%v", c.fields)
		}
		require.EqualValues(t, requests/10, lanes[c.want].asked.Load()-before, "%v", c.fields)
	}
}

// proven waits until an answer proves the lane.
func (s *shop) proven(t *testing.T, e sidecar, lane string) {
	t.Helper()
	to := caller(t, e)
	soon(t, func() bool {
		a := to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, lane))
		return a.OK() && a.Response.Status == 200 && a.Response.Header.Get(mesh.AttestHeader) == lane
	}, "lane %s", lane)
}

// unproven waits until the sidecar knows no routes any more.
func (s *shop) unproven(t *testing.T, e sidecar) {
	t.Helper()
	to := caller(t, e)
	soon(t, func() bool {
		a := to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, mesh.LaneBranch))
		return a.OK() && a.Response.Status == 200 && a.Response.Header.Get(mesh.AttestHeader) == "the service itself"
	})
}

func answered(t *testing.T, a replay.Answer, by string) {
	t.Helper()
	require.True(t, a.OK(), a.Err)
	require.Equal(t, 200, a.Response.Status)
	require.Equal(t, by, string(a.Response.Body))
}

func TestWhatIsAppliedTwiceIsUnchangedAndWhatIsUndoneIsGone(t *testing.T) {
	s := newShop(t)
	e := s.envoy(t)
	s.apply(t, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: other, namespace: {{.Namespace}}, labels: {app.kubernetes.io/managed-by: helm}},
  spec: {hosts: [other.example], http: [{route: [{destination: {host: {{.Host}}}}]}]}}`, s)
	foreign := s.virtualService(t, "other")

	a := s.applyRoutes(t, s.routes())
	require.Len(t, a.Done, 2)
	s.proven(t, e, mesh.LaneBranch)
	again := s.plan(t, s.routes())
	for _, st := range again.Steps {
		require.Equal(t, mesh.Unchanged, st.Action, st.Object)
	}
	none, err := mesh.Apply(s.ctx, s.clients, again)
	require.NoError(t, err)
	require.Empty(t, none.Done)

	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	require.NoError(t, a.Undo(cancelled))
	for _, ref := range a.Done {
		require.True(t, apierrors.IsNotFound(s.get(ref)), ref)
	}
	require.Equal(t, foreign, s.virtualService(t, "other"), "not even read and written")
	s.unproven(t, e)
	require.NoError(t, a.Undo(s.ctx), "again")
}

func TestWhatWasUpdatedIsPutBack(t *testing.T) {
	s := newShop(t)
	e := s.envoy(t)
	s.applyRoutes(t, s.routes())
	s.proven(t, e, mesh.LaneBranch)
	first := s.virtualService(t, "twinspect-catalog")

	swapped := s.routes()
	swapped.Run, swapped.Base, swapped.Branch = "run-2", swapped.Branch, swapped.Base
	swapped.AttestHeader = "x-other"
	p := s.plan(t, swapped)
	for _, st := range p.Steps {
		require.Equal(t, mesh.Update, st.Action)
	}
	a, err := mesh.Apply(s.ctx, s.clients, p)
	require.NoError(t, err)
	to := caller(t, e)
	soon(t, func() bool {
		got := to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, mesh.LaneBranch))
		return string(got.Response.Body) == "base" && got.Response.Header.Get("x-other") == "branch"
	})

	require.NoError(t, a.Undo(s.ctx))
	for _, st := range s.plan(t, s.routes()).Steps {
		require.Equal(t, mesh.Unchanged, st.Action, st.Object)
	}
	back := s.virtualService(t, "twinspect-catalog")
	require.Equal(t, first.UID, back.UID)
	require.Equal(t, first.Labels, back.Labels)
	s.proven(t, e, mesh.LaneBranch)
	soon(t, func() bool {
		return string(to.Send(s.ctx, get(s.Host, "/", mesh.LaneHeader, mesh.LaneBranch)).Response.Body) == "branch"
	})
}

func TestWhatSomebodyElseWroteMeanwhileIsLeft(t *testing.T) {
	s := newShop(t)
	p := s.plan(t, s.routes())
	const taken = `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: twinspect-catalog, namespace: {{.Namespace}}}, spec: {hosts: [taken.example]}}`
	s.apply(t, taken, s)
	_, err := mesh.Apply(s.ctx, s.clients, p)
	require.ErrorIs(t, err, mesh.ErrChanged)
	require.ErrorContains(t, err, "VirtualService "+s.Namespace+"/twinspect-catalog")
	require.True(t, apierrors.IsNotFound(s.get(mesh.Ref{Kind: "DestinationRule", Namespace: s.Namespace, Name: "twinspect-catalog"})), "undone")
	require.Equal(t, []string{"taken.example"}, s.virtualService(t, "twinspect-catalog").Spec.Hosts)
	_, err = mesh.MakePlan(s.ctx, s.clients, s.routes())
	require.ErrorIs(t, err, mesh.ErrForeign)

	removed, err := mesh.Delete(s.ctx, s.clients, mesh.Owned{Namespace: s.Namespace})
	require.NoError(t, err)
	require.Empty(t, removed, "nothing of ours is there")
}

func TestUndoLeavesWhatSomebodyElseChangedOnTheServer(t *testing.T) {
	s := newShop(t)
	a := s.applyRoutes(t, s.routes())
	vs := s.virtualService(t, "twinspect-catalog")
	vs.Spec.Http = vs.Spec.Http[:1]
	_, err := s.clients.Istio.NetworkingV1().VirtualServices(s.Namespace).Update(s.ctx, vs, metav1.UpdateOptions{})
	require.NoError(t, err)
	err = a.Undo(s.ctx)
	require.ErrorIs(t, err, mesh.ErrChanged)
	require.ErrorContains(t, err, "VirtualService "+s.Namespace+"/twinspect-catalog")
	require.Len(t, s.virtualService(t, "twinspect-catalog").Spec.Http, 1)

	removed, err := mesh.Delete(s.ctx, s.clients, mesh.Owned{Run: "run-1", Namespace: s.Namespace})
	require.NoError(t, err)
	require.Equal(t, []mesh.Ref{{Kind: "VirtualService", Namespace: s.Namespace, Name: "twinspect-catalog"}}, removed, "it is still ours to delete")
}

func TestDeleteRemovesTheRoutesOfOneRunAlone(t *testing.T) {
	s, other := newShop(t), newShop(t)
	s.applyRoutes(t, s.routes())
	r := other.routes()
	r.Run = "run-of-others"
	other.applyRoutes(t, r)
	removed, err := mesh.Delete(s.ctx, s.clients, mesh.Owned{Run: "run-of-others"})
	require.NoError(t, err)
	assert.Len(t, removed, 2)
	for _, ref := range removed {
		assert.Equal(t, other.Namespace, ref.Namespace)
	}
	for _, st := range s.plan(t, s.routes()).Steps {
		assert.Equal(t, mesh.Unchanged, st.Action)
	}
}
