package tlswire

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// updates is a dialogue with five key updates.
func updates() []say {
	return []say{
		{from: 0, line: "before"},
		{from: 1, line: "before, too"},
		{from: 0, line: "K", command: true}, // asks for one of the server
		{from: 0, line: "after one"},
		{from: 1, line: "after the one that was asked for"},
		{from: 1, line: "k", command: true},
		{from: 1, line: "after another"},
		{from: 0, line: "k", command: true},
		{from: 0, line: "k", command: true},
		{from: 0, line: "after three"},
	}
}

func TestKeyUpdatesOfOpenSSLAreFollowed(t *testing.T) {
	ctx := limited(t)
	s := newStage(ctx, t, "-tls1_3")
	tk := s.converse(ctx, t, "", updates())
	requireDecrypted(t, tk)
	d := New(keyLog(t, tk.keys))
	play(d, tk.calls)
	assert.EqualValues(t, 5, stats(t, d).Filtered[KeyUpdate])
}

func TestPaddedRecordsOfTLS13AreDecrypted(t *testing.T) {
	ctx := limited(t)
	s := newStage(ctx, t, "-tls1_3", "-record_padding", "512")
	tk := s.converse(ctx, t, "", greetings(), "-record_padding", "300")
	requireDecrypted(t, tk)
}

// earlyStage is a server that takes 0-RTT data, and a session of it.
func earlyStage(t testing.TB) (s *stage, session string, text string) {
	t.Helper()
	ctx := limited(t)
	s = newStage(ctx, t, "-tls1_3", "-early_data", "-max_early_data", "16000")
	session = s.path("session")
	s.converse(ctx, t, "", greetings(), "-sess_out", session)
	text = "early " + strings.Repeat("0123456789", 300) + "\n"
	require.NoError(t, os.WriteFile(s.path("early"), []byte(text), 0o600))
	return s, session, text
}

func TestEarlyDataOfOpenSSLIsDecrypted(t *testing.T) {
	s, session, text := earlyStage(t)
	tk := s.converse(limited(t), t, text, greetings(), "-sess_in", session, "-early_data", s.path("early"))
	require.Contains(t, tk.keys, "CLIENT_EARLY_TRAFFIC_SECRET")
	requireDecrypted(t, tk)
}

// A server takes the early data of a ticket once (RFC 8446 section 8.1).
func TestEarlyDataThatTheServerRejectedIsLeftOut(t *testing.T) {
	s, session, text := earlyStage(t)
	s.converse(limited(t), t, text, greetings(), "-sess_in", session, "-early_data", s.path("early"))
	tk := s.converse(limited(t), t, "", greetings(), "-sess_in", session, "-early_data", s.path("early"))
	d := New(keyLog(t, tk.keys))
	requireWhole(t, tk, play(d, tk.calls))
	assert.Positive(t, stats(t, d).Filtered[RejectedEarly])
	assert.Zero(t, stats(t, d).Lost())
}

func TestEarlyDataWithoutItsSecretIsCounted(t *testing.T) {
	s, session, text := earlyStage(t)
	tk := s.converse(limited(t), t, "", greetings(), "-sess_in", session, "-early_data", s.path("early"))
	d := New(keyLog(t, without(tk.keys, "CLIENT_EARLY_TRAFFIC_SECRET")))
	got := play(d, tk.calls)
	assert.Equal(t, string(tk.sent[0]), string(got.bytes(0)))
	assert.Equal(t, string(tk.sent[1]), string(got.bytes(1)))
	// EndOfEarlyData cannot be told from data: 4 bytes, a record.
	assert.EqualValues(t, len(text)+4, got.gaps[0])
	assert.EqualValues(t, 2, stats(t, d).Dropped[EarlyUndecided])
}

// without returns a key log less the lines of a label.
func without(keys, label string) string {
	var kept strings.Builder
	for l := range strings.Lines(keys) {
		if !strings.HasPrefix(l, label+" ") {
			kept.WriteString(l)
		}
	}
	return kept.String()
}

func TestResumedSessionsOfOpenSSLAreDecrypted(t *testing.T) {
	for name, args := range map[string][]string{
		"TLS 1.2 by session ID": {"-tls1_2", "-no_ticket"},
		"TLS 1.2 by ticket":     {"-tls1_2"},
		"TLS 1.3 by ticket":     {"-tls1_3"},
		"TLS 1.3 by session ID": {"-tls1_3", "-no_ticket"}, // a ticket that is a name of a stored session
	} {
		t.Run(name, func(t *testing.T) {
			ctx := limited(t)
			s := newStage(ctx, t, args...)
			first := s.converse(ctx, t, "", greetings(), "-sess_out", s.path("session"))
			second := s.converse(ctx, t, "", greetings(), "-sess_in", s.path("session"))
			require.Less(t, len(joined(second.calls, 1)), len(joined(first.calls, 1))-200, "not resumed")
			requireDecrypted(t, first)
			requireDecrypted(t, second)
		})
	}
}
