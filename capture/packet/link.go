package packet

import "encoding/binary"

// etherType tells what follows in a frame (IEEE 802 Numbers).
type etherType = uint16

const (
	typeIPv4       etherType = 0x0800
	typeIPv6       etherType = 0x86dd
	typeARP        etherType = 0x0806
	typeRARP       etherType = 0x8035
	typeVLAN       etherType = 0x8100
	typeQinQ       etherType = 0x88a8
	typeOldQinQ    etherType = 0x9100
	typeMPLS       etherType = 0x8847
	typeMPLSMulti  etherType = 0x8848
	typePPPoE      etherType = 0x8864
	typeBridged    etherType = 0x6558 // Ethernet in GRE and Geneve
	typePPP        etherType = 0x880b // PPP in GRE
	typeERSPAN2    etherType = 0x88be
	typeERSPAN3    etherType = 0x22eb
	typeLLC        etherType = 0x0004 // Linux: 802.2 frames (ETH_P_802_2)
	maxLengthField           = 1500   // a greater type field is a type (IEEE 802.3)
	ethernetHeader           = 14
)

// linkLayer begins with the header that the link type tells.
func (d *decoder) linkLayer(t linkType, s *Segment) outcome {
	switch t {
	case linkEthernet:
		return d.ethernet(s)
	case linkRaw, linkRawBSD, linkRawOpen:
		return d.anyIP(s)
	case linkIPv4:
		return d.ipv4(s)
	case linkIPv6:
		return d.ipv6(s)
	case linkNull, linkLoop:
		return d.family(s)
	case linkSLL:
		return d.cooked(16, 14, s)
	case linkSLL2:
		return d.cooked(20, 0, s)
	case linkARCNET:
		return d.arcnet(s)
	case linkCiscoHDLC:
		return d.cooked(4, 2, s)
	case linkPPP, linkPPPHDLC:
		return d.ppp(s)
	case linkPPPoE:
		return d.pppoe(s)
	}
	return unsupportedLink(t)
}

func (d *decoder) ethernet(s *Segment) outcome {
	p := &d.p
	if len(p.data) < ethernetHeader {
		return p.short(ethernetHeader, malformedLink)
	}
	t := be16(p.data[12:])
	p.take(ethernetHeader)
	return d.ether(t, s)
}

// ether goes on with what an EtherType tells. Tags follow each other in any
// number.
func (d *decoder) ether(t etherType, s *Segment) outcome {
	p := &d.p
	for {
		switch t {
		case typeIPv4:
			return d.ipv4(s)
		case typeIPv6:
			return d.ipv6(s)
		case typeVLAN, typeQinQ, typeOldQinQ:
			if len(p.data) < 4 {
				return p.short(4, malformedLink)
			}
			// Identifier 0 only carries a priority (IEEE 802.1Q 9.6).
			if id := be16(p.data) & 0xfff; id != 0 {
				p.network = within(p.network, vlanNetwork, uint64(id))
			}
			t = be16(p.data[2:])
			p.take(4)
			continue
		case typeMPLS, typeMPLSMulti:
			return d.mpls(s)
		case typePPPoE:
			return d.pppoe(s)
		case typeLLC:
			return d.llc(s)
		}
		if t <= maxLengthField {
			return d.llc(s)
		}
		return notIP
	}
}

// llc reads an 802.2 header with the SNAP extension (RFC 1042); without it
// there is no IP.
func (d *decoder) llc(s *Segment) outcome {
	p := &d.p
	if len(p.data) < 3 {
		return p.short(3, malformedLink)
	}
	if p.data[0] != 0xaa || p.data[1] != 0xaa || p.data[2] != 3 {
		return notIP
	}
	if len(p.data) < 8 {
		return p.short(8, malformedLink)
	}
	t := be16(p.data[6:])
	p.take(8)
	if t <= maxLengthField {
		return notIP
	}
	return d.ether(t, s)
}

// cooked reads a header of size bytes with an EtherType at offset at.
func (d *decoder) cooked(size, at int, s *Segment) outcome {
	p := &d.p
	if len(p.data) < size {
		return p.short(size, malformedLink)
	}
	t := be16(p.data[at:])
	p.take(size)
	return d.ether(t, s)
}

// family reads the address family of BSD loopback frames, which is in the
// byte order of the recording machine for NULL and big-endian for LOOP.
func (d *decoder) family(s *Segment) outcome {
	p := &d.p
	if len(p.data) < 4 {
		return p.short(4, malformedLink)
	}
	value := binary.LittleEndian.Uint32(p.data)
	if value > 0xffff {
		value = be32(p.data)
	}
	p.take(4)
	switch value {
	case 2:
		return d.ipv4(s)
	case 10, 24, 28, 30: // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin
		return d.ipv6(s)
	}
	return notIP
}

// arcnet reads the frames of LINKTYPE_ARCNET_LINUX: source, destination, two
// bytes of offset, a type, and three bytes of fragmentation for the types of
// RFC 1201 that those of RFC 1051 lack.
func (d *decoder) arcnet(s *Segment) outcome {
	const oldHeader, newHeader = 5, 8
	p := &d.p
	if len(p.data) < oldHeader {
		return p.short(oldHeader, malformedLink)
	}
	kind := p.data[4]
	if kind == 240 { // IP of RFC 1051
		p.take(oldHeader)
		return d.ipv4(s)
	}
	if kind != 212 && kind != 196 {
		return notIP
	}
	if len(p.data) < newHeader {
		return p.short(newHeader, malformedLink)
	}
	p.take(newHeader)
	if kind == 196 {
		return d.ipv6(s)
	}
	return d.ipv4(s)
}

// mpls takes the labels off (RFC 3032). Nothing tells what follows: an IP
// version, a control word before Ethernet (RFC 4385), or Ethernet itself.
func (d *decoder) mpls(s *Segment) outcome {
	p := &d.p
	for bottom := false; !bottom; {
		if len(p.data) < 4 {
			return p.short(4, malformedLink)
		}
		bottom = p.data[2]&1 != 0
		p.take(4)
	}
	if len(p.data) == 0 {
		return p.short(1, malformedLink)
	}
	switch p.data[0] >> 4 {
	case 4:
		return d.ipv4(s)
	case 6:
		return d.ipv6(s)
	case 0:
		if len(p.data) >= 4+ethernetHeader && carriesIP(be16(p.data[4+12:])) {
			p.take(4)
			return d.ethernet(s)
		}
	}
	if len(p.data) >= ethernetHeader && carriesIP(be16(p.data[12:])) {
		return d.ethernet(s)
	}
	return notIP
}

func carriesIP(t etherType) bool {
	switch t {
	case typeIPv4, typeIPv6, typeVLAN, typeQinQ, typeMPLS, typePPPoE:
		return true
	}
	return false
}

// pppoe reads a session packet (RFC 2516 section 4).
func (d *decoder) pppoe(s *Segment) outcome {
	p := &d.p
	if len(p.data) < 6 {
		return p.short(6, malformedLink)
	}
	if p.data[0] != 0x11 || p.data[1] != 0 {
		return notIP // discovery, or another version
	}
	p.network = within(p.network, pppoeNetwork, uint64(be16(p.data[2:])))
	p.take(6)
	return d.ppp(s)
}

// ppp reads the protocol of a PPP frame, with or without the address and
// control bytes (RFC 1661, RFC 1662), which may be compressed to one byte.
func (d *decoder) ppp(s *Segment) outcome {
	p := &d.p
	if len(p.data) >= 2 && p.data[0] == 0xff && p.data[1] == 3 {
		p.take(2)
	}
	if len(p.data) < 2 {
		return p.short(2, malformedLink)
	}
	protocol := be16(p.data)
	if p.data[0]&1 != 0 {
		protocol = uint16(p.data[0])
		p.take(1)
	} else {
		p.take(2)
	}
	switch protocol {
	case 0x0021:
		return d.ipv4(s)
	case 0x0057:
		return d.ipv6(s)
	case 0x0281, 0x0283:
		return d.mpls(s)
	}
	return notIP
}
