package stats

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// reference computes the mixture by another way than the package, exactly: the
// antiderivative of the integrand, expanded by the binomial theorem.
//
//	2^(n+1) Σ_i C(y,i) (-1)^i (1 - 2^-(x+i+1)) / (x+i+1)
func reference(x, y int64) *big.Rat {
	sum := new(big.Rat)
	for i := range y + 1 {
		m := x + i + 1
		pow := new(big.Int).Lsh(big.NewInt(1), uint(m))
		term := new(big.Rat).SetFrac(new(big.Int).Sub(pow, big.NewInt(1)), pow)
		term.Mul(term, new(big.Rat).SetFrac(new(big.Int).Binomial(y, i), big.NewInt(m)))
		if i%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum.Mul(sum, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(x+y+1))))
}

// mixture is the e-value, exactly.
func mixture(x, y int64) *big.Rat {
	sum := new(big.Rat).Mul(big.NewRat(2, 5), reference(x, y))
	if y == 0 {
		always := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(x)))
		sum.Add(sum, always.Mul(always, big.NewRat(3, 5)))
	}
	return sum
}

func logOf(r *big.Rat) float64 {
	f := new(big.Float).SetPrec(200).SetRat(r)
	mantissa := new(big.Float)
	exponent := f.MantExp(mantissa)
	m, _ := mantissa.Float64()
	return math.Log(m) + float64(exponent)*math.Ln2
}

func TestEValueAgreesWithExactIntegration(t *testing.T) {
	pairs := [][2]int64{{0, 0}, {1, 0}, {0, 1}, {15, 0}, {0, 300}, {40, 0}, {5, 1}, {70, 20}, {300, 0}, {20, 70}, {500, 400}, {400, 500}, {1500, 3}, {3, 1500}}
	for x := range int64(12) {
		for y := range int64(12) {
			pairs = append(pairs, [2]int64{x, y})
		}
	}
	for _, p := range pairs {
		want := logOf(mixture(p[0], p[1]))
		got := LogEValue(uint64(p[0]), uint64(p[1]))
		assert.InDelta(t, want, got, 1e-10*(1+math.Abs(want)), "x=%d y=%d", p[0], p[1])
	}
}

func TestEValueOfKnownCounts(t *testing.T) {
	assert.InDelta(t, 1, EValue(0, 0), 1e-12)
	assert.InDelta(t, 0.6*2+0.4*1.5, EValue(1, 0), 1e-12)
	assert.InDelta(t, 0.4*0.5, EValue(0, 1), 1e-12)
	assert.InDelta(t, 0.6*32768+0.4*65535/16, EValue(15, 0), 1e-8)
	assert.InDelta(t, 65535.0/16, Uniform(15, 0), 1e-8)
}

func TestFivePairsOfBranchProveWhatIsAlwaysSo(t *testing.T) {
	assert.GreaterOrEqual(t, EValue(5, 0), 1/(0.9*0.05))
	assert.Less(t, EValue(4, 0), 1/(0.9*0.05))
}

// TestNextEValueIsExpectedToBeTheSame holds the property on which everything
// rests against exact arithmetic: the mean over the next pair is the value at
// hand where both sides are as likely, and no more where branch is less so.
func TestNextEValueIsExpectedToBeTheSame(t *testing.T) {
	for x := range int64(24) {
		for y := range int64(24) {
			now, more, less := mixture(x, y), mixture(x+1, y), mixture(x, y+1)
			for _, p := range []*big.Rat{big.NewRat(1, 2), big.NewRat(9, 20), big.NewRat(1, 5), new(big.Rat)} {
				mean := new(big.Rat).Mul(p, more)
				mean.Add(mean, new(big.Rat).Mul(new(big.Rat).Sub(big.NewRat(1, 1), p), less))
				want := 0
				if p.Cmp(big.NewRat(1, 2)) != 0 {
					want = -1
				}
				assert.Equal(t, want, mean.Cmp(now), "x=%d y=%d p=%s", x, y, p)
			}
		}
	}
}

func TestEValueStaysFiniteAndNotNegative(t *testing.T) {
	for _, x := range []uint64{0, 1, 1 << 20, 1 << 40, math.MaxUint64} {
		for _, y := range []uint64{0, 1, 1 << 20, 1 << 40, math.MaxUint64} {
			e := EValue(x, y)
			assert.False(t, math.IsNaN(e) || math.IsInf(e, 0) || e < 0, "x=%d y=%d e=%g", x, y, e)
		}
	}
	assert.InDelta(t, math.MaxFloat64, EValue(1<<40, 0), 0)
	assert.Less(t, EValue(1<<40, 1<<40), 1.0)
}

func TestExpectedEValueUnderTheNullIsOneAtMost(t *testing.T) {
	for n := range int64(41) {
		for _, p := range []float64{0.5, 0.45, 0.3, 0.05} {
			expected := 0.0
			for x := range n + 1 {
				c, _ := new(big.Float).SetInt(new(big.Int).Binomial(n, x)).Float64()
				probability := c * math.Pow(p, float64(x)) * math.Pow(1-p, float64(n-x))
				expected += probability * EValue(uint64(x), uint64(n-x))
			}
			assert.LessOrEqual(t, expected, 1+1e-9, "n=%d p=%g", n, p)
			if p == 0.5 {
				assert.InDelta(t, 1, expected, 1e-9, "n=%d: no power is given away", n)
			}
		}
	}
}

func TestEValueGrowsWithBranchOnlyAndFallsWithControlOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64Range(0, 5000).Draw(t, "x")
		y := rapid.Uint64Range(0, 5000).Draw(t, "y")
		e := LogEValue(x, y)
		assert.Greater(t, LogEValue(x+1, y), e)
		assert.Less(t, LogEValue(x, y+1), e)
	})
}

func TestPeekingAfterEverySampleKeepsTheErrorRate(t *testing.T) {
	const runs, samples, alpha = 2000, 400, 0.05
	rng := rand.New(rand.NewPCG(7, 11))
	rejected := 0
	for range runs {
		var x, y uint64
		for range samples {
			if rng.IntN(2) == 0 {
				x++
			} else {
				y++
			}
			if EValue(x, y) >= 1/alpha {
				rejected++
				break
			}
		}
	}
	// 3 standard errors above alpha would be 0.0646; Ville leaves room below.
	assert.LessOrEqual(t, float64(rejected)/runs, alpha)
	assert.Positive(t, rejected, "the test has power at all")
}

func TestSignEValueIsFairUnderTheNull(t *testing.T) {
	for n := range int64(30) {
		expected := 0.0
		for x := range n + 1 {
			c, _ := new(big.Float).SetInt(new(big.Int).Binomial(n, x)).Float64()
			expected += c * math.Pow(0.5, float64(n)) * SignEValue(uint64(x), uint64(n-x))
		}
		assert.InDelta(t, 1, expected, 1e-9)
	}
	assert.InDelta(t, SignEValue(3, 9), SignEValue(9, 3), 1e-12)
	assert.Greater(t, SignEValue(20, 0), 1000.0)
}

func TestEBHRejectsTheGreatestThatPayForThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		evalues []float64
		want    []bool
	}{
		"nothing to test":     {nil, []bool{}},
		"one at 1/alpha":      {[]float64{20}, []bool{true}},
		"one below":           {[]float64{19.99}, []bool{false}},
		"two share the bill":  {[]float64{20, 20}, []bool{true, true}},
		"one alone must pay":  {[]float64{39, 1}, []bool{false, false}},
		"and does":            {[]float64{1, 40}, []bool{false, true}},
		"the third joins":     {[]float64{21, 1, 500, 27}, []bool{false, false, true, false}},
		"the third pays less": {[]float64{27, 1, 500, 40}, []bool{true, false, true, true}},
	} {
		assert.Equal(t, c.want, EBH(c.evalues, 0.05), name)
	}
}

func TestEBHIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		evalues := rapid.SliceOfN(rapid.Float64Range(0, 500), 1, 30).Draw(t, "e")
		best := 0
		for k := 1; k <= len(evalues); k++ {
			reach := 0
			for _, e := range evalues {
				if e >= Threshold(len(evalues), k, 0.1) {
					reach++
				}
			}
			if reach >= k {
				best = k
			}
		}
		rejected := 0
		for _, r := range EBH(evalues, 0.1) {
			if r {
				rejected++
			}
		}
		require.Equal(t, best, rejected)
	})
}

func TestWeightedEBHIsEBHOfTheProducts(t *testing.T) {
	assert.Equal(t, []bool{true, false}, WeightedEBH([]float64{25, 12}, []float64{1.6, 0.4}, 0.05), "a weight lifts one over the bar")
	assert.Equal(t, []bool{false, false}, WeightedEBH([]float64{25, 12}, []float64{1, 1}, 0.05))
	assert.Equal(t, []bool{false, true}, WeightedEBH([]float64{5, 400}, []float64{1.6, 0.4}, 0.05), "and much evidence needs none")
	rapid.Check(t, func(t *rapid.T) {
		evalues := rapid.SliceOfN(rapid.Float64Range(0, 500), 1, 30).Draw(t, "e")
		ones := make([]float64, len(evalues))
		for i := range ones {
			ones[i] = 1
		}
		require.Equal(t, EBH(evalues, 0.1), WeightedEBH(evalues, ones, 0.1))
	})
}

// TestWeightedEBHKeepsTheErrorRate enumerates all signs of a few true
// hypotheses: the chance of any rejection stays below alpha.
func TestWeightedEBHKeepsTheErrorRate(t *testing.T) {
	weights := []float64{2, 0.5, 0.5}
	const alpha, pairs = 0.2, 4
	wrong := 0.0
	for signs := range 1 << (pairs * len(weights)) {
		evalues := make([]float64, len(weights))
		for i := range evalues {
			x := bits.OnesCount(uint(signs >> (i * pairs) & (1<<pairs - 1)))
			evalues[i] = EValue(uint64(x), uint64(pairs-x))
		}
		if slices.Contains(WeightedEBH(evalues, weights, alpha), true) {
			wrong++
		}
	}
	wrong /= math.Exp2(float64(pairs * len(weights)))
	assert.LessOrEqual(t, wrong, alpha)
	assert.Positive(t, wrong)
}

func TestMoreSamplesDecidesAtTheObservedRate(t *testing.T) {
	assert.Zero(t, MoreSamples(0, 0, 0, 20))
	assert.Zero(t, MoreSamples(100, 30, 0, 20), "decided already")
	assert.Zero(t, MoreSamples(100, 5, 5, 20), "never decided at this rate")
	assert.Zero(t, MoreSamples(1<<33, 1, 0, 1e9), "out of reach")
	// 2 of 100: E(4, 0) = 0.6·16+0.4·31/5 = 12.1 and E(5, 0) = 0.6·32+0.4·63/6 =
	// 23.4, so that 5 are wanted: 250 samples.
	assert.EqualValues(t, 150, MoreSamples(100, 2, 0, 20))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 1000).Draw(t, "n")
		x := rapid.Uint64Range(1, n).Draw(t, "x")
		y := rapid.Uint64Range(0, x-1).Draw(t, "y")
		more := MoreSamples(n, x, y, 50)
		scale := float64(n+more) / float64(n)
		if more > 0 {
			e := EValue(uint64(math.Floor(float64(x)*scale+1e-9)), uint64(math.Ceil(float64(y)*scale-1e-9)))
			assert.GreaterOrEqual(t, e, 50.0)
		}
	})
}

func BenchmarkEValue(b *testing.B) {
	for b.Loop() {
		EValue(600, 400)
	}
}
