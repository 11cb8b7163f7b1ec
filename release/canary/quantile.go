package canary

import (
	"fmt"
	"math"

	"twinspect.dev/diff/stats"
	"twinspect.dev/release"
)

// Unbounded is the Upper of a quantile's growth that has no bound yet: JSON has no
// infinity.
const Unbounded = math.MaxFloat64

// quantile tests a metric that is a quantile.
type quantile struct {
	p, allowed       float64
	canary, baseline histogram
	spread           dispersion
	edge             float64 // at which the spread is estimated: the baseline's quantile
	coarser          bool    // buckets changed between looks
	bestWorse        float64 // logarithms of the evidence
	bestSafe         float64
	lower, upper     float64
}

func newQuantile(p, allowed float64) *quantile {
	return &quantile{p: p, allowed: allowed, lower: -1, upper: Unbounded}
}

// learn takes in the baseline of a look. The edge is that of the looks before.
func (q *quantile) learn(h histogram) {
	if q.edge > 0 {
		q.spread.add(float64(h.total), float64(h.over(q.edge)))
	}
	if e := h.within(q.p); h.total > 0 && q.edge == 0 && !math.IsInf(e, 1) {
		q.edge = e
		q.spread.add(float64(h.total), float64(h.over(e)))
	}
}

// add takes a look in. Error rates are those of a rollback and of a promotion.
func (q *quantile) add(canary, baseline histogram, falseWorse, falseSafe float64) {
	q.learn(baseline)
	one, two := q.canary.add(canary), q.baseline.add(baseline)
	q.coarser = q.coarser || one || two
	if q.canary.total == 0 || q.baseline.total == 0 {
		return
	}
	q.bestWorse = max(q.bestWorse, q.evidence(q.isWorse))
	q.bestSafe = max(q.bestSafe, q.evidence(q.isSafe))
	low, _ := q.growth(falseWorse, 1)
	_, high := q.growth(falseSafe, 1)
	q.lower, q.upper = max(q.lower, low), min(q.upper, high)
}

// enclose returns bounds of the quantile of a side with times as many samples as it has,
// each wrong with a chance of at most alpha/2.
func (q *quantile) enclose(h *histogram, alpha, times float64) (low, high float64) {
	n := min(float64(h.total)*times/q.spread.effect(), 1<<62)
	margin := stats.QuantileMargin(uint64(n), q.p, alpha/2)
	if n < 1 {
		margin = 1
	}
	return h.above(q.p - margin), h.within(q.p + margin)
}

// growth bounds by how much the canary's quantile is greater, relatively.
func (q *quantile) growth(alpha, times float64) (low, high float64) {
	canaryLow, canaryHigh := q.enclose(&q.canary, alpha, times)
	baseLow, baseHigh := q.enclose(&q.baseline, alpha, times)
	low, high = canaryLow/baseHigh-1, Unbounded
	if baseLow > 0 && !math.IsInf(canaryHigh, 1) {
		high = canaryHigh/baseLow - 1
	}
	return low, min(high, Unbounded)
}

// rounding lets 0.11 be a tenth more than 0.1.
const rounding = 1e-12

func (q *quantile) isWorse(alpha, times float64) bool {
	low, _ := q.growth(alpha, times)
	return low >= q.allowed
}

func (q *quantile) isSafe(alpha, times float64) bool {
	_, high := q.growth(alpha, times)
	return high <= q.allowed+rounding
}

// maxLog is the greatest logarithm of evidence: that of [maxE] is 690.8.
const maxLog = 690

// evidence returns -log(alpha) of the least alpha by which it is decided, 0 where there
// is none.
func (q *quantile) evidence(decided func(alpha, times float64) bool) float64 {
	if !decided(1, 1) {
		return 0
	}
	low, high := 0.0, float64(maxLog)
	for high-low > 1e-3 {
		if mid := (low + high) / 2; decided(math.Exp(-mid), 1) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func (q *quantile) result(r *release.MetricResult) {
	r.Unit = "seconds"
	r.Canary, r.Baseline = q.canary.quantile(q.p), q.baseline.quantile(q.p)
	r.EWorse, r.ESafe = exp(q.bestWorse), exp(q.bestSafe)
	r.Lower, r.Upper = q.lower, max(q.upper, q.lower)
	if q.coarser {
		r.Problems = append(r.Problems, "the bounds of the buckets changed between looks; only those that all looks have were used")
	}
	if p := q.coarse(); p != "" {
		r.Problems = append(r.Problems, p)
	}
}

// coarse says why no number of requests would decide, or nothing.
func (q *quantile) coarse() string {
	c, b := &q.canary, &q.baseline
	if c.total == 0 || b.total == 0 {
		return ""
	}
	low, high := b.above(q.p), b.within(q.p)
	canaryLow, canaryHigh := c.above(q.p), c.within(q.p)
	if canaryHigh <= low*(1+q.allowed)+rounding || canaryLow >= high*(1+q.allowed) {
		return ""
	}
	if math.IsInf(high, 1) || math.IsInf(canaryHigh, 1) {
		return fmt.Sprintf("the buckets are too coarse ever to decide: the quantile is above the last bound, %g s; add greater ones, or watch the share above a bound instead", low)
	}
	way := "add bounds in between"
	if low > 0 {
		way += fmt.Sprintf(", allow a growth of %.4g %%", math.Ceil((canaryHigh/low-1)*100))
	}
	return fmt.Sprintf("the buckets are too coarse ever to decide: the baseline's quantile lies between %g and %g s, the canary's between %g and %g s; %s, or watch the share above a bound instead",
		low, high, canaryLow, canaryHigh, way)
}

// more is how many more requests to the canary may decide, if both distributions stay
// what they are; 0 where none would.
func (q *quantile) more(r *release.MetricResult) float64 {
	decided := func(times float64) bool {
		return q.isWorse(1/r.WorseThreshold, times) || q.isSafe(1/r.SafeThreshold, times)
	}
	n := float64(q.canary.total)
	if n == 0 || q.baseline.total == 0 || !decided(maxMore/n) {
		return 0
	}
	low, high := 1.0, maxMore/n
	for high > low*1.01 {
		if mid := math.Sqrt(low * high); decided(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return n * (high - 1)
}
