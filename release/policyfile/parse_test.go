package policyfile

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tables need the zones, wherever they run

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/run"
	"twinspect.dev/diff/selfcheck"
	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

func berlin(t *testing.T, text string) time.Time {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at, err := time.ParseInLocation(time.DateTime, text, zone)
	require.NoError(t, err)
	return at
}

func TestAPolicyIsReadWhole(t *testing.T) {
	p, err := Read("testdata/shop.yaml")
	require.NoError(t, err)
	until := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	want := &release.Policy{
		Name: "shop", Services: []string{"catalog", "cart-*"}, Skew: time.Minute, Digest: p.Digest,
		Requirements: []release.Requirement{
			{
				Kind: release.Diff, Line: 5, MaxAge: day, MinSamples: 500, MaxLost: 0.01, SelfCheck: true, MaxMissed: 0.05, Signed: true,
				Operations: []release.OperationRule{
					{Line: 12, Match: "GET /products/*", MinSamples: 100, Required: true, MaxSuspects: -1},
					{Line: 13, Match: "POST /ads", MaxRegressions: 2, MaxSuspects: -1, Reason: "prices of ads are rounded anew", Until: until},
				},
			},
			{Kind: release.Provider, Line: 17, MaxAge: 7 * day, MinSamples: 1, MaxLost: 0.05, Signed: true, Signers: []string{"ci"}},
			{Kind: release.Consumer, Line: 18, MaxAge: 7 * day, MinSamples: 1, MaxLost: 0.05, Optional: true},
			{Kind: release.Canary, Line: 19, MaxAge: 10 * time.Minute, MinSamples: 1, MaxLost: 0.05},
		},
		Canary: &release.CanaryPolicy{
			Every: 30 * time.Second, Window: 10 * time.Minute, History: 7 * day,
			Baseline: `app="$service",track="stable"`, Canary: `app="$service",track="canary"`,
			Metrics: []release.MetricPolicy{
				{Line: 27, Name: "errors", Counter: "http_requests_total", Bad: `code=~"5.."`, Allowed: 0.005, MinSamples: 200},
				{Line: 28, Name: "slow", Histogram: "http_request_duration_seconds", Unit: time.Second, Above: 300 * time.Millisecond, Allowed: 0.01, MinSamples: 100},
				{Line: 29, Name: "p99", Histogram: "latency_milliseconds", Unit: time.Millisecond, Quantile: 0.99, Allowed: 0.1, MinSamples: 100},
			},
			Capacity: &release.CapacityPolicy{Requests: "http_requests_total", Usage: `max(container_cpu_used{app="$service"} / container_cpu_limit{app="$service"})`, Target: 0.7},
		},
		Budget:    release.Budget{FalseRollback: 0.01, FalsePromote: 0.05, MaxHold: 2 * time.Hour, MaxTraffic: 0.5},
		Overrides: release.OverridePolicy{By: []string{"alice", "bob"}, Max: 4 * time.Hour},
	}
	assert.Empty(t, cmp.Diff(want, p, cmpopts.EquateApproxTime(0), cmpopts.IgnoreFields(release.Policy{}, "Freeze")))
	assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, p.Digest)

	require.Len(t, p.Freeze, 2)
	until, open := p.Freeze[0].Open(berlin(t, "2026-11-28 12:00:00"))
	assert.True(t, open, "Saturday")
	assert.True(t, until.Equal(berlin(t, "2026-11-30 06:00:00")), until)
	assert.Equal(t, window.Window{Name: "year-end", Line: 37, Services: []string{"cart-*"}, From: p.Freeze[1].From, To: p.Freeze[1].To}, p.Freeze[1])
	assert.True(t, p.Freeze[1].From.Equal(berlin(t, "2026-12-20 00:00:00")))
	assert.True(t, p.Freeze[1].To.Equal(berlin(t, "2027-01-03 00:00:00")), "the last day is part of it")
}

func TestAPolicyThatCannotBeReadIsToldSo(t *testing.T) {
	_, err := Read("testdata/none.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWhatIsLeftOutIsAsTheDocumentationSays(t *testing.T) {
	p, err := Parse("f", []byte("version: 1\nname: a\nservices: a\nrequire: {diff: {}}\n"))
	require.NoError(t, err)
	p.Digest = ""
	assert.Equal(t, &release.Policy{
		Name: "a", Services: []string{"a"}, Skew: time.Minute,
		Requirements: []release.Requirement{{
			Kind: release.Diff, Line: 4, MaxAge: 24 * time.Hour, MinSamples: 1, SelfCheck: true,
			MaxLost: run.DefaultMaxLoss, MaxMissed: selfcheck.DefaultMaxMissed,
		}},
		Budget:    release.Budget{FalseRollback: 0.01, FalsePromote: 0.05, MaxTraffic: 1},
		Overrides: release.OverridePolicy{Max: 24 * time.Hour},
	}, p)
}

func TestAllMistakesAreTold(t *testing.T) {
	_, err := Parse("p.yaml", []byte(strings.TrimLeft(`
version: 1
namme: shop
services: []
require:
  dif: {}
  diff: {max_age: 24, max_lost: 5, self_check: 3}
budget: {false_rollback: 0}
`, "\n")))
	var all Errors
	require.True(t, errors.As(err, &all))
	var lines []int
	for _, e := range all {
		lines = append(lines, e.Line)
	}
	assert.Equal(t, []int{1, 2, 3, 5, 6, 6, 6, 7}, lines, err.Error())
	assert.ErrorContains(t, err, `p.yaml:2:1: unknown key "namme" in the rule file (did you mean "name"?)`)
}
