package release_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

// drawEvidence draws evidence of any worth: mostly good, with a few things wrong.
func drawEvidence(t *rapid.T) release.Evidence {
	e := good(rapid.SampledFrom(release.Kinds).Draw(t, "kind"))
	e.ID = rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id")
	e.Ended = now.Add(-time.Duration(rapid.IntRange(-3, 30).Draw(t, "age")) * time.Hour)
	if rapid.IntRange(0, 3).Draw(t, "received") == 0 {
		e.Received = e.Ended.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "lag")) * time.Hour)
	}
	for range rapid.IntRange(0, 2).Draw(t, "wrongs") {
		rapid.SampledFrom(wrongs).Draw(t, "wrong")(&e)
	}
	return e
}

var wrongs = []func(*release.Evidence){
	regressed,
	func(e *release.Evidence) { e.Outcome = release.Fail },
	func(e *release.Evidence) { e.Outcome = release.Inconclusive },
	func(e *release.Evidence) { e.Outcome = release.Interrupted },
	func(e *release.Evidence) { e.Outcome = "ok" },
	func(e *release.Evidence) { e.Operations[0].Suspects = 5 },
	func(e *release.Evidence) { e.Samples = 7 },
	func(e *release.Evidence) { e.Losses.Lost = 500 },
	func(e *release.Evidence) { e.SelfCheck = nil },
	func(e *release.Evidence) { e.Subject.Digest = "sha256:x" },
	func(e *release.Evidence) { e.Subject.BaseDigest = "sha256:x" },
	func(e *release.Evidence) { e.Subject.Service = "basket" },
	func(e *release.Evidence) { e.Kind = "load" },
	func(e *release.Evidence) { e.Ended = time.Time{} },
	func(e *release.Evidence) { e.Signer = "ci" },
	func(e *release.Evidence) { e.Metrics = nil },
	func(e *release.Evidence) { e.MaxWeight = 0.3 },
	func(e *release.Evidence) { e.MaxWeight = math.NaN() },
	func(e *release.Evidence) {
		e.Metrics = []release.MetricResult{{Name: "errors", Trend: release.Worse, Text: "worse"}}
	},
	func(e *release.Evidence) {
		e.Metrics = []release.MetricResult{{Name: "errors", Trend: release.Undecided, Text: "undecided"}}
	},
}

func drawPolicy(t *rapid.T) *release.Policy {
	p := policy()
	n := rapid.IntRange(1, len(p.Requirements)).Draw(t, "requirements")
	p.Requirements = p.Requirements[:n]
	for i := range p.Requirements {
		r := &p.Requirements[i]
		r.Optional = rapid.Bool().Draw(t, "optional")
		r.Signed = rapid.IntRange(0, 4).Draw(t, "signed") == 0
		if rapid.Bool().Draw(t, "rule") {
			r.Operations = []release.OperationRule{{Match: "GET /products", MaxRegressions: 3, MaxSuspects: 4, Reason: "known", Until: now.Add(time.Hour)}}
		}
	}
	p.Budget.MaxHold = time.Duration(rapid.IntRange(0, 3).Draw(t, "hold")) * time.Hour
	p.Overrides.Rollback = rapid.Bool().Draw(t, "rollback")
	if rapid.IntRange(0, 4).Draw(t, "freeze") == 0 {
		p.Freeze = []window.Window{{Name: "sale", From: now.Add(-time.Hour), To: now.Add(time.Hour)}}
	}
	return p
}

func drawCase(t *rapid.T) release.Case {
	c := release.Case{Question: question()}
	c.Since = now.Add(-time.Duration(rapid.IntRange(0, 4).Draw(t, "since")) * time.Hour)
	c.Weight = rapid.SampledFrom([]float64{0, 0.05, 0.2, 1}).Draw(t, "weight")
	c.Evidence = rapid.SliceOfN(rapid.Custom(drawEvidence), 0, 10).Draw(t, "evidence")
	for range rapid.IntRange(0, 2).Draw(t, "overrides") {
		o := override(rapid.SampledFrom([]release.Decision{release.Promote, release.Hold, release.Rollback, "merge"}).Draw(t, "decision"))
		o.From = now.Add(time.Duration(rapid.IntRange(-4, 1).Draw(t, "from")) * time.Hour)
		o.Until = o.From.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "for")) * time.Hour)
		o.By = rapid.SampledFrom([]string{"ada", "eve"}).Draw(t, "by")
		c.Overrides = append(c.Overrides, o)
	}
	if rapid.IntRange(0, 5).Draw(t, "stop") == 0 {
		c.Stops = []release.Stop{stop(-time.Hour, time.Hour)}
	}
	if rapid.IntRange(0, 5).Draw(t, "fault") == 0 {
		c.Faults = []string{"store: away"}
	}
	return c
}

// alone is what one piece of evidence calls for by itself.
func alone(p *release.Policy, e release.Evidence) release.Decision {
	single := release.Policy{Services: p.Services, Skew: p.Skew, Canary: p.Canary, Budget: release.Budget{MaxTraffic: 1}}
	for _, r := range p.Requirements {
		if r.Kind == e.Kind {
			r.Optional = false
			single.Requirements = []release.Requirement{r}
		}
	}
	return release.Decide(&single, release.Case{Question: question(), Evidence: []release.Evidence{e}}).Decision
}

func with(c release.Case, i int, e release.Evidence) release.Case {
	c.Evidence = slices.Insert(slices.Clone(c.Evidence), i, e)
	return c
}

func TestAddingBadEvidenceNeverImprovesAVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c, e := drawPolicy(t), drawCase(t), drawEvidence(t)
		if alone(p, e) == release.Promote {
			t.Skip("it is good")
		}
		before := release.Decide(p, c)
		after := release.Decide(p, with(c, rapid.IntRange(0, len(c.Evidence)).Draw(t, "at"), e))
		assert.GreaterOrEqual(t, after.Decision.Rank(), before.Decision.Rank(), "%+v\n%+v", before.Reasons, after.Reasons)
	})
}

func TestRemovingGoodEvidenceNeverImprovesAVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c, e := drawPolicy(t), drawCase(t), drawEvidence(t)
		c.Weight = 0 // what its canary can take is not what it proves
		id, ended := e.ID, now.Add(-time.Duration(rapid.IntRange(0, 23).Draw(t, "fresh"))*time.Hour)
		e = good(p.Requirements[rapid.IntRange(0, len(p.Requirements)-1).Draw(t, "of")].Kind)
		e.ID, e.Ended, e.Signer = id, ended, "ci"
		if alone(p, e) != release.Promote {
			t.Skip("it is bad")
		}
		for i := range p.Requirements {
			p.Requirements[i].Optional = false // what is optional and old may be left out
		}
		c.Evidence = slices.DeleteFunc(c.Evidence, func(x release.Evidence) bool { return x.ID == e.ID })
		full := release.Decide(p, with(c, 0, e))
		less := release.Decide(p, c)
		assert.GreaterOrEqual(t, less.Decision.Rank(), full.Decision.Rank(), "%+v\n%+v", full.Reasons, less.Reasons)
	})
}

func TestEveryVerdictIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c := drawPolicy(t), drawCase(t)
		v := release.Decide(p, c)
		sound(t, v)
		require.Equal(t, v, release.Decide(p, c), "the same case has the same verdict")
		c.Evidence = rapid.Permutation(c.Evidence).Draw(t, "order")
		require.Equal(t, v, release.Decide(p, c), "whatever the order of its evidence")
		if v.Decision != release.Promote {
			return
		}
		require.Empty(t, c.Faults)
		require.Empty(t, c.Stops)
		if v.Override == nil {
			passed := func(r release.Reason) bool { return r.Decision == release.Promote || r.Code == release.Refused }
			for _, r := range v.Reasons {
				require.True(t, passed(r), "%+v", v.Reasons)
			}
			require.True(t, slices.ContainsFunc(c.Evidence, func(e release.Evidence) bool { return alone(p, e) == release.Promote }))
		}
	})
}

func TestAVerdictDoesNotChangeBeforeItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, c := drawPolicy(t), drawCase(t)
		v := release.Decide(p, c)
		later := 100 * time.Hour
		if !v.Until.IsZero() {
			later = v.Until.Sub(now) - 1
		}
		c.At = now.Add(min(later, time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "later"))))
		w := release.Decide(p, c)
		w.At = v.At
		require.Equal(t, v, w)
	})
}

// The state space of one piece of evidence: only one corner of it promotes.
func TestOnlyOneCornerPromotes(t *testing.T) {
	outcomes := []release.Outcome{release.Pass, release.Fail, release.Inconclusive, release.Interrupted, "", "passed"}
	ages := []time.Duration{-2 * time.Hour, 0, 23 * time.Hour, 24 * time.Hour, 999 * time.Hour}
	digests := []string{image, "sha256:x", ""}
	bases := []string{running, "sha256:x", ""}
	n := 0
	for _, kind := range release.Kinds {
		for _, outcome := range outcomes {
			for _, age := range ages {
				for _, digest := range digests {
					for _, base := range bases {
						for _, samples := range []uint64{0, 99, 100} {
							for _, lost := range []uint64{0, 11, 5000} {
								e := good(kind)
								e.Outcome, e.Ended, e.Samples, e.Losses.Lost = outcome, now.Add(-age), samples, lost
								e.Subject.Digest, e.Subject.BaseDigest = digest, base
								v := release.Decide(only(kind), release.Case{Question: question(), Evidence: []release.Evidence{e}})
								sound(t, v)
								own := digest == image && (base == running || base == "" && kind != release.Diff && kind != release.Canary)
								admitted := own && age >= 0 && age < 24*time.Hour
								want := release.Hold
								switch {
								case admitted && outcome == release.Fail:
									want = release.Rollback
								case admitted && outcome == release.Pass && samples == 100 && lost == 0:
									want = release.Promote
								}
								require.Equal(t, want, v.Decision, "%+v", v.Reasons)
								n++
							}
						}
					}
				}
			}
		}
	}
	assert.Equal(t, 4*6*5*3*3*3*3, n)
}
