package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
)

// interruptedAt serves a catalog of which the n-th request is never answered: it
// interrupts the run.
func interruptedAt(t *testing.T, n int32) (ctx context.Context, address string, asked *atomic.Int32) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	asked = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == n {
			interrupt()
			<-r.Context().Done()
			return
		}
		answerJSON(w, http.StatusOK, map[string]any{"id": "p-shelf", "name": "Lamp", "stock": map[string]any{"quantity": 3}})
	}))
	t.Cleanup(s.Close)
	return ctx, s.URL, asked
}

func TestAnInterruptedVerificationLeavesWhatWasDone(t *testing.T) {
	ctx, provider, asked := interruptedAt(t, 2)
	dir, out := t.TempDir(), t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(productPact), 0o600))
	}
	r := twinspect(ctx, "contract-run", dir, "--provider", provider, "--report", out)
	require.Equal(t, 130, r.code, r.stdout+r.stderr)
	assert.Equal(t, int32(2), asked.Load(), "nothing is asked after the interrupt")
	data, err := os.ReadFile(filepath.Join(out, "evidence.json"))
	require.NoError(t, err)
	e, err := report.Read(strings.NewReader(string(data)))
	require.NoError(t, err)
	assert.Equal(t, contract.Interrupted, e.Verdict)
	assert.Equal(t, map[verify.Outcome]int{verify.Passed: 1, verify.NotRun: 3}, e.Counts)
	assert.NoError(t, e.Account.Balance())
	assert.Equal(t, uint64(3), e.Account[0].Dropped[verify.Stopped])
	for _, name := range []string{"report.html", "junit.xml", "summary.md"} {
		assert.FileExists(t, filepath.Join(out, name))
	}
}

func TestAnInterruptedVerificationPublishesNothing(t *testing.T) {
	s := newBrokerStand(t)
	s.publishProduct(t)
	ctx, provider, _ := interruptedAt(t, 1)
	r := inEnv(ctx, map[string]string{"PACT_BROKER_BASE_URL": s.URL, "PACT_BROKER_TOKEN": brokerToken},
		"contract-run", "--provider-name", "catalog", "--publish-version", "7", "--provider", provider)
	require.Equal(t, 130, r.code, r.stdout+r.stderr)
	assert.Empty(t, s.results)
}
