//go:build e2e && linux

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/fixtures/shop"
	"twinspect.dev/fixtures/traffic"
	"twinspect.dev/release"
)

// startShop starts a shop and returns its URL.
func (g *gateSite) startShop(t *testing.T, args ...string) string {
	t.Helper()
	p := startTelling(t, "listening on ", g.shopd, args...)
	t.Cleanup(func() { <-p.read; _ = p.cmd.Wait() }) // the context of the test ends it
	return strings.TrimSpace(p.rest)
}

// record records traffic of the base.
func (g *gateSite) record(t *testing.T) {
	t.Helper()
	g.base, g.control = g.startShop(t, "-version", "base"), g.startShop(t, "-version", "base")
	g.recording = g.path("traffic.twin")
	recorder := startTelling(t, "recording ", g.twinspect, "capture", "--proxy", "127.0.0.1:0="+g.base,
		"--service", "shop", "--no-redact", "-o", g.recording)
	address, _, _ := strings.Cut(recorder.rest, " ")
	_, err := traffic.Drive(t.Context(), address, traffic.Config{Seed: 1})
	require.NoError(t, err)
	recorder.interrupt(t)
}

// without are all regressions but some, as shopd takes them.
func without(seeded ...shop.ID) string {
	var ids []string
	for _, id := range shop.IDs() {
		if !slices.Contains(seeded, id) {
			ids = append(ids, string(id))
		}
	}
	return strings.Join(ids, ",")
}

// gathered is the evidence of one branch: its files by kind.
type gathered map[release.Kind]string

// gather asks a branch with some of the regressions what was recorded, and holds it
// against its document and its consumer.
func (g *gateSite) gather(t *testing.T, seeded ...shop.ID) gathered {
	t.Helper()
	branch, dir := g.startShop(t, "-version", "branch", "-without", without(seeded...)), t.TempDir()
	files := gathered{}
	for kind, args := range map[release.Kind][]string{
		release.Diff: {"diff-run", g.recording, "--base", g.base, "--control", g.control, "--branch", branch,
			"--health-path", "/health", "--openapi", g.document, "--pace", "400/s"},
		// GET alone, as the shop takes an empty number for none; no data is written.
		release.Provider: {"contract-run", g.document, "--provider", branch, "--operation", "GET *", "--without", "invalid-rejected",
			"--auth", "bearer=file:" + g.login(t, branch), "--auth", "cookie=file:" + g.login(t, branch)},
		release.Consumer: {"contract-run", g.pact, "--provider", branch},
	} {
		report := filepath.Join(dir, string(kind))
		cmd := exec.CommandContext(t.Context(), g.twinspect, append(args, "--report", report)...)
		out, _ := cmd.CombinedOutput() // the evidence says it
		files[kind] = filepath.Join(report, "evidence.json")
		require.FileExists(t, files[kind], string(out))
	}
	return files
}

// login returns a file with a token of the shop.
func (g *gateSite) login(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Post(url+"/login", "application/json", strings.NewReader(`{"user":"alice","password":"demo"}`))
	require.NoError(t, err)
	defer resp.Body.Close()
	var session struct{ Token string }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&session))
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(session.Token), 0o600))
	return file
}
