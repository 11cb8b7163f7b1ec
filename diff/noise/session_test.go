package noise

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

func in(session string, o Observation) Observation {
	o.Session = session
	return o
}

func TestOneSessionProvesNothingHoweverOftenItDiffers(t *testing.T) {
	l := New(Limits{})
	for range 500 {
		l.Observe(in("basket of one user", paired(only(change("$.price", diff.Changed, "1", "2")), nil)))
	}
	list, _ := verdicts(l)
	assert.Equal(t, diff.Suspect, list[0].Judgement)
	assert.EqualValues(t, 500, list[0].BranchOnly)
	assert.EqualValues(t, 1, list[0].BranchSessions)
	assert.EqualValues(t, 2000, list[0].MoreSamples, "four more sessions of 500")
	assert.Equal(t, "branch differs in 500 of 500, base never differs from itself; seen in 1 session on branch alone, in 0 on control alone; too few to tell, about 2000 more would", list[0].Reason)
}

func TestFiveSessionsProveWhatIsAlwaysSo(t *testing.T) {
	l := New(Limits{})
	for i := range 5 {
		l.Observe(in(fmt.Sprint(i), paired(only(change("$.price", diff.Changed, "1", "2")), nil)))
	}
	got := l.Judge(0.9 * 0.05).Differences
	assert.Equal(t, diff.Regression, got[0].Judgement)
}

func TestAnExchangeWithoutASessionIsItsOwn(t *testing.T) {
	l := New(Limits{})
	for _, id := range identities(5) {
		o := in("", paired(only(change("$.price", diff.Changed, "1", "2")), nil))
		o.Exchange = id
		l.Observe(o)
		l.Observe(o)
	}
	list, _ := verdicts(l)
	assert.EqualValues(t, 10, list[0].BranchOnly)
	assert.EqualValues(t, 5, list[0].BranchSessions)
}

func TestASessionWithAValueOutOfItsClassCountsOnce(t *testing.T) {
	l := New(Limits{})
	for i := range 40 {
		branch := `"2026-11-21T10:00:00Z"`
		if i < 20 {
			branch = `"soon"`
		}
		l.Observe(in(fmt.Sprint(i/10), paired(only(change("$.at", diff.Changed, `"2026-11-21T11:00:00Z"`, branch)), only(change("$.at", diff.Changed, `"2026-11-21T11:00:00Z"`, `"2026-11-21T12:00:00Z"`)))))
	}
	list, _ := verdicts(l)
	d := find(t, list, "$.at", diff.Class)
	assert.EqualValues(t, 20, d.Branch)
	assert.EqualValues(t, 2, d.BranchSessions)
	assert.Equal(t, diff.Suspect, d.Judgement)
}

func TestWithoutControlSessionsAreTestedToo(t *testing.T) {
	l := New(Limits{})
	for i := range 100 {
		ch := change("$.v", diff.Removed, "1", "")
		if i%10 < 3 { // as often back, by session forth
			ch = change("$.v", diff.Added, "", "1")
		}
		l.Observe(in(fmt.Sprint(i/10), alone(ch)))
		l.Observe(in(fmt.Sprint(i/50), alone(change("$.null", diff.Retyped, "1", "null"))))
	}
	list, _ := verdicts(l)
	d := find(t, list, "$.v", diff.Removed)
	assert.Equal(t, []uint64{70, 10, 0}, []uint64{d.Branch, d.BranchSessions, d.ControlSessions})
	assert.Equal(t, diff.Regression, d.Judgement)
	d = find(t, list, "$.null", diff.Retyped)
	assert.EqualValues(t, 2, d.BranchSessions)
	assert.Equal(t, diff.Suspect, d.Judgement)
}

// TestExchangedSidesExchangeWhatIsTested is the symmetry that all rests on: a
// ledger whose sides are exchanged in every outcome has the votes exchanged.
func TestExchangedSidesExchangeWhatIsTested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		forth, back := New(Limits{}), New(Limits{})
		for _, o := range several.Draw(t, "outcomes") {
			forth.Observe(o)
			if o.Paired {
				o.Branch, o.Control = o.Control, o.Branch
			}
			back.Observe(o)
		}
		for name, c := range forth.cells {
			other := back.cells[name]
			if other == nil {
				continue
			}
			x, y := c.pairs.Votes()
			v, u := other.pairs.Votes()
			require.Equal(t, [2]uint64{x, y}, [2]uint64{u, v})
			require.Len(t, other.pairs.List(), len(c.pairs.List()))
		}
	})
}

func TestBlocksBeyondTheBoundAreFewerAndLoseNoOutcome(t *testing.T) {
	l := New(Limits{Blocks: 40})
	for i := range 3000 {
		cell := fmt.Sprint("$.", i%30)
		l.Observe(in(fmt.Sprint(i), paired(only(change(cell, diff.Reordered, "", "")), nil)))
	}
	blocks := 0
	for _, c := range l.order {
		blocks += len(c.pairs.List())
		assert.EqualValues(t, 100, c.branchOnly)
	}
	assert.LessOrEqual(t, blocks, 40+30)
	assert.GreaterOrEqual(t, blocks, 40)
	stored(t, l.Partial())
}

func TestBlocksThatContradictTheCellAreRefused(t *testing.T) {
	l := New(Limits{})
	for i := range 4 {
		l.Observe(paired(only(change("$.a", diff.Removed, "1", "")), nil))
		o := alone(change("$.s", diff.Retyped, "1", "null"), change("$.r", diff.Added, "", "1"))
		o.Exchange = fmt.Sprint(i)
		l.Observe(o)
	}
	cellOf := func(p *Partial, path string) *CellCounts {
		for i := range p.cells {
			if string(p.cells[i].Path) == path {
				return &p.cells[i]
			}
		}
		return nil
	}
	for name, damage := range map[string]func(p *Partial){
		"other votes":         func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks[0][1] = 2 },
		"a vote for control":  func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks[0][1] = -1 },
		"no blocks":           func(p *Partial) { cellOf(p, "$.a").Pairs = nil },
		"an empty list":       func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks = nil },
		"out of order":        func(p *Partial) { b := cellOf(p, "$.a").Pairs.Blocks; b[0], b[1] = b[1], b[0] },
		"twice":               func(p *Partial) { b := cellOf(p, "$.a").Pairs.Blocks; b[1][0] = b[0][0] },
		"an id too large":     func(p *Partial) { cellOf(p, "$.a").Pairs.Shift = 31 },
		"a shift too large":   func(p *Partial) { cellOf(p, "$.a").Pairs.Shift = 33 },
		"classes of no value": func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks[0][2] = 0 },
		"classes beyond":      func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks[0][2] = 1 << 40 },
		"other classes":       func(p *Partial) { cellOf(p, "$.a").Pairs.Blocks[0][2] = 1 << 23 },
		"too many": func(p *Partial) {
			b := cellOf(p, "$.a").Pairs
			b.Blocks = append(b.Blocks, [3]int64{1<<32 - 1, 0, b.Blocks[0][2]})
		},
		"directions of others": func(p *Partial) { cellOf(p, "$.s").Alone.Blocks[0][1] *= 2 },
		"no directions":        func(p *Partial) { cellOf(p, "$.s").Alone = nil },
		"fewer additions":      func(p *Partial) { cellOf(p, "$.r").Alone.Blocks[0][1] = 0 },
		"an addition back":     func(p *Partial) { cellOf(p, "$.r").Alone.Blocks[0][1] = -1 },
		"turned additions":     func(p *Partial) { cellOf(p, "$.r").Up = 1 },
		"no sessions":          func(p *Partial) { p.operations[0].Sessions = nil },
		"words of sessions":    func(p *Partial) { p.operations[0].Sessions = p.operations[0].Sessions[1:] },
		"too many sessions":    func(p *Partial) { p.operations[0].Sessions[0] = 1<<64 - 1 },
		"too many singles":     func(p *Partial) { p.operations[0].Single = 9 },
	} {
		p := l.Partial()
		damage(p)
		again := new(Partial)
		var err error
		for r := range p.Records() {
			if err = again.Add(r); err != nil {
				break
			}
		}
		assert.Error(t, err, name)
	}
	stored(t, l.Partial())
}
