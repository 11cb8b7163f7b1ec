//go:build e2e

package gate_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	postgresstand "twinspect.dev/fixtures/stand/postgres"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/client"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/store"
)

const replicaPolicy = `version: 1
name: shop
services: [catalog, "case-*"]
require:
  diff: {max_age: 24h, min_samples: 100, self_check: false}
overrides: {by: [alice], max: 4h}
`

const replicaToken = "twg_alice-with-all-of-the-scopes-of-the-gate"

// replicaTimeout bounds an answer of a replica.
const replicaTimeout = 3 * time.Second

// replica is a gate of its own process but for that: its store, policies, server and
// client are its own.
type replica struct {
	*client.Client
	url string
}

// replicas starts two of them on a real PostgreSQL. Their clock stands still where it
// is set to.
func replicas(t *testing.T) (db *postgresstand.Server, one, two *replica, h *harness) {
	t.Helper()
	if err := postgresstand.Available(); err != nil {
		t.Skip(err)
	}
	db, err := postgresstand.Start(t.Context(), postgresstand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Stop()) })
	h = &harness{now: time.Now().UTC().Truncate(time.Second)}
	return db, newReplica(t, db.URL(), h), newReplica(t, db.URL(), h), h
}

func newReplica(t *testing.T, database string, h *harness) *replica {
	t.Helper()
	now := func() time.Time { return h.now }
	s, err := store.Open(t.Context(), database, store.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	policies, err := gate.LoadPolicies(writeFile(t, "gate.yaml", replicaPolicy))
	require.NoError(t, err)
	keeper, err := access.Open(access.Options{Path: writeFile(t, "access.yaml", fmt.Sprintf(`version: 1
tokens:
  - {name: alice, hash: %s, scopes: [{services: "*", may: [ask, push, override, stop, announce, read, policy, audit]}]}
limits: {identity: 100000, total: 100000, body: 64}
`, access.HashOf(replicaToken)))})
	require.NoError(t, err)
	ending := make(chan struct{})
	api := rest.New(rest.Config{Gate: gate.New(gate.Config{Store: s, Policies: policies, Now: now}), Timeout: replicaTimeout, Ending: ending})
	server := httptest.NewServer(keeper.Middleware(api))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ending) })
	c, err := client.New(client.Config{URL: server.URL, Token: replicaToken})
	require.NoError(t, err)
	return &replica{c, server.URL}
}

// decides holds that a replica gives a verdict for a reason.
func (r *replica) decides(t *testing.T, want release.Decision, code release.Code) {
	t.Helper()
	began := time.Now()
	v, err := r.Ask(t.Context(), subject, 0)
	require.NoError(t, err)
	require.Less(t, time.Since(began), replicaTimeout+2*time.Second)
	require.Equal(t, want, v.Decision, "%+v", v.Reasons)
	require.Equal(t, code, v.Reasons[0].Code, "%+v", v.Reasons)
}

// text is the answer to a question, byte for byte.
func (r *replica) text(t *testing.T, q url.Values) string {
	t.Helper()
	answer := r.get(t, "/api/v1/verdict?"+q.Encode(), "")
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", data)
	return string(data)
}

func (r *replica) get(t *testing.T, target, after string) *http.Response {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+target, http.NoBody)
	require.NoError(t, err)
	ask.Header.Set("Authorization", "Bearer "+replicaToken)
	if after != "" {
		ask.Header.Set("Last-Event-ID", after)
	}
	answer, err := http.DefaultClient.Do(ask)
	require.NoError(t, err)
	return answer
}

func TestWhatOneReplicaIsToldTheOtherKnowsAtOnce(t *testing.T) {
	_, one, two, h := replicas(t)
	ctx := t.Context()
	both := func(want release.Decision, code release.Code) {
		t.Helper()
		for range 2 { // decided, and then remembered
			two.decides(t, want, code)
			one.decides(t, want, code)
		}
	}
	both(release.Hold, release.Missing)
	_, err := one.Push(ctx, compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	both(release.Promote, release.Passed)
	again, err := two.Push(ctx, compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	assert.False(t, again.Added, "the other one has it")

	stop, err := two.Stop(ctx, []string{"cat*"}, "an incident")
	require.NoError(t, err)
	both(release.Hold, release.Stopped)
	require.NoError(t, one.Resume(ctx, stop.ID))
	h.now = h.now.Add(time.Second)
	both(release.Promote, release.Passed)

	o, err := one.Override(ctx, release.Override{Service: subject.Service, Digest: subject.Digest, Decision: release.Rollback, Reason: "a customer called", Until: h.now.Add(time.Hour)})
	require.NoError(t, err)
	both(release.Rollback, release.Overridden)
	require.NoError(t, two.Revoke(ctx, o.ID))
	h.now = h.now.Add(time.Second)
	both(release.Promote, release.Passed)

	_, err = one.Announce(ctx, release.Deployment{Subject: subject, Environment: "eu"})
	require.NoError(t, err)
	for _, r := range []*replica{two, one} {
		v, err := r.Ask(ctx, release.Subject{Service: subject.Service}, 0)
		require.NoError(t, err)
		require.Equal(t, subject, v.Subject)
		require.Equal(t, release.Promote, v.Decision)
	}
}

func TestAStreamOfOneReplicaTellsWhatTheOtherDid(t *testing.T) {
	_, one, two, h := replicas(t)
	ctx := t.Context()
	first := one.follow(t, "0")
	_, err := two.Push(ctx, compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	_, err = two.Announce(ctx, release.Deployment{Subject: subject})
	require.NoError(t, err)
	assert.Equal(t, []string{"evidence", "deployment"}, first.next(t, 2))

	stop, err := two.Stop(ctx, []string{"*"}, "an incident")
	require.NoError(t, err)
	require.NoError(t, two.Resume(ctx, stop.ID))
	second := one.follow(t, strconv.FormatInt(first.last, 10))
	again := two.follow(t, "0")
	assert.Equal(t, []string{"stop", "resume"}, second.next(t, 2), "it goes on after the last that was seen")
	assert.Equal(t, []string{"stop", "resume"}, first.next(t, 2))
	assert.Equal(t, []string{"evidence", "deployment", "stop", "resume"}, again.next(t, 4), "the other one tells the same")
	assert.Equal(t, first.ids, again.ids)

	_, err = one.Override(ctx, release.Override{Service: subject.Service, Digest: subject.Digest, Decision: release.Hold, Reason: "wait", Until: h.now.Add(time.Hour)})
	require.NoError(t, err)
	_, err = two.Ask(ctx, subject, 0)
	require.NoError(t, err)
	for _, s := range []*followed{first, second, again} {
		assert.Equal(t, []string{"override", "verdict"}, s.next(t, 2))
	}
}

// followed is a stream of events.
type followed struct {
	lines *bufio.Scanner
	last  int64
	ids   []int64
}

func (r *replica) follow(t *testing.T, after string) *followed {
	t.Helper()
	answer := r.get(t, "/api/v1/events", after)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	return &followed{lines: bufio.NewScanner(answer.Body)}
}

// next returns what the next events are, and holds that their IDs ascend.
func (f *followed) next(t *testing.T, n int) (what []string) {
	t.Helper()
	for len(what) < n && f.lines.Scan() {
		if id, ok := strings.CutPrefix(f.lines.Text(), "id: "); ok {
			at, err := strconv.ParseInt(id, 10, 64)
			require.NoError(t, err)
			require.Greater(t, at, f.last)
			f.last, f.ids = at, append(f.ids, at)
		}
		if name, ok := strings.CutPrefix(f.lines.Text(), "event: "); ok {
			what = append(what, name)
		}
	}
	require.NoError(t, f.lines.Err())
	return what
}

func TestReplicasGiveTheSameVerdict(t *testing.T) {
	_, one, two, h := replicas(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pair := []*replica{one, two}
	some := func() *replica { return pair[random.IntN(2)] }
	seen := map[release.Decision]int{}
	for i := range 100 {
		s := subject
		s.Service = fmt.Sprint("case-", i)
		happens(t, h, random, some, s)
		q := url.Values{"service": {s.Service}}
		if random.IntN(4) > 0 {
			q.Set("digest", s.Digest)
			q.Set("base_digest", s.BaseDigest)
		}
		if random.IntN(2) == 0 {
			q.Set("weight", fmt.Sprint(random.Float64()))
		}
		first := some().text(t, q)
		for range 2 {
			for _, r := range pair {
				require.Equal(t, first, r.text(t, q), "case %d", i)
			}
		}
		for _, d := range []release.Decision{release.Promote, release.Hold, release.Rollback} {
			if strings.Contains(first, fmt.Sprintf(`"verdict":%q`, d)) {
				seen[d]++
			}
		}
		h.now = h.now.Add(time.Duration(random.IntN(120)) * time.Second)
	}
	t.Log(seen)
	assert.Len(t, seen, 3, "all verdicts were given")
}

// happens has the replicas be told of a release, each now and then.
func happens(t *testing.T, h *harness, random *rand.Rand, some func() *replica, s release.Subject) {
	t.Helper()
	ctx := t.Context()
	if random.IntN(2) == 0 {
		_, err := some().Announce(ctx, release.Deployment{Subject: s})
		require.NoError(t, err)
	}
	for range random.IntN(3) {
		outcome := []diff.Verdict{diff.Pass, diff.Pass, diff.Fail, diff.Inconclusive}[random.IntN(4)]
		now := h.now
		h.now = now.Add(-time.Duration(random.IntN(30)) * time.Hour) // some of it is stale
		document := compared(t, h, uint64(50+random.IntN(500)), outcome)
		h.now = now
		_, err := some().Push(ctx, document, s, release.Origin{Branch: "main"})
		require.NoError(t, err)
	}
	if random.IntN(5) == 0 {
		decision := []release.Decision{release.Promote, release.Hold, release.Rollback}[random.IntN(3)]
		o, err := some().Override(ctx, release.Override{Service: s.Service, Digest: s.Digest, Decision: decision, Reason: "known", Until: h.now.Add(time.Hour)})
		require.NoError(t, err)
		if random.IntN(3) == 0 {
			require.NoError(t, some().Revoke(ctx, o.ID))
		}
	}
	if random.IntN(10) == 0 {
		_, err := some().Stop(ctx, []string{s.Service}, "an incident")
		require.NoError(t, err)
	}
}

func TestReplicasHoldWhileTheDatabaseIsAway(t *testing.T) {
	db, one, two, h := replicas(t)
	_, err := one.Push(t.Context(), compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	promote := func() {
		t.Helper()
		for _, r := range []*replica{one, two} {
			r.decides(t, release.Promote, release.Passed)
		}
	}
	hold := func() {
		t.Helper()
		for range 2 {
			for _, r := range []*replica{one, two} {
				r.decides(t, release.Hold, release.Faulty)
			}
		}
	}
	promote()
	require.NoError(t, db.Pause())
	hold()
	require.NoError(t, db.Resume())
	promote()
	db.Kill()
	hold()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = one.Push(ctx, compared(t, h, 501, diff.Pass), subject, release.Origin{})
	require.ErrorIs(t, err, client.ErrAway)
	require.NoError(t, db.Restart(t.Context()))
	promote()
	_, err = two.Push(t.Context(), compared(t, h, 501, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	promote()
}
