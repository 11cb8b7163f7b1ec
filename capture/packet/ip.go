package packet

import "net/netip"

// The protocols that are followed (IANA Assigned Internet Protocol Numbers).
const (
	protoHopByHop = 0
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoDestOpts = 60
	protoMobility = 135
	protoHIP      = 139
	protoShim6    = 140
	protoMPLS     = 137
	protoEthernet = 143
)

// maxDepth bounds the IP headers in one another. Real networks have three or
// four; Linux gives up at 8 (RTNL_XMIT recursion) and Wireshark at 100.
const maxDepth = 32

// anyIP reads an IP header of the version that it tells.
func (d *decoder) anyIP(s *Segment) outcome {
	p := &d.p
	if len(p.data) == 0 {
		return p.short(1, malformedIP)
	}
	switch p.data[0] >> 4 {
	case 4:
		return d.ipv4(s)
	case 6:
		return d.ipv6(s)
	}
	return malformedIP
}

// ipv4 reads an IPv4 header (RFC 791).
func (d *decoder) ipv4(s *Segment) outcome {
	const fixed = 20
	p := &d.p
	if len(p.data) < fixed {
		return p.short(fixed, malformedIP)
	}
	b := p.data
	header := int(b[0]&0xf) * 4
	if b[0]>>4 != 4 || header < fixed {
		return malformedIP
	}
	total := int(be16(b[2:]))
	if total == 0 {
		// Segmentation offload: the card fills the length in, and the
		// capture sees the frame before that.
		total = p.wire
	}
	if total < header {
		return malformedIP
	}
	if len(b) < header {
		return p.short(header, malformedIP)
	}
	if p.depth++; p.depth > maxDepth {
		return nestedTooDeep
	}
	p.trim(total)
	p.take(header)
	p.src = netip.AddrFrom4([4]byte(b[12:]))
	p.dst = netip.AddrFrom4([4]byte(b[16:]))
	protocol := b[9]
	if where := be16(b[6:]); where&0x3fff != 0 {
		if out := d.join(fragmentAt{
			id: uint32(be16(b[4:])), protocol: protocol,
			offset: int(where&0x1fff) * 8, more: where&0x2000 != 0,
		}); out.fate != written {
			return out
		}
	}
	return d.transport(protocol, s)
}

// ipv6 reads an IPv6 header and the extension headers behind it (RFC 8200).
func (d *decoder) ipv6(s *Segment) outcome {
	const fixed = 40
	p := &d.p
	if len(p.data) < fixed {
		return p.short(fixed, malformedIP)
	}
	b := p.data
	if b[0]>>4 != 6 {
		return malformedIP
	}
	if p.depth++; p.depth > maxDepth {
		return nestedTooDeep
	}
	p.src = netip.AddrFrom16([16]byte(b[8:]))
	p.dst = netip.AddrFrom16([16]byte(b[24:]))
	p.take(fixed)
	// Length 0 stands for a jumbogram (RFC 2675), or for a segment that the
	// card will cut up: the captured length holds.
	if size := int(be16(b[4:])); size > 0 {
		p.trim(size)
	}
	return d.extensions(b[6], s)
}

// extensions follows extension headers up to the transport header.
func (d *decoder) extensions(next uint8, s *Segment) outcome {
	p := &d.p
	for {
		var size int
		switch next {
		case protoHopByHop, protoRouting, protoDestOpts, protoMobility, protoHIP, protoShim6, protoAH:
			if len(p.data) < 8 {
				return p.short(8, malformedIP)
			}
			size = extensionSize(next, p.data[1])
		case protoFragment:
			if len(p.data) < 8 {
				return p.short(8, malformedIP)
			}
			return d.fragment6(s)
		default:
			return d.transport(next, s)
		}
		if len(p.data) < size {
			return p.short(size, malformedIP)
		}
		if next == protoRouting {
			p.dst = finalDestination(p.data[:size], p.dst)
		}
		next = p.data[0]
		p.take(size)
	}
}

// extensionSize returns the length of an extension header in bytes: the
// authentication header counts words less two (RFC 4302), the others eights
// less one.
func extensionSize(kind, field uint8) int {
	if kind == protoAH {
		return (int(field) + 2) * 4
	}
	return (int(field) + 1) * 8
}

// finalDestination returns where a packet with a routing header goes in the
// end, which is the address that the TCP connection has.
func finalDestination(b []byte, dst netip.Addr) netip.Addr {
	if segmentsLeft := b[3]; segmentsLeft == 0 || len(b) < 24 {
		return dst
	}
	switch b[2] {
	case 0, 2: // the last address (RFC 2460, RFC 6275)
		return netip.AddrFrom16([16]byte(b[len(b)-16:]))
	case 4: // the first of the segment list, which runs backwards (RFC 8754)
		return netip.AddrFrom16([16]byte(b[8:]))
	}
	return dst
}

// fragment6 reads a fragment header. One that is both first and last is no
// fragment of anything (RFC 6946).
func (d *decoder) fragment6(s *Segment) outcome {
	p := &d.p
	b := p.data
	next, where := b[0], be16(b[2:])
	p.take(8)
	if where&0xfff9 == 0 {
		return d.extensions(next, s)
	}
	// The protocol is not compared: the header of the first fragment holds
	// (RFC 8200 section 4.5). Up to there any one will do.
	at := fragmentAt{id: be32(b[4:]), offset: int(where & 0xfff8), more: where&1 != 0, first: next}
	if out := d.join(at); out.fate != written {
		return out
	}
	return d.extensions(d.frags.first, s)
}

// transport goes on with the protocol of an IP packet.
func (d *decoder) transport(protocol uint8, s *Segment) outcome {
	switch protocol {
	case protoTCP:
		return d.tcp(s)
	case protoUDP:
		return d.udp(s)
	case protoIPv4:
		return d.ipv4(s)
	case protoIPv6:
		return d.ipv6(s)
	case protoGRE:
		return d.gre(s)
	case protoAH:
		return d.extensions(protocol, s)
	case protoMPLS:
		return d.mpls(s)
	case protoEthernet:
		return d.ethernet(s)
	}
	return notTCP
}

// tcp reads a TCP header (RFC 9293 section 3.1) into s.
func (d *decoder) tcp(s *Segment) outcome {
	const fixed = 20
	p := &d.p
	if len(p.data) < fixed {
		return p.short(fixed, malformedTCP)
	}
	b := p.data
	header := int(b[12]>>4) * 4
	if header < fixed || header > p.wire {
		return malformedTCP
	}
	s.Time = p.time
	s.Src = netip.AddrPortFrom(p.src, be16(b))
	s.Dst = netip.AddrPortFrom(p.dst, be16(b[2:]))
	s.Network = p.network
	s.Seq, s.Ack = be32(b[4:]), be32(b[8:])
	s.Flags = b[13]
	s.Payload = b[min(header, len(b)):]
	s.Missing = p.wire - header - len(s.Payload)
	return isSegment
}
