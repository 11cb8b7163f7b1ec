package release_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

// Whatever stands beside each other is told, one reason for each thing.
func TestEveryCodeIsReached(t *testing.T) {
	reached := map[release.Code]bool{}
	tell := func(p *release.Policy, c release.Case) {
		v := release.Decide(p, c)
		sound(t, v)
		for _, r := range v.Reasons {
			reached[r.Code] = true
		}
	}
	tell(policy(), complete())
	for _, wrong := range wrongs {
		c := complete()
		wrong(&c.Evidence[0])
		tell(policy(), c)
	}
	c := complete()
	c.Evidence[0].Ended, c.Evidence[1].Ended = now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	c.Evidence = c.Evidence[:3]
	c.Overrides = []release.Override{override(release.Promote), override(release.Hold)}
	c.Stops, c.Faults, c.Weight = []release.Stop{stop(-1, 1)}, []string{"away"}, 0.5
	p := policy()
	p.Requirements[2].Signed = true
	p.Freeze = []window.Window{{From: now, To: now.Add(1)}}
	tell(p, c)
	p.Freeze, p.Budget.MaxHold = nil, time.Hour
	tell(p, release.Case{Question: release.Question{Subject: question().Subject, At: now, Since: now.AddDate(0, 0, -1)}})
	tell(nil, c)
	for _, code := range []release.Code{release.Passed, release.Failed, release.Unproven, release.Missing, release.Stale, release.Foreign,
		release.Thin, release.Lossy, release.Blind, release.Unsigned, release.Future, release.Frozen, release.Stopped, release.Faulty,
		release.Traffic, release.Overdue, release.Overridden, release.Refused, release.Unknown} {
		assert.True(t, reached[code], "%s", code)
	}
}
