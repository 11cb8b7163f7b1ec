package canary

import (
	"math"
	"math/rand/v2"
	"time"

	"twinspect.dev/release"
)

// world is how requests fail.
type world struct {
	canary, baseline int     // requests a look
	base, more       float64 // the baseline's rate, and how much greater the canary's is
	// burst is the design effect of the baseline's counts: rates vary from look to look
	// by a beta distribution, on either side by itself. 1 is independent requests.
	burst float64
	// drift multiplies both rates by up to this much over a wave of thirty looks.
	drift float64
	// history is how many looks at the baseline there were before.
	history int
}

func (w world) rate(rng *rand.Rand, look int, more float64, n int) float64 {
	p := w.base
	if w.drift > 1 {
		p *= math.Exp(math.Log(w.drift) * math.Sin(float64(look)*2*math.Pi/30))
	}
	p += more
	if w.burst <= 1 || n < 2 {
		return p
	}
	rho := (w.burst - 1) / float64(w.baseline-1)
	s := 1/rho - 1
	x, y := gamma(rng, p*s), gamma(rng, (1-p)*s)
	return x / (x + y)
}

func (w world) count(rng *rand.Rand, look, n int, more float64) release.Counts {
	return release.Counts{Total: uint64(n), Bad: binomial(rng, n, w.rate(rng, look, more, n))}
}

// binomial draws by the distances between successes, which are geometric.
func binomial(rng *rand.Rand, n int, p float64) uint64 {
	if p <= 0 {
		return 0
	}
	count, at := uint64(0), 0.0
	for {
		at += math.Floor(math.Log(1-rng.Float64())/math.Log1p(-min(p, 1-1e-12))) + 1
		if at > float64(n) {
			return count
		}
		count++
	}
}

// gamma draws by the method of Marsaglia and Tsang (2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := rng.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func (w world) look(rng *rand.Rand, metric string, i int) release.Observation {
	from := start.Add(time.Duration(i) * time.Minute)
	return release.Observation{
		Metric: metric, From: from, To: from.Add(time.Minute),
		Canary:   w.count(rng, i, w.canary, w.more),
		Baseline: w.count(rng, i, w.baseline, 0),
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (w world) past(rng *rand.Rand) []release.Counts {
	list := make([]release.Counts, w.history)
	for i := range list {
		list[i] = w.count(rng, i, w.baseline, 0)
	}
	return list
}

// tally counts runs in which a rule has rolled back, or promoted, by a look.
type tally struct{ back, on [61]int }

func (t *tally) record(back, on int) {
	for i := 1; i <= 60; i++ {
		if back > 0 && back <= i {
			t.back[i]++
		}
		if on > 0 && on <= i {
			t.on[i]++
		}
	}
}

const allowed = 0.005

var budget = release.Budget{FalseRollback: 0.05, FalsePromote: 0.05}

func sharePolicy(allowed float64, names ...string) *release.CanaryPolicy {
	p := &release.CanaryPolicy{Every: time.Minute}
	for _, n := range names {
		p.Metrics = append(p.Metrics, release.MetricPolicy{Name: n, Counter: "requests", Bad: `code=~"5.."`, Allowed: allowed})
	}
	return p
}

// simulate runs the world: ours beside Flagger's rule (five checks of a success rate of
// at least 99 % that failed, in total) and Argo's (failureLimit 0: one).
func (w world) simulate(rng *rand.Rand, runs, looks int) (ours, flagger, argo tally) {
	for range runs {
		m := newShare(allowed)
		m.worse, m.safe = m.worse[:1], m.safe[:1] // the other bounds decide nothing
		for _, c := range w.past(rng) {
			m.learn(c)
		}
		failed, back, on := 0, [3]int{}, 0
		for i := 1; i <= looks; i++ {
			o := w.look(rng, "errors", i)
			m.add(&o)
			if back[0] == 0 && exp(m.worse[0].best) >= 20 {
				back[0] = i
			}
			if on == 0 && exp(m.safe[0].best) >= 20 {
				on = i
			}
			if float64(o.Canary.Bad) > 0.01*float64(o.Canary.Total) {
				failed++
			}
			if back[1] == 0 && failed == 5 {
				back[1] = i
			}
			if back[2] == 0 && failed == 1 {
				back[2] = i
			}
		}
		ours.record(back[0], on)
		flagger.record(back[1], 0)
		argo.record(back[2], 0)
	}
	return ours, flagger, argo
}
