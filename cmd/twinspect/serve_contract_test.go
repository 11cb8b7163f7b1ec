package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/casefile"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/store"
)

// gateOfAll serves a gate at which the token may do everything.
func gateOfAll(t *testing.T, token string) *httptest.Server {
	t.Helper()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	policies, err := gate.LoadPolicies(write("gate.yaml", `version: 1
name: all
services: ["*"]
require:
  diff: {max_age: 24h}
overrides: {by: [pipeline], max: 30d}
`))
	require.NoError(t, err)
	keeper, err := access.Open(access.Options{Path: write("access.yaml", `version: 1
tokens:
  - name: pipeline
    hash: `+access.HashOf(token).String()+`
    scopes: [{services: "*", may: [ask, push, override, stop, announce, read, policy, audit]}]
limits: {identity: 100000, total: 100000, body: 64}
`)})
	require.NoError(t, err)
	kept, err := store.Open(t.Context(), "sqlite:"+filepath.Join(folder, "gate.db"), store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, kept.Close()) })
	ending := make(chan struct{})
	close(ending) // streams end once they have begun
	api := rest.New(rest.Config{Gate: gate.New(gate.Config{Store: kept, Policies: policies}), Version: "test", Ending: ending})
	s := httptest.NewServer(keeper.Middleware(api))
	t.Cleanup(s.Close)
	return s
}

// operations are those of a suite.
func operations(t *testing.T, suite string) []string {
	t.Helper()
	dir, err := casefile.Read(suite)
	require.NoError(t, err)
	defer dir.Close()
	return dir.Operations()
}

// untold are the operations of which the document cannot say what is valid: that a
// range ends after it starts, that an override ends later than now, and what evidence
// is, which has schemas of its own. Their tests are beside them.
var untold = []string{"query_range", "/overrides", "POST /api/v1/evidence", "/evidence/{id}"}

func TestTheGateKeepsToItsOwnDocument(t *testing.T) {
	token := "twg_" + "the-token-of-a-pipeline-that-may-do-everything"
	s := gateOfAll(t, token)
	spec := filepath.Join(t.TempDir(), "openapi.yaml")
	require.NoError(t, os.WriteFile(spec, rest.Document(), 0o600))
	secret := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(secret, []byte(token), 0o600))
	suite := filepath.Join(t.TempDir(), "suite")
	generate(t, spec, suite)
	args := []string{"contract-run", suite, "--spec", spec, "--provider", s.URL, "--auth", "token=file:" + secret, "--parallel", "4", "--verbose",
		// An ended stop stays to be seen.
		"--without", "use-after-delete"}
	for _, name := range operations(t, suite) {
		if !slices.ContainsFunc(untold, func(path string) bool { return strings.Contains(name, path) }) {
			args = append(args, "--operation", name)
		}
	}
	r := twinspect(t.Context(), args...)
	require.Zero(t, r.code, "%s\n%s", r.stdout, r.stderr)
}
