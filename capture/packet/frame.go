package packet

import "time"

// frame is one captured frame. Its data is valid until the next frame is read.
type frame struct {
	time time.Time
	link linkType
	data []byte
	// wire is the length that the frame had on the wire, at least len(data).
	wire int
	// vlan is a tag that the network card took off the frame, or 0.
	vlan uint16
}

// maxFrame is the longest frame that is believed. The largest that Linux makes
// is a BIG TCP frame of 512 KiB (GSO_MAX_SIZE); tcpdump keeps 256 KiB of a
// frame at most. A longer one is damage, and reading it would let a single
// wrong length take gigabytes.
const maxFrame = 1 << 20

// linkType is a link-layer header type as in files
// (https://www.tcpdump.org/linktypes.html).
type linkType uint16

const (
	linkNull      linkType = 0
	linkEthernet  linkType = 1
	linkPPP       linkType = 9
	linkRawBSD    linkType = 12 // DLT_RAW of most systems, written to files by mistake
	linkRawOpen   linkType = 14 // DLT_RAW of OpenBSD
	linkPPPHDLC   linkType = 50
	linkPPPoE     linkType = 51
	linkRaw       linkType = 101
	linkCiscoHDLC linkType = 104
	linkLoop      linkType = 108
	linkSLL       linkType = 113
	linkARCNET    linkType = 129
	linkIPv4      linkType = 228
	linkIPv6      linkType = 229
	linkSLL2      linkType = 276
)
