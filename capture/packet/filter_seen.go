package packet

import "encoding/binary"

// The protocols of PPP that a filter knows (RFC 1332, RFC 5072).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
)

// seen returns what a filter sees of a frame of a file. It reports false where
// the link-layer header is not known or not whole: the decoder counts why.
func (f *frame) seen() (seen, bool) {
	s := seen{wire: f.wire, tag: -1}
	head, ok := f.networkAt()
	if !ok || len(f.data) < head {
		return s, false
	}
	s.data = f.data[head:]
	s.protocol = f.networkType(head)
	return s, true
}

// networkAt returns the length of the link-layer header.
func (f *frame) networkAt() (int, bool) {
	switch f.link {
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		return 0, true
	case linkEthernet:
		return ethernetHeader, true
	case linkNull, linkLoop, linkPPP, linkPPPHDLC, linkCiscoHDLC:
		return 4, true
	case linkPPPoE, linkARCNET:
		return 8, true
	case linkSLL:
		return 16, true
	case linkSLL2:
		return 20, true
	}
	return 0, false
}

// networkType returns the EtherType for what the header of head bytes tells, 0
// where it is of no kind that a filter tests.
func (f *frame) networkType(head int) etherType {
	switch f.link {
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		return rawType(f.data)
	case linkEthernet, linkSLL, linkCiscoHDLC:
		return be16(f.data[head-2:])
	case linkSLL2:
		return be16(f.data)
	case linkPPP, linkPPPHDLC, linkPPPoE:
		return map[uint16]etherType{pppIPv4: typeIPv4, pppIPv6: typeIPv6}[be16(f.data[head-2:])]
	case linkARCNET:
		return map[byte]etherType{212: typeIPv4, 196: typeIPv6, 213: typeARP}[f.data[4]]
	case linkNull, linkLoop:
		return familyType(f.data)
	}
	return 0
}

func rawType(data []byte) etherType {
	if len(data) == 0 {
		return 0
	}
	return map[byte]etherType{4: typeIPv4, 6: typeIPv6}[data[0]>>4]
}

// familyType reads the address family of BSD loopback frames, in either byte
// order: see decoder.family.
func familyType(data []byte) etherType {
	value := binary.LittleEndian.Uint32(data)
	if value > 0xffff {
		value = be32(data)
	}
	switch value {
	case 2:
		return typeIPv4
	case 10, 24, 28, 30:
		return typeIPv6
	}
	return 0
}
