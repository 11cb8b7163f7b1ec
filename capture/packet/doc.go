// Package packet turns network frames into TCP segments, from capture files
// ([Open], [NewFile]) and from a network interface ([Listen], Linux only).
//
// Both count every frame. The account has one stage, "frames": what was seen
// is what was handed on as TCP segments, plus what was left out by reason, plus
// what was lost by reason, plus the IP fragments that still wait for the rest
// of their datagram. A frame that is not understood is never passed over in
// silence.
//
// Files are pcap and pcapng, of either byte order, plain or compressed by gzip
// or zstd. Frames are Ethernet (802.1Q and 802.1ad tags, LLC/SNAP, MPLS,
// PPPoE), Linux cooked 1 and 2, raw IP, BSD loopback, PPP, Cisco HDLC and
// ARCNET. Tunnels are opened: GRE (also in UDP), VXLAN, Geneve, GTP-U,
// IP in IP. Fragments of IPv4 and IPv6 are put together.
//
// Checksums are not verified: with offloading they are not yet filled in where
// the capture sees the frame.
//
// google/gopacket was measured first and is used by the tests alone, to build
// frames and to compare: see the comments on pcapReader, ngReader and decoder.
package packet
