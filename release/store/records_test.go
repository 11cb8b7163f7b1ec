package store

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func releasesBegin(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	d := release.Deployment{
		Subject: question.Subject, Origin: release.Origin{Branch: "main"},
		At: noon.Add(-time.Hour).In(time.FixedZone("", 3600)).Add(5 * time.Nanosecond), By: "ci",
	}
	first, err := s.Announce(ctx, d)
	require.NoError(t, err)
	require.Equal(t, noon.Add(-time.Hour), first.At, "in UTC and whole microseconds")
	again, err := s.Announce(ctx, d)
	require.NoError(t, err)
	require.Equal(t, first, again)
	d.Branch, d.BaseDigest = "other", "sha256:0"
	changed, err := s.Announce(ctx, d)
	require.NoError(t, err)
	require.Equal(t, first.ID, changed.ID)
	require.Equal(t, "other", changed.Branch)
	events, err := s.Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 2)

	require.NoError(t, s.End(ctx, d.Subject, noon))
	c, err := s.Case(ctx, question)
	require.NoError(t, err)
	require.Zero(t, c.Since, "it has ended")
	anew, err := s.Announce(ctx, d)
	require.NoError(t, err)
	require.Greater(t, anew.ID, first.ID)
	all, err := s.Releases(ctx, ReleaseFilter{Service: "shop", Digest: "sha256:1", Since: noon, Until: noon.Add(time.Second)})
	require.NoError(t, err)
	changed.Ended = noon
	require.Equal(t, []release.Release{anew, changed}, all)
	all, err = s.Releases(ctx, ReleaseFilter{Open: true, Before: anew.ID})
	require.NoError(t, err)
	require.Empty(t, all)
}

func oneAnEnvironment(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	announce := func(digest, environment string) {
		_, err := s.Announce(ctx, release.Deployment{Subject: release.Subject{Service: "shop", Digest: digest}, Environment: environment})
		require.NoError(t, err)
	}
	current := func(want string) {
		r, err := s.Current(ctx, "shop")
		require.NoError(t, err)
		require.Equal(t, want, r.Digest)
	}
	announce("sha256:1", "staging")
	_, _, err := s.Record(ctx, verdict(release.Hold, noon))
	require.NoError(t, err)
	asked := verdict(release.Hold, noon)
	asked.Subject.Digest = "sha256:9"
	_, _, err = s.Record(ctx, asked)
	require.NoError(t, err)
	current("sha256:1")
	announce("sha256:2", "staging")
	current("sha256:2")
	announce("sha256:3", "production")
	_, err = s.Current(ctx, "shop")
	require.ErrorIs(t, err, ErrMany)
	announce("sha256:2", "production") // goes on there
	current("sha256:2")

	all, err := s.Releases(ctx, ReleaseFilter{Service: "shop", Open: true})
	require.NoError(t, err)
	require.Len(t, all, 2, "what was asked about alone stays as it is")
	require.Equal(t, []string{"sha256:2", "sha256:9"}, []string{all[0].Digest, all[1].Digest})
	events, err := s.Events(ctx, 0, 100)
	require.NoError(t, err)
	ended := 0
	for _, e := range events {
		if e.What == Ended {
			ended++
		}
	}
	require.Equal(t, 2, ended)
}

func pagesStay(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	var want, got []string
	for i := range 10 {
		want = append([]string{pushed(t, s, "shop", "sha256:1", i).ID}, want...)
	}
	f := EvidenceFilter{Service: "shop", Digest: "sha256:1", Kind: release.Diff, Since: noon, Until: noon.Add(time.Second), Limit: 3}
	for page := range 4 {
		evidence, err := s.Evidence(ctx, f)
		require.NoError(t, err)
		for _, e := range evidence {
			got = append(got, e.ID)
		}
		f.Before = got[len(got)-1]
		pushed(t, s, "shop", "sha256:1", 100+page)
	}
	require.Equal(t, want, got)
	f.Before = "sha256:none"
	_, err := s.Evidence(ctx, f)
	require.ErrorIs(t, err, ErrNotFound)
	one, err := s.OneEvidence(ctx, got[0])
	require.NoError(t, err)
	require.Equal(t, got[0], one.ID)
}

func auditKept(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	bad := release.AuditEntry{Who: "a\x00b\xff", Action: "push", Service: "shop", Detail: strings.Repeat("é", MaxText), Refused: true}
	e, err := s.Audit(ctx, bad)
	require.NoError(t, err)
	require.Equal(t, noon, e.At)
	require.Equal(t, "a\uFFFDb\uFFFD", e.Who)
	require.LessOrEqual(t, len(e.Detail), MaxText)
	next, err := s.Audit(ctx, release.AuditEntry{At: noon.Add(time.Hour), Who: "ana", Action: "stop", Object: "s1"})
	require.NoError(t, err)
	all, err := s.AuditEntries(ctx, AuditFilter{})
	require.NoError(t, err)
	require.Equal(t, []release.AuditEntry{next, e}, all)
	all, err = s.AuditEntries(ctx, AuditFilter{Before: next.ID, Service: "shop", Action: "push", Since: noon, Until: noon.Add(time.Minute)})
	require.NoError(t, err)
	require.Equal(t, []release.AuditEntry{e}, all)
}

func firstObservation(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	o := release.Observation{Metric: "errors", From: noon, To: noon.Add(time.Minute), Canary: release.Counts{Total: 5, Series: 1}}
	added, err := s.Observe(ctx, question.Subject, o)
	require.NoError(t, err)
	require.True(t, added)
	late := o
	late.Canary.Total = 6
	added, err = s.Observe(ctx, question.Subject, late)
	require.NoError(t, err)
	require.False(t, added)
	late.From = noon.Add(time.Minute)
	_, err = s.Observe(ctx, question.Subject, late)
	require.NoError(t, err)
	all, err := s.Observations(ctx, question.Subject, noon.Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, []release.Observation{o, late}, all)
	all, err = s.Observations(ctx, question.Subject, noon)
	require.NoError(t, err)
	require.Equal(t, []release.Observation{late}, all)
	late.Weight = math.NaN()
	_, err = s.Observe(ctx, question.Subject, late)
	require.ErrorIs(t, err, ErrInvalid)
}

func policiesOnce(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	text := "name: \x00 strict"
	digest := release.Digest([]byte(text))
	for i := range 2 {
		added, err := s.AddPolicy(ctx, "strict", digest, text)
		require.NoError(t, err)
		require.Equal(t, i == 0, added)
	}
	_, err := s.AddPolicy(ctx, "strict", digest, "other")
	require.ErrorIs(t, err, ErrCorrupt)
	all, err := s.Policies(ctx, PolicyFilter{Name: "strict", Digest: digest})
	require.NoError(t, err)
	require.Equal(t, []Policy{{"strict", digest, text, noon}}, all)
}

func leaseExpires(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	one, two := opened(t, url), opened(t, url)
	lease := func(s *Store, owner string, d time.Duration) bool {
		held, err := s.Lease(ctx, "poll", owner, d)
		require.NoError(t, err)
		return held
	}
	require.True(t, lease(one, "one", time.Hour))
	require.False(t, lease(two, "two", time.Hour))
	require.True(t, lease(one, "one", time.Hour))
	require.False(t, lease(two, "two", 0), "it is not theirs to give up")
	require.False(t, lease(two, "two", time.Hour))
	require.False(t, lease(one, "one", 0))
	require.True(t, lease(two, "two", time.Millisecond))
	require.Eventually(t, func() bool { return lease(one, "one", time.Hour) }, time.Minute, time.Millisecond)
	_, err := one.Lease(ctx, "poll", "", time.Hour)
	require.ErrorIs(t, err, ErrInvalid)
}

func refused(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	for _, bad := range []string{"", "a\x00", "\xff", strings.Repeat("a", MaxName+1)} {
		e, doc := of(bad, "sha256:1", 1)
		_, err := s.AddEvidence(ctx, e, doc)
		require.ErrorIs(t, err, ErrInvalid)
		_, err = s.Announce(ctx, release.Deployment{Subject: e.Subject})
		require.ErrorIs(t, err, ErrInvalid)
		_, err = s.Observe(ctx, e.Subject, release.Observation{})
		require.ErrorIs(t, err, ErrInvalid)
		require.ErrorIs(t, s.AddOverride(ctx, release.Override{ID: "o", Service: bad, Digest: "d"}), ErrInvalid)
		require.ErrorIs(t, s.AddStop(ctx, release.Stop{ID: bad}), ErrInvalid)
	}
	wide := strings.Repeat("w", MaxName)
	e, doc := of(wide, wide, 1)
	e.Subject.BaseDigest = wide
	_, err := s.AddEvidence(ctx, e, doc)
	require.NoError(t, err)
	_, err = s.Observe(ctx, e.Subject, release.Observation{Metric: wide, From: noon})
	require.NoError(t, err, "it fits the widest index")
	_, err = s.AddEvidence(ctx, e, make([]byte, MaxDocument+1))
	require.ErrorIs(t, err, ErrInvalid)
	unknown := verdict(release.Hold, noon)
	unknown.Subject = release.Subject{Service: "shop"}
	_, changed, err := s.Record(ctx, unknown)
	require.NoError(t, err)
	require.False(t, changed)
	_, err = s.Case(ctx, release.Question{Subject: unknown.Subject})
	require.NoError(t, err)
}

func damageTold(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	good, bad := pushed(t, s, "shop", "sha256:1", 1), pushed(t, s, "shop", "sha256:1", 2)
	for _, damage := range []string{
		"UPDATE documents SET content = (SELECT content FROM documents WHERE id = ?) WHERE id = ?",
		"UPDATE evidence SET summary = REPLACE((SELECT summary FROM evidence WHERE id = ?), 'fine', 'good') WHERE id = ?",
		"UPDATE evidence SET summary = summary || ? WHERE id = ?",
	} {
		_, err := s.exec(ctx, damage, good.ID, bad.ID)
		require.NoError(t, err)
		_, err = s.Document(ctx, bad.ID)
		require.ErrorIs(t, err, ErrCorrupt)
		_, err = s.Document(ctx, good.ID)
		require.NoError(t, err)
	}
	_, err := s.Evidence(ctx, EvidenceFilter{})
	require.ErrorIs(t, err, ErrCorrupt)
	c, err := s.Case(ctx, question)
	require.NoError(t, err)
	require.Equal(t, []release.Evidence{*good}, c.Evidence)
	require.Len(t, c.Faults, 1)
	require.Contains(t, c.Faults[0], bad.ID)
	_, err = s.exec(ctx, "UPDATE documents SET content = ? WHERE id = ?", []byte("no zstd"), good.ID)
	require.NoError(t, err)
	_, err = s.Document(ctx, good.ID)
	require.ErrorIs(t, err, ErrCorrupt)
}

func pruneEndsWhatNobodyAsks(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	_, _, err := s.Record(ctx, verdict(release.Hold, noon, release.Reason{Code: release.Missing}))
	require.NoError(t, err)
	keep := Retention{Releases: time.Hour}
	open := func() int {
		releases, err := s.Releases(ctx, ReleaseFilter{Open: true})
		require.NoError(t, err)
		return len(releases)
	}
	_, err = s.Prune(ctx, keep, noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, 1, open())
	p, err := s.Prune(ctx, keep, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Zero(t, p.Releases, "it ends first, and is kept since then")
	require.Zero(t, open())
	p, err = s.Prune(ctx, keep, noon.Add(4*time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(1), p.Releases)
}

func pruneKeeps(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	_, err := s.Announce(ctx, release.Deployment{Subject: question.Subject, At: noon})
	require.NoError(t, err)
	pinned, loose := pushed(t, s, "shop", "sha256:1", 1), pushed(t, s, "shop", "sha256:1", 2)
	passed := release.Reason{Code: release.Passed, Decision: release.Promote, Evidence: pinned.ID}
	first, _, err := s.Record(ctx, verdict(release.Hold, noon, release.Reason{Code: release.Thin, Evidence: loose.ID}))
	require.NoError(t, err)
	last, _, err := s.Record(ctx, verdict(release.Promote, noon, passed, passed))
	require.NoError(t, err)
	require.NoError(t, s.AddStop(ctx, release.Stop{ID: "open", From: noon}))
	require.NoError(t, s.AddStop(ctx, release.Stop{ID: "ended", From: noon, Until: noon}))
	require.NoError(t, s.AddOverride(ctx, release.Override{ID: "o", Service: "shop", Digest: "sha256:1", Until: noon}))
	_, err = s.Observe(ctx, question.Subject, release.Observation{Metric: "m", From: noon})
	require.NoError(t, err)
	_, err = s.Audit(ctx, release.AuditEntry{Who: "ana"})
	require.NoError(t, err)
	for i := range pruning + 10 {
		_, err := s.exec(ctx, "INSERT INTO audit (at, who, action, service, object, detail, refused) VALUES (1, '', '', '', ?, '', 0)", fmt.Sprint(i))
		require.NoError(t, err)
	}
	all := Retention{Evidence: time.Hour, Records: time.Hour, Releases: time.Hour, Observations: time.Hour, Audit: time.Hour, Events: time.Hour, Words: time.Hour}
	p, err := s.Prune(ctx, Retention{}, noon.Add(time.Hour*1000))
	require.NoError(t, err)
	require.Zero(t, p)
	p, err = s.Prune(ctx, all, noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, Pruned{Audit: pruning + 10}, p)
	p, err = s.Prune(ctx, all, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, Pruned{Evidence: 1, Records: 1, Observations: 1, Audit: 1, Events: 8, Overrides: 1, Stops: 1}, p)
	_, err = s.Document(ctx, pinned.ID)
	require.NoError(t, err)
	_, err = s.Document(ctx, loose.ID)
	require.ErrorIs(t, err, ErrNotFound)
	records, err := s.Records(ctx, RecordFilter{})
	require.NoError(t, err)
	require.Equal(t, last.ID, records[0].ID)
	require.Len(t, records, 1)
	require.Less(t, first.ID, last.ID)

	require.NoError(t, s.End(ctx, question.Subject, noon))
	p, err = s.Prune(ctx, all, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, Pruned{Evidence: 1, Records: 1, Releases: 1, Events: 1}, p)
	again := pushed(t, s, "shop", "sha256:1", 1)
	require.Equal(t, pinned.ID, again.ID, "what was pruned may be pushed again")
}

func wholeLook(t *testing.T, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	look := []release.Observation{
		{Metric: "errors", From: noon, To: noon.Add(time.Minute), Canary: release.Counts{Total: 7}},
		{Metric: "slow", From: noon, To: noon.Add(time.Minute), Weight: math.NaN()},
	}
	_, err := s.ObserveAll(ctx, question.Subject, look)
	require.ErrorIs(t, err, ErrInvalid)
	seen, err := s.Observations(ctx, question.Subject, time.Time{})
	require.NoError(t, err)
	require.Empty(t, seen)
	look[1].Weight = 0
	added, err := s.ObserveAll(ctx, question.Subject, look)
	require.NoError(t, err)
	require.EqualValues(t, 2, added)
	look[0].Canary.Total = 8
	added, err = s.ObserveAll(ctx, question.Subject, look)
	require.NoError(t, err)
	require.Zero(t, added, "the first stays")
	seen, err = s.Observations(ctx, question.Subject, time.Time{})
	require.NoError(t, err)
	require.Len(t, seen, 2)
	require.EqualValues(t, 7, seen[0].Canary.Total)
}
