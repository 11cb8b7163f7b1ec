package dialect

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func object(t *testing.T, r Response) map[string]any {
	t.Helper()
	var got map[string]any
	require.NoError(t, json.Unmarshal(r.Body, &got))
	return got
}

// argoPhase is how Argo Rollouts v1.8.3 takes an answer under the conditions that
// [Argo] gives: metricproviders/webmetric/webmetric.go, Run: an error where the status
// is not 2xx, a success where the body is no JSON; utils/evaluate/evaluate.go,
// EvaluateResult for the rest.
func argoPhase(r Response) string {
	if r.Status < 200 || r.Status >= 300 {
		return "Error"
	}
	var result map[string]any
	if json.Unmarshal(r.Body, &result) != nil {
		return "Successful"
	}
	switch {
	case result["verdict"] == "rollback":
		return "Failed"
	case result["verdict"] == "promote":
		return "Successful"
	}
	return "Inconclusive"
}

func TestArgoTakesEveryVerdictForWhatItIs(t *testing.T) {
	phases := map[release.Decision]string{release.Promote: "Successful", release.Hold: "Inconclusive", release.Rollback: "Failed"}
	for name, v := range states() {
		assert.Equal(t, phases[decision(v)], argoPhase(Argo(v)), name)
	}
}

// kargoStatus is how Kargo takes an answer:
// pkg/promotion/runner/builtin/http_requester.go, run, in the main branch of 2026.
func kargoStatus(r Response, expressions bool) string {
	var body map[string]any
	if len(r.Body) > 2<<20 || json.Unmarshal(r.Body, &body) != nil {
		return "Errored"
	}
	switch ok := r.Status >= 200 && r.Status < 300; {
	case expressions && body["verdict"] == "rollback":
		return "Failed for good"
	case expressions && body["verdict"] == "promote", !expressions && ok:
		return "Succeeded"
	case expressions:
		return "Running"
	}
	return "Failed"
}

func TestKargoTakesEveryVerdictForWhatItIs(t *testing.T) {
	with := map[release.Decision]string{release.Promote: "Succeeded", release.Hold: "Running", release.Rollback: "Failed for good"}
	without := map[release.Decision]string{release.Promote: "Succeeded", release.Hold: "Failed", release.Rollback: "Failed"}
	for name, v := range states() {
		assert.Equal(t, with[decision(v)], kargoStatus(Kargo(v), true), name)
		assert.Equal(t, without[decision(v)], kargoStatus(Kargo(v), false), name)
	}
}

func TestTheKeysOfAnAnswerAreAlwaysThere(t *testing.T) {
	want := []string{"at", "base_digest", "digest", "hold", "max_percent", "max_weight", "more_reasons", "policy", "promote", "reasons", "rollback", "score", "service", "summary", "verdict"}
	for name, v := range states() {
		got := object(t, Argo(v))
		delete(got, "until")
		assert.Equal(t, want, slices.Sorted(maps.Keys(got)), name)
		assert.NotNil(t, got["reasons"], name)
	}
}

func TestExactlyOneDecisionIsTrue(t *testing.T) {
	for name, v := range states() {
		a := NewAnswer(v)
		set := 0
		for _, b := range []bool{a.Promote, a.Hold, a.Rollback} {
			if b {
				set++
			}
		}
		assert.Equal(t, 1, set, name)
		assert.Equal(t, map[release.Decision]int{release.Promote: 1, release.Hold: 0, release.Rollback: -1}[a.Verdict], a.Score, name)
		assert.True(t, a.MaxWeight >= 0 && a.MaxWeight <= 1, name)
		assert.False(t, a.Rollback && a.MaxWeight > 0, name)
	}
}

func TestWeightsAreRoundedDownToPercents(t *testing.T) {
	for share, want := range map[float64]int{0: 0, 0.005: 0, 0.29: 29, 0.57: 57, 0.999: 99, 1: 100, 7: 100} {
		assert.Equal(t, want, NewAnswer(verdict(release.Promote, share, release.Passed)).MaxPercent, share)
	}
}

func TestAnAnswerStaysSmallEnoughToBeKept(t *testing.T) {
	v := verdict(release.Hold, 0)
	long := strings.Repeat("<\"\\ä\x1b>", 10000)
	for range 1000 {
		v.Reasons = append(v.Reasons, release.Reason{Decision: release.Hold, Text: long, Change: long, Evidence: long})
	}
	v.Subject = release.Subject{Service: long, Digest: long, BaseDigest: long}
	v.Override = &release.Override{By: long}
	r := Argo(v)
	assert.Less(t, len(r.Body), 20<<10)
	assert.Equal(t, 990, NewAnswer(v).More)
	assert.False(t, bytes.ContainsRune(r.Body, '\x1b'))
	assert.Equal(t, http.StatusOK, r.Status)
}

func TestWeightsAreShares(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "0": 0, "20%": 0.2, "0.2": 0.2, "1": 1, "100%": 1, "1%": 0.01} {
		got, err := ParseWeight(text)
		require.NoError(t, err, text)
		assert.InDelta(t, want, got, 1e-12, text)
	}
	for _, text := range []string{"20", "1.01", "101%", "-0.1", "NaN", "Inf", "%", "0.2 ", "a", "1e999"} {
		_, err := ParseWeight(text)
		assert.ErrorContains(t, err, "write 20% or 0.2", text)
	}
}
