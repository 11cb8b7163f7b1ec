// Package watch looks at one canary again and again, each time from where the last look
// ended.
package watch

import (
	"context"
	"fmt"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/prometheus"
)

// Looker looks at the metrics of a canary; [prometheus.Client] is one.
type Looker interface {
	Look(ctx context.Context, p *release.CanaryPolicy, t prometheus.Target, from, to time.Time) ([]release.Observation, error)
}

// lessons is how many looks before the release tell how much the baseline varies by
// itself: the error of a variance that twenty of them estimate is a third.
const lessons = 20

// Canary is one canary that is looked at. It may be used from one goroutine.
type Canary struct {
	looker Looker
	policy *release.CanaryPolicy
	target prometheus.Target

	analysis *canary.Analysis
	since    time.Time
	end      time.Time // of the last look that was taken
	learned  bool
}

// New returns a canary that has not been looked at. since is when it began.
func New(l Looker, p *release.Policy, t prometheus.Target, since time.Time) *Canary {
	since = since.UTC().Truncate(time.Second)
	return &Canary{
		looker: l, policy: p.Canary, target: t,
		analysis: canary.New(p.Canary, p.Budget), since: since, end: since,
	}
}

// End is the end of the last look that was taken, and when the release began before
// there was one.
func (c *Canary) End() time.Time { return c.end }

// Learn looks at the time before the release, once: how much the baseline's counts
// vary by themselves. It comes before the first [Canary.Take].
func (c *Canary) Learn(ctx context.Context) error {
	if c.learned {
		return nil
	}
	past := map[string][]release.Counts{}
	for i := lessons; i > 0; i-- {
		to := c.since.Add(-time.Duration(i-1) * c.policy.Every)
		seen, err := c.looker.Look(ctx, c.policy, c.target, to.Add(-c.policy.Every), to)
		if err != nil {
			return fmt.Errorf("look at the time before the release: %w", err)
		}
		for _, o := range seen {
			if o.Baseline.Total > 0 {
				past[o.Metric] = append(past[o.Metric], o.Baseline)
			}
		}
	}
	for _, m := range c.policy.Metrics {
		if err := c.analysis.Learn(m.Name, past[m.Name]); err != nil {
			return fmt.Errorf("learn from the time before the release: %w", err)
		}
	}
	c.learned = true
	return nil
}

// Look looks at what happened since the last look that was taken, as far as it is
// settled at a time. It returns none where that is nothing yet.
func (c *Canary) Look(ctx context.Context, now time.Time) ([]release.Observation, error) {
	to := now.UTC().Add(-prometheus.Settled).Truncate(time.Second)
	if !to.After(c.end) {
		return nil, nil
	}
	return c.looker.Look(ctx, c.policy, c.target, c.end, to)
}

// Take takes looks in, by ascending times. One at a metric that the policy no longer
// has is an error, and changes nothing.
func (c *Canary) Take(o release.Observation) error {
	if o.To.After(c.end) {
		c.end = o.To
	}
	return c.analysis.Observe(o)
}

// Document is what the looks so far are evidence of.
func (c *Canary) Document(s release.Subject, at time.Time) *canary.Document {
	return c.analysis.Evidence(s, at)
}
