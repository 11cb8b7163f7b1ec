package run

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

func TestOutcomeThatCannotBeComparedIsCountedByReason(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		want    capture.Reason // "" where it is compared
	}{
		{"all answered", []string{"base 1", "control 1", "branch 1"}, ""},
		{"without control", []string{"base 1", "branch 1"}, ""},
		{"another side takes no part", []string{"base 1", "branch 1", "canary !reset"}, ""},
		{"plain exchange", nil, "not-asked"},
		{"base alone", []string{"base 1"}, "not-asked"},
		{"branch alone", []string{"branch 1"}, "not-asked"},
		{"base refused", []string{"base !refused", "control 1", "branch 1"}, "base-refused"},
		{"control timed out", []string{"base 1", "control !timeout", "branch 1"}, "control-timeout"},
		{"branch reset", []string{"base 1", "control 1", "branch !reset"}, "branch-reset"},
		{"branch too large", []string{"base 1", "branch !too-large"}, "branch-too-large"},
		{"interrupted", []string{"base 1", "branch !canceled"}, "branch-canceled"},
		{"malformed", []string{"base !malformed", "branch 1"}, "base-malformed"},
		{"the first side counts", []string{"branch !reset", "control !timeout", "base !refused"}, "base-refused"},
		{"a fault that is not known", []string{"base 1", "branch !gremlins"}, "branch-failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := observe(answers(0, "/a", tt.answers...))
			op, compare := operationOf(r, "GET /a"), stage(r.Account, "compare")
			if tt.want == "" {
				assert.EqualValues(t, 1, op.Compared)
				assert.Empty(t, op.NotCompared)
				assert.Zero(t, compare.Lost())
				return
			}
			assert.Zero(t, op.Compared)
			assert.Equal(t, map[capture.Reason]uint64{tt.want: 1}, op.NotCompared)
			assert.Equal(t, map[capture.Reason]uint64{tt.want: 1}, compare.Dropped)
			assert.Empty(t, op.Latency, "what is not compared is not measured")
		})
	}
}

func TestSidesAreTalliedInTheOrderOfTheReport(t *testing.T) {
	r := observe(
		answers(0, "/a", "branch 1", "base 1", "control 1"),
		answers(1, "/a", "branch !reset", "base 1", "control 1"),
		answers(2, "/a", "branch !gremlins", "base 1", "canary 1"))
	assert.Equal(t, []diff.SideInfo{
		{Side: "base", Asked: 3, Answered: 3},
		{Side: "control", Asked: 2, Answered: 2},
		{Side: "branch", Asked: 3, Answered: 1, Faults: map[string]uint64{"reset": 1, "failed": 1}},
	}, r.Sides)
}

func TestOperationsBeyondTheBoundAreSummedUp(t *testing.T) {
	const beyond = 30
	j := newJudge()
	for i := range maxOperations {
		j.Observe(answers(i, fmt.Sprintf("/%d", i), "base !reset", "branch 1"))
	}
	for i := range beyond {
		j.Observe(answers(i, fmt.Sprintf("/beyond/%d", i), "base 1", "control 1", "branch 2"))
	}
	j.Observe(answers(0, "/0", "base 1", "control 1", "branch 1"))
	r := j.Report()
	require.Len(t, r.Operations, maxOperations+1)
	other := operationOf(r, otherOperations)
	assert.EqualValues(t, beyond, other.Compared)
	assert.EqualValues(t, beyond, other.Differing, "their differences are summed up as well")
	assert.EqualValues(t, 1, operationOf(r, "GET /0").Compared, "a known one is still told apart")
	assert.NoError(t, r.Account.Balance())
}

func TestReportIsNotChangedByWhatIsObservedLater(t *testing.T) {
	j := newJudge()
	for _, o := range times(20, "/a", "base 1", "control 1", "branch 2") {
		j.Observe(o)
	}
	j.Observe(answers(0, "/a", "base 1", "branch !reset"))
	r := j.Report()
	before, err := json.Marshal(r)
	require.NoError(t, err)
	again, err := json.Marshal(j.Report())
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(again), "looking changes nothing")
	for _, o := range times(20, "/a", "base 1", "control 3", "branch !reset") {
		j.Observe(o)
	}
	after, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after))
}

func TestExamplesAreBoundedInSize(t *testing.T) {
	j := newJudge()
	for i := range 40 {
		o := timed(i, 1, 1, slowerMargin*10)
		o.Recorded.Request.Target = "/a?" + strings.Repeat("ä", 1<<16)
		j.Observe(o)
	}
	found := j.Report().Judged(diff.Regression)
	require.Len(t, found, 1)
	assert.LessOrEqual(t, len(found[0].Examples[0].Target), maxText+len("…"))
}

// outcomes draws outcomes of a few operations with any sides and faults.
var outcomes = rapid.Custom(func(t *rapid.T) []*replay.Outcome {
	what := rapid.SampledFrom([]string{`{"a":1}`, `{"a":2}`, `{"a":null}`, `[]`, `{`, "!reset", "!gremlins"})
	list := rapid.SliceOfN(rapid.SampledFrom([]string{"base", "control", "branch", "branch", "base", "to", ""}), 0, 5)
	var outcomes []*replay.Outcome
	for i := range rapid.IntRange(0, 60).Draw(t, "outcomes") {
		var given []string
		for _, side := range list.Draw(t, "sides") {
			given = append(given, side+" "+what.Draw(t, "what"))
		}
		outcomes = append(outcomes, answers(i, rapid.SampledFrom([]string{"/a", "/b", "/c?d"}).Draw(t, "path"), given...))
	}
	return outcomes
})

func TestAccountBalancesWhateverTheOutcomes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := outcomes.Draw(t, "outcomes")
		r := observe(list...)
		require.NoError(t, r.Account.Balance())
		var compared, not uint64
		for _, op := range r.Operations {
			compared += op.Compared
			for _, n := range op.NotCompared {
				not += n
			}
			require.LessOrEqual(t, op.Differing, op.Compared)
			for _, l := range op.Latency {
				require.LessOrEqual(t, l.Count, op.Compared)
			}
		}
		s := stage(r.Account, "compare")
		require.EqualValues(t, len(list), s.Seen)
		require.Equal(t, s.Written, compared)
		require.Equal(t, s.Lost(), not)
		for _, side := range r.Sides {
			answered := side.Asked
			for _, n := range side.Faults {
				answered -= n
			}
			require.Equal(t, side.Answered, answered)
		}
		require.NotEmpty(t, r.Reasons)
	})
}
