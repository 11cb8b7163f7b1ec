package tlswire

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// spool is a client's connection: recorded, until bytes lie ready to be read.
type spool struct {
	*recorder
	b []byte
}

func (s *spool) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return s.recorder.Read(p)
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

// store is a server's connection, which keeps what is written once it is told to.
type store struct {
	net.Conn
	on bool
	b  []byte
}

func (s *store) Write(p []byte) (int, error) {
	if !s.on {
		return s.Conn.Write(p)
	}
	s.b = append(s.b, p...)
	return len(p), nil
}

// download is a session whose client has not read yet what the server sent.
type download struct {
	client  *tls.Conn
	close   func()
	keys    string
	opening []call
	records []byte
}

func newDownload(t testing.TB, config *tls.Config, size int) download {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	near, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	far, err := listener.Accept()
	require.NoError(t, err)
	var keys bytes.Buffer
	reader := config.Clone()
	reader.KeyLogWriter, reader.InsecureSkipVerify = &keys, true
	in, out := &spool{recorder: &recorder{Conn: near}}, &store{Conn: far}
	client, server := tls.Client(in, reader), tls.Server(out, config)
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	require.NoError(t, client.Handshake())
	require.NoError(t, <-done)
	out.on, out.b = true, make([]byte, 0, size+size/8)
	_, err = server.Write(make([]byte, size))
	require.NoError(t, err)
	in.b = out.b
	return download{client, func() { near.Close(); far.Close() }, keys.String(), in.calls, out.b}
}

// counter is a consumer that counts.
type counter struct{ n int }

func (c *counter) Data(_ int, _ time.Time, _ int64, p []byte)    { c.n += len(p) }
func (c *counter) Gap(int, time.Time, int64, capture.Incomplete) {}
func (c *counter) End(int, time.Time, capture.Incomplete)        {}

// open returns a connection that has taken the handshake.
func (d download) open(t testing.TB, to Consumer) *Conn {
	t.Helper()
	c := New(keyLog(t, d.keys)).Open(to)
	feed(c, d.opening)
	require.NotNil(t, c.halves)
	return c
}

func protections(t testing.TB) map[string]*tls.Config {
	t.Helper()
	all := map[string]*tls.Config{
		"TLS1.3/AES-128-GCM":      {MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true},
		"TLS1.2/AES-128-GCM":      {CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, MaxVersion: tls.VersionTLS12},
		"TLS1.2/CHACHA20":         {CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}, MaxVersion: tls.VersionTLS12},
		"TLS1.2/AES-128-CBC-SHA1": {CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}, MaxVersion: tls.VersionTLS12},
	}
	cert := certificate(t, false)
	for _, config := range all {
		config.Certificates = []tls.Certificate{cert}
		config.DynamicRecordSizingDisabled = true
	}
	return all
}

// BenchmarkDownload decrypts the application data of a download as segments of
// a TCP connection and, in turn, lets crypto/tls read the same records.
// "x-crypto/tls" is how many times as fast as crypto/tls the package is.
func BenchmarkDownload(b *testing.B) {
	const size, segment = 16 << 20, 1448
	for name, config := range protections(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			var ours, theirs time.Duration
			for b.Loop() {
				b.StopTimer()
				d := newDownload(b, config, size)
				theirs += readBy(b, d.client, size)
				got := &counter{}
				c := d.open(b, got)
				b.StartTimer()
				began := time.Now()
				for p := d.records; len(p) > 0; p = p[min(segment, len(p)):] {
					c.Data(1, began, -1, p[:min(segment, len(p))])
				}
				ours += time.Since(began)
				b.StopTimer()
				require.Equal(b, size, got.n)
				d.close()
				b.StartTimer()
			}
			b.ReportMetric(float64(theirs)/float64(ours), "x-crypto/tls")
			b.ReportMetric(float64(size)*float64(b.N)/theirs.Seconds()/1e6, "crypto/tls-MB/s")
		})
	}
}

// readBy returns how long a client takes to read.
func readBy(b *testing.B, client *tls.Conn, size int) time.Duration {
	b.Helper()
	buf := make([]byte, maxPlain)
	began := time.Now()
	for n := 0; n < size; {
		m, err := client.Read(buf)
		if err != nil {
			require.NoError(b, err)
		}
		n += m
	}
	return time.Since(began)
}

// sealed returns a record of TLS 1.3 and the opener of it.
func sealed(t testing.TB, b bulk) (*aead13, []byte) {
	t.Helper()
	s := &suite{bulk: b, key: 16, hash: gcm128.hash}
	o, err := newAEAD13(s, make([]byte, 32))
	require.NoError(t, err)
	n := maxPlain + o.overhead()
	record := []byte{typeApplication, 3, 3, byte(n >> 8), byte(n)}
	record = o.aead.Seal(record, o.iv[:], append(make([]byte, maxPlain), typeApplication), record[:headerSize])
	return o, record
}

func BenchmarkCCM(b *testing.B) {
	for _, bulk := range []bulk{ccm, ccm8} {
		o, record := sealed(b, bulk)
		scratch := make([]byte, 0, maxRecord)
		b.Run(fmt.Sprintf("tag=%d", o.aead.Overhead()), func(b *testing.B) {
			b.SetBytes(maxPlain)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.open(scratch, 0, record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestDecryptionAllocatesNothing(t *testing.T) {
	const segment = 1448
	for name, config := range protections(t) {
		d := newDownload(t, config, 4<<20)
		c := d.open(t, &counter{})
		p := d.records
		next := func() {
			for range 20 {
				n := min(segment, len(p))
				c.Data(1, time.Time{}, -1, p[:n])
				p = p[n:]
			}
		}
		allocs := testing.AllocsPerRun(100, next)
		d.close()
		require.NotEmpty(t, p)
		require.Less(t, allocs, 1.0, name)
	}
	for _, b := range []bulk{ccm, ccm8} {
		o, record := sealed(t, b)
		scratch := make([]byte, 0, maxRecord)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := o.open(scratch, 0, record); err != nil {
				t.Fatal(err)
			}
		}))
	}
}
