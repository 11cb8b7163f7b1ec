package noise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

func cellAt(path string, kind diff.Kind) diff.Cell {
	return diff.Cell{Operation: "GET /a", Place: diff.Place{Part: diff.Body, Path: path}, Kind: kind}
}

// noisyLedger has an operation in so many sessions of five outcomes: $.noisy
// differs by itself in half of them, $.at always and as a time.
func noisyLedger(sessions int, more func(i int) []diff.Change) *Ledger {
	l := New(Limits{})
	rng := rand.New(rand.NewPCG(17, 19))
	for i := range 5 * sessions {
		at := func(side int) diff.Change {
			return change("$.at", diff.Changed, `"2026-11-21T10:00:00Z"`, fmt.Sprintf(`"2026-11-21T1%d:00:00Z"`, side))
		}
		branch, control := only(at(1)), only(at(2))
		if rng.IntN(2) == 0 {
			branch = append(branch, change("$.noisy", diff.Reordered, "", ""))
		}
		if rng.IntN(2) == 0 {
			control = append(control, change("$.noisy", diff.Reordered, "", ""))
		}
		if more != nil {
			branch = append(branch, more(i)...)
		}
		l.Observe(in(fmt.Sprint(i/5), paired(branch, control)))
	}
	return l
}

func TestWouldSaysWhatHadBeenJudged(t *testing.T) {
	soon := class.Of([]byte(`"soon"`))
	time := class.Of([]byte(`"2026-11-21T10:00:00Z"`))
	for _, tt := range []struct {
		sessions int
		cell     diff.Cell
		values   class.Set
		share    float64
		want     Outlook
	}{
		{40, cellAt("$.new", diff.Removed), class.All, 1, Proven},
		{40, cellAt("$.new", diff.Removed), class.All, 0.2, Proven},
		{40, cellAt("$.new", diff.Removed), class.All, 0.005, Suspected},
		{3, cellAt("$.new", diff.Removed), class.All, 1, Suspected},
		{40, cellAt("$.noisy", diff.Reordered), class.All, 1, Proven},
		{3, cellAt("$.noisy", diff.Reordered), class.All, 0.2, Missed},
		{40, cellAt("$.at", diff.Changed), soon, 1, Proven},
		{40, cellAt("$.at", diff.Changed), soon, 0.005, Suspected},
		{40, cellAt("$.at", diff.Changed), time, 1, Missed},
		{40, cellAt("$.new", diff.Removed), class.All, 0, Missed},
		{40, diff.Cell{Operation: "GET /never", Kind: diff.Removed}, class.All, 1, Missed},
	} {
		l := noisyLedger(tt.sessions, nil)
		assert.Equal(t, tt.want, l.Judge(alpha).Would(tt.cell, tt.values, tt.share), "%v in %g", tt.cell, tt.share)
	}
}

// addition is differences that are added to a noisy run: at one path, in a share of
// the outcomes, in at least one of them.
type addition struct {
	path     string
	share    float64
	sessions int
}

func (a *addition) cell() (diff.Cell, class.Set) {
	if a.path == "$.new" || a.path == "$.noisy" {
		return cellAt(a.path, diff.Reordered), class.All
	}
	return cellAt(a.path, diff.Changed), class.Of([]byte(`"soon"`))
}

// drawn returns in which outcomes they are.
func (a *addition) drawn(rng *rand.Rand) []bool {
	hits, some := make([]bool, 5*a.sessions), false
	for i := range hits {
		hits[i] = rng.Float64() < a.share
		some = some || hits[i]
	}
	if !some {
		hits[rng.IntN(len(hits))] = true
	}
	return hits
}

func timeAt(path string, side int) diff.Change {
	return change(path, diff.Changed, `"2026-11-21T10:00:00Z"`, fmt.Sprintf(`"2026-11-21T1%d:00:00Z"`, side))
}

// ledger has sessions of five outcomes: $.noisy is reordered by itself in half of
// them, $.some another time in half, $.at in all. Added values are no times.
func (a *addition) ledger(hits []bool) *Ledger {
	l, rng := New(Limits{}), rand.New(rand.NewPCG(17, 19))
	for i := range 5 * a.sessions {
		hit := len(hits) > 0 && hits[i]
		var branch, control []diff.Change
		side := func(path string, often float64, own, others diff.Change) {
			if rng.Float64() < often {
				control = append(control, others)
			}
			switch noisy := rng.Float64() < often; {
			case hit && path == a.path && own.Kind == diff.Changed:
				branch = append(branch, change(path, diff.Changed, own.Base, `"soon"`))
			case noisy || hit && path == a.path:
				branch = append(branch, own)
			}
		}
		side("$.at", 1, timeAt("$.at", 1), timeAt("$.at", 2))
		side("$.some", 0.5, timeAt("$.some", 1), timeAt("$.some", 2))
		reordered := change("$.noisy", diff.Reordered, "", "")
		side("$.noisy", 0.5, reordered, reordered)
		reordered.Path = "$.new"
		side("$.new", 0, reordered, reordered)
		l.Observe(in(fmt.Sprint(i/5), paired(branch, control)))
	}
	return l
}

// judged says how such differences were judged.
func (a *addition) judged(hits []bool) Outlook {
	best := Missed
	for _, d := range a.ledger(hits).Judge(alpha).Differences {
		switch {
		case d.Path != a.path:
		case d.Judgement == diff.Regression:
			best = Proven
		case d.Judgement == diff.Suspect:
			best = max(best, Suspected)
		}
	}
	return best
}

// TestWouldAgreesWithTheJudgementOfWhatDiffersSo adds the differences for actual,
// several times each as chance has a part in which outcomes they meet: what is
// said must be what is judged most often, or nearly so where two are as likely.
func TestWouldAgreesWithTheJudgementOfWhatDiffersSo(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("judges some 1300 runs")
	}
	const draws = 9
	agreed, tried := 0, 0
	for _, path := range []string{"$.new", "$.noisy", "$.at", "$.some"} {
		for _, share := range []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1} {
			for _, sessions := range []int{4, 8, 16, 60, 200} {
				a := &addition{path, share, sessions}
				cell, values := a.cell()
				would := a.ledger(nil).Judge(alpha).Would(cell, values, share)
				var actual [3]int
				rng := rand.New(rand.NewPCG(uint64(sessions), uint64(1000*share)))
				for range draws {
					actual[a.judged(a.drawn(rng))]++
				}
				if tried++; actual[would] == slices.Max(actual[:]) {
					agreed++
				} else {
					t.Logf("%s in %g of %d sessions would be %s, and was missed, suspected and proven in %v", path, share, sessions, would, actual)
				}
				assert.Positive(t, actual[would], "%s in %g of %d sessions would be %s", path, share, sessions, would)
			}
		}
	}
	t.Logf("%d of %d agree", agreed, tried)
	assert.GreaterOrEqual(t, float64(agreed), 0.95*float64(tried), "%d of %d", agreed, tried)
}

func TestWouldOfARunWithoutControl(t *testing.T) {
	l := New(Limits{})
	for i := range 40 {
		l.Observe(in(fmt.Sprint(i), alone()))
	}
	l.Observe(in("x", alone(change("$.v", diff.Retyped, "1", "null"))))
	j := l.Judge(alpha)
	assert.Equal(t, Proven, j.Would(cellAt("$.new", diff.Removed), class.All, 1))
	assert.Equal(t, Proven, j.Would(cellAt("$.v", diff.Retyped), class.All, 1))
	assert.Equal(t, Suspected, j.Would(cellAt("$.new", diff.Changed), class.All, 1), "what merely changes is never told from noise")
	assert.Equal(t, "proven", Proven.String())
}

func BenchmarkWould(b *testing.B) {
	j := noisyLedger(400, nil).Judge(alpha)
	cells := []diff.Cell{cellAt("$.new", diff.Removed), cellAt("$.noisy", diff.Reordered), cellAt("$.at", diff.Changed)}
	for i := 0; b.Loop(); i++ {
		j.Would(cells[i%3], class.All, 0.1)
	}
}
