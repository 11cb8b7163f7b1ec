package canary

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pmf is the distribution of how many of independent events happen.
func pmf(p []float64) []float64 {
	d := []float64{1}
	for _, x := range p {
		next := make([]float64, len(d)+1)
		for k, v := range d {
			next[k] += v * (1 - x)
			next[k+1] += v * x
		}
		d = next
	}
	return d
}

// mean is that of the e-value of a block whose requests have the rates a and b.
func mean(s side, alt rates, delta float64, a, b []float64) float64 {
	da, db, sum := pmf(a), pmf(b), 0.0
	for ya, pa := range da {
		for yb, pb := range db {
			e := block{float64(len(a)), float64(ya), float64(len(b)), float64(yb)}.logE(s, alt, delta)
			sum += pa * pb * math.Exp(e)
		}
	}
	return sum
}

func average(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// On this everything rests: the mean is at most 1 whatever the rates are, even if every
// request has its own, as long as their means are in the null.
func TestAnEValueOfTheNullHasAMeanOfAtMostOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]side{worse, safe}).Draw(t, "side")
		delta := rapid.Float64Range(-0.9, 0.9).Draw(t, "delta")
		rate := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 7)
		a, b := rate.Draw(t, "canary"), rate.Draw(t, "baseline")
		if s.beyond(rates{average(a), average(b)}, delta) {
			a, b = b, a
		}
		if s.beyond(rates{average(a), average(b)}, delta) {
			t.Skip("not in the null")
		}
		alt := s.alternative(rapid.Float64Range(0, 1).Draw(t, "base"), delta, rapid.Float64Range(0, 1).Draw(t, "effect"))
		require.LessOrEqual(t, mean(s, alt, delta, a, b), 1+1e-6)
	})
}

func TestAnEValueAtTheProjectionHasAMeanOfOne(t *testing.T) {
	for _, delta := range []float64{-0.2, 0, 0.01, 0.3} {
		for _, s := range []side{worse, safe} {
			alt := s.alternative(0.4, delta, 0.1)
			null := project(alt, delta, 5, 3)
			a := []float64{null.a, null.a, null.a, null.a, null.a}
			b := []float64{null.b, null.b, null.b}
			assert.InDelta(t, 1, mean(s, alt, delta, a, b), 1e-9)
		}
	}
}

func TestTheProjectionOfNoDifferenceIsThePooledRate(t *testing.T) {
	for _, n := range [][2]float64{{1, 1}, {1, 1e9}, {1e9, 1}, {7, 3}} {
		got := project(rates{0.3, 0.1}, 0, n[0], n[1])
		assert.InDelta(t, (n[0]*0.3+n[1]*0.1)/(n[0]+n[1]), got.b, 1e-9)
	}
}

// The projection is the least of the relative entropies along the boundary.
func TestTheProjectionIsTheClosestPointOfTheBoundary(t *testing.T) {
	kl := func(p, q float64) float64 { return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q)) }
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]side{worse, safe}).Draw(t, "side")
		delta := rapid.Float64Range(-0.99, 0.99).Draw(t, "delta")
		alt := s.alternative(rapid.Float64Range(0, 1).Draw(t, "base"), delta, rapid.Float64Range(1e-4, 1).Draw(t, "effect"))
		if !s.beyond(alt, delta) {
			t.Skip("there is nothing beyond")
		}
		na, nb := rapid.Float64Range(1, 1e6).Draw(t, "na"), rapid.Float64Range(1, 1e6).Draw(t, "nb")
		far := func(b float64) float64 { return na*kl(alt.a, b+delta) + nb*kl(alt.b, b) }
		got := project(alt, delta, na, nb)
		low, high := max(0, -delta), min(1, 1-delta)
		for i := 1; i < 50; i++ {
			b := low + (high-low)*float64(i)/50
			require.LessOrEqual(t, far(got.b), far(b)*(1+1e-9)+1e-9)
		}
	})
}

func TestNoBlockOverflowsOrIsNoNumber(t *testing.T) {
	huge := float64(uint64(maxRequests))
	for _, b := range []block{
		{1, 0, 1, 0}, {1, 1, 1, 1}, {huge, 0, huge, 0}, {huge, huge, huge, huge}, {huge, huge, huge, 0},
		{huge, 0, huge, huge}, {1, 1, huge, 0}, {huge, huge, 1, 0}, {0, 0, 5, 5}, {5, 5, 0, 0}, {},
	} {
		for _, allowed := range []float64{0, 1e-9, 0.005, 0.5, 0.999, 1} {
			m := newShare(allowed)
			for range 3 {
				if !b.empty() {
					for i := range m.worse {
						m.worse[i].add(b, m.bases(), 1)
						m.safe[i].add(b, m.bases(), 1)
						for _, p := range []*process{m.worse[i], m.safe[i]} {
							require.False(t, math.IsNaN(p.now) || math.IsNaN(p.best) || math.IsInf(p.now, 1), "%v at %g: %g", b, allowed, p.now)
						}
					}
				}
				m.past = rates{b.yb, b.nb}
			}
		}
	}
}

func TestBlocksWithoutRequestsOnASideSayNothing(t *testing.T) {
	for _, b := range []block{{0, 0, 10, 5}, {10, 5, 0, 0}, {}} {
		assert.Zero(t, b.logE(worse, rates{0.5, 0.1}, 0))
	}
}

// A mixture of processes bets its capital once, whatever the look it begins at.
func TestWhatIsStakedSumsUpToOne(t *testing.T) {
	for _, s := range []side{worse, safe} {
		p := &process{side: s}
		sum := 0.0
		for look := 1.0; look <= 1000; look++ {
			staked, kept := p.stake(look)
			sum += math.Exp(staked)
			require.InDelta(t, 1, sum+math.Exp(kept), 1e-9)
		}
	}
	m := newShare(0.005)
	for _, p := range append(m.worse, m.safe...) {
		sum := 0.0
		for _, w := range p.weights {
			sum += math.Exp(w)
		}
		require.InDelta(t, 1, sum, 1e-9)
	}
}

func TestCapacityIsMeasuredOrNone(t *testing.T) {
	good := Load{Canary: 10, All: 100, Requests: 1 << 30, Usage: 0.2, Target: 0.6}
	assert.InDelta(t, 0.3, Capacity(good), 1e-4)
	few := good
	few.Requests = 100
	assert.InDelta(t, 0.3*0.8, Capacity(few), 1e-9, "few samples give less")
	for name, change := range map[string]func(*Load){
		"no requests": func(l *Load) { l.Canary = 0 },
		"no total":    func(l *Load) { l.All = 0 },
		"no usage":    func(l *Load) { l.Usage = 0 },
		"nan":         func(l *Load) { l.Usage = math.NaN() },
		"infinite":    func(l *Load) { l.All = math.Inf(1) },
		"negative":    func(l *Load) { l.Target = -1 },
		"too few":     func(l *Load) { l.Requests = leastRequests - 1 },
	} {
		l := good
		change(&l)
		assert.Zero(t, Capacity(l), name)
	}
	idle := good
	idle.Usage = 1e-9
	assert.InDelta(t, 1, Capacity(idle), 0, "no more than all")
	hot := good
	hot.Usage = 1.2
	assert.InDelta(t, 0.05, Capacity(hot), 1e-4)
}
