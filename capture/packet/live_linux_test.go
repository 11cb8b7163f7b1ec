package packet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture"
)

// listenOrSkip needs the right CAP_NET_RAW and says so where it is missing.
func listenOrSkip(t *testing.T, cfg LiveConfig) *Live {
	l, err := Listen(cfg)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skipf("live capture is not tested: this needs CAP_NET_RAW: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	return l
}

// echoOnce sends message to server over a new TCP connection and gets it back.
func echoOnce(t *testing.T, server net.Listener, message []byte) {
	done := make(chan error, 1)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			done <- err
			return
		}
		_, err = io.Copy(conn, conn)
		done <- errors.Join(err, conn.Close())
	}()
	conn, err := net.Dial("tcp", server.Addr().String())
	require.NoError(t, err)
	// Written while it is read: neither side's buffers need hold the message.
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(message)
		written <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	back, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.NoError(t, <-written)
	require.Equal(t, message, back)
	require.NoError(t, conn.Close())
	require.NoError(t, <-done)
}

func loopbackServer(t *testing.T, network, address string) (net.Listener, uint16) {
	server, err := net.Listen(network, address)
	if network == "tcp6" && err != nil {
		t.Skipf("no IPv6 on loopback: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return server, uint16(server.Addr().(*net.TCPAddr).Port)
}

// half is one direction of the test's connections, put together by sequence
// number: on a busy machine even loopback retransmits.
type half struct {
	next  map[netip.AddrPort]uint32
	bytes []byte
}

func (h *half) add(s *Segment) {
	if s.Flags&SYN != 0 {
		h.next[s.Src] = s.Seq + 1
		return
	}
	if s.Seq == h.next[s.Src] {
		h.next[s.Src] += uint32(len(s.Payload))
		h.bytes = append(h.bytes, s.Payload...)
	}
}

// payloads reads l to the end that the canceled context makes, and returns the
// bytes to and from port.
func payloads(ctx context.Context, t *testing.T, l *Live, port uint16) (to, from []byte) {
	halves := map[bool]*half{true: {next: map[netip.AddrPort]uint32{}}, false: {next: map[netip.AddrPort]uint32{}}}
	var s Segment
	for {
		err := l.ReadSegment(ctx, &s)
		if errors.Is(err, ErrIdle) {
			continue
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			return halves[true].bytes, halves[false].bytes
		}
		require.Zero(t, s.Missing)
		require.False(t, s.Time.IsZero())
		require.Contains(t, []uint16{s.Src.Port(), s.Dst.Port()}, port)
		// The server's answers to several clients are told apart by their port.
		if s.Dst.Port() != port {
			s.Src = s.Dst
			halves[false].add(&s)
			continue
		}
		halves[true].add(&s)
	}
}

// untilEnd reads l until it ends.
func untilEnd(ctx context.Context, l *Live) error {
	var s Segment
	for {
		if err := l.ReadSegment(ctx, &s); err != nil && !errors.Is(err, ErrIdle) {
			return err
		}
	}
}

func TestLiveSeesEachByteOnLoopbackOnce(t *testing.T) {
	for _, tt := range []struct{ name, iface, network, address string }{
		{"IPv4 on lo", "lo", "tcp4", "127.0.0.1:0"},
		{"IPv4 on any", "any", "tcp4", "127.0.0.1:0"},
		{"IPv6 on lo", "lo", "tcp6", "[::1]:0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, port := loopbackServer(t, tt.network, tt.address)
			l := listenOrSkip(t, LiveConfig{Interface: tt.iface, Ports: []uint16{port}, RingSize: 8 << 20})
			message := bytes.Repeat([]byte("what the client says "), 5000)
			echoOnce(t, server, message)

			// Canceled before the first read: everything comes from draining.
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			to, from := payloads(ctx, t, l, port)
			assert.Equal(t, message, to)
			assert.Equal(t, message, from)

			account := l.Account()
			require.NoError(t, account.Balance())
			stats := account[0].Stats
			assert.Equal(t, stats.Seen, stats.Written, "a frame is let in when it arrives alone")
			assert.Zero(t, stats.Lost())
			assert.Zero(t, stats.Open)
		})
	}
}

func TestLiveWithoutPortsSeesTheConnectionToo(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo"})
	echoOnce(t, server, []byte("hello"))
	var s Segment
	for {
		err := l.ReadSegment(t.Context(), &s)
		if errors.Is(err, ErrIdle) {
			continue
		}
		require.NoError(t, err)
		if s.Src.Port() == port && string(s.Payload) == "hello" {
			break
		}
	}
	require.NoError(t, l.Account().Balance())
}

func TestLiveSnapLengthTellsTheMissingBytes(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}, SnapLen: 100})
	echoOnce(t, server, bytes.Repeat([]byte{'x'}, 1000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s Segment
	var there, missing int
	for l.ReadSegment(ctx, &s) == nil {
		there += len(s.Payload)
		missing += s.Missing
	}
	assert.Equal(t, 2000, there+missing)
	assert.Positive(t, missing)
	assert.Positive(t, there)
}

func TestLiveCountsWhatTheKernelDropped(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}, RingSize: 2 << 20})
	// More than the ring holds, while nobody reads.
	echoOnce(t, server, make([]byte, 16<<20))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s Segment
	for l.ReadSegment(ctx, &s) == nil {
	}
	account := l.Account()
	require.NoError(t, account.Balance())
	assert.Positive(t, account[0].Dropped["kernel-drop"])
	assert.Zero(t, account[0].Open)
}

func TestLiveCanceledWhileItWaitsReturns(t *testing.T) {
	_, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- untilEnd(ctx, l) }()
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	var s Segment
	assert.ErrorIs(t, l.ReadSegment(t.Context(), &s), context.Canceled, "the capture is over")
}

func TestLiveCloseUnblocksTheReader(t *testing.T) {
	_, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}})
	ended := make(chan error)
	go func() { ended <- untilEnd(context.Background(), l) }()
	require.NoError(t, l.Close())
	assert.ErrorIs(t, <-ended, os.ErrClosed)
	require.NoError(t, l.Close())
	require.NoError(t, l.Account().Balance())
}

func TestLiveCountsWhatWasNotReadWhenItIsClosed(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}})
	echoOnce(t, server, []byte("never read"))
	before := l.Account()
	require.NoError(t, before.Balance())
	assert.Positive(t, before[0].Open)
	require.NoError(t, l.Close())
	account := l.Account()
	require.NoError(t, account.Balance())
	assert.Zero(t, account[0].Open)
	assert.Equal(t, account[0].Seen, account[0].Dropped["unread"])
}

func TestLiveGivesUpDrainingAfterTheDrainTime(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}, DrainTime: time.Nanosecond})
	echoOnce(t, server, []byte("too late"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s Segment
	err := l.ReadSegment(ctx, &s)
	for err == nil {
		err = l.ReadSegment(ctx, &s)
	}
	assert.ErrorIs(t, err, context.Canceled)
	account := l.Account()
	require.NoError(t, account.Balance())
	assert.Positive(t, account[0].Dropped["unread"])
}

func TestListenNamesTheInterfacesThatExist(t *testing.T) {
	_, err := Listen(LiveConfig{Interface: "no-such-if"})
	require.Error(t, err)
	assert.ErrorContains(t, err, `"no-such-if"`)
	assert.ErrorContains(t, err, "lo")
	assert.ErrorContains(t, err, "any")
}

func TestFanoutGroupSharesTheConnectionsOut(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	var group []*Live
	for range 2 {
		group = append(group, listenOrSkip(t, LiveConfig{
			Interface: "lo", Ports: []uint16{port}, RingSize: 4 << 20, Fanout: uint16(os.Getpid()) | 1,
		}))
	}
	const connections = 8
	for i := range connections {
		echoOnce(t, server, fmt.Appendf(nil, "connection %d", i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var to []byte
	var total capture.Stats
	for _, l := range group {
		got, _ := payloads(ctx, t, l, port)
		to = append(to, got...)
		require.NoError(t, l.Account().Balance())
		total.Add(l.Account()[0].Stats)
	}
	assert.Len(t, to, connections*len("connection 0"))
	assert.Zero(t, total.Lost())
}

// Kernels differ in where the data of a frame begins whose VLAN tag is in band.
func TestTagInBandIsToldFromAnIPHeader(t *testing.T) {
	s4, s6 := segment4(t, testPayload), segment6(t, testPayload)
	for name, c := range map[string]struct {
		protocol, want etherType
		data           []byte
	}{
		"IPv4":                     {typeIPv4, typeIPv4, s4},
		"behind the tag, IPv4":     {typeVLAN, typeIPv4, s4},
		"behind the tag, IPv6":     {typeQinQ, typeIPv6, s6},
		"at the tag, IPv4":         {typeVLAN, typeVLAN, joined([]byte{0x40, 5, 8, 0}, s4)},
		"at the tag, IPv6":         {typeVLAN, typeVLAN, joined([]byte{0x60, 5, 0x86, 0xdd}, s6)},
		"at a tag before a tag":    {typeQinQ, typeQinQ, joined([]byte{0x40, 5, 0x81, 0, 0, 1, 8, 0}, s4)},
		"at the tag, ARP":          {typeVLAN, typeVLAN, []byte{0, 5, 8, 6, 0, 1}},
		"too short to be anything": {typeVLAN, typeVLAN, []byte{0x45}},
	} {
		t.Run(name, func(t *testing.T) {
			p := received{protocol: c.protocol, data: c.data}
			assert.Equal(t, c.want, p.etherType())
		})
	}
}
