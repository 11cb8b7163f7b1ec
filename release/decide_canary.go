package release

import (
	"fmt"
	"math"
	"slices"
)

func (a *assessment) anyWorse() bool {
	return slices.ContainsFunc(a.Metrics, func(m MetricResult) bool { return a.Kind == Canary && m.Trend == Worse })
}

// metrics weighs what the looks at a canary say, and that each metric of the policy was
// looked at as the policy wants it.
func (a *assessment) metrics() {
	if len(a.Metrics) == 0 {
		a.hold(Thin, a.w.again(), "no metric of the canary was watched")
	}
	if !share(a.MaxWeight) {
		a.hold(Unproven, a.w.again(), "the capacity of the canary, %v, is no share of the traffic", a.MaxWeight)
	}
	for i := range a.Metrics {
		a.metric(&a.Metrics[i])
	}
	if c := a.w.judge.policy.Canary; c != nil {
		for i := range c.Metrics {
			a.watched(&c.Metrics[i])
		}
	}
}

func (a *assessment) metric(m *MetricResult) {
	var r *Reason
	switch {
	case m.Trend == Worse:
		r = a.add(Failed, Rollback, fixed, "%s is worse than allowed: %s", clip(m.Name), clip(m.Text))
	case m.Trend == Undecided:
		r = a.hold(Unproven, a.more(m), "%s is undecided after %d %s: %s", clip(m.Name), m.CanarySamples, words[Canary].unit, clip(m.Text))
	case m.Trend != Safe:
		r = a.hold(Unproven, a.w.again(), "%s has the trend %q, which this program does not know", clip(m.Name), clip(string(m.Trend)))
	case !m.sane():
		r = a.hold(Unproven, a.w.again(), "%s is said to be safe by numbers that are none", clip(m.Name))
	default:
		return
	}
	r.Metric = m.Name
}

// sane reports whether all numbers are numbers; bounds may be infinite.
func (m *MetricResult) sane() bool {
	return !slices.ContainsFunc([]float64{m.Canary, m.Baseline, m.Lower, m.Upper, m.Allowed,
		m.EWorse, m.ESafe, m.WorseThreshold, m.SafeThreshold}, math.IsNaN)
}

func (a *assessment) more(m *MetricResult) string {
	if m.More > 0 {
		return fmt.Sprintf("keep the canary under traffic: about %d more requests to it may decide", m.More)
	}
	return "keep the canary under traffic until the metric is decided"
}

// watched holds where evidence leaves a metric of the policy out, or judged it by less
// than the policy asks for.
func (a *assessment) watched(p *MetricPolicy) {
	i := slices.IndexFunc(a.Metrics, func(m MetricResult) bool { return m.Name == p.Name })
	var r *Reason
	switch {
	case i < 0:
		r = a.hold(Missing, a.w.again(), "%s was not watched", p.Name)
	case a.Metrics[i].Trend != Safe:
		return
	case !(a.Metrics[i].Allowed <= p.Allowed): // a bound that is NaN is none
		r = a.hold(Unproven, a.w.again(), "%s was judged by %v, and the policy allows it to be worse by %v", p.Name, a.Metrics[i].Allowed, p.Allowed)
	case a.Metrics[i].CanarySamples < p.MinSamples:
		r = a.hold(Thin, fmt.Sprintf("keep the canary under traffic for %d more requests", p.MinSamples-a.Metrics[i].CanarySamples),
			"%s rests on %d requests of at least %d", p.Name, a.Metrics[i].CanarySamples, p.MinSamples)
	default:
		return
	}
	r.Metric, r.Line = p.Name, p.Line
}
