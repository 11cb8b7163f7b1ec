package send_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// protocols begins a server of net/http that speaks what is said.
func protocols(t testing.TB, h http.HandlerFunc, set func(*http.Protocols), tls bool) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	set(s.Config.Protocols)
	if tls {
		s.EnableHTTP2 = s.Config.Protocols.HTTP2()
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func h2c(p *http.Protocols)     { p.SetUnencryptedHTTP2(true) }
func h1AndH2(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }
func h1(p *http.Protocols)      { p.SetHTTP1(true) }
func allClear(p *http.Protocols) {
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
}

func clientOf(t testing.TB, s *httptest.Server, change ...func(*send.Config)) *send.Client {
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	return client(t, "", append([]func(*send.Config){func(cfg *send.Config) {
		cfg.URL = u
		if u.Scheme == "https" {
			cfg.TLSConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
		}
	}}, change...)...)
}

func protocol(p send.Protocol) func(*send.Config) {
	return func(cfg *send.Config) { cfg.Protocol = p }
}

func get2(target string, fields ...capture.Field) *capture.Request {
	req := get(target, fields...)
	req.Proto = "HTTP/2.0"
	return req
}

func grpcRequest() *capture.Request {
	req := get2("/pkg.Service/Call", capture.Field{Name: "content-type", Value: "application/grpc+proto"}, capture.Field{Name: "te", Value: "trailers"})
	req.Method, req.Body = "POST", []byte("\x00\x00\x00\x00\x01a")
	return req
}

func TestVersionOfHTTPIsChosenByTheRecordingAndTheSide(t *testing.T) {
	proto := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }
	tests := []struct {
		name     string
		set      func(*http.Protocols)
		tls      bool
		protocol send.Protocol
		req      *capture.Request
		want     string // or part of a fault
	}{
		{"https, both, HTTP/1.1", h1AndH2, true, send.Auto, get("/"), "HTTP/1.1"},
		{"https, both, HTTP/2", h1AndH2, true, send.Auto, get2("/"), "HTTP/2.0"},
		{"https, both, gRPC from HTTP/1.1", h1AndH2, true, "", grpcOver("HTTP/1.1"), "HTTP/2.0"},
		{"https, only HTTP/1.1, HTTP/2", h1, true, send.Auto, get2("/"), "HTTP/1.1"},
		{"https, forced HTTP/1.1", h1AndH2, true, send.HTTP1, get2("/"), "HTTP/1.1"},
		{"https, forced h2", h1AndH2, true, send.H2, get("/"), "HTTP/2.0"},
		{"https, forced h2 in vain", h1, true, send.H2, get("/"), "not agree to HTTP/2"},
		{"http, both, HTTP/1.1", allClear, false, send.Auto, get("/"), "HTTP/1.1"},
		{"http, both, HTTP/2", allClear, false, send.Auto, get2("/"), "HTTP/2.0"},
		{"http, only HTTP/1.1, HTTP/2", h1, false, send.Auto, get2("/"), "HTTP/1.1"},
		{"http, only HTTP/1.1, gRPC", h1, false, send.Auto, grpcRequest(), "does not speak HTTP/2"},
		{"http, both, gRPC", allClear, false, send.Auto, grpcRequest(), "HTTP/2.0"},
		{"http, forced h2c", h2c, false, send.H2C, get("/"), "HTTP/2.0"},
		{"http, forced HTTP/1.1", allClear, false, send.HTTP1, grpcRequest(), "HTTP/1.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := clientOf(t, protocols(t, proto, tt.set, tt.tls), protocol(tt.protocol))
			for range 3 {
				a := c.Send(background(), ask(tt.req))
				if !a.OK() {
					assert.Contains(t, a.Err, tt.want)
					continue
				}
				assert.Equal(t, tt.want, string(a.Response.Body))
				assert.Equal(t, tt.want, a.Response.Proto)
				assert.Equal(t, tt.want, a.Request.Proto)
			}
		})
	}
}

func grpcOver(proto string) *capture.Request {
	req := grpcRequest()
	req.Proto = proto
	return req
}

func TestHealthLearnsThatOnlyHTTP2IsSpoken(t *testing.T) {
	c := clientOf(t, protocols(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }, h2c, false))
	require.NoError(t, c.Health(background()))
	a := c.Send(background(), ask(get("/")))
	require.True(t, a.OK(), a.Err)
	assert.Equal(t, "HTTP/2.0", string(a.Response.Body))
}

// A server that has no HTTP/1.1 and says so by ALPN; net/http's would not.
func TestSideThatRefusesHTTP1ByALPNIsAskedOverHTTP2(t *testing.T) {
	s := protocols(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }, h1AndH2, true)
	for name, protos := range map[string][]string{"only h2": {"h2"}, "both": {"h2", "http/1.1"}} {
		t.Run(name, func(t *testing.T) {
			l := alpnServer(t, s.TLS.Certificates, protos)
			c := clientOf(t, s, func(cfg *send.Config) { cfg.Dial = l })
			a := c.Send(background(), ask(get("/")))
			require.True(t, a.OK(), a.Err)
			assert.Equal(t, len(protos) == 1, a.Response.Proto == "HTTP/2.0")
		})
	}
}

// alpnServer accepts TLS with no protocol but those said, and speaks it.
func alpnServer(t *testing.T, certs []tls.Certificate, protos []string) string {
	cfg := &tls.Config{Certificates: certs, NextProtos: protos}
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if len(protos) == 1 && !slices.Contains(hello.SupportedProtos, protos[0]) {
			// Refused as a server would that is not Go's, which lets HTTP/1.1 through.
			strict := cfg.Clone()
			strict.GetConfigForClient, strict.NextProtos = nil, []string{"none"}
			return strict, nil
		}
		return nil, nil
	}
	return serve(t, func(nc net.Conn) {
		c := tls.Server(nc, cfg)
		if c.Handshake() != nil {
			return
		}
		if c.ConnectionState().NegotiatedProtocol != "h2" {
			answering(okAnswer)(c)
			return
		}
		w := newWire2(c)
		for w != nil {
			f, err := w.fr.ReadFrame()
			if err != nil {
				return
			}
			if f, ok := f.(*http2.MetaHeadersFrame); ok {
				w.headers(f.StreamID, true, ":status", "200")
			}
		}
	})
}

func TestProbeOfASilentSideFallsBack(t *testing.T) {
	closes := serve(t, func(c net.Conn) {
		b := make([]byte, 3)
		if _, err := io.ReadFull(c, b); err == nil && string(b) != "PRI" {
			_, _ = io.WriteString(c, okAnswer)
		}
	})
	c := client(t, closes)
	for range 2 {
		a := c.Send(background(), ask(get2("/")))
		require.True(t, a.OK(), a.Err)
		assert.Equal(t, "HTTP/1.1", a.Response.Proto)
	}
}

func TestLargeBodiesCrossBothWaysAtOnce(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 320<<10) // 5 MiB: more than the stream's window
	s := protocols(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("X-Sum", r.Trailer.Get("X-Sum"))
	}, h2c, false)
	c := clientOf(t, s, protocol(send.H2C))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			req := get2("/", capture.Field{Name: "trailer", Value: "X-Sum"})
			req.Method, req.Body, req.Trailer = "POST", body, capture.Header{{Name: "X-Sum", Value: "7"}}
			a := c.Send(background(), ask(req))
			assert.True(t, a.OK(), a.Err)
			assert.True(t, bytes.Equal(body, a.Response.Body))
			assert.Equal(t, capture.Header{{Name: "x-sum", Value: "7"}}, a.Response.Trailer)
		})
	}
	wg.Wait()
}

func TestInterimAnswersOverHTTP2(t *testing.T) {
	s := protocols(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
	}, h2c, false)
	a := clientOf(t, s, protocol(send.H2C)).Send(background(), ask(get2("/")))
	require.True(t, a.OK(), a.Err)
	require.Len(t, a.Response.Interim, 1)
	assert.Equal(t, 103, a.Response.Interim[0].Status)
	assert.Equal(t, "</a>", a.Response.Interim[0].Header.Get("link"))
	assert.Equal(t, 204, a.Response.Status)
}

func TestEarlyAnswerOverHTTP2EndsTheRequest(t *testing.T) {
	s := protocols(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) }, h2c, false)
	c := clientOf(t, s, protocol(send.H2C))
	for range 5 {
		req := get2("/")
		req.Method, req.Body = "POST", make([]byte, 8<<20)
		a := c.Send(background(), ask(req))
		require.True(t, a.OK(), a.Err)
		assert.Equal(t, 413, a.Response.Status)
	}
}

func TestStreamsShareOneConnectionWithinTheServersLimit(t *testing.T) {
	var conns, now, most atomic.Int32
	h := func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(h))
	s.Config.Protocols = new(http.Protocols)
	h2c(s.Config.Protocols)
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 3}
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := clientOf(t, s, protocol(send.H2C), func(cfg *send.Config) { cfg.MaxConns = 2 })
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 10 {
				a := c.Send(background(), ask(get2("/")))
				assert.True(t, a.OK(), a.Err)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, conns.Load(), int32(2))
	assert.LessOrEqual(t, most.Load(), int32(6))
}

// frameServer speaks HTTP/2 by hand. Each request's header and its stream are
// given to answer.
func frameServer(t testing.TB, answer func(*wire2, *http2.MetaHeadersFrame)) string {
	return serve(t, func(c net.Conn) {
		w := newWire2(c)
		if w == nil {
			return
		}
		for {
			f, err := w.fr.ReadFrame()
			if err != nil {
				return
			}
			switch f := f.(type) {
			case *http2.MetaHeadersFrame:
				answer(w, f)
			case *http2.SettingsFrame:
				if !f.IsAck() {
					_ = w.fr.WriteSettingsAck()
				}
			}
		}
	})
}

func h2Client(t testing.TB, address string, change ...func(*send.Config)) *send.Client {
	return client(t, address, append([]func(*send.Config){protocol(send.H2C)}, change...)...)
}

func TestRequestOverHTTP2IsWhatWasRecorded(t *testing.T) {
	var mu sync.Mutex
	var got []string
	address := frameServer(t, func(w *wire2, f *http2.MetaHeadersFrame) {
		mu.Lock()
		defer mu.Unlock()
		got = got[:0]
		for _, h := range f.Fields {
			got = append(got, h.Name+"="+h.Value)
		}
		w.headers(f.StreamID, true, ":status", "200", "b", "1", "A-ignored", "", "b", "2")
	})
	c := h2Client(t, address, func(cfg *send.Config) { cfg.KeepHost = true })
	req := get2("/p?q=%20", field("b", "1"), field("X-Mixed", "Kept As Is"), field("b", "2"), field("Connection", "close, X-Hop"), field("x-hop", "1"),
		field("TE", "gzip, trailers"), field("Keep-Alive", "5"), field("Upgrade", "h2c"), field("grpc-timeout", "5S"))
	a := c.Send(background(), ask(req))
	assert.Equal(t, replay.Malformed, a.Fault, "a name in capitals")
	want := ":method=GET|:scheme=http|:authority=recorded.example|:path=/p?q=%20|b=1|x-mixed=Kept As Is|b=2|te=trailers|grpc-timeout=5S"
	mu.Lock()
	assert.Equal(t, want, strings.Join(got, "|"))
	mu.Unlock()
	assert.Equal(t, capture.Header{field("Host", "recorded.example"), field("b", "1"), field("x-mixed", "Kept As Is"), field("b", "2"), field("te", "trailers"), field("grpc-timeout", "5S")}, a.Request.Header)
}

func field(name, value string) capture.Field { return capture.Field{Name: name, Value: value} }

func TestAnswersOverHTTP2(t *testing.T) {
	tests := []struct {
		name   string
		answer func(*wire2, uint32)
		fault  replay.Fault
		reason capture.Incomplete
		err    string
		body   string
	}{
		{"fields in order and twice", func(w *wire2, id uint32) { w.headers(id, true, ":status", "200", "b", "1", "a", "2", "b", "3") }, "", "", "", ""},
		{"trailers only", func(w *wire2, id uint32) { w.headers(id, true, ":status", "200", "grpc-status", "5") }, "", "", "", ""},
		{"no status", func(w *wire2, id uint32) { w.headers(id, true, "a", "2") }, replay.Malformed, capture.Malformed, "no :status", ""},
		{"odd status", func(w *wire2, id uint32) { w.headers(id, true, ":status", "20") }, replay.Malformed, capture.Malformed, "three digits", ""},
		{"101", func(w *wire2, id uint32) { w.headers(id, false, ":status", "101") }, replay.Malformed, capture.Malformed, "101 does not exist", ""},
		{"ends with an interim answer", func(w *wire2, id uint32) { w.headers(id, true, ":status", "103") }, replay.Malformed, capture.Malformed, "interim answer 103", ""},
		{"endless interim", func(w *wire2, id uint32) {
			for range 65 {
				w.headers(id, false, ":status", "102")
			}
		}, replay.Malformed, capture.Malformed, "more than 64 interim", ""},
		{"field of a connection", func(w *wire2, id uint32) { w.headers(id, true, ":status", "200", "connection", "close") }, replay.Malformed, capture.Malformed, "does not exist in HTTP/2", ""},
		{"DATA first", func(w *wire2, id uint32) { w.data(id, true, "x") }, replay.Malformed, capture.Malformed, "DATA comes before", ""},
		{"shorter than announced", func(w *wire2, id uint32) {
			w.headers(id, false, ":status", "200", "content-length", "3")
			w.data(id, true, "ab")
		}, replay.Malformed, capture.Malformed, "content-length is 3", "ab"},
		{"second header", func(w *wire2, id uint32) {
			w.headers(id, false, ":status", "200")
			w.headers(id, false, ":status", "200")
		}, replay.Malformed, capture.Malformed, "second header section", ""},
		{"head too long", func(w *wire2, id uint32) { w.headers(id, true, ":status", "200", "a", strings.Repeat("a~", 40<<10)) }, replay.Malformed, capture.Malformed, "", ""},
		{"body over the limit", func(w *wire2, id uint32) {
			w.headers(id, false, ":status", "200")
			w.data(id, false, "0123456789a")
		}, replay.TooLarge, capture.BodyLimit, "limit of 10 bytes", "0123456789"},
		{"reset in the body", func(w *wire2, id uint32) {
			w.headers(id, false, ":status", "200")
			w.data(id, false, "ab")
			_ = w.fr.WriteRSTStream(id, http2.ErrCodeInternal)
		}, replay.Reset, capture.Reset, "reset the stream: INTERNAL_ERROR", "ab"},
		{"wants HTTP/1.1", func(w *wire2, id uint32) { _ = w.fr.WriteRSTStream(id, http2.ErrCodeHTTP11Required) }, replay.Failed, capture.Unseen, "set the protocol to http1", ""},
		{"refused for ever", func(w *wire2, id uint32) { _ = w.fr.WriteRSTStream(id, http2.ErrCodeRefusedStream) }, replay.Reset, capture.Reset, "REFUSED_STREAM", ""},
		{"closed in the body", func(w *wire2, id uint32) {
			w.headers(id, false, ":status", "200", "content-length", "9")
			w.data(id, false, "ab")
			_ = w.c.Close()
		}, replay.Reset, capture.Closed, "closed before", "ab"},
		{"frame on no stream", func(w *wire2, id uint32) { w.headers(id+2, true, ":status", "200") }, replay.Malformed, capture.Malformed, "was not opened", ""},
		{"push", func(w *wire2, id uint32) {
			_ = w.fr.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, EndHeaders: true})
		}, replay.Malformed, capture.Malformed, "pushes", ""},
		{"window too wide", func(w *wire2, _ uint32) {
			_ = w.fr.WriteWindowUpdate(0, 1<<31-1)
			_ = w.fr.WriteWindowUpdate(0, 1<<31-1)
		}, replay.Malformed, capture.Malformed, "beyond 2^31-1", ""},
		{"broken HPACK", func(w *wire2, id uint32) {
			_ = w.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0xff, 0xff}, EndHeaders: true})
		}, replay.Malformed, capture.Malformed, "breaks HTTP/2", ""},
		{"hangs", func(*wire2, uint32) {}, replay.Timeout, capture.Timeout, "no whole answer within", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address := frameServer(t, func(w *wire2, f *http2.MetaHeadersFrame) { tt.answer(w, f.StreamID) })
			c := h2Client(t, address, func(cfg *send.Config) {
				cfg.MaxBody = 10
				if tt.fault == replay.Timeout {
					cfg.Timeout = 100 * time.Millisecond
				}
			})
			a := c.Send(background(), ask(get2("/")))
			assert.Equal(t, tt.fault, a.Fault, a.Err)
			assert.Equal(t, tt.reason, a.Response.Incomplete)
			assert.Contains(t, a.Err, tt.err)
			assert.Equal(t, tt.body, string(a.Response.Body))
			assert.False(t, a.Response.End.IsZero())
			assert.False(t, a.Request.End.IsZero())
		})
	}
}

func TestOnlyWhatTheServerDidNotLookAtIsSentAgain(t *testing.T) {
	refuse := func(w *wire2, f *http2.MetaHeadersFrame) {
		_ = w.fr.WriteRSTStream(f.StreamID, http2.ErrCodeRefusedStream)
	}
	goAway := func(last int) func(*wire2, *http2.MetaHeadersFrame) {
		return func(w *wire2, f *http2.MetaHeadersFrame) {
			_ = w.fr.WriteGoAway(uint32(int(f.StreamID)+last), http2.ErrCodeNo, []byte("bye"))
			if last == 0 {
				_ = w.c.Close()
			}
		}
	}
	reset := func(w *wire2, f *http2.MetaHeadersFrame) { _ = w.fr.WriteRSTStream(f.StreamID, http2.ErrCodeCancel) }
	drop := func(w *wire2, _ *http2.MetaHeadersFrame) { _ = w.c.Close() }
	for name, tt := range map[string]struct {
		first func(*wire2, *http2.MetaHeadersFrame)
		want  replay.Fault
	}{
		"refused": {refuse, ""}, "above the last of GOAWAY": {goAway(-1), ""}, "the last of GOAWAY": {goAway(0), replay.Reset},
		"reset": {reset, replay.Reset}, "connection lost": {drop, replay.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			c := h2Client(t, frameServer(t, func(w *wire2, f *http2.MetaHeadersFrame) {
				if requests.Add(1) == 1 {
					tt.first(w, f)
					return
				}
				w.headers(f.StreamID, true, ":status", "200")
			}))
			req := get2("/")
			req.Method = "POST"
			a := c.Send(background(), ask(req))
			assert.Equal(t, tt.want, a.Fault, a.Err)
			b := c.Send(background(), ask(get2("/")))
			assert.True(t, b.OK(), b.Err)
		})
	}
}

func TestCancelingAStreamLeavesTheOthers(t *testing.T) {
	begun := make(chan struct{}, 1)
	goOn := make(chan struct{})
	s := protocols(t, func(_ http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			begun <- struct{}{}
			<-r.Context().Done()
			close(goOn)
		case "/wait":
			begun <- struct{}{}
			<-goOn
		}
	}, h2c, false)
	c := clientOf(t, s, protocol(send.H2C))
	other := make(chan replay.Answer)
	go func() { other <- c.Send(background(), ask(get2("/wait"))) }()
	<-begun
	ctx, cancel := context.WithCancel(background())
	go func() {
		<-begun
		cancel()
	}()
	a := c.Send(ctx, ask(get2("/hang")))
	assert.Equal(t, replay.Canceled, a.Fault, a.Err)
	b := <-other
	assert.True(t, b.OK(), b.Err)
}

func TestFloodOfPingsFromAServerThatDoesNotReadEndsTheConnection(t *testing.T) {
	flood := func(nc net.Conn) {
		for w := newWire2(nc); w != nil && w.fr.WritePing(false, [8]byte{}) == nil; {
		}
	}
	var ended sync.WaitGroup
	c := h2Client(t, "pipe", func(cfg *send.Config) {
		cfg.DialContext = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			ended.Go(func() { flood(theirs) })
			return ours, nil
		}
	})
	defer ended.Wait()
	a := c.Send(background(), ask(get2("/")))
	assert.Equal(t, replay.Malformed, a.Fault, a.Err)
	assert.Contains(t, a.Err, "reads none")
}

func TestCloseLetsStreamsEnd(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s := protocols(t, func(http.ResponseWriter, *http.Request) { close(begun); <-goOn }, h2c, false)
	c := clientOf(t, s, protocol(send.H2C))
	answer := make(chan replay.Answer)
	go func() { answer <- c.Send(background(), ask(get2("/"))) }()
	<-begun
	require.NoError(t, c.Close())
	b := c.Send(background(), ask(get2("/")))
	assert.Contains(t, b.Err, "the client is closed")
	close(goOn)
	a := <-answer
	assert.True(t, a.OK(), a.Err)
}

func ExampleParseURL() {
	for _, text := range []string{"http://127.0.0.1:8080/v2", "unix:///run/app.sock:/v2", "http+unix://%2Frun%2Fapp.sock/v2"} {
		u, err := send.ParseURL(text)
		fmt.Println(u, err)
	}
	// Output:
	// http://127.0.0.1:8080/v2 <nil>
	// unix:///run/app.sock:/v2 <nil>
	// unix:///run/app.sock:/v2 <nil>
}
