//go:build e2e && linux

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
)

// lines hands on what a command prints, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l <- line
	}
	return len(p), nil
}

// background runs a command until it is stopped; it returns when the command
// has printed marker, with the rest of that line.
func background(t *testing.T, marker string, args ...string) (rest string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	printed, done := make(lines, 1024), make(chan int, 1)
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: printed, Getenv: os.Getenv, Version: "test"}
	go func() {
		done <- run(ctx, env, args)
		close(printed)
	}()
	for line := range printed {
		if _, rest, ok := strings.Cut(line, marker); ok {
			return strings.TrimSpace(rest), func() int {
				cancel()
				go func() {
					for range printed {
					}
				}()
				return <-done
			}
		}
	}
	cancel()
	t.Fatalf("%v ended with %d before it printed %q", args, <-done, marker)
	return "", nil
}

func TestLiveCaptureRecordsEveryExchangeOnLoopbackOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.URL.Path)
	}))
	defer server.Close()
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "live.twin")
	_, stop := background(t, "capturing on ", "capture", "--interface", "lo", "--port", address.Port(), "-o", file)
	const n = 300
	for i := range n {
		resp, err := http.Get(fmt.Sprintf("%s/%d", server.URL, i))
		require.NoError(t, err)
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	require.Zero(t, stop())
	r := twinspect(t.Context(), "cat", file)
	require.Zero(t, r.code, r.stderr)
	recorded := strings.Split(strings.TrimSpace(exchangesOnly(r.stdout)), "\n")
	assert.Len(t, recorded, n)
	for i := range n {
		assert.Contains(t, r.stdout, fmt.Sprintf("hello /%d\"", i))
	}
}

func TestProxyRecordsOverTLSAndHTTP2(t *testing.T) {
	upstream := serve(t, product)
	file := filepath.Join(t.TempDir(), "proxy.twin")
	line, stop := background(t, "recording ", "capture", "--proxy", "127.0.0.1:0="+upstream, "--tls-self-signed", "-o", file)
	address, _, _ := strings.Cut(line, " ")
	require.True(t, strings.HasPrefix(address, "https://"), address)
	client := &http.Client{Transport: insecureHTTP2()}
	resp, err := client.Get(address + "/products/1")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, product("/products/1"), string(body))
	assert.Equal(t, 2, resp.ProtoMajor)
	client.CloseIdleConnections()
	require.Zero(t, stop())
	r := twinspect(t.Context(), "cat", file)
	assert.Contains(t, r.stdout, "HTTP/2.0")
	assert.Contains(t, r.stdout, "/products/1")
}

func TestLiveCaptureOfAnAbsentInterfaceListsThoseThatAre(t *testing.T) {
	_, err := net.InterfaceByName("lo")
	require.NoError(t, err)
	r := twinspect(t.Context(), "capture", "--interface", "absent0", "-o", filepath.Join(t.TempDir(), "x.twin"))
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "absent0")
	assert.Contains(t, r.stderr, "lo")
}

// insecureHTTP2 trusts the certificate that the proxy made on the spot.
func insecureHTTP2() *http.Transport {
	return &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}
}
