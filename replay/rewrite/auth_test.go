package rewrite

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// clock is a time that the test moves.
type clock struct{ atomic.Int64 }

func newClock(rules *Rules) *clock {
	c := new(clock)
	c.Store(time.Now().UnixNano())
	rules.now = func() time.Time { return time.Unix(0, c.Load()) }
	return c
}

func (c *clock) advance(d time.Duration) { c.Add(int64(d)) }

// endpoint is a token endpoint: answer is given the number of the request, from 1.
type endpoint struct {
	*httptest.Server
	asked atomic.Int64
}

func newEndpoint(t *testing.T, answer func(n int64, w http.ResponseWriter, r *http.Request)) *endpoint {
	e := new(endpoint)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer(e.asked.Add(1), w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) rules(t *testing.T) *Rules {
	return parse(t, "auth:\n  - oauth2: {token-url: '"+e.URL+"', client-id: ci, client-secret: '${SECRET}', scopes: [a, b], audience: shop}\n")
}

func giveToken(n int64, w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, n)
}

// side is a server of one side that records what it is sent.
type side struct {
	seen     []string
	statuses []int // of the answers; 200 after the last
}

func (s *side) Send(_ context.Context, ask *replay.Ask) replay.Answer {
	s.seen = append(s.seen, ask.Request.Header.Get("Authorization"))
	status := 200
	if n := len(s.seen); n <= len(s.statuses) {
		status = s.statuses[n-1]
	}
	return replay.Answer{Request: ask.Request, Response: capture.Response{Status: status}}
}

func ask(method string) *replay.Ask {
	e := &capture.Exchange{Request: request(method, "/", "", "A", "1", "authorization", "Bearer old", "B", "2")}
	e.Response.Status = 200
	return &replay.Ask{Recorded: e, Request: e.Request}
}

func TestAStaticTokenTakesThePlaceOfTheRecordedOne(t *testing.T) {
	rules := parse(t, `
auth:
  - {bearer: {token: "${TOKEN}"}, side: branch}
  - {bearer: {token: other}, side: branch}
  - {bearer: {token: "${SECRET}"}, header: X-Key, missing: leave}
`)
	require.NoError(t, rules.Prepare(t.Context()))
	got := sent(t, rules, replay.Branch, ask("GET").Request)
	assert.Equal(t, []string{"A: 1", "authorization: Bearer s3cret-token", "B: 2"}, lines(got.Header))
	got = sent(t, rules, replay.Base, request("GET", "/", "", "x-key", "1"))
	assert.Equal(t, []string{"x-key: cl1ent-s3cret"}, lines(got.Header))
	got = sent(t, rules, replay.Branch, request("GET", "/", ""))
	assert.Equal(t, []string{"Authorization: Bearer s3cret-token"}, lines(got.Header))
	auth := rules.Report().Auth
	assert.Equal(t, Counts{Matched: 2, Changed: 2}, auth[0].Counts)
	assert.Equal(t, Counts{Matched: 2, Left: map[capture.Reason]uint64{Overruled: 2}}, auth[1].Counts)
	assert.Equal(t, Counts{Matched: 3, Changed: 1, Left: map[capture.Reason]uint64{Absent: 2}}, auth[2].Counts)
}

func TestTokensStayOutOfAnswersAndReports(t *testing.T) {
	rules := parse(t, "auth:\n  - bearer: {token: '${TOKEN}'}\n")
	a := ask("GET")
	answer := rules.Side(replay.To, echo).Send(t.Context(), a)
	assert.Equal(t, "Bearer [set by replay.yaml:3]", answer.Request.Header.Get("Authorization"))
	text, err := json.Marshal(rules.Report())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cret")
}

func TestAClientCredentialsTokenIsFetchedOnceAndBeforeItExpires(t *testing.T) {
	e := newEndpoint(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		assert.Equal(t, []string{"ci", "cl1ent-s3cret"}, []string{id, secret})
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "client_credentials a b shop", r.PostForm.Get("grant_type")+" "+r.PostForm.Get("scope")+" "+r.PostForm.Get("audience"))
		giveToken(n, w, r)
	})
	rules, s := e.rules(t), new(side)
	clock := newClock(rules)
	require.NoError(t, rules.Prepare(t.Context()))
	sender := rules.Side(replay.To, s)
	sender.Send(t.Context(), ask("GET"))
	clock.advance(58 * time.Minute)
	sender.Send(t.Context(), ask("GET"))
	clock.advance(90 * time.Second)
	sender.Send(t.Context(), ask("GET"))
	assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t2"}, s.seen)
	assert.Equal(t, uint64(2), rules.Report().Auth[0].Refreshes)
}

func TestAnAnswer401FetchesATokenOnceAndSendsIdempotentRequestsAgain(t *testing.T) {
	for _, c := range []struct {
		name, method string
		age          time.Duration
		recorded     int
		statuses     []int
		seen         []string
		last         int
	}{
		{"an old token", "GET", time.Minute, 200, []int{401}, []string{"Bearer t1", "Bearer t2"}, 200},
		{"still refused", "PUT", time.Minute, 200, []int{401, 401}, []string{"Bearer t1", "Bearer t2"}, 401},
		{"a new token", "GET", time.Second, 200, []int{401}, []string{"Bearer t1"}, 401},
		{"not idempotent", "POST", time.Minute, 200, []int{401}, []string{"Bearer t1"}, 401},
		{"recorded so", "GET", time.Minute, 401, []int{401}, []string{"Bearer t1"}, 401},
		{"forbidden", "GET", time.Minute, 200, []int{403}, []string{"Bearer t1"}, 403},
	} {
		e := newEndpoint(t, giveToken)
		rules, s := e.rules(t), &side{statuses: c.statuses}
		clock := newClock(rules)
		require.NoError(t, rules.Prepare(t.Context()))
		clock.advance(c.age)
		a := ask(c.method)
		a.Recorded.Response.Status = c.recorded
		answer := rules.Side(replay.To, s).Send(t.Context(), a)
		assert.Equal(t, c.seen, s.seen, c.name)
		assert.Equal(t, c.last, answer.Response.Status, c.name)
		assert.Equal(t, "Bearer [set by replay.yaml:3]", answer.Request.Header.Get("Authorization"), c.name)
		report := rules.Report().Auth[0]
		assert.Equal(t, uint64(len(s.seen)-1), report.Resent, c.name)
		assert.Equal(t, Counts{Matched: 1, Changed: 1}, report.Counts, c.name)
	}
}

func TestWrongCredentialsFailEarlyWithoutTheSecret(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"invalid_client","error_description":"cl1ent-s3cret is wrong"}`: "answered 401, invalid_client",
		`{"error":"cl1ent-s3cret"}`: "answered 401",
		`cl1ent-s3cret`:             "answered 401",
	} {
		e := newEndpoint(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, body)
		})
		err := e.rules(t).Prepare(t.Context())
		assert.EqualError(t, err, "replay.yaml:3: auth by oauth2: token endpoint: "+want)
	}
}

func TestBrokenTokenEndpoints(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   string
	}{
		"no token":     {func(w http.ResponseWriter) { fmt.Fprint(w, `{"x":"cl1ent-s3cret"}`) }, "holds no token"},
		"no JSON":      {func(w http.ResponseWriter) { fmt.Fprint(w, `cl1ent-s3cret`) }, "holds no token"},
		"a line break": {func(w http.ResponseWriter) { fmt.Fprint(w, `{"access_token":"a\nb"}`) }, "is no credential"},
		"a redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "/x")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "answered 307"},
		"cut": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		e := newEndpoint(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { c.answer(w) })
		err := e.rules(t).Prepare(t.Context())
		require.ErrorContains(t, err, c.want, name)
		assert.NotContains(t, err.Error(), "s3cret", name)
	}
	e := newEndpoint(t, giveToken)
	rules := e.rules(t)
	e.Close()
	assert.ErrorContains(t, rules.Prepare(t.Context()), "connection refused")
	assert.NoError(t, parse(t, "auth:\n  - {bearer: {token-file: /nonexistent}, side: branch}\n").Prepare(t.Context(), replay.Base))
}

func TestASlowEndpointIsAskedOnceAndStopsWithItsRun(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	e := newEndpoint(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-answer
		giveToken(n, w, r)
	})
	rules := e.rules(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := rules.Side(replay.To, echo).Send(t.Context(), ask("GET"))
			assert.True(t, got.OK(), got.Err)
		})
	}
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := rules.Side(replay.To, echo).Send(ctx, ask("GET"))
	assert.Equal(t, replay.Canceled, got.Fault)
	assert.Equal(t, capture.Unseen, got.Response.Incomplete)
	close(answer)
	wg.Wait()
	assert.Equal(t, int64(1), e.asked.Load())
}

func TestFailuresAreRepeatedAfterABackoffAndTheOldTokenServesOn(t *testing.T) {
	fail := new(atomic.Bool)
	e := newEndpoint(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		if fail.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		giveToken(n, w, r)
	})
	rules, s := e.rules(t), new(side)
	clock := newClock(rules)
	sender := rules.Side(replay.To, s)
	require.NoError(t, rules.Prepare(t.Context()))
	fail.Store(true)
	clock.advance(59*time.Minute + time.Second)
	for range 5 {
		assert.Empty(t, sender.Send(t.Context(), ask("GET")).Fault)
	}
	failures := rules.Report().Auth[0].Failures
	assert.Equal(t, uint64(1), failures)
	clock.advance(2 * time.Minute)
	for range 5 {
		got := sender.Send(t.Context(), ask("GET"))
		assert.Equal(t, replay.Failed, got.Fault)
		assert.Equal(t, "replay.yaml:3: auth by oauth2: token endpoint: answered 503", got.Err)
	}
	assert.Equal(t, uint64(2), rules.Report().Auth[0].Failures)
	fail.Store(false)
	clock.advance(2 * time.Second)
	assert.Empty(t, sender.Send(t.Context(), ask("GET")).Fault)
}

func TestACommandPrintsTheToken(t *testing.T) {
	rules, s := parse(t, "auth:\n  - {command: {run: [printf, ' tok\\n'], refresh: 30m}, prefix: 'Token '}\n"), new(side)
	clock := newClock(rules)
	require.NoError(t, rules.Prepare(t.Context()))
	rules.Side(replay.To, s).Send(t.Context(), ask("GET"))
	clock.advance(31 * time.Minute)
	rules.Side(replay.To, s).Send(t.Context(), ask("GET"))
	assert.Equal(t, []string{"Token tok", "Token tok"}, s.seen)
	assert.Equal(t, uint64(2), rules.Report().Auth[0].Refreshes)
}

func TestAFailingCommandTellsNothingOfItsOutput(t *testing.T) {
	for script, want := range map[string]string{
		"echo s3cret; echo s3cret >&2; exit 3": "exit status 3",
		"":                                     "is no credential",
		"printf 's3cret\\ns3cret'":             "is no credential",
		"head -c 100000 /dev/zero | tr '\\\\0' a": "is no credential",
	} {
		rules := parse(t, "auth:\n  - command: {run: [sh, -c, \""+script+" \"]}\n")
		err := rules.Prepare(t.Context())
		require.ErrorContains(t, err, want, script)
		assert.NotContains(t, err.Error(), "s3cret")
	}
	assert.ErrorContains(t, parse(t, "auth:\n  - command: {run: [/nonexistent]}\n").Prepare(t.Context()), "replay.yaml:3: auth by command")
}

func TestATokenFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	rules, s := parse(t, "auth:\n  - bearer: {token-file: '"+path+"'}\n"), new(side)
	clock := newClock(rules)
	require.ErrorIs(t, rules.Prepare(t.Context()), os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("one\n"), 0o600))
	clock.advance(time.Minute)
	rules.Side(replay.To, s).Send(t.Context(), ask("GET"))
	require.NoError(t, os.WriteFile(path, []byte("two\n"), 0o600))
	rules.Side(replay.To, s).Send(t.Context(), ask("GET"))
	clock.advance(time.Minute)
	rules.Side(replay.To, s).Send(t.Context(), ask("GET"))
	assert.Equal(t, []string{"Bearer one", "Bearer one", "Bearer two"}, s.seen)
}
