//go:build e2e

package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/tlswire"
)

// relay passes connections on to a server and writes what it passes as frames
// of pcap, with the handshake, the acknowledgements and the end of each.
type relay struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex
	file  bytes.Buffer
	tap   *tap
	conns int
}

func startRelay(t *testing.T, target string) *relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{listener: l, target: target}
	r.tap = &tap{yield: func(b []byte) bool { r.file.Write(b); return true }}
	r.tap.raw(pcapHeader)
	r.running.Go(r.accept)
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", r.target)
		if err != nil {
			c.Close()
			continue
		}
		r.join(c.(*net.TCPConn), s.(*net.TCPConn))
	}
}

// join passes both directions on. What an end gets was recorded before, so that
// no answer is recorded before what it answers.
func (r *relay) join(c, s *net.TCPConn) {
	r.mu.Lock()
	f := r.tap.flow(r.conns)
	r.conns++
	f.handshake()
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.pass(f, fromClient, c, s) })
	both.Go(func() { r.pass(f, fromServer, s, c) })
	r.running.Go(func() {
		both.Wait()
		c.Close()
		s.Close()
	})
}

func (r *relay) pass(f *flow, dir int, from, to *net.TCPConn) {
	b := make([]byte, 7919)
	for {
		n, err := from.Read(b)
		r.mu.Lock()
		if n > 0 {
			f.send(dir, b[:n])
			f.ack(1 - dir)
		}
		if err != nil {
			f.segment(dir, packet.FIN|packet.ACK, f.pos[dir], nil)
			f.pos[dir]++
			f.ack(1 - dir)
		}
		r.mu.Unlock()
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			_ = to.CloseWrite()
			return
		}
	}
}

// stop waits for the end of every connection and returns the capture.
func (r *relay) stop() []byte {
	_ = r.listener.Close()
	r.running.Wait()
	return r.file.Bytes()
}

// seen is an exchange as its server saw it.
type seen struct {
	Method, Target string
	Asked          string // length and hash of the request's body
	AskedTrailer   string
	Status         int
	Answered       string
	Trailer        string
	Interim        []int
}

func sum(b []byte) string { return fmt.Sprintf("%d %.12x", len(b), sha256.Sum256(b)) }

func trailerText(h capture.Header) string {
	var all []string
	for _, f := range h {
		all = append(all, strings.ToLower(f.Name)+"="+f.Value)
	}
	slices.Sort(all)
	return strings.Join(all, "&")
}

func httpTrailer(h http.Header) string {
	var list capture.Header
	for name, values := range h {
		for _, v := range values {
			list = append(list, capture.Field{Name: name, Value: v})
		}
	}
	return trailerText(list)
}

// book is what a server writes down.
type book struct {
	mu      sync.Mutex
	all     []seen
	running sync.WaitGroup
}

// closed returns what was written down once every handler has returned: a client
// has its answer before.
func (b *book) closed() []seen {
	b.running.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

func (b *book) add(s seen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, s)
}

// kept is a capture with the secrets of its connections, "" for none.
type kept struct{ file, keys []byte }

func inClear(file []byte) kept { return kept{file: file} }

// recorded reads the capture back. Every exchange must be whole, or enough.
func recorded(t *testing.T, k kept) []seen {
	left := uint64(0)
	all, account := readBack(t, k, func(e *capture.Exchange) bool {
		if enough(e) {
			left++
			return true
		}
		return assert.True(t, e.Complete(), "%s %s: request %q, response %q", e.Request.Method, e.Request.Target, e.Request.Incomplete, e.Response.Incomplete)
	})
	for _, stage := range account {
		if stage.Name == "messages" {
			assert.Equal(t, left, stage.Lost(), stage.Losses())
			continue
		}
		assert.Zero(t, stage.Lost(), "%s: %s", stage.Name, stage.Losses())
	}
	return all
}

// enough reports whether a client of HTTP/2 left when it had as many bytes as it
// was told of, before the server said that they were all in an empty frame. curl
// does so.
func enough(e *capture.Exchange) bool {
	r := &e.Response
	return e.Request.Incomplete == "" && (r.Incomplete == capture.Reset || r.Incomplete == capture.Closed) &&
		r.Header.Get("Content-Length") == fmt.Sprint(len(r.Body))
}

// recordedWhole reads the whole exchanges of a capture.
func recordedWhole(t *testing.T, k kept) []seen {
	all, _ := readBack(t, k, (*capture.Exchange).Complete)
	return all
}

func readBack(t *testing.T, k kept, keep func(*capture.Exchange) bool) (all []seen, account capture.Account) {
	account = readExchanges(t, k, func(e *capture.Exchange) {
		if keep(e) {
			all = append(all, seenIn(e))
		}
	})
	return all, account
}

func readExchanges(t *testing.T, k kept, each func(*capture.Exchange)) capture.Account {
	f, err := packet.NewFile("relay", bytes.NewReader(k.file))
	require.NoError(t, err)
	defer f.Close()
	cfg := Config{Agent: "foreign"}
	if k.keys != nil {
		cfg.Keys, err = tlswire.ReadKeyLog("secrets", bytes.NewReader(k.keys))
		require.NoError(t, err)
	}
	s := New(cfg, f)
	var e capture.Exchange
	for {
		err := s.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		each(&e)
	}
	account := s.Account()
	require.NoError(t, account.Balance())
	for _, stage := range account {
		assert.Zero(t, stage.Open, stage.Name)
	}
	return account
}

func seenIn(e *capture.Exchange) seen {
	got := seen{
		Method: e.Request.Method, Target: e.Request.Target, Asked: sum(e.Request.Body), AskedTrailer: trailerText(e.Request.Trailer),
		Status: e.Response.Status, Answered: sum(e.Response.Body), Trailer: trailerText(e.Response.Trailer),
	}
	for _, i := range e.Response.Interim {
		got.Interim = append(got.Interim, i.Status)
	}
	return got
}

// compareBooks requires that the capture tells what the server saw, each exchange
// once, and that tshark counts as many in the same capture.
func compareBooks(t *testing.T, want []seen, k kept) {
	got := recorded(t, k)
	key := func(a, b seen) int { return strings.Compare(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)) }
	slices.SortFunc(got, key)
	slices.SortFunc(want, key)
	require.Empty(t, cmp.Diff(want, got), "(-served +recorded)")
	t.Logf("%d exchanges compared", len(got))
	compareTshark(t, got, k)
}

// compareTshark compares the targets of requests and the statuses of responses.
func compareTshark(t *testing.T, all []seen, k kept) {
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not installed: not compared with it")
		return
	}
	name := filepath.Join(t.TempDir(), "relay.pcap")
	require.NoError(t, os.WriteFile(name, k.file, 0o600))
	secrets := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(secrets, k.keys, 0o600))
	port := "tcp.port==80,http"
	if k.keys != nil {
		port = "tcp.port==80,tls"
	}
	out, err := exec.Command(path, "-r", name, "-o", "tls.keylog_file:"+secrets, "-d", port, "-Y", "http or http2",
		"-T", "fields", "-E", "separator=/t", "-e", "http.request.uri", "-e", "http2.headers.path",
		"-e", "http.response.code", "-e", "http2.headers.status").Output()
	require.NoError(t, err)
	var theirTargets, theirStatuses []string
	for line := range strings.Lines(string(out)) {
		column := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, column, 4)
		theirTargets = append(theirTargets, listed(column[0]+","+column[1])...)
		theirStatuses = append(theirStatuses, listed(column[2]+","+column[3])...)
	}
	var targets, statuses []string
	for _, s := range all {
		targets = append(targets, s.Target)
		statuses = append(statuses, fmt.Sprint(s.Status))
		for _, i := range s.Interim {
			statuses = append(statuses, fmt.Sprint(i))
		}
	}
	slices.Sort(targets)
	slices.Sort(statuses)
	slices.Sort(theirTargets)
	slices.Sort(theirStatuses)
	assert.Equal(t, theirTargets, targets, "targets by tshark")
	assert.Equal(t, theirStatuses, statuses, "statuses by tshark")
}

func listed(values string) []string {
	return strings.FieldsFunc(values, func(r rune) bool { return r == ',' })
}
