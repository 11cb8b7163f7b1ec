// Package watch looks at one canary again and again, each time from where the last look
// ended.
package watch

import (
	"context"
	"errors"
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

// MaxSpan bounds what is asked of the server at once; what is longer, as after the
// server was away, is asked in several parts. It is the time of which [prometheus.Options]
// takes a thousand series that are scraped each second.
const MaxSpan = 30 * time.Minute

// ErrOtherDefinition says that an observation is of a metric that the policy does not
// have, or defines in another way by now.
var ErrOtherDefinition = errors.New("the observation is of a metric as the policy does not define it")

// Canary is one canary that is looked at. It may be used from one goroutine.
type Canary struct {
	looker Looker
	policy *release.CanaryPolicy
	target prometheus.Target

	analysis    *canary.Analysis
	definitions map[string]string // by metric
	since       time.Time
	end         time.Time // of the last look that was taken

	past    map[string][]release.Counts // of the baseline, by metric
	lesson  int                         // how many were had
	learned bool
}

// New returns a canary that has not been looked at. since is when it began.
func New(l Looker, p *release.Policy, t prometheus.Target, since time.Time) *Canary {
	since = since.UTC().Truncate(time.Second)
	return &Canary{
		looker: l, policy: p.Canary, target: t,
		analysis: canary.New(p.Canary, p.Budget), definitions: definitions(p.Canary, t),
		since: since, end: since, past: map[string][]release.Counts{},
	}
}

// End is the end of the last look that was taken, and when the release began before
// there was one.
func (c *Canary) End() time.Time { return c.end }

// Learn looks at the time before the release, once: how much the baseline's counts
// vary by themselves. It comes before the first [Canary.Take]. After an error it goes
// on where it was.
func (c *Canary) Learn(ctx context.Context) error {
	for ; c.lesson < lessons; c.lesson++ {
		// The last of them is settled when the release begins.
		to := c.since.Add(-prometheus.Settled - time.Duration(lessons-1-c.lesson)*c.policy.Every)
		seen, err := c.looker.Look(ctx, c.policy, c.target, to.Add(-c.policy.Every), to)
		if err != nil {
			return fmt.Errorf("look at the time before the release: %w", err)
		}
		for _, o := range seen {
			if o.Baseline.Total > 0 {
				c.past[o.Metric] = append(c.past[o.Metric], o.Baseline)
			}
		}
	}
	if c.learned {
		return nil
	}
	for _, m := range c.policy.Metrics {
		if err := c.analysis.Learn(m.Name, c.past[m.Name]); err != nil {
			return fmt.Errorf("learn from the time before the release: %w", err)
		}
	}
	c.learned, c.past = true, nil
	return nil
}

// Look looks at what happened since the last look that was taken, as far as it is
// settled at a time. It returns none where that is nothing yet, and with an error what
// was seen before it.
func (c *Canary) Look(ctx context.Context, now time.Time) ([]release.Observation, error) {
	var all []release.Observation
	to := now.UTC().Add(-prometheus.Settled).Truncate(time.Second)
	for from := c.end; from.Before(to); {
		until := from.Add(MaxSpan)
		if until.After(to) {
			until = to
		}
		seen, err := c.looker.Look(ctx, c.policy, c.target, from, until)
		if err != nil {
			return all, err
		}
		for _, o := range seen {
			o.Definition = c.definitions[o.Metric]
			all = append(all, o)
		}
		from = until
	}
	return all, nil
}

// Take takes looks in, by ascending times. One at a metric that the policy does not
// have, or defines in another way by now, is an [ErrOtherDefinition]: it does not
// count, and the next look begins where it ended.
func (c *Canary) Take(o release.Observation) error {
	if o.To.After(c.end) {
		c.end = o.To
	}
	if d, ok := c.definitions[o.Metric]; !ok || d != o.Definition {
		return fmt.Errorf("%q: %w", o.Metric, ErrOtherDefinition)
	}
	return c.analysis.Observe(o)
}

// Document is what the looks so far are evidence of.
func (c *Canary) Document(s release.Subject, at time.Time) *canary.Document {
	return c.analysis.Evidence(s, at)
}
