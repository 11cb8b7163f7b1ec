package noise

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

const alpha = 0.05

func change(path string, kind diff.Kind, base, other string) diff.Change {
	return diff.Change{Place: diff.Place{Part: diff.Body, Path: path}, Kind: kind, At: path, Base: base, Other: other}
}

var sessions atomic.Uint64

// paired gives one outcome of the operation "GET /a", in a session of its own.
func paired(branch, control []diff.Change) Observation {
	return Observation{
		Operation: "GET /a", Exchange: "e", Method: "GET", Target: "/a", Session: fmt.Sprint(sessions.Add(1)),
		Branch: branch, Control: control, Paired: true,
	}
}

func alone(branch ...diff.Change) Observation {
	o := paired(branch, nil)
	o.Paired = false
	return o
}

// verdicts judges, and returns what shows in a report.
func verdicts(l *Ledger) ([]diff.Difference, map[string]uint64) {
	j := l.Judge(alpha)
	return j.Differences, j.Differing
}

// find returns the difference at the path, which must be there.
func find(t *testing.T, list []diff.Difference, path string, kind diff.Kind) diff.Difference {
	t.Helper()
	for _, d := range list {
		if d.Path == path && d.Kind == kind {
			return d
		}
	}
	require.Failf(t, "no difference", "%s %s in %v", path, kind, list)
	return diff.Difference{}
}

func only(changes ...diff.Change) []diff.Change { return changes }

func TestNothingObservedIsNothing(t *testing.T) {
	list, differing := verdicts(New(Limits{}))
	assert.Empty(t, list)
	assert.Empty(t, differing)
}

func TestAlwaysDifferingBranchIsARegression(t *testing.T) {
	l := New(Limits{})
	for range 15 {
		l.Observe(paired(only(change("$.price", diff.Changed, "1", "2")), nil))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 1)
	d := list[0]
	assert.Equal(t, diff.Regression, d.Judgement)
	assert.Equal(t, diff.Counts{N: 15, Branch: 15, BranchOnly: 15, Paired: true, BranchSessions: 15}, d.Counts)
	assert.Equal(t, "branch differs in 15 of 15, base never differs from itself", d.Reason)
	assert.InDelta(t, 21299.2, d.EValue, 0.1)
	assert.Len(t, d.Examples, maxExamples)
	assert.Equal(t, diff.Example{Exchange: "e", Method: "GET", Target: "/a", At: "$.price", Base: "1", Branch: "2"}, d.Examples[0])
	assert.Equal(t, map[string]uint64{"GET /a": 15}, differing)
}

func TestFifteenOfFifteenIsProvenAmongHundredsOfNoisyCells(t *testing.T) {
	l := New(Limits{})
	for i := range 15 {
		branch := only(change("$.price", diff.Changed, "1", "2"))
		var control []diff.Change
		for c := range 200 {
			noisy := change(fmt.Sprintf("$.c%d", c), diff.Changed, "1", "2")
			if (i+c)%3 == 0 {
				branch = append(branch, noisy)
			}
			if (i+c)%3 == 1 {
				control = append(control, noisy)
			}
		}
		l.Observe(paired(branch, control))
	}
	list, _ := verdicts(l)
	assert.Equal(t, diff.Regression, find(t, list, "$.price", diff.Changed).Judgement)
	assert.Equal(t, diff.Noise, find(t, list, "$.c7", diff.Changed).Judgement)
}

func TestRareDifferenceIsASuspectWithItsCounts(t *testing.T) {
	l := New(Limits{})
	for i := range 100 {
		var branch []diff.Change
		if i%50 == 0 {
			branch = only(change("$.price", diff.Changed, "1", "2"))
		}
		l.Observe(paired(branch, nil))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 1)
	assert.Equal(t, diff.Suspect, list[0].Judgement)
	assert.EqualValues(t, 100, list[0].N)
	assert.EqualValues(t, 2, list[0].BranchOnly)
	assert.EqualValues(t, 150, list[0].MoreSamples)
	assert.Equal(t, "branch differs in 2 of 100, base never differs from itself; too few to tell, about 150 more would", list[0].Reason)
	assert.EqualValues(t, 2, differing["GET /a"])
}

func TestValuesThatDifferOnEveryAnswerAreNoise(t *testing.T) {
	l := New(Limits{})
	for i := range 40 {
		id := func(side int) string { return fmt.Sprintf(`"7f1c2e6a-0f5b-4a53-9d0e-%012d"`, 3*i+side) }
		n := func(side int) string { return fmt.Sprint(100 + 3*i + side) }
		l.Observe(paired(
			only(change("$.id", diff.Changed, id(0), id(2)), change("$.n", diff.Changed, n(0), n(2)), change("$.tags", diff.Reordered, "[1,2]", "[2,1]")),
			only(change("$.id", diff.Changed, id(0), id(1)), change("$.n", diff.Changed, n(0), n(1)), change("$.tags", diff.Reordered, "[1,2]", "[2,1]")),
		))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 3)
	for _, d := range list {
		assert.Equal(t, diff.Noise, d.Judgement, d.Path)
		assert.Equal(t, "base differs from itself in 40 of 40, which explains the 40 of branch", d.Reason)
		assert.NotEmpty(t, d.Examples[0].Control)
	}
	assert.Equal(t, "uuid", find(t, list, "$.id", diff.Changed).Learned)
	assert.Equal(t, "integer", find(t, list, "$.n", diff.Changed).Learned)
	assert.Empty(t, find(t, list, "$.tags", diff.Reordered).Learned)
	assert.Empty(t, differing)
}

func TestANoisyFieldThatBecomesNullIsARegressionOfItsOwn(t *testing.T) {
	l := New(Limits{})
	for i := range 30 {
		at := fmt.Sprintf(`"2026-11-21T10:00:%02dZ"`, i)
		l.Observe(paired(
			only(change("$.at", diff.Retyped, at, "null")),
			only(change("$.at", diff.Changed, at, `"2026-11-21T11:00:00Z"`)),
		))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 1, "what only control has is no difference of branch")
	assert.Equal(t, diff.Retyped, list[0].Kind)
	assert.Equal(t, diff.Regression, list[0].Judgement)
	assert.EqualValues(t, 30, differing["GET /a"])
}

func TestBranchThatDiffersMoreOftenThanNoiseIsARegression(t *testing.T) {
	l := New(Limits{})
	for i := range 100 {
		var control []diff.Change
		if i%10 < 3 {
			control = only(change("$.v", diff.Changed, "1", "2"))
		}
		l.Observe(paired(only(change("$.v", diff.Changed, "1", "3")), control))
	}
	list, _ := verdicts(l)
	require.Len(t, list, 1)
	assert.Equal(t, diff.Regression, list[0].Judgement)
	assert.Equal(t, "branch differs in 100 of 100 (100 %), more often than base differs from itself in 30 of 100 (30 %)", list[0].Reason)
	assert.Empty(t, list[0].Examples[0].Control, "examples without noise come first")
}

func TestNoiseNarrowsToTheClassOfTheValue(t *testing.T) {
	l := New(Limits{})
	for i := range 30 {
		at := func(side int) string { return fmt.Sprintf(`"2026-11-21T10:%02d:%02dZ"`, side, i) }
		branch := `"soon"`
		if i%2 == 1 {
			branch = at(2)
		}
		l.Observe(paired(only(change("$.at", diff.Changed, at(0), branch)), only(change("$.at", diff.Changed, at(0), at(1)))))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 2)
	assert.Equal(t, diff.Noise, find(t, list, "$.at", diff.Changed).Judgement)
	d := find(t, list, "$.at", diff.Class)
	assert.Equal(t, diff.Regression, d.Judgement)
	assert.Equal(t, "time", d.Learned)
	assert.EqualValues(t, 15, d.Branch)
	assert.Equal(t, `"soon"`, d.Examples[0].Branch)
	assert.Equal(t, "the value changes by itself, but as a time; branch's is none in 15 of 30, control's always is one", d.Reason)
	assert.EqualValues(t, 15, differing["GET /a"], "only the outcomes with the value out of its class")
}

func TestTheClassOfEveryElementCounts(t *testing.T) {
	l := New(Limits{})
	element := func(i int, base, other string) diff.Change {
		c := change("$.items[*].n", diff.Changed, base, other)
		c.At = fmt.Sprintf("$.items[%d].n", i)
		return c
	}
	for range 20 {
		l.Observe(paired(
			only(element(0, "1", "2"), element(1, "1", "2.5"), element(2, "1", "2")),
			only(element(0, "1", "3"), element(1, "1", "4")),
		))
	}
	list, _ := verdicts(l)
	d := find(t, list, "$.items[*].n", diff.Class)
	assert.Equal(t, diff.Regression, d.Judgement)
	assert.EqualValues(t, 20, d.Branch, "one count an outcome, however many elements")
	assert.Equal(t, "$.items[1].n", d.Examples[0].At)
	assert.EqualValues(t, 20, find(t, list, "$.items[*].n", diff.Changed).Branch)
}

func TestControlThatLeavesTheClassStandsAgainstIt(t *testing.T) {
	l := New(Limits{})
	values := []string{"1", "2", "3", `4`, "5.5", "6.5"}
	for i := range 60 {
		v := values[i%len(values)]
		l.Observe(paired(only(change("$.n", diff.Changed, "10", v)), only(change("$.n", diff.Changed, "10", v))))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 1, "the class has widened to number")
	assert.Equal(t, "number", list[0].Learned)
	assert.Empty(t, differing)
}

func TestValuesThatWereCutSayNothingOfTheirClass(t *testing.T) {
	l := New(Limits{})
	for range 20 {
		l.Observe(paired(
			only(change("$.t", diff.Changed, `"abc"`, `"abcdef… (2000 bytes)`)),
			only(change("$.t", diff.Changed, `"abc"`, `"abd"`)),
		))
	}
	list, _ := verdicts(l)
	require.Len(t, list, 1)
	assert.Equal(t, diff.Noise, list[0].Judgement)
}

func TestWithoutControlAValueThatChangesStaysASuspect(t *testing.T) {
	l := New(Limits{})
	for range 200 {
		l.Observe(alone(change("$.v", diff.Changed, "1", "2")))
	}
	list, differing := verdicts(l)
	require.Len(t, list, 1)
	assert.Equal(t, diff.Suspect, list[0].Judgement)
	assert.Equal(t, diff.Counts{N: 200, Branch: 200}, list[0].Counts)
	assert.Zero(t, list[0].MoreSamples)
	assert.InDelta(t, 1, list[0].EValue, 0)
	assert.Equal(t, "branch differs in 200 of 200; no control side was asked, so that noise cannot be told from it", list[0].Reason)
	assert.EqualValues(t, 200, differing["GET /a"])
}

func TestWithoutControlADirectionThatNeverReversesIsARegression(t *testing.T) {
	status := diff.Change{Place: diff.Place{Part: diff.Status}, Kind: diff.Changed, Base: "200", Other: "500"}
	for name, ch := range map[string]diff.Change{
		"a member goes missing": change("$.v", diff.Removed, "1", ""),
		"a member appears":      change("$.v", diff.Added, "", "1"),
		"a value becomes null":  change("$.v", diff.Retyped, `"a"`, "null"),
		"the status changes":    status,
	} {
		l := New(Limits{})
		for range 15 {
			l.Observe(alone(ch))
		}
		list, _ := verdicts(l)
		require.Len(t, list, 1, name)
		assert.Equal(t, diff.Regression, list[0].Judgement, name)
		assert.Equal(t, "branch differs in 15 of 15, never the other way round; no control side was asked", list[0].Reason)
	}
}

func TestWithoutControlADirectionThatReversesIsASuspect(t *testing.T) {
	l := New(Limits{})
	for i := range 40 {
		ch := change("$.v", diff.Removed, "1", "")
		if i%2 == 0 {
			ch = change("$.v", diff.Added, "", "1")
		}
		l.Observe(alone(ch))
	}
	list, _ := verdicts(l)
	require.Len(t, list, 2)
	assert.Equal(t, diff.Suspect, list[0].Judgement)
	assert.Equal(t, "branch differs in 20 of 40, the other way round in 20; no control side was asked; not enough to tell", list[0].Reason)
}

func TestWithoutControlFewOfOneDirectionSayHowManyMore(t *testing.T) {
	l := New(Limits{})
	for range 4 {
		l.Observe(alone(change("$.v", diff.Retyped, "1", "null")))
	}
	list, _ := verdicts(l)
	require.Equal(t, diff.Suspect, list[0].Judgement)
	more := list[0].MoreSamples
	require.Positive(t, more)
	for range more {
		l.Observe(alone(change("$.v", diff.Retyped, "1", "null")))
	}
	list, _ = verdicts(l)
	assert.Equal(t, diff.Regression, list[0].Judgement)
}

func TestOutcomesThatLackControlAreNotMixedWithPairs(t *testing.T) {
	l := New(Limits{})
	for range 20 {
		l.Observe(paired(nil, nil))
		l.Observe(alone(change("$.v", diff.Removed, "1", "")))
	}
	list, _ := verdicts(l)
	require.Len(t, list, 1)
	assert.Equal(t, diff.Suspect, list[0].Judgement)
	assert.Equal(t, "branch differs in 20 of 20 that have no answer of control to compare with", list[0].Reason)
}

func TestDifferencesComeInTheOrderOfTheReport(t *testing.T) {
	l := New(Limits{})
	for i := range 60 {
		noisy := change("$.noise", diff.Changed, "1", "2")
		branch := only(noisy, change("$.all", diff.Changed, "1", "2"))
		if i%2 == 0 {
			branch = append(branch, change("$.half", diff.Changed, "1", "2"))
		}
		if i == 0 {
			branch = append(branch, change("$.once", diff.Changed, "1", "2"))
		}
		l.Observe(paired(branch, only(noisy)))
	}
	list, _ := verdicts(l)
	var paths []string
	for _, d := range list {
		paths = append(paths, d.Path)
	}
	assert.Equal(t, []string{"$.all", "$.half", "$.once", "$.noise"}, paths)
}

func TestJudgingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once, often := New(Limits{}), New(Limits{})
		for range rapid.IntRange(1, 40).Draw(t, "outcomes") {
			o := drawn(t)
			once.Observe(o)
			often.Observe(o)
			often.Judge(alpha)
		}
		wantList, wantDiffering := verdicts(once)
		gotList, gotDiffering := verdicts(often)
		assert.Equal(t, wantList, gotList)
		assert.Equal(t, wantDiffering, gotDiffering)
	})
}

// drawn returns an outcome with some differences on either side.
func drawn(t *rapid.T) Observation {
	some := func(label string) (list []diff.Change) {
		for i := range 4 {
			if rapid.Bool().Draw(t, fmt.Sprint(label, i)) {
				kind := rapid.SampledFrom([]diff.Kind{diff.Changed, diff.Removed, diff.Added}).Draw(t, "kind")
				list = append(list, change(fmt.Sprint("$.", i), kind, "1", rapid.SampledFrom([]string{"2", "2.5"}).Draw(t, "v")))
			}
		}
		return list
	}
	o := paired(some("branch"), some("control"))
	o.Operation = rapid.SampledFrom([]string{"GET /a", "GET /b"}).Draw(t, "operation")
	return o
}

func TestDifferingIsWhatARecountGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Limits{})
		var all []Observation
		for range rapid.IntRange(1, 60).Draw(t, "outcomes") {
			all = append(all, drawn(t))
			l.Observe(all[len(all)-1])
		}
		list, differing := verdicts(l)
		verdicts := make(map[diff.Cell]bool)
		learned := make(map[diff.Cell]string)
		for _, d := range list {
			verdicts[d.Cell] = d.Judgement != diff.Noise
			learned[d.Cell] = d.Learned
		}
		want := map[string]uint64{}
		for _, o := range all {
			if recount(o, verdicts, learned) {
				want[o.Operation]++
			}
		}
		assert.Equal(t, want, differing)
	})
}

func recount(o Observation, verdicts map[diff.Cell]bool, learned map[diff.Cell]string) bool {
	for _, ch := range o.Branch {
		cell := diff.Cell{Operation: o.Operation, Place: ch.Place, Kind: ch.Kind}
		if verdicts[cell] {
			return true
		}
		inClass := ch.Other == "2" || learned[cell] != "integer"
		cell.Kind = diff.Class
		if ch.Kind == diff.Changed && verdicts[cell] && !inClass {
			return true
		}
	}
	return false
}

func TestLimitsAreCountedAndNothingPassesSilently(t *testing.T) {
	l := New(Limits{Operations: 1, Cells: 2})
	l.Observe(paired(only(change("$.a", diff.Changed, "1", "2"), change("$.b", diff.Changed, "1", "2"), change("$.c", diff.Changed, "1", "2")), nil))
	l.Observe(paired(only(change("$.d", diff.Changed, "1", "2")), nil))
	o := paired(only(change("$.a", diff.Changed, "1", "2")), nil)
	o.Operation = "GET /other"
	l.Observe(o)
	account := l.Account()
	require.NoError(t, account.Balance())
	assert.EqualValues(t, 5, account[0].Seen)
	assert.EqualValues(t, 2, account[0].Dropped[CellLimit])
	assert.EqualValues(t, 1, account[0].Dropped[OperationLimit])
	assert.EqualValues(t, 2, account[1].Filtered[SummedUp])
	assert.EqualValues(t, 1, account[1].Dropped[OperationLimit])
	_, differing := verdicts(l)
	assert.EqualValues(t, 2, differing["GET /a"], "differences without a cell count as differing")
}

func TestBeyondTheLimitOfSetsOutcomesAreDecidedAtOnce(t *testing.T) {
	l := New(Limits{References: 40})
	noisy := func(i int) []diff.Change {
		var list []diff.Change
		for b := range 6 {
			if i>>b&1 == 1 {
				list = append(list, change(fmt.Sprint("$.", b), diff.Reordered, "", ""))
			}
		}
		return list
	}
	for i := range 64 {
		l.Observe(paired(noisy(i), noisy(63-i)))
	}
	for i := range 64 {
		l.Observe(paired(append(noisy(i), change("$.real", diff.Removed, "1", "")), noisy(63-i)))
	}
	account := l.Account()
	require.NoError(t, account.Balance())
	assert.Positive(t, account[1].Filtered[SummedUp])
	list, differing := verdicts(l)
	assert.Equal(t, diff.Regression, find(t, list, "$.real", diff.Removed).Judgement)
	assert.GreaterOrEqual(t, differing["GET /a"], uint64(64))
	assert.Less(t, differing["GET /a"], uint64(100), "noise is not taken for differing")
}

func TestExamplesAreBounded(t *testing.T) {
	l := New(Limits{ExampleBytes: 100})
	for i := range 50 {
		l.Observe(paired(only(change(fmt.Sprint("$.", i), diff.Changed, "1", "2")), nil))
	}
	list, _ := verdicts(l)
	require.Len(t, list, 50)
	with := 0
	for _, d := range list {
		with += len(d.Examples)
	}
	assert.Less(t, with, 20)
	assert.Positive(t, with)
}

// TestSidesThatAreAlikeAreSeldomRegressions runs the whole judgement on sides
// that differ from base by the same chance.
func TestSidesThatAreAlikeAreSeldomRegressions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	const runs, cells, samples = 60, 30, 120
	flagged := 0
	for range runs {
		l := New(Limits{})
		for range samples {
			var branch, control []diff.Change
			for c := range cells {
				ch := change(fmt.Sprint("$.", c), diff.Reordered, "", "")
				rate := float64(c+1) / (cells + 1)
				if rng.Float64() < rate {
					branch = append(branch, ch)
				}
				if rng.Float64() < rate {
					control = append(control, ch)
				}
			}
			l.Observe(paired(branch, control))
		}
		if list, _ := verdicts(l); list[0].Judgement == diff.Regression {
			flagged++
		}
	}
	assert.LessOrEqual(t, float64(flagged)/runs, alpha)
}
