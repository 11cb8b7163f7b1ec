package tlswire

import (
	"crypto/tls"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recording is a few connections whose secrets are in one key log, as the files
// in testdata/talks hold it.
type recording struct {
	Keys  string
	Talks []recordedTalk
}

type recordedTalk struct {
	Sent  [2][]byte
	Calls []recordedCall
}

type recordedCall struct {
	Dir   int
	Bytes []byte
}

func record(keys string, talks ...talk) recording {
	r := recording{Keys: keys}
	for _, tk := range talks {
		k := recordedTalk{Sent: tk.sent}
		for _, c := range tk.calls {
			k.Calls = append(k.Calls, recordedCall{c.dir, c.p})
		}
		r.Talks = append(r.Talks, k)
	}
	return r
}

func (r recording) talks() []talk {
	var all []talk
	for _, k := range r.Talks {
		tk := talk{sent: k.Sent}
		for _, c := range k.Calls {
			tk.calls = append(tk.calls, call{dir: c.Dir, acked: -1, p: c.Bytes})
		}
		all = append(all, tk)
	}
	return all
}

// recordings returns those of testdata by name.
func recordings(t testing.TB) map[string]recording {
	t.Helper()
	paths, err := filepath.Glob("testdata/talks/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := make(map[string]recording)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		var r recording
		require.NoError(t, json.Unmarshal(b, &r))
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = r
	}
	return all
}

// What OpenSSL wrote is decrypted where OpenSSL is not installed, too.
func TestRecordedConversationsAreDecrypted(t *testing.T) {
	for name, r := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			d := New(keyLog(t, r.Keys))
			for _, tk := range r.talks() {
				requireWhole(t, tk, play(d, tk.calls))
			}
			assert.Zero(t, stats(t, d).Lost())
		})
	}
}

// brief is a dialogue whose recording is small.
func brief() []say {
	return []say{
		{from: 0, line: "ping 0123456789"}, {from: 1, line: "pong 9876543210"},
		{from: 0, line: "ping abcdefghij"}, {from: 1, line: "pong jihgfedcba"},
	}
}

// TestRecordings makes the files in testdata/talks anew.
func TestRecordings(t *testing.T) {
	if os.Getenv("TWINSPECT_RECORD_TALKS") == "" {
		t.Skip("TWINSPECT_RECORD_TALKS is not set")
	}
	save := func(name string, r recording) {
		b, err := json.MarshalIndent(r, "", "\t")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata/talks", 0o755))
		require.NoError(t, os.WriteFile(filepath.Join("testdata/talks", name+".json"), append(b, '\n'), 0o644))
	}
	for name, cipher := range map[string]string{
		"tls12-ccm8": "ECDHE-ECDSA-AES128-CCM8", "tls12-chacha": "ECDHE-ECDSA-CHACHA20-POLY1305",
		"tls12-etm-sha384": "ECDHE-ECDSA-AES256-SHA384", "tls12-gcm": "ECDHE-ECDSA-AES128-GCM-SHA256",
	} {
		s := newStage(limited(t), t, "-tls1_2", "-cipher", cipher+":@SECLEVEL=0")
		tk := s.converse(limited(t), t, "", brief(), "-cipher", cipher+":@SECLEVEL=0")
		save(name, record(tk.keys, tk))
	}
	for name, args := range map[string][]string{"tls12-session-id": {"-no_ticket"}, "tls12-ticket": nil} {
		s := newStage(limited(t), t, append([]string{"-tls1_2"}, args...)...)
		first := s.converse(limited(t), t, "", brief(), "-sess_out", s.path("session"))
		second := s.converse(limited(t), t, "", brief(), "-sess_in", s.path("session"))
		save(name, record(first.keys, first, second))
	}
	s := newStage(limited(t), t, "-tls1_3")
	tk := s.converse(limited(t), t, "", updates())
	save("tls13-key-update", record(tk.keys, tk))
	s, session, text := earlyStage(t)
	early := s.converse(limited(t), t, text, brief(), "-sess_in", session, "-early_data", s.path("early"))
	save("tls13-early", record(early.keys, early))
	rejected := s.converse(limited(t), t, "", brief(), "-sess_in", session, "-early_data", s.path("early"))
	save("tls13-early-rejected", record(rejected.keys, rejected))
	plain := [2][]byte{numbered(1, 240), numbered(2, 300)}
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	tk = converse(t, config, config, plain, 3)
	save("tls13-go", record(tk.keys, tk))
	config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	tk = converse(t, config, config, plain, 3)
	save("tls12-cbc-go", record(tk.keys, tk))
}
