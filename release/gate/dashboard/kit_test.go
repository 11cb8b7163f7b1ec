package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/release"
	"twinspect.dev/release/canary"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/dashboard"
	"twinspect.dev/release/store"
)

func digest(n int) string { return "sha256:" + strings.Repeat(fmt.Sprintf("%08x", n*2654435761), 8) }

const policyText = `version: 1
name: shop
services: [catalog, cart, checkout, pricing, stock]
require:
  diff: {max_age: 24h, min_samples: 10, self_check: false}
  consumer: {max_age: 7d, optional: true}
  canary: {optional: true}
canary:
  every: 1m
  sides: {baseline: 'app="$service",track="stable"', canary: 'app="$service",track="canary"'}
  metrics:
    - {name: errors, counter: http_requests_total, bad: 'code=~"5.."', allow: 0.5%, min_samples: 200}
    - {name: p99, histogram: latency_seconds, quantile: 0.99, allow: 10%, min_samples: 200}
overrides: {by: [alice, bob], max: 24h, rollback: true}
`

// shop is a gate with what a day at a shop leaves in it.
type shop struct {
	*testing.T
	gate  *gate.Gate
	store *store.Store
	pages http.Handler
	now   time.Time
	ids   map[string]string // of evidence, by its file
}

func newShop(t *testing.T) *shop {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gate.yaml")
	require.NoError(t, os.WriteFile(file, []byte(policyText), 0o600))
	policies, err := gate.LoadPolicies(file)
	require.NoError(t, err)
	s := &shop{T: t, now: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC), ids: map[string]string{}}
	clock := func() time.Time { return s.now }
	s.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "gate.db"), store.Options{Now: clock})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	s.gate = gate.New(gate.Config{Store: s.store, Policies: policies, Now: clock, Changed: func(release.Record) {}, Log: slog.New(slog.DiscardHandler)})
	s.pages, err = dashboard.New(dashboard.Config{Gate: s.gate, Version: "1.4.0", Now: clock})
	require.NoError(t, err)
	return s
}

func (s *shop) after(d time.Duration) { s.now = s.now.Add(d) }

func (s *shop) announce(service string, n int, branch, environment string) release.Subject {
	s.Helper()
	subject := release.Subject{Service: service, Digest: digest(n), BaseDigest: digest(n - 1)}
	_, err := s.gate.Announce(context.Background(), "shop-pipeline", release.Deployment{
		Subject: subject, Environment: environment,
		Origin: release.Origin{Branch: branch, Commit: strings.Repeat(fmt.Sprintf("%x", n%16), 40), Pipeline: "release", Job: "deploy", URL: "https://ci.example/runs/" + fmt.Sprint(n)},
	})
	require.NoError(s, err)
	return subject
}

// push files a document of another package's tests, its times moved to now.
func (s *shop) push(path string, subject release.Subject) *release.Evidence {
	s.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(path)))
	require.NoError(s, err)
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	require.NoError(s, decoder.Decode(&document))
	document["started"], document["ended"] = s.now.Add(-20*time.Minute), s.now.Add(-time.Minute)
	data, err = json.Marshal(document)
	require.NoError(s, err)
	return s.pushBytes(data, subject)
}

func (s *shop) pushBytes(data []byte, subject release.Subject) *release.Evidence {
	s.Helper()
	e, _, err := s.gate.Push(context.Background(), "shop-pipeline", data, subject, release.Origin{Branch: "main", Commit: "4f1c9e0", URL: "https://ci.example/runs/7"})
	require.NoError(s, err)
	return e
}

// pushPass files a comparison without a difference.
func (s *shop) pushPass(subject release.Subject) {
	s.Helper()
	var b bytes.Buffer
	require.NoError(s, report.JSON(&b, &diff.Report{
		Tool: "twinspect 1.4.0", Started: s.now.Add(-time.Hour), Ended: s.now.Add(-time.Minute), Input: "traffic.twin",
		Verdict: diff.Pass, Reasons: []string{"no difference in 4,200 answers"}, Operations: []diff.Operation{{Name: "GET /stock/{id}", Compared: 4200}},
	}))
	s.pushBytes(b.Bytes(), subject)
}

func (s *shop) ask(subject release.Subject) release.Verdict {
	return s.gate.Ask(context.Background(), gate.Ask{Subject: subject, Weight: 0.1})
}

// watch files looks at a canary, one a minute, and what they are evidence of.
func (s *shop) watch(subject release.Subject, looks int, worse float64) {
	s.Helper()
	policy := s.gate.Policies().For(subject.Service)
	analysis := canary.New(policy.Canary, policy.Budget)
	for i := range looks {
		s.after(time.Minute)
		wave := 1 + 0.4*math.Sin(float64(i)/5)
		for _, o := range []release.Observation{
			{Metric: "errors", Canary: counts(int(100*wave), 0.01+worse), Baseline: counts(int(900*wave), 0.01)},
			{Metric: "p99", Canary: buckets(int(100*wave), 1+8*worse), Baseline: buckets(int(900*wave), 1)},
		} {
			o.From, o.To, o.Weight, o.Capacity = s.now.Add(-time.Minute), s.now, 0.1, 0.62
			_, err := s.store.Observe(context.Background(), subject, o)
			require.NoError(s, err)
			require.NoError(s, analysis.Observe(o))
		}
		if i%15 == 14 {
			var b bytes.Buffer
			require.NoError(s, canary.Write(&b, analysis.Evidence(subject, s.now)))
			s.pushBytes(b.Bytes(), subject)
			s.ask(subject)
		}
	}
}

func counts(n int, share float64) release.Counts {
	return release.Counts{Total: uint64(n), Bad: uint64(float64(n)*share + 0.5), Series: 2}
}

func buckets(n int, slower float64) release.Counts {
	c := release.Counts{Total: uint64(n), Series: 2}
	left := c.Total
	for _, b := range []struct{ bound, share float64 }{{0.05, 0.6}, {0.1, 0.25}, {0.25, 0.1}, {0.5, 0.04}} {
		take := min(uint64(float64(n)*b.share/slower), left)
		left -= take
		c.Buckets = append(c.Buckets, release.Bucket{Bound: b.bound, Count: take})
	}
	c.Buckets = append(c.Buckets, release.Bucket{Bound: 1, Count: left}, release.Bucket{})
	return c
}

const (
	diffDocument   = "diff/report/testdata/full-report.json"
	compatDocument = "contract/compat/report/testdata/typical-report.json"
	safeDocument   = "contract/compat/report/testdata/passing-report.json"
	pactDocument   = "contract/pact/report/testdata/typical-evidence.json"
	hostile        = "</script><img src=x onerror=alert(1)>\u202e\x1b[2J"
	catalog        = 7
)

// filled is a day at the shop: releases that ended well and badly, open ones in each
// state, evidence of each kind, overrides and an incident.
func filled(t *testing.T) *shop {
	s := newShop(t)
	ctx := context.Background()
	for i, service := range []string{"cart", "pricing", "checkout"} {
		old := s.announce(service, 20+i, "main", "production")
		s.ask(old)
		s.after(40 * time.Minute)
		require.NoError(t, s.gate.End(ctx, "flagger", old, i != 1))
	}
	bad := s.announce("cart", 40, "feature/discounts", "production")
	s.ask(bad)
	s.push(diffDocument, bad)
	s.push(compatDocument, bad)
	s.ask(bad)
	s.announce("checkout", 50, "main", "staging")
	s.push(pactDocument, bad)
	s.ask(bad)
	good := s.announce("stock", 70, "main", "production")
	s.pushPass(good)
	s.ask(good)
	held := s.announce("pricing", 60, "fix/rounding-of-prices-in-the-basket", "production")
	s.ask(held)
	s.push(safeDocument, held)
	s.after(10 * time.Minute)
	s.ask(held)
	now := s.announce("catalog", catalog, "feature/faster-search", "production")
	s.ask(now)
	s.ids["diff"] = s.push(diffDocument, now).ID
	s.ids["compat"] = s.push(compatDocument, now).ID
	s.ask(now)
	s.watch(now, 75, 0.002)
	o, err := s.gate.Override(ctx, "alice", release.Override{Service: "catalog", Digest: now.Digest, Decision: release.Promote,
		Reason: "the differences are the new currency, agreed in SHOP-412", Until: s.now.Add(2 * time.Hour)})
	require.NoError(t, err)
	s.ask(now)
	s.after(5 * time.Minute)
	require.NoError(t, s.gate.Revoke(ctx, "bob", o.ID, func(string) error { return nil }))
	s.ask(now)
	_, err = s.gate.Stop(ctx, "bob", release.Stop{Services: []string{"cart", "check*"}, Reason: "INC-2071: payments are slow, nobody deploys"})
	require.NoError(t, err)
	s.after(25 * time.Minute)
	s.ask(now)
	s.gate.Refused(ctx, "shop-pipeline", "override", "catalog")
	return s
}

// as returns the identity that a file of access gives a token.
func as(t testing.TB, scopes string) access.Identity {
	t.Helper()
	token, hash := access.New()
	file := filepath.Join(t.TempDir(), "access.yaml")
	require.NoError(t, os.WriteFile(file, []byte("version: 1\ntokens:\n  - name: carla\n    hash: "+hash.String()+"\n    scopes: "+scopes+"\n"), 0o600))
	k, err := access.Open(access.Options{Path: file, Audit: func(release.AuditEntry) {}})
	require.NoError(t, err)
	var id access.Identity
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("any", token)
	w := httptest.NewRecorder()
	k.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { id = access.From(r.Context()) })).ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	return id
}

const all = `[{services: "*", may: [read, audit]}]`

// get reads a page as an identity.
func (s *shop) get(id access.Identity, path string) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r.WithContext(access.With(r.Context(), id)))
	return w
}

func (s *shop) releaseOf(subject string) release.Release {
	s.Helper()
	r, err := s.store.Current(context.Background(), subject)
	require.NoError(s, err)
	return r
}
