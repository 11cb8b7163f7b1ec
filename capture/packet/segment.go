package packet

import (
	"net/netip"
	"time"
)

// The TCP flags (RFC 9293 section 3.1).
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

// Segment is one TCP segment.
type Segment struct {
	// Time is when the frame was captured, in UTC. For a datagram that came in
	// fragments it is the time of the frame that completed it. It is zero where
	// the file does not tell (simple packet blocks of pcapng).
	Time     time.Time
	Src, Dst netip.AddrPort
	// Network tells apart equal addresses in different networks: it is derived
	// from the VLAN tags, PPPoE session, GRE key, VXLAN and Geneve network
	// identifiers around the segment, and 0 where there are none. What differs
	// by direction is no part of it: MPLS labels, GTP tunnel endpoints, and the
	// outer addresses of tunnels (servers behind a load balancer get requests
	// through a tunnel and answer without it).
	Network  uint64
	Seq, Ack uint32
	// Flags are the flag bits as on the wire.
	Flags uint8
	// Payload holds the captured bytes; it is valid until the next read.
	Payload []byte
	// Missing is how many bytes of the payload the snap length cut off its end.
	Missing int
}
