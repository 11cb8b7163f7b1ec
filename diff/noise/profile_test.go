package noise

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

// learnedFrom is the profile of so many runs of n outcomes each, in which base
// differs from itself in $.at every time, as a time, and in $.rare in one of ten.
func learnedFrom(runs, n int) *Profile {
	var p *Profile
	for range runs {
		l := New(Limits{})
		for i := range n {
			control := only(change("$.at", diff.Changed, `"2026-11-21T10:00:00Z"`, `"2026-11-21T11:00:00Z"`))
			if i%10 == 0 {
				control = append(control, change("$.rare", diff.Reordered, "", ""))
			}
			l.Observe(paired(nil, control))
		}
		p = l.Profile(p)
	}
	return p
}

// judgedWith judges n outcomes in which branch differs as often as given at the
// path, and control never.
func judgedWith(p *Profile, n, differing int, ch diff.Change) *Judged {
	l := New(Limits{})
	l.Use(p)
	for i := range n {
		var branch []diff.Change
		if i < differing {
			branch = only(ch)
		}
		l.Observe(paired(branch, nil))
	}
	return l.Judge(0.9 * alpha)
}

func TestEarlierRunsExplainADifferenceThatTheirRateMakesLikely(t *testing.T) {
	rare := change("$.rare", diff.Reordered, "", "")
	j := judgedWith(learnedFrom(3, 400), 20, 2, rare)
	require.Len(t, j.Differences, 1)
	assert.Equal(t, diff.Noise, j.Differences[0].Judgement)
	assert.Equal(t, "in 3 earlier runs base differed from itself here in 115 of 1,150, which explains the 2 of branch in this one", j.Differences[0].Reason)
	assert.EqualValues(t, 1, j.Explained)
	assert.Empty(t, j.Differing)

	j = judgedWith(nil, 20, 2, rare)
	assert.Equal(t, diff.Suspect, j.Differences[0].Judgement, "without a profile it is not explained")
	assert.Zero(t, j.Explained)
	j = judgedWith(learnedFrom(3, 400), 20, 2, change("$.other", diff.Reordered, "", ""))
	assert.Equal(t, diff.Suspect, j.Differences[0].Judgement, "nor is another cell")
	j = judgedWith(learnedFrom(3, 400), 20, 2, change("$.rare", diff.Removed, "1", ""))
	assert.Equal(t, diff.Suspect, j.Differences[0].Judgement, "nor another kind")
}

func TestEarlierRunsDoNotExplainWhatTheirRateMakesUnlikely(t *testing.T) {
	var p *Profile
	l := New(Limits{})
	for i := range 5000 {
		var control []diff.Change
		if i == 0 {
			control = only(change("$.rare", diff.Reordered, "", ""))
		}
		l.Observe(paired(nil, control))
	}
	p = l.Profile(p)
	assert.Equal(t, diff.Suspect, judgedWith(p, 20, 1, change("$.rare", diff.Reordered, "", "")).Differences[0].Judgement)
}

func TestARegressionInACellThatWasNoisyIsProven(t *testing.T) {
	p := learnedFrom(12, 400)
	for _, n := range []int{10, 30} {
		j := judgedWith(p, n, n, change("$.at", diff.Changed, `"2026-11-21T10:00:00Z"`, `"2026-11-21T11:00:00Z"`))
		assert.Equal(t, diff.Regression, j.Differences[0].Judgement, "always on branch and never on control, %d times", n)
		j = judgedWith(p, n, n, change("$.rare", diff.Reordered, "", ""))
		assert.Equal(t, diff.Regression, j.Differences[0].Judgement)
	}
}

func TestEarlierRunsNarrowTheClassOfAValue(t *testing.T) {
	l := New(Limits{})
	l.Use(learnedFrom(3, 400))
	for i := range 40 {
		branch := `"2026-11-21T12:00:00Z"`
		if i%2 == 0 {
			branch = `"soon"`
		}
		control := only(change("$.at", diff.Changed, `"2026-11-21T10:00:00Z"`, `"2026-11-21T11:00:00Z"`))
		if i > 0 {
			control[0].Other = `"… (2000 bytes)` // says nothing of its class
		}
		l.Observe(paired(only(change("$.at", diff.Changed, `"… (2000 bytes)`, branch)), control))
	}
	list, differing := verdicts(l)
	d := find(t, list, "$.at", diff.Class)
	assert.Equal(t, diff.Regression, d.Judgement)
	assert.Equal(t, "time", d.Learned)
	assert.EqualValues(t, 20, differing["GET /a"])

	few := judgedWith(learnedFrom(3, 400), 20, 1, change("$.at", diff.Changed, `"2026-11-21T10:00:00Z"`, `"soon"`))
	assert.Equal(t, diff.Suspect, find(t, few.Differences, "$.at", diff.Class).Judgement, "where control did not differ in this run as well")
	assert.EqualValues(t, 1, few.Differing["GET /a"])
}

func TestQuietCellsWeighMoreThanNoisyOnes(t *testing.T) {
	observe := func(p *Profile) []diff.Difference {
		l := New(Limits{})
		l.Use(p)
		for range 6 {
			l.Observe(paired(only(change("$.quiet", diff.Removed, "1", "")), nil))
		}
		for range 4 {
			l.Observe(paired(only(change("$.rare", diff.Reordered, "", "")), nil))
			l.Observe(paired(nil, only(change("$.rare", diff.Reordered, "", ""), change("$.at", diff.Reordered, "", ""))))
		}
		list, _ := verdicts(l)
		return list
	}
	assert.Equal(t, diff.Suspect, find(t, observe(nil), "$.quiet", diff.Removed).Judgement)
	l := New(Limits{})
	for range 100 {
		l.Observe(paired(nil, only(change("$.rare", diff.Reordered, "", ""), change("$.at", diff.Reordered, "", ""))))
	}
	assert.Equal(t, diff.Regression, find(t, observe(l.Profile(nil)), "$.quiet", diff.Removed).Judgement)
}

func TestAProfileForgets(t *testing.T) {
	p := learnedFrom(1, 10) // $.rare once
	quiet := New(Limits{})
	for range 10 {
		quiet.Observe(paired(nil, nil))
	}
	runs := 0
	for ; p.cells[cellAt("$.rare", diff.Reordered)] != nil; runs++ {
		require.Less(t, runs, 100)
		p = quiet.Profile(p)
	}
	assert.InDelta(t, 2*HalfLife, runs, 2, "one difference is dropped after two half-lives")
	require.NotNil(t, p.cells[cellAt("$.at", diff.Changed)], "ten are not")

	elsewhere := New(Limits{})
	for range longestAbsence - runs {
		p = elsewhere.Profile(p)
		require.NotNil(t, p.cells[cellAt("$.at", diff.Changed)], "a run without the operation tells nothing of it")
	}
	assert.Zero(t, elsewhere.Profile(p).Cells())
}

func TestAProfileLearnsOnlyWhereBaseAnsweredTwice(t *testing.T) {
	l := New(Limits{})
	l.Observe(alone(change("$.a", diff.Changed, "1", "2")))
	l.Observe(paired(only(change("$.a", diff.Changed, "1", "2")), nil))
	p := l.Profile(nil)
	assert.Zero(t, p.Cells())
	assert.EqualValues(t, 1, p.Runs())
}

func TestAProfileIsBoundedAndCountsWhatItCuts(t *testing.T) {
	l := New(Limits{Cells: maxKnown + 10})
	for i := range maxKnown + 10 {
		o := paired(nil, only(change(fmt.Sprint("$.", i), diff.Reordered, "", "")))
		l.Observe(o)
		if i >= 10 {
			l.Observe(o)
		}
	}
	p := l.Profile(nil)
	assert.EqualValues(t, maxKnown, p.Cells())
	assert.EqualValues(t, 10, p.Cut())
	assert.Nil(t, p.cells[cellAt("$.0", diff.Reordered)], "those with the fewest differences go")
	again := restored(t, p)
	assert.EqualValues(t, 10, again.Cut())
}

func encodedProfile(t require.TestingT, p *Profile) string {
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	return b.String()
}

func restored(t require.TestingT, p *Profile) *Profile {
	again, err := DecodeProfile(strings.NewReader(encodedProfile(t, p)))
	require.NoError(t, err)
	return again
}

func TestAProfileReadsWell(t *testing.T) {
	assert.Equal(t, `{"schema":"twinspect.dev/noise-profile","version":1,"runs":2,"cells":2}
{"operation":"GET /a","part":"body","path":"$.at","kind":"changed","runs":2,"last_run":2,"outcomes":195.76,"differing":195.76,"classes":["time","token","string","any"]}
{"operation":"GET /a","part":"body","path":"$.rare","kind":"reordered","runs":2,"last_run":2,"outcomes":195.76,"differing":19.58}
`, encodedProfile(t, learnedFrom(2, 100)))
	assert.Equal(t, `{"schema":"twinspect.dev/noise-profile","version":1,"runs":0,"cells":0}`+"\n", encodedProfile(t, nil))
}

func TestAStoredProfileIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p *Profile
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			l := New(Limits{})
			for _, o := range several.Draw(t, "outcomes") {
				l.Observe(o)
			}
			before := encodedProfile(t, p)
			next := l.Profile(p)
			require.Equal(t, before, encodedProfile(t, p), "the earlier one is not changed")
			again := restored(t, next)
			require.Equal(t, next, again)
			p = again
		}
	})
}

func TestProfilesOfMergedPartsAreThoseOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := several.Draw(t, "outcomes")
		whole, previous := New(Limits{}), learnedFrom(2, 20)
		for _, o := range all {
			whole.Observe(o)
		}
		require.Equal(t, encodedProfile(t, whole.Profile(previous)), encodedProfile(t, split(t, all).Profile(previous)))
	})
}

func TestADamagedProfileIsAnErrorWithItsLine(t *testing.T) {
	good := encodedProfile(t, learnedFrom(2, 100))
	lines := strings.SplitAfter(good, "\n")
	replaced := func(old, with string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, with, 1)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"empty":              {"", "line 1: unexpected EOF"},
		"another schema":     {replaced("noise-profile", "noise"), `line 1: "twinspect.dev/noise" is not`},
		"another version":    {replaced(`"version":1`, `"version":2`), "line 1: it has version 2"},
		"too many cells":     {replaced(`"cells":2`, `"cells":2000000`), "line 1: 2000000 cells are more than"},
		"a line missing":     {lines[0] + lines[1], "line 3: unexpected EOF"},
		"a line too many":    {good + lines[1], "line 4: more than 2 cells"},
		"a cell twice":       {lines[0] + lines[1] + lines[1], "line 3: cell \"$.at\" of \"GET /a\" twice"},
		"an unknown member":  {replaced(`"part"`, `"colour":"red","part"`), `line 2: json: unknown field "colour"`},
		"more than there is": {replaced(`"differing":195.76`, `"differing":195.77`), "line 2: cell \"$.at\" of \"GET /a\": differing in 195.77 of 195.76"},
		"three decimals":     {replaced(`"differing":19.58`, `"differing":19.581`), "line 3: cell \"$.rare\" of \"GET /a\": counts of more than two decimals"},
		"nothing":            {replaced(`"differing":19.58`, `"differing":0`), "line 3: cell \"$.rare\" of \"GET /a\": differing in 0"},
		"too much":           {replaced(`"outcomes":195.76`, `"outcomes":1e300`), "differing in 195.76 of 1e+300"},
		"runs to come":       {replaced(`"last_run":2`, `"last_run":3`), "seen in 2 runs, the last number 3 of 2"},
		"an unknown class":   {replaced(`"time"`, `"colour"`), `no class is called "colour"`},
		"a class twice":      {replaced(`"time"`, `"token"`), `class "token" twice`},
		"no class":           {replaced(`,"any"`, ``), "classes that no value has"},
		"two values":         {replaced("}\n{", "} {}\n{"), "line 1: more than one value"},
		"a long line":        {strings.Repeat(" ", maxProfileLine+1), "line 1: bufio.Scanner: token too long"},
	} {
		p, err := DecodeProfile(strings.NewReader(tt.text))
		assert.Nil(t, p, name)
		assert.ErrorContains(t, err, tt.want, name)
		assert.ErrorContains(t, err, "decode noise profile: line ", name)
	}
}

func TestAProfileThatCannotBeWrittenIsAnError(t *testing.T) {
	require.ErrorIs(t, learnedFrom(1, 10).Encode(failing{}), errFull)
}

var errFull = errors.New("no space left")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func FuzzDecodeProfile(f *testing.F) {
	f.Add(encodedProfile(f, learnedFrom(2, 100)))
	f.Add(encodedProfile(f, nil))
	f.Fuzz(func(t *testing.T, data string) {
		p, err := DecodeProfile(strings.NewReader(data))
		if err != nil {
			require.Nil(t, p)
			return
		}
		require.Equal(t, p, restored(t, p))
		j := judgedWith(p, 5, 2, change("$.at", diff.Changed, "1", "2"))
		require.NotEmpty(t, j.Differences)
		j.Would(cellAt("$.rare", diff.Reordered), 1, 0.5)
	})
}
