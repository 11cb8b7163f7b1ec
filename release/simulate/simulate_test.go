package simulate

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

func TestTheTimelineFollowsWhatHappened(t *testing.T) {
	received := func(e release.Evidence, at int) release.Evidence { e.Received = after0(at); return e }
	foreign := evidence(5, release.Pass, 500)
	foreign.Subject.Digest = digest("f")
	freeze := func(p *release.Policy) {
		p.Freeze = []window.Window{{Name: "launch", From: after0(20), To: after0(50)}}
	}
	word := release.Override{ID: "o", Service: "catalog", Digest: digest("a"), Decision: release.Promote, By: "anna", Reason: "known", From: after0(30), Until: after0(60)}
	revoked := word
	revoked.Revoked = after0(40)
	anna := func(p *release.Policy) { p.Overrides = release.OverridePolicy{By: []string{"anna"}, Max: time.Hour} }
	stop := release.Stop{ID: "s", Services: []string{"cat*"}, By: "anna", Reason: "an incident", From: after0(20), Until: after0(30)}
	for name, tt := range map[string]struct {
		past   Past
		policy func(*release.Policy)
		want   string
	}{
		"nothing is known":              {want: "0 hold"},
		"evidence ends":                 {past: Past{Evidence: []release.Evidence{evidence(10, release.Pass, 500)}}, want: "0 hold, 10 promote"},
		"evidence is filed later":       {past: Past{Evidence: []release.Evidence{received(evidence(10, release.Pass, 500), 25)}}, want: "0 hold, 25 promote"},
		"evidence from before":          {past: Past{Evidence: []release.Evidence{evidence(-10, release.Pass, 500)}}, want: "0 promote"},
		"it goes stale":                 {past: Past{Evidence: []release.Evidence{evidence(-90, release.Pass, 500)}}, want: "0 promote, 30 hold"},
		"it is of another image":        {past: Past{Evidence: []release.Evidence{foreign}}, want: "0 hold, 5 hold"},
		"it is thin, then enough":       {past: Past{Evidence: []release.Evidence{evidence(10, release.Pass, 50), evidence(20, release.Pass, 500)}}, want: "0 hold, 10 hold, 20 promote"},
		"it proves the version bad":     {past: Past{Evidence: []release.Evidence{evidence(10, release.Fail, 500)}}, want: "0 hold, 10 rollback"},
		"a window opens and closes":     {past: Past{Evidence: []release.Evidence{evidence(10, release.Pass, 500)}}, policy: freeze, want: "0 hold, 10 promote, 20 hold, 50 promote"},
		"an incident":                   {past: Past{Evidence: []release.Evidence{evidence(10, release.Pass, 500)}, Stops: []release.Stop{stop}}, want: "0 hold, 10 promote, 20 hold, 30 promote"},
		"a person sets it aside":        {past: Past{Overrides: []release.Override{word}}, policy: anna, want: "0 hold, 30 promote, 60 hold"},
		"a person takes that back":      {past: Past{Overrides: []release.Override{revoked}}, policy: anna, want: "0 hold, 30 promote, 40 hold"},
		"a person who may not":          {past: Past{Overrides: []release.Override{word}}, want: "0 hold, 30 hold, 60 hold"},
		"a source could not be read":    {past: Past{Evidence: []release.Evidence{evidence(-10, release.Pass, 500)}, Records: []release.Record{record(1, 15, 20, release.Hold, release.Faulty)}}, want: "0 promote, 15 hold, 20 promote"},
		"what happened after the end":   {past: Past{Evidence: []release.Evidence{evidence(70, release.Pass, 500)}, Until: after0(100)}, want: "0 hold"},
		"filed before it ended, by far": {past: Past{Evidence: []release.Evidence{received(evidence(30, release.Pass, 500), 10)}}, want: "0 hold, 10 hold"},
	} {
		t.Run(name, func(t *testing.T) {
			p := standard()
			if tt.policy != nil {
				tt.policy(p)
			}
			tt.past.Releases = []release.Release{released(0, 60)}
			got := steps(only(t, Run(p, tt.past)))
			if name == "a source could not be read" {
				assert.Equal(t, "0 promote, 15 hold, 20.000000000016666 promote", got)
				return
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func BenchmarkRun(b *testing.B) {
	past := Past{Until: after0(48 * 60)}
	for i := range 1000 {
		r := released(i, i+300)
		r.Digest = fmt.Sprintf("sha256:%064x", i)
		past.Releases = append(past.Releases, r)
		for j := range 5 {
			e := evidence(i+j*40, release.Inconclusive, 500)
			e.Subject.Digest, e.ID = r.Digest, fmt.Sprintf("sha256:%064x", i*5+j)
			for o := range 50 {
				e.Operations = append(e.Operations, release.Operation{Name: fmt.Sprint("GET /", o), Samples: 10})
			}
			past.Evidence = append(past.Evidence, e)
		}
		for j := range 10 {
			rec := record(int64(i*10+j), i+j*20, i+j*20+10, release.Hold, release.Unproven)
			rec.Subject = r.Subject
			past.Records = append(past.Records, rec)
		}
	}
	p := standard()
	b.ReportAllocs()
	for b.Loop() {
		b.ReportMetric(float64(Run(p, past).Totals.Moments), "moments/op")
	}
}

func TestTheOutcomeIsTheFirstDecisionThatDoesNotHold(t *testing.T) {
	past := Past{Releases: []release.Release{released(0, 60)}, Evidence: []release.Evidence{evidence(10, release.Pass, 500), evidence(30, release.Fail, 900)}}
	k := only(t, Run(standard(), past))
	assert.Equal(t, release.Promote, k.Outcome)
	assert.Equal(t, release.Rollback, k.Final)
	assert.Equal(t, after0(10), k.Promoted)
	assert.Equal(t, after0(30), k.RolledBack)
}

func TestAVerdictIsComparedOnTheWeightThatItsRecordTellsOf(t *testing.T) {
	half := func(_ *release.Policy, c release.Case) release.Verdict {
		if c.Weight > 0.5 {
			return release.Verdict{Decision: release.Hold, Reasons: []release.Reason{{Code: release.Traffic, Decision: release.Hold}}}
		}
		return release.Verdict{Decision: release.Promote, Reasons: []release.Reason{{Code: release.Passed, Decision: release.Promote}}}
	}
	const same = release.Decision("")
	for name, test := range map[string]struct {
		weight       float64
		was, would   release.Decision
		incomparable bool
	}{
		"held for its weight":               {0.8, release.Hold, same, false},
		"promoted with too much":            {0.8, release.Promote, release.Hold, false},
		"held with little":                  {0.4, release.Hold, release.Promote, false},
		"promoted with little":              {0.4, release.Promote, same, false},
		"held for a weight that is unknown": {0, release.Hold, release.Promote, true},
		"promoted with an unknown one":      {0, release.Promote, same, false},
	} {
		t.Run(name, func(t *testing.T) {
			rec := record(1, 20, 30, test.was, release.Traffic)
			rec.Weight = test.weight
			past := Past{Releases: []release.Release{released(0, 60)}, Records: []release.Record{rec}}
			k := only(t, run(standard(), past, half, MaxDecisions))
			assert.Equal(t, release.Promote, k.Outcome, "the release itself tells no weight")
			if test.would == same {
				assert.Empty(t, k.Differences)
				return
			}
			require.Len(t, k.Differences, 1)
			d := k.Differences[0]
			assert.Equal(t, test.would, d.Would)
			assert.Equal(t, test.would, d.Reasons[0].Decision)
			assert.Equal(t, test.incomparable, d.Incomparable)
			assert.InDelta(t, test.weight, d.Weight, 0)
		})
	}
}

func TestDifferencesAreThoseVerdictsThatWouldBeOthers(t *testing.T) {
	past := Past{
		Releases: []release.Release{released(0, 60)}, Evidence: []release.Evidence{evidence(10, release.Pass, 500)},
		Records: []release.Record{record(1, 5, 8, release.Hold, release.Missing), record(2, 12, 20, release.Hold, release.Thin),
			record(3, 22, 22, release.Hold, release.Traffic), record(4, 30, 40, release.Promote, release.Passed)},
	}
	r := Run(standard(), past)
	k := only(t, r)
	require.Len(t, k.Differences, 2)
	assert.Equal(t, int64(2), k.Differences[0].Record)
	assert.Equal(t, after0(12), k.Differences[0].At)
	assert.Equal(t, release.Promote, k.Differences[0].Would)
	assert.True(t, k.Differences[1].Incomparable, "the weight is not on record")
	assert.Equal(t, Totals{
		Would: Outcomes{Releases: 1, Promoted: 1, MedianPromote: 600}, Was: Outcomes{Releases: 1, Promoted: 1, MedianPromote: 1800},
		Changed: 1, Differences: 1, Incomparable: 1, Moments: k.Moments,
		Holders: []Holder{{Code: release.Missing, Kind: release.Diff, Releases: 1, Seconds: 600}},
	}, r.Totals)
}

func TestADifferenceThatTimeMakesIsFoundAtTheEndOfARecord(t *testing.T) {
	past := Past{Releases: []release.Release{released(0, 60)}, Evidence: []release.Evidence{evidence(10, release.Pass, 500)},
		Records: []release.Record{record(1, 5, 20, release.Hold, release.Missing)}}
	k := only(t, Run(standard(), past))
	require.Len(t, k.Differences, 1)
	assert.Equal(t, after0(20), k.Differences[0].At)
}

func TestReleasesAreFoundInTheEvidenceWhereNoneAreTold(t *testing.T) {
	other := evidence(20, release.Fail, 500)
	other.Subject.Digest = digest("d")
	r := Run(standard(), Past{Evidence: []release.Evidence{other, evidence(10, release.Pass, 500)}})
	require.Len(t, r.Releases, 2)
	assert.Equal(t, subject, r.Releases[0].Subject)
	assert.Equal(t, Outcomes{Releases: 2, Promoted: 1, RolledBack: 1}, r.Totals.Would)
	assert.Zero(t, r.Totals.Was, "nobody asked")
}

func TestWhatIsNotUsedIsCounted(t *testing.T) {
	elsewhere, undated, late := released(0, 60), release.Release{}, evidence(0, release.Pass, 1)
	elsewhere.Service = "orders"
	undated.Subject = release.Subject{Service: "catalog", Digest: digest("d")}
	late.Ended = time.Time{}
	lone := evidence(10, release.Pass, 500)
	lone.Subject.Digest = digest("e")
	astray := record(1, 1, 2, release.Hold)
	astray.Subject.Digest = digest("e")
	r := Run(standard(), Past{
		Releases: []release.Release{released(0, 60), elsewhere, undated}, Evidence: []release.Evidence{late, lone},
		Overrides: []release.Override{{Service: "orders", Digest: digest("e")}}, Records: []release.Record{astray},
	})
	assert.Len(t, r.Releases, 1)
	assert.Equal(t, map[string]int{OtherService: 1, UndatedRelease: 1, UndatedEvidence: 1, LoneEvidence: 1, LoneOverride: 1, LoneRecord: 1}, r.Ignored)
}

func TestMomentsAndStepsAreBoundedAndCounted(t *testing.T) {
	past := Past{Releases: []release.Release{released(0, 2*MaxMoments)}}
	for i := range 2*MaxMoments - 1 {
		past.Evidence = append(past.Evidence, evidence(i+1, release.Pass, 1))
	}
	flips := 0
	k := only(t, run(standard(), past, func(_ *release.Policy, c release.Case) release.Verdict {
		flips++
		d := release.Hold
		if flips%2 == 0 {
			d = release.Promote
		}
		return release.Verdict{Decision: d, Reasons: make([]release.Reason, 20), At: c.At}
	}, MaxDecisions))
	assert.Equal(t, MaxMoments, k.Moments)
	assert.Equal(t, MaxMoments+1, k.Left)
	assert.Len(t, k.Steps, MaxSteps)
	assert.Equal(t, MaxMoments-MaxSteps, k.StepsLeft)
	assert.Equal(t, k.Until, k.Steps[MaxSteps-1].At, "the end is always decided on")
}

func TestWindowsWithoutEndAreBounded(t *testing.T) {
	p := standard()
	w := window.Window{Name: "always"}
	require.NoError(t, w.Recur("*/2 * * * *", time.Minute, time.UTC))
	p.Freeze = []window.Window{w}
	calls := 0
	k := only(t, run(p, Past{Releases: []release.Release{released(0, 0)}, Until: after0(100 * MaxMoments)}, func(_ *release.Policy, c release.Case) release.Verdict {
		calls++
		return release.Verdict{Decision: release.Hold, At: c.At}
	}, MaxDecisions))
	assert.Equal(t, MaxMoments, calls)
	assert.Equal(t, MaxMoments, k.Moments)
	assert.Equal(t, 1, k.Left)
	assert.Equal(t, after0(100*MaxMoments), k.Until)
}

func TestManyReleasesAreBounded(t *testing.T) {
	p := standard()
	w := window.Window{Name: "always"}
	require.NoError(t, w.Recur("*/2 * * * *", time.Minute, time.UTC))
	p.Freeze = []window.Window{w}
	past := Past{Releases: make([]release.Release, 20), Until: after0(1000)}
	for i := range past.Releases {
		past.Releases[i] = released(0, 0)
	}
	r := run(p, past, func(_ *release.Policy, c release.Case) release.Verdict {
		return release.Verdict{Decision: release.Hold, At: c.At}
	}, 10_000)
	require.Len(t, r.Releases, 20)
	assert.Equal(t, 10_010, r.Totals.Moments, "ten are decided on at their end")
	assert.GreaterOrEqual(t, r.Totals.Left, 10)
	assert.Equal(t, after0(1000), r.Releases[19].Steps[0].At)
}

func TestNothingAfterTheEndOfThePastIsUsed(t *testing.T) {
	r := released(0, 90)
	k := only(t, Run(standard(), Past{Releases: []release.Release{r}, Evidence: []release.Evidence{evidence(70, release.Pass, 500)}, Until: after0(60)}))
	assert.Equal(t, "0 hold", steps(k))
	assert.Equal(t, after0(60), k.Until)
}

func TestTimesFarAwayAreToldApart(t *testing.T) {
	late := evidence(10, release.Pass, 500)
	late.Ended = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	k := only(t, Run(standard(), Past{Releases: []release.Release{released(0, 0)}, Evidence: []release.Evidence{late}}))
	assert.Equal(t, late.Ended, k.Until)
	assert.Equal(t, release.Promote, k.Final)
}

func TestNoPolicyAndNoPastHold(t *testing.T) {
	assert.Equal(t, release.Hold, only(t, Run(nil, Past{Releases: []release.Release{released(0, 60)}, Evidence: []release.Evidence{evidence(10, release.Pass, 500)}})).Outcome)
	assert.Empty(t, Run(standard(), Past{}).Releases)
}
