package release_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

// FuzzDecide weighs cases that come as JSON by policies that do: whatever they hold,
// the verdict is sound, is the same in any order, and can be written and read again.
func FuzzDecide(f *testing.F) {
	seed := func(p *release.Policy, c release.Case) {
		policy, err := json.Marshal(p)
		require.NoError(f, err)
		asked, err := json.Marshal(c)
		require.NoError(f, err)
		f.Add(policy, asked)
	}
	c := complete()
	seed(policy(), c)
	c.Overrides = []release.Override{override(release.Promote), override(release.Rollback)}
	c.Stops, c.Faults, c.Since, c.Weight = []release.Stop{stop(-1, 1)}, []string{"away"}, now.AddDate(0, 0, -9), 0.3
	regressed(&c.Evidence[0])
	p := policy()
	p.Budget.MaxHold = time.Hour
	p.Freeze = []window.Window{{Name: "sale", From: now, To: now.Add(1)}}
	p.Requirements[0].Operations = []release.OperationRule{{Match: "GET *", MaxRegressions: 3, Required: true, Reason: "known"}}
	seed(p, c)
	f.Fuzz(func(t *testing.T, policy, asked []byte) {
		var p release.Policy
		var c release.Case
		if json.Unmarshal(policy, &p) != nil || json.Unmarshal(asked, &c) != nil {
			return
		}
		v := release.Decide(&p, c)
		sound(t, v)
		slices.Reverse(c.Evidence)
		w := release.Decide(&p, c)
		w.Override, v.Override = nil, nil
		require.Equal(t, v.Decision, w.Decision)
		require.Equal(t, v.MaxWeight, w.MaxWeight)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		var read release.Verdict
		require.NoError(t, json.Unmarshal(text, &read))
	})
}
