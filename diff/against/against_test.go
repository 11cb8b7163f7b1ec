package against

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

func report(compared uint64, differences ...diff.Difference) *diff.Report {
	return &diff.Report{
		Differences: differences,
		Operations:  []diff.Operation{{Name: "GET /a", Compared: compared}, {Name: "GET /b"}},
	}
}

func difference(operation, path string, j diff.Judgement) diff.Difference {
	return diff.Difference{
		Cell:      diff.Cell{Operation: operation, Place: diff.Place{Part: diff.Body, Path: path}, Kind: diff.Changed},
		Judgement: j,
	}
}

func TestFindingsAreNewStillThereOrGone(t *testing.T) {
	old := report(10,
		difference("GET /a", "$.still", diff.Regression), difference("GET /a", "$.less", diff.Regression),
		difference("GET /a", "$.gone", diff.Regression), difference("GET /b", "$.unseen", diff.Regression),
		difference("GET /a", "$.worse", diff.Suspect), difference("GET /a", "$.noise", diff.Noise),
		difference("GET /a", "$.intended", diff.Regression), difference("GET /a", "$.noNoise", diff.Noise),
	)
	later := report(10,
		difference("GET /a", "$.new", diff.Regression), difference("GET /a", "$.still", diff.Regression),
		difference("GET /a", "$.worse", diff.Regression), difference("GET /a", "$.less", diff.Suspect),
		difference("GET /a", "$.intended", diff.Accepted), difference("GET /a", "$.noise", diff.Noise),
	)
	c := Compare(old, later)
	got := make(map[string]State)
	for _, f := range c.Findings {
		got[f.Path] = f.State
	}
	assert.Equal(t, map[string]State{
		"$.new": New, "$.worse": Worse, "$.still": Still, "$.less": Less, "$.intended": Less, "$.gone": Gone, "$.unseen": Unseen,
	}, got)
	assert.Equal(t, uint64(2), c.Explained)
	assert.Equal(t, New, c.Findings[0].State)
	assert.Equal(t, diff.Fail, c.Verdict())
}

func TestWhatWasThereBeforeIsNotHeldAgainstARun(t *testing.T) {
	known := difference("GET /a", "$.x", diff.Regression)
	for name, tc := range map[string]struct {
		old, later *diff.Report
		want       diff.Verdict
	}{
		"the same":       {report(10, known), report(10, known), diff.Pass},
		"gone":           {report(10, known), report(10), diff.Pass},
		"not compared":   {report(10, known), report(0), diff.Inconclusive},
		"new suspect":    {report(10), report(10, difference("GET /a", "$.x", diff.Suspect)), diff.Inconclusive},
		"new regression": {report(10), report(10, known), diff.Fail},
		"new, accepted":  {report(10), report(10, difference("GET /a", "$.x", diff.Accepted)), diff.Pass},
		"noise no more":  {report(10, difference("GET /a", "$.x", diff.Noise)), report(10, known), diff.Fail},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, Compare(tc.old, tc.later).Verdict()) })
	}
}

func TestARunAgainstItselfHasNothingNew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []diff.Difference
		for i := range rapid.IntRange(0, 20).Draw(t, "n") {
			j := rapid.SampledFrom([]diff.Judgement{diff.Regression, diff.Suspect, diff.Accepted, diff.Noise}).Draw(t, "judgement")
			all = append(all, difference("GET /a", string(rune('a'+i)), j))
		}
		r := report(1, all...)
		c := Compare(r, r)
		assert.Equal(t, uint64(len(all)), c.Explained+c.Counts[Still])
		assert.Equal(t, diff.Pass, c.Verdict())
	})
}
