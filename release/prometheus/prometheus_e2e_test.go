//go:build e2e

package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metrics "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	prometheusstand "twinspect.dev/fixtures/stand/prometheus"
	"twinspect.dev/release"
)

func stand(t *testing.T, o prometheusstand.Options) *prometheusstand.Server {
	t.Helper()
	if err := prometheusstand.Available(); err != nil {
		t.Skip(err)
	}
	s, err := prometheusstand.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// service is a process of ours with metrics, that can begin anew.
type service struct {
	http.Handler
	requests *metrics.CounterVec
	seconds  metrics.Histogram
}

func newService() *service {
	registry := metrics.NewRegistry()
	s := &service{Handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		requests: metrics.NewCounterVec(metrics.CounterOpts{Name: "requests_total"}, []string{"code"}),
		seconds:  metrics.NewHistogram(metrics.HistogramOpts{Name: "seconds", Buckets: []float64{0.1, 0.5}})}
	registry.MustRegister(s.requests, s.seconds)
	s.requests.WithLabelValues("200")
	return s
}

func (s *service) serve(code string, n int, seconds float64) {
	s.requests.WithLabelValues(code).Add(float64(n))
	for range n {
		s.seconds.Observe(seconds)
	}
}

func TestARealServerThatScrapesServicesOfOurs(t *testing.T) {
	var canary atomic.Pointer[service]
	canary.Store(newService())
	base := newService()
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { canary.Load().ServeHTTP(w, r) }))
	t.Cleanup(c.Close)
	b := httptest.NewServer(base)
	t.Cleanup(b.Close)
	s := stand(t, prometheusstand.Options{Targets: []prometheusstand.Target{
		{Address: strings.TrimPrefix(c.URL, "http://"), Labels: map[string]string{"track": "canary"}},
		{Address: strings.TrimPrefix(b.URL, "http://"), Labels: map[string]string{"track": "stable"}},
	}})
	require.NoError(t, s.WaitFor(t.Context(), `count(requests_total) == 2`))
	from := time.Now()
	canary.Load().serve("200", 90, 0.05)
	canary.Load().serve("500", 7, 0.3) // the first of its kind
	base.serve("200", 1000, 0.2)
	seen := func(query string) { t.Helper(); require.NoError(t, s.WaitFor(t.Context(), query)) }
	seen(`requests_total{track="canary",code="500"} == 7`)
	seen(`requests_total{track="stable"} == 1000`)
	middle := time.Now()
	again := newService()
	again.serve("200", 5, 0.05)
	canary.Store(again)
	seen(`requests_total{track="canary",code="200"} == 5`)
	canary.Load().serve("200", 11, 2)
	seen(`requests_total{track="canary",code="200"} == 16`)
	to := time.Now()

	client, err := New(Options{URL: s.URL()})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	p := &release.CanaryPolicy{Canary: `track="canary",job="$service"`, Baseline: `track="stable"`, Metrics: []release.MetricPolicy{
		{Name: "errors", Counter: "requests_total", Bad: `code=~"5.."`},
		{Name: "slow", Histogram: "seconds", Above: 100 * time.Millisecond},
		{Name: "p99", Histogram: "seconds", Quantile: 0.99},
	}, Capacity: &release.CapacityPolicy{Requests: "requests_total", Usage: `scalar(up{track="canary"}) / 2`, Target: 0.5}}
	whole, err := client.Look(t.Context(), p, Target{Service: "test"}, from, to)
	require.NoError(t, err)
	for _, o := range whole {
		require.Empty(t, o.Problems)
		require.EqualValues(t, 90+7+5+11, o.Canary.Total, o.Metric)
		require.EqualValues(t, 1000, o.Baseline.Total, o.Metric)
		require.Equal(t, 1, o.Canary.Resets, o.Metric)
		require.Positive(t, o.Capacity)
	}
	require.EqualValues(t, 7, whole[0].Canary.Bad)
	require.EqualValues(t, 7+11, whole[1].Canary.Bad)
	require.EqualValues(t, 1000, whole[1].Baseline.Bad)
	require.Equal(t, []release.Bucket{{Bound: 0.1, Count: 95}, {Bound: 0.5, Count: 7}, {Count: 11}}, whole[2].Canary.Buckets)

	left, err := client.Look(t.Context(), p, Target{Service: "test"}, from, middle)
	require.NoError(t, err)
	right, err := client.Look(t.Context(), p, Target{Service: "test"}, middle, to)
	require.NoError(t, err)
	for i := range whole {
		require.Equal(t, whole[i].Canary.Total, left[i].Canary.Total+right[i].Canary.Total)
		require.Equal(t, whole[i].Canary.Bad, left[i].Canary.Bad+right[i].Canary.Bad)
	}

	p.Canary = `track=="canary"`
	_, err = client.Look(t.Context(), p, Target{}, from, to)
	var rejected *Rejected
	require.ErrorAs(t, err, &rejected)
	s.Kill()
	p.Canary = `track="canary"`
	_, err = client.Look(t.Context(), p, Target{}, from, to)
	var away *Unavailable
	require.ErrorAs(t, err, &away)
}

func TestARealServerWithHoursOfAKnownPast(t *testing.T) {
	const scrape = 15
	begin := time.Now().Add(-30 * time.Hour).Truncate(time.Minute)
	var past strings.Builder
	past.WriteString("# TYPE n counter\n")
	line := func(labels string, i int, at time.Time) {
		fmt.Fprintf(&past, "n_total{%s} %d %d\n", labels, i, at.Unix())
	}
	for _, side := range []string{"canary", "stable"} {
		for at := 0; at <= 6*60*60; at += scrape { // three requests a second, restarted each hour
			line(`track="`+side+`"`, 3*(at%3600), begin.Add(time.Duration(at)*time.Second))
		}
	}
	past.WriteString("# EOF\n")
	s := stand(t, prometheusstand.Options{Past: past.String()})
	client, err := New(Options{URL: s.URL()})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	p := &release.CanaryPolicy{Canary: `track="canary"`, Baseline: `track="stable"`, Metrics: []release.MetricPolicy{{Name: "n", Counter: "n_total"}}}
	look := func(from, to time.Duration) release.Counts {
		t.Helper()
		all, err := client.Look(t.Context(), p, Target{}, begin.Add(from), begin.Add(to))
		require.NoError(t, err)
		require.Empty(t, all[0].Problems)
		require.Equal(t, all[0].Canary, all[0].Baseline)
		return all[0].Canary
	}
	// Each restart loses what was counted after the last scrape before it: 45.
	require.EqualValues(t, 3*4*3600-4*45, look(30*time.Minute, 4*time.Hour+30*time.Minute).Total)
	var sum uint64
	for at := 30 * time.Minute; at < 4*time.Hour+30*time.Minute; at += 7*time.Minute + 30*time.Second {
		sum += look(at, at+7*time.Minute+30*time.Second).Total
	}
	require.EqualValues(t, 3*4*3600-4*45, sum)
	require.Equal(t, 1, look(50*time.Minute, 70*time.Minute).Resets)

	p.Baseline, p.History = "", 3*time.Hour
	all, err := client.Look(t.Context(), p, Target{}, begin.Add(5*time.Hour+10*time.Minute), begin.Add(5*time.Hour+40*time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 3*1800, all[0].Baseline.Total)
}
