package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/proxy"
)

// stand is a proxy that runs before an upstream.
type stand struct {
	t       testing.TB
	p       *proxy.Proxy
	url     string
	mu      sync.Mutex
	records []*capture.Exchange
	stop    func() error
}

// start runs a proxy before the upstream; its records are read after end.
func start(t testing.TB, upstream string, change ...func(*proxy.Config)) *stand {
	t.Helper()
	u, err := url.Parse(upstream)
	require.NoError(t, err)
	s := &stand{t: t}
	cfg := proxy.Config{Listen: "127.0.0.1:0", Upstream: u, Agent: "test", Service: "shop", Grace: 10 * time.Second}
	cfg.Sink = capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.records = append(s.records, e.Clone())
		return ctx.Err()
	})
	for _, c := range change {
		c(&cfg)
	}
	s.p, err = proxy.New(cfg)
	require.NoError(t, err)
	s.url = "http://" + s.p.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.p.Serve(ctx) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-served })
	t.Cleanup(func() { _ = s.stop() })
	return s
}

// end shuts the proxy down and returns what it recorded, which must account for
// every request.
func (s *stand) end() []*capture.Exchange {
	s.t.Helper()
	require.NoError(s.t, s.stop())
	account := s.p.Account()
	require.NoError(s.t, account.Balance())
	require.Zero(s.t, account[0].Open)
	require.EqualValues(s.t, len(s.records), account[0].Written)
	return s.records
}

// one ends the proxy and returns its only record.
func (s *stand) one() *capture.Exchange {
	s.t.Helper()
	records := s.end()
	require.Len(s.t, records, 1)
	return records[0]
}

func upstream(t testing.TB, h http.HandlerFunc) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = nil
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// raw serves each connection by the function, on loopback.
func raw(t testing.TB, handle func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return "http://" + l.Addr().String()
}

// do sends a request over a connection of its own.
func do(t testing.TB, method, target string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, target, body)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	res, err := tr.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(got)
}

func TestExchangeIsPassedThroughAndRecorded(t *testing.T) {
	var seen *http.Request
	s := start(t, upstream(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Clone(context.Background())
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Answer", "1")
		w.Header()["Date"] = nil
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(append([]byte("got "), body...))
	})+"/base")
	res, body := do(t, "POST", s.url+"/a//b%2Fc/../?x=1;y&z=%zz", strings.NewReader("hello"), "X-Forwarded-For", "1.2.3.4", "Accept-Encoding", "br", "User-Agent", "me")
	assert.Equal(t, 201, res.StatusCode)
	assert.Equal(t, "got hello", body)
	assert.Equal(t, "/base/a//b%2Fc/../?x=1;y&z=%zz", seen.RequestURI)
	assert.Equal(t, s.p.Addr().String(), seen.Host)
	assert.Equal(t, []string{"1.2.3.4"}, seen.Header["X-Forwarded-For"])

	e := s.one()
	assert.True(t, e.Complete())
	assert.Equal(t, "POST", e.Request.Method)
	assert.Equal(t, "/a//b%2Fc/../?x=1;y&z=%zz", e.Request.Target)
	assert.Equal(t, capture.Header{
		{Name: "Host", Value: s.p.Addr().String()}, {Name: "Accept-Encoding", Value: "br"}, {Name: "Connection", Value: "close"},
		{Name: "Content-Length", Value: "5"}, {Name: "User-Agent", Value: "me"}, {Name: "X-Forwarded-For", Value: "1.2.3.4"},
	}, e.Request.Header)
	assert.Equal(t, "hello", string(e.Request.Body))
	assert.Equal(t, 201, e.Response.Status)
	assert.Equal(t, "Created", e.Response.Reason)
	assert.Equal(t, "got hello", string(e.Response.Body))
	assert.Equal(t, "1", e.Response.Header.Get("X-Answer"))
	assert.False(t, e.Response.Start.Before(e.Request.Start))
	assert.False(t, e.Response.End.Before(e.Response.Start))
	assert.Equal(t, "shop", e.Context.Service)
	assert.False(t, e.ID.IsZero())
}

func TestConnectionAndIndexGiveTheOrder(t *testing.T) {
	s := start(t, upstream(t, func(http.ResponseWriter, *http.Request) {}))
	tr := new(http.Transport)
	for range 3 {
		req, err := http.NewRequest(http.MethodGet, s.url, nil)
		require.NoError(t, err)
		res, err := tr.RoundTrip(req)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	tr.CloseIdleConnections()
	do(t, "GET", s.url, nil)
	records := s.end()
	require.Len(t, records, 4)
	ids := make(map[capture.ID]bool)
	indexes := make(map[string][]uint64) // by connection, in the order of the records
	for _, e := range records {
		ids[e.ID] = true
		indexes[e.Context.Connection] = append(indexes[e.Context.Connection], e.Context.Index)
	}
	assert.Len(t, ids, 4)
	assert.ElementsMatch(t, [][]uint64{{0, 1, 2}, {0}}, slices.Collect(maps.Values(indexes)))
}

func TestTraceOfTheRequestIsRecorded(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	s := start(t, upstream(t, func(http.ResponseWriter, *http.Request) {}))
	do(t, "GET", s.url, nil, "x-b3-traceid", trace, "x-b3-spanid", span)
	e := s.one()
	assert.Equal(t, trace, e.Context.TraceID)
	assert.Equal(t, span, e.Context.SpanID)
}

func TestHTTP2OverTLSAndCleartext(t *testing.T) {
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("X-Sum", r.Trailer.Get("X-Mine"))
	})
	cert, err := proxy.SelfSigned("127.0.0.1")
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	for _, secure := range []bool{true, false} {
		t.Run(fmt.Sprintf("TLS %t", secure), func(t *testing.T) {
			s := start(t, up, func(c *proxy.Config) {
				if secure {
					c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
				}
			})
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: new(http.Protocols)}
			tr.Protocols.SetHTTP2(secure)
			tr.Protocols.SetUnencryptedHTTP2(!secure)
			defer tr.CloseIdleConnections()
			req, err := http.NewRequest(http.MethodPost, strings.Replace(s.url, "http", map[bool]string{true: "https", false: "http"}[secure], 1), strings.NewReader("abc"))
			require.NoError(t, err)
			req.ContentLength = -1
			req.Trailer = http.Header{"X-Mine": {"7"}}
			res, err := tr.RoundTrip(req)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			_ = res.Body.Close()
			assert.Equal(t, "abc", string(body))
			assert.Equal(t, "7", res.Trailer.Get("X-Sum"))
			tr.CloseIdleConnections()
			e := s.one()
			assert.True(t, e.Complete())
			assert.Equal(t, "HTTP/2.0", e.Request.Proto)
			assert.Equal(t, "HTTP/1.1", e.Response.Proto)
			assert.Equal(t, capture.Header{{Name: "X-Mine", Value: "7"}}, e.Request.Trailer)
			assert.Equal(t, capture.Header{{Name: "X-Sum", Value: "7"}}, e.Response.Trailer)
		})
	}
}

func TestBodiesStreamAndEventsAreFlushedAtOnce(t *testing.T) {
	next := make(chan struct{})
	s := start(t, upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next // the client has it before the next is sent
		}
	}))
	res, err := http.Get(s.url)
	require.NoError(t, err)
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	for i := range 3 {
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("data: %d\n", i), line)
		_, _ = r.ReadString('\n')
		next <- struct{}{}
	}
	_, err = r.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	http.DefaultClient.CloseIdleConnections()
	assert.Equal(t, "data: 0\n\ndata: 1\n\ndata: 2\n\n", string(s.one().Response.Body))
}

func TestBodyOverTheLimitPassesWholeAndIsRecordedInPart(t *testing.T) {
	s := start(t, upstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }), func(c *proxy.Config) { c.BodyLimit = 1000 })
	big := strings.Repeat("x", 3<<20)
	_, body := do(t, "POST", s.url, strings.NewReader(big))
	assert.Len(t, body, len(big))
	e := s.one()
	for _, m := range []capture.Message{e.Request.Message, e.Response.Message} {
		assert.Equal(t, capture.BodyLimit, m.Incomplete)
		assert.Len(t, m.Body, 1000)
		assert.EqualValues(t, len(big), m.BodySize)
	}
}

func TestHeadInterimAndExpectContinue(t *testing.T) {
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "30")
			return
		}
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.Copy(w, r.Body)
	})
	s := start(t, up)
	do(t, "HEAD", s.url, nil)
	var interim []int
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		interim = append(interim, code)
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader("body"))
	require.NoError(t, err)
	req.Header.Set("Expect", "100-continue")
	tr := &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}
	res, err := tr.RoundTrip(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(body))
	assert.Contains(t, interim, 103)
	records := s.end()
	require.Len(t, records, 2)
	head, post := records[0], records[1]
	assert.True(t, head.Complete())
	assert.Equal(t, "30", head.Response.Header.Get("Content-Length"))
	assert.Zero(t, head.Response.BodySize)
	assert.True(t, post.Complete())
	assert.Equal(t, "100-continue", post.Request.Header.Get("Expect"))
	var codes []int
	for _, i := range post.Response.Interim {
		codes = append(codes, i.Status)
	}
	assert.Contains(t, codes, 103)
}

func TestUpstreamFailuresAreRecordedWithTheirReason(t *testing.T) {
	readHead := func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) }
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	partial := "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
	tests := []struct {
		name, upstream string
		status         int
		reason         capture.Incomplete
		body           string
	}{
		{"refused", "http://" + closed.Addr().String(), 502, capture.Refused, "no answer from upstream\n"},
		{"closed without an answer", raw(t, readHead), 502, capture.Closed, "no answer from upstream\n"},
		{"reset without an answer", raw(t, func(c net.Conn) { readHead(c); reset(c) }), 502, capture.Reset, "no answer from upstream\n"},
		{"closed in the body", raw(t, func(c net.Conn) { readHead(c); _, _ = io.WriteString(c, partial) }), 200, capture.Closed, "half"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.upstream)
			res, err := http.Get(s.url)
			if err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				assert.Equal(t, tt.status, res.StatusCode)
			}
			http.DefaultClient.CloseIdleConnections()
			e := s.one()
			assert.Equal(t, tt.status, e.Response.Status)
			assert.Equal(t, tt.reason, e.Response.Incomplete)
			assert.Equal(t, tt.body, string(e.Response.Body))
			assert.Empty(t, e.Request.Incomplete)
		})
	}
}

func TestClientThatGoesAwayIsRecorded(t *testing.T) {
	gone := make(chan struct{})
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the proxy passes the departure on
		close(gone)
	})
	t.Run("in the answer", func(t *testing.T) {
		s := start(t, up)
		res, err := http.Get(s.url)
		require.NoError(t, err)
		_, err = io.ReadFull(res.Body, make([]byte, 5))
		require.NoError(t, err)
		_ = res.Body.Close()
		<-gone
		e := s.one()
		assert.Equal(t, capture.Reset, e.Response.Incomplete)
		assert.Equal(t, "first", string(e.Response.Body))
		assert.EqualValues(t, -1, e.Response.BodySize)
	})
	t.Run("in the request", func(t *testing.T) {
		s := start(t, up)
		c, err := net.Dial("tcp", s.p.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
		e := s.one()
		assert.Equal(t, capture.Closed, e.Request.Incomplete)
		assert.Equal(t, "half", string(e.Request.Body))
		assert.EqualValues(t, 9, e.Request.BodySize)
		assert.Equal(t, capture.Unseen, e.Response.Incomplete)
	})
}

func TestRequestsBeyondTheGraceAreBrokenOffAndRecorded(t *testing.T) {
	asked := make(chan struct{})
	s := start(t, upstream(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}), func(c *proxy.Config) { c.Grace = time.Millisecond })
	answered := make(chan error, 1)
	go func() {
		res, err := http.Get(s.url)
		if err == nil {
			_ = res.Body.Close()
		}
		answered <- err
	}()
	<-asked
	e := s.one()
	assert.Error(t, <-answered)
	assert.Equal(t, capture.Unseen, e.Response.Incomplete)
	assert.Zero(t, e.Response.Status)
}

func TestUpgradePassesThroughAndConnectIsRefusedBothCounted(t *testing.T) {
	s := start(t, raw(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_, _ = io.Copy(c, r)
		}
	}))
	c, err := net.Dial("tcp", s.p.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	_, err = io.WriteString(c, "ping\n")
	require.NoError(t, err)
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "ping\n", line)

	other, err := net.Dial("tcp", s.p.Addr().String())
	require.NoError(t, err)
	defer other.Close()
	_, err = io.WriteString(other, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
	require.NoError(t, err)
	res, err = http.ReadResponse(bufio.NewReader(other), nil)
	require.NoError(t, err)
	assert.Equal(t, 501, res.StatusCode)
	_ = other.Close()

	assert.Empty(t, s.end(), "the upgraded connection is ended, too")
	assert.Equal(t, map[capture.Reason]uint64{proxy.Upgrade: 1, proxy.Connect: 1}, s.p.Account()[0].Filtered)
}

func TestASlowSinkLosesNothingAndDelaysNoAnswer(t *testing.T) {
	open := make(chan struct{})
	var written int
	s := start(t, upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }), func(c *proxy.Config) {
		c.Queue = 2
		c.Sink = capture.SinkFunc(func(context.Context, *capture.Exchange) error { <-open; written++; return nil })
	})
	answers := make(chan string)
	ask := func() {
		res, err := http.Get(s.url)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answers <- string(body)
	}
	// Nothing is written, and still requests are answered until the queue is
	// full: how many depends on when the handlers end.
	sent := 0
	for s.p.Waited() == 0 {
		go ask()
		sent++
		for waiting := true; waiting && s.p.Waited() == 0; {
			select {
			case got := <-answers:
				assert.Equal(t, "ok", got)
				waiting = false
			default:
				runtime.Gosched()
			}
		}
	}
	assert.Greater(t, sent, 2)
	const more = 8
	for range more {
		go ask()
	}
	for s.p.Waited() < 1+more {
		runtime.Gosched()
	}
	close(open)
	for range 1 + more {
		assert.Equal(t, "ok", <-answers)
	}
	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, s.stop())
	all := uint64(sent + more)
	assert.Equal(t, capture.Stats{Seen: all, Written: all}, s.p.Account()[0].Stats)
	assert.EqualValues(t, all, written)
}

func TestASinkThatFailsIsCountedAndReportedAtTheEnd(t *testing.T) {
	full := errors.New("disk full")
	s := start(t, upstream(t, func(http.ResponseWriter, *http.Request) {}), func(c *proxy.Config) {
		c.Sink = capture.SinkFunc(func(context.Context, *capture.Exchange) error { return full })
	})
	res, _ := do(t, "GET", s.url, nil)
	assert.Equal(t, 200, res.StatusCode)
	assert.ErrorIs(t, s.stop(), full)
	assert.Equal(t, capture.Stats{Seen: 1, Dropped: map[capture.Reason]uint64{proxy.SinkError: 1}}, s.p.Account()[0].Stats)
}

func TestHostAndForwardedAreOptions(t *testing.T) {
	var seen *http.Request
	up := upstream(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Clone(context.Background()) })
	s := start(t, up, func(c *proxy.Config) { c.RewriteHost, c.Forwarded = true, true })
	do(t, "GET", s.url, nil)
	assert.Equal(t, strings.TrimPrefix(up, "http://"), seen.Host)
	assert.Equal(t, "127.0.0.1", seen.Header.Get("X-Forwarded-For"))
	assert.False(t, s.one().Request.Header.Has("X-Forwarded-For"), "the record is the client's request")
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	sink := capture.SinkFunc(func(context.Context, *capture.Exchange) error { return nil })
	parse := func(s string) *url.URL { u, err := url.Parse(s); require.NoError(t, err); return u }
	for want, cfg := range map[string]proxy.Config{
		"address already in use": {Upstream: parse("http://a"), Sink: sink, Listen: l.Addr().String()},
		"no upstream":            {},
		"must begin with http":   {Upstream: parse("ftp://a")},
		"has no host":            {Upstream: parse("http://")},
		"nothing else":           {Upstream: parse("http://a/?x")},
		"no sink":                {Upstream: parse("http://a")},
		"no address":             {Upstream: parse("http://a"), Sink: sink},
		"not be negative":        {Upstream: parse("http://a"), Sink: sink, Listen: ":0", Queue: -1},
	} {
		_, err := proxy.New(cfg)
		assert.ErrorContains(t, err, want)
	}
}

func TestNoGoroutineOutlivesServe(t *testing.T) {
	up := upstream(t, func(http.ResponseWriter, *http.Request) {})
	before := runtime.NumGoroutine()
	s := start(t, up)
	do(t, "GET", s.url, nil)
	s.end()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		require.True(t, time.Now().Before(end), "goroutines are left")
	}
}
