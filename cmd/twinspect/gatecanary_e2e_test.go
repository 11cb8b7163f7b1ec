//go:build e2e && linux

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	prometheusstand "twinspect.dev/fixtures/stand/prometheus"
	"twinspect.dev/fixtures/traffic"
	"twinspect.dev/release"
)

// canaries runs three canaries of the good branch beside their baseline. In two of them
// something is wrong that no answer shows: the place where they run.
func (g *gateSite) canaries(t *testing.T, good gathered) {
	if err := prometheusstand.Available(); err != nil {
		t.Skip(err)
	}
	faults := map[string][]string{
		"canary-good":   nil,
		"canary-errors": {"-fault", "error", "-fault-rate", "0.05"},
		"canary-slow":   {"-fault", "slow=150ms", "-fault-rate", "0.1"},
	}
	shops := []string{g.startShop(t, "-version", "base", "-metrics", "-app", "shop")}
	for service, fault := range faults {
		shops = append(shops, g.startShop(t, slices.Concat([]string{"-version", "branch", "-without", without(),
			"-metrics", "-app", service, "-track", "canary"}, fault)...))
	}
	var targets []prometheusstand.Target
	for _, url := range shops {
		targets = append(targets, prometheusstand.Target{Address: strings.TrimPrefix(url, "http://"), Job: "shops"})
		visit(t, url)
	}
	prom, err := prometheusstand.Start(t.Context(), prometheusstand.Options{Targets: targets, Interval: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, prom.Stop()) })
	require.NoError(t, prom.WaitFor(t.Context(), `count(http_requests_total{code="200",method="get"} > 0) == 4`))

	server := g.serve(t, "sqlite:"+g.path("canary.db"), "--prometheus", prom.URL())
	asked := make(map[string]*asker)
	for service := range faults {
		s := released(service, "canary")
		g.push(t, server.url, s, good[release.Diff])
		g.announce(t, server.url, s)
		asked[service] = g.keepAsking(t, server.url, s)
	}
	g.provenWorse(t, server.url, "canary-errors", "errors")
	g.provenWorse(t, server.url, "canary-slow", "slow")
	s := released("canary-good", "canary")
	v := g.becomes(t, server.url, s, release.Promote, release.Passed)
	t.Log(verdictText(v))
	g.everywhere(t, server.url, s, release.Promote)
	g.everywhere(t, server.url, released("canary-errors", "canary"), release.Rollback, "errors")
	for service, a := range asked {
		a.check(t, service == s.Service)
	}
	g.metricsAway(t, prom, server.url, s)
}

// metricsAway kills Prometheus until what it said is stale, and brings it back.
func (g *gateSite) metricsAway(t *testing.T, prom *prometheusstand.Server, server string, s release.Subject) {
	prom.Kill()
	v := g.becomes(t, server, s, release.Hold, release.Stale)
	assert.Equal(t, release.Canary, reasonOf(v, release.Stale).Kind, verdictText(v))
	g.everywhere(t, server, s, release.Hold, "canary")
	require.NoError(t, prom.Restart(t.Context()))
	v = g.becomes(t, server, s, release.Promote, release.Passed)
	assert.Nil(t, reasonOf(v, release.Stale), verdictText(v))
}

// rate is how many sessions of a customer, of 36 requests each, a shop has in a second.
const rate = 3

// visit has a shop visited as long as the test lasts.
func visit(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var visits sync.WaitGroup
	t.Cleanup(func() { cancel(); visits.Wait() })
	tick := time.NewTicker(time.Second / rate)
	visits.Go(func() {
		defer tick.Stop()
		for seed := uint64(1); ; seed++ {
			visits.Go(func() {
				// A visit ends early where the login fails.
				_, _ = traffic.Drive(ctx, url, traffic.Config{Seed: seed, Sessions: 1, Concurrency: 1})
			})
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

func (g *gateSite) announce(t *testing.T, server string, s release.Subject) {
	t.Helper()
	status, body := g.call(t, "ci", http.MethodPost, server+"/api/v1/deployments",
		`{"service":"`+s.Service+`","digest":"`+s.Digest+`","base_digest":"`+s.BaseDigest+`","environment":"production","branch":"main"}`)
	require.Equal(t, http.StatusCreated, status, string(body))
}

// provenWorse waits until a canary is rolled back, by the metric that is worse.
func (g *gateSite) provenWorse(t *testing.T, server, service, metric string) {
	t.Helper()
	v := g.becomes(t, server, released(service, "canary"), release.Rollback, release.Failed)
	r := reasonOf(v, release.Failed)
	assert.Equal(t, release.Canary, r.Kind, verdictText(v))
	assert.Equal(t, metric, r.Metric, verdictText(v))
	assert.NotEmpty(t, r.Change)
	status, body := g.call(t, "ci", http.MethodGet, server+"/api/v1/evidence/"+r.Evidence+"/document", "")
	assert.Equal(t, http.StatusOK, status, string(body))
	assert.True(t, slices.ContainsFunc(v.Reasons, func(r release.Reason) bool {
		return r.Kind == release.Diff && r.Code == release.Passed
	}), "the answers are as they were: %s", verdictText(v))
	t.Log(verdictText(v))
}

// asker asks each second, as tools do, and keeps what it was told.
type asker struct {
	mu       sync.Mutex
	verdicts []*release.Verdict
}

func (g *gateSite) keepAsking(t *testing.T, server string, s release.Subject) *asker {
	a := &asker{}
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	t.Cleanup(func() { cancel(); asking.Wait() })
	tick := time.NewTicker(time.Second)
	asking.Go(func() {
		defer tick.Stop()
		for {
			v, err := g.ask(ctx, server, s)
			if ctx.Err() != nil {
				return
			}
			if assert.NoError(t, err) {
				a.mu.Lock()
				a.verdicts = append(a.verdicts, v)
				a.mu.Unlock()
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return a
}

// check holds all answers against how it ended: promote only where all metrics were
// proven safe, and only where it is good; rollback only where it is not.
func (a *asker) check(t *testing.T, isGood bool) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.NotEmpty(t, a.verdicts)
	assert.Equal(t, release.Hold, a.verdicts[0].Decision, verdictText(a.verdicts[0]))
	ended := false
	for _, v := range a.verdicts {
		switch v.Decision {
		case release.Hold:
			assert.False(t, ended, "what is proven stays: %s", verdictText(v))
		case release.Promote:
			ended = true
			assert.True(t, isGood, verdictText(v))
			assert.True(t, slices.ContainsFunc(v.Reasons, func(r release.Reason) bool {
				return r.Kind == release.Canary && r.Code == release.Passed
			}), verdictText(v))
		case release.Rollback:
			ended = true
			assert.False(t, isGood, verdictText(v))
		}
	}
	t.Logf("asked %d times", len(a.verdicts))
}
