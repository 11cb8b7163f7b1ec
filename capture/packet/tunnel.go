package packet

// The UDP ports of tunnels (IANA Service Name and Port Number Registry).
const (
	portGTPU      = 2152
	portTeredo    = 3544
	portGRE       = 4754
	portVXLAN     = 4789
	portVXLANGPE  = 4790
	portGeneve    = 6081
	portMPLS      = 6635
	portVXLANOld  = 8472 // Linux before the port was assigned, and flannel still
	udpHeaderSize = 8
)

// udp looks for a tunnel: at the destination port, from which the sender's own
// port is free, and for GTP-U and Teredo at both. A datagram that does not look
// like the tunnel of its port is not one, as any port may be used for anything.
func (d *decoder) udp(s *Segment) outcome {
	p := &d.p
	if len(p.data) < udpHeaderSize {
		return p.short(udpHeaderSize, notTCP)
	}
	src, dst := be16(p.data), be16(p.data[2:])
	p.take(udpHeaderSize)
	switch dst {
	case portVXLAN, portVXLANOld:
		return d.vxlan(false, s)
	case portVXLANGPE:
		return d.vxlan(true, s)
	case portGeneve:
		return d.geneve(s)
	case portGRE:
		return d.gre(s)
	case portMPLS:
		return d.mpls(s)
	}
	switch {
	case src == portGTPU || dst == portGTPU:
		return d.gtpu(s)
	case src == portTeredo || dst == portTeredo:
		return d.teredo(s)
	}
	return notTCP
}

// vxlan reads RFC 7348, and for the generic extension the next protocol
// (draft-ietf-nvo3-vxlan-gpe) where its flag is set. Without the extension the
// bits of that flag are reserved, and ignored as section 5 asks.
func (d *decoder) vxlan(generic bool, s *Segment) outcome {
	const size, hasID, hasProtocol = 8, 0x08, 0x04
	p := &d.p
	if len(p.data) < size {
		return p.short(size, notTCP)
	}
	b := p.data
	if b[0]&hasID == 0 {
		return notTCP
	}
	p.network = within(p.network, vxlanNetwork, uint64(be32(b[4:])>>8))
	p.take(size)
	if !generic || b[0]&hasProtocol == 0 || b[3] == 3 {
		return d.ethernet(s)
	}
	switch b[3] {
	case 1:
		return d.ipv4(s)
	case 2:
		return d.ipv6(s)
	}
	return notIP
}

// geneve reads RFC 8926.
func (d *decoder) geneve(s *Segment) outcome {
	const fixed = 8
	p := &d.p
	if len(p.data) < fixed {
		return p.short(fixed, notTCP)
	}
	b := p.data
	if b[0]>>6 != 0 {
		return notTCP
	}
	size := fixed + int(b[0]&0x3f)*4
	if len(b) < size {
		return p.short(size, malformedTunnel)
	}
	p.network = within(p.network, geneveNetwork, uint64(be32(b[4:])>>8))
	p.take(size)
	return d.inGRE(be16(b[2:]), s)
}

// gre reads RFC 2784 with the key and sequence number of RFC 2890, and the
// version 1 of RFC 2637 with its acknowledgement.
func (d *decoder) gre(s *Segment) outcome {
	const hasChecksum, hasRouting, hasKey, hasSequence, hasAck = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	p := &d.p
	if len(p.data) < 4 {
		return p.short(4, malformedTunnel)
	}
	flags, t := be16(p.data), be16(p.data[2:])
	version := flags & 7
	if version > 1 || flags&hasRouting != 0 {
		return malformedTunnel // routing went out of use with RFC 1701
	}
	size, key := 4, 4
	for _, bit := range []uint16{hasChecksum, hasKey, hasSequence} {
		if flags&bit != 0 {
			size += 4
		}
	}
	if version == 1 && flags&hasAck != 0 {
		size += 4
	}
	if flags&hasChecksum != 0 {
		key += 4
	}
	if len(p.data) < size {
		return p.short(size, malformedTunnel)
	}
	// The key of version 1 is a length and a call number that differs by
	// direction.
	if version == 0 && flags&hasKey != 0 {
		p.network = within(p.network, greNetwork, uint64(be32(p.data[key:])))
	}
	p.take(size)
	if t == typeERSPAN2 && flags&hasSequence == 0 {
		return d.ethernet(s) // type I has no header of its own
	}
	return d.inGRE(t, s)
}

// inGRE goes on with what GRE and Geneve carry.
func (d *decoder) inGRE(t etherType, s *Segment) outcome {
	switch t {
	case typeBridged:
		return d.ethernet(s)
	case typePPP:
		return d.ppp(s)
	case typeERSPAN2:
		return d.mirrored(8, s)
	case typeERSPAN3:
		return d.mirrored(12, s)
	}
	if t <= maxLengthField {
		return notIP
	}
	return d.ether(t, s)
}

// mirrored takes off the header of ERSPAN (draft-foschiano-erspan), which for
// type III has 8 bytes more where its last bit says so.
func (d *decoder) mirrored(size int, s *Segment) outcome {
	p := &d.p
	if len(p.data) < size {
		return p.short(size, malformedTunnel)
	}
	if size == 12 && p.data[11]&1 != 0 {
		size += 8
	}
	if len(p.data) < size {
		return p.short(size, malformedTunnel)
	}
	p.take(size)
	return d.ethernet(s)
}

// gtpu reads 3GPP TS 29.281 section 5.
func (d *decoder) gtpu(s *Segment) outcome {
	const fixed, version1, hasExtension, hasOptions, userData = 8, 0x30, 0x04, 0x07, 0xff
	p := &d.p
	if len(p.data) < fixed {
		return p.short(fixed, notTCP)
	}
	flags, kind := p.data[0], p.data[1]
	if flags&0xf0 != version1 || kind != userData {
		return notTCP
	}
	p.take(fixed)
	if flags&hasOptions == 0 {
		return d.anyIP(s)
	}
	if len(p.data) < 4 {
		return p.short(4, malformedTunnel)
	}
	next := p.data[3]
	p.take(4)
	for flags&hasExtension != 0 && next != 0 {
		if len(p.data) < 4 {
			return p.short(4, malformedTunnel)
		}
		size := int(p.data[0]) * 4
		if size == 0 {
			return malformedTunnel
		}
		if len(p.data) < size {
			return p.short(size, malformedTunnel)
		}
		next = p.data[size-1]
		p.take(size)
	}
	return d.anyIP(s)
}

// teredo reads RFC 4380 section 5.1.1: IPv6, behind an authentication and an
// origin indication where there are any.
func (d *decoder) teredo(s *Segment) outcome {
	p := &d.p
	if b := p.data; len(b) >= 4 && be16(b) == 1 {
		// Two lengths, a nonce of 8 bytes, a confirmation byte.
		if size := 13 + int(b[2]) + int(b[3]); len(b) >= size {
			p.take(size)
		}
	}
	if b := p.data; len(b) >= 8 && be16(b) == 0 {
		p.take(8)
	}
	if len(p.data) == 0 || p.data[0]>>4 != 6 {
		return notTCP
	}
	return d.ipv6(s)
}
