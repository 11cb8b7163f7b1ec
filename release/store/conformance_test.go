package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// conform runs the suite that every database passes.
func conform(t *testing.T, db database) {
	for _, c := range []struct {
		name string
		test func(*testing.T, database)
	}{
		{"evidence is filed once and read as it was", evidenceOnce},
		{"a case has what is known", caseKnown},
		{"a verdict is recorded when it changes", recordChanges},
		{"overrides and stops last until they end", wordsLast},
		{"releases begin, go on and end", releasesBegin},
		{"an environment has one release on its way", oneAnEnvironment},
		{"lists have pages that stay", pagesStay},
		{"the audit is never refused", auditKept},
		{"the first observation stays", firstObservation},
		{"a look is filed whole or not at all", wholeLook},
		{"policies are filed once", policiesOnce},
		{"a lease is held by one until it expires", leaseExpires},
		{"what no database can hold is refused", refused},
		{"a damaged document or summary is told", damageTold},
		{"two replicas agree", replicasAgree},
		{"events are seen in order whoever commits first", eventsInOrder},
		{"asks of equal verdicts are counted over replicas", asksCounted},
		{"pruning keeps what a release rests on", pruneKeeps},
		{"pruning ends what nobody announced nor asks about", pruneEndsWhatNobodyAsks},
		{"an older schema is brought up to date", olderSchema},
		{"a newer schema is refused", newerSchema},
		{"replicas that start at once migrate once", startAtOnce},
		{"thousands of pushes at once are all there", manyPushes},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, db) })
	}
}

func evidenceOnce(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	e, doc := of("shop", "sha256:1", 1)
	added, err := s.AddEvidence(ctx, e, doc)
	require.NoError(t, err)
	require.True(t, added)
	require.Equal(t, release.Digest(doc), e.ID)
	require.Equal(t, noon, e.Received)
	again, _ := of("shop", "sha256:1", 1)
	added, err = s.AddEvidence(ctx, again, doc)
	require.NoError(t, err)
	require.False(t, added)

	got, err := s.Document(ctx, e.ID)
	require.NoError(t, err)
	require.Equal(t, doc, got)
	all, err := s.Evidence(ctx, EvidenceFilter{Service: "shop"})
	require.NoError(t, err)
	require.Equal(t, []release.Evidence{*e}, all)
	events, err := s.Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []Event{{ID: events[0].ID, At: noon, What: Pushed, Service: "shop", Digest: "sha256:1", Object: e.ID}}, events)
	_, err = s.Document(ctx, "sha256:none")
	require.ErrorIs(t, err, ErrNotFound)
	e.ID = "sha256:other"
	_, err = s.AddEvidence(ctx, e, doc)
	require.ErrorIs(t, err, ErrCorrupt)
}

func caseKnown(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	q := release.Question{Subject: release.Subject{Service: "shop", Digest: "sha256:1"}, At: noon}
	c, err := s.Case(ctx, q)
	require.NoError(t, err)
	require.Equal(t, release.Case{Question: q, Evidence: []release.Evidence{}}, c)

	other := pushed(t, s, "shop", "sha256:0", 0)
	var own []*release.Evidence
	for i := range 40 {
		own = append(own, pushed(t, s, "shop", "sha256:1", i))
	}
	pushed(t, s, "cart", "sha256:1", 1)
	r, err := s.Announce(ctx, release.Deployment{Subject: release.Subject{Service: "shop", Digest: "sha256:1", BaseDigest: "sha256:0"}})
	require.NoError(t, err)
	require.Equal(t, noon, r.Since)
	for range 2 { // from the database, and from memory
		c, err = s.Case(ctx, q)
		require.NoError(t, err)
		require.Empty(t, c.Faults)
		require.Equal(t, noon, c.Since)
		require.Equal(t, "sha256:0", c.Subject.BaseDigest)
		require.Len(t, c.Evidence, 41)
		require.Equal(t, *own[39], c.Evidence[0])
		require.Equal(t, *own[0], c.Evidence[39])
		require.Equal(t, *other, c.Evidence[40])
		s.summaries = newSummaries()
	}
}

func recordChanges(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	hold := release.Reason{Code: release.Missing, Decision: release.Hold, Kind: release.Diff, Text: "for 1 minute"}
	first, changed, err := s.Record(ctx, verdict(release.Hold, noon, hold))
	require.NoError(t, err)
	require.True(t, changed)
	hold.Text = "for 2 minutes"
	second, changed, err := s.Record(ctx, verdict(release.Hold, noon.Add(time.Minute), hold))
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, first.ID, second.ID)
	require.EqualValues(t, 2, second.Asked)
	third, changed, err := s.Record(ctx, verdict(release.Promote, noon.Add(2*time.Minute)))
	require.NoError(t, err)
	require.True(t, changed)
	require.Greater(t, third.ID, first.ID)
	require.NoError(t, s.flush(ctx))

	all, err := s.Records(ctx, RecordFilter{Service: "shop"})
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, third, all[0])
	require.EqualValues(t, 2, all[1].Asked)
	require.Equal(t, noon.Add(time.Minute), all[1].Last)
	require.Equal(t, "for 1 minute", all[1].Reasons[0].Text)
	_, err = s.Current(ctx, "shop")
	require.ErrorIs(t, err, ErrNotFound, "asked about is not announced")
	open, err := s.Releases(ctx, ReleaseFilter{Service: "shop", Open: true})
	require.NoError(t, err)
	require.Len(t, open, 1)
	r := open[0]
	require.Equal(t, noon, r.Since)
	require.Equal(t, release.Promote, r.Last.Decision)
	require.NoError(t, s.End(ctx, r.Subject, noon))
	require.ErrorIs(t, s.End(ctx, r.Subject, noon), ErrNotFound)
	_, err = s.Current(ctx, "shop")
	require.ErrorIs(t, err, ErrNotFound)
}

func wordsLast(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	o := release.Override{ID: "o1", Service: "shop", Digest: "sha256:1", Decision: release.Promote, By: "ana", Reason: "known", From: noon, Until: noon.Add(time.Hour)}
	require.NoError(t, s.AddOverride(ctx, o))
	require.NoError(t, s.AddOverride(ctx, o))
	other := o
	other.By = "bob"
	require.ErrorIs(t, s.AddOverride(ctx, other), ErrConflict)
	stop := release.Stop{ID: "s1", Services: []string{"*"}, By: "ana", Reason: "fire", From: noon}
	require.NoError(t, s.AddStop(ctx, stop))
	q := release.Question{Subject: release.Subject{Service: "shop", Digest: "sha256:1"}, At: noon}
	c, err := s.Case(ctx, q)
	require.NoError(t, err)
	require.Equal(t, []release.Override{o}, c.Overrides)
	require.Equal(t, []release.Stop{stop}, c.Stops)

	revoked, err := s.RevokeOverride(ctx, "o1", noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Minute), revoked.Revoked)
	again, err := s.RevokeOverride(ctx, "o1", noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, revoked, again)
	ended, err := s.EndStop(ctx, "s1", noon)
	require.NoError(t, err)
	require.Equal(t, noon, ended.Until)
	_, err = s.EndStop(ctx, "none", noon)
	require.ErrorIs(t, err, ErrNotFound)
	c, err = s.Case(ctx, q)
	require.NoError(t, err)
	require.Empty(t, c.Overrides)
	require.Empty(t, c.Stops)
	_, _, err = s.Record(ctx, release.Verdict{Decision: release.Hold, Subject: q.Subject, At: noon.Add(-time.Hour), Reasons: []release.Reason{{Code: release.Missing, Decision: release.Hold}}})
	require.NoError(t, err)
	c, err = s.Case(ctx, q)
	require.NoError(t, err)
	require.Equal(t, []release.Stop{ended}, c.Stops, "it lasted while the release was open, which does not count against it")
	all, err := s.Overrides(ctx, OverrideFilter{Service: "shop"})
	require.NoError(t, err)
	require.Equal(t, []release.Override{revoked}, all)
}
