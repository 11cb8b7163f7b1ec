package canary

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"twinspect.dev/release"
)

// ErrOverlap says that an observation begins before the one before it ended, as one
// that was taken in already.
var ErrOverlap = errors.New("the observation overlaps one that was taken already")

// Analysis holds what the looks at a canary say so far. Its memory depends on the
// number of metrics and buckets alone. It is not safe for concurrent use; the same
// observations in the same order always have the same results.
type Analysis struct {
	policy  *release.CanaryPolicy
	budget  release.Budget
	metrics []*metric
	refused map[string]uint64
}

// metric is one of the policy's.
type metric struct {
	policy    *release.MetricPolicy
	share     *share    // or
	quantile  *quantile // the other one is nil
	problems  problems
	from, to  time.Time // of all looks
	looks     uint64
	empty     uint64 // looks that had no requests on a side
	noData    string // what the last look lacked, "" for nothing
	canary    uint64 // requests
	baseline  uint64
	resets    uint64
	worse     bool // proven
	safe      bool
	weight    float64 // of the last look
	capacity  float64
	threshold struct{ worse, safe float64 }
}

// New returns an analysis of the policy's metrics, which must have been checked, as
// package policyfile does. A budget that is no chance between 0 and 1 never lets a
// metric be decided.
func New(p *release.CanaryPolicy, b release.Budget) *Analysis {
	a := &Analysis{policy: p, budget: b, refused: map[string]uint64{}}
	for i := range p.Metrics {
		m := &metric{policy: &p.Metrics[i]}
		if m.policy.Quantile > 0 {
			m.quantile = newQuantile(m.policy.Quantile, m.policy.Allowed)
		} else {
			m.share = newShare(m.policy.Allowed)
		}
		m.threshold.worse = threshold(b.FalseRollback / float64(len(p.Metrics)))
		m.threshold.safe = threshold(b.FalsePromote)
		a.metrics = append(a.metrics, m)
	}
	return a
}

// threshold is 1/chance, and never reached where chance is none.
func threshold(chance float64) float64 {
	if !(chance > 0 && chance < 1) {
		return math.MaxFloat64
	}
	return min(1/chance, maxE)
}

// Learn takes in what the baseline counted in intervals before the release, as long as
// looks, in order: how much its counts vary by themselves. It is of no use after the
// first [Analysis.Observe] of the metric, and refused.
func (a *Analysis) Learn(name string, past []release.Counts) error {
	m := a.metric(name)
	if m == nil {
		return fmt.Errorf("the policy has no metric %q", name)
	}
	if m.looks > 0 {
		return fmt.Errorf("metric %q: its history must come before its first look", name)
	}
	for i := range past {
		h, err := m.check(&past[i])
		if err != nil {
			return fmt.Errorf("metric %q: history, interval %d: %w", name, i+1, err)
		}
		if m.quantile != nil {
			m.quantile.learn(h)
		} else {
			m.share.learn(past[i])
		}
	}
	return nil
}

// Observe takes in a look at a metric. Those at one metric come in order; gaps between
// them are fine, and an overlap is an [ErrOverlap]. What it refuses changes nothing but
// the count of what was refused.
func (a *Analysis) Observe(o release.Observation) error {
	m := a.metric(o.Metric)
	if m == nil {
		return a.refuse("unknown metric", fmt.Errorf("the policy has no metric %q", o.Metric))
	}
	if m.looks > 0 && o.From.Before(m.to) {
		return a.refuse("overlap", fmt.Errorf("metric %q from %s: %w", o.Metric, o.From.Format(time.RFC3339), ErrOverlap))
	}
	canary, baseline, err := m.checkLook(&o)
	if err != nil {
		return a.refuse("malformed", fmt.Errorf("metric %q from %s: %w", o.Metric, o.From.Format(time.RFC3339), err))
	}
	m.observe(&o, canary, baseline)
	return nil
}

func (a *Analysis) refuse(reason string, err error) error {
	a.refused[reason]++
	return err
}

func (a *Analysis) metric(name string) *metric {
	i := slices.IndexFunc(a.metrics, func(m *metric) bool { return m.policy.Name == name })
	if i < 0 {
		return nil
	}
	return a.metrics[i]
}

// maxRequests bounds the requests of a look to what float64 counts without a gap.
const maxRequests = 1 << 53

func (m *metric) checkLook(o *release.Observation) (canary, baseline histogram, err error) {
	if !o.To.After(o.From) {
		return canary, baseline, errors.New("it ends before it begins")
	}
	for _, share := range [...]float64{o.Weight, o.Capacity} {
		if !(share >= 0 && share <= 1) {
			return canary, baseline, fmt.Errorf("the weight or the capacity is %g, which is no share between 0 and 1", share)
		}
	}
	if canary, err = m.check(&o.Canary); err != nil {
		return canary, baseline, fmt.Errorf("canary: %w", err)
	}
	if baseline, err = m.check(&o.Baseline); err != nil {
		return canary, baseline, fmt.Errorf("baseline: %w", err)
	}
	if m.canary+o.Canary.Total > maxRequests || m.baseline+o.Baseline.Total > maxRequests {
		return canary, baseline, errors.New("there are more than 2^53 requests")
	}
	return canary, baseline, nil
}

func (m *metric) check(c *release.Counts) (histogram, error) {
	switch {
	case c.Total > maxRequests:
		return histogram{}, fmt.Errorf("%d requests are more than 2^53", c.Total)
	case c.Series < 0 || c.Resets < 0:
		return histogram{}, errors.New("it counts fewer than no series or resets")
	case c.Bad > c.Total:
		return histogram{}, fmt.Errorf("%d of %d requests are bad", c.Bad, c.Total)
	case m.quantile == nil:
		return histogram{}, nil
	}
	return newHistogram(*c)
}

// observe takes in a look that was checked.
func (m *metric) observe(o *release.Observation, canary, baseline histogram) {
	if m.looks == 0 {
		m.from = o.From
	}
	m.looks++
	m.to, m.weight, m.capacity = o.To, o.Weight, o.Capacity
	m.canary += o.Canary.Total
	m.baseline += o.Baseline.Total
	m.resets += uint64(o.Canary.Resets) + uint64(o.Baseline.Resets)
	for _, p := range o.Problems {
		m.problems.add(p)
	}
	if m.noData = lacking(o); m.noData != "" {
		m.empty++
	}
	if m.quantile != nil {
		m.quantile.add(canary, baseline, 1/m.threshold.worse, 1/m.threshold.safe)
	} else {
		m.share.add(o)
	}
	m.settle()
}

func lacking(o *release.Observation) string {
	switch {
	case o.Canary.Total == 0 && o.Baseline.Total == 0:
		return "requests on either side"
	case o.Canary.Total == 0:
		return "requests to the canary"
	case o.Baseline.Total == 0:
		return "requests to the baseline"
	}
	return ""
}

// settle keeps what is proven: an e-value that once reached its threshold has.
func (m *metric) settle() {
	if m.canary < m.policy.MinSamples {
		return
	}
	var r release.MetricResult
	m.fill(&r)
	m.worse = m.worse || r.EWorse >= r.WorseThreshold
	m.safe = m.safe || r.ESafe >= r.SafeThreshold
}
