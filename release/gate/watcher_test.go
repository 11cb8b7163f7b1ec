package gate_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/prometheus"
	"twinspect.dev/release/store"
)

const watchText = `version: 1
name: shop
services: [catalog]
require:
  canary: {max_age: 2m, any_base: true}
canary:
  every: 10s
  sides: {baseline: 'track="stable"', canary: 'track="canary"'}
  metrics: [{name: errors, counter: http_requests_total, bad: 'code=~"5.."', allow: 1%}]
`

// counters answers as a server of metrics that counts ten requests a second on either
// side, none of them bad.
type counters struct {
	mu    sync.Mutex
	away  bool
	looks int
}

func (c *counters) Look(_ context.Context, p *release.CanaryPolicy, _ prometheus.Target, from, to time.Time) ([]release.Observation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	if c.away {
		return nil, errors.New("prometheus is away")
	}
	n := uint64(10 * to.Sub(from).Seconds())
	counts := release.Counts{Total: n, Series: 1}
	return []release.Observation{{Metric: p.Metrics[0].Name, From: from, To: to, Canary: counts, Baseline: counts, Weight: 0.5}}, nil
}

func (c *counters) set(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// watching runs a test in a bubble, with a gate whose canaries are watched.
func watching(t *testing.T, f func(t *testing.T, g *gate.Gate, s *store.Store, c *counters)) {
	path := filepath.Join(t.TempDir(), "gate.db")
	policy := writeFile(t, "gate.yaml", watchText)
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		policies, err := gate.LoadPolicies(policy)
		require.NoError(t, err)
		f(t, gate.New(gate.Config{Store: s, Policies: policies}), s, &counters{})
	})
}

func watched(ctx context.Context, g *gate.Gate, c *counters, owner string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	w := &gate.Watcher{Gate: g, Looker: c, Owner: owner}
	running.Go(func() { w.Run(ctx) })
	return func() { cancel(); running.Wait() }
}

var canaried = release.Subject{Service: "catalog", Digest: image, BaseDigest: base}

// total counts the requests that were seen, and holds that no time was seen twice.
func total(t *testing.T, s *store.Store) (n uint64) {
	seen, err := s.Observations(t.Context(), canaried, time.Time{})
	require.NoError(t, err)
	var end time.Time
	for _, o := range seen {
		assert.False(t, o.From.Before(end), "looks do not overlap")
		end = o.To
		n += o.Canary.Total
	}
	return n
}

func TestACanaryIsWatchedUntilItIsProvenSafe(t *testing.T) {
	watching(t, func(t *testing.T, g *gate.Gate, s *store.Store, c *counters) {
		_, err := g.Announce(t.Context(), "ci", release.Deployment{Subject: canaried})
		require.NoError(t, err)
		defer watched(t.Context(), g, c, "one")()
		time.Sleep(prometheus.Settled - 2*time.Second)
		assert.Zero(t, total(t, s), "nothing is settled yet")
		ask := func() release.Verdict { return g.Ask(t.Context(), gate.Ask{Subject: canaried}) }
		assert.Equal(t, release.Hold, ask().Decision)
		time.Sleep(10 * time.Minute)
		v := ask()
		require.Equal(t, release.Promote, v.Decision, "%+v", v.Reasons)
		assert.InDelta(t, 10*600, total(t, s), 10*30, "looks add up")

		c.set(true)
		time.Sleep(3 * time.Minute)
		v = ask()
		assert.Equal(t, release.Hold, v.Decision)
		assert.Equal(t, release.Stale, v.Reasons[0].Code)
		c.set(false)
		time.Sleep(time.Minute)
		assert.Equal(t, release.Promote, ask().Decision)
		assert.InDelta(t, 10*840, total(t, s), 10*30, "what was missed is seen later")
	})
}

func TestTwoWatchersCountOnceAndOneTakesOver(t *testing.T) {
	watching(t, func(t *testing.T, g *gate.Gate, s *store.Store, c *counters) {
		_, err := g.Announce(t.Context(), "ci", release.Deployment{Subject: canaried})
		require.NoError(t, err)
		first := watched(t.Context(), g, c, "one")
		time.Sleep(time.Second)
		second := watched(t.Context(), g, c, "two")
		time.Sleep(5 * time.Minute)
		first()
		time.Sleep(5 * time.Minute)
		second()
		assert.InDelta(t, 10*600, total(t, s), 10*45)
		n := c.looks
		time.Sleep(time.Minute)
		assert.Equal(t, n, c.looks, "all has ended")
	})
}

func TestAMetricThatIsDefinedAnewCountsFromThen(t *testing.T) {
	watching(t, func(t *testing.T, g *gate.Gate, s *store.Store, c *counters) {
		_, err := g.Announce(t.Context(), "ci", release.Deployment{Subject: canaried})
		require.NoError(t, err)
		defer watched(t.Context(), g, c, "one")()
		time.Sleep(10 * time.Minute)
		rewrite(t, g, "5..", "[45]..")
		time.Sleep(31 * time.Second)
		seen, err := s.Observations(t.Context(), canaried, time.Time{})
		require.NoError(t, err)
		assert.NotEqual(t, seen[0].Definition, seen[len(seen)-1].Definition)
		v := g.Ask(t.Context(), gate.Ask{Subject: canaried})
		assert.Equal(t, release.Hold, v.Decision, "what was seen before is of another metric")
		assert.InDelta(t, 10*600, total(t, s), 10*45)
	})
}
