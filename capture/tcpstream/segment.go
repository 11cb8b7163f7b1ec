package tcpstream

import (
	"encoding/binary"
	"net/netip"
	"time"

	"twinspect.dev/capture"
)

// The TCP flag bits of [Segment.Flags] (RFC 9293 section 3.1).
const (
	FIN uint8 = 1
	SYN uint8 = 2
	RST uint8 = 4
	PSH uint8 = 8
	ACK uint8 = 16
	URG uint8 = 32
)

// Segment is one TCP segment.
type Segment struct {
	Time     time.Time
	Src, Dst netip.AddrPort
	Network  uint64 // tells apart equal addresses in different VLANs or tunnels
	Seq, Ack uint32
	Flags    uint8  // TCP flag bits as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32
	Payload  []byte // valid until the next read
	Missing  int    // payload bytes that the snap length cut off the end
}

func (s *Segment) has(flags uint8) bool { return s.Flags&flags != 0 }

// size is the length of the payload on the wire.
func (s *Segment) size() int { return len(s.Payload) + max(s.Missing, 0) }

// first is the sequence number of the first payload byte: a SYN takes one
// number before it (RFC 9293 section 3.4).
func (s *Segment) first() uint32 {
	if s.has(SYN) {
		return s.Seq + 1
	}
	return s.Seq
}

// Consumer takes the bytes of one connection. Direction 0 is what the client
// sent, as far as the handshake tells; direction 1 is the reverse. The calls of
// one connection are made one after the other and in an order that keeps cause
// before effect.
type Consumer interface {
	// Data hands over the next bytes of a direction; p is valid during the
	// call only. acked is how many bytes of the other direction, counted from
	// the beginning of the stream, the sender had received when it sent p; it
	// is negative where that is not known.
	Data(dir int, at time.Time, acked int64, p []byte)
	// Gap says that the next n bytes of a direction are missing, and why:
	// [capture.Gap] or [capture.SnapLength].
	Gap(dir int, at time.Time, n int64, why capture.Incomplete)
	// End says that a direction gives no more: [capture.Closed] after a FIN,
	// [capture.Reset], [capture.Evicted], [capture.EndOfCapture], or
	// [capture.Gap] where the end itself was not captured. It is called
	// once for each direction.
	End(dir int, at time.Time, why capture.Incomplete)
}

// Connection describes a connection to the one who opens its [Consumer].
type Connection struct {
	Client, Server netip.AddrPort
	Network        uint64
	Start          time.Time
	// Handshake is set where a SYN was seen. Without it the capture began
	// inside the connection, and which end is the client is a guess: the one
	// with the higher port.
	Handshake bool
}

// key tells connections apart. It is plain memory, which a map hashes in one
// go: two addresses of netip take twice as long.
type key struct {
	a, b    end
	network uint64
}

// end is an address as two words, and a port with the address's kind above it.
type end struct{ high, low, port uint64 }

// keyOf gives both directions of a connection the same key.
func keyOf(s *Segment) key {
	a, b := endOf(s.Src), endOf(s.Dst)
	if b.less(&a) {
		a, b = b, a
	}
	return key{a: a, b: b, network: s.Network}
}

// endOf leaves out the zone of an address: none has one on the wire.
func endOf(p netip.AddrPort) end {
	addr := p.Addr()
	b := addr.As16()
	return end{
		high: binary.BigEndian.Uint64(b[:8]), low: binary.BigEndian.Uint64(b[8:]),
		port: uint64(addr.BitLen())<<16 | uint64(p.Port()),
	}
}

func (e *end) less(o *end) bool {
	switch {
	case e.low != o.low:
		return e.low < o.low
	case e.high != o.high:
		return e.high < o.high
	}
	return e.port < o.port
}
