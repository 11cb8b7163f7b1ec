package rest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/store"
)

// pipes is a listener whose connections hold nothing: who does not read keeps the other
// from writing at once. Their deadlines follow the clock of the bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// onTheWire serves a gate in a bubble, which fails where a goroutine outlives it.
func onTheWire(t *testing.T, f func(t *testing.T, p *pipes, g *gate.Gate)) {
	path, policy := filepath.Join(t.TempDir(), "gate.db"), file(t, "gate.yaml", policyText)
	hash := access.HashOf(tokenOf("all"))
	allowed := file(t, "access.yaml", fmt.Sprintf(accessText, hash, access.HashOf("b"), access.HashOf("c"), access.HashOf("d")))
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		policies, err := gate.LoadPolicies(policy)
		require.NoError(t, err)
		keeper, err := access.Open(access.Options{Path: allowed})
		require.NoError(t, err)
		g := gate.New(gate.Config{Store: s, Policies: policies})
		server := &http.Server{Handler: keeper.Middleware(rest.New(rest.Config{Gate: g})), ReadHeaderTimeout: time.Minute}
		p := newPipes()
		var serving sync.WaitGroup
		serving.Go(func() { assert.ErrorIs(t, server.Serve(p), http.ErrServerClosed) })
		defer serving.Wait()
		defer func() { require.NoError(t, server.Close()) }()
		f(t, p, g)
	})
}

func head(method, target string, lines ...string) string {
	all := append([]string{method + " " + target + " HTTP/1.1", "Host: gate.example", "Authorization: Bearer " + tokenOf("all")}, lines...)
	return strings.Join(all, "\r\n") + "\r\n\r\n"
}

func TestABodyThatComesSlowlyIsCutOff(t *testing.T) {
	for name, lines := range map[string][]string{
		"length is known":   {"Content-Length: 1000"},
		"length is unknown": {"Transfer-Encoding: chunked"},
	} {
		t.Run(name, func(t *testing.T) {
			onTheWire(t, func(t *testing.T, p *pipes, _ *gate.Gate) {
				began := time.Now()
				conn := p.dial()
				defer func() { _ = conn.Close() }()
				_, err := io.WriteString(conn, head("POST", pushTo, append(lines, "Content-Type: application/json")...))
				require.NoError(t, err)
				var drip sync.WaitGroup
				defer drip.Wait()
				drip.Go(func() {
					for cut := error(nil); cut == nil; {
						time.Sleep(time.Second)
						_, cut = io.WriteString(conn, "1\r\n{\r\n")
					}
				})
				got, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				text, readErr := io.ReadAll(got.Body)
				require.NoError(t, readErr)
				assert.Equal(t, http.StatusRequestTimeout, got.StatusCode, "%s", text)
				assert.Contains(t, string(text), "too slowly")
				assert.Equal(t, rest.PushTime/2, time.Since(began))
				assert.True(t, got.Close, "the rest of the body is not waited for")
				_ = conn.Close()
			})
		})
	}
}

func TestAReaderThatTakesNothingIsLeft(t *testing.T) {
	onTheWire(t, func(t *testing.T, p *pipes, g *gate.Gate) {
		conn := p.dial()
		defer func() { _ = conn.Close() }()
		_, err := io.WriteString(conn, head("GET", "/api/v1/events?after=0"))
		require.NoError(t, err)
		r := bufio.NewReaderSize(conn, 16)
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "200 OK")
		for i := range 50 {
			_, err := g.Announce(t.Context(), "ci", release.Deployment{Subject: release.Subject{Service: "catalog", Digest: fmt.Sprint("sha256:", i)}})
			require.NoError(t, err)
		}
		const long = 12 * time.Second // more than it may take to read
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(long+time.Second)))
		time.Sleep(long)
		_, err = io.Copy(io.Discard, r)
		require.NoError(t, err, "the gate has hung up")
	})
}

func TestAReaderThatIsSlowButReadsIsKept(t *testing.T) {
	onTheWire(t, func(t *testing.T, p *pipes, g *gate.Gate) {
		conn := p.dial()
		defer func() { _ = conn.Close() }()
		_, err := io.WriteString(conn, head("GET", "/api/v1/events?after=0"))
		require.NoError(t, err)
		r := bufio.NewReaderSize(conn, 16)
		for i := range 20 {
			_, err := g.Announce(t.Context(), "ci", release.Deployment{Subject: release.Subject{Service: "catalog", Digest: fmt.Sprint("sha256:", i)}})
			require.NoError(t, err)
			time.Sleep(9 * time.Second)
			for want := fmt.Sprintf(`"digest":"sha256:%d"`, i); ; {
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				if strings.Contains(line, want) {
					break
				}
			}
		}
	})
}

// A client that hangs up leaves no room taken: the next one is served.
func TestABodyThatEndsEarlyOnTheWireIsTheClientsFault(t *testing.T) {
	s := serve(t)
	document := compared(t, 500, diff.Pass)
	for name, c := range map[string]struct{ lines, body string }{
		"shorter than its length": {fmt.Sprintf("Content-Length: %d", len(document)), document[:len(document)/2]},
		"nothing of it":           {"Content-Length: 1000", ""},
		"without the last chunk":  {"Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n", len(document), document)},
		"within a chunk":          {"Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s", len(document), document[:10])},
		"a chunk that is none":    {"Transfer-Encoding: chunked", "xyz\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := spoken(t, s, head("POST", pushTo, "Content-Type: application/json", c.lines)+c.body)
			assert.Equal(t, http.StatusBadRequest, got.StatusCode)
			assert.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			text, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			assert.Contains(t, string(text), "the body was cut")
		})
	}
	all, err := s.store.Evidence(t.Context(), store.EvidenceFilter{Service: "catalog"})
	require.NoError(t, err)
	assert.Empty(t, all, "nothing of a document that was cut is filed")
	assert.Equal(t, http.StatusCreated, s.do("all", "POST", pushTo, document).status)
}

// spoken sends a text by TCP, ends its own side, and reads the answer.
func spoken(t *testing.T, s *server, text string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	return got
}

func TestThereAreSoManyStreamsAndNoMore(t *testing.T) {
	s := serve(t)
	open := func() (*http.Response, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http.URL+"/api/v1/events", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+tokenOf("all"))
		got, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = got.Body.Close() })
		return got, cancel
	}
	var leave []context.CancelFunc
	for range rest.MaxStreams {
		got, cancel := open()
		require.Equal(t, http.StatusOK, got.StatusCode)
		leave = append(leave, cancel)
	}
	a := s.do("all", "GET", "/api/v1/events", "")
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Equal(t, "5", a.header.Get("Retry-After"))
	assert.Contains(t, a.body, "streams are open")
	leave[0]()
	require.Eventually(t, func() bool {
		got, cancel := open()
		if got.StatusCode != http.StatusOK {
			cancel()
			return false
		}
		return true
	}, 10*time.Second, 20*time.Millisecond, "the place of one that left is free")
	for _, cancel := range leave {
		cancel()
	}
}
