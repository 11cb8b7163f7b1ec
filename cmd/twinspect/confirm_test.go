package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

func TestSuspectsAreAskedAgainUntilTheyAreProven(t *testing.T) {
	branch := serve(t, func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) })
	base := serve(t, product)
	file, dir, kept := writeRecording(t, many(2)...), t.TempDir(), filepath.Join(t.TempDir(), "kept.twin")
	r := twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", branch, "--confirm", "20", "--keep", kept, "--report", dir)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	found := evidence(t, dir)
	assert.Len(t, found.Judged(diff.Regression), 1)
	assert.Equal(t, &diff.Confirmation{Exchanges: 2, Times: 20, Suspects: 1}, found.Confirmation)

	again := twinspect(t.Context(), "diff", kept)
	assert.Equal(t, 1, again.code, "judged again from what was kept: "+again.stdout+again.stderr)
}

func TestWhatDoesNotComeAgainIsNotHeldAgainstTheBranch(t *testing.T) {
	var asked atomic.Int64
	branch := serve(t, func(path string) string {
		if path != "/" && asked.Add(1) == 1 {
			return `{"path":"/","price":0}`
		}
		return product(path)
	})
	file, dir := writeRecording(t, many(2)...), t.TempDir()
	r := twinspect(t.Context(), "diff-run", file, "--base", serve(t, product), "--branch", branch, "--confirm", "25", "--report", dir)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.NotZero(t, evidence(t, dir).Confirmation.NotSeenAgain)
	assert.Zero(t, evidence(t, dir).Confirmation.Left)
}

func TestConfirmationsSayWhatTheyCannotDo(t *testing.T) {
	url := serve(t, product)
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(2)...), "--base", url, "--branch", url, "--confirm", "-1")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "--confirm -1: want 0 to 1000")
}

func TestARunIsComparedWithAnEarlierOne(t *testing.T) {
	file, base := writeRecording(t, many(60)...), serve(t, product)
	run := func(price string) string {
		dir := t.TempDir()
		branch := serve(t, func(path string) string { return strings.Replace(product(path), "12.50", price, 1) })
		twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", branch, "--report", dir)
		return filepath.Join(dir, "evidence.json")
	}
	good, bad := run("12.50"), run("12.51")
	for _, tc := range []struct {
		before, now string
		code        int
		says        string
	}{
		{good, bad, 1, "1 new"},
		{bad, bad, 0, "1 still"},
		{bad, good, 0, "1 gone"},
	} {
		t.Run(tc.says, func(t *testing.T) {
			summary := filepath.Join(t.TempDir(), "summary.md")
			r := twinspect(t.Context(), "compare", tc.before, tc.now, "--markdown", summary)
			assert.Equal(t, tc.code, r.code, r.stdout+r.stderr)
			assert.Contains(t, r.stdout, tc.says)
			assert.Contains(t, read(t, summary), tc.says)
		})
	}
	r := twinspect(t.Context(), "compare", good, file)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, fmt.Sprint(file))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
