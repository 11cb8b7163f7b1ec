package packet

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

type frameCase struct {
	name    string
	link    linkType
	data    func(tb testing.TB) []byte
	v6      bool
	network bool // an identifier of a network is around the segment
}

func linkCases() []frameCase {
	s4 := func(tb testing.TB) []byte { return segment4(tb, testPayload) }
	s6 := func(tb testing.TB) []byte { return segment6(tb, testPayload) }
	behind := func(inner func(testing.TB) []byte, header ...byte) func(testing.TB) []byte {
		return func(tb testing.TB) []byte { return joined(header, inner(tb)) }
	}
	return []frameCase{
		{name: "Ethernet IPv4", link: 1, data: func(tb testing.TB) []byte { return framed(tb, 0x0800, s4(tb)) }},
		{name: "Ethernet IPv6", link: 1, v6: true, data: func(tb testing.TB) []byte { return framed(tb, 0x86dd, s6(tb)) }},
		{name: "raw 101 IPv4", link: 101, data: s4},
		{name: "raw 101 IPv6", link: 101, v6: true, data: s6},
		{name: "raw 12", link: 12, data: s4},
		{name: "raw 14", link: 14, v6: true, data: s6},
		{name: "IPv4 228", link: 228, data: s4},
		{name: "IPv6 229", link: 229, v6: true, data: s6},
		{name: "NULL little-endian", link: 0, data: behind(s4, 2, 0, 0, 0)},
		{name: "NULL big-endian", link: 0, data: behind(s4, 0, 0, 0, 2)},
		{name: "NULL IPv6 of Darwin", link: 0, v6: true, data: behind(s6, 30, 0, 0, 0)},
		{name: "NULL IPv6 of FreeBSD", link: 0, v6: true, data: behind(s6, 0, 0, 0, 28)},
		{name: "LOOP IPv6 of OpenBSD", link: 108, v6: true, data: behind(s6, 0, 0, 0, 24)},
		{name: "LOOP IPv4", link: 108, data: behind(s4, 0, 0, 0, 2)},
		{name: "SLL", link: 113, data: behind(s4, 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0)},
		{name: "SLL with a tag", link: 113, network: true, data: behind(s4, 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 5, 8, 0)},
		{name: "SLL2", link: 276, v6: true, data: behind(s6, 0x86, 0xdd, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0)},
		{name: "ARCNET RFC 1051", link: 129, data: behind(s4, 1, 2, 0, 0, 240)},
		{name: "ARCNET RFC 1201", link: 129, data: behind(s4, 1, 2, 0, 0, 212, 0, 0, 1)},
		{name: "ARCNET IPv6", link: 129, v6: true, data: behind(s6, 1, 2, 0, 0, 196, 0, 0, 1)},
		{name: "PPP", link: 9, data: behind(s4, 0, 0x21)},
		{name: "PPP in HDLC", link: 50, v6: true, data: behind(s6, 0xff, 3, 0, 0x57)},
		{name: "PPP with a short protocol", link: 9, data: behind(s4, 0x21)},
		{name: "Cisco HDLC", link: 104, data: behind(s4, 0x0f, 0, 8, 0)},
		{name: "PPPoE without Ethernet", link: 51, network: true, data: behind(s4, 0x11, 0, 0, 9, 0, 70, 0, 0x21)},
	}
}

func etherCases() []frameCase {
	on := func(t layers.EthernetType, header []byte, inner func(testing.TB, []byte) []byte) func(testing.TB) []byte {
		return func(tb testing.TB) []byte { return framed(tb, t, joined(header, inner(tb, testPayload))) }
	}
	label := func(bottom byte) []byte { return []byte{0, 0x10, bottom, 64} }
	bridged := func(tb testing.TB, payload []byte) []byte { return framed(tb, 0x0800, segment4(tb, payload)) }
	return []frameCase{
		{name: "VLAN", data: on(0x8100, []byte{0, 100, 8, 0}, segment4), network: true},
		{name: "VLAN with a priority only", data: on(0x8100, []byte{0xe0, 0, 8, 0}, segment4)},
		{name: "QinQ", data: on(0x88a8, []byte{0, 1, 0x81, 0, 0, 2, 0x86, 0xdd}, segment6), v6: true, network: true},
		{name: "five tags", data: on(0x9100, []byte{0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 0x81, 0, 0, 4, 0x81, 0, 0, 5, 8, 0}, segment4), network: true},
		{name: "LLC SNAP", data: func(tb testing.TB) []byte {
			inner := joined([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, segment4(tb, testPayload))
			return joined(make([]byte, 12), u16(uint16(len(inner))), inner)
		}},
		{name: "MPLS", data: on(0x8847, label(1), segment4)},
		{name: "MPLS stack to IPv6", data: on(0x8847, joined(label(0), label(0), label(1)), segment6), v6: true},
		{name: "MPLS multicast", data: on(0x8848, label(1), segment4)},
		{name: "MPLS pseudowire", data: on(0x8847, joined(label(1), u32(0)), bridged)},
		{name: "MPLS pseudowire without control word", data: on(0x8847, label(1), bridged)},
		{name: "MPLS in VLAN", data: on(0x8100, joined([]byte{0, 7, 0x88, 0x47}, label(1)), segment4), network: true},
		{name: "PPPoE", data: on(0x8864, []byte{0x11, 0, 0, 9, 0, 70, 0, 0x21}, segment4), network: true},
		{name: "PPPoE IPv6", data: on(0x8864, []byte{0x11, 0, 0, 9, 0, 70, 0, 0x57}, segment6), v6: true, network: true},
	}
}

func tunnelCases() []frameCase {
	inIP := func(protocol layers.IPProtocol, header []byte, inner func(testing.TB, []byte) []byte) func(testing.TB) []byte {
		return func(tb testing.TB) []byte {
			return framed(tb, 0x0800, over(tb, protocol, joined(header, inner(tb, testPayload))))
		}
	}
	inUDP := func(port uint16, header []byte, inner func(testing.TB, []byte) []byte) func(testing.TB) []byte {
		return func(tb testing.TB) []byte {
			return framed(tb, 0x0800, udpOver(tb, port, joined(header, inner(tb, testPayload))))
		}
	}
	bridged := func(tb testing.TB, payload []byte) []byte { return framed(tb, 0x0800, segment4(tb, payload)) }
	in6 := func(inner func(testing.TB, []byte) []byte, next layers.IPProtocol) func(testing.TB) []byte {
		return func(tb testing.TB) []byte {
			return framed(tb, 0x86dd, packed(tb, ip6(server6, client6, next), gopacket.Payload(inner(tb, testPayload))))
		}
	}
	return []frameCase{
		{name: "GRE", data: inIP(47, []byte{0, 0, 8, 0}, segment4)},
		{name: "GRE with checksum, key and sequence", network: true,
			data: inIP(47, joined([]byte{0xb0, 0, 0x86, 0xdd}, u32(1), u32(2), u32(3)), segment6), v6: true},
		{name: "GRE Ethernet", data: inIP(47, []byte{0, 0, 0x65, 0x58}, bridged)},
		{name: "GRE PPTP", data: inIP(47, joined([]byte{0x30, 0x81, 0x88, 0x0b}, u32(1), u32(2), u32(3), []byte{0xff, 3, 0, 0x21}), segment4)},
		{name: "ERSPAN I", data: inIP(47, []byte{0, 0, 0x88, 0xbe}, bridged)},
		{name: "ERSPAN II", data: inIP(47, joined([]byte{0x10, 0, 0x88, 0xbe}, u32(1), make([]byte, 8)), bridged)},
		{name: "ERSPAN III", data: inIP(47, joined([]byte{0x10, 0, 0x22, 0xeb}, u32(1), make([]byte, 12)), bridged)},
		{name: "ERSPAN III with a platform header", data: inIP(47, joined([]byte{0x10, 0, 0x22, 0xeb}, u32(1), make([]byte, 11), []byte{1}, make([]byte, 8)), bridged)},
		{name: "GRE in UDP", data: inUDP(4754, []byte{0, 0, 8, 0}, segment4)},
		{name: "MPLS in UDP", data: inUDP(6635, []byte{0, 0x10, 1, 64}, segment4)},
		{name: "MPLS in IP", data: inIP(137, []byte{0, 0x10, 1, 64}, segment4)},
		{name: "Ethernet in IP", data: inIP(143, nil, bridged)},
		{name: "VXLAN", data: inUDP(4789, []byte{8, 0, 0, 0, 0, 0, 42, 0}, bridged), network: true},
		{name: "VXLAN with reserved bits", data: inUDP(4789, []byte{0xff, 1, 2, 3, 0, 0, 42, 9}, bridged), network: true},
		{name: "VXLAN on the port of flannel", data: inUDP(8472, []byte{8, 0, 0, 0, 0, 0, 42, 0}, bridged), network: true},
		{name: "VXLAN GPE", data: inUDP(4790, []byte{12, 0, 0, 2, 0, 0, 42, 0}, segment6), v6: true, network: true},
		{name: "Geneve Ethernet", data: inUDP(6081, []byte{0, 0, 0x65, 0x58, 0, 0, 42, 0}, bridged), network: true},
		{name: "Geneve IPv4 with options", data: inUDP(6081, joined([]byte{2, 0, 8, 0, 0, 0, 42, 0}, make([]byte, 8)), segment4), network: true},
		{name: "GTP-U", data: inUDP(2152, joined([]byte{0x30, 0xff, 0, 70}, u32(5)), segment4)},
		{name: "GTP-U with a sequence number", data: inUDP(2152, joined([]byte{0x32, 0xff, 0, 70}, u32(5), u32(0)), segment6), v6: true},
		{name: "GTP-U with extension headers", data: inUDP(2152, joined([]byte{0x34, 0xff, 0, 70}, u32(5), []byte{0, 0, 0, 0x85}, []byte{1, 0, 0, 0x85}, []byte{2, 0, 0, 0, 0, 0, 0, 0}), segment4)},
		{name: "Teredo", data: inUDP(3544, nil, segment6), v6: true},
		{name: "Teredo with authentication and origin", data: inUDP(3544, joined([]byte{0, 1, 1, 1}, make([]byte, 11), make([]byte, 8)), segment6), v6: true},
		{name: "4 in 4", data: inIP(4, nil, segment4)},
		{name: "6 in 4", data: inIP(41, nil, segment6), v6: true},
		{name: "6 in 6", data: in6(segment6, 41), v6: true},
		{name: "4 in 6", data: in6(segment4, 4)},
		{name: "authentication header", data: inIP(51, append([]byte{4, 4, 0, 0}, make([]byte, 20)...), segment4)},
	}
}

func ipv6Cases() []frameCase {
	with := func(kinds []uint8, headers ...[]byte) func(testing.TB) []byte {
		return func(tb testing.TB) []byte {
			return framed(tb, 0x86dd, extension6(tb, testPayload, kinds, headers...))
		}
	}
	eight := make([]byte, 8)
	sixteen := append([]byte{0, 1}, make([]byte, 14)...)
	return []frameCase{
		{name: "hop-by-hop options", v6: true, data: with([]uint8{0}, sixteen)},
		{name: "every extension", v6: true, data: with([]uint8{0, 60, 43, 51, 135, 139, 140}, eight, eight, eight, []byte{0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0}, eight, eight, eight)},
		{name: "atomic fragment", v6: true, data: with([]uint8{44}, []byte{0, 0, 0, 0, 1, 2, 3, 4})},
		{name: "routing header that is done", v6: true, data: with([]uint8{43}, append([]byte{0, 2, 0, 0}, make([]byte, 20)...))},
		{name: "payload length 0 of a segment to be cut up", v6: true, data: func(tb testing.TB) []byte {
			b := segment6(tb, testPayload)
			b[4], b[5] = 0, 0
			return framed(tb, 0x86dd, b)
		}},
	}
}

func allCases() []frameCase {
	all := linkCases()
	for _, more := range [][]frameCase{etherCases(), tunnelCases(), ipv6Cases()} {
		for _, c := range more {
			c.link = linkEthernet
			all = append(all, c)
		}
	}
	return all
}

func requireTestSegment(t *testing.T, v6 bool, s Segment) {
	t.Helper()
	src, dst := client4, server4
	if v6 {
		src, dst = client6, server6
	}
	assert.Equal(t, src, s.Src)
	assert.Equal(t, dst, s.Dst)
	assert.Equal(t, uint32(testSeq), s.Seq)
	assert.Equal(t, uint32(testAck), s.Ack)
	assert.Equal(t, PSH|ACK, s.Flags)
	assert.Equal(t, frameTime, s.Time)
}

func TestSegmentIsFoundBehindEveryKindOfHeader(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(selection{})
			var s Segment
			require.True(t, d.decode(frameOf(c.link, c.data(t)), &s), "%v", d.account())
			requireTestSegment(t, c.v6, s)
			assert.Equal(t, testPayload, s.Payload)
			assert.Zero(t, s.Missing)
			assert.Equal(t, c.network, s.Network != 0, "network %x", s.Network)
			assert.Equal(t, capture.Stats{Seen: 1, Written: 1}, d.account())
		})
	}
}

// Wherever the snap length cuts, either the headers are whole and the cut
// bytes are counted as missing, or the frame is dropped for its headers.
func TestSnapLengthAtEveryByte(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			whole := c.data(t)
			for n := range whole {
				d := newDecoder(selection{})
				var s Segment
				f := frameOf(c.link, whole[:n:n])
				f.wire = len(whole)
				if d.decode(f, &s) {
					requireTestSegment(t, c.v6, s)
					require.Equal(t, len(testPayload), len(s.Payload)+s.Missing, "cut at %d", n)
					require.Equal(t, min(len(whole)-n, len(testPayload)), s.Missing, "cut at %d", n)
				} else {
					require.Less(t, n, len(whole)-len(testPayload), "cut at %d: %v", n, d.account())
				}
				require.NoError(t, d.account().Balance())
			}
		})
	}
}

func TestEthernetPaddingIsNoPayload(t *testing.T) {
	for name, inner := range map[string][]byte{"IPv4": segment4(t, []byte("x")), "IPv6": segment6(t, []byte("x"))} {
		t.Run(name, func(t *testing.T) {
			kind := layers.EthernetTypeIPv4
			if name == "IPv6" {
				kind = layers.EthernetTypeIPv6
			}
			var s Segment
			require.True(t, newDecoder(selection{}).decode(frameOf(1, joined(framed(t, kind, inner), make([]byte, 30))), &s))
			assert.Equal(t, "x", string(s.Payload))
			assert.Zero(t, s.Missing)
		})
	}
}

func TestTotalLengthZeroTakesTheCapturedLength(t *testing.T) {
	inner := segment4(t, testPayload)
	inner[2], inner[3] = 0, 0
	var s Segment
	require.True(t, newDecoder(selection{}).decode(frameOf(1, framed(t, 0x0800, inner)), &s))
	assert.Equal(t, testPayload, s.Payload)
}

func TestTotalLengthBeyondTheFrameIsMissing(t *testing.T) {
	inner := segment4(t, testPayload)
	inner[3] += 5
	var s Segment
	require.True(t, newDecoder(selection{}).decode(frameOf(1, framed(t, 0x0800, inner)), &s))
	assert.Equal(t, testPayload, s.Payload)
	assert.Equal(t, 5, s.Missing)
}

func TestWrongChecksumIsNoReasonToDrop(t *testing.T) {
	inner := segment4(t, testPayload)
	inner[10] ^= 0xff // of IP
	inner[36] ^= 0xff // of TCP
	var s Segment
	assert.True(t, newDecoder(selection{}).decode(frameOf(1, framed(t, 0x0800, inner)), &s))
}

func TestRoutingHeaderGivesTheFinalDestination(t *testing.T) {
	final := client6.Addr().As16()
	other := make([]byte, 16)
	for name, header := range map[string][]byte{
		"type 0":          joined([]byte{0, 4, 0, 1, 0, 0, 0, 0}, other, final[:]),
		"type 2":          joined([]byte{0, 2, 2, 1, 0, 0, 0, 0}, final[:]),
		"segment routing": joined([]byte{0, 4, 4, 1, 1, 0, 0, 0}, final[:], other),
	} {
		t.Run(name, func(t *testing.T) {
			var s Segment
			data := extension6(t, testPayload, []uint8{43}, header)
			require.True(t, newDecoder(selection{}).decode(frameOf(linkIPv6, data), &s))
			assert.Equal(t, client6.Addr(), s.Dst.Addr())
		})
	}
}

func TestNetworksAreToldApart(t *testing.T) {
	tagged := func(tags ...byte) uint64 {
		var s Segment
		data := framed(t, 0x8100, joined(tags, segment4(t, testPayload)))
		require.True(t, newDecoder(selection{}).decode(frameOf(1, data), &s))
		return s.Network
	}
	seen := map[uint64]string{0: "no tag"}
	for name, network := range map[string]uint64{
		"1":      tagged(0, 1, 8, 0),
		"2":      tagged(0, 2, 8, 0),
		"1 in 2": tagged(0, 2, 0x81, 0, 0, 1, 8, 0),
		"2 in 1": tagged(0, 1, 0x81, 0, 0, 2, 8, 0),
		"1 in 1": tagged(0, 1, 0x81, 0, 0, 1, 8, 0),
	} {
		assert.NotContains(t, seen, network, "%s is taken for %s", name, seen[network])
		seen[network] = name
	}
	assert.Equal(t, tagged(0, 1, 8, 0), tagged(0x20, 1, 8, 0), "the priority is no part of it")
}
