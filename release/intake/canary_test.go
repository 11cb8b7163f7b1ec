package intake_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
)

var policy = &release.CanaryPolicy{
	Every:   time.Minute,
	Metrics: []release.MetricPolicy{{Name: "errors", Counter: "requests_total", Bad: `code="5.."`, Allowed: 0.005}},
}

// looked is the evidence of n looks at a canary of whose 1,000 requests a look bad
// ones fail.
func looked(t testing.TB, n int, bad uint64) []byte {
	t.Helper()
	a := canary.New(policy, release.Budget{FalseRollback: 0.01, FalsePromote: 0.01})
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for range n {
		counts := release.Counts{Total: 1000, Bad: 1, Series: 1}
		worse := counts
		worse.Bad = bad
		require.NoError(t, a.Observe(release.Observation{Metric: "errors", From: at, To: at.Add(time.Minute), Canary: worse, Baseline: counts, Capacity: 0.4}))
		at = at.Add(time.Minute)
	}
	var b bytes.Buffer
	require.NoError(t, canary.Write(&b, a.Evidence(subject, at)))
	return b.Bytes()
}

func TestEvidenceOfACanaryNamesItsOwnSubject(t *testing.T) {
	e, err := intake.Read(looked(t, 30, 300))
	require.NoError(t, err)
	assert.Equal(t, release.Canary, e.Kind)
	assert.Equal(t, subject, e.Subject)
	assert.Equal(t, release.Fail, e.Outcome)
	assert.EqualValues(t, 30_000, e.Samples)
	assert.EqualValues(t, 30, e.Losses.Seen)
	assert.InDelta(t, 0.4, e.MaxWeight, 1e-9)
	require.Len(t, e.Metrics, 1)
	assert.Equal(t, release.Worse, e.Metrics[0].Trend)
}

func TestACanaryThatWasNotLookedAtIsAsOldAsItsDocument(t *testing.T) {
	e, err := intake.Read(looked(t, 0, 0))
	require.NoError(t, err)
	assert.Equal(t, release.Inconclusive, e.Outcome)
	assert.Equal(t, time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), e.Ended)
}

func TestAStatementOfAnotherImageThanItsEvidenceIsForged(t *testing.T) {
	for says, s := range map[string]release.Subject{
		"service":     {Service: "basket", Digest: subject.Digest},
		"digest":      {Service: subject.Service, Digest: subject.BaseDigest},
		"base digest": {Service: subject.Service, Digest: subject.Digest, BaseDigest: subject.Digest},
	} {
		envelope, err := statement.Wrap(looked(t, 3, 1), s, release.Origin{})
		require.NoError(t, err)
		data, err := envelope.JSON()
		require.NoError(t, err)
		_, err = intake.Read(data)
		require.ErrorIs(t, err, intake.ErrContradicts)
		require.ErrorContains(t, err, "the statement's "+says)
	}
}
