package noise

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/diff"
	"twinspect.dev/diff/stats"
)

// The share of the error rate that cells have in a run at the usual rate.
const cellAlpha = 0.9 * 0.05

// rules are the ways to judge that are compared: that of this package; its former
// one, which took each outcome for independent of the others; and the thresholds
// of Diffy by which a field is flagged: raw differences > noise, by more than 20 %
// of their sum and by more than 0.03 % of the outcomes.
var judgingRules = []struct {
	name  string
	flags func(l *Ledger) bool
}{
	{"sessions", func(l *Ledger) bool {
		for _, d := range l.Judge(cellAlpha).Differences {
			if d.Judgement == diff.Regression {
				return true
			}
		}
		return false
	}},
	{"pairs", func(l *Ledger) bool {
		var evalues []float64
		for _, c := range l.order {
			if c.branchOnly+c.controlOnly > 0 {
				evalues = append(evalues, stats.Uniform(c.branchOnly, c.controlOnly))
			}
		}
		for _, yes := range stats.EBH(evalues, cellAlpha) {
			if yes {
				return true
			}
		}
		return false
	}},
	{"thresholds", func(l *Ledger) bool {
		for _, c := range l.order {
			raw, noise := float64(c.branchCount), float64(c.controlCount)
			if raw > noise && (raw-noise)/(raw+noise) > 0.2 && (raw-noise)/float64(c.operation.paired) > 0.0003 {
				return true
			}
		}
		return false
	}},
}

// world is a service whose sides are alike but for what is added to branch.
type world struct {
	operations, cells int
	length            int     // of sessions
	least, most       float64 // rates of noise, one for each cell
	within            float64 // how often an affected session shows it
	added             float64 // to branch's first cell
}

// run observes outcomes. In each session noise affects a cell on branch, on
// control, or on both where base itself is odd.
func (w *world) run(rng *rand.Rand, outcomes int, look func(n int, l *Ledger)) *Ledger {
	l := New(Limits{})
	rates := make([]float64, w.operations*w.cells)
	for i := range rates {
		rates[i] = w.least + (w.most-w.least)*rng.Float64()
	}
	names := make([]diff.Change, w.cells)
	for i := range names {
		names[i] = change(fmt.Sprint("$.", i), diff.Reordered, "", "")
	}
	odd := make([][2]bool, len(rates))
	var branch, control []diff.Change
	for n := range outcomes {
		if n%w.length == 0 {
			for i, rate := range rates {
				both := rng.Float64() < rate/4/w.within
				odd[i] = [2]bool{both || rng.Float64() < rate/w.within, both || rng.Float64() < rate/w.within}
			}
		}
		op := rng.IntN(w.operations)
		branch, control = branch[:0], control[:0]
		for c := range w.cells {
			affected := &odd[op*w.cells+c]
			if affected[0] && rng.Float64() < w.within || op == 0 && c == 0 && rng.Float64() < w.added {
				branch = append(branch, names[c])
			}
			if affected[1] && rng.Float64() < w.within {
				control = append(control, names[c])
			}
		}
		l.Observe(Observation{
			Operation: fmt.Sprint("GET /", op), Exchange: fmt.Sprint(n), Session: fmt.Sprint(n / w.length),
			Branch: branch, Control: control, Paired: true,
		})
		if look != nil {
			look(n+1, l)
		}
	}
	return l
}

// simulate returns in which share of the runs each rule flags something.
func (w *world) simulate(seed uint64, runs, outcomes int) (shares [3]float64) {
	var wait sync.WaitGroup
	var lock sync.Mutex
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wait.Go(func() {
			var flagged [3]float64
			for run := worker; run < runs; run += workers {
				l := w.run(rand.New(rand.NewPCG(seed, uint64(run))), outcomes, nil)
				for i, rule := range judgingRules {
					if rule.flags(l) {
						flagged[i]++
					}
				}
			}
			lock.Lock()
			defer lock.Unlock()
			for i := range flagged {
				shares[i] += flagged[i] / float64(runs)
			}
		})
	}
	wait.Wait()
	return shares
}

// fewer runs fewer simulations where time is short.
func fewer(runs int) int {
	if testing.Short() || raceEnabled {
		return max(20, runs/20)
	}
	return runs
}

// within returns the share that a rate of at most alpha exceeds by chance about
// once in a thousand times.
func within(alpha float64, runs int) float64 {
	return alpha + 3.1*math.Sqrt(alpha*(1-alpha)/float64(runs))
}

func header(first string) string {
	line := fmt.Sprintf("%-52s", first)
	for _, rule := range judgingRules {
		line += fmt.Sprintf("%12s", rule.name)
	}
	return line
}

func row(first string, shares [3]float64) string {
	line := fmt.Sprintf("\n%-52s", first)
	for _, s := range shares {
		line += fmt.Sprintf("%10.2f %%", 100*s)
	}
	return line
}

// TestRunsWithoutARegressionAreSeldomFlagged simulates 2,000 runs in all, of three
// operations with four noisy cells each, in sessions of various lengths:
//
//	no regression, runs flagged                             sessions       pairs  thresholds
//	600 outcomes, sessions of 1, noise in 1 of them           0.25 %      0.25 %     44.75 %
//	600 outcomes, sessions of 5, noise in 0.9 of them         0.50 %      7.25 %     71.75 %
//	600 outcomes, sessions of 20, noise in 0.9 of them        0.25 %     61.00 %     95.50 %
//	600 outcomes, sessions of 20, noise in 0.5 of them        0.00 %     19.75 %     87.00 %
//	600 outcomes, sessions of 60, noise in 0.9 of them        0.00 %     95.00 %     98.50 %
func TestRunsWithoutARegressionAreSeldomFlagged(t *testing.T) {
	var table strings.Builder
	table.WriteString(header("no regression, runs flagged"))
	for i, w := range []world{
		{length: 1, within: 1}, {length: 5, within: 0.9}, {length: 20, within: 0.9}, {length: 20, within: 0.5}, {length: 60, within: 0.9},
	} {
		w.operations, w.cells, w.least, w.most = 3, 4, 0.01, 0.3
		runs := fewer(400)
		shares := w.simulate(uint64(i), runs, 600)
		table.WriteString(row(fmt.Sprintf("600 outcomes, sessions of %d, noise in %g of them", w.length, w.within), shares))
		assert.LessOrEqual(t, shares[0], within(cellAlpha, runs), "sessions of %d", w.length)
		if w.length >= 20 && !testing.Short() {
			assert.Greater(t, shares[2], 0.5, "what is compared with flags most of such runs")
		}
	}
	t.Log("\n" + table.String())
}

// TestLookingOftenKeepsTheErrorRateInPractice judges after every 20 outcomes,
// which the votes do not promise to bear: see [stats.Blocks].
func TestLookingOftenKeepsTheErrorRateInPractice(t *testing.T) {
	runs, flagged := fewer(150), 0
	w := world{operations: 1, cells: 3, length: 1, least: 0.05, most: 0.3, within: 1}
	for run := range runs {
		yes := false
		w.run(rand.New(rand.NewPCG(99, uint64(run))), 1600, func(n int, l *Ledger) {
			if n%20 == 0 && !yes {
				yes = judgingRules[0].flags(l)
			}
		})
		if yes {
			flagged++
		}
	}
	t.Logf("%d of %d runs were flagged at any of 80 looks", flagged, runs)
	assert.LessOrEqual(t, float64(flagged)/float64(runs), within(cellAlpha, runs))
}

// TestPowerIsWhatIsPromised simulates a regression in one cell:
//
//	a regression in one cell, runs flagged                  sessions       pairs  thresholds
//	100 % of 5 outcomes, sessions of 1, noise 0 %           100.00 %      0.00 %    100.00 %
//	100 % of 12 outcomes, sessions of 1, noise 0 %          100.00 %    100.00 %    100.00 %
//	100 % of 30 outcomes, sessions of 1, noise 30 %         100.00 %    100.00 %    100.00 %
//	100 % of 100 outcomes, sessions of 5, noise 30 %        100.00 %    100.00 %     99.67 %
//	10 % of 100 outcomes, sessions of 1, noise 0 %           97.00 %     89.00 %    100.00 %
//	10 % of 500 outcomes, sessions of 5, noise 0 %          100.00 %    100.00 %    100.00 %
//	10 % of 500 outcomes, sessions of 1, noise 5 %           95.67 %     98.67 %    100.00 %
//	10 % of 2000 outcomes, sessions of 1, noise 30 %         60.67 %     88.00 %      0.00 %
//	2 % of 500 outcomes, sessions of 1, noise 0 %            98.00 %     90.00 %    100.00 %
//	2 % of 2000 outcomes, sessions of 5, noise 0 %          100.00 %    100.00 %    100.00 %
//	2 % of 2000 outcomes, sessions of 1, noise 5 %           20.00 %     25.33 %     12.67 %
//	2 % of 10000 outcomes, sessions of 1, noise 5 %          80.00 %    100.00 %      0.00 %
//	2 % of 10000 outcomes, sessions of 5, noise 5 %         100.00 %     90.00 %      6.67 %
//
// What pairs find more often where outcomes are independent is what they pay for
// where they are not, in the table above.
func TestPowerIsWhatIsPromised(t *testing.T) {
	var table strings.Builder
	table.WriteString(header("a regression in one cell, runs flagged"))
	for i, tt := range []struct {
		rate, noise      float64
		outcomes, length int
		least            float64 // share that must be found
	}{
		{1, 0, 5, 1, 1},
		{1, 0, 12, 1, 1},
		{1, 0.3, 30, 1, 0.9},
		{1, 0.3, 100, 5, 0.9},
		{0.1, 0, 100, 1, 0.95},
		{0.1, 0, 500, 5, 1},
		{0.1, 0.05, 500, 1, 0.95},
		{0.1, 0.3, 2000, 1, 0.5},
		{0.02, 0, 500, 1, 0.9},
		{0.02, 0, 2000, 5, 1},
		{0.02, 0.05, 2000, 1, 0},
		{0.02, 0.05, 10000, 1, 0.8},
		{0.02, 0.05, 10000, 5, 0},
	} {
		w := world{operations: 1, cells: 1, length: tt.length, least: tt.noise, most: tt.noise, within: 0.9, added: tt.rate}
		runs := max(20, fewer(min(300, 300_000/tt.outcomes)))
		shares := w.simulate(1000+uint64(i), runs, tt.outcomes)
		table.WriteString(row(fmt.Sprintf("%g %% of %d outcomes, sessions of %d, noise %g %%", 100*tt.rate, tt.outcomes, tt.length, 100*tt.noise), shares))
		assert.GreaterOrEqual(t, shares[0], tt.least-0.1, "%+v", tt)
	}
	t.Log("\n" + table.String())
}
