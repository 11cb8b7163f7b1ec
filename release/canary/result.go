package canary

import (
	"fmt"
	"math"

	"twinspect.dev/release"
)

// Results says what the looks say so far, in the order of the policy. What is proven
// stays so: worse for good, and safe unless worse is proven later, or the last look
// saw no requests on a side.
func (a *Analysis) Results() []release.MetricResult {
	results := make([]release.MetricResult, len(a.metrics))
	for i, m := range a.metrics {
		results[i] = m.result()
	}
	return results
}

// fill is the test's part of a result.
func (m *metric) fill(r *release.MetricResult) {
	r.WorseThreshold, r.SafeThreshold = m.threshold.worse, m.threshold.safe
	if m.quantile != nil {
		m.quantile.result(r)
	} else {
		m.share.result(r)
	}
}

func (m *metric) result() release.MetricResult {
	r := release.MetricResult{
		Name: m.policy.Name, Trend: m.trend(), Allowed: m.policy.Allowed, Looks: m.looks,
		CanarySamples: m.canary, BaselineSamples: m.baseline,
	}
	m.fill(&r)
	r.Problems = append(m.ownProblems(), r.Problems...)
	if r.Trend == release.Undecided {
		r.More = m.more(&r)
	}
	r.Text = m.text(&r)
	return r
}

func (m *metric) trend() release.Trend {
	switch {
	case m.worse:
		return release.Worse
	case m.safe && m.noData == "":
		return release.Safe
	}
	return release.Undecided
}

// maxMore is how far ahead [release.MetricResult.More] looks. What would take longer is
// not decided by waiting.
const maxMore = 1 << 32

func (m *metric) more(r *release.MetricResult) uint64 {
	var more float64
	if m.quantile != nil {
		more = m.quantile.more(r)
	} else {
		more = m.share.more(r)
	}
	if m.canary < m.policy.MinSamples {
		more = max(more, float64(m.policy.MinSamples-m.canary))
	}
	if !(more > 0 && more <= maxMore) {
		return 0
	}
	return uint64(math.Ceil(more))
}

func (m *metric) ownProblems() []string {
	var list []string
	switch {
	case m.looks == 0:
		list = append(list, "there was no look yet")
	case m.noData != "":
		list = append(list, "the last look saw no "+m.noData)
	}
	if m.empty > 0 {
		list = append(list, fmt.Sprintf("%d of %d looks saw no requests on a side and say nothing", m.empty, m.looks))
	}
	if m.resets > 0 {
		list = append(list, fmt.Sprintf("%d counters began anew", m.resets))
	}
	if m.threshold.worse == math.MaxFloat64 || m.threshold.safe == math.MaxFloat64 {
		list = append(list, "the budget leaves no room for error, so that it can never be decided; set falseRollback and falsePromote between 0 and 1")
	}
	return append(list, m.problems.list()...)
}

func (m *metric) text(r *release.MetricResult) string {
	state := fmt.Sprintf("%s is %s in the canary and %s in the baseline", r.Name, amount(r, r.Canary), amount(r, r.Baseline))
	switch r.Trend {
	case release.Worse:
		return fmt.Sprintf("%s: worse than the %s allowed, by at least %s", state, growth(r, r.Allowed), growth(r, r.Lower))
	case release.Safe:
		return fmt.Sprintf("%s: within the %s allowed, at most %s worse", state, growth(r, r.Allowed), growth(r, r.Upper))
	}
	var rest string
	switch {
	case m.canary < m.policy.MinSamples:
		rest = fmt.Sprintf("it takes %d requests to the canary before it is judged, and there were %d", m.policy.MinSamples, m.canary)
	case m.noData != "":
		rest = "the last look saw no " + m.noData
	case r.More > 0:
		rest = fmt.Sprintf("about %d more requests to the canary may decide it", r.More)
	default:
		rest = "more requests like these would hardly decide it"
	}
	return fmt.Sprintf("%s: not decided whether it is within the %s allowed; %s", state, growth(r, r.Allowed), rest)
}

func amount(r *release.MetricResult, x float64) string {
	if r.Unit == "seconds" {
		return fmt.Sprintf("%.4g s", x)
	}
	return fmt.Sprintf("%.4g %%", x*100)
}

// growth tells a difference of shares in percentage points, one of quantiles in percent.
func growth(r *release.MetricResult, x float64) string {
	if r.Unit == "seconds" {
		return fmt.Sprintf("%.4g %%", x*100)
	}
	return fmt.Sprintf("%.4g points", x*100)
}
