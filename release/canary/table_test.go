package canary

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	update = flag.Bool("update", false, "write the tables under testdata")
	runs   = flag.Int("runs", 200, "how many releases are simulated for each row; the tables under testdata are of 200")
)

// golden compares a table with the one that the documents cite. Other machines round
// sums differently, by which single releases turn.
func golden(t *testing.T, name, text string) {
	t.Helper()
	t.Log("\n" + text)
	if *update {
		require.NoError(t, os.WriteFile("testdata/"+name, []byte(text), 0o644))
	}
	if *runs != 200 || runtime.GOARCH != "amd64" {
		return
	}
	want, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	assert.Equal(t, string(want), text, "run with -update if the change is meant")
}

func percent(n int) string { return fmt.Sprintf("%.1f", 100*float64(n)/float64(*runs)) }

// most is how many of the releases may be judged wrongly: those of the budget, and three
// standard deviations of the simulation.
func most(chance float64) int {
	n := float64(*runs)
	return int(math.Floor(n*chance + 3*math.Sqrt(n*chance*(1-chance))))
}

var noises = []struct {
	name    string
	burst   float64
	drift   float64
	history int
}{
	{"independent", 1, 1, 30},
	{"independent, no history", 1, 1, 0},
	{"base rate drifts threefold", 1, 3, 30},
	{"bursts, design effect 5", 5, 1, 30},
	{"bursts, no history", 5, 1, 0},
}

func TestHealthyCanariesAreNotRolledBackMoreOftenThanTheBudgetHoweverOftenOneLooks(t *testing.T) {
	var out strings.Builder
	fmt.Fprintf(&out, "%d releases a row, 400 requests a look to the canary and as many to the baseline,\n", *runs)
	fmt.Fprint(&out, "0.5 % of the baseline's fail, 0.5 points more are allowed, budget 5 % for either error.\n")
	fmt.Fprint(&out, "Flagger: five checks of a success rate of 99 %, Argo Rollouts: one (failureLimit 0).\n\n")
	fmt.Fprintf(&out, "%-27s %-8s | %-18s | %-18s | %-18s | %-18s\n", "", "", "ours: rolled back", "ours: promoted", "Flagger: back", "Argo: back")
	fmt.Fprintf(&out, "%-27s %-8s | %5s %5s %5s  | %5s %5s %5s  | %5s %5s %5s  | %5s %5s %5s\n", "noise", "canary",
		"1", "10", "60", "1", "10", "60", "1", "10", "60", "1", "10", "60")
	for i, noise := range noises {
		for j, more := range []float64{0, 0.005, 0.02, 0.1} {
			w := world{canary: 400, baseline: 400, base: 0.005, more: more, burst: noise.burst, drift: noise.drift, history: noise.history}
			ours, flagger, argo := w.simulate(rand.New(rand.NewPCG(uint64(i), uint64(j))), *runs, 60)
			fmt.Fprintf(&out, "%-27s %-8s", noise.name, fmt.Sprintf("+%g %%", more*100))
			for _, by := range [...][61]int{ours.back, ours.on, flagger.back, argo.back} {
				fmt.Fprintf(&out, " | %5s %5s %5s ", percent(by[1]), percent(by[10]), percent(by[60]))
			}
			fmt.Fprintln(&out)
			if more <= allowed {
				assert.LessOrEqual(t, ours.back[60], most(budget.FalseRollback), "%s, +%g rolled back", noise.name, more)
			}
			if more >= allowed {
				assert.LessOrEqual(t, ours.on[60], most(budget.FalsePromote), "%s, +%g promoted", noise.name, more)
			}
			if more > 0.01 {
				assert.GreaterOrEqual(t, ours.back[60], *runs*95/100, "%s: +%g missed", noise.name, more)
			}
			if more == 0 {
				assert.Greater(t, flagger.back[60], most(budget.FalseRollback), "a fixed threshold does not hold the budget")
			}
		}
	}
	golden(t, "rollbacks.txt", strings.ReplaceAll(out.String(), " \n", "\n"))
}

// The figures that are told of the peers are of checks that fail by chance, each by
// itself: 5 of 60 at 5 %, and 1 of 60 at 1 %.
func TestThePeersRollBackAsOftenAsIsToldOfThem(t *testing.T) {
	atLeast := func(k int, p float64) float64 {
		d := make([]float64, 60)
		for i := range d {
			d[i] = p
		}
		sum := 0.0
		for _, x := range pmf(d)[k:] {
			sum += x
		}
		return sum
	}
	assert.InDelta(t, 0.18, atLeast(5, 0.05), 0.005)
	assert.InDelta(t, 0.45, atLeast(1, 0.01), 0.005)
}

// delay returns how many requests to the canary it took, in ascending order.
func (w world) delay(rng *rand.Rand, runs int) []float64 {
	list := make([]float64, runs)
	for r := range list {
		m := newShare(allowed)
		m.worse, m.safe = m.worse[:1], m.safe[:1]
		for _, c := range w.past(rng) {
			m.learn(c)
		}
		for i := 1; exp(m.worse[0].best) < 20 && exp(m.safe[0].best) < 20; i++ {
			o := w.look(rng, "errors", i)
			m.add(&o)
		}
		list[r] = m.total.na
	}
	slices.Sort(list)
	return list
}

// fixed is how many requests a side a z test takes that is looked at once, at an error
// rate of 5 % and with a power of 80 %.
func (w world) fixed() float64 {
	a := w.base + w.more
	variance := a*(1-a) + w.base*(1-w.base)
	z := (1.6449 + 0.8416) * math.Sqrt(variance) / (w.more - allowed)
	return math.Ceil(z * z)
}

func TestADecisionTakesAFewTimesTheRequestsOfATestThatIsLookedAtOnce(t *testing.T) {
	var out strings.Builder
	fmt.Fprintf(&out, "Requests to the canary until it is decided, %d releases a row, 0.5 %% of the baseline's fail,\n", *runs/2)
	fmt.Fprint(&out, "0.5 points more are allowed, independent, a look every 50 requests a side, 60 looks of history.\n\n")
	fmt.Fprintf(&out, "%-8s | %8s %8s %8s | %s\n", "canary", "median", "80 %", "95 %", "z test looked at once, power 80 %")
	for i, more := range []float64{0, 0.015, 0.02, 0.05, 0.1, 0.3} {
		w := world{canary: 50, baseline: 50, base: 0.005, more: more, history: 60}
		list := w.delay(rand.New(rand.NewPCG(7, uint64(i))), *runs/2)
		at := func(p float64) float64 { return list[int(p*float64(len(list)))] }
		fmt.Fprintf(&out, "%-8s | %8.0f %8.0f %8.0f | %.0f\n", fmt.Sprintf("+%g %%", more*100), at(0.5), at(0.8), at(0.95), w.fixed())
		assert.Less(t, at(0.8), 5*w.fixed()+200, "+%g", more)
	}
	golden(t, "delay.txt", out.String())
}
