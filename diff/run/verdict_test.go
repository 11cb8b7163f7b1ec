package run

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

func TestVerdictFollowsFromTheOutcomes(t *testing.T) {
	same := []string{`base {"a":1}`, `control {"a":1}`, `branch {"a":1}`}
	changed := []string{`base {"a":1}`, `control {"a":1}`, `branch {"a":2}`}
	noisy := []string{`base {"a":1}`, `control {"a":2}`, `branch {"a":3}`}
	refused := []string{`base {"a":1}`, `control {"a":1}`, `branch !refused`}
	tests := []struct {
		name     string
		outcomes []*replay.Outcome
		want     diff.Verdict
		reasons  []string // parts, in order
	}{
		{"all the same", times(100, "/a", same...), diff.Pass, []string{"no difference beyond noise in 100 compared outcomes"}},
		{"one alone", times(1, "/a", same...), diff.Pass, []string{"in 1 compared outcome"}},
		{"noise", times(100, "/a", noisy...), diff.Pass, []string{"no difference beyond noise"}},
		{"proven", times(100, "/a", changed...), diff.Fail, []string{"1 regression proven; of all that is proven so, at most 5 % is expected to be false"}},
		{"too few", times(2, "/a", changed...), diff.Inconclusive, []string{"1 suspect with too few samples to tell"}},
		{"regression before suspect", append(times(100, "/a", changed...), times(1, "/b", changed...)...), diff.Fail,
			[]string{"1 regression", "1 suspect"}},
		{"loss below the limit", append(times(96, "/a", same...), times(4, "/a", refused...)...), diff.Pass, []string{"96 compared outcomes"}},
		{"loss above the limit", append(times(94, "/a", same...), times(6, "/a", refused...)...), diff.Inconclusive,
			[]string{"compare lost 6 of 100 outcomes (6 %, at most 5 % are allowed): 6 branch-refused"}},
		{"an operation never compared", append(times(99, "/a", same...), times(1, "/b", refused...)...), diff.Inconclusive,
			[]string{"GET /b was never compared: 1 branch-refused"}},
		{"all lost", times(3, "/a", refused...), diff.Inconclusive,
			[]string{"nothing was compared", "compare lost 3 of 3", "GET /a was never compared"}},
		{"fail in spite of loss", append(times(60, "/a", changed...), times(40, "/a", refused...)...), diff.Fail,
			[]string{"1 regression", "compare lost 40 of 100"}},
		{"nothing at all", nil, diff.Inconclusive, []string{"nothing was compared"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := observe(tt.outcomes...)
			assert.Equal(t, tt.want, r.Verdict)
			require.Len(t, r.Reasons, len(tt.reasons), "%q", r.Reasons)
			for i, part := range tt.reasons {
				assert.Contains(t, r.Reasons[i], part)
			}
			assert.NoError(t, r.Account.Balance())
		})
	}
}

func TestLossBeforeTheComparisonIsWeighedToo(t *testing.T) {
	j := newJudge()
	j.Observe(answers(0, "/a", "base 1", "branch 1"))
	lossy := capture.Stage{Name: "packets", Unit: "frames", Stats: capture.Stats{Seen: 10, Written: 9}}
	lossy.Drop("kernel-drop", 1)
	j.Account(capture.Account{lossy})
	r := j.Report()
	assert.Equal(t, diff.Inconclusive, r.Verdict)
	assert.Equal(t, []string{"packets lost 1 of 10 frames (10 %, at most 5 % are allowed): 1 kernel-drop"}, r.Reasons)
	assert.Equal(t, "packets", r.Account[0].Name, "the account begins at the wire")
}

func TestNoLossIsAllowedWhereTheLimitIsZero(t *testing.T) {
	j := NewJudge(Config{Namer: byPath{}})
	for _, o := range append(times(1000, "/a", "base 1", "branch 1"), answers(0, "/a", "base 1", "branch !reset")) {
		j.Observe(o)
	}
	r := j.Report()
	assert.Equal(t, diff.Inconclusive, r.Verdict)
	assert.Contains(t, r.Reasons[0], "(0.0999 %, at most 0 % are allowed)")
}

func TestSharesAreShownWithoutTheNoiseOfFloatingPoint(t *testing.T) {
	assert.Equal(t, "7 %", percent(0.07))
	assert.Equal(t, "0.1 %", percent(0.001))
}

func TestReasonsNameTenOperationsAndCountTheRest(t *testing.T) {
	var outcomes []*replay.Outcome
	for i := range 25 {
		outcomes = append(outcomes, answers(i, fmt.Sprintf("/%02d", i), "base !refused", "branch !refused"))
	}
	r := observe(outcomes...)
	require.Len(t, r.Reasons, 2+namedOperations+1)
	assert.Contains(t, r.Reasons[2], "GET /00 was never compared")
	assert.Equal(t, "15 more operations were never compared", r.Reasons[len(r.Reasons)-1])
}

func TestDifferencesStandByJudgementThenFrequency(t *testing.T) {
	j := newJudge()
	for i := range 100 {
		noise, seldom := fmt.Sprint(i), "1"
		if i < 2 {
			seldom = "2"
		}
		body := `{"noise":%s,"seldom":%s,"often":%s}`
		j.Observe(answers(i, "/a", "base "+fmt.Sprintf(body, "0.5", "1", "1"), "control "+fmt.Sprintf(body, noise, "1", "1"),
			"branch "+fmt.Sprintf(body, noise, seldom, "2")))
	}
	r := j.Report()
	require.Len(t, r.Differences, 3)
	assert.Equal(t, []string{"$.often", "$.seldom", "$.noise"},
		[]string{r.Differences[0].Path, r.Differences[1].Path, r.Differences[2].Path})
	assert.True(t, slices.IsSortedFunc(r.Differences, diff.Compare))
	assert.EqualValues(t, 100, operationOf(r, "GET /a").Differing)
}
