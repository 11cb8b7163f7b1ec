package rewrite

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// keys returns a private key for each algorithm: the file, and what verifies.
func keys(t *testing.T) map[string]struct {
	file   string
	public any
} {
	t.Helper()
	out := make(map[string]struct {
		file   string
		public any
	})
	add := func(alg string, private any) {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), alg)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		out[alg] = struct {
			file   string
			public any
		}{file, private.(crypto.Signer).Public()}
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	add("RS256", r)
	add("PS384", r)
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	add("ES256", e)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	add("EdDSA", ed)
	file := filepath.Join(t.TempDir(), "hmac")
	require.NoError(t, os.WriteFile(file, []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	out["HS256"] = struct {
		file   string
		public any
	}{file, []byte("0123456789abcdef0123456789abcdef")}
	return out
}

// open verifies a token and returns the texts of its header and its claims.
func open(t *testing.T, text, alg string, public any) (header, claims string) {
	t.Helper()
	text = strings.TrimPrefix(text, "Bearer ")
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithoutClaimsValidation()).Parse(text, func(*jwt.Token) (any, error) { return public, nil })
	require.NoError(t, err)
	parts := strings.Split(text, ".")
	h, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	c, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	return string(h), string(c)
}

func recordedToken(claims string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"typ":"JWT", "alg":"RS256","kid":"live"}`)) + "." + enc.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestRecordedTokensAreSignedAnewWithTheirTimesMovedToNow(t *testing.T) {
	// 1793527200 is 2026-11-01T10:00:00Z.
	token := recordedToken(`{"sub":"ada",  "iat":1793527100.5, "exp":1793530800,"n":1e2}`)
	for alg, key := range keys(t) {
		rules := parse(t, "auth:\n  - jwt: {algorithm: "+alg+", key-file: '"+key.file+"', claims: keep, key-id: test}\n")
		rules.now = func() time.Time { return recordedAt.Add(1000*time.Second + 700*time.Millisecond) }
		require.NoError(t, rules.Prepare(t.Context()))
		got := sent(t, rules, replay.To, request("GET", "/", "", "Authorization", "bearer "+token))
		header, claims := open(t, got.Header.Get("Authorization"), alg, key.public)
		assert.Equal(t, `{"typ":"JWT", "alg":"`+alg+`","kid":"test"}`, header)
		assert.Equal(t, `{"sub":"ada",  "iat":1793528100.5, "exp":1793531800,"n":1e2}`, claims)
		assert.Equal(t, Counts{Matched: 1, Changed: 1}, rules.Report().Auth[0].Counts)
	}
}

func TestGivenClaimsAreSignedAndRefreshed(t *testing.T) {
	key := keys(t)["ES256"]
	rules := parse(t, "auth:\n  - jwt: {algorithm: ES256, key-file: '"+key.file+"', claims: {sub: ci, roles: [a]}, expires: 10m}\n")
	clock := newClock(rules)
	rules.now = func() time.Time { return recordedAt.Add(time.Duration(clock.Load())) }
	clock.Store(0)
	require.NoError(t, rules.Prepare(t.Context()))
	first := sent(t, rules, replay.To, request("GET", "/", "")).Header.Get("Authorization")
	header, claims := open(t, first, "ES256", key.public)
	assert.Equal(t, `{"alg":"ES256","typ":"JWT"}`, header)
	assert.JSONEq(t, `{"sub":"ci","roles":["a"],"iat":1793527200,"exp":1793527800}`, claims)
	clock.advance(8 * time.Minute)
	assert.Equal(t, first, sent(t, rules, replay.To, request("GET", "/", "")).Header.Get("Authorization"))
	clock.advance(time.Minute)
	assert.NotEqual(t, first, sent(t, rules, replay.To, request("GET", "/", "")).Header.Get("Authorization"))
}

func TestWithALifeTheRecordedTokenExpiresAfterIt(t *testing.T) {
	key := keys(t)["HS256"]
	rules := parse(t, "auth:\n  - jwt: {algorithm: HS256, key-file: '"+key.file+"', claims: keep, expires: 1m}\n")
	rules.now = func() time.Time { return recordedAt.Add(time.Hour) }
	got := sent(t, rules, replay.To, request("GET", "/", "", "Authorization", "Bearer "+recordedToken(`{"exp":1793527300}`)))
	_, claims := open(t, got.Header.Get("Authorization"), "HS256", key.public)
	assert.Equal(t, `{"exp":1793530860}`, claims)
}

func TestCredentialsThatAreNoTokenAreLeftAndCounted(t *testing.T) {
	key := keys(t)["HS256"]
	rules := parse(t, "auth:\n  - jwt: {algorithm: HS256, key-file: '"+key.file+"', claims: keep}\n")
	for value, want := range map[string]capture.Reason{
		"": Absent, "Basic eyJ": NotToken, "Bearer opaque": NotToken, "Bearer eyJ.eyJ.x": NotToken, "Bearer " + recordedToken("[]"): NotToken,
	} {
		before := rules.Report().Auth[0].Left[want]
		req := request("GET", "/", "", "Authorization", value)
		assert.Equal(t, req.Header, sent(t, rules, replay.To, req).Header)
		assert.Equal(t, before+1, rules.Report().Auth[0].Left[want], value)
	}
}

func TestKeysThatDoNotFitFailEarly(t *testing.T) {
	k := keys(t)
	for alg, file := range map[string]string{
		"RS256": k["ES256"].file, "ES384": k["ES256"].file, "EdDSA": k["HS256"].file, "HS256": "/nonexistent",
	} {
		rules := parse(t, "auth:\n  - jwt: {algorithm: "+alg+", key-file: '"+file+"', claims: keep}\n")
		assert.ErrorContains(t, rules.Prepare(t.Context()), "replay.yaml:3: auth by jwt: key for "+alg, alg)
	}
}
