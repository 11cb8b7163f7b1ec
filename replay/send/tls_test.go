package send_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

func writePEM(t *testing.T, name, kind string, der []byte) string {
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return file
}

// identity makes a certificate that signs itself, and its key.
func identity(t *testing.T) (certFile, keyFile string, cert *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return writePEM(t, "cert.pem", "CERTIFICATE", der), writePEM(t, "key.pem", "PRIVATE KEY", pkcs8), cert
}

func TestMutualTLSAndResumption(t *testing.T) {
	certFile, keyFile, cert := identity(t)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		resumed := "full"
		if r.TLS.DidResume {
			resumed = "resumed"
		}
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.TLS.ServerName+" "+resumed)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	var keys bytes.Buffer
	ca := writePEM(t, "ca.pem", "CERTIFICATE", s.Certificate().Raw)
	cfg, err := send.TLSOptions{CA: ca, Cert: certFile, Key: keyFile, ServerName: "example.com", MinVersion: "1.3", KeyLog: &keys}.Config()
	require.NoError(t, err)
	c := clientOf(t, s, func(sc *send.Config) { sc.TLSConfig = cfg })
	for _, want := range []string{"full", "resumed"} {
		a := c.Send(background(), ask(get("/")))
		require.True(t, a.OK(), a.Err)
		assert.Equal(t, "client example.com "+want, string(a.Response.Body))
	}
	assert.Contains(t, keys.String(), "CLIENT_TRAFFIC_SECRET_0")

	none, err := send.TLSOptions{CA: ca, ServerName: "example.com"}.Config()
	require.NoError(t, err)
	a := clientOf(t, s, func(sc *send.Config) { sc.TLSConfig = none }).Send(background(), ask(get("/")))
	assert.NotEmpty(t, a.Fault)
	assert.NotEqual(t, replay.Timeout, a.Fault)
}

func TestTLSOptionsNameWhatIsWrong(t *testing.T) {
	certFile, keyFile, _ := identity(t)
	_, otherKey, _ := identity(t)
	locked := writePEM(t, "locked.pem", "ENCRYPTED PRIVATE KEY", []byte{1})
	old := filepath.Join(t.TempDir(), "old.pem")
	require.NoError(t, os.WriteFile(old, []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n"), 0o600))
	broken := writePEM(t, "broken.pem", "CERTIFICATE", []byte{1})
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("no PEM"), 0o600))
	cut := filepath.Join(t.TempDir(), "cut.pem")
	whole, err := os.ReadFile(certFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cut, append(whole, whole[:len(whole)/2]...), 0o600))
	tests := []struct {
		name    string
		options send.TLSOptions
		want    []string
	}{
		{"version", send.TLSOptions{MinVersion: "1.4"}, []string{`"1.4"`, "want 1.0"}},
		{"no such CA", send.TLSOptions{CA: "/nowhere/ca.pem"}, []string{"/nowhere/ca.pem", "no such file"}},
		{"CA is text", send.TLSOptions{CA: text}, []string{text, "no certificate"}},
		{"broken CA", send.TLSOptions{CA: broken}, []string{broken, "certificate 1"}},
		{"cut CA", send.TLSOptions{CA: cut}, []string{cut, "certificate 2 is not whole"}},
		{"no key", send.TLSOptions{Cert: certFile}, []string{certFile, "has no key"}},
		{"no certificate", send.TLSOptions{Key: keyFile}, []string{keyFile, "has no certificate"}},
		{"no such key", send.TLSOptions{Cert: certFile, Key: "/nowhere/key.pem"}, []string{"/nowhere/key.pem"}},
		{"key as certificate", send.TLSOptions{Cert: keyFile, Key: keyFile}, []string{keyFile, "no certificate in PEM"}},
		{"broken certificate", send.TLSOptions{Cert: broken, Key: keyFile}, []string{broken}},
		{"certificate as key", send.TLSOptions{Cert: certFile, Key: certFile}, []string{"client key " + certFile, "no private key"}},
		{"encrypted key", send.TLSOptions{Cert: certFile, Key: locked}, []string{locked, "encrypted", "openssl pkey"}},
		{"encrypted key, old form", send.TLSOptions{Cert: certFile, Key: old}, []string{old, "encrypted"}},
		{"key of another", send.TLSOptions{Cert: certFile, Key: otherKey}, []string{certFile, otherKey, "does not match"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.options.Config()
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}
