package gate_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/store"
)

var subject = release.Subject{Service: "catalog", Digest: image, BaseDigest: base}

// TestWhatWasToldAnywhereCountsAtOnce asks a gate that remembers while another one on
// the same store is told.
func TestWhatWasToldAnywhereCountsAtOnce(t *testing.T) {
	h := newHarness(t)
	other := gate.New(gate.Config{Store: h.store, Policies: h.Policies(), Now: func() time.Time { return h.now }})
	asked := func(want release.Decision, code release.Code) {
		t.Helper()
		for range 3 { // decided, and then remembered
			v := h.ask()
			require.Equal(t, want, v.Decision, "%+v", v.Reasons)
			require.Equal(t, code, v.Reasons[0].Code)
			require.Equal(t, h.now, v.At)
			require.Equal(t, subject, v.Subject)
		}
	}
	push := func(n uint64, v diff.Verdict) {
		t.Helper()
		_, _, err := other.Push(t.Context(), "ci", compared(t, h, n, v), subject, release.Origin{})
		require.NoError(t, err)
		h.now = h.now.Add(time.Minute)
	}
	asked(release.Hold, release.Missing)
	push(500, diff.Pass)
	asked(release.Promote, release.Passed)
	stop, err := other.Stop(t.Context(), "alice", release.Stop{Services: []string{"*"}, Reason: "an incident"})
	require.NoError(t, err)
	asked(release.Hold, release.Stopped)
	require.NoError(t, other.Resume(t.Context(), "alice", stop.ID, func(string) error { return nil }))
	h.now = h.now.Add(time.Minute)
	asked(release.Promote, release.Passed)
	push(501, diff.Fail)
	asked(release.Rollback, release.Failed)
	push(502, diff.Pass)
	asked(release.Promote, release.Passed)
	h.now = h.now.Add(24 * time.Hour) // nothing is told, but it is too old now
	asked(release.Hold, release.Stale)
}

func TestAsksThatAreAnsweredFromMemoryAreCounted(t *testing.T) {
	h := newHarness(t)
	for range 10 {
		h.ask()
		h.now = h.now.Add(time.Second)
	}
	require.Eventually(t, func() bool {
		all, err := h.store.Records(t.Context(), store.RecordFilter{Service: "catalog"})
		return assert.NoError(t, err) && len(all) == 1 && all[0].Asked == 10 && all[0].Last.Equal(h.now.Add(-time.Second))
	}, 10*time.Second, 50*time.Millisecond, "they are written each second")
}

func TestNothingIsRememberedWithoutTheStore(t *testing.T) {
	h := newHarness(t)
	_, _, err := h.Push(t.Context(), "ci", compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, release.Promote, h.ask().Decision)
	}
	require.NoError(t, h.store.Close())
	v := h.Ask(context.Background(), gate.Ask{Subject: subject})
	assert.Equal(t, release.Hold, v.Decision)
	assert.Equal(t, release.Faulty, v.Reasons[0].Code)
}
