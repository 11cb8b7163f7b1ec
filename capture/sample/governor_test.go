package sample

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// plant is what a governor governs: a recorder whose use is a fixed part and
// one proportional to the factor, both in parts of the limit.
type plant struct {
	fixed, variable float64
	usage           Usage
}

const cores, memory, bandwidth = 0.2, 128 << 20, 1 << 20

// run lets five seconds pass with the factor and returns the load.
func (p *plant) run(factor float64) float64 {
	load := p.fixed + p.variable*factor
	p.usage.At = p.usage.At.Add(5 * time.Second)
	p.usage.CPU += time.Duration(load * cores * 5 * float64(time.Second))
	p.usage.Memory = int64(load * memory)
	p.usage.Bytes += uint64(load * bandwidth * 5)
	return load
}

var each = map[capture.Reason]Limits{
	CPULimit:    {CPU: cores},
	MemoryLimit: {Memory: memory},
	BytesLimit:  {BytesPerSecond: bandwidth},
}

func start(l Limits, fixed, variable float64) (*Governor, *plant) {
	g, p := NewGovernor(l), &plant{fixed: fixed, variable: variable, usage: Usage{At: noon}}
	g.Observe(p.usage)
	return g, p
}

func TestGovernorSettlesUnderTheLimitAndUsesIt(t *testing.T) {
	for why, limits := range each {
		t.Run(string(why), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				fixed := rapid.Float64Range(0, 0.8).Draw(t, "fixed")
				variable := rapid.Float64Range(0, 100).Draw(t, "variable")
				g, p := start(limits, fixed, variable)
				factor := 1.0
				for i := range 400 {
					load := p.run(factor)
					if i >= 12 {
						require.LessOrEqual(t, load, 1+1e-6, "observation %d", i)
					}
					factor, _ = g.Observe(p.usage)
				}
				require.GreaterOrEqual(t, p.run(factor), min(0.7, fixed+variable-1e-6))
			})
		})
	}
}

func TestGovernorDoesNotOscillateUnderSteadyLoad(t *testing.T) {
	for why, limits := range each {
		for _, fixed := range []float64{0, 0.5} {
			g, p := start(limits, fixed, 10)
			factor, turns, last := 1.0, 0, 0.0
			for range 500 {
				p.run(factor)
				next, _ := g.Observe(p.usage)
				if d := next - factor; d != 0 {
					if d*last < 0 {
						turns++
					}
					last = d
				}
				factor = next
			}
			assert.LessOrEqual(t, turns, 1, "%s with %v fixed: down, and at most once up", why, fixed)
		}
	}
}

func TestGovernorBearsNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, p := start(each[CPULimit], 0.2, 5)
		factor, sum := 1.0, 0.0
		const n, settled = 300, 100
		for i := range n {
			p.variable = 5 * rapid.Float64Range(0.8, 1.2).Draw(t, "noise")
			load := p.run(factor)
			if i >= settled {
				require.Less(t, load, 1.3)
				sum += load
			}
			factor, _ = g.Observe(p.usage)
		}
		mean := sum / (n - settled)
		require.Less(t, mean, 1.0)
		require.Greater(t, mean, 0.6)
	})
}

func TestGovernorRecoversFromABurst(t *testing.T) {
	for why, limits := range each {
		g, p := start(limits, 0.1, 20)
		factor, reason := 1.0, capture.Reason("")
		for range 10 {
			p.run(factor)
			factor, reason = g.Observe(p.usage)
		}
		assert.Less(t, factor, 0.1, why)
		assert.Equal(t, why, reason)
		p.variable = 0.5
		n := 0
		for ; factor < 1 && n < 200; n++ {
			p.run(factor)
			factor, reason = g.Observe(p.usage)
		}
		assert.LessOrEqual(t, n, 60, "%s: five minutes", why)
		assert.Empty(t, reason)
	}
}

func TestMemoryOverItsLimitCutsHard(t *testing.T) {
	g := NewGovernor(each[MemoryLimit])
	factor, why := g.Observe(Usage{At: noon, Memory: memory + 1})
	require.InDelta(t, memoryCut, factor, 0)
	require.Equal(t, MemoryLimit, why)
	for range 20 {
		factor, _ = g.Observe(Usage{At: noon, Memory: memory * 2})
	}
	require.InDelta(t, floor, factor, 0)
}

func TestHopelessLoadFallsToTheFloorAndComesBack(t *testing.T) {
	g, p := start(each[CPULimit], 2, 1)
	factor := 1.0
	for range 50 {
		p.run(factor)
		factor, _ = g.Observe(p.usage)
	}
	require.InDelta(t, floor, factor, 0)
	p.fixed = 0
	for range 60 {
		p.run(factor)
		factor, _ = g.Observe(p.usage)
	}
	require.Greater(t, factor, 0.8)
}

func TestGovernorWithoutLimitsLeavesAll(t *testing.T) {
	g, p := start(Limits{CPU: cores}, 0, 10)
	p.run(1)
	factor, why := g.Observe(p.usage)
	require.Less(t, factor, 1.0)
	require.Equal(t, CPULimit, why)
	g.SetLimits(Limits{})
	p.run(1)
	factor, why = g.Observe(p.usage)
	require.InDelta(t, 1, factor, 0)
	require.Empty(t, why)
}

func TestObservationsThatSayNothingChangeNothing(t *testing.T) {
	at := func(d time.Duration, cpu time.Duration) Usage { return Usage{At: noon.Add(d), CPU: cpu} }
	for name, seen := range map[string][]Usage{
		"the first":            {at(0, time.Hour)},
		"too soon":             {at(0, 0), at(time.Millisecond, time.Second)},
		"a clock put back":     {at(0, 0), at(-time.Hour, time.Second)},
		"counters begun again": {at(0, time.Hour), at(5*time.Second, time.Second)},
	} {
		g := NewGovernor(Limits{CPU: cores, BytesPerSecond: 1})
		for _, u := range seen {
			factor, why := g.Observe(u)
			assert.InDelta(t, 1, factor, 0, name)
			assert.Empty(t, why, name)
		}
	}
}

func TestFactorStaysInItsRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := NewGovernor(Limits{CPU: rapid.Float64().Draw(t, "cores"), Memory: rapid.Int64().Draw(t, "memory"),
			BytesPerSecond: rapid.Int64().Draw(t, "bytes")})
		for range 50 {
			factor, why := g.Observe(Usage{
				At:  time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 0),
				CPU: time.Duration(rapid.Int64().Draw(t, "cpu")), Memory: rapid.Int64().Draw(t, "held"),
				Bytes: rapid.Uint64().Draw(t, "shipped"),
			})
			require.True(t, factor > 0 && factor <= 1 && !math.IsNaN(factor), "%v", factor)
			require.Equal(t, factor == 1, why == "")
		}
	})
}

func TestReadUsageSeesThisProcess(t *testing.T) {
	before, err := ReadUsage()
	require.NoError(t, err)
	require.Greater(t, before.Memory, int64(1<<20))
	for after := before; after.CPU < before.CPU+20*time.Millisecond; {
		after, err = ReadUsage()
		require.NoError(t, err)
		require.False(t, after.At.Before(before.At))
		require.Less(t, after.At.Sub(before.At), time.Minute)
	}
}
