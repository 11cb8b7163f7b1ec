package tlswire

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resuming returns three conversations of crypto/tls, of which the second and
// the third resume the session of the one before by a ticket.
func resuming(t testing.TB) (first, second, third talk) {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: tls.VersionTLS12}
	client := config.Clone()
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	first = converse(t, client, config, small(), 2)
	second = converse(t, client, config, small(), 2)
	third = converse(t, client, config, small(), 2)
	require.True(t, second.state.DidResume && third.state.DidResume)
	return first, second, third
}

func TestASessionWhoseSecretIsNotLoggedAgainIsResumed(t *testing.T) {
	first, second, third := resuming(t)
	require.Empty(t, second.keys, "crypto/tls logs no secret of a session that it resumes")
	keys := keyLog(t, first.keys)
	d := New(keys)
	requireWhole(t, first, play(d, first.calls))
	requireWhole(t, second, play(d, second.calls))
	requireWhole(t, third, play(d, third.calls))
	assert.Zero(t, stats(t, d).Lost())
	other := New(keys)
	requireWhole(t, third, play(other, third.calls))
	assert.Zero(t, stats(t, other).Lost(), "every connection of a key log knows it")
}

func TestSessionsOfOpenSSLAreResumedWithoutTheirSecret(t *testing.T) {
	for name, args := range map[string][]string{
		"by session ID": {"-no_ticket"}, "by ticket": nil, "with MAC then encryption": {"-no_etm"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := limited(t)
			s := newStage(ctx, t, append([]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"}, args...)...)
			first := s.converse(ctx, t, "", greetings(), "-sess_out", s.path("session"))
			second := s.converse(ctx, t, "", greetings(), "-sess_in", s.path("session"), "-sess_out", s.path("session"))
			third := s.converse(ctx, t, "", greetings(), "-sess_in", s.path("session"))
			d := New(keyLog(t, first.keys))
			for _, tk := range []talk{first, second, third} {
				requireWhole(t, tk, play(d, tk.calls))
			}
			assert.Zero(t, stats(t, d).Lost())
		})
	}
}

func TestASessionThatWasNotSeenIsPassedOn(t *testing.T) {
	first, second, _ := resuming(t)
	d := New(keyLog(t, first.keys))
	s := play(d, second.calls)
	assert.Equal(t, joined(second.calls, 0), s.bytes(0))
	assert.Positive(t, stats(t, d).Dropped[NoSecret])
}

// A hole before the ticket, however its record is cut, costs the resumption
// alone: no wrong name is learned.
func TestATicketAfterALossIsNotLearned(t *testing.T) {
	first, second, _ := resuming(t)
	server := joined(first.calls, 1)
	n, ok := recordSize(server)
	require.True(t, ok)
	d := New(keyLog(t, first.keys))
	playHoles(d, first.calls, [2]hole{1: {int64(n) + 20, int64(n) + 30}})
	play(d, second.calls)
	assert.Positive(t, stats(t, d).Dropped[NoSecret])
}

// ticketMessage is a handshake message, the ticket being the rest of a body.
func ticketMessage(kind byte, ticket string) []byte {
	body := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 7}, uint16(len(ticket)))
	return append([]byte{kind, 0, 0, byte(len(body) + len(ticket))}, append(body, ticket...)...)
}

func TestTicketsAreFoundHoweverMessagesAreCut(t *testing.T) {
	var all []byte
	all = append(all, ticketMessage(11, "a certificate")...)
	all = append(all, 14, 0, 0, 0) // ServerHelloDone
	all = append(all, ticketMessage(sessionTicketMessage, "")...)
	all = append(all, sessionTicketMessage, 0, 0, 2, 1, 2) // too short
	all = append(all, ticketMessage(sessionTicketMessage, "a ticket")...)
	sum := sha256.Sum256([]byte("a ticket"))
	for size := 1; size <= len(all); size++ {
		r := &resumption{}
		for b := all; len(b) > 0; b = b[min(size, len(b)):] {
			r.read(b[:min(size, len(b))])
		}
		require.Equal(t, []sessionName{nameTicket(sum[:])}, r.names, "cut at %d", size)
	}
}

func TestWhatResumesASessionIsForgottenUnlessItIsUsed(t *testing.T) {
	name := func(n int) sessionName {
		id, ok := nameID(binary.BigEndian.AppendUint32(nil, uint32(n)))
		require.True(t, ok)
		return id
	}
	const limit = 10
	var r resumable
	used := &session{}
	for n := range 100 * limit {
		r.put(name(n), &session{}, limit)
		if n%limit == 0 {
			r.put(name(-1), used, limit)
		}
		require.LessOrEqual(t, len(r.young)+len(r.old), 2*limit)
		require.Same(t, used, r.get(name(-1)))
		require.NotNil(t, r.get(name(max(0, n-limit+2))))
	}
	assert.Nil(t, r.get(name(0)))
}

func TestNamesOfSessionsAreDistinct(t *testing.T) {
	short, _ := nameID([]byte{1})
	long, _ := nameID([]byte{1, 0})
	full, _ := nameID(make([]byte, 32))
	assert.NotEqual(t, short, long)
	assert.NotEqual(t, full, nameTicket(make([]byte, 32)))
	for _, size := range []int{0, 33, 255} {
		_, ok := nameID(make([]byte, size))
		assert.False(t, ok)
	}
}

func TestConnectionsThatAreDecryptedAtOnceShareWhatResumes(t *testing.T) {
	r := recordings(t)["tls12-ticket"]
	first, second := r.talks()[0], r.talks()[1]
	keys := keyLog(t, r.Keys)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			d := New(keys)
			for range 50 {
				for _, tk := range []talk{first, second} {
					s := play(d, tk.calls)
					assert.Equal(t, tk.sent[1], s.bytes(1))
				}
			}
		})
	}
	all.Wait()
}
