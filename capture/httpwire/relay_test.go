package httpwire_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire"
)

// relay passes connections on to a server and records what it passes.
type relay struct {
	listener net.Listener
	target   string
	wait     sync.WaitGroup

	mu     sync.Mutex
	parser *httpwire.Parser
}

func startRelay(t *testing.T, target string) *relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{listener: l, target: target, parser: httpwire.New(httpwire.Config{Agent: "relay"})}
	r.wait.Add(1)
	go r.accept()
	t.Cleanup(func() { l.Close() })
	return r
}

func (r *relay) accept() {
	defer r.wait.Done()
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil {
			client.Close()
			continue
		}
		r.join(client.(*net.TCPConn), server.(*net.TCPConn))
	}
}

// join passes both directions on. What one end gets was recorded before, so that
// no answer is recorded before what it answers.
func (r *relay) join(client, server *net.TCPConn) {
	r.mu.Lock()
	c := r.parser.Open(httpwire.Connection{
		Client: client.RemoteAddr().(*net.TCPAddr).AddrPort(), Server: netip.MustParseAddrPort(r.target),
		Start: time.Now(), Whole: true,
	})
	r.mu.Unlock()
	pos := new([2]int64)
	var both sync.WaitGroup
	for dir, ends := range [2][2]*net.TCPConn{{client, server}, {server, client}} {
		both.Go(func() { r.pass(c, dir, pos, ends[0], ends[1]) })
	}
	r.wait.Go(func() {
		both.Wait()
		client.Close()
		server.Close()
	})
}

func (r *relay) pass(c *httpwire.Conn, dir int, pos *[2]int64, from, to *net.TCPConn) {
	b := make([]byte, 7919)
	for {
		n, err := from.Read(b)
		r.mu.Lock()
		if n > 0 {
			c.Data(dir, time.Now(), pos[1-dir], b[:n])
			pos[dir] += int64(n)
		}
		if err != nil {
			c.End(dir, time.Now(), capture.Closed)
		}
		r.mu.Unlock()
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			to.CloseWrite()
			if err == nil {
				r.mu.Lock()
				c.End(dir, time.Now(), capture.Reset)
				r.mu.Unlock()
				from.Close() // whom nobody reads must not wait to write
			}
			return
		}
	}
}

// finish waits for the end of every connection and returns what was recorded.
func (r *relay) finish(t *testing.T) (all []*capture.Exchange, account capture.Account) {
	r.listener.Close()
	r.wait.Wait()
	var e capture.Exchange
	for r.parser.Next(&e) {
		all = append(all, e.Clone())
	}
	account = r.parser.Account()
	require.NoError(t, account.Balance())
	for _, stage := range account {
		require.Zero(t, stage.Open, stage.Name)
	}
	return all, account
}
