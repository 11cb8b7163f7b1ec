package gate_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/store"
)

const (
	image = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	base  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

const policyText = `version: 1
name: shop
services: [catalog]
require:
  diff: {max_age: 24h, min_samples: 100, self_check: false}
overrides: {by: [alice], max: 4h}
`

type harness struct {
	*gate.Gate
	store   *store.Store
	file    string // of the store
	changes []release.Record
	now     time.Time
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gate.yaml")
	require.NoError(t, os.WriteFile(file, []byte(policyText), 0o600))
	policies, err := gate.LoadPolicies(file)
	require.NoError(t, err)
	h := &harness{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), file: filepath.Join(t.TempDir(), "gate.db")}
	h.store, err = store.Open(t.Context(), "sqlite:"+h.file, store.Options{Now: func() time.Time { return h.now }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.Gate = gate.New(gate.Config{
		Store: h.store, Policies: policies, Now: func() time.Time { return h.now },
		Changed: func(r release.Record) { h.changes = append(h.changes, r) },
	})
	return h
}

// compared is the evidence of a comparison of n answers.
func compared(t *testing.T, h *harness, n uint64, v diff.Verdict) []byte {
	t.Helper()
	var b bytes.Buffer
	r := &diff.Report{
		Tool: "twinspect", Started: h.now.Add(-time.Hour), Ended: h.now.Add(-time.Minute), Input: "traffic.twin",
		Verdict: v, Reasons: []string{"because"}, Operations: []diff.Operation{{Name: "GET /products", Compared: n}},
	}
	require.NoError(t, report.JSON(&b, r))
	return b.Bytes()
}

func (h *harness) ask() release.Verdict {
	return h.Ask(context.Background(), gate.Ask{Subject: release.Subject{Service: "catalog", Digest: image, BaseDigest: base}})
}

func TestAReleaseIsHeldUntilItsEvidenceIsThere(t *testing.T) {
	h := newHarness(t)
	v := h.ask()
	assert.Equal(t, release.Hold, v.Decision)
	assert.Equal(t, release.Missing, v.Reasons[0].Code)

	e, added, err := h.Push(t.Context(), "ci", compared(t, h, 500, diff.Pass), release.Subject{Service: "catalog", Digest: image, BaseDigest: base}, release.Origin{Branch: "main"})
	require.NoError(t, err)
	assert.True(t, added)
	v = h.ask()
	assert.Equal(t, release.Promote, v.Decision, "%+v", v.Reasons)
	assert.Equal(t, e.ID, v.Reasons[0].Evidence)
	assert.Len(t, h.changes, 2, "each verdict that is not the one before is told once")
	h.ask()
	assert.Len(t, h.changes, 2)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// rewrite changes the policy's file, and has the gate read it anew.
func rewrite(t *testing.T, g *gate.Gate, from, to string) {
	t.Helper()
	files, err := g.Policies().Files()
	require.NoError(t, err)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600))
	require.NoError(t, g.Policies().Reload())
}

func TestOneRunIsNotEvidenceOfTwoImages(t *testing.T) {
	h := newHarness(t)
	document := compared(t, h, 500, diff.Pass)
	first, added, err := h.Push(t.Context(), "ci", document, subject, release.Origin{})
	require.NoError(t, err)
	require.True(t, added)
	again, added, err := h.Push(t.Context(), "ci", document, subject, release.Origin{})
	require.NoError(t, err)
	assert.False(t, added)
	assert.Equal(t, first.ID, again.ID)
	other := subject
	other.Digest = base
	_, _, err = h.Push(t.Context(), "ci", document, other, release.Origin{})
	require.ErrorIs(t, err, store.ErrConflict)
	assert.ErrorContains(t, err, image)
}
