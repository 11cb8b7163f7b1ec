package packet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// tagged puts VLAN tags before a packet.
func tagged(kind etherType, data []byte, ids ...uint16) []byte {
	head := make([]byte, 12)
	for _, id := range ids {
		head = joined(head, u16(typeVLAN), u16(id))
	}
	return joined(head, u16(kind), data)
}

func TestFilterPassesWhatItSays(t *testing.T) {
	s4, s6 := segment4(t, testPayload), segment6(t, testPayload)
	ip4, ip6 := tagged(typeIPv4, s4), tagged(typeIPv6, s6)
	client4, client6 := netip.AddrFrom4([4]byte(s4[12:16])).String(), netip.AddrFrom16([16]byte(s6[8:24])).String()
	arp := tagged(typeARP, joined(make([]byte, 14), s4[12:16], make([]byte, 10)))
	later, first := tagged(typeIPv4, cut4(s4, 1, span{24, 32, true})[0]), tagged(typeIPv4, cut4(s4, 1, span{0, 24, true})[0])
	for _, c := range []struct {
		expr  string
		frame []byte
		pass  bool
	}{
		{"", ip4, true}, {" \t\n", ip4, true},
		{"tcp", ip4, true}, {"udp", ip4, false}, {"ip6 and tcp", ip6, true}, {"icmp", ip4, false},
		{"port 8080", ip4, true}, {"port 40000", ip4, true}, {"port 80 or 8080", ip6, true}, {"port 80", ip6, false},
		{"dst port 8080", ip4, true}, {"src port 8080", ip4, false}, {"src and dst port 8080", ip4, false},
		{"portrange 8000-8100", ip4, true}, {"portrange 1-8079", ip4, false}, {"udp port 8080", ip4, false},
		{"host " + client4, ip4, true}, {"src host " + client4, ip4, true}, {"dst host " + client4, ip4, false},
		{"host " + client4, arp, true}, {"ip host " + client4, arp, false}, {"arp host " + client4, arp, true},
		{"host " + client6, ip6, true}, {"dst " + client6, ip6, false}, {"net ::/0", ip6, true}, {"net ::/0", ip4, false},
		{"tcp or udp and port 1", ip4, false}, {"tcp or (udp and port 1)", ip4, true}, {"not (tcp or udp)", ip4, false},
		{"!udp&&port 8080", ip4, true},
		{"greater " + "14", ip4, true}, {"less 14", ip4, false},
		{"vlan", ip4, false}, {"vlan 5 and tcp", tagged(typeIPv4, s4, 5), true}, {"vlan 6 and tcp", tagged(typeIPv4, s4, 5), false},
		{"tcp", tagged(typeIPv4, s4, 5), false}, {"vlan 5 and vlan 6 and port 8080", tagged(typeIPv4, s4, 5, 6), true},
		{"port 80", later, true}, {"not port 80", later, true}, {"port 80", first, false}, {"udp port 80", later, false},
		{"tcp", ip4[:20], false},
	} {
		t.Run(c.expr, func(t *testing.T) {
			f, err := compileFilter(c.expr)
			require.NoError(t, err)
			if f == nil {
				assert.True(t, c.pass)
				return
			}
			view, ok := frameOf(linkEthernet, c.frame).seen()
			require.True(t, ok)
			assert.Equal(t, c.pass, f.inBand.pass(&view))
		})
	}
}

func TestAWrongFilterSaysWhereAndWhy(t *testing.T) {
	for expr, want := range map[string]struct {
		pos int
		msg string
	}{
		"port":                                 {4, "want a port from 0 to 65535"},
		"port 65536":                           {5, "want a port"},
		"port http2":                           {5, "want a port"},
		"portrange 80-x":                       {10, "want a range of ports"},
		"tcp port 80 port 81":                  {12, `want "and" or "or"`},
		"80":                                   {0, "a value alone needs"},
		"tcp or 80":                            {7, "a value alone needs"},
		"host example.org":                     {5, "names are not resolved"},
		"host 10.0.0.0/8":                      {5, "net 10.0.0.0/8"},
		"net 10.0.0.1/8":                       {4, "the net is 10.0.0.0/8"},
		"net 10.0.0.0 mask 255.0.1.0":          {18, "holes"},
		"net x":                                {4, "want a net"},
		"ip host ::1":                          {11, "not an address of ip"},
		"icmp port 80":                         {0, `"icmp" does not go with "port"`},
		"host fe80::1%eth0":                    {12, "arithmetic"},
		"tcp[13] & 2 != 0":                     {3, "arithmetic on the bytes"},
		"tcp and":                              {7, "want a test"},
		"and tcp":                              {0, "want a test"},
		"(tcp":                                 {4, `want ")"`},
		"tcp)":                                 {3, "no parenthesis to close"},
		"not":                                  {3, "want a test"},
		"vlan 4096":                            {5, "0 to 4095"},
		"greater x":                            {8, "want a length"},
		"ether host 1:2:3:4:5:6":               {0, `"ether" is not known`},
		"src proto 6":                          {0, "no direction"},
		"ip proto 256":                         {9, "at most 255"},
		"tcp\x00":                              {3, "this character"},
		strings.Repeat("(", 300):               {200, "nested deeper"},
		strings.Repeat("not ", 300):            {800, "nested deeper"},
		strings.Repeat("tcp or ", 200) + "tcp": {0, "too long"},
		strings.Repeat(" ", maxFilterText+1):   {0, "too long"},
	} {
		var wrong *FilterError
		if !assert.ErrorAs(t, CheckFilter(expr), &wrong, expr) {
			continue
		}
		assert.Equal(t, want.pos, wrong.Pos, expr)
		assert.Contains(t, wrong.Error(), want.msg, expr)
	}
	require.EqualError(t, CheckFilter("port 80 nor 8080"), `filter "port 80 nor 8080", column 9 ("nor 8080"): want "and" or "or" before it`)
	require.EqualError(t, CheckFilter("tcp and"), `filter "tcp and", at its end: want a test, such as: port 80`)
}

// The same packet behind the header of each link type is judged alike.
func TestFilterKnowsTheLinkTypes(t *testing.T) {
	s4, s6 := segment4(t, testPayload), segment6(t, testPayload)
	for link, heads := range map[linkType][2][]byte{
		linkEthernet:  {tagged(typeIPv4, nil), tagged(typeIPv6, nil)},
		linkRaw:       {},
		linkRawBSD:    {},
		linkRawOpen:   {},
		linkNull:      {{2, 0, 0, 0}, {30, 0, 0, 0}},
		linkLoop:      {{0, 0, 0, 2}, {0, 0, 0, 24}},
		linkPPP:       {{0xff, 3, 0, 0x21}, {0xff, 3, 0, 0x57}},
		linkPPPHDLC:   {{0xff, 3, 0, 0x21}, {0xff, 3, 0, 0x57}},
		linkPPPoE:     {{0x11, 0, 0, 1, 0, 9, 0, 0x21}, {0x11, 0, 0, 1, 0, 9, 0, 0x57}},
		linkCiscoHDLC: {{0xf, 0, 8, 0}, {0xf, 0, 0x86, 0xdd}},
		linkSLL:       {joined(make([]byte, 14), u16(typeIPv4)), joined(make([]byte, 14), u16(typeIPv6))},
		linkSLL2:      {joined(u16(typeIPv4), make([]byte, 18)), joined(u16(typeIPv6), make([]byte, 18))},
		linkARCNET:    {{1, 2, 0, 0, 212, 0, 0, 0}, {1, 2, 0, 0, 196, 0, 0, 0}},
	} {
		for i, data := range [][]byte{s4, s6} {
			want := map[string]bool{"port 8080": true, "ip": i == 0, "ip6": i == 1, "port 1": false}
			for expr, pass := range want {
				f, err := compileFilter(expr)
				require.NoError(t, err)
				view, ok := frameOf(link, joined(heads[i], data)).seen()
				require.True(t, ok)
				assert.Equal(t, pass, f.inBand.pass(&view), "link type %d: %s", link, expr)
			}
		}
		_, ok := frameOf(link, nil).seen()
		assert.Equal(t, len(heads[0]) == 0, ok, "link type %d: an empty frame", link)
	}
	_, ok := frameOf(9999, s4).seen()
	assert.False(t, ok, "an unknown link type is left to the decoder")
}

func TestFileLeavesOutWhatTheConfigurationDoesNotWant(t *testing.T) {
	s4 := segment4(t, testPayload)
	client := netip.AddrFrom4([4]byte(s4[12:16]))
	ports := framed(t, layers.EthernetTypeIPv4, s4)
	file := pcapFile(t, []recorded{{frameTime, ports, len(ports)}})
	for name, c := range map[string]struct {
		cfg    FileConfig
		reason string
	}{
		"everything":    {FileConfig{}, ""},
		"all agree":     {FileConfig{Ports: []uint16{8080}, Hosts: []netip.Prefix{netip.PrefixFrom(client, 32)}, Filter: "tcp"}, ""},
		"a mapped host": {FileConfig{Hosts: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom16(client.As16()), 128)}}, ""},
		"other port":    {FileConfig{Ports: []uint16{1}, Filter: "tcp"}, "other-port"},
		"other host":    {FileConfig{Hosts: []netip.Prefix{netip.MustParsePrefix("9.0.0.0/8"), netip.MustParsePrefix("::/0")}}, "other-host"},
		"filter":        {FileConfig{Ports: []uint16{8080}, Filter: "not port 8080"}, "filter"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := c.cfg.New("x", bytes.NewReader(file))
			require.NoError(t, err)
			var s Segment
			err = f.ReadSegment(context.Background(), &s)
			stats := f.Account()[0].Stats
			require.NoError(t, stats.Balance())
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, io.EOF)
			assert.EqualValues(t, 1, stats.Filtered[capture.Reason(c.reason)])
		})
	}
	var wrong *FilterError
	_, err := FileConfig{Filter: "nonsense"}.New("x", bytes.NewReader(file))
	require.True(t, errors.As(err, &wrong))
	_, err = FileConfig{Hosts: []netip.Prefix{{}}}.New("x", bytes.NewReader(file))
	require.ErrorContains(t, err, "no prefix")
}

// What the kernel passes is what the process would pass.
func TestKernelFilterJoinsPortsHostsAndFilter(t *testing.T) {
	s4, s6 := segment4(t, testPayload), segment6(t, testPayload)
	client := netip.PrefixFrom(netip.AddrFrom4([4]byte(s4[12:16])), 32)
	many := make([]netip.Prefix, maxKernelHosts+1)
	for i := range many {
		many[i] = netip.MustParsePrefix("9.0.0.0/8")
	}
	for _, c := range []struct {
		name   string
		ports  []uint16
		hosts  []netip.Prefix
		filter string
		view   seen
		pass   bool
	}{
		{"host", nil, []netip.Prefix{client}, "", seen{protocol: typeIPv4, data: s4}, true},
		{"one of the hosts", nil, append(many[:5:5], netip.MustParsePrefix("::/0")), "", seen{protocol: typeIPv6, data: s6}, true},
		{"other host", nil, many[:3], "", seen{protocol: typeIPv4, data: s4}, false},
		{"more hosts than the kernel compares", nil, many, "", seen{protocol: typeIPv4, data: s4}, true},
		{"port and other host", []uint16{8080}, many[:3], "", seen{protocol: typeIPv4, data: s4}, false},
		{"host and other port", []uint16{80}, []netip.Prefix{client}, "", seen{protocol: typeIPv4, data: s4}, false},
		{"port, host and filter", []uint16{8080}, []netip.Prefix{client}, "greater 60", seen{protocol: typeIPv4, data: s4, wire: 46}, true},
		{"port, host and not the filter", []uint16{8080}, []netip.Prefix{client}, "greater 60", seen{protocol: typeIPv4, data: s4, wire: 45}, false},
		{"a tag aside is not asked for", nil, nil, "port 8080", seen{protocol: typeIPv4, data: s4, tag: 5}, true},
		{"a tag aside", nil, nil, "vlan 5 and port 8080", seen{protocol: typeIPv4, data: s4, tag: 5}, true},
		{"another tag aside", nil, nil, "vlan 6", seen{protocol: typeIPv4, data: s4, tag: 5}, false},
		{"no tag", nil, nil, "vlan", seen{protocol: typeIPv4, data: s4, tag: -1}, false},
		{"a tag in band is left to the process", nil, nil, "udp", seen{protocol: typeVLAN, data: s4}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := newSelection(c.ports, c.hosts, c.filter)
			require.NoError(t, err)
			assert.Equal(t, c.pass, kernelProgram(want, 1000).pass(&c.view))
		})
	}
}

func TestTheLargestSelectionFitsIntoTheKernel(t *testing.T) {
	hosts := make([]netip.Prefix, maxKernelHosts)
	for i := range hosts {
		hosts[i] = netip.MustParsePrefix("2001:db8::1/127")
	}
	ports := make([]uint16, maxKernelPorts)
	for i := range ports {
		ports[i] = uint16(i + 1)
	}
	// Far more than maxFilter leaves to the filter is not used by the others.
	want, err := newSelection(ports, hosts, "")
	require.NoError(t, err)
	raw, err := kernelFilter(want, 1)
	require.NoError(t, err)
	assert.Less(t, len(raw), 4096-maxFilter)
}

// The machine here and that of x/net/bpf agree on what both know.
func TestFilterMachineAgreesWithTheOneOfTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom(expressions).Draw(t, "expr")
		f, err := compileFilter(expr)
		require.NoError(t, err)
		kind := rapid.SampledFrom([]etherType{typeIPv4, typeIPv6, typeARP, typeVLAN, 7}).Draw(t, "type")
		data := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "data")
		view := seen{data: data, wire: len(data), protocol: kind, tag: -1}
		program := append([]bpf.Instruction(nil), f.inBand...)
		for i, in := range program {
			if in == (bpf.LoadExtension{Num: bpf.ExtProto}) {
				program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(kind)}
			}
		}
		vm, err := bpf.NewVM(program)
		require.NoError(t, err)
		n, err := vm.Run(data)
		require.NoError(t, err)
		require.Equal(t, n > 0, f.inBand.pass(&view), expr)
	})
}

// FuzzFilter reads any text as an expression: it compiles to programs that the
// kernel would take, or says where it is wrong.
func FuzzFilter(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr, []byte{0x45, 0, 0, 40})
	}
	f.Fuzz(func(t *testing.T, expr string, data []byte) {
		want, err := newSelection(nil, nil, expr)
		var wrong *FilterError
		if err != nil {
			if !errors.As(err, &wrong) || wrong.Pos < 0 || wrong.Pos > len(expr) || wrong.Msg == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		raw, err := kernelFilter(want, 1)
		if err != nil || len(raw) > 4096 {
			t.Fatalf("%d instructions, %v", len(raw), err)
		}
		if want.filter == nil {
			return
		}
		for _, m := range []matcher{want.filter.inBand, want.filter.aside} {
			if _, err := bpf.NewVM(m); err != nil && !strings.Contains(err.Error(), "extension") {
				t.Fatal(err)
			}
			m.pass(&seen{data: data, wire: len(data), protocol: typeIPv4, tag: 5})
		}
	})
}
