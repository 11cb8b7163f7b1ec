package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// workedOn returns a plan of a run named nightly and a folder with all its
// evidence.
func workedOn(t *testing.T) (plan, store string, p finishedRun) {
	t.Helper()
	p = finishedRun{topic: topicOf(t, 300), options: shops(t)}
	plan, store = planFor(t, p.topic, 40, args(p.options, "--run", "nightly")...), t.TempDir()
	r := twinspect(t.Context(), "worker", plan, "--store", store)
	require.Zero(t, r.code, r.stderr)
	return plan, store, p
}

// finishedRun is what a plan was made of.
type finishedRun struct {
	topic   string
	options []string
}

// partials are the files of the chunks.
func partials(t *testing.T, store string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(store, "nightly", "*.partial"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestAMissingChunkIsInconclusiveAndItsWorkIsDoneByAnotherWorker(t *testing.T) {
	plan, store, _ := workedOn(t)
	files, dir := partials(t, store), t.TempDir()
	require.NoError(t, os.Remove(files[1]))
	r := twinspect(t.Context(), "merge", plan, "--store", store, "--report", dir)
	assert.Equal(t, 3, r.code, r.stderr)
	e := evidence(t, dir)
	assert.Equal(t, diff.Inconclusive, e.Verdict)
	assert.Contains(t, e.Reasons[0], "chunks were not worked on")
	assert.Positive(t, stageOf(t, e.Account, "chunks").Dropped["not-worked"])

	r = twinspect(t.Context(), "worker", plan, "--store", store)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stderr, "1 chunks stored here")
	r = twinspect(t.Context(), "merge", plan, "--store", store, "--report", dir)
	assert.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stderr, "1 chunks were begun and not stored")
	assert.Equal(t, capture.Stats{Seen: 300, Written: 300}, stageOf(t, evidence(t, dir).Account, "chunks"))
}

func TestADamagedPartialIsNamedAndCountedWhereItIsPassedOver(t *testing.T) {
	plan, store, _ := workedOn(t)
	bad, dir := partials(t, store)[2], t.TempDir()
	data, err := os.ReadFile(bad)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.Chmod(bad, 0o644))
	require.NoError(t, os.WriteFile(bad, data, 0o644))
	r := twinspect(t.Context(), "merge", plan, "--store", store, "--report", dir)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, filepath.Base(bad))
	assert.Contains(t, r.stderr, "damaged")
	assert.NoFileExists(t, filepath.Join(dir, "evidence.json"))

	r = twinspect(t.Context(), "merge", plan, "--store", store, "--skip-damaged", "--report", dir)
	assert.Equal(t, 3, r.code, r.stderr)
	e := evidence(t, dir)
	assert.Positive(t, stageOf(t, e.Account, "chunks").Dropped["partial-damaged"])
	assert.Contains(t, strings.Join(e.Reasons, "\n"), "damaged")
}

func TestTheStoreOfAnotherRunIsRefused(t *testing.T) {
	_, store, p := workedOn(t)
	other := planFor(t, p.topic, 40, args(p.options, "--run", "nightly", "--pace", "500/s")...)
	for _, command := range []string{"worker", "merge"} {
		r := twinspect(t.Context(), command, other, "--store", store)
		assert.Equal(t, 2, r.code, command)
		assert.Contains(t, r.stderr, "made by another plan", command)
	}
}
