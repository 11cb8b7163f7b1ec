package gate_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
	"twinspect.dev/release/store"
)

// TestADamagedDatabaseHolds changes what is in the database behind the gate's back, as a
// disk or a person would.
func TestADamagedDatabaseHolds(t *testing.T) {
	for name, c := range map[string]struct {
		damage string
		want   release.Decision
	}{
		"what a document says was changed":                {`UPDATE evidence SET summary = replace(summary, '"compared"', '"Compared"') || ' ' `, release.Hold},
		"what a document says was cut":                    {`UPDATE evidence SET summary = substr(summary, 1, 20)`, release.Hold},
		"what a document says is nothing":                 {`UPDATE evidence SET summary = ''`, release.Hold},
		"it stands under another document":                {`UPDATE evidence SET id = 'sha256:0'`, release.Hold},
		"the table of evidence is gone":                   {`DROP TABLE evidence`, release.Hold},
		"the table of stops is gone":                      {`DROP TABLE stops`, release.Hold},
		"the table of verdicts is gone":                   {`DROP TABLE records`, release.Hold},
		"the document, of which all that counts is known": {`UPDATE documents SET content = x'00'`, release.Promote},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			_, err := h.Announce(t.Context(), "ci", release.Deployment{Subject: subject})
			require.NoError(t, err)
			e, _, err := h.Push(t.Context(), "ci", compared(t, h, 500, diff.Pass), subject, release.Origin{})
			require.NoError(t, err)
			require.Equal(t, release.Promote, h.ask().Decision)
			h.reopen(t, c.damage)

			for range 2 { // decided, and not remembered
				v := h.ask()
				assert.Equal(t, c.want, v.Decision, "%+v", v.Reasons)
				faulty := slices.ContainsFunc(v.Reasons, func(r release.Reason) bool { return r.Code == release.Faulty })
				assert.Equal(t, c.want == release.Hold, faulty, "%+v", v.Reasons)
			}
			if c.want != release.Hold {
				_, err = h.store.Document(t.Context(), e.ID)
				assert.ErrorIs(t, err, store.ErrCorrupt)
			}
		})
	}
}

// What is announced is read where the question names no image.
func TestAReleaseThatIsDamagedHoldsWhoAsksForIt(t *testing.T) {
	h := newHarness(t)
	_, err := h.Announce(t.Context(), "ci", release.Deployment{Subject: subject})
	require.NoError(t, err)
	_, _, err = h.Push(t.Context(), "ci", compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	current := gate.Ask{Subject: release.Subject{Service: "catalog"}}
	require.Equal(t, release.Promote, h.Ask(t.Context(), current).Decision)
	h.reopen(t, `UPDATE releases SET body = '{'`)
	v := h.Ask(t.Context(), current)
	assert.Equal(t, release.Hold, v.Decision)
	assert.True(t, slices.ContainsFunc(v.Reasons, func(r release.Reason) bool { return r.Code == release.Faulty }), "%+v", v.Reasons)
	assert.Contains(t, v.Reasons[0].Text, "damaged")
}

// reopen changes the database, and has a new gate work with it.
func (h *harness) reopen(t *testing.T, change string) {
	t.Helper()
	require.NoError(t, h.store.Close())
	db, err := sql.Open("sqlite", h.file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), change)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	h.store, err = store.Open(t.Context(), "sqlite:"+h.file, store.Options{Now: func() time.Time { return h.now }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.Gate = gate.New(gate.Config{Store: h.store, Policies: h.Policies(), Now: func() time.Time { return h.now }})
}

// signing has the gate trust a key by the name of "ci", and its policy want its word.
func signing(t *testing.T, h *harness) *statement.PrivateKey {
	t.Helper()
	key, err := statement.Generate(statement.Ed25519)
	require.NoError(t, err)
	var trusted statement.Keyring
	require.NoError(t, trusted.Add("ci", key.Public()))
	h.Gate = gate.New(gate.Config{
		Store: h.store, Policies: h.Policies(), Now: func() time.Time { return h.now },
		Verify: func(document []byte) (string, error) { return intake.Signer(document, &trusted) },
	})
	rewrite(t, h.Gate, "self_check: false", "self_check: false, signed: true")
	return key
}

func signed(t *testing.T, document []byte, keys ...*statement.PrivateKey) []byte {
	t.Helper()
	e, err := statement.Wrap(document, subject, release.Origin{})
	require.NoError(t, err)
	for _, k := range keys {
		require.NoError(t, statement.Sign(e, k))
	}
	text, err := e.JSON()
	require.NoError(t, err)
	return text
}

func TestWhatATrustedKeySignedPromotes(t *testing.T) {
	h := newHarness(t)
	key := signing(t, h)
	stranger, err := statement.Generate(statement.ECDSA)
	require.NoError(t, err)
	for name, document := range map[string][]byte{
		"without an envelope":  compared(t, h, 500, diff.Pass),
		"without a signature":  signed(t, compared(t, h, 501, diff.Pass)),
		"signed by a stranger": signed(t, compared(t, h, 502, diff.Pass), stranger),
	} {
		e, added, err := h.Push(t.Context(), "ci", document, subject, release.Origin{})
		require.NoError(t, err, name)
		require.True(t, added)
		assert.Empty(t, e.Signer, name)
		v := h.ask()
		assert.Equal(t, release.Hold, v.Decision, name)
		assert.Equal(t, release.Unsigned, v.Reasons[0].Code, name)
	}
	e, _, err := h.Push(t.Context(), "ci", signed(t, compared(t, h, 503, diff.Pass), stranger, key), release.Subject{}, release.Origin{})
	require.NoError(t, err)
	assert.Equal(t, "ci", e.Signer)
	filed, err := h.store.OneEvidence(t.Context(), e.ID)
	require.NoError(t, err)
	assert.Equal(t, "ci", filed.Signer)
	v := h.ask()
	assert.Equal(t, release.Promote, v.Decision, "%+v", v.Reasons)
}

func TestAForgedSignatureIsRefusedAndAudited(t *testing.T) {
	h := newHarness(t)
	key := signing(t, h)
	good := signed(t, compared(t, h, 500, diff.Pass), key)
	envelope, err := statement.Parse(good)
	require.NoError(t, err)
	other, err := statement.Parse(signed(t, compared(t, h, 9999, diff.Pass), key))
	require.NoError(t, err)
	envelope.Payload = other.Payload // another document under the signature of this one
	forged, err := envelope.JSON()
	require.NoError(t, err)
	_, _, err = h.Push(t.Context(), "mallory", forged, release.Subject{Service: "catalog"}, release.Origin{})
	require.ErrorIs(t, err, gate.ErrInvalid)
	require.ErrorIs(t, err, statement.ErrForged)

	entries, err := h.store.AuditEntries(t.Context(), store.AuditFilter{Who: "mallory"})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.True(t, entries[0].Refused)
	assert.Equal(t, release.Digest(forged), entries[0].Object)
	assert.Contains(t, entries[0].Detail, "changed after it was signed")
	all, err := h.store.Evidence(t.Context(), store.EvidenceFilter{Service: "catalog"})
	require.NoError(t, err)
	assert.Empty(t, all)
	assert.Equal(t, release.Hold, h.ask().Decision)
}

func TestAnEnvelopeOfAnotherImageIsRefused(t *testing.T) {
	h := newHarness(t)
	key := signing(t, h)
	of := subject
	of.Digest = base
	_, _, err := h.Push(t.Context(), "ci", signed(t, compared(t, h, 500, diff.Pass), key), of, release.Origin{})
	require.ErrorIs(t, err, gate.ErrInvalid)
	assert.ErrorContains(t, err, "the document is of the digest")
}

func TestEvidenceFromTheFutureHolds(t *testing.T) {
	h := newHarness(t)
	for name, skew := range map[string]time.Duration{"an hour": time.Hour, "a century": 100 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			now := h.now
			h.now = now.Add(skew) // the clock of who compared
			document := compared(t, h, 500, diff.Pass)
			h.now = now
			e, _, err := h.Push(t.Context(), "ci", document, subject, release.Origin{})
			require.NoError(t, err)
			assert.Equal(t, now, e.Received)
			v := h.ask()
			require.Equal(t, release.Hold, v.Decision)
			assert.Equal(t, release.Future, v.Reasons[0].Code, "%+v", v.Reasons)
		})
	}
}

func TestAGateWhoseClockWentBackHolds(t *testing.T) {
	h := newHarness(t)
	_, _, err := h.Push(t.Context(), "ci", compared(t, h, 500, diff.Pass), subject, release.Origin{})
	require.NoError(t, err)
	require.Equal(t, release.Promote, h.ask().Decision)
	h.now = h.now.Add(-48 * time.Hour)
	v := h.Ask(context.Background(), gate.Ask{Subject: subject})
	assert.Equal(t, release.Hold, v.Decision)
	assert.Equal(t, release.Future, v.Reasons[0].Code, "%+v", v.Reasons)
}
