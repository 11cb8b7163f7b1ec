package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestFramesWithoutSegmentAreCountedByReason(t *testing.T) {
	s4 := segment4(t, testPayload)
	changed := func(at int, value byte) []byte {
		b := append([]byte(nil), s4...)
		b[at] = value
		return b
	}
	nested := s4
	for range maxDepth {
		nested = over(t, 4, nested)
	}
	for _, c := range []struct {
		name string
		link linkType
		data []byte
		want outcome
	}{
		{"ARP", 1, framed(t, 0x0806, make([]byte, 28)), notIP},
		{"spanning tree", 1, joined(make([]byte, 12), u16(38), []byte{0x42, 0x42, 3}, make([]byte, 35)), notIP},
		{"SNAP of Cisco", 1, joined(make([]byte, 12), u16(38), []byte{0xaa, 0xaa, 3, 0, 0, 0xc, 0, 0x10}), notIP},
		{"PPPoE discovery by code", 1, framed(t, 0x8864, []byte{0x11, 9, 0, 0, 0, 0}), notIP},
		{"PPP control", 9, []byte{0xc0, 0x21, 1, 1, 0, 4}, notIP},
		{"NULL of another family", 0, []byte{7, 0, 0, 0, 1, 2}, notIP},
		{"MPLS with something", 1, framed(t, 0x8847, []byte{0, 0x10, 1, 64, 0xf0, 1, 2}), notIP},
		{"ARCNET ARP", 129, []byte{1, 2, 0, 0, 213, 0, 0, 0}, notIP},
		{"GRE keepalive", 101, over(t, 47, []byte{0, 0, 0, 0}), notIP},
		{"UDP", 101, udpOver(t, 53, make([]byte, 20)), notTCP},
		{"ICMP", 101, over(t, 1, make([]byte, 20)), notTCP},
		{"ESP", 101, over(t, 50, make([]byte, 20)), notTCP},
		{"IPv6 without next header", 101, extension6(t, nil, []uint8{59}, make([]byte, 8)), notTCP},
		{"VXLAN port without VXLAN", 101, udpOver(t, 4789, make([]byte, 20)), notTCP},
		{"Geneve port without Geneve", 101, udpOver(t, 6081, []byte{0xff, 1, 2, 3, 4, 5, 6, 7}), notTCP},
		{"GTP-U echo", 101, udpOver(t, 2152, []byte{0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0}), notTCP},
		{"Teredo bubble of nothing", 101, udpOver(t, 3544, nil), notTCP},
		{"GRE with routing", 101, over(t, 47, []byte{0x40, 0, 8, 0}), malformedTunnel},
		{"GRE of version 2", 101, over(t, 47, []byte{0, 2, 8, 0}), malformedTunnel},
		{"GTP-U extension of no length", 101, udpOver(t, 2152, joined([]byte{0x34, 0xff, 0, 4}, u32(1), []byte{0, 0, 0, 0x85}, make([]byte, 4))), malformedTunnel},
		{"no IP version", 101, []byte{0x50, 0, 0, 0}, malformedIP},
		{"IPv4 that is not", linkIPv4, changed(0, 0x65), malformedIP},
		{"IPv6 that is not", linkIPv6, joined([]byte{0x45}, make([]byte, 60)), malformedIP},
		{"IPv4 header below 20 bytes", 101, changed(0, 0x44), malformedIP},
		{"IPv4 total length below the header", 101, changed(3, 19), malformedIP},
		{"empty", 101, nil, malformedIP},
		{"short Ethernet", 1, make([]byte, 13), malformedLink},
		{"tag without type", 1, joined(make([]byte, 12), u16(0x8100), []byte{0, 1}), malformedLink},
		{"TCP header below 20 bytes", 101, changed(32, 0x40), malformedTCP},
		{"TCP header beyond the packet", 101, changed(32, 0xf0), malformedTCP},
		{"TCP cut by the IP length", 101, over(t, 6, make([]byte, 19)), malformedTCP},
		{"tunnel in tunnel without end", 101, nested, nestedTooDeep},
		{"an unknown link type", 147, s4, outcome{dropped, "unsupported-link-type-147"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(selection{})
			var s Segment
			require.False(t, d.decode(frameOf(c.link, c.data), &s))
			want := capture.Stats{Seen: 1}
			if c.want.fate == filtered {
				want.Filter(c.want.reason, 1)
			} else {
				want.Drop(c.want.reason, 1)
			}
			assert.Equal(t, want, d.account())
		})
	}
}

func TestOtherPortsAreFiltered(t *testing.T) {
	for port, want := range map[uint16]bool{40000: true, 8080: true, 80: false, 0: false, 65535: false} {
		d := newDecoder(selection{ports: []uint16{port}})
		var s Segment
		assert.Equal(t, want, d.decode(frameOf(101, segment4(t, testPayload)), &s), port)
		assert.NoError(t, d.account().Balance())
		if !want {
			assert.Equal(t, uint64(1), d.account().Filtered["other-port"])
		}
	}
}

func TestTagThatTheCardTookOffIsTheSameNetwork(t *testing.T) {
	var inBand, stripped Segment
	require.True(t, newDecoder(selection{}).decode(frameOf(1, framed(t, 0x8100, joined([]byte{0, 9, 8, 0}, segment4(t, testPayload)))), &inBand))
	f := frameOf(101, segment4(t, testPayload))
	f.vlan = 0x2009
	require.True(t, newDecoder(selection{}).decode(f, &stripped))
	assert.Equal(t, inBand.Network, stripped.Network)
}

func FuzzDecode(f *testing.F) {
	for _, c := range allCases() {
		f.Add(uint16(c.link), c.data(f), uint16(0))
	}
	f.Fuzz(func(t *testing.T, link uint16, data []byte, cut uint16) {
		d := newDecoder(selection{})
		var s Segment
		// The same frame twice: fragments of it meet themselves.
		for range 2 {
			fr := frameOf(linkType(link), data)
			fr.wire += int(cut)
			if d.decode(fr, &s) && s.Missing < 0 {
				t.Fatalf("%d bytes missing", s.Missing)
			}
		}
		d.finish()
		stats := d.account()
		if err := stats.Balance(); err != nil || stats.Open != 0 || stats.Seen != 2 {
			t.Fatalf("%v: %+v", err, stats)
		}
	})
}
