package triage

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

func answer(side replay.Side, status int, body string) replay.Answer {
	a := replay.Answer{Side: side}
	a.Response.Status, a.Response.Body = status, []byte(body)
	return a
}

func fault(side replay.Side, f replay.Fault) replay.Answer {
	return replay.Answer{Side: side, Fault: f}
}

func outcome(recorded int, answers ...replay.Answer) *replay.Outcome {
	o := &replay.Outcome{Answers: answers}
	o.Recorded.Response.Status = recorded
	return o
}

func TestTheEnvironmentIsToldFromTheBranch(t *testing.T) {
	ok, bad := func(s replay.Side) replay.Answer { return answer(s, 200, "{}") }, func(s replay.Side) replay.Answer { return answer(s, 500, "{}") }
	for name, tc := range map[string]struct {
		outcome  *replay.Outcome
		want     capture.Reason
		category diff.Category
	}{
		"branch fails alone":                {outcome: outcome(200, ok("base"), ok("control"), bad("branch"))},
		"base fails alone":                  {outcome: outcome(200, bad("base"), ok("control"), ok("branch"))},
		"all fail":                          {outcome(200, bad("base"), bad("control"), bad("branch")), AllFail, diff.CauseEnvironment},
		"all fail as recorded":              {outcome: outcome(503, bad("base"), bad("control"), bad("branch"))},
		"all fail, nothing recorded":        {outcome: outcome(0, bad("base"), bad("branch"))},
		"no answer recorded":                {outcome(200), NotAsked, diff.CauseUnknown},
		"branch refuses":                    {outcome(200, ok("base"), fault("branch", replay.Refused)), "branch-refused", diff.CauseEnvironment},
		"misrouted":                         {outcome(200, ok("base"), fault("branch", replay.Misrouted)), "branch-misrouted", diff.CauseMisrouted},
		"interrupted":                       {outcome(200, ok("base"), fault("branch", replay.Canceled)), "branch-canceled", diff.CauseUnknown},
		"a fault nobody knows":              {outcome(200, ok("base"), fault("branch", "odd")), "branch-failed", diff.CauseEnvironment},
		"Envoy has no endpoint":             {outcome(200, ok("base"), answer("branch", 503, "no healthy upstream")), "branch-gateway-error", diff.CauseEnvironment},
		"nginx":                             {outcome(200, ok("base"), answer("branch", 502, "<center><H1>502 Bad Gateway</H1></center>")), "branch-gateway-error", diff.CauseEnvironment},
		"branch says itself that it is ill": {outcome: outcome(200, ok("base"), answer("branch", 503, `{"error":"database is locked"}`))},
		"a page about gateways":             {outcome: outcome(200, ok("base"), answer("branch", 200, "no healthy upstream"))},
		"credentials are over":              {outcome(200, answer("base", 401, ""), answer("control", 403, ""), answer("branch", 401, "")), AllRefuse, diff.CauseCredentials},
		"branch alone wants credentials":    {outcome: outcome(200, ok("base"), ok("control"), answer("branch", 401, ""))},
		"refused as recorded":               {outcome: outcome(401, answer("base", 401, ""), answer("branch", 401, ""))},
		"another refusal than recorded":     {outcome: outcome(404, answer("base", 401, ""), answer("branch", 401, ""))},
		"data is missing":                   {outcome(200, answer("base", 404, ""), answer("control", 404, ""), answer("branch", 410, "")), AllMiss, diff.CauseData},
		"data is missing as recorded":       {outcome: outcome(404, answer("base", 404, ""), answer("branch", 404, ""))},
	} {
		t.Run(name, func(t *testing.T) {
			got := Of(tc.outcome)
			assert.Equal(t, tc.want, got)
			if got != "" {
				assert.True(t, IsReason(got))
				assert.Equal(t, tc.category, Category(got))
			}
		})
	}
	assert.False(t, IsReason("branch-"))
	assert.False(t, IsReason("other-refused"))
}

func TestTroublesAreSummedByCategoryWithARemedy(t *testing.T) {
	r := &diff.Report{
		Differences: []diff.Difference{
			{Cell: diff.Cell{Operation: "GET /a"}, Judgement: diff.Regression},
			{Cell: diff.Cell{Operation: "GET /b"}, Judgement: diff.Suspect},
			{Cell: diff.Cell{Operation: "GET /b"}, Judgement: diff.Accepted},
			{Cell: diff.Cell{Operation: "GET /b"}, Judgement: diff.Noise},
		},
		Operations: []diff.Operation{
			{Name: "GET /a", NotCompared: map[capture.Reason]uint64{"branch-refused": 2, "base-timeout": 3, NotAsked: 9}},
			{Name: "GET /b", NotCompared: map[capture.Reason]uint64{AllMiss: 4, "base-timeout": 1}},
		},
	}
	Sum(r)
	var got []diff.Category
	for _, trouble := range r.Troubles {
		got = append(got, trouble.Category)
		assert.NotEmpty(t, trouble.What)
	}
	assert.Equal(t, []diff.Category{diff.CauseRegression, diff.CauseUnknown, diff.CauseEnvironment, diff.CauseData, diff.CauseNoise}, got)
	environment := r.Troubles[2]
	assert.Equal(t, uint64(6), environment.Count)
	assert.Equal(t, diff.Retry, environment.Remedy)
	assert.Equal(t, []string{"GET /a", "GET /b"}, environment.Operations)
	assert.Contains(t, environment.What, "4 base-timeout")
	assert.Equal(t, diff.Escalate, r.Differences[0].Remedy)
	assert.Equal(t, diff.AskAgain, r.Differences[1].Remedy)
	assert.Empty(t, r.Differences[2].Category)
}
