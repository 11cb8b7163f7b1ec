package dialect

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// flaggerAccepts is how Flagger v1.36.1 takes an answer: pkg/controller/webhook.go,
// callWebhook: an error where the status is over 202; and go-retryablehttp v0.7.5,
// baseRetryPolicy, which it calls by: 429, 0 and from 500 on but 501 are asked again
// and then are an error without the body.
func flaggerAccepts(r Response) (accepted, retried bool) {
	retried = r.Status == 429 || r.Status == 0 || r.Status >= 500 && r.Status != 501
	return r.Status <= 202 && !retried, retried
}

// effect is what becomes of the canary: pkg/controller/scheduler_hooks.go and
// scheduler.go, advanceCanary.
type effect string

const (
	goesOn    effect = "goes on"
	waits     effect = "waits"
	fails     effect = "a failed check, a rollback at the threshold"
	rollsBack effect = "rolled back"
	told      effect = "told"
)

func flaggerDoes(h Hook, accepted bool) effect {
	effects := map[Hook][2]effect{ // refused, accepted
		ConfirmRollout:         {waits, goesOn},     // runConfirmRolloutHooks
		PreRollout:             {fails, goesOn},     // advanceCanary: SetStatusFailedChecks
		Rollout:                {fails, goesOn},     // runAnalysis
		ConfirmTrafficIncrease: {waits, goesOn},     // runConfirmTrafficIncreaseHooks
		ConfirmPromotion:       {waits, goesOn},     // runConfirmPromotionHooks
		RollbackHook:           {goesOn, rollsBack}, // runRollbackHooks
		PostRollout:            {told, told},
		EventHook:              {told, told},
	}[h]
	if accepted {
		return effects[1]
	}
	return effects[0]
}

// wanted is the table of the design for what becomes of the canary.
func wanted(h Hook, v *release.Verdict, weight float64) effect {
	d := decision(v)
	opens := h == ConfirmRollout || h == PreRollout || h == ConfirmTrafficIncrease
	refused := flaggerDoes(h, false)
	switch {
	case h == PostRollout || h == EventHook:
		return told
	case d == release.Rollback && h == RollbackHook:
		return rollsBack
	case d == release.Rollback || h == RollbackHook:
		return refused
	case h == Rollout:
		return goesOn
	case d == release.Promote && opens && weight > v.MaxWeight:
		return refused
	case d == release.Promote:
		return goesOn
	case opens && v != nil && v.Decision == release.Hold && weight > 0 && weight <= v.MaxWeight:
		return goesOn
	}
	return refused
}

func TestEveryHookAnswersEveryVerdictAsFlaggerTakesIt(t *testing.T) {
	cells := 0
	for name, v := range states() {
		for _, h := range Hooks {
			for _, weight := range []float64{0, 0.1, 0.2, 0.5, 1} {
				cells++
				r := h.Answer(v, weight)
				accepted, retried := flaggerAccepts(r)
				assert.False(t, retried, "%s, %s: an outage for Flagger", h, name)
				assert.Equal(t, wanted(h, v, weight), flaggerDoes(h, accepted), "%s, %s, weight %v", h, name, weight)
				assert.NotEmpty(t, strings.TrimSpace(string(r.Body)), "%s, %s", h, name)
			}
		}
	}
	assert.Equal(t, len(states())*8*5, cells)
}

func TestNothingButAPromotionPromotes(t *testing.T) {
	for name, v := range states() {
		accepted, _ := flaggerAccepts(ConfirmPromotion.Answer(v, 1))
		assert.Equal(t, strings.HasPrefix(name, "promote"), accepted, name)
	}
}

func TestAnUnknownHookApprovesNothing(t *testing.T) {
	for name, v := range states() {
		assert.Equal(t, http.StatusForbidden, Hook("promote").Answer(v, 0).Status, name)
	}
}

func TestACallThatIsNotUnderstoodApprovesNothing(t *testing.T) {
	r := BadCall(errors.New("the body is cut\nand has lines"))
	accepted, retried := flaggerAccepts(r)
	assert.False(t, accepted)
	assert.False(t, retried)
	assert.Equal(t, "the gate cannot understand this call: the body is cut and has lines\n", string(r.Body))
}

func TestHooksAreNamedByTheirPath(t *testing.T) {
	for _, h := range Hooks {
		got, err := ParseHook(string(h))
		require.NoError(t, err)
		assert.Equal(t, h, got)
	}
	_, err := ParseHook("confirm-promotoin")
	assert.ErrorContains(t, err, `did you mean "confirm-promotion"?`)
	for _, name := range []string{"", "promotion", "Rollout", "rollout/"} {
		_, err := ParseHook(name)
		assert.ErrorContains(t, err, "end the path of the webhook with its type", name)
	}
}

// body is what Flagger sends: pkg/apis/flagger/v1beta1/canary.go, CanaryWebhookPayload.
const body = `{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d557f47b",
	"metadata":{"service":"catalog","digest":"sha256:aa","base_digest":"sha256:bb","weight":"50%","cmd":"x"}}`

func TestACallSaysWhatItAsksAbout(t *testing.T) {
	c, err := ParseFlagger([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, release.Subject{Service: "catalog", Digest: "sha256:aa", BaseDigest: "sha256:bb"}, c.Subject())
	assert.Equal(t, Progressing, c.Phase)
	assert.InDelta(t, 0.5, c.Weight(), 1e-12)

	c, err = ParseFlagger([]byte(`{"name":"podinfo","namespace":"test","phase":"Succeeded","checksum":"1"}`))
	require.NoError(t, err)
	assert.Equal(t, release.Subject{Service: "podinfo"}, c.Subject())
	assert.Zero(t, c.Weight())
	over, succeeded := c.Phase.IsOver()
	assert.True(t, over)
	assert.True(t, succeeded)
}

func TestAnEventTellsItsMessage(t *testing.T) {
	c, err := ParseFlagger([]byte(`{"name":"a","namespace":"b","phase":"Failed","checksum":"","metadata":{"eventMessage":"Rolling back","eventType":"Warning","timestamp":"1700000000000"}}`))
	require.NoError(t, err)
	kind, message := c.Event()
	assert.Equal(t, "Warning", kind)
	assert.Equal(t, "Rolling back", message)
}

func TestCallsThatCannotBeUnderstoodAreErrors(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"nothing":             {"", "not that of a webhook"},
		"cut":                 {body[:60], "not that of a webhook"},
		"null":                {"null", "not that of a webhook"},
		"a list":              {"[]", "not that of a webhook"},
		"more after it":       {body + "{}", "not that of a webhook"},
		"metadata of numbers": {`{"name":"a","namespace":"b","metadata":{"weight":5}}`, "an object of texts"},
		"no name":             {`{"namespace":"b"}`, "lacks the name"},
		"no namespace":        {`{"name":"b"}`, "lacks the name or the namespace"},
		"a weight of 50":      {`{"name":"a","namespace":"b","metadata":{"weight":"50"}}`, "write 20% or 0.2"},
		"a weight that is no": {`{"name":"a","namespace":"b","metadata":{"weight":"NaN"}}`, "no share of the traffic"},
		"a weight below none": {`{"name":"a","namespace":"b","metadata":{"weight":"-1%"}}`, "no share of the traffic"},
		"too long":            {`{"name":"` + strings.Repeat("a", MaxFlagger) + `"}`, "more than 131072"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFlagger([]byte(test.body))
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func FuzzParseFlagger(f *testing.F) {
	f.Add([]byte(body))
	f.Add([]byte(`{"name":"a","namespace":"b","metadata":{"weight":"1e-1"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseFlagger(data)
		if err != nil {
			require.Nil(t, c)
			require.LessOrEqual(t, len(BadCall(err).Body), maxSentence+1)
			return
		}
		require.NotEmpty(t, c.Subject().Service)
		require.True(t, c.Weight() >= 0 && c.Weight() <= 1)
		v := verdict(release.Promote, 1, release.Passed)
		v.Subject = c.Subject()
		for _, h := range Hooks {
			r := h.Answer(v, c.Weight())
			require.LessOrEqual(t, len(r.Body), maxSentence+1)
		}
		require.True(t, json.Valid(Argo(v).Body))
	})
}
