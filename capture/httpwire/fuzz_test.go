package httpwire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
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
	f.Add("PRI * HTTP/2.0\x01\r\n\r\nSM\r\n", "", []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, client, server string, turns []byte, size uint8) {
		if len(turns) > 64 || len(client)+len(server) > 1<<14 {
			t.Skip("larger than what one run is for")
		}
		runs := script(client, server, turns)
		for _, cfg := range []Config{{}, {MaxHead: 24, MaxBody: 4, MaxPending: 2}} {
			whole, pieces := New(cfg), New(cfg)
			play(whole, conn, 1<<20, capture.Closed, runs...)
			play(pieces, conn, 1+int(size), capture.Closed, runs...)
			require.Empty(t, cmp.Diff(drain(whole), drain(pieces), cmpopts.EquateEmpty()))
			account := whole.Account()
			require.NoError(t, account.Balance())
			require.Equal(t, account, pieces.Account())
			for _, stage := range account {
				require.Zero(t, stage.Open, stage.Name)
			}
		}
	})
}
