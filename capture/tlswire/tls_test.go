package tlswire

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func small() [2][]byte { return [2][]byte{numbered(1, 3000), numbered(2, 50000)} }

func TestEverySuiteOfTLS12IsDecrypted(t *testing.T) {
	certs := map[bool]tls.Certificate{true: certificate(t, true), false: certificate(t, false)}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !slices.Contains(s.SupportedVersions, uint16(tls.VersionTLS12)) || lookupSuite(tls12, s.ID) == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			config := &tls.Config{
				Certificates: []tls.Certificate{certs[!strings.Contains(s.Name, "ECDSA")]},
				CipherSuites: []uint16{s.ID}, MaxVersion: tls.VersionTLS12,
			}
			tk := converse(t, config, config, small(), 3)
			require.Equal(t, s.ID, tk.state.CipherSuite)
			d := New(keyLog(t, tk.keys))
			requireWhole(t, tk, play(d, tk.calls))
			assert.Zero(t, stats(t, d).Lost())
		})
	}
}

// Which suite TLS 1.3 uses cannot be configured; the suite that both ends like
// best depends on the hardware. The others share its code but for the cipher.
func TestTLS13IsDecrypted(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	client := config.Clone()
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1) // asks for tickets
	tk := converse(t, client, config, small(), 3)
	require.EqualValues(t, tls.VersionTLS13, tk.state.Version)
	d := New(keyLog(t, tk.keys))
	requireWhole(t, tk, play(d, tk.calls))
	got := stats(t, d)
	assert.Zero(t, got.Lost())
	assert.Positive(t, got.Filtered[SessionTicket])
	assert.Positive(t, got.Filtered[ChangeCipherSpec])
	assert.EqualValues(t, 2, got.Filtered[Alert])
}

func TestBigTransfersAreDecrypted(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	tk := converse(t, config, config, [2][]byte{numbered(1, 4<<20), numbered(2, 8<<20)}, 4)
	requireWhole(t, tk, play(New(keyLog(t, tk.keys)), tk.calls))
}

func TestAHelloRetryRequestIsFollowed(t *testing.T) {
	cert := certificate(t, false)
	client := &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384}}
	server := &tls.Config{Certificates: []tls.Certificate{cert}, CurvePreferences: []tls.CurveID{tls.CurveP384}}
	tk := converse(t, client, server, small(), 2)
	require.True(t, tk.state.HelloRetryRequest)
	d := New(keyLog(t, tk.keys))
	requireWhole(t, tk, play(d, tk.calls))
	assert.Zero(t, stats(t, d).Lost())
}

func TestResumedSessionsAreDecrypted(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: version}
			client := config.Clone()
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			first := converse(t, client, config, small(), 2)
			second := converse(t, client, config, small(), 2)
			require.True(t, second.state.DidResume)
			d := New(keyLog(t, first.keys+second.keys))
			requireWhole(t, first, play(d, first.calls))
			requireWhole(t, second, play(d, second.calls))
			assert.Zero(t, stats(t, d).Lost())
		})
	}
}

func TestClientCertificatesAreFollowed(t *testing.T) {
	cert := certificate(t, true)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool, MaxVersion: version}
		tk := converse(t, config, config, small(), 2)
		requireWhole(t, tk, play(New(keyLog(t, tk.keys)), tk.calls))
	}
}

func TestTheClientIsWhoSendsTheClientHello(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	tk := converse(t, config, config, small(), 2)
	for i := range tk.calls {
		tk.calls[i].dir = 1 - tk.calls[i].dir
	}
	tk.sent[0], tk.sent[1] = tk.sent[1], tk.sent[0]
	requireWhole(t, tk, play(New(keyLog(t, tk.keys)), tk.calls))
}

func TestAcknowledgementsAreTranslated(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: version}
		const rounds = 10
		tk := converse(t, config, config, [2][]byte{numbered(1, 100*rounds), numbered(2, 70*rounds)}, rounds)
		s := play(New(keyLog(t, tk.keys)), tk.calls)
		requireWhole(t, tk, s)
		for i := range rounds {
			assert.EqualValues(t, 70*i, s.pieces[0][i].acked, "request %d", i)
			assert.EqualValues(t, 100*(i+1), s.pieces[1][i].acked, "response %d", i)
		}
	}
}

func TestVersionsBelowTLS12ArePassedOn(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MinVersion: version, MaxVersion: version}
		tk := converse(t, config, config, small(), 2)
		d := New(keyLog(t, tk.keys))
		s := play(d, tk.calls)
		assert.Equal(t, joined(tk.calls, 0), s.bytes(0))
		assert.Positive(t, stats(t, d).Dropped[UnsupportedVersion])
	}
}

func joined(calls []call, dir int) []byte {
	var all []byte
	for _, c := range calls {
		if c.dir == dir {
			all = append(all, c.p...)
		}
	}
	return all
}

func TestTheSuitesOfTheLanguageAreKnown(t *testing.T) {
	for _, s := range tls.CipherSuites() {
		for _, v := range s.SupportedVersions {
			if v >= tls.VersionTLS12 {
				assert.NotNil(t, lookupSuite(v, s.ID), fmt.Sprintf("%s %s", s.Name, tls.VersionName(v)))
			}
		}
	}
}
