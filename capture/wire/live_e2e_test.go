//go:build e2e && linux

package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
)

// What can be said of a capture from which the kernel dropped frames:
//
//   - Every frame is in the account, the dropped ones under "kernel-drop".
//   - TCP numbers its bytes, so for each connection whose SYN and whose last
//     segments were captured, bytes delivered + bytes in gaps = bytes that the ends sent, to the
//     last one, whatever was dropped between.
//   - An exchange may lie in a gap as a whole and is then not recorded at all: only
//     its bytes are counted, since nothing tells where in a gap messages begin.
//     So recorded <= served, and recorded < served only where bytes are in gaps.

// duration is how long a load lasts: TWINSPECT_E2E_DURATION, default 10 s.
func duration(t *testing.T) time.Duration {
	text := os.Getenv("TWINSPECT_E2E_DURATION")
	if text == "" {
		return 10 * time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

const serverAddr = "10.213.0.1"

// link is a veth pair between two network namespaces.
type link struct{ server, client string }

func newLink(t *testing.T) link {
	if os.Geteuid() != 0 {
		t.Skip("namespaces and live packets need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip (iproute2) is not installed")
	}
	l := link{fmt.Sprintf("tws%d", os.Getpid()), fmt.Sprintf("twc%d", os.Getpid())}
	for _, name := range []string{l.server, l.client} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Skipf("network namespaces cannot be made here: %s", out)
		}
		t.Cleanup(func() { ip(t, "netns", "del", name) })
	}
	ip(t, "-n", l.server, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", l.client)
	for i, name := range []string{l.server, l.client} {
		ip(t, "-n", name, "addr", "add", fmt.Sprintf("10.213.0.%d/24", i+1), "dev", "veth0")
		ip(t, "-n", name, "link", "set", "veth0", "up")
	}
	return l
}

func ip(t *testing.T, args ...string) {
	out, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(t, err, "ip %s: %s", strings.Join(args, " "), out)
}

func (l link) path() string { return "/run/netns/" + l.server }

// within calls f in a namespace, on a thread that goes back afterwards or ends.
func within[T any](name string, f func() (T, error)) (v T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		home, e1 := os.Open("/proc/thread-self/ns/net")
		there, e2 := os.Open("/run/netns/" + name)
		if err = errors.Join(e1, e2); err != nil {
			return
		}
		defer home.Close()
		defer there.Close()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err == nil {
			v, err = f()
		}
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	<-done
	return v, err
}

// counted is a server that counts its requests and the bytes of its connections.
type counted struct {
	port         int
	served, sent atomic.Int64
}

type countedListener struct {
	net.Listener
	c *counted
}

type countedConn struct {
	net.Conn
	c *counted
}

func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{conn, l.c}, nil
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.c.sent.Add(int64(n))
	return n, err
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.c.sent.Add(int64(n))
	return n, err
}

func serve(t *testing.T, l link) *counted {
	listener, err := within(l.server, func() (net.Listener, error) { return net.Listen("tcp", serverAddr+":0") })
	require.NoError(t, err)
	c := &counted{port: listener.Addr().(*net.TCPAddr).Port}
	body := strings.Repeat("x", 500)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c.served.Add(1)
		_, _ = io.WriteString(w, body)
	})}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(countedListener{listener, c}) })
	t.Cleanup(func() {
		assert.NoError(t, server.Close())
		running.Wait()
	})
	return c
}

// liveRecording is a capture of the server's side that goes on until it is stopped.
type liveRecording struct {
	merged         *Merged
	group          []*packet.Live
	cancel         context.CancelFunc
	reading        sync.WaitGroup
	gate           sync.Mutex // whoever holds it stops the reader
	err            error
	whole, partial int // exchanges whose request is whole, and the others
}

func recordLive(t *testing.T, l link, port, n, ring int) *liveRecording {
	group, err := packet.ListenGroup(packet.LiveConfig{
		Interface: "veth0", Namespace: l.path(), Filter: fmt.Sprintf("host %s and tcp port %d", serverAddr, port),
		RingSize: ring, DrainTime: time.Minute,
	}, n)
	require.NoError(t, err)
	sources := make([]*Source, n)
	for i, live := range group {
		sources[i] = New(Config{Agent: "e2e"}, live)
	}
	r := &liveRecording{merged: NewMerged(sources...), group: group, cancel: func() {}}
	t.Cleanup(func() {
		r.cancel()
		r.reading.Wait()
		assert.NoError(t, r.merged.Close())
		for _, live := range group {
			assert.NoError(t, live.Close())
		}
	})
	return r
}

func (r *liveRecording) read() {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	r.reading.Go(func() {
		var e capture.Exchange
		for {
			r.gate.Lock()
			r.gate.Unlock() //nolint:staticcheck // nothing is to be done in between
			if r.err = r.merged.ReadExchange(ctx, &e); r.err != nil {
				return
			}
			if e.Request.Incomplete == "" {
				r.whole++
			} else {
				r.partial++
			}
		}
	})
}

// stop ends the capture and returns its account by stage.
func (r *liveRecording) stop(t *testing.T) map[string]capture.Stats {
	r.cancel()
	r.reading.Wait()
	require.ErrorIs(t, r.err, context.Canceled)
	account := r.merged.Account()
	require.NoError(t, account.Balance())
	stages := make(map[string]capture.Stats)
	for _, stage := range account {
		assert.Zero(t, stage.Open, stage.Name)
		stages[stage.Name] = stage.Stats
	}
	return stages
}

// client is one connection that asks again and again. A transport of net/http
// gives a connection up where the machine is too busy for it.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, l link, port int) *client {
	conn, err := within(l.client, func() (net.Conn, error) {
		return net.Dial("tcp", net.JoinHostPort(serverAddr, strconv.Itoa(port)))
	})
	require.NoError(t, err)
	return &client{conn, bufio.NewReader(conn)}
}

func (c *client) ask() error {
	if _, err := io.WriteString(c.conn, "GET /item HTTP/1.1\r\nHost: "+serverAddr+"\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// clients asks the server over n connections, each at most once in pause, until
// stopped is closed. The connections stay open until they are told to close;
// once asks over each of them once more.
func clients(t *testing.T, l link, port, n int, pause time.Duration, stopped <-chan struct{}) (wait, once, finish func()) {
	list := make([]*client, n)
	once = func() {
		for _, c := range list {
			assert.NoError(t, c.ask())
		}
	}
	for i := range list {
		list[i] = dial(t, l, port)
	}
	once() // the beginning of each connection is captured
	var running sync.WaitGroup
	for _, c := range list {
		running.Go(func() {
			tick := time.NewTicker(max(pause, 1))
			defer tick.Stop()
			for {
				select {
				case <-stopped:
					return
				case <-tick.C:
					if !assert.NoError(t, c.ask()) {
						return
					}
				}
			}
		})
	}
	return running.Wait, once, func() {
		for _, c := range list {
			assert.NoError(t, c.conn.Close())
		}
	}
}

func after(d time.Duration) <-chan struct{} {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	context.AfterFunc(ctx, cancel)
	return ctx.Done()
}

// drained waits until nothing that the kernel captured is unread.
func (r *liveRecording) drained(t *testing.T) {
	require.Eventually(t, func() bool {
		var open uint64
		for _, live := range r.group {
			open += live.Account()[0].Open
		}
		return open == 0
	}, time.Minute, 50*time.Millisecond)
}

// drops is how many frames the kernel has dropped so far.
func (r *liveRecording) drops() (n uint64) {
	for _, live := range r.group {
		n += live.Account()[0].Dropped["kernel-drop"]
	}
	return n
}

func TestLiveE2EAtFullSpeedRecordsWhatTheServerCounted(t *testing.T) {
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Skip("wrk is not installed")
	}
	l := newLink(t)
	server := serve(t, l)
	r := recordLive(t, l, server.port, 2, 128<<20)
	r.read()
	d := duration(t)
	out, err := exec.Command("ip", "netns", "exec", l.client, "wrk", "-t1", "-c16", fmt.Sprintf("-d%ds", int(d.Seconds())),
		fmt.Sprintf("http://%s:%d/item", serverAddr, server.port)).CombinedOutput()
	require.NoError(t, err, string(out))
	r.drained(t)
	stages := r.stop(t)
	served := server.served.Load()
	drops := stages["frames"].Dropped["kernel-drop"]
	t.Logf("%d requests in %v (%.0f/s), %d recorded, %d partial, %d frames, %d dropped by the kernel, %d bytes in gaps",
		served, d, float64(served)/d.Seconds(), r.whole, r.partial, stages["frames"].Seen, drops, stages["http"].Dropped["gap"])
	assert.LessOrEqual(t, int64(r.whole), served)
	if drops == 0 {
		assert.EqualValues(t, served, r.whole)
		assert.Zero(t, stages["http"].Dropped["gap"])
	} else if int64(r.whole) < served {
		assert.Positive(t, stages["http"].Dropped["gap"])
	}
}

// mostOf is how many requests a second the clients get answered when they do
// not pause, while nothing is captured.
func mostOf(t *testing.T, l link, n int) float64 {
	const calibration = 2 * time.Second
	server := serve(t, l)
	wait, _, finish := clients(t, l, server.port, n, 0, after(calibration))
	wait()
	finish()
	return float64(server.served.Load()) / calibration.Seconds()
}

func TestLiveE2EAtHalfLoadLosesNothing(t *testing.T) {
	const n = 8
	l := newLink(t)
	half := mostOf(t, l, n) / 2
	server := serve(t, l)
	r := recordLive(t, l, server.port, 2, 32<<20)
	r.read()
	d := duration(t)
	wait, _, finish := clients(t, l, server.port, n, time.Duration(n*float64(time.Second)/half), after(d))
	wait()
	finish()
	r.drained(t)
	stages := r.stop(t)
	t.Logf("%d requests (%.0f/s, half of the most is %.0f/s), %d recorded, %d bytes, %d frames",
		server.served.Load(), float64(server.served.Load())/d.Seconds(), half, r.whole, stages["http"].Seen, stages["frames"].Seen)
	assert.Zero(t, stages["frames"].Lost())
	assert.EqualValues(t, server.served.Load(), stages["exchanges"].Written)
	assert.EqualValues(t, server.served.Load(), r.whole)
	assert.EqualValues(t, server.sent.Load(), stages["http"].Seen, "every byte")
	assert.EqualValues(t, server.sent.Load(), stages["http"].Written)
}

// The capture is not read while the load lasts, so that a small ring runs over:
// the kernel hands over a block after 50 ms, however little is in it.
func TestLiveE2EOverloadIsExplainedToTheLastByte(t *testing.T) {
	l := newLink(t)
	server := serve(t, l)
	r := recordLive(t, l, server.port, 1, 2<<20)
	r.read()
	wait, once, finish := clients(t, l, server.port, 8, 0, after(duration(t)/2))
	r.gate.Lock()
	wait()
	r.gate.Unlock()
	r.drained(t)
	// The ring takes frames again once the reader has given a block back, which
	// is after it has read the last frame. Bytes at the end of a connection are
	// only known to be missing where a later segment is captured, so the last
	// request of each connection must come through.
	for drops, again := uint64(0), true; again; again = r.drops() != drops {
		drops = r.drops()
		once()
	}
	finish()
	r.drained(t)
	stages := r.stop(t)
	served, gaps := server.served.Load(), stages["http"].Dropped["gap"]
	t.Logf("%d requests, %d recorded whole, %d partial; %d of %d frames dropped by the kernel; %d of %d bytes in gaps",
		served, r.whole, r.partial, stages["frames"].Dropped["kernel-drop"], stages["frames"].Seen, gaps, server.sent.Load())
	assert.Positive(t, stages["frames"].Dropped["kernel-drop"])
	assert.Positive(t, gaps)
	assert.Less(t, int64(r.whole), served)
	assert.Positive(t, r.whole)
	assert.EqualValues(t, server.sent.Load(), stages["http"].Seen, "delivered and missing bytes are what the ends sent")
}
