package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/canary"
)

const canaryPolicy = `version: 1
name: shop
services: [catalog]
require:
  canary: {}
canary:
  every: 30s
  sides: {baseline: 'app="$service",track="stable",namespace="$namespace"', canary: 'app="$service",track="canary",namespace="$namespace"'}
  metrics:
    - {name: errors, counter: http_requests_total, bad: 'code=~"5.."', allow: 1%}
`

// trackStand speaks the API of Prometheus: each track answers a hundred requests a
// second, of which a share is bad.
type trackStand struct {
	*httptest.Server
	bad   float64 // of the canary; of the baseline it is a thousandth
	asked atomic.Int32
	first func(n int32, w http.ResponseWriter, r *http.Request) bool // reports whether it has answered
}

func newTrackStand(t *testing.T, bad float64) *trackStand {
	t.Helper()
	s := &trackStand{bad: bad, first: func(int32, http.ResponseWriter, *http.Request) bool { return false }}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.first(s.asked.Add(1), w, r) {
			s.answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

var spanOf = regexp.MustCompile(`\[(\d+)ms\]`)

func (s *trackStand) answer(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/labels") {
		answerJSON(w, http.StatusOK, map[string]any{"status": "success", "data": []string{}})
		return
	}
	query := r.FormValue("query")
	at, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	kind, result := "vector", []any{}
	found := spanOf.FindStringSubmatch(query)
	if found != nil && !strings.HasPrefix(query, "last_over_time") {
		kind = "matrix"
	}
	if found != nil && strings.Contains(query, "http_requests_total") && strings.Contains(query, `namespace="shop"`) {
		span, _ := strconv.ParseFloat(found[1], 64)
		track, share := "stable", 0.001
		if strings.Contains(query, `track="canary"`) {
			track, share = "canary", s.bad
		}
		if !strings.Contains(query, "code=~") {
			result = append(result, counter(kind, track, "200", 100*(1-share), at-span/1000, at))
		}
		result = append(result, counter(kind, track, "500", 100*share, at-span/1000, at))
	}
	answerJSON(w, http.StatusOK, map[string]any{"status": "success", "data": map[string]any{"resultType": kind, "result": result}})
}

// counter is a series that grows at a rate, with a sample each five seconds.
func counter(kind, track, code string, rate, from, to float64) map[string]any {
	out := map[string]any{"metric": map[string]string{"__name__": "http_requests_total", "track": track, "code": code}}
	var values [][2]any
	for at := math.Ceil(from/5) * 5; at <= to; at += 5 {
		values = append(values, [2]any{at, fmt.Sprint(math.Floor(rate * (at - 1.7e9)))})
	}
	if kind == "vector" {
		out["value"] = values[len(values)-1]
	} else {
		out["values"] = values
	}
	return out
}

func watching(t *testing.T, url string, more ...string) []string {
	t.Helper()
	return append(of("canary-run", "--policy", writeText(t, "canary.yaml", canaryPolicy), "--prometheus", url, "--namespace", "shop"), more...)
}

func TestACanaryIsWatchedUntilItIsProven(t *testing.T) {
	for name, test := range map[string]struct {
		bad      float64
		back     string
		code     int
		outcome  release.Outcome
		decision string
	}{
		"good":    {0.001, "1h", 0, release.Pass, "PROMOTE"},
		"bad":     {0.2, "1h", 1, release.Fail, "ROLLBACK"},
		"unclear": {0.0105, "1m", 3, release.Inconclusive, "HOLD"},
	} {
		t.Run(name, func(t *testing.T) {
			s, out := newTrackStand(t, test.bad), filepath.Join(t.TempDir(), "canary.json")
			r := releaseCommand(t.Context(), nil, watching(t, s.URL, "--since", test.back, "--for", "0s", "-o", out)...)
			require.Equal(t, test.code, r.code, r.stdout+r.stderr)
			assert.True(t, strings.HasPrefix(r.stdout, string(test.outcome)+"\n"), r.stdout)
			assert.Regexp(t, `errors\s+\w+\s+[\d.]+%\s+0\.1%`, r.stdout)

			d, err := canary.Read(strings.NewReader(contentOf(t, out)))
			require.NoError(t, err)
			assert.Equal(t, test.outcome, d.Outcome)
			assert.Equal(t, subjectOf, d.Subject)
			verdict := releaseCommand(t.Context(), nil, of("gate", "--policy", writeText(t, "gate.yaml", canaryPolicy), "--evidence", out)...)
			assert.Equal(t, test.code, verdict.code, verdict.stdout+verdict.stderr)
			assert.Contains(t, verdict.stdout, test.decision)

			form := releaseCommand(t.Context(), nil, watching(t, s.URL, "--since", test.back, "--for", "0s", "--json")...)
			_, err = canary.Read(strings.NewReader(form.stdout))
			assert.NoError(t, err)
		})
	}
}

func TestACanaryThatNobodyMeasuresIsNotSafe(t *testing.T) {
	s := newTrackStand(t, 0)
	r := releaseCommand(t.Context(), nil, of("canary-run", "--policy", writeText(t, "canary.yaml", canaryPolicy), "--prometheus", s.URL, "--namespace", "other", "--since", "1h", "--for", "0s")...)
	assert.Equal(t, 3, r.code, r.stderr)
	assert.Contains(t, r.stdout, "inconclusive\n")
	nowhere := releaseCommand(t.Context(), nil, of("canary-run", "--policy", writeText(t, "canary.yaml", canaryPolicy), "--prometheus", s.URL, "--since", "1h", "--for", "0s")...)
	assert.Equal(t, 2, nowhere.code)
	assert.Contains(t, nowhere.stderr, "namespace")
}

func TestAPrometheusThatIsAwayIsWaitedForAndDecidesNothing(t *testing.T) {
	gone := releaseCommand(t.Context(), nil, watching(t, noGate(), "--since", "1h", "--for", "0s")...)
	assert.Equal(t, 3, gone.code)
	assert.Contains(t, gone.stderr, "cannot be asked")
	assert.Empty(t, gone.stdout, "nothing was seen")

	s := newTrackStand(t, 0.2)
	s.first = func(n int32, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 1
	}
	policy := writeText(t, "canary.yaml", strings.Replace(canaryPolicy, "every: 30s", "every: 1s", 1))
	r := releaseCommand(t.Context(), nil, of("canary-run", "--policy", policy, "--prometheus", s.URL, "--namespace", "shop", "--since", "1h", "--for", "1m")...)
	assert.Equal(t, 1, r.code, r.stdout+r.stderr)
	assert.Equal(t, 1, strings.Count(r.stderr, "watching: "), r.stderr)
}

func TestAPrometheusThatAnswersGarbageDecidesNothing(t *testing.T) {
	for body, code := range map[string]int{
		"<html>": 3, "{}": 3, `{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`: 3,
		`{"status":"error","errorType":"bad_data","error":"parse error"}`: 2,
	} {
		status := http.StatusOK
		if strings.Contains(body, "bad_data") {
			status = http.StatusBadRequest
		}
		r := releaseCommand(t.Context(), map[string]string{"T": "hush-hush-hush"},
			watching(t, answersWith(t, status, "application/json", body), "--since", "1h", "--for", "0s", "--prometheus-header", "Authorization: Bearer env:T")...)
		assert.Equal(t, code, r.code, "%s: %s", body, r.stderr)
		assert.NotEmpty(t, r.stderr)
		assert.NotContains(t, r.stdout+r.stderr, "hush-hush")
	}
}

func TestAnInterruptedWatchLeavesWhatWasSeen(t *testing.T) {
	s, out := newTrackStand(t, 0.0105), filepath.Join(t.TempDir(), "canary.json")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var looked atomic.Int32
	s.first = func(_ int32, _ http.ResponseWriter, r *http.Request) bool {
		// The look back of a minute is seen; what comes next is not.
		at, _ := strconv.ParseFloat(r.FormValue("time"), 64)
		if at > float64(time.Now().Add(-25*time.Second).Unix()) && looked.Add(1) > 4 {
			interrupt()
			<-r.Context().Done()
			return true
		}
		return false
	}
	policy := writeText(t, "canary.yaml", strings.Replace(canaryPolicy, "every: 30s", "every: 1s", 1))
	r := releaseCommand(ctx, nil, of("canary-run", "--policy", policy, "--prometheus", s.URL, "--namespace", "shop", "--since", "1m", "--for", "1h", "-o", out)...)
	require.Equal(t, 130, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stderr, "interrupted")
	d, err := canary.Read(strings.NewReader(contentOf(t, out)))
	require.NoError(t, err)
	assert.Equal(t, release.Inconclusive, d.Outcome)
	assert.NotZero(t, d.Looks.Used)
}

func TestWrongUsageOfCanaryRunSaysWhatIsWanted(t *testing.T) {
	policy, without := writeText(t, "canary.yaml", canaryPolicy), writeText(t, "gate.yaml", catalogPolicy)
	for _, test := range []struct {
		args []string
		want string
	}{
		{of("canary-run"), "policy"},
		{of("canary-run", "--policy", policy, "--namespace", "shop"), "--prometheus URL"},
		{of("canary-run", "--policy", without, "--prometheus", "http://127.0.0.1:1"), "watches no canary"},
		{[]string{"canary-run", "--policy", policy, "--prometheus", "http://127.0.0.1:1"}, "--service NAME and --digest"},
		{watching(t, "prometheus:9090"), "http://"},
		{watching(t, "http://127.0.0.1:1", "--for", "-1s"), "no negative time"},
		{watching(t, "http://127.0.0.1:1", "--for", "10s"), "want more than 20s together"},
		{watching(t, "http://127.0.0.1:1", "--prometheus-header", "Authorization: Bearer hush-hush"), "env:NAME or file:PATH"},
		{watching(t, "http://127.0.0.1:1", "--prometheus-ca", policy), "canary.yaml"},
		{watching(t, "http://127.0.0.1:1", "more"), "unknown"},
	} {
		r := releaseCommand(t.Context(), nil, test.args...)
		assert.Equal(t, 2, r.code, "%v: %s", test.args, r.stderr)
		assert.Contains(t, r.stderr, test.want, "%v", test.args)
		assert.NotContains(t, r.stderr, "hush-hush")
	}
}
