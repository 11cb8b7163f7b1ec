package release_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

func TestWhatAPersonSaid(t *testing.T) {
	promote, hold, back := override(release.Promote), override(release.Hold), override(release.Rollback)
	change := func(f func(*release.Override)) release.Override {
		o := promote
		f(&o)
		return o
	}
	anyone := hold
	anyone.By, anyone.Reason = "eve", ""
	forever := back
	forever.Until = time.Time{}
	odd := hold
	odd.Decision = "merge"
	for name, tt := range map[string]struct {
		evidence release.Outcome
		rollback bool // whether the policy lets it be overridden
		said     []release.Override
		want     release.Decision
		followed bool
		refused  string // a part of the reason, "" for none
	}{
		"promote what is held":                   {evidence: release.Inconclusive, said: []release.Override{promote}, want: release.Promote, followed: true},
		"promote what is bad":                    {evidence: release.Fail, said: []release.Override{promote}, want: release.Rollback, refused: "nobody override"},
		"promote what is bad, where one may":     {evidence: release.Fail, rollback: true, said: []release.Override{promote}, want: release.Promote, followed: true},
		"promote what is good":                   {evidence: release.Pass, said: []release.Override{promote}, want: release.Promote},
		"hold what is good":                      {evidence: release.Pass, said: []release.Override{hold}, want: release.Hold, followed: true},
		"hold what is held":                      {evidence: release.Inconclusive, said: []release.Override{hold}, want: release.Hold, followed: true},
		"hold what is bad":                       {evidence: release.Fail, said: []release.Override{hold}, want: release.Rollback},
		"roll back what is good":                 {evidence: release.Pass, said: []release.Override{back}, want: release.Rollback, followed: true},
		"roll back what is bad":                  {evidence: release.Fail, said: []release.Override{back}, want: release.Rollback, followed: true},
		"roll back for ever":                     {evidence: release.Pass, said: []release.Override{forever}, want: release.Rollback, followed: true},
		"anyone may hold":                        {evidence: release.Pass, said: []release.Override{anyone}, want: release.Hold, followed: true},
		"what is no decision holds":              {evidence: release.Pass, said: []release.Override{odd}, want: release.Hold, followed: true},
		"the worst counts":                       {evidence: release.Inconclusive, said: []release.Override{promote, back, hold}, want: release.Rollback, followed: true, refused: "goes before"},
		"the worst counts over what is good too": {evidence: release.Pass, said: []release.Override{promote, hold}, want: release.Hold, followed: true, refused: "goes before"},
		"not for this image":                     {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Digest = "sha256:x" })}, want: release.Hold, refused: "for the image"},
		"not for this service":                   {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Service = "basket" })}, want: release.Hold},
		"not yet":                                {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.From = now.Add(1) })}, want: release.Hold, refused: "begins at"},
		"from now":                               {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.From = now })}, want: release.Promote, followed: true},
		"no longer":                              {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Until = now })}, want: release.Hold, refused: "ended at"},
		"for ever":                               {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Until = time.Time{} })}, want: release.Hold, refused: "ended at"},
		"too long":                               {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Until = now.AddDate(1, 0, 0) })}, want: release.Hold, refused: "longer than 24h"},
		"from the beginning of time":             {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.From = time.Time{} })}, want: release.Hold, refused: "longer than 24h"},
		"revoked":                                {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Revoked = now })}, want: release.Hold, refused: "revoked"},
		"revoked later":                          {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Revoked = now.Add(1) })}, want: release.Promote, followed: true},
		"by another":                             {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.By = "eve" })}, want: release.Hold, refused: "person"},
		"by nobody":                              {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.By = "" })}, want: release.Hold, refused: "person"},
		"without a reason":                       {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.Reason = " " })}, want: release.Hold, refused: "no reason"},
		"one of two counts":                      {evidence: release.Inconclusive, said: []release.Override{change(func(o *release.Override) { o.By = "eve" }), promote}, want: release.Promote, followed: true, refused: "person"},
	} {
		t.Run(name, func(t *testing.T) {
			p, e := only(release.Diff), good(release.Diff)
			p.Overrides.Rollback = tt.rollback
			e.Outcome = tt.evidence
			v := release.Decide(p, release.Case{Question: question(), Evidence: []release.Evidence{e}, Overrides: tt.said})
			sound(t, v)
			assert.Equal(t, tt.want, v.Decision, "%+v", v.Reasons)
			assert.Equal(t, tt.followed, v.Override != nil)
			var refused []string
			for _, r := range v.Reasons {
				if r.Code == release.Refused {
					refused = append(refused, r.Text)
					assert.NotEmpty(t, r.Change)
				}
			}
			if tt.refused == "" {
				assert.Empty(t, refused)
				return
			}
			assert.Contains(t, strings.Join(refused, "\n"), tt.refused)
		})
	}
}

func TestAnOverrideLeavesTheReasonsToBeSeen(t *testing.T) {
	c := complete()
	c.Evidence = c.Evidence[1:]
	c.Overrides = []release.Override{override(release.Promote)}
	v := release.Decide(policy(), c)
	require.Equal(t, release.Promote, v.Decision)
	assert.Equal(t, release.Overridden, v.Reasons[0].Code)
	assert.Equal(t, release.Missing, v.Reasons[len(v.Reasons)-1].Code)
	assert.Equal(t, now.Add(time.Hour), v.Until)
	assert.Equal(t, "o1", v.Override.ID)
}

func TestEvidenceMayHoldForSoLong(t *testing.T) {
	for name, tt := range map[string]struct {
		since time.Time
		edit  func(*release.Policy, *release.Case)
		want  release.Decision
		code  release.Code
		until time.Time
	}{
		"not yet":                 {since: now.Add(1 - 2*time.Hour), want: release.Hold, code: release.Missing, until: now.Add(1)},
		"too long":                {since: now.Add(-2 * time.Hour), want: release.Rollback, code: release.Overdue},
		"nobody knows since when": {want: release.Hold, code: release.Missing},
		"a stop now":              {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) { c.Stops = []release.Stop{stop(-1, 1)} }, want: release.Hold, code: release.Stopped, until: now.Add(1)},
		"a fault now":             {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) { c.Faults = []string{"away"} }, want: release.Hold, code: release.Faulty},
		"a stop that was": {since: now.Add(-3 * time.Hour), edit: func(_ *release.Policy, c *release.Case) {
			c.Stops = []release.Stop{stop(-2*time.Hour, -30*time.Minute)}
		}, want: release.Hold, code: release.Missing, until: now.Add(30 * time.Minute)},
		"stops that overlap": {since: now.Add(-3 * time.Hour), edit: func(_ *release.Policy, c *release.Case) {
			c.Stops = []release.Stop{stop(-5*time.Hour, -150*time.Minute), stop(-3*time.Hour, -150*time.Minute)}
		}, want: release.Rollback, code: release.Overdue},
		"a freeze that was": {since: now.Add(-3 * time.Hour), edit: func(p *release.Policy, _ *release.Case) {
			p.Freeze = []window.Window{{From: now.Add(-3 * time.Hour), To: now.Add(-time.Hour)}}
		}, want: release.Hold, code: release.Missing, until: now.Add(time.Hour)},
		"a freeze every hour": {since: now.Add(-4 * time.Hour), edit: func(p *release.Policy, _ *release.Case) {
			p.Freeze = []window.Window{recurring("30 * * * *", 30*time.Minute)}
		}, want: release.Rollback, code: release.Overdue},
		"a freeze most of it": {since: now.Add(-4 * time.Hour), edit: func(p *release.Policy, _ *release.Case) {
			p.Freeze = []window.Window{recurring("15 * * * *", 45*time.Minute)}
		}, want: release.Hold, code: release.Missing},
		"freezes without number": {since: now.AddDate(-9, 0, 0), edit: func(p *release.Policy, _ *release.Case) {
			p.Freeze = []window.Window{recurring("*/2 * * * *", time.Minute)}
			p.Budget.MaxHold = 2000 * time.Minute
			p.Freeze[0].Services = []string{"c*"}
		}, want: release.Hold},
		"a person promotes it": {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) { c.Overrides = []release.Override{override(release.Promote)} }, want: release.Promote, code: release.Overridden},
		"a person holds it":    {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) { c.Overrides = []release.Override{override(release.Hold)} }, want: release.Rollback, code: release.Overdue},
		"it only asks too much": {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) {
			c.Evidence, c.Weight = complete().Evidence, 0.5
			c.Evidence[3].MaxWeight = 0.4
		}, want: release.Hold, code: release.Traffic},
		"the evidence is complete": {since: now.Add(-9 * time.Hour), edit: func(_ *release.Policy, c *release.Case) { c.Evidence = complete().Evidence }, want: release.Promote, code: release.Passed},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := policy(), release.Case{Question: question()}
			p.Budget.MaxHold, c.Since = 2*time.Hour, tt.since
			if tt.edit != nil {
				tt.edit(p, &c)
			}
			v := release.Decide(p, c)
			sound(t, v)
			assert.Equal(t, tt.want, v.Decision, "%+v", v.Reasons)
			if tt.code != "" {
				assert.Contains(t, codes(v), tt.code)
			}
			if !tt.until.IsZero() {
				assert.Equal(t, tt.until, v.Until)
			}
		})
	}
}

func recurring(cron string, length time.Duration) window.Window {
	w := window.Window{Name: "nightly"}
	if err := w.Recur(cron, length, time.UTC); err != nil {
		panic(err)
	}
	return w
}

func TestHowMuchTrafficItMayHave(t *testing.T) {
	for name, tt := range map[string]struct {
		edit   func(*release.Policy, *release.Case)
		want   release.Decision
		weight float64
		told   bool // that it wants too much traffic
	}{
		"all when it is promoted":  {want: release.Promote, weight: 1},
		"what its canary can take": {edit: func(_ *release.Policy, c *release.Case) { c.Evidence[3].MaxWeight = 0.4 }, want: release.Promote, weight: 0.4},
		"as much as that":          {edit: func(_ *release.Policy, c *release.Case) { c.Evidence[3].MaxWeight, c.Weight = 0.4, 0.4 }, want: release.Promote, weight: 0.4},
		"not more than that":       {edit: func(_ *release.Policy, c *release.Case) { c.Evidence[3].MaxWeight, c.Weight = 0.4, 0.5 }, want: release.Hold, weight: 0.1, told: true},
		"more where a person says so": {edit: func(_ *release.Policy, c *release.Case) {
			c.Evidence[3].MaxWeight, c.Weight = 0.4, 0.5
			c.Overrides = []release.Override{override(release.Promote)}
		}, want: release.Promote, weight: 0.5, told: true},
		"its budget while its canary gathers evidence": {edit: func(_ *release.Policy, c *release.Case) { c.Evidence = c.Evidence[:3]; c.Weight = 0.1 }, want: release.Hold, weight: 0.1},
		"not more than its budget":                     {edit: func(_ *release.Policy, c *release.Case) { c.Evidence = c.Evidence[:3]; c.Weight = 0.2 }, want: release.Hold, weight: 0.1, told: true},
		"or less that its canary takes": {edit: func(_ *release.Policy, c *release.Case) {
			c.Evidence[3].MaxWeight, c.Evidence[3].Outcome, c.Evidence[3].Metrics[0].Trend = 0.05, release.Inconclusive, release.Undecided
		}, want: release.Hold, weight: 0.05},
		"none before it was compared":   {edit: func(_ *release.Policy, c *release.Case) { c.Evidence = c.Evidence[1:] }, want: release.Hold},
		"none more in a stop":           {edit: func(_ *release.Policy, c *release.Case) { c.Stops = []release.Stop{stop(-1, 1)} }, want: release.Hold},
		"none more with a fault":        {edit: func(_ *release.Policy, c *release.Case) { c.Faults = []string{"x"} }, want: release.Hold},
		"none more in a freeze":         {edit: func(p *release.Policy, _ *release.Case) { p.Freeze = []window.Window{{From: now, To: now.Add(1)}} }, want: release.Hold},
		"none more when a person holds": {edit: func(_ *release.Policy, c *release.Case) { c.Overrides = []release.Override{override(release.Hold)} }, want: release.Hold},
		"none when it is rolled back":   {edit: func(_ *release.Policy, c *release.Case) { regressed(&c.Evidence[0]); c.Weight = 0.2 }, want: release.Rollback},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := policy(), complete()
			if tt.edit != nil {
				tt.edit(p, &c)
			}
			v := release.Decide(p, c)
			sound(t, v)
			assert.Equal(t, tt.want, v.Decision, "%+v", v.Reasons)
			assert.Equal(t, tt.weight, v.MaxWeight)
			told := false
			for _, r := range v.Reasons {
				told = told || r.Code == release.Traffic
			}
			assert.Equal(t, tt.told, told, "%+v", v.Reasons)
		})
	}
}
