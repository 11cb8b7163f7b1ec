//go:build e2e

package wire

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secured is a server of net/http over TLS from one version of TLS on, up to one,
// behind a relay. Its clients log their secrets to the file secrets.
type secured struct {
	*relay
	*book
	secrets string
}

func startSecured(t *testing.T, cfg *tls.Config) *secured {
	k := &secured{book: &book{}, secrets: filepath.Join(t.TempDir(), "secrets")}
	s := httptest.NewUnstartedServer(k.handler(t))
	s.EnableHTTP2 = true
	s.TLS = cfg
	s.StartTLS()
	t.Cleanup(s.Close)
	k.relay = startRelay(t, s.Listener.Addr().String())
	return k
}

// run runs a client that writes to the file of SSLKEYLOGFILE.
func (k *secured) run(t *testing.T, input, name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "SSLKEYLOGFILE="+k.secrets)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

func (k *secured) compare(t *testing.T, want int) {
	file := k.stop()
	keys, err := os.ReadFile(k.secrets)
	require.NoError(t, err)
	all := k.closed()
	require.Len(t, all, want)
	compareBooks(t, all, kept{file, keys})
}

var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func TestForeignE2ECurlOverTLS(t *testing.T) {
	curl := program(t, "curl")
	for name, version := range tlsVersions {
		for _, protocol := range []string{"--http1.1", "--http2"} {
			t.Run("TLS "+name+" "+protocol, func(t *testing.T) {
				k := startSecured(t, &tls.Config{MinVersion: version, MaxVersion: version})
				data := filepath.Join(t.TempDir(), "data")
				require.NoError(t, os.WriteFile(data, bytes.Repeat([]byte("uploaded "), 20000), 0o600))
				url := "https://" + k.addr()
				exchanges := 0
				get := func(args ...string) {
					for i, a := range args {
						if strings.HasPrefix(a, "/") && a != data && a != os.DevNull {
							args[i] = url + a
							exchanges++
						}
					}
					k.run(t, "", curl, append([]string{"-s", "-S", "-k", "-o", os.DevNull, protocol, "--max-time", "20"}, args...)...)
				}
				get("/one", "-o", os.DevNull, "/chunked", "-o", os.DevNull, "/file", "-o", os.DevNull, "/zipped")
				get("-I", "/file")
				get("-r", "0-9,20-29", "/file")
				get("/empty")
				get("/trailers")
				get("/early")
				get("-d", "a=1&b=2", "/form")
				get("-T", data, "/upload")
				get("-T", data, "-H", "Transfer-Encoding: chunked", "/chunks")
				k.compare(t, exchanges)
			})
		}
	}
}

// TestForeignE2EOpenSSL sends pipelined requests with each kind of cipher, and
// with a session that is resumed.
func TestForeignE2EOpenSSL(t *testing.T) {
	openssl := program(t, "openssl")
	ciphers := []struct{ version, option, name string }{
		{"1.2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"},
		{"1.2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"},
		{"1.2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"},
		{"1.2", "-cipher", "ECDHE-RSA-AES128-SHA"},
		{"1.3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"},
		{"1.3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"},
		{"1.3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"},
	}
	for _, c := range ciphers {
		t.Run(c.name, func(t *testing.T) {
			version := tlsVersions[c.version]
			k := startSecured(t, &tls.Config{MinVersion: version, MaxVersion: version, CipherSuites: everySuite()})
			session := filepath.Join(t.TempDir(), "session")
			for i, resume := range [][]string{{"-sess_out", session}, {"-sess_in", session}} {
				args := append([]string{"s_client", "-connect", k.addr(), "-quiet", "-ign_eof", "-keylogfile", k.secrets, c.option, c.name}, resume...)
				k.run(t, pipelined(i), openssl, args...)
			}
			k.compare(t, 8)
		})
	}
}

func everySuite() (all []uint16) {
	for _, s := range tls.CipherSuites() {
		all = append(all, s.ID)
	}
	return all
}

// pipelined is four requests at once, the last of which closes.
func pipelined(n int) string {
	var b strings.Builder
	for i, path := range []string{"/file", "/chunked", "/trailers"} {
		fmt.Fprintf(&b, "GET %s?%d.%d HTTP/1.1\r\nHost: x\r\n\r\n", path, n, i)
	}
	fmt.Fprintf(&b, "POST /echo?%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", n)
	return b.String()
}
