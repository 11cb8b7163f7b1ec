package statement_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release/statement"
)

// cryptoKey returns the public key as the standard library has it.
func cryptoKey(t testing.TB, k *statement.PrivateKey) crypto.PublicKey {
	t.Helper()
	b, _ := pem.Decode(k.Public().PEM())
	key, err := x509.ParsePKIXPublicKey(b.Bytes)
	require.NoError(t, err)
	return key
}

func TestAPairIsWrittenAndReadAgain(t *testing.T) {
	for _, a := range []statement.Algorithm{statement.Ed25519, statement.ECDSA} {
		path := filepath.Join(t.TempDir(), "ci.pem")
		k := key(t, a)
		require.NoError(t, statement.WritePair(path, k))
		private, warning, err := statement.ReadPrivate(path)
		require.NoError(t, err)
		assert.Empty(t, warning)
		public, err := statement.ReadPublic(path + ".pub")
		require.NoError(t, err)
		assert.True(t, public.Equal(k.Public()))
		assert.True(t, private.Public().Equal(public))
		require.ErrorIs(t, statement.WritePair(path, key(t, a)), os.ErrExist, "no key is replaced")
	}
}

func TestAPairWhosePublicHalfIsThereLeavesNoPrivateHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci.pem")
	require.NoError(t, os.WriteFile(path+".pub", nil, 0o600))
	require.ErrorIs(t, statement.WritePair(path, key(t, statement.Ed25519)), os.ErrExist)
	assert.NoFileExists(t, path)
}

func TestAPrivateKeyThatOthersCanReadWarns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	path := filepath.Join(t.TempDir(), "ci.pem")
	require.NoError(t, statement.WritePair(path, key(t, statement.Ed25519)))
	require.NoError(t, os.Chmod(path, 0o644)) //nolint:gosec // what is tested
	_, warning, err := statement.ReadPrivate(path)
	require.NoError(t, err)
	assert.Contains(t, warning, "mode 0644")
}

func TestWhatIsNoKeyIsRefusedWithoutShowingIt(t *testing.T) {
	const secret = "c2VjcmV0IG1hdGVyaWFs"
	p := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	private, err := key(t, statement.Ed25519).PEM()
	require.NoError(t, err)
	public := string(key(t, statement.ECDSA).Public().PEM())
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs8 := func(k any) string {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		require.NoError(t, err)
		return p("PRIVATE KEY", der)
	}
	for _, tt := range []struct{ text, private, public string }{
		{secret, "no PEM block", "no PEM block"},
		{"", "no PEM block", "no PEM block"},
		{string(private) + public, "more than one", "more than one"},
		{string(private), "", "keep that one secret"},
		{public, "want the private one", ""},
		{p("ENCRYPTED PRIVATE KEY", []byte(secret)), "encrypted", "encrypted"},
		{p("EC PRIVATE KEY", []byte(secret)), "PKCS #8", "PKCS #8"},
		{p(secret, nil), "no PEM block of the type", "no PEM block of the type"},
		{p("PRIVATE KEY", []byte(secret)), "damaged", "private key"},
		{p("PUBLIC KEY", []byte(secret)), "public key", "damaged"},
		{pkcs8(p384), "curve P-384", "private key"},
		{pkcs8(rsaKey), "want ed25519 or ECDSA P-256", "private key"},
	} {
		_, err := statement.ParsePrivate([]byte(tt.text))
		holds(t, err, tt.private, secret)
		_, err = statement.ParsePublic([]byte(tt.text))
		holds(t, err, tt.public, secret)
	}
	_, err = statement.Generate("rsa")
	require.ErrorContains(t, err, "want ed25519")
}

func holds(t *testing.T, err error, says, not string) {
	t.Helper()
	if says == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, says)
	assert.NotContains(t, err.Error(), not)
}

func TestAFileThatIsNoKeyIsNotReadWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci.pem")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 70_000)), 0o600))
	_, _, err := statement.ReadPrivate(path)
	require.ErrorContains(t, err, "longer than")
	_, err = statement.ReadPublic(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = statement.ReadPublic(t.TempDir())
	require.Error(t, err)
}

func TestAKeyIsPrintedByItsPublicIdentity(t *testing.T) {
	k := key(t, statement.Ed25519)
	b, _ := pem.Decode(must(t, k))
	parsed, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	require.NoError(t, err)
	bytes := fmt.Sprintf("%d", []byte(parsed.(ed25519.PrivateKey)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		got := fmt.Sprintf(verb, k)
		assert.Equal(t, "private key of "+k.Public().ID(), got)
		assert.NotContains(t, got, bytes)
	}
	assert.Len(t, k.Public().String(), 64)
}

func must(t *testing.T, k *statement.PrivateKey) []byte {
	t.Helper()
	data, err := k.PEM()
	require.NoError(t, err)
	return data
}

func TestAKeyringHoldsEachNameAndEachKeyOnce(t *testing.T) {
	r, a, b := new(statement.Keyring), key(t, statement.Ed25519), key(t, statement.Ed25519)
	require.NoError(t, r.Add("a", a.Public()))
	require.ErrorContains(t, r.Add("a", b.Public()), "of that name")
	require.ErrorContains(t, r.Add("b", a.Public()), `trusted as "a"`)
	require.ErrorContains(t, r.Add("", b.Public()), "no name")
	require.ErrorContains(t, r.Add(strings.Repeat("x", 2000), b.Public()), "2000 bytes")
	for i := range 63 {
		require.NoError(t, r.Add(fmt.Sprint(i), key(t, statement.Ed25519).Public()))
	}
	require.ErrorContains(t, r.Add("more", b.Public()), "64 already")
	assert.Equal(t, []string{"a", "0", "1"}, r.Names()[:3])
}

func FuzzParseKey(f *testing.F) {
	k := key(f, statement.ECDSA)
	private, err := k.PEM()
	require.NoError(f, err)
	f.Add(private)
	f.Add(k.Public().PEM())
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := statement.ParsePrivate(data); err == nil {
			e := wrap(t)
			require.NoError(t, statement.Sign(e, k))
			names, err := statement.Verify(e, ring(t, map[string]*statement.PrivateKey{"it": k}))
			require.NoError(t, err)
			require.Equal(t, []string{"it"}, names)
		}
		if k, err := statement.ParsePublic(data); err == nil {
			again, err := statement.ParsePublic(k.PEM())
			require.NoError(t, err)
			require.True(t, k.Equal(again))
		}
	})
}
