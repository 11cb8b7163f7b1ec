package prometheus

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"twinspect.dev/release"
)

// Look returns what was counted between two times, to the millisecond, one observation
// for each of the policy's metrics in its order. What could not be used is a problem of
// the observation. ctx and [Options.Timeout] bound it.
//
// It fails with [*Unavailable] where the server cannot be asked, with [*Rejected] where
// it does not take a query, and otherwise where the policy's matchers cannot be read or
// the times are in the wrong order. There are no observations then.
func (c *Client) Look(ctx context.Context, p *release.CanaryPolicy, t Target, from, to time.Time) ([]release.Observation, error) {
	l, err := c.newLook(p, t, from, to)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("the look took longer than %v", c.timeout))
	defer cancel()
	all := make([]release.Observation, len(p.Metrics))
	for i, m := range p.Metrics {
		if all[i], err = l.metric(ctx, m); err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.Name, err)
		}
	}
	if p.Capacity != nil && len(all) > 0 {
		if err := l.capacity(ctx, p.Capacity, all); err != nil {
			return nil, fmt.Errorf("capacity: %w", err)
		}
	}
	return all, nil
}

// look is one look at all metrics.
type look struct {
	*session
	target           Target
	window           window
	canary, baseline side
	past             *side // nil where the past is not compared with
}

// side is whom the series belong to.
type side struct {
	name     string
	matchers string
	window   window
}

func (c *Client) newLook(p *release.CanaryPolicy, t Target, from, to time.Time) (*look, error) {
	w := window{model.TimeFromUnixNano(from.UnixNano()), model.TimeFromUnixNano(to.UnixNano())}
	if w.from >= w.to {
		return nil, fmt.Errorf("a look from %s to %s has no duration", clock(w.from), clock(w.to))
	}
	canary, err := matchers(p.Canary, t)
	if err != nil {
		return nil, fmt.Errorf("matchers of the canary: %w", err)
	}
	baseline, err := matchers(p.Baseline, t)
	if err != nil {
		return nil, fmt.Errorf("matchers of the baseline: %w", err)
	}
	l := &look{session: &session{client: c, answers: map[question]answer{}}, target: t, window: w,
		canary: side{"canary", canary, w}, baseline: side{"baseline", baseline, w}}
	if p.History > 0 {
		l.past = &side{"past", baseline, window{w.from.Add(-p.History), w.to.Add(-p.History)}}
		if baseline == "" {
			l.past.matchers = canary
		}
	}
	return l, nil
}

// metric looks at one metric on both sides.
func (l *look) metric(ctx context.Context, m release.MetricPolicy) (release.Observation, error) {
	o := release.Observation{Metric: m.Name, From: l.window.from.Time().UTC(), To: l.window.to.Time().UTC()}
	canary, err := l.read(ctx, m, l.canary)
	if err != nil {
		return o, err
	}
	baseline, past, err := l.readBaseline(ctx, m)
	if err != nil {
		return o, err
	}
	if past {
		baseline.problem("there is no baseline: the canary is compared with what was %v before", l.window.from.Sub(l.past.window.from))
	} else {
		canary.distinguish(baseline)
	}
	if m.Quantile > 0 {
		canary.align(baseline)
	}
	o.Problems = slices.Concat(canary.problems, baseline.problems)
	if canary.refused || baseline.refused {
		return o, nil
	}
	o.Canary, o.Baseline = canary.counts(m), baseline.counts(m)
	if !past {
		o.Weight = share(o.Canary.Total, o.Baseline.Total)
	}
	return o, nil
}

// readBaseline reads the past where there is no baseline.
func (l *look) readBaseline(ctx context.Context, m release.MetricPolicy) (r *reading, past bool, err error) {
	if l.past == nil || l.baseline.matchers != "" {
		r, err = l.read(ctx, m, l.baseline)
		if err != nil || l.past == nil || !r.absent {
			return r, false, err
		}
	}
	r, err = l.read(ctx, m, *l.past)
	return r, true, err
}

func share(canary, baseline uint64) float64 {
	all := float64(canary) + float64(baseline)
	if all == 0 {
		return 0
	}
	return float64(canary) / all
}

func clock(t model.Time) string { return t.Time().UTC().Format(time.RFC3339) }

// maxListed is how many of a list a person reads.
const maxListed = 40

func listed(bounds []float64) string {
	texts := make([]string, 0, maxListed+1)
	for _, b := range bounds {
		if len(texts) == maxListed {
			texts = append(texts, "…")
			break
		}
		if !math.IsInf(b, 1) {
			texts = append(texts, fmt.Sprint(b))
		}
	}
	return strings.Join(texts, ", ")
}

func contains(bounds []float64, b float64) bool { return slices.Contains(bounds, b) }
