package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

func evidence(t *testing.T, dir string) *diff.Report {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "evidence.json"))
	require.NoError(t, err)
	defer f.Close()
	r, err := report.Decode(f)
	require.NoError(t, err)
	require.NoError(t, r.Account.Balance())
	return r
}

func TestEqualVersionsPass(t *testing.T) {
	file, dir := writeRecording(t, many(40)...), t.TempDir()
	r := twinspect(t.Context(), "diff-run", file, "--base", serve(t, product), "--branch", serve(t, product), "--report", dir)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, diff.Pass, evidence(t, dir).Verdict)
	assert.Contains(t, r.stdout, "exit code 0")
}

func TestRegressionEndsWithOneAndEveryReportTellsIt(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	r := twinspect(t.Context(), "diff-run", file, "--base", serve(t, product), "--branch", serve(t, branch), "--report", dir)
	assert.Equal(t, 1, r.code, r.stdout+r.stderr)
	found := evidence(t, dir).Judged(diff.Regression)
	require.Len(t, found, 1)
	assert.Equal(t, "$.price", found[0].Path)
	assert.Equal(t, "GET /products/{id}", found[0].Operation)
	assert.Equal(t, []uint64{60, 60, 0}, []uint64{found[0].N, found[0].Branch, found[0].Control})
	for _, name := range []string{"report.html", "junit.xml", "summary.md"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(content), ".price", name)
	}
	junit, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	require.NoError(t, err)
	assert.NoError(t, xml.Unmarshal(junit, new(struct{})))
}

func TestTooFewSamplesAreInconclusive(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(2)...), "--base", serve(t, product), "--branch", serve(t, branch))
	assert.Equal(t, 3, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stdout, "$.price")
}

func TestDeadSideEndsWithTwoAndIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dead := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	r := twinspect(t.Context(), "diff-run", writeRecording(t, get("/")), "--base", serve(t, product), "--branch", dead)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "side branch is not ready")
	assert.Contains(t, r.stderr, dead)
}

// broken serves raw bytes for every request but the health check's.
func broken(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerBroken(c, serve)
		}
	}()
	return "http://" + l.Addr().String()
}

func answerBroken(c net.Conn, serve func(net.Conn)) {
	defer c.Close()
	head := make([]byte, 4096)
	n, err := c.Read(head)
	if err != nil {
		return
	}
	if strings.HasPrefix(string(head[:n]), "GET /health ") {
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		return
	}
	serve(c)
}

func TestBrokenSidesAreNeitherPassNorRegression(t *testing.T) {
	tests := []struct {
		name  string
		fault string
		serve func(net.Conn)
	}{
		{"resets", "reset", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }},
		{"hangs", "timeout", func(c net.Conn) { io.Copy(io.Discard, c) }},
		{"malformed", "malformed", func(c net.Conn) { io.WriteString(c, "HTTX/9 what\r\n\r\n") }},
		{"cut body", "reset", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, dir := writeRecording(t, many(8)...), t.TempDir()
			r := twinspect(t.Context(), "diff-run", file, "--base", serve(t, product), "--branch", broken(t, tt.serve),
				"--health-path", "/health", "--timeout", "200ms", "--report", dir)
			assert.Equal(t, 3, r.code, r.stdout+r.stderr)
			e := evidence(t, dir)
			assert.Empty(t, e.Differences)
			assert.Contains(t, strings.Join(e.Reasons, "\n"), "8 branch-"+tt.fault)
		})
	}
}

func TestInterruptionLeavesAPartialReport(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var answered atomic.Int64
	branch := func(path string) string {
		if answered.Add(1) == 20 {
			interrupt()
		}
		return product(path)
	}
	file, dir := writeRecording(t, many(2000)...), t.TempDir()
	keep := filepath.Join(dir, "outcomes.twin")
	r := twinspect(ctx, "diff-run", file, "--base", serve(t, product), "--branch", serve(t, branch),
		"--in-flight", "2", "--report", dir, "--keep", keep)
	assert.Equal(t, 130, r.code, r.stdout+r.stderr)
	e := evidence(t, dir)
	assert.Equal(t, diff.Interrupted, e.Verdict)
	require.NotEmpty(t, e.Operations)
	assert.Positive(t, e.Operations[0].Compared)
	assert.Less(t, e.Operations[0].Compared, uint64(2000))
	again := twinspect(t.Context(), "cat", keep)
	assert.Zero(t, again.code, "what was kept can be read: %s", again.stderr)
}

func TestKeptOutcomesAreJudgedAgainUnderOtherRules(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	keep := filepath.Join(dir, "outcomes.twin")
	first := twinspect(t.Context(), "diff-run", file, "--base", serve(t, product), "--branch", serve(t, branch), "--keep", keep)
	require.Equal(t, 1, first.code, first.stdout+first.stderr)
	assert.Equal(t, 1, twinspect(t.Context(), "diff", keep).code)
	rules := filepath.Join(dir, "rules.yaml")
	require.NoError(t, os.WriteFile(rules, []byte("version: 1\nrules:\n  - path: $.price\n    tolerance: {absolute: 0.01}\n    reason: rounding\n"), 0o600))
	r := twinspect(t.Context(), "diff", keep, "--rules", rules)
	assert.Zero(t, r.code, r.stdout+r.stderr)
}

func TestRuleFileErrorsPointAtLineAndColumn(t *testing.T) {
	tests := []struct{ name, rules, want string }{
		{"unknown key", "version: 1\nrules:\n  - path: $.a\n    ignored: true\n    reason: r\n", "rules.yaml:4:5"},
		{"bad path", "version: 1\nrules:\n  - path: $.a[\n    ignore: true\n    reason: r\n", "rules.yaml:3:11"},
		{"not yaml", "version: [1\n", "rules.yaml:1:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "rules.yaml")
			require.NoError(t, os.WriteFile(name, []byte(tt.rules), 0o600))
			r := twinspect(t.Context(), "diff", writeRecording(t, get("/")), "--rules", name)
			assert.Equal(t, 2, r.code)
			assert.Contains(t, r.stderr, tt.want)
		})
	}
}

func TestSecretsOfATargetDoNotReachTheReport(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	var list []*capture.Exchange
	for i := range 30 {
		list = append(list, get(fmt.Sprintf("/products/%d?access_token=tell-no-one-%d", i, i)))
	}
	dir := t.TempDir()
	r := twinspect(t.Context(), "diff-run", writeRecording(t, list...), "--base", serve(t, product), "--branch", serve(t, branch), "--report", dir)
	assert.Equal(t, 1, r.code, r.stdout+r.stderr)
	assert.NotContains(t, r.stdout, "tell-no-one")
	for _, name := range []string{"report.html", "evidence.json", "junit.xml", "summary.md"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.NotContains(t, string(content), "tell-no-one", name)
	}
}
