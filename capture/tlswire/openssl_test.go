package tlswire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// transcript grows while others wait for what it is to hold.
type transcript struct {
	mu    sync.Mutex
	text  []byte
	grown chan struct{}
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p...)
	close(s.grown)
	s.grown = make(chan struct{})
	return len(p), nil
}

func (s *transcript) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.text)
}

// wait returns the text once it is as wanted.
func (s *transcript) wait(ctx context.Context, t testing.TB, what string, want func(text string) bool) string {
	t.Helper()
	for {
		s.mu.Lock()
		text, grown := string(s.text), s.grown
		s.mu.Unlock()
		if want(text) {
			return text
		}
		select {
		case <-grown:
		case <-ctx.Done():
			require.FailNow(t, "no "+what, "%.4000s", text)
		}
	}
}

// party is a running openssl command.
type party struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *transcript
}

func start(ctx context.Context, t testing.TB, args ...string) *party {
	t.Helper()
	p := &party{cmd: exec.CommandContext(ctx, "openssl", args...), out: newTranscript()}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	var err error
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	return p
}

// tap is a relay of one connection that notes what goes over it. When an end
// had received what is not known to it.
type tap struct {
	listener net.Listener
	seen     [2]*transcript
	done     chan struct{}
	mu       sync.Mutex
	calls    []call
}

func newTap(ctx context.Context, t testing.TB, server string) *tap {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &tap{listener: listener, seen: [2]*transcript{newTranscript(), newTranscript()}, done: make(chan struct{})}
	go r.relay(ctx, server)
	t.Cleanup(func() { listener.Close(); <-r.done })
	return r
}

func (r *tap) relay(ctx context.Context, server string) {
	defer close(r.done)
	client, err := r.listener.Accept()
	if err != nil {
		return
	}
	defer client.Close()
	var dialer net.Dialer
	far, err := dialer.DialContext(ctx, "tcp", server)
	if err != nil {
		return
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() { client.Close(); far.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { r.copy(far, client, 0) })
	both.Go(func() { r.copy(client, far, 1) })
	both.Wait()
}

// copy ends both ways with the first that ends: an end that goes away without
// reading on is no failure.
func (r *tap) copy(to, from net.Conn, dir int) {
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if n > 0 {
			p := append([]byte(nil), b[:n]...)
			r.mu.Lock()
			r.calls = append(r.calls, call{dir: dir, acked: -1, p: p})
			r.mu.Unlock()
			_, _ = to.Write(p)
			_, _ = r.seen[dir].Write(p)
		}
		if err != nil {
			return
		}
	}
}

// say is one step of a dialogue: a line that one end writes and the other
// receives, or a command letter, which shows as a record alone.
type say struct {
	from    int
	line    string
	command bool
}

// stage is an OpenSSL server and what its clients need.
type stage struct {
	dir    string
	server *party
	addr   string
}

var accepting = regexp.MustCompile(`ACCEPT (127\.0\.0\.1:\d+)`)

// hasOpenSSL tells whether openssl is OpenSSL, of a release that says on which
// port it listens; other libraries have a command of the same name.
var hasOpenSSL = sync.OnceValue(func() bool {
	text, err := exec.Command("openssl", "version").Output()
	return err == nil && regexp.MustCompile(`^OpenSSL (1\.1\.1|[3-9]\.)`).Match(text)
})

// newStage starts a server that is ended with the test. Tests without OpenSSL
// are skipped.
func newStage(ctx context.Context, t testing.TB, args ...string) *stage {
	t.Helper()
	if !hasOpenSSL() {
		t.Skip("OpenSSL 1.1.1 or later is not installed")
	}
	s := &stage{dir: t.TempDir()}
	cert := s.certificate(t, "cert.pem", certificate(t, false))
	dcert := s.certificate(t, "dcert.pem", certificate(t, true))
	ctx, cancel := context.WithCancel(ctx)
	s.server = start(ctx, t, append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-key", cert, "-dcert", dcert, "-dkey", dcert}, args...)...)
	t.Cleanup(func() { cancel(); _ = s.server.cmd.Wait() })
	text := s.server.out.wait(ctx, t, "listening server", accepting.MatchString)
	s.addr = accepting.FindStringSubmatch(text)[1]
	return s
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) certificate(t testing.TB, name string, cert tls.Certificate) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	require.NoError(t, os.WriteFile(s.path(name), text, 0o600))
	return s.path(name)
}

// converse lets a client go through a dialogue with the server. What it sent as
// early data comes before the lines.
func (s *stage) converse(ctx context.Context, t testing.TB, early string, lines []say, args ...string) talk {
	t.Helper()
	keys := s.path("keys")
	_ = os.Remove(keys)
	before := s.server.out.size()
	r := newTap(ctx, t, s.addr)
	args = append([]string{"s_client", "-connect", r.listener.Addr().String(), "-servername", "test", "-keylogfile", keys}, args...)
	client := start(ctx, t, args...)
	tk := talk{}
	tk.sent[0] = []byte(early)
	for _, l := range lines {
		l.play(ctx, t, r, [2]*party{client, s.server}, [2]int{0, before})
		if !l.command {
			tk.sent[l.from] = append(tk.sent[l.from], l.line+"\n"...)
		}
	}
	require.NoError(t, client.in.Close())
	require.NoError(t, client.cmd.Wait())
	<-r.done
	text, err := os.ReadFile(keys)
	require.NoError(t, err)
	tk.keys, tk.calls = string(text), r.calls
	return tk
}

// play waits for the effect, so that OpenSSL, which takes what it reads at once
// for one record or one command, reads lines one by one.
func (l say) play(ctx context.Context, t testing.TB, r *tap, ends [2]*party, from [2]int) {
	t.Helper()
	size := r.seen[l.from].size()
	_, err := io.WriteString(ends[l.from].in, l.line+"\n")
	require.NoError(t, err)
	if l.command {
		r.seen[l.from].wait(ctx, t, "record after "+l.line, func(text string) bool { return len(text) > size })
		return
	}
	other := 1 - l.from
	ends[other].out.wait(ctx, t, "line", func(text string) bool { return strings.Contains(text[from[other]:], l.line) })
}

func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
