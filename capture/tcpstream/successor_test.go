package tcpstream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// talk writes the segments of one connection on the ports of the bench, in order.
type talk struct {
	isn  [2]uint32
	pos  [2]uint32
	segs []Segment
}

func (k *talk) add(dir int, flags uint8, payload string) *talk {
	s := Segment{Src: client, Dst: server, Seq: k.isn[dir] + 1 + k.pos[dir], Flags: flags, Payload: []byte(payload)}
	if dir == 1 {
		s.Src, s.Dst = server, client
	}
	if flags&SYN != 0 {
		s.Seq--
	}
	if flags&ACK != 0 {
		s.Ack = k.isn[1-dir] + 1 + k.pos[1-dir]
	}
	k.pos[dir] += uint32(len(payload))
	k.segs = append(k.segs, s)
	return k
}

func (k *talk) handshake() *talk { return k.add(0, SYN, "").add(1, SYN|ACK, "").add(0, ACK, "") }

// drawn has a few messages in both directions.
func (k *talk) drawn(t *rapid.T) *talk {
	for i := range rapid.IntRange(1, 8).Draw(t, "messages") {
		k.add(rapid.IntRange(0, 1).Draw(t, "direction"), data, strings.Repeat(string(rune('a'+i)), rapid.IntRange(1, 40).Draw(t, "length")))
	}
	return k
}

func drawnISN(t *rapid.T, name string) uint32 { return rapid.Uint32().Draw(t, name) }

// told plays segments a millisecond apart and returns what the consumers were
// told before the end of the capture.
func told(t require.TestingT, segs []Segment) string {
	b := newBench(Config{})
	at := noon
	for _, s := range segs {
		at = at.Add(time.Millisecond)
		s.Time = at
		b.a.Add(&s)
		require.NoError(t, b.a.Stats().Balance())
	}
	b.a.Advance(at.Add(time.Second))
	out := b.out.String()
	b.a.Flush()
	stats := b.a.Stats()
	require.NoError(t, stats.Balance())
	require.Zero(t, stats.Open)
	require.Empty(t, b.a.conns)
	return out
}

func TestASYNOnAnOpenConnectionMustGoOn(t *testing.T) {
	const eof = " 0:end-of-capture. 1:end-of-capture."
	begun := func(b *bench) *bench { return b.handshake().from(0, data, 0, 0, "ab") }
	raw := func(b *bench, dir int, flags uint8, seq, ack uint32, payload string) *bench {
		s := Segment{Time: b.at, Src: client, Dst: server, Seq: seq, Ack: ack, Flags: flags, Payload: []byte(payload)}
		if dir == 1 {
			s.Src, s.Dst = server, client
		}
		b.a.Add(&s)
		return b
	}
	const isn, peer = 3_000_000_000, 2_000_000_000
	tests := []struct {
		name string
		play func(b *bench)
		want string
	}{
		{"it is forged", func(b *bench) { raw(begun(b), 0, SYN, isn, 0, "").from(0, data, 2, 0, "cd") }, "open(true) 0:ab 0:cd" + eof},
		{"it is forged, inside of the window", func(b *bench) { begun(b).from(0, SYN, 1000, 0, "").from(0, data, 2, 0, "cd").from(1, data, 0, 4, "ef") }, "open(true) 0:ab 0:cd 1:ef" + eof},
		{"it is forged with the number of the next byte", func(b *bench) { begun(b).from(0, SYN, 2, 0, "").from(0, data, 2, 0, "cd") }, "open(true) 0:ab 0:cd" + eof},
		{"it is forged with bytes", func(b *bench) { raw(begun(b), 0, SYN, isn, 0, "evil").from(0, data, 2, 0, "cd") }, "open(true) 0:ab 0:cd" + eof},
		{"it is forged by the server", func(b *bench) { raw(begun(b), 1, SYN|ACK, peer, 9999, "").from(1, data, 0, 2, "cd") }, "open(true) 0:ab 1:cd" + eof},
		{"it is challenged", func(b *bench) { raw(begun(b), 0, SYN, isn, 0, "").from(1, ACK, 0, 2, "").from(1, data, 0, 2, "cd") }, "open(true) 0:ab 1:cd" + eof},
		{"the client had gone: the challenge gives a RST, and the SYN comes again", func(b *bench) {
			raw(begun(b), 0, SYN, isn, 0, "").from(1, ACK, 0, 2, "").from(0, RST, 2, 0, "").later(time.Second)
			raw(raw(b, 0, SYN, isn, 0, ""), 1, SYN|ACK, peer, isn+1, "")
			raw(b, 0, data, isn+1, peer+1, "xy")
		}, "open(true) 0:ab 0:reset. 1:reset. open(true) 0:xy" + eof},
		{"it is answered", func(b *bench) {
			raw(raw(begun(b), 0, SYN, isn, 0, ""), 1, SYN|ACK, peer, isn+1, "")
			raw(b, 0, data, isn+1, peer+1, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof},
		{"it is answered with its bytes, which come again", func(b *bench) {
			raw(raw(begun(b), 0, SYN, isn, 0, "xy"), 1, SYN|ACK, peer, isn+3, "")
			raw(b, 0, data, isn+1, peer+1, "xyz")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xyz" + eof},
		{"the answer was not captured", func(b *bench) {
			raw(raw(begun(b), 0, SYN, isn, 0, ""), 0, data, isn+1, peer+1, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof},
		{"the answer and the first bytes were not captured", func(b *bench) {
			raw(raw(begun(b), 0, SYN, isn, 0, ""), 1, data, peer+1, isn+4, "answer")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 1:answer 0:<3 gap>" + eof},
		{"its answer alone was captured", func(b *bench) {
			raw(raw(begun(b), 1, SYN|ACK, peer, isn+1, ""), 0, data, isn+1, peer+1, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof},
		{"the answer was not captured, and the numbers lie ahead of the connection's", func(b *bench) {
			begun(b).from(0, SYN, 1000, 0, "").from(0, data, 1000, 0, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof},
		{"the connection ends meanwhile", func(b *bench) {
			raw(begun(b), 0, SYN, isn, 0, "").from(0, FIN|ACK, 2, 0, "").from(1, FIN|ACK, 0, 3, "")
			raw(b, 0, data, isn+1, peer+1, "xy")
		}, "open(true) 0:ab 0:closed. 1:closed. open(true) 0:xy" + eof},
		{"the last SYN counts", func(b *bench) {
			raw(raw(raw(begun(b), 0, SYN, isn, 0, ""), 0, SYN, isn+77, 0, ""), 1, SYN|ACK, peer, isn+1, "")
			raw(b, 1, SYN|ACK, peer, isn+78, "")
			raw(b, 0, data, isn+78, peer+1, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(Config{})
			test.play(b)
			assert.Equal(t, test.want, b.flush(t))
		})
	}
}

// TestForgedSegmentsChangeNothing has a connection go on among SYN and RST that
// guess at it, in any direction and with any numbers but the very ones.
func TestForgedSegmentsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &talk{isn: [2]uint32{drawnISN(t, "client"), drawnISN(t, "server")}}
		k.handshake().drawn(t)
		k.add(0, data, "last words of the client").add(1, data, "last words of the server")
		all := append([]Segment(nil), k.segs[:3]...)
		for _, s := range k.segs[3:] {
			for rapid.Bool().Draw(t, "forge") {
				all = append(all, forged(t, k.isn))
			}
			all = append(all, s)
		}
		require.Equal(t, told(t, k.segs), told(t, all))
	})
}

func forged(t *rapid.T, isn [2]uint32) Segment {
	dir := rapid.IntRange(0, 1).Draw(t, "from")
	s := Segment{Src: client, Dst: server}
	if dir == 1 {
		s.Src, s.Dst = server, client
	}
	if rapid.Bool().Draw(t, "RST") {
		// Beyond all bytes of the connection, where no side waits.
		s.Flags, s.Seq = RST, isn[dir]+uint32(rapid.IntRange(1000, 1<<31-1).Draw(t, "off"))
		return s
	}
	s.Flags, s.Seq = SYN, isn[dir]+uint32(rapid.OneOf(rapid.IntRange(1, 400), rapid.IntRange(1, 1<<32-1)).Draw(t, "off"))
	return s
}

// TestPortsAreUsedAgain has a connection begin on the ports of another whose end
// was not captured, with parts of its handshake lost.
func TestPortsAreUsedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := &talk{isn: [2]uint32{drawnISN(t, "client"), drawnISN(t, "server")}}
		first.handshake().drawn(t)
		second := &talk{isn: [2]uint32{drawnISN(t, "next client"), drawnISN(t, "next server")}}
		second.handshake()
		answered := rapid.Bool().Draw(t, "the answer was captured")
		if first.isn[0] == second.isn[0] || !answered && second.isn[1]-first.isn[1]+reach+1000 <= 2*reach+2000 {
			t.Skip("the numbers tell nothing")
		}
		second.add(0, data, "question").drawn(t)
		all := append(append([]Segment(nil), first.segs...), second.segs[0])
		if answered {
			all = append(all, second.segs[1])
		}
		if rapid.Bool().Draw(t, "the acknowledgement was captured") {
			all = append(all, second.segs[2])
		}
		all = append(all, second.segs[3:]...)
		want := fmt.Sprintf("%s0:gap. 1:gap. %s", told(t, first.segs), told(t, second.segs))
		require.Equal(t, want, told(t, all))
	})
}

func TestOnlyARSTThatIsAwaitedEndsAConnection(t *testing.T) {
	const eof = " 0:end-of-capture. 1:end-of-capture."
	begun := func(b *bench) *bench { return b.handshake().from(0, data, 0, 0, "ab").from(1, data, 0, 2, "cd") }
	tests := []struct {
		name string
		play func(b *bench)
		want string
	}{
		{"at the next byte", func(b *bench) { begun(b).from(1, RST, 2, 0, "").later(time.Second) }, "open(true) 0:ab 1:cd 0:reset. 1:reset."},
		{"at what was acknowledged, behind lost bytes", func(b *bench) {
			begun(b).from(0, ACK, 2, 9, "").from(1, RST, 9, 0, "").later(time.Second)
		}, "open(true) 0:ab 1:cd 0:reset. 1:<7 gap> 1:reset."},
		{"behind bytes that wait", func(b *bench) {
			begun(b).from(1, data, 5, 2, "gh").from(1, RST, 7, 0, "").later(time.Second)
		}, "open(true) 0:ab 1:cd 1:<3 gap> 1:gh 0:reset. 1:reset."},
		{"behind the FIN", func(b *bench) { begun(b).from(1, FIN|ACK, 2, 2, "").from(1, RST, 3, 0, "").later(time.Second) }, "open(true) 0:ab 1:cd 1:closed. 0:reset."},
		{"elsewhere, and the sender goes on", func(b *bench) {
			begun(b).from(1, RST, 30000, 0, "").later(time.Second).from(1, data, 2, 2, "ef")
		}, "open(true) 0:ab 1:cd 1:ef" + eof},
		{"elsewhere, and nothing follows", func(b *bench) { begun(b).from(1, RST, 30000, 0, "").later(time.Second) }, "open(true) 0:ab 1:cd 0:reset. 1:reset."},
		{"elsewhere, and the other side goes on", func(b *bench) {
			begun(b).from(1, RST, 30000, 0, "").later(time.Second).from(0, data, 2, 2, "ef")
		}, "open(true) 0:ab 1:cd 0:ef 0:reset. 1:reset."},
		{"elsewhere, then the challenge, then at the next byte", func(b *bench) {
			begun(b).from(1, RST, 1, 0, "").from(0, ACK, 2, 2, "").from(1, RST, 2, 0, "").later(time.Second)
		}, "open(true) 0:ab 1:cd 0:reset. 1:reset."},
		{"out of any window", func(b *bench) { begun(b).from(1, RST, 1<<30+9, 0, "").later(time.Second) }, "open(true) 0:ab 1:cd" + eof},
		{"by a server of which nothing is known", func(b *bench) {
			b.from(0, SYN, 0, 0, "").from(1, RST|ACK, 999, 0, "").later(time.Second)
		}, "open(true) 0:reset. 1:reset."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(Config{})
			test.play(b)
			b.a.Advance(b.at)
			assert.Equal(t, test.want, b.flush(t))
		})
	}
}

func TestARSTThatIsAwaitedEndsWithinTheReorderingDelay(t *testing.T) {
	for pos, ended := range map[int]bool{2: true, 30000: false} {
		b := newBench(Config{}).handshake().from(0, data, 0, 0, "ab").from(0, RST, pos, 0, "")
		b.a.Advance(noon.Add(time.Second))
		assert.Equal(t, ended, strings.Contains(b.out.String(), string(capture.Reset)), "RST at %d", pos)
		b.flush(t)
	}
}

func TestBytesOfASYNOnAnOpenConnectionAreCounted(t *testing.T) {
	b := newBench(Config{}).handshake().from(0, SYN, 1000, 0, "evil")
	assert.EqualValues(t, 1, b.a.Stats().Dropped[Contested])
	b.flush(t)
}
