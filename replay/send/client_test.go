package send_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// answering reads requests without bodies and answers each with the text.
func answering(text string) func(net.Conn) {
	return func(c net.Conn) {
		for r := bufio.NewReader(c); readHead(r) == nil; {
			_, _ = io.WriteString(c, text)
		}
	}
}

// readHead reads up to the empty line.
func readHead(r *bufio.Reader) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// reset closes the connection with RST.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func TestSendGivesTheAnswerWithItsTimes(t *testing.T) {
	c := client(t, serve(t, answering("HTTP/1.1 200 OK\r\nX-a: 1\r\nContent-Length: 2\r\n\r\nok")))
	req := get("/x")
	a := c.Send(background(), ask(req))
	require.True(t, a.OK(), a.Err)
	assert.Equal(t, 200, a.Response.Status)
	assert.Equal(t, "ok", string(a.Response.Body))
	assert.Equal(t, capture.Header{{Name: "X-a", Value: "1"}, {Name: "Content-Length", Value: "2"}}, a.Response.Header)
	assert.True(t, a.Response.Incomplete == "" && a.Request.Incomplete == "")
	for _, step := range [][2]time.Time{{a.Request.Start, a.Request.End}, {a.Request.Start, a.Response.Start}, {a.Response.Start, a.Response.End}} {
		assert.False(t, step[0].IsZero())
		assert.False(t, step[1].Before(step[0]))
	}
	assert.Equal(t, get("/x"), req, "the recorded request is not changed")
}

func TestConnectionIsUsedAgain(t *testing.T) {
	var conns atomic.Int32
	c := client(t, serve(t, func(nc net.Conn) { conns.Add(1); answering(okAnswer)(nc) }))
	for range 5 {
		require.Empty(t, c.Send(background(), ask(get("/"))).Fault)
	}
	assert.EqualValues(t, 1, conns.Load())
}

func TestUnaskedBytesAreNotTakenForTheNextAnswer(t *testing.T) {
	sent := make(chan struct{}, 2)
	var conns atomic.Int32
	c := client(t, serve(t, func(nc net.Conn) {
		conns.Add(1)
		r := bufio.NewReader(nc)
		if readHead(r) != nil {
			return
		}
		_, _ = io.WriteString(nc, okAnswer)
		_, _ = io.WriteString(nc, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		sent <- struct{}{}
		_ = readHead(r)
	}))
	require.Equal(t, 200, c.Send(background(), ask(get("/"))).Response.Status)
	<-sent
	assert.Equal(t, 200, c.Send(background(), ask(get("/"))).Response.Status)
	assert.EqualValues(t, 2, conns.Load())
}

func TestRequestOnADeadConnectionIsRepeatedOnlyIfIdempotent(t *testing.T) {
	for method, want := range map[string]replay.Fault{"GET": "", "PUT": "", "POST": replay.Reset} {
		t.Run(method, func(t *testing.T) {
			var conns, requests atomic.Int32
			c := client(t, serve(t, func(nc net.Conn) {
				first := conns.Add(1) == 1
				r := bufio.NewReader(nc)
				for readHead(r) == nil {
					// The second request on the first connection gets nothing.
					if requests.Add(1) == 2 && first {
						reset(nc)
						return
					}
					_, _ = io.WriteString(nc, okAnswer)
				}
			}))
			require.Empty(t, c.Send(background(), ask(get("/"))).Fault)
			req := get("/")
			req.Method = method
			a := c.Send(background(), ask(req))
			assert.Equal(t, want, a.Fault, a.Err)
		})
	}
}

func TestRequestThatWasAnsweredInPartIsNotRepeated(t *testing.T) {
	var requests atomic.Int32
	c := client(t, serve(t, func(nc net.Conn) {
		for r := bufio.NewReader(nc); readHead(r) == nil; {
			if requests.Add(1) == 2 {
				_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
				return
			}
			_, _ = io.WriteString(nc, okAnswer)
		}
	}))
	require.Empty(t, c.Send(background(), ask(get("/"))).Fault)
	a := c.Send(background(), ask(get("/")))
	assert.Equal(t, replay.Reset, a.Fault)
	assert.Equal(t, "half", string(a.Response.Body))
	assert.EqualValues(t, 9, a.Response.BodySize)
	assert.Equal(t, capture.Closed, a.Response.Incomplete)
	assert.EqualValues(t, 2, requests.Load())
}

func TestFaultsAreToldApart(t *testing.T) {
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	after := func(text string, then func(net.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			if readHead(bufio.NewReader(c)) == nil {
				_, _ = io.WriteString(c, text)
				then(c)
			}
		}
	}
	tests := []struct {
		name   string
		serve  func(net.Conn)
		fault  replay.Fault
		reason capture.Incomplete
		err    string
	}{
		{"reset at once", after("", reset), replay.Reset, capture.Reset, "reset"},
		{"reset in the body", after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", reset), replay.Reset, capture.Reset, "reset"},
		{"closed without an answer", after("", func(net.Conn) {}), replay.Reset, capture.Unseen, "closed before the answer was whole"},
		{"hangs", hang, replay.Timeout, capture.Timeout, "no whole answer within 100ms"},
		{"hangs in the body", after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", hang), replay.Timeout, capture.Timeout, "no whole answer"},
		{"not HTTP", after("220 mail ready\r\n\r\n", hang), replay.Malformed, capture.Malformed, `status line "220 mail ready"`},
		{"body over the limit", after("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", hang), replay.TooLarge, capture.BodyLimit, "limit of 10 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, serve(t, tt.serve), func(cfg *send.Config) {
				cfg.MaxBody = 10
				if tt.fault == replay.Timeout {
					cfg.Timeout = 100 * time.Millisecond
				}
			})
			a := c.Send(background(), ask(get("/")))
			assert.Equal(t, tt.fault, a.Fault, a.Err)
			assert.Equal(t, tt.reason, a.Response.Incomplete)
			assert.Contains(t, a.Err, tt.err)
			assert.False(t, a.Response.End.IsZero())
		})
	}
}

func TestNoConnectionIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	unknown := func(cfg *send.Config) {
		cfg.DialContext = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true}
		}
	}
	for _, c := range []*send.Client{client(t, address), client(t, address, unknown)} {
		a := c.Send(background(), ask(get("/")))
		assert.Equal(t, replay.Refused, a.Fault, a.Err)
		assert.Equal(t, capture.Refused, a.Response.Incomplete)
		assert.ErrorContains(t, c.Health(background()), "side base is not ready: GET http://")
	}
}

func TestCancelingInterruptsAndTheClientStaysUsable(t *testing.T) {
	asked := make(chan struct{}, 1)
	var hang atomic.Bool
	c := client(t, serve(t, func(nc net.Conn) {
		for r := bufio.NewReader(nc); readHead(r) == nil; {
			asked <- struct{}{}
			if !hang.Load() {
				_, _ = io.WriteString(nc, okAnswer)
			}
		}
	}))
	for range 3 {
		ctx, cancel := context.WithCancel(background())
		hang.Store(false)
		require.Empty(t, c.Send(ctx, ask(get("/"))).Fault)
		<-asked
		hang.Store(true)
		go func() {
			<-asked
			cancel()
		}()
		a := c.Send(ctx, ask(get("/")))
		assert.Equal(t, replay.Canceled, a.Fault, a.Err)
		assert.Equal(t, replay.Canceled, c.Send(ctx, ask(get("/"))).Fault, "before it begins")
	}
}

func TestIdleConnectionOfACanceledRunIsNotTrusted(t *testing.T) {
	c := client(t, serve(t, answering(okAnswer)))
	for range 20 {
		ctx, cancel := context.WithCancel(background())
		require.Empty(t, c.Send(ctx, ask(get("/"))).Fault)
		cancel()
	}
	a := c.Send(background(), ask(get("/")))
	assert.True(t, a.OK(), a.Err)
}

func TestEarlyAnswerToALargeBody(t *testing.T) {
	const size = 8 << 20
	answer := "HTTP/1.1 413 Content Too Large\r\nContent-Length: " // more than socket buffers hold, too
	answer += "4194304\r\n\r\n" + strings.Repeat("x", 4<<20)
	c := client(t, serve(t, func(nc net.Conn) {
		r := bufio.NewReader(nc)
		if readHead(r) == nil {
			_, _ = io.WriteString(nc, answer) // before anything of the body is read
			_, _ = io.Copy(io.Discard, r)
		}
	}))
	req := get("/")
	req.Method, req.Body = "POST", make([]byte, size)
	a := c.Send(background(), ask(req))
	require.True(t, a.OK(), a.Err)
	assert.Equal(t, 413, a.Response.Status)
	assert.Len(t, a.Response.Body, 4<<20)
}

func TestLargeBodyArrivesByteForByte(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) || r.Trailer.Get("X-Sum") != r.Header.Get("Want-Sum") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(got)
	}))
	defer server.Close()
	c := client(t, server.Listener.Addr().String())
	for _, trailer := range []capture.Header{nil, {{Name: "X-Sum", Value: "7"}}} {
		req := get("/", capture.Field{Name: "Trailer", Value: "X-Sum"}, capture.Field{Name: "Want-Sum", Value: trailer.Get("X-Sum")})
		req.Method, req.Body, req.Trailer = "POST", body, trailer
		a := c.Send(background(), ask(req))
		require.True(t, a.OK(), a.Err)
		assert.Equal(t, 200, a.Response.Status)
		assert.Equal(t, body, a.Response.Body)
	}
}

func TestSendOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.TLS.NegotiatedProtocol)
	}))
	server.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig
	c := client(t, "", func(cfg *send.Config) { cfg.URL, cfg.TLSConfig = u, trusting })
	for range 3 {
		a := c.Send(background(), ask(get("/")))
		require.True(t, a.OK(), a.Err)
		assert.Equal(t, "HTTP/1.1 http/1.1", string(a.Response.Body))
	}
	suspicious := client(t, "", func(cfg *send.Config) { cfg.URL, cfg.TLSConfig = u, new(tls.Config) })
	a := suspicious.Send(background(), ask(get("/")))
	assert.Equal(t, replay.Failed, a.Fault)
	assert.Contains(t, a.Err, "certificate")
	assert.ErrorContains(t, suspicious.Health(background()), "trusted")
}

func TestConnectionsAreBounded(t *testing.T) {
	var open, most atomic.Int32
	c := client(t, serve(t, func(nc net.Conn) {
		n := open.Add(1)
		defer open.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		answering(okAnswer)(nc)
	}), func(cfg *send.Config) { cfg.MaxConns = 2 })
	answers := make(chan replay.Answer)
	for range 50 {
		go func() { answers <- c.Send(background(), ask(get("/"))) }()
	}
	for range 50 {
		a := <-answers
		assert.True(t, a.OK(), a.Err)
	}
	assert.LessOrEqual(t, most.Load(), int32(2))
}

func TestHealthTakesAnyAnswer(t *testing.T) {
	path := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path <- r.RequestURI
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	c := client(t, server.Listener.Addr().String(), func(cfg *send.Config) { cfg.HealthPath = "/ready" })
	require.NoError(t, c.Health(background()))
	assert.Equal(t, "/ready", <-path)
	require.NoError(t, c.Close())
	assert.ErrorContains(t, c.Health(background()), "the client is closed")
}

func TestNewRefusesWhatItCannotSendTo(t *testing.T) {
	for text, want := range map[string]string{
		"ftp://a":        "must begin with http://",
		"http://":        "has no host",
		"http://u:p@a":   "credentials in the URL",
		"http://a/?q=1":  "without ? and #",
		"http://a/#frag": "without ? and #",
	} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		_, err = send.New(send.Config{URL: u})
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), ":p@")
	}
	_, err := send.New(send.Config{})
	assert.ErrorContains(t, err, "no URL")
	_, err = send.New(send.Config{URL: &url.URL{Scheme: "http", Host: "a"}, MaxBody: -1})
	assert.ErrorContains(t, err, "must not be negative")
	_, err = send.New(send.Config{URL: &url.URL{Scheme: "http", Host: "a"}, HealthPath: "x"})
	assert.ErrorContains(t, err, "must begin with /")
}
