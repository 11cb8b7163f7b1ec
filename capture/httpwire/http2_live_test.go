package httpwire_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c" //nolint:staticcheck // net/http does not do the upgrade
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
)

// served is what a handler saw and sent.
type served struct{ asked, answered string }

// ledger is a handler that keeps what it served by target.
type ledger struct {
	mu   sync.Mutex
	seen map[string]served
	// canceled tells of each request that its client gave up.
	canceled chan struct{}
}

func sum(b []byte) string { return fmt.Sprintf("%d %x", len(b), sha256.Sum256(b)) }

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case strings.HasPrefix(r.URL.Path, "/abort"):
		_, _ = w.Write([]byte("begun"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case strings.HasPrefix(r.URL.Path, "/cancel"):
		_, _ = w.Write([]byte("begun"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		l.canceled <- struct{}{}
		return
	}
	answer := bytes.Repeat([]byte(r.URL.Path), 1+len(body)/8)
	l.mu.Lock()
	l.seen[r.RequestURI] = served{sum(body), sum(answer)}
	l.mu.Unlock()
	w.Header().Set("Trailer", "X-Sum")
	w.WriteHeader(http.StatusEarlyHints)
	_, _ = w.Write(answer)
	w.Header().Set("X-Sum", sum(answer))
}

func serveH2C(t *testing.T) (*ledger, string) {
	l := &ledger{seen: make(map[string]served), canceled: make(chan struct{}, 16)}
	server := httptest.NewUnstartedServer(h2c.NewHandler(l, &http2.Server{})) //nolint:staticcheck // net/http does not do the upgrade
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return l, server.Listener.Addr().String()
}

// clients are the implementations that speak HTTP/2 by prior knowledge over
// connections of dial.
var clients = map[string]func(dial dialer) http.RoundTripper{
	"net/http": func(dial dialer) http.RoundTripper {
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		return &http.Transport{Protocols: protocols, DialContext: dial}
	},
	"x/net/http2": func(dial dialer) http.RoundTripper {
		dialTLS := func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, network, addr)
		}
		return &http2.Transport{AllowHTTP: true, DialTLSContext: dialTLS} //nolint:staticcheck // this is the other implementation
	},
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// dialing returns what connects to the relay, and what ends those connections.
// CloseIdleConnections is no such end: it passes over a connection on which the
// last stream is answered but not yet put away, and closes it at no later time.
func dialing(r *relay) (dial dialer, hang func()) {
	var mu sync.Mutex
	var conns []net.Conn
	hang = func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			c.Close()
		}
	}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, r.listener.Addr().String())
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			conns = append(conns, c)
		}
		return c, err
	}, hang
}

// eachClient runs a test with every client, each over a relay of its own.
func eachClient(t *testing.T, test func(t *testing.T, ledger *ledger, r *relay, client http.RoundTripper, hang func())) {
	for name, newClient := range clients {
		t.Run(name, func(t *testing.T) {
			ledger, addr := serveH2C(t)
			r := startRelay(t, addr)
			dial, hang := dialing(r)
			test(t, ledger, r, newClient(dial), hang)
		})
	}
}

func ask(ctx context.Context, client http.RoundTripper, target string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://shop"+target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Trailer = http.Header{"X-Asked": {"yes"}}
	req.ContentLength = -1
	req.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := client.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestParallelStreamsAreRecordedAsTheServerSawThem(t *testing.T) {
	eachClient(t, parallelStreams)
}

func parallelStreams(t *testing.T, ledger *ledger, r *relay, client http.RoundTripper, hang func()) {
	var wait sync.WaitGroup
	for i := range 120 {
		wait.Go(func() {
			body := bytes.Repeat([]byte{byte(i)}, i*i*13) // to 184 kB: beyond a window
			assert.NoError(t, ask(t.Context(), client, fmt.Sprintf("/ok/%d?q=%d", i, i), body))
		})
	}
	wait.Wait()
	hang()
	all, _ := r.finish(t)
	require.Len(t, all, 120)
	for _, e := range all {
		require.True(t, e.Complete(), "%s: %s %s", e.Request.Target, e.Request.Incomplete, e.Response.Incomplete)
		got := served{sum(e.Request.Body), sum(e.Response.Body)}
		assert.Equal(t, ledger.seen[e.Request.Target], got, e.Request.Target)
		assert.Equal(t, "shop", e.Request.Header[0].Value)
		assert.Equal(t, capture.Header{{Name: "x-asked", Value: "yes"}}, e.Request.Trailer)
		assert.Equal(t, got.answered, e.Response.Trailer.Get("x-sum"))
		require.Len(t, e.Response.Interim, 1)
		assert.Equal(t, 103, e.Response.Interim[0].Status)
	}
}

func TestResetStreamsAreIncompleteAndCostNoOther(t *testing.T) {
	eachClient(t, resetStreams)
}

func resetStreams(t *testing.T, ledger *ledger, r *relay, client http.RoundTripper, hang func()) {
	for i := range 10 {
		assert.Error(t, ask(t.Context(), client, fmt.Sprint("/abort/", i), nil))
		ctx, cancel := context.WithCancel(t.Context())
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint("http://shop/cancel/", i), nil)
		resp, err := client.RoundTrip(req)
		require.NoError(t, err)
		_, err = io.ReadFull(resp.Body, make([]byte, 5))
		require.NoError(t, err)
		cancel()
		resp.Body.Close()
		<-ledger.canceled // the client says so on a goroutine of its own
		assert.NoError(t, ask(t.Context(), client, fmt.Sprint("/ok/", i), []byte("body")))
	}
	hang()
	all, _ := r.finish(t)
	require.Len(t, all, 30)
	for _, e := range all {
		if strings.HasPrefix(e.Request.Target, "/ok") {
			assert.True(t, e.Complete(), e.Request.Target)
			assert.Equal(t, ledger.seen[e.Request.Target], served{sum(e.Request.Body), sum(e.Response.Body)})
			continue
		}
		assert.Equal(t, capture.Reset, e.Response.Incomplete, e.Request.Target)
		assert.Equal(t, "begun", string(e.Response.Body))
	}
}

func TestAnUpgradeToHTTP2IsRecorded(t *testing.T) {
	ledger, addr := serveH2C(t)
	r := startRelay(t, addr)
	c, err := net.Dial("tcp", r.listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(c, "POST /up HTTP/1.1\r\nHost: shop\r\nContent-Length: 300000\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAAAA\r\n\r\n"+strings.Repeat("b", 300000))
	require.NoError(t, err)
	agreed := make([]byte, len("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"))
	_, err = io.ReadFull(c, agreed)
	require.NoError(t, err)
	_, err = io.WriteString(c, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(c, c)
	require.NoError(t, framer.WriteSettings())
	var block bytes.Buffer
	fields := hpack.NewEncoder(&block)
	for _, f := range []string{":method GET", ":scheme http", ":path /next", ":authority shop"} {
		name, value, _ := strings.Cut(f, " ")
		require.NoError(t, fields.WriteField(hpack.HeaderField{Name: name, Value: value}))
	}
	require.NoError(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true}))
	readToEnd(t, framer, 1, 3)
	c.Close()
	all, _ := r.finish(t)
	require.Len(t, all, 2)
	for _, e := range all {
		assert.True(t, e.Complete())
		assert.Equal(t, "HTTP/2.0", e.Response.Proto)
		assert.Equal(t, ledger.seen[e.Request.Target], served{sum(e.Request.Body), sum(e.Response.Body)}, e.Request.Target)
		if e.Request.Target == "/up" {
			assert.Equal(t, "HTTP/1.1", e.Request.Proto)
			assert.Equal(t, 101, e.Response.Interim[0].Status)
			assert.Greater(t, len(e.Response.Body), 100000, "beyond the window")
		}
	}
}

// readToEnd reads frames until the streams have ended, and opens their windows.
func readToEnd(t *testing.T, framer *http2.Framer, streams ...uint32) {
	for open := len(streams); open > 0; {
		f, err := framer.ReadFrame()
		require.NoError(t, err)
		h := f.Header()
		if n := h.Length; h.Type == http2.FrameData && n > 0 {
			require.NoError(t, framer.WriteWindowUpdate(0, n))
			require.NoError(t, framer.WriteWindowUpdate(h.StreamID, n))
		}
		if slices.Contains(streams, h.StreamID) && h.Flags.Has(http2.FlagDataEndStream) && (h.Type == http2.FrameData || h.Type == http2.FrameHeaders) {
			open--
		}
	}
}
