package httpwire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// script makes runs of two streams: each byte of turns says who talks, how much
// of the stream, and whether bytes are missing before it.
func script(client, server string, turns []byte) (runs []run) {
	rest := [2]string{client, server}
	for _, b := range turns {
		dir := int(b & 1)
		n := min(len(rest[dir]), 1+int(b>>3)*3)
		var gap int64
		if b&6 == 6 {
			gap = 1 + int64(b>>5)
		}
		runs = append(runs, run{dir, gap, rest[dir][:n]})
		rest[dir] = rest[dir][n:]
	}
	return append(runs, c2s(rest[0]), s2c(rest[1]))
}

// FuzzSplits holds the parser to one result however the bytes are cut, and to an
// account that balances.
func FuzzSplits(f *testing.F) {
	chunks := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\nT: 1\r\n\r\n"
	f.Add(get, ok, []byte{}, uint8(1))
	f.Add(get+get, chunks+ok, []byte{0xf8, 0xf9, 0x06, 0x0f}, uint8(3))
	f.Add("GET /\r\nx", "<html>", []byte{}, uint8(2))
	f.Add("CONNECT a HTTP/1.1\r\n\r\n\x16\x03\x01", "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03", []byte{0xf8, 0xf9}, uint8(1))
	f.Add("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00\x00\x04", []byte{}, uint8(1))
	f.Add("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabc", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 417 N\r\n\r\n", []byte{0xfe, 0xff}, uint8(1))
	f.Add("\r\n\n\x80\x03\x01\x03", "HTTP/1.1foo\n\n", []byte{9, 14, 6}, uint8(1))
	f.Add("GET\r\n", " 0000\x00\x86\x9c\x81\xe1\x00\x00\x00", []byte("GET\r\n"), uint8(0))
	f.Add("\x00\x00\n0", "\x00\x00\x00\x04", []byte("002"), uint8(0))
	f.Add("HTTP/1.1\r\nH", "HTTP/1.1 200 OK\r\n\r\nhi", []byte("HTTP"), uint8(1))
	f.Add("PRI * HTTP/2.0\x01\r\n\r\nSM\r\n", "", []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, client, server string, turns []byte, size uint8) {
		if len(turns) > 64 || len(client)+len(server) > 1<<14 {
			t.Skip("larger than what one run is for")
		}
		runs := script(client, server, turns)
		for _, cfg := range []Config{{}, {MaxHead: 24, MaxBody: 4, MaxPending: 2}} {
			sameHoweverCut(t, cfg, runs, int(size))
		}
	})
}

// FuzzHTTP2 holds HTTP/2 to the same, from the client's preface on.
func FuzzHTTP2(f *testing.F) {
	c, s := newPeer(), newPeer()
	f.Add(c.get(1, "/a")+c.post(3, "/b")+data(3, 1, "abc"), settings+s.ok(1, "hi")+s.ok(3, "there"), []byte{0xf8, 0xf9, 0x06, 0x0f}, uint8(3))
	f.Add(c.get(5, "/a"), settings+s.headers(5, 0, ":status 200", "content-type application/grpc")+data(5, 0, "\x00\x00\x00\x00\x02hi\x01\x00")+reset(5), []byte{0x3f, 0x3e, 0x17}, uint8(0))
	f.Add(c.headers(1, 0, ":method CONNECT", ":protocol websocket", ":path /", ":scheme http", ":authority x")+data(1, 0, "\x81\x81maskh"), s.headers(1, 0, ":status 200")+data(1, 1, "\x81\x01h\x89"), []byte{0xf8, 0x07}, uint8(1))
	f.Add(raw(h2.Headers, 0x29, 1, "\x01\x00\x00\x00\x00\x10\x82")+raw(h2.Continuation, 4, 1, "\x84"), raw(h2.PushPromise, 0xc, 1, "\x01\x00\x00\x00\x02\x82\x84\x00")+raw(h2.GoAway, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x00"), []byte{0x0e, 0x0f, 0x27}, uint8(1))
	f.Add(raw(h2.Settings, 0, 0, "\x00\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"), raw(h2.Settings, 1, 0, "")+raw(h2.Data, 8, 1, "\x09x"), []byte{0x1e, 0x9f}, uint8(2))
	f.Fuzz(func(t *testing.T, client, server string, turns []byte, size uint8) {
		if len(turns) > 64 || len(client)+len(server) > 1<<14 {
			t.Skip("larger than what one run is for")
		}
		runs := append([]run{c2s(h2.Preface)}, script(client, server, turns)...)
		for _, cfg := range []Config{{}, {MaxHead: 64, MaxBody: 4, MaxPending: 2}} {
			sameHoweverCut(t, cfg, runs, int(size))
		}
	})
}

func sameHoweverCut(t *testing.T, cfg Config, runs []run, size int) {
	whole, pieces := New(cfg), New(cfg)
	play(whole, conn, 1<<20, capture.Closed, runs...)
	play(pieces, conn, 1+size, capture.Closed, runs...)
	require.Empty(t, cmp.Diff(drain(whole), drain(pieces), cmpopts.EquateEmpty()))
	account := whole.Account()
	require.NoError(t, account.Balance())
	require.Equal(t, account, pieces.Account())
	for _, stage := range account {
		require.Zero(t, stage.Open, stage.Name)
	}
	require.False(t, whole.Next(new(capture.Exchange)))
	require.Zero(t, whole.held, "nothing is held once all was taken")
}
