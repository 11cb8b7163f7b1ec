package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

// interruptingAfter calls interrupt at the n-th request.
func interruptingAfter(n int64, interrupt func()) func(http.ResponseWriter, *http.Request) bool {
	var asked atomic.Int64
	return func(http.ResponseWriter, *http.Request) bool {
		if asked.Add(1) == n {
			interrupt()
		}
		return false
	}
}

// hang answers nothing until the other side is gone.
func hang(ctx context.Context, c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil || ctx.Err() != nil {
			return
		}
	}
}

func TestABudgetIsKeptByAHangingProvider(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	began := time.Now()
	e, r := contractRun(t, 1, spec, listens(t, hang), "--budget", "2s")
	assert.Less(t, time.Since(began), 15*time.Second, "ten times the budget would be minutes")
	assert.Contains(t, r.stderr, "is asked all the same")
	assert.Contains(t, causes(e)["answered GET /things"], "within 500ms")
	left := notRun(e)
	assert.Positive(t, left["budget"]+left["operation-hangs"], "%v", left)
}

func TestABudgetEndsEvenWhereOneAnswerMayTakeLonger(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	url := newThings(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/" {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not see a client leave
		<-r.Context().Done()
		return true
	})
	began := time.Now()
	e, _ := contractRun(t, 3, spec, url, "--budget", "1s", "--timeout", "5m")
	assert.Less(t, time.Since(began), 30*time.Second)
	assert.Empty(t, causes(e), "what was given up says nothing of the provider")
	assert.Equal(t, made(e), notRun(e)["budget"])
	require.NotEmpty(t, e.Reasons)
	assert.Contains(t, e.Reasons[0], "no case was asked to its end")
}

func TestABudgetIsUsedBeyondTheWrittenCases(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	once, _ := contractRun(t, 0, spec, newThings(t, nil), "--operation", "POST /things")
	longer, _ := contractRun(t, 0, spec, newThings(t, nil), "--operation", "POST /things", "--budget", "1s")
	assert.Greater(t, made(longer), made(once))
}

func TestOperationsAreToldWhereCountingTheirCasesTakesTooLong(t *testing.T) {
	p := &provided{
		src: &source{part: func(string) (contract.Part, error) {
			return contract.Part{Cases: make([]contract.Case, 3)}, nil
		}},
		gaps: map[string][]contract.Gap{},
	}
	for _, step := range []struct {
		operation string
		counted   time.Time
		want      int
	}{{"GET /a", time.Time{}, 3}, {"GET /a", recordedAt, 3}, {"GET /b", recordedAt, 0}} {
		p.counted = step.counted
		cases, err := p.cases(step.operation)
		require.NoError(t, err)
		assert.Len(t, cases, step.want, step.operation)
	}
	assert.Equal(t, 1, p.uncounted, "what was made once is counted whatever it takes")
}
