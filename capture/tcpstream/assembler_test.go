package tcpstream

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

var (
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	client = netip.MustParseAddrPort("10.0.0.1:40000")
	server = netip.MustParseAddrPort("10.0.0.2:80")
)

// log is a consumer that writes down what it is told.
type log struct {
	b     *strings.Builder
	acked bool
}

func (l log) Data(dir int, _ time.Time, acked int64, p []byte) {
	if l.acked {
		fmt.Fprintf(l.b, "%d@%d:%s ", dir, acked, p)
		return
	}
	fmt.Fprintf(l.b, "%d:%s ", dir, p)
}

func (l log) Gap(dir int, _ time.Time, n int64, why capture.Incomplete) {
	fmt.Fprintf(l.b, "%d:<%d %s> ", dir, n, why)
}

func (l log) End(dir int, _ time.Time, why capture.Incomplete) {
	fmt.Fprintf(l.b, "%d:%s. ", dir, why)
}

// bench builds segments of one connection: client ISN 100, server ISN 500.
type bench struct {
	a   *Assembler
	out strings.Builder
	at  time.Time
}

func newBench(cfg Config) *bench {
	b := &bench{at: noon}
	b.a = New(cfg, func(c Connection) Consumer {
		fmt.Fprintf(&b.out, "open(%v) ", c.Handshake)
		return log{b: &b.out}
	})
	return b
}

// from sends a segment; pos and ack count from the first byte of each stream.
func (b *bench) from(dir int, flags uint8, pos, ack int, payload string) *bench {
	isn := [2]uint32{100, 500}
	s := Segment{Time: b.at, Src: client, Dst: server, Flags: flags, Payload: []byte(payload)}
	if dir == 1 {
		s.Src, s.Dst = server, client
	}
	s.Seq = isn[dir] + 1 + uint32(pos)
	if flags&SYN != 0 {
		s.Seq--
	}
	if flags&ACK != 0 {
		s.Ack = isn[1-dir] + 1 + uint32(ack)
	}
	b.a.Add(&s)
	return b
}

func (b *bench) handshake() *bench {
	return b.from(0, SYN, 0, 0, "").from(1, SYN|ACK, 0, 0, "").from(0, ACK, 0, 0, "")
}

func (b *bench) later(d time.Duration) *bench {
	b.at = b.at.Add(d)
	return b
}

func (b *bench) flush(t *testing.T) string {
	b.a.Flush()
	stats := b.a.Stats()
	require.NoError(t, stats.Balance())
	require.Zero(t, stats.Open)
	require.Empty(t, b.a.conns)
	require.Zero(t, b.a.size)
	return strings.TrimSpace(b.out.String())
}

const data = ACK | PSH

func TestStreams(t *testing.T) {
	const eof = " 0:end-of-capture. 1:end-of-capture."
	tests := []struct {
		name string
		play func(b *bench)
		want string
		why  capture.Reason
		n    uint64
	}{
		{"in order", func(b *bench) { b.handshake().from(0, data, 0, 0, "ab").from(1, data, 0, 2, "cd") }, "open(true) 0:ab 1:cd" + eof, NoPayload, 3},
		{"out of order", func(b *bench) { b.handshake().from(0, data, 2, 0, "cd").from(0, data, 0, 0, "ab") }, "open(true) 0:ab 0:cd" + eof, NoPayload, 3},
		{"repeated", func(b *bench) { b.handshake().from(0, data, 0, 0, "ab").from(0, data, 0, 0, "ab") }, "open(true) 0:ab" + eof, Duplicate, 1},
		{"repeated in part, with more", func(b *bench) { b.handshake().from(0, data, 0, 0, "ab").from(0, data, 1, 0, "bc") }, "open(true) 0:ab 0:c" + eof, Duplicate, 0},
		{"the first copy wins", func(b *bench) {
			b.handshake().from(0, data, 2, 0, "cd").from(0, data, 1, 0, "XXX").from(0, data, 0, 0, "a")
		}, "open(true) 0:a 0:X 0:cd" + eof, Duplicate, 0},
		{"a keep-alive probe", func(b *bench) { b.handshake().from(0, data, 0, 0, "ab").from(0, ACK, 1, 0, "b") }, "open(true) 0:ab" + eof, KeepAlive, 1},
		{"data with the SYN", func(b *bench) {
			b.from(0, SYN, 0, 0, "ab").from(1, SYN|ACK, 0, 2, "").from(1, data, 0, 2, "cd")
		}, "open(true) 0:ab 1:cd" + eof, NoPayload, 1},
		{"joined late", func(b *bench) { b.from(0, data, 7, 9, "ab").from(1, data, 9, 9, "cd") }, "open(false) 0:ab 1:cd" + eof, Late, 0},
		{"half-closed", func(b *bench) {
			b.handshake().from(0, data, 0, 0, "ab").from(0, FIN|ACK, 2, 0, "").from(1, data, 0, 3, "cd").from(1, FIN|ACK, 2, 3, "")
		}, "open(true) 0:ab 0:closed. 1:cd 1:closed.", NoPayload, 5},
		{"FIN before the bytes", func(b *bench) { b.handshake().from(0, FIN|ACK, 2, 0, "").from(0, data, 0, 0, "ab") }, "open(true) 0:ab 0:closed. 1:end-of-capture.", AfterEnd, 0},
		{"of two FIN the nearer one ends", func(b *bench) {
			b.handshake().from(0, FIN|ACK, 1<<29, 0, "").from(0, data, 0, 0, "ab").from(0, FIN|ACK, 2, 0, "")
		}, "open(true) 0:ab 0:closed. 1:end-of-capture.", AfterEnd, 0},
		{"bytes after the FIN", func(b *bench) { b.handshake().from(0, FIN|ACK, 0, 0, "").from(0, data, 0, 0, "ab") }, "open(true) 0:closed. 1:end-of-capture.", AfterEnd, 1},
		{"reset", func(b *bench) {
			b.handshake().from(0, data, 0, 0, "ab").from(1, RST|ACK, 0, 2, "")
		}, "open(true) 0:ab 0:reset. 1:reset.", NoPayload, 4},
		{"bytes on their way when the reset came", func(b *bench) {
			b.handshake().from(0, data, 0, 0, "ab").from(0, RST, 2, 0, "").from(1, data, 0, 2, "cd")
		}, "open(true) 0:ab 1:cd 0:reset. 1:reset.", NoPayload, 4},
		{"a gap that was acknowledged", func(b *bench) {
			b.handshake().from(0, data, 2, 0, "cd").from(1, ACK, 0, 4, "").later(time.Second).from(0, data, 4, 0, "e")
		}, "open(true) 0:<2 gap> 0:cd 0:e" + eof, NoPayload, 4},
		{"a gap that was not acknowledged waits", func(b *bench) {
			b.handshake().from(0, data, 2, 0, "cd").later(time.Second).from(0, data, 4, 0, "e").from(0, data, 0, 0, "ab")
		}, "open(true) 0:ab 0:cd 0:e" + eof, NoPayload, 3},
		{"bytes that come too late", func(b *bench) {
			b.handshake().from(0, data, 2, 0, "cd").from(1, ACK, 0, 4, "").later(time.Second).from(0, data, 4, 0, "e").from(0, data, 0, 0, "ab")
		}, "open(true) 0:<2 gap> 0:cd 0:e" + eof, Late, 1},
		{"an answer is held until its question", func(b *bench) {
			b.handshake().from(1, data, 0, 2, "cd").from(0, data, 0, 0, "ab")
		}, "open(true) 0:ab 1:cd" + eof, NoPayload, 3},
		{"an answer to a lost question is told in the end", func(b *bench) {
			b.handshake().from(1, data, 0, 2, "cd").later(time.Second).from(1, data, 2, 2, "e")
		}, "open(true) 1:cd 1:e 0:<2 gap>" + eof, NoPayload, 3},
		{"one-sided", func(b *bench) { b.from(0, data, 0, 0, "ab").from(0, data, 2, 9, "cd") }, "open(false) 0:ab 0:cd" + eof, Late, 0},
		{"another connection on the same ports", func(b *bench) {
			b.handshake().from(0, data, 0, 0, "ab").from(0, SYN, 1000, 0, "").from(0, data, 1000, 0, "xy")
		}, "open(true) 0:ab 0:gap. 1:gap. open(true) 0:xy" + eof, NoPayload, 4},
		{"a repeated SYN", func(b *bench) { b.handshake().from(0, SYN, 0, 0, "").from(0, data, 0, 0, "ab") }, "open(true) 0:ab" + eof, NoPayload, 4},
		{"a stray sequence number", func(b *bench) { b.handshake().from(0, data, 1<<30+9, 0, "zz").from(0, data, 0, 0, "ab") }, "open(true) 0:ab" + eof, OutOfWindow, 1},
		{"no bytes and no connection", func(b *bench) { b.from(0, ACK, 0, 0, "").from(0, RST, 0, 0, "") }, "", NoPayload, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(Config{})
			test.play(b)
			assert.Equal(t, test.want, b.flush(t))
			stats := b.a.Stats()
			assert.Equal(t, test.n, stats.Filtered[test.why]+stats.Dropped[test.why], test.why)
		})
	}
}

func TestTheSnapLengthIsAGapOfItsOwn(t *testing.T) {
	b := newBench(Config{}).handshake()
	b.a.Add(&Segment{Time: noon, Src: client, Dst: server, Flags: data, Seq: 101, Ack: 501, Payload: []byte("ab"), Missing: 3})
	b.from(0, data, 5, 0, "f")
	assert.Equal(t, "open(true) 0:ab 0:<3 snap-length> 0:f 0:end-of-capture. 1:end-of-capture.", b.flush(t))
}

func TestConflictsAreCounted(t *testing.T) {
	b := newBench(Config{}).handshake().from(0, data, 2, 0, "cd").from(0, data, 2, 0, "cX")
	assert.EqualValues(t, 1, b.a.Events().Conflicts)
	b.flush(t)
}

func TestTheBufferLimitGivesUpAGap(t *testing.T) {
	b := newBench(Config{MaxConnectionBuffer: 4}).handshake().from(0, data, 2, 0, "cdef").from(0, data, 6, 0, "g")
	assert.EqualValues(t, 1, b.a.Events().Forced)
	assert.Equal(t, "open(true) 0:<2 gap> 0:cdef 0:g 0:end-of-capture. 1:end-of-capture.", b.flush(t))
}

func TestTheConnectionLimitEvictsTheOneIdleLongest(t *testing.T) {
	b := newBench(Config{MaxConnections: 2})
	for port := range uint16(4) {
		s := Segment{Time: noon, Src: netip.AddrPortFrom(client.Addr(), 1000+port), Dst: server, Flags: SYN, Payload: []byte{'a' + byte(port)}}
		b.a.Add(&s)
	}
	assert.EqualValues(t, 2, b.a.Events().Evicted)
	assert.Equal(t, 2, strings.Count(b.out.String(), "0:evicted."))
	b.flush(t)
}

func TestIdleConnectionsEnd(t *testing.T) {
	b := newBench(Config{}).handshake().from(0, data, 0, 0, "ab")
	b.a.Advance(noon.Add(time.Hour))
	assert.Contains(t, b.out.String(), "0:evicted. 1:evicted.")
	assert.EqualValues(t, 1, b.a.Events().Idle)
	assert.Empty(t, b.a.conns)
}

func TestSequenceNumbersWrap(t *testing.T) {
	b := newBench(Config{})
	seq := uint32(1<<32 - 3)
	for _, s := range []struct {
		off  uint32
		text string
	}{{0, "ab"}, {4, "ef"}, {2, "cd"}, {6, "gh"}} {
		b.a.Add(&Segment{Time: noon, Src: client, Dst: server, Flags: data, Seq: seq + s.off, Payload: []byte(s.text)})
	}
	assert.Equal(t, "open(false) 0:ab 0:cd 0:ef 0:gh 0:end-of-capture. 1:end-of-capture.", b.flush(t))
}

func TestAcknowledgementsAreToldAsPositions(t *testing.T) {
	b := &bench{at: noon}
	b.a = New(Config{}, func(Connection) Consumer { return log{b: &b.out, acked: true} })
	b.handshake().from(0, data, 0, 0, "ab").from(1, data, 0, 2, "cd").from(0, data, 2, 2, "e")
	assert.Equal(t, "0@0:ab 1@2:cd 0@2:e 0:end-of-capture. 1:end-of-capture.", b.flush(t))
}

// nothing is a consumer that does nothing.
type nothing struct{}

func (nothing) Data(int, time.Time, int64, []byte)            {}
func (nothing) Gap(int, time.Time, int64, capture.Incomplete) {}
func (nothing) End(int, time.Time, capture.Incomplete)        {}

func TestSegmentsInOrderAllocateNothing(t *testing.T) {
	a := New(Config{}, func(Connection) Consumer { return nothing{} })
	s := Segment{Time: noon, Src: client, Dst: server, Flags: SYN}
	a.Add(&s)
	s.Flags, s.Seq, s.Payload = data, 1, make([]byte, 1000)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		a.Add(&s)
		s.Seq += 1000
	}))
}

func BenchmarkSegmentsInOrder(b *testing.B) {
	a := New(Config{}, func(Connection) Consumer { return nothing{} })
	s := Segment{Time: noon, Src: client, Dst: server, Flags: data, Payload: make([]byte, 1448)}
	b.SetBytes(1448)
	b.ReportAllocs()
	for b.Loop() {
		a.Add(&s)
		s.Seq += 1448
	}
}
