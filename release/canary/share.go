package canary

import (
	"math"

	"twinspect.dev/release"
)

// share tests a metric that is a share of bad requests.
type share struct {
	allowed float64
	spread  dispersion
	past    rates // the baseline's bad and total, the older the less
	total   block
	// worse and safe are tests of several bounds of the difference; the first of each
	// is that of what is allowed.
	worse, safe []*process
}

// leastStep is the step of the grids where nothing is allowed.
const leastStep = 0.0005

// newShare makes the grids. Their step is half of what is allowed: bounds lie at
// allowed ± step·2^i, effects at step·2^i from half a step on. The growth of the e-value
// at an effect that is off by √2, the most, is 83 % of the greatest. Bounds other than
// what is allowed are only told, and do with every other effect.
func newShare(allowed float64) *share {
	s := &share{allowed: allowed}
	step := leastStep
	if allowed > 0 {
		step = max(allowed/2, minRate)
	}
	var effects []float64
	for e := step / 2; e < 1; e *= 2 {
		effects = append(effects, e)
	}
	var deltas []float64
	for d := step; d < 1; d *= 2 {
		for _, x := range [...]float64{allowed - d, allowed + d} {
			if x > -1 && x < 1 {
				deltas = append(deltas, x)
			}
		}
	}
	s.test(allowed, effects)
	for _, d := range deltas {
		s.test(d, everyOther(effects))
	}
	return s
}

func (s *share) test(delta float64, effects []float64) {
	s.worse = append(s.worse, newProcess(worse, delta, effects, even(len(effects))))
	s.safe = append(s.safe, safeProcess(delta, effects))
}

func everyOther(list []float64) (kept []float64) {
	for i := 0; i < len(list); i += 2 {
		kept = append(kept, list[i])
	}
	return kept
}

// even weights sum up to 1; they are logarithms.
func even(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = -math.Log(float64(n))
	}
	return w
}

// safeProcess gives half of the weight to a canary that is as good as its baseline, as
// most are.
func safeProcess(delta float64, effects []float64) *process {
	if delta <= 0 {
		return newProcess(safe, delta, effects, even(len(effects)))
	}
	weights := append(even(len(effects)), 0)
	for i := range weights {
		weights[i] -= math.Ln2
	}
	return newProcess(safe, delta, append(effects[:len(effects):len(effects)], delta), weights)
}

// anyBase are the base rates of a first look of which nothing is known: a shift of
// both rates cancels, so that steps of 4 do.
var anyBase = [...]float64{1. / 2, 1. / 8, 1. / 32, 1. / 128, 1. / 512, 1. / 2048, 1. / 8192, 1. / 32768}

// keep is what the baseline's rate of a look counts for after the next.
const keep = 0.9

func (s *share) bases() []float64 {
	if s.past.b == 0 {
		return anyBase[:]
	}
	return []float64{(s.past.a + 0.5) / (s.past.b + 1)}
}

func (s *share) learn(c release.Counts) {
	n, y := float64(c.Total), float64(c.Bad)
	s.spread.add(n, y)
	if n > 0 {
		s.past = rates{keep*s.past.a + y, keep*s.past.b + n}
	}
}

// add takes a look in: first it is judged by what was known before it.
func (s *share) add(o *release.Observation) {
	b := block{float64(o.Canary.Total), float64(o.Canary.Bad), float64(o.Baseline.Total), float64(o.Baseline.Bad)}
	if !b.empty() {
		bases, spread := s.bases(), s.spread.of(b)
		for i := range s.worse {
			s.worse[i].add(b, bases, spread)
			s.safe[i].add(b, bases, spread)
		}
		s.total = block{s.total.na + b.na, s.total.ya + b.ya, s.total.nb + b.nb, s.total.yb + b.yb}
	}
	s.learn(o.Baseline)
}

// result fills in what the test says.
func (s *share) result(r *release.MetricResult) {
	r.Unit = "share"
	r.Canary, r.Baseline = ratio(s.total.ya, s.total.na), ratio(s.total.yb, s.total.nb)
	r.EWorse, r.ESafe = exp(s.worse[0].best), exp(s.safe[0].best)
	r.Lower, r.Upper = -1, 1
	for i := range s.worse {
		if exp(s.worse[i].best) >= r.WorseThreshold {
			r.Lower = max(r.Lower, s.worse[i].delta)
		}
		if exp(s.safe[i].best) >= r.SafeThreshold {
			r.Upper = min(r.Upper, s.safe[i].delta)
		}
	}
	r.Upper = max(r.Upper, r.Lower) // what went wrong lately was safe before
}

func ratio(x, n float64) float64 {
	if n == 0 {
		return 0
	}
	return x / n
}

// more is how many more requests to the canary may bring one of the tests to its
// threshold, if both rates and the shares of the sides stay what they are. The growth
// of the best bet is the relative entropy between the rates and the null.
func (s *share) more(r *release.MetricResult) float64 {
	if s.total.empty() {
		return 0
	}
	seen := rates{(s.total.ya + 0.5) / (s.total.na + 1), (s.total.yb + 0.5) / (s.total.nb + 1)}
	p, threshold := s.worse[0], r.WorseThreshold
	if !worse.beyond(seen, s.allowed) {
		p, threshold = s.safe[0], r.SafeThreshold
	}
	per := block{1, seen.a, s.total.nb / s.total.na, s.total.nb / s.total.na * seen.b}
	growth := per.logE(p.side, seen, s.allowed) / s.spread.of(s.total)
	return (math.Log(threshold) - p.now) / growth
}
