package packet

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
)

// The connection of all frames that the tests build.
var (
	client4   = netip.MustParseAddrPort("10.1.2.3:40000")
	server4   = netip.MustParseAddrPort("10.4.5.6:8080")
	client6   = netip.MustParseAddrPort("[2001:db8::1]:40000")
	server6   = netip.MustParseAddrPort("[2001:db8::2]:8080")
	frameTime = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
)

const (
	testSeq = 0xfffffff0
	testAck = 77
)

var testPayload = []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")

// packed serialises layers from the outside in. Lengths and checksums are
// filled in.
func packed(tb testing.TB, parts ...gopacket.SerializableLayer) []byte {
	tb.Helper()
	buf := gopacket.NewSerializeBuffer()
	require.NoError(tb, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...))
	return buf.Bytes()
}

func ether(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{
		SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: t,
	}
}

func ip4(src, dst netip.AddrPort, protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{
		Version: 4, TTL: 64, Protocol: protocol,
		SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice(),
	}
}

func ip6(src, dst netip.AddrPort, next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{
		Version: 6, HopLimit: 64, NextHeader: next,
		SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice(),
	}
}

// segment4 is the test's segment over IPv4, from its IP header on.
func segment4(tb testing.TB, payload []byte) []byte {
	ip := ip4(client4, server4, layers.IPProtocolTCP)
	return packed(tb, ip, tcpOver(tb, ip), gopacket.Payload(payload))
}

func segment6(tb testing.TB, payload []byte) []byte {
	ip := ip6(client6, server6, layers.IPProtocolTCP)
	return packed(tb, ip, tcpOver(tb, ip), gopacket.Payload(payload))
}

func tcpOver(tb testing.TB, ip gopacket.NetworkLayer) *layers.TCP {
	tcp := &layers.TCP{
		SrcPort: 40000, DstPort: 8080, Seq: testSeq, Ack: testAck, ACK: true, PSH: true, Window: 1000,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop}},
	}
	require.NoError(tb, tcp.SetNetworkLayerForChecksum(ip))
	return tcp
}

// udpOver wraps inner into UDP between two tunnel ends.
func udpOver(tb testing.TB, dst uint16, inner []byte) []byte {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:1")
	ip := ip4(a, b, layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: 55555, DstPort: layers.UDPPort(dst)}
	require.NoError(tb, udp.SetNetworkLayerForChecksum(ip))
	return packed(tb, ip, udp, gopacket.Payload(inner))
}

// over wraps inner into IPv4 with a protocol.
func over(tb testing.TB, protocol layers.IPProtocol, inner []byte) []byte {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:1")
	return packed(tb, ip4(a, b, protocol), gopacket.Payload(inner))
}

// framed puts an Ethernet header before inner.
func framed(tb testing.TB, t layers.EthernetType, inner []byte) []byte {
	return packed(tb, ether(t), gopacket.Payload(inner))
}

// joined concatenates.
func joined(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func u16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// extension6 inserts extension headers between the IPv6 header and TCP.
// headers begin with a next-header byte that is filled in.
func extension6(tb testing.TB, payload []byte, kinds []uint8, headers ...[]byte) []byte {
	whole := segment6(tb, payload)
	fixed, rest := whole[:40:40], whole[40:]
	next := fixed[6]
	for i := len(headers) - 1; i >= 0; i-- {
		h := append([]byte{next}, headers[i][1:]...)
		rest = joined(h, rest)
		next = kinds[i]
	}
	fixed[6] = next
	binary.BigEndian.PutUint16(fixed[4:], uint16(len(rest)))
	return joined(fixed, rest)
}

func frameOf(link linkType, data []byte) *frame {
	return &frame{time: frameTime, link: link, data: data, wire: len(data)}
}
