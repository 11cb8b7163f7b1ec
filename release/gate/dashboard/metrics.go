package dashboard

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/canary"
)

// maxMetrics bounds the metrics of a page; a policy has a few.
const maxMetrics = 30

type metricsView struct {
	Metrics []metricView
	Left    int
	// Day says that the looks of the last day alone are drawn.
	Day bool
	// Capacity is the greatest weight by the last look, 0 where it was not measured.
	Capacity float64
	Weight   float64
}

// metricView is one metric: what its newest evidence says, and its looks.
type metricView struct {
	Name     string
	Evidence string // whose result it is
	Result   *release.MetricResult
	Bounds   *bounds
	Worse    gauge
	Safe     gauge
	Chart    *chart
	Quantile bool
}

// newMetrics joins looks with the newest evidence of a canary.
func newMetrics(looks []release.Observation, evidence []release.Evidence, p *release.CanaryPolicy) *metricsView {
	m := &metricsView{}
	byName := map[string][]release.Observation{}
	for i := range looks {
		o := &looks[i]
		byName[o.Metric] = append(byName[o.Metric], *o)
		if o.Weight > 0 {
			m.Weight = o.Weight
		}
		if o.Capacity > 0 {
			m.Capacity = o.Capacity
		}
	}
	names, newest := metricNames(byName, evidence)
	shown := min(len(names), maxMetrics)
	m.Left = len(names) - shown
	for _, name := range names[:shown] {
		v := metricView{Name: name}
		if newest != nil {
			v.result(newest)
		}
		v.chart(byName[name], policyMetric(p, name))
		m.Metrics = append(m.Metrics, v)
	}
	return m
}

// metricNames are those of the evidence, in its order, and then others that have looks.
func metricNames(byName map[string][]release.Observation, evidence []release.Evidence) (names []string, newest *release.Evidence) {
	if i := slices.IndexFunc(evidence, func(e release.Evidence) bool { return e.Kind == release.Canary }); i >= 0 {
		newest = &evidence[i]
		for j := range newest.Metrics {
			names = append(names, newest.Metrics[j].Name)
		}
	}
	var others []string
	for name := range byName {
		if !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append(names, others...), newest
}

func policyMetric(p *release.CanaryPolicy, name string) *release.MetricPolicy {
	if p == nil {
		return nil
	}
	if i := slices.IndexFunc(p.Metrics, func(m release.MetricPolicy) bool { return m.Name == name }); i >= 0 {
		return &p.Metrics[i]
	}
	return nil
}

func (v *metricView) result(e *release.Evidence) {
	i := slices.IndexFunc(e.Metrics, func(r release.MetricResult) bool { return r.Name == v.Name })
	if i < 0 {
		return
	}
	r := &e.Metrics[i]
	v.Evidence, v.Result, v.Quantile = e.ID, r, r.Unit == "seconds"
	v.Bounds = boundsOf(r)
	v.Worse, v.Safe = gaugeOf(r.EWorse, r.WorseThreshold), gaugeOf(r.ESafe, r.SafeThreshold)
}

// gauge is how near an e-value is to its threshold, on a logarithmic scale, as evidence
// grows by factors.
type gauge struct {
	Value, Threshold string
	Width            string
	Reached          bool
}

func gaugeOf(e, threshold float64) gauge {
	g := gauge{Value: number(e), Threshold: number(threshold), Width: "0%", Reached: e >= threshold && threshold > 0}
	if e > 1 && threshold > 1 {
		g.Width = percent(min(math.Log(e)/math.Log(threshold), 1))
	}
	return g
}

// number writes an e-value with three digits.
func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f >= math.MaxFloat64:
		return "beyond measure"
	case f >= 1e6:
		text := fmt.Sprintf("%.1e", f)
		mantissa, exponent, _ := strings.Cut(text, "e+")
		return mantissa + " × 10^" + strings.TrimLeft(exponent, "0")
	case f >= 100:
		return look.Grouped(uint64(f))
	}
	return fmt.Sprintf("%.3g", f)
}

// bounds is where the canary's worsening lies, beside what is allowed, on a line whose
// places are in percent.
type bounds struct {
	From, Width, Zero, Allowed string
	Says                       string
	Open                       bool // there is no upper bound yet
}

func boundsOf(r *release.MetricResult) *bounds {
	low, high := r.Lower, r.Upper
	open := !(high < canary.Unbounded)
	if math.IsNaN(low) || math.IsNaN(high) || math.IsNaN(r.Allowed) || low > high {
		return nil
	}
	// The line shows twice what is allowed on both sides, and what lies beyond as far as
	// four times: more would hide the place that counts.
	left, right := min(-2*r.Allowed, max(low, -4*r.Allowed)), max(2*r.Allowed, min(high, 4*r.Allowed))
	if !(right > left) {
		return nil
	}
	at := func(x float64) float64 { return min(max((x-left)/(right-left), 0), 1) }
	b := &bounds{From: percent(at(low)), Width: percent(max(at(high)-at(low), 0.006)), Zero: percent(at(0)), Allowed: percent(at(r.Allowed)), Open: open}
	b.Says = fmt.Sprintf("between %s and %s", growth(r, low), growth(r, high))
	if open {
		b.Says = "at least " + growth(r, low) + ", with no upper bound yet"
	}
	b.Says += "; " + growth(r, r.Allowed) + " is allowed"
	return b
}

// growth tells a difference of shares in percentage points, one of quantiles in percent.
func growth(r *release.MetricResult, x float64) string {
	if r.Unit == "seconds" {
		return fmt.Sprintf("%.3g %%", x*100)
	}
	return fmt.Sprintf("%.3g points", x*100)
}
