package tlswire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// call is one Data call of a recorded connection.
type call struct {
	dir   int
	acked int64
	p     []byte
}

// recorder is the client's connection, and what went over it.
type recorder struct {
	net.Conn
	mu    sync.Mutex
	calls []call
	size  [2]int64
}

func (r *recorder) note(dir int, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call{dir: dir, acked: r.size[1-dir], p: bytes.Clone(p)})
	r.size[dir] += int64(len(p))
}

func (r *recorder) Write(p []byte) (int, error) {
	r.note(0, p)
	return r.Conn.Write(p)
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		r.note(1, p[:n])
	}
	return n, err
}

// piece is plaintext that was given, and where.
type piece struct {
	at    int64
	acked int64
	p     []byte
}

// sink keeps what a consumer is given.
type sink struct {
	pieces [2][]piece
	pos    [2]int64
	gaps   [2]int64
	ends   [2][]capture.Incomplete
}

func (s *sink) Data(dir int, _ time.Time, acked int64, p []byte) {
	s.pieces[dir] = append(s.pieces[dir], piece{s.pos[dir], acked, bytes.Clone(p)})
	s.pos[dir] += int64(len(p))
}

func (s *sink) Gap(dir int, _ time.Time, n int64, _ capture.Incomplete) {
	s.gaps[dir] += n
	s.pos[dir] += n
}

func (s *sink) End(dir int, _ time.Time, why capture.Incomplete) {
	s.ends[dir] = append(s.ends[dir], why)
}

func (s *sink) bytes(dir int) []byte {
	var all []byte
	for _, p := range s.pieces[dir] {
		all = append(all, p.p...)
	}
	return all
}

// numbered returns n bytes of which any 16 tell where they are.
func numbered(seed byte, n int) []byte {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i += 8 {
		b = binary.BigEndian.AppendUint64(b, uint64(seed)<<56|uint64(i)|0xA5<<40)
	}
	return b[:n]
}

// rsaKey is made once, as it takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func certificate(t testing.TB, useRSA bool) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"test"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	var key any = ec
	var public any = &ec.PublicKey
	if useRSA {
		k, err := rsaKey()
		require.NoError(t, err)
		key, public = k, &k.PublicKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// talk is one recorded conversation.
type talk struct {
	calls []call
	keys  string
	sent  [2][]byte
	state tls.ConnectionState
}

// converse lets a client and a server exchange sent, in rounds, and records it.
func converse(t testing.TB, client, server *tls.Config, sent [2][]byte, rounds int) talk {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	failed := make(chan error, 1)
	go func() { failed <- serve(listener, server, sent, rounds) }()
	raw, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	rec := &recorder{Conn: raw}
	var keys bytes.Buffer
	client = client.Clone()
	client.KeyLogWriter = &keys
	client.InsecureSkipVerify = true
	client.ServerName = "test"
	conn := tls.Client(rec, client)
	defer conn.Close()
	require.NoError(t, exchange(conn, sent[0], sent[1], rounds, true))
	state := conn.ConnectionState()
	require.NoError(t, conn.CloseWrite())
	require.NoError(t, <-failed)
	_, err = io.Copy(io.Discard, conn)
	require.NoError(t, err)
	return talk{calls: rec.calls, keys: keys.String(), sent: sent, state: state}
}

func serve(listener net.Listener, config *tls.Config, sent [2][]byte, rounds int) error {
	raw, err := listener.Accept()
	if err != nil {
		return err
	}
	conn := tls.Server(raw, config)
	defer conn.Close()
	if err := exchange(conn, sent[1], sent[0], rounds, false); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// exchange writes and reads a part of each in turn.
func exchange(conn net.Conn, out, in []byte, rounds int, first bool) error {
	got := make([]byte, len(in))
	for i := range rounds {
		w := out[len(out)*i/rounds : len(out)*(i+1)/rounds]
		r := got[len(in)*i/rounds : len(in)*(i+1)/rounds]
		if first {
			if _, err := conn.Write(w); err != nil {
				return err
			}
		}
		if _, err := io.ReadFull(conn, r); err != nil {
			return err
		}
		if !first {
			if _, err := conn.Write(w); err != nil {
				return err
			}
		}
	}
	return nil
}

func keyLog(t testing.TB, s string) *KeyLog {
	t.Helper()
	k, err := ReadKeyLog("test", bytes.NewReader([]byte(s)))
	require.NoError(t, err)
	return k
}

// play gives a recorded conversation to a new connection and ends it.
func play(d *Decrypter, calls []call) *sink {
	s := &sink{}
	c := d.Open(s)
	for _, e := range calls {
		c.Data(e.dir, time.Unix(1, 0), e.acked, e.p)
	}
	finish(c)
	return s
}

func finish(c *Conn) {
	c.End(0, time.Unix(2, 0), capture.Closed)
	c.End(1, time.Unix(2, 0), capture.Closed)
}

// requireWhole asserts that everything that was sent was given.
func requireWhole(t testing.TB, tk talk, s *sink) {
	t.Helper()
	for dir := range 2 {
		require.True(t, bytes.Equal(tk.sent[dir], s.bytes(dir)), "direction %d: %d of %d bytes", dir, len(s.bytes(dir)), len(tk.sent[dir]))
		require.Zero(t, s.gaps[dir])
		require.Equal(t, []capture.Incomplete{capture.Closed}, s.ends[dir])
	}
}

func stats(t testing.TB, d *Decrypter) capture.Stats {
	t.Helper()
	require.NoError(t, d.Account().Balance())
	assert.Zero(t, d.held, "bytes are held after the end")
	return d.Account()[0].Stats
}
