package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
	"twinspect.dev/release/store"
)

const (
	imageDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	baseDigest  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	otherDigest = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
)

// catalogPolicy wants one comparison.
const catalogPolicy = `version: 1
name: shop
services: [catalog]
require:
  diff: {max_age: 24h, min_samples: 100, self_check: false}
overrides: {by: [alice], max: 4h}
`

// releaseCommand runs a command of the release gate, as a user would.
func releaseCommand(ctx context.Context, variables map[string]string, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return variables[name] }, Version: "test",
	}
	root := &cobra.Command{Use: "twinspect"}
	root.AddCommand(newGate(env), newEvidence(env), newCanaryRun(env), newAnnotate(env))
	code := cli.Run(ctx, env, root, args)
	return result{code, stdout.String(), stderr.String()}
}

// comparedJust is the evidence of a comparison of n answers that ended a minute ago.
func comparedJust(t *testing.T, n uint64, v diff.Verdict) string {
	t.Helper()
	return compared(t, time.Now().UTC().Add(-time.Minute), n, v)
}

func compared(t *testing.T, ended time.Time, n uint64, v diff.Verdict) string {
	t.Helper()
	r := &diff.Report{
		Tool: "twinspect", Started: ended.Add(-time.Hour), Ended: ended, Input: "traffic.twin",
		Verdict: v, Reasons: []string{"because"}, Operations: []diff.Operation{{Name: "GET /products", Compared: n}},
	}
	if v == diff.Fail {
		r.Differences = []diff.Difference{{
			Cell:      diff.Cell{Operation: "GET /products", Place: diff.Place{Part: diff.Body, Path: "$.price"}, Kind: diff.Changed},
			Counts:    diff.Counts{N: n, Branch: n, BranchOnly: n, Paired: true},
			Judgement: diff.Regression, EValue: 1000, Reason: "because", Category: diff.CauseUnknown, Remedy: diff.Escalate,
		}}
	}
	var b strings.Builder
	require.NoError(t, report.JSON(&b, r))
	return writeText(t, "evidence.json", b.String())
}

// of are the flags that say what is released.
func of(args ...string) []string {
	return append(args, "--service", "catalog", "--digest", imageDigest, "--base-digest", baseDigest)
}

// gateStand is a gate's server within the test.
type gateStand struct {
	*httptest.Server
	gate  *gate.Gate
	store *store.Store
	token string // of alice, who may everything
	now   func() time.Time
	seen  func(r *http.Request) // before each request is answered
}

// newGateStand serves a gate that trusts the public keys.
func newGateStand(t *testing.T, keys ...string) *gateStand {
	t.Helper()
	s := &gateStand{now: time.Now, seen: func(*http.Request) {}}
	now := func() time.Time { return s.now() }
	var hash access.Hash
	s.token, hash = access.New()
	keeper, err := access.Open(access.Options{Path: writeText(t, "access.yaml", `version: 1
tokens:
  - name: alice
    hash: `+hash.String()+`
    scopes: [{services: "*", may: [ask, push, override, stop, announce, read, policy, audit]}]
`)})
	require.NoError(t, err)
	policies, err := gate.LoadPolicies(writeText(t, "gate.yaml", catalogPolicy))
	require.NoError(t, err)
	s.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "gate.db"), store.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.store.Close()) })
	ring, err := keyring(keys)
	require.NoError(t, err)
	s.gate = gate.New(gate.Config{
		Store: s.store, Policies: policies, Now: now,
		Verify: func(document []byte) (string, error) { return intake.Signer(document, ring) },
	})
	api := keeper.Middleware(rest.New(rest.Config{Gate: s.gate, Version: "test", Now: now}))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen(r)
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// ask runs a command with the server and the token in the environment.
func (s *gateStand) ask(t *testing.T, args ...string) result {
	t.Helper()
	r := releaseCommand(t.Context(), map[string]string{gateURLVariable: s.URL, gateTokenVariable: s.token}, args...)
	assert.NotContains(t, r.stdout+r.stderr, s.token)
	return r
}

func (s *gateStand) push(t *testing.T, file string) {
	t.Helper()
	r := s.ask(t, of("evidence", "push", file)...)
	require.Zero(t, r.code, r.stderr)
}

// answersWith serves the same to every request.
func answersWith(t *testing.T, status int, kind, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// noGate is a URL at which nobody listens.
func noGate() string {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	return s.URL
}

// newKeys makes a pair of keys and returns the private one's file.
func newKeys(t *testing.T, name string) string {
	t.Helper()
	key, err := statement.Generate(statement.Ed25519)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, statement.WritePair(path, key))
	return path
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// subjectOf is what the flags of [of] say.
var subjectOf = release.Subject{Service: "catalog", Digest: imageDigest, BaseDigest: baseDigest}
