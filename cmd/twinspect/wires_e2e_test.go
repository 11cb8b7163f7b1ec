//go:build e2e && linux

package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/kafka"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// A developer records a client of their own, whose secrets it logs.
func TestTLSIsRecordedWithTheClientsKeyLog(t *testing.T) {
	for _, tt := range []struct {
		proto   string
		version uint16
	}{{"HTTP/2.0", tls.VersionTLS13}, {"HTTP/1.1", tls.VersionTLS13}, {"HTTP/2.0", tls.VersionTLS12}, {"HTTP/1.1", tls.VersionTLS12}} {
		t.Run(fmt.Sprintf("%s %s", tt.proto, tls.VersionName(tt.version)), func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "hello %s over %s", r.URL.Path, r.Proto)
			}))
			server.EnableHTTP2 = tt.proto == "HTTP/2.0"
			server.StartTLS()
			defer server.Close()
			keys, err := os.Create(filepath.Join(t.TempDir(), "keys.log"))
			require.NoError(t, err)
			defer keys.Close()
			address, _ := url.Parse(server.URL)
			file := filepath.Join(t.TempDir(), "tls.twin")
			_, stop := background(t, "capturing on ", "capture", "--interface", "lo", "--port", address.Port(),
				"--tls-keylog", keys.Name(), "-o", file)
			transport := server.Client().Transport.(*http.Transport)
			transport.TLSClientConfig.KeyLogWriter = keys
			transport.TLSClientConfig.MinVersion, transport.TLSClientConfig.MaxVersion = tt.version, tt.version
			const n = 50
			for i := range n {
				resp, err := server.Client().Get(fmt.Sprintf("%s/%d", server.URL, i))
				require.NoError(t, err)
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			transport.CloseIdleConnections()
			require.Zero(t, stop())
			r := twinspect(t.Context(), "cat", file)
			require.Zero(t, r.code, r.stderr)
			assert.Len(t, strings.Split(strings.TrimSpace(exchangesOnly(r.stdout)), "\n"), n)
			for i := range n {
				assert.Contains(t, r.stdout, fmt.Sprintf("hello /%d over %s", i, tt.proto[:6]))
			}
		})
	}
}

// What is in a topic is pulled to a file, replayed and compared as a file is.
func TestATopicStandsWhereverARecordingIsRead(t *testing.T) {
	if err := kafkastand.Available(); err != nil {
		t.Skipf("topics are not tested: %v", err)
	}
	broker, err := kafkastand.Start(t.Context(), kafkastand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, broker.Stop()) })
	require.NoError(t, broker.CreateTopic(t.Context(), "exchanges", 3))
	const n = 600
	publish(t, broker.Addr(), writeRecording(t, many(n)...))
	topic := "kafka://" + broker.Addr() + "/exchanges?from=earliest&to=latest"

	file := filepath.Join(t.TempDir(), "pulled.twin")
	r := twinspect(t.Context(), "capture", "--kafka", topic, "-o", file)
	require.Zero(t, r.code, r.stderr)
	r = twinspect(t.Context(), "stat", file)
	assert.Contains(t, r.stdout, fmt.Sprintf("%d exchanges", n))

	upstream := serve(t, product)
	r = twinspect(t.Context(), "replay", topic, "--to", upstream, "--pace", "max")
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout+r.stderr, fmt.Sprint(n))

	branch := serve(t, func(path string) string { return strings.ReplaceAll(product(path), "12.50", "12.51") })
	report := t.TempDir()
	r = twinspect(t.Context(), "diff-run", topic, "--base", upstream, "--branch", branch, "--report", report)
	assert.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stdout, "$.price")
	assert.Contains(t, evidence(t, report).Input, "window=", "the evidence says what exactly was read")

	group := topic + "&group=workers"
	first := filepath.Join(t.TempDir(), "first.twin")
	r = twinspect(t.Context(), "capture", "--kafka", group, "-o", first)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, twinspect(t.Context(), "stat", first).stdout, fmt.Sprintf("%d exchanges", n))
	again := filepath.Join(t.TempDir(), "again.twin")
	r = twinspect(t.Context(), "capture", "--kafka", group, "-o", again)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, twinspect(t.Context(), "stat", again).stdout, "0 exchanges", "what was processed is committed")

	r = twinspect(t.Context(), "stat", "kafka://"+broker.Addr()+"/absent")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "absent")
}

// publish writes a recording to the topic.
func publish(t *testing.T, addr, file string) {
	in, err := archive.Open(file, archive.ReadOptions{})
	require.NoError(t, err)
	defer in.Close()
	sink, err := kafka.NewSink(kafka.Config{Brokers: []string{addr}, Topic: "exchanges"}, kafka.SinkOptions{})
	require.NoError(t, err)
	_, err = capture.Copy(t.Context(), sink, in, nil)
	require.NoError(t, err)
	require.NoError(t, sink.Close())
}
