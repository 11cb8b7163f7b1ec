package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQuantileMarginShrinksAsSamplesGrow(t *testing.T) {
	for _, p := range []float64{0.5, 0.95, 0.99} {
		last := 1.0
		for n := uint64(1); n < 1<<40; n *= 2 {
			m := QuantileMargin(n, p, 0.01)
			assert.LessOrEqual(t, m, last)
			assert.Positive(t, m)
			assert.Less(t, QuantileMargin(n, p, 0.1), m+1e-12)
			last = m
		}
	}
	assert.InDelta(t, 1, QuantileMargin(0, 0.5, 0.05), 0)
	l := (1.4*math.Log(math.Log(2100)) + math.Log(1000)) / 1000
	assert.InDelta(t, 0.75*math.Sqrt(l)+0.8*l, QuantileMargin(1000, 0.5, 0.01), 1e-12)
}

// TestQuantileIsEnclosedWheneverOneLooks looks after every sample of uniform
// variables: the empirical p-quantile's bounds hold p if the share of samples
// below p is within the margin of it.
func TestQuantileIsEnclosedWheneverOneLooks(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 29))
	const runs, samples, alpha = 400, 1500, 0.1
	for _, p := range []float64{0.5, 0.95} {
		missed := 0
		for range runs {
			below := 0
			for n := 1; n <= samples; n++ {
				if rng.Float64() < p {
					below++
				}
				if math.Abs(float64(below)/float64(n)-p) > QuantileMargin(uint64(n), p, alpha) {
					missed++
					break
				}
			}
		}
		assert.LessOrEqual(t, float64(missed)/runs, alpha, "p=%g", p)
	}
}
