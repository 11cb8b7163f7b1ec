package tcpstream

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// strict is a consumer that checks the order of its calls and the bytes: byte i
// of a direction must be the low byte of i's sequence number.
type strict struct {
	t     *testing.T
	ended [2]bool
}

func (s *strict) Data(dir int, _ time.Time, _ int64, p []byte) {
	require.False(s.t, s.ended[dir], "data after the end")
	require.NotEmpty(s.t, p)
	for i := 1; i < len(p); i++ {
		require.Equal(s.t, p[i-1]+1, p[i], "bytes out of order")
	}
}

func (s *strict) Gap(dir int, _ time.Time, n int64, _ capture.Incomplete) {
	require.False(s.t, s.ended[dir], "gap after the end")
	require.Positive(s.t, n)
}

func (s *strict) End(dir int, _ time.Time, _ capture.Incomplete) {
	require.False(s.t, s.ended[dir], "a second end")
	s.ended[dir] = true
}

// FuzzSegments feeds arbitrary segments of two connections. Each takes 8 bytes:
// flags, direction and connection, sequence, acknowledgement, length, missing,
// time.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 1, 18, 1, 0, 0, 1, 0, 0, 1, 24, 0, 0, 1, 1, 20, 0, 1})
	f.Add([]byte{24, 0, 0, 40, 1, 9, 0, 1, 24, 1, 0, 90, 49, 9, 3, 255, 24, 0, 0, 10, 1, 30, 0, 1, 4, 1, 0, 0, 0, 0, 0, 9})
	f.Add([]byte{24, 0, 255, 250, 1, 20, 0, 1, 17, 0, 0, 20, 1, 0, 0, 200, 2, 0, 4, 0, 0, 5, 0, 1})
	f.Add([]byte("000000000100>00x01100000000x0110a0000010\xe8\x030d\x00"))
	f.Add([]byte("000\x00\x800\x00\x00\x10\x00\x00000A010\xff\xff\x80\x000\xdc\xe4"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var opened []*strict
		a := New(Config{MaxConnectionBuffer: 256, MaxBuffer: 300, MaxConnections: 2, Idle: time.Second, Reorder: 20 * time.Millisecond},
			func(Connection) Consumer {
				c := &strict{t: t}
				opened = append(opened, c)
				return c
			})
		at := noon
		for ; len(in) >= 8; in = in[8:] {
			at = at.Add(time.Duration(in[7]) * time.Millisecond)
			s := segmentOf(in, at)
			a.Add(&s)
			require.NoError(t, a.Stats().Balance())
			require.LessOrEqual(t, a.size, 300)
			require.LessOrEqual(t, len(a.conns), 2)
		}
		a.Flush()
		stats := a.Stats()
		require.NoError(t, stats.Balance())
		require.Zero(t, stats.Open)
		require.Zero(t, a.size)
		require.Zero(t, a.live.Len()+a.done.Len()+a.wait.Len()+len(a.conns))
		for _, c := range opened {
			require.Equal(t, [2]bool{true, true}, c.ended)
		}
	})
}

func segmentOf(in []byte, at time.Time) Segment {
	s := Segment{Time: at, Src: client, Dst: server, Flags: in[0], Missing: int(in[6] & 7)}
	s.Dst = netip.AddrPortFrom(server.Addr(), 80+uint16(in[1]>>1&3))
	if in[1]&1 == 1 {
		s.Src, s.Dst = s.Dst, s.Src
	}
	s.Seq = uint32(int16(binary.BigEndian.Uint16(in[2:]))) + uint32(in[6]>>3)<<27
	s.Ack = uint32(int8(in[4]))
	s.Payload = make([]byte, in[5])
	for i := range s.Payload {
		s.Payload[i] = byte(s.first()) + byte(i)
	}
	return s
}
