package noise

import (
	"fmt"
	"math/rand/v2"
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

// TestWouldAgreesWithTheJudgementOfWhatDiffersSo adds the differences for actual.
func TestWouldAgreesWithTheJudgementOfWhatDiffersSo(t *testing.T) {
	agreed, tried := 0, 0
	for _, path := range []string{"$.new", "$.noisy"} {
		for _, share := range []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1} {
			for _, sessions := range []int{4, 8, 16, 60, 400} {
				rng := rand.New(rand.NewPCG(uint64(sessions), uint64(1000*share)))
				would := noisyLedger(sessions, nil).Judge(alpha).Would(cellAt(path, diff.Reordered), class.All, share)
				actual := Missed
				differing := noisyLedger(sessions, func(int) []diff.Change {
					if rng.Float64() < share {
						return only(change(path, diff.Reordered, "", ""))
					}
					return nil
				})
				for _, d := range differing.Judge(alpha).Differences {
					if d.Path != path {
						continue
					}
					switch d.Judgement {
					case diff.Regression:
						actual = Proven
					case diff.Suspect:
						actual = Suspected
					}
				}
				tried++
				if actual == would {
					agreed++
				}
				assert.InDelta(t, int(actual), int(would), 1, "%s in %g of %d sessions: %s, and would be %s", path, share, sessions, actual, would)
			}
		}
	}
	assert.GreaterOrEqual(t, float64(agreed), 0.8*float64(tried), "%d of %d", agreed, tried)
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
