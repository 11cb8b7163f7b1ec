package simulate

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

func TestNothingIsKnownBeforeItHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run(policies(t), pasts(t), func(p *release.Policy, c release.Case) release.Verdict {
			for i := range c.Evidence {
				assert.False(t, learned(&c.Evidence[i]).After(c.At), "evidence of later")
			}
			for _, o := range c.Overrides {
				assert.False(t, o.From.After(c.At), "an override of later")
				assert.Zero(t, o.Revoked, "that it is taken back later")
			}
			for _, s := range c.Stops {
				assert.False(t, s.From.After(c.At), "a stop of later")
				assert.False(t, s.Until.After(c.At), "that it ends later")
			}
			return release.Decide(p, c)
		}, MaxDecisions)
	})
}

func TestEveryVerdictReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run(policies(t), pasts(t), func(p *release.Policy, c release.Case) release.Verdict {
			v := release.Decide(p, c)
			var b bytes.Buffer
			if err := report.JSON(&b, &v); err != nil {
				t.Fatal(err)
			}
			if _, err := report.Read(&b); err != nil {
				t.Fatalf("%s: %v", v.Decision, err)
			}
			return v
		}, MaxDecisions)
	})
}

func TestWhatComesLaterChangesNothingOfBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, past := policies(t), pasts(t)
		cut := past
		cut.Until, cut.Evidence = instants(t, "cut"), nil
		for _, e := range past.Evidence {
			if !learned(&e).After(cut.Until) {
				cut.Evidence = append(cut.Evidence, e)
			}
		}
		whole, part := &Run(p, past).Releases[0], &Run(p, cut).Releases[0]
		for i, s := range part.Steps {
			if cut.Until.Before(whole.Since) {
				break
			}
			assert.Equal(t, whole.Steps[i].At, s.At)
			assert.Equal(t, whole.Steps[i].Decision, s.Decision)
		}
	})
}

func TestTheTimelineIsInOrderAndEveryStepChangesSomething(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &Run(policies(t), pasts(t)).Releases[0]
		assert.Equal(t, k.Since, k.Steps[0].At)
		assert.Equal(t, k.Final, k.Steps[len(k.Steps)-1].Decision)
		assert.LessOrEqual(t, len(k.Steps), k.Moments)
		for i, s := range k.Steps {
			assert.NotEmpty(t, s.Causes)
			assert.NotEmpty(t, s.Reasons)
			assert.False(t, s.At.After(k.Until))
			if i > 0 {
				assert.True(t, s.At.After(k.Steps[i-1].At))
			}
		}
		assert.Equal(t, k.Outcome == release.Hold, k.Promoted.IsZero() && k.RolledBack.IsZero())
	})
}

func TestThePolicyOfTheTimeReproducesTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, past := policies(t), pasts(t)
		var asks []time.Time
		for range rapid.IntRange(1, 20).Draw(t, "asks") {
			asks = append(asks, instants(t, "asked"))
		}
		past.Records = gate(p, &past, asks)
		r := Run(p, past)
		assert.Empty(t, r.Releases[0].Differences)
		assert.Zero(t, r.Totals.Changed)
	})
}

func TestTheVerdictOfEveryTimeIsTheOneOfItsStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, past := policies(t), pasts(t)
		k := &Run(p, past).Releases[0]
		at := instants(t, "asked")
		for _, r := range gate(p, &past, []time.Time{at}) {
			var now release.Decision
			for _, s := range k.Steps {
				if !s.At.After(at) {
					now = s.Decision
				}
			}
			assert.Equal(t, r.Decision, now, "no moment at which it changes is passed over")
		}
	})
}

func TestTheSamePastInAnotherOrderGivesTheSameResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, past := policies(t), pasts(t)
		once := Run(p, past)
		past.Evidence = rapid.Permutation(past.Evidence).Draw(t, "evidence")
		past.Overrides = rapid.Permutation(past.Overrides).Draw(t, "overrides")
		past.Stops = rapid.Permutation(past.Stops).Draw(t, "stops")
		again := Run(p, past)
		assert.Equal(t, once.Totals.Would, again.Totals.Would)
		assert.Equal(t, steps(&once.Releases[0]), steps(&again.Releases[0]))
	})
}
