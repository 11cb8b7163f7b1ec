package packet

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/net/bpf"
)

const (
	// maxKernelPorts bounds the ports that the kernel compares, one after the
	// other for each frame, in the interrupt that delivers it. For more ports
	// the kernel passes all of TCP and the process compares.
	maxKernelPorts = 100
	// maxKernelHosts bounds the prefixes that the kernel compares alike: at
	// most 20 instructions each, for two addresses of IPv6. For more the
	// process compares.
	maxKernelHosts = 32
)

// selection is the traffic that is wanted: what all of its parts want. An empty
// part wants everything.
type selection struct {
	ports  []uint16
	hosts  []netip.Prefix
	filter *filterExpr
}

func newSelection(ports []uint16, hosts []netip.Prefix, filter string) (selection, error) {
	expr, err := compileFilter(filter)
	if err != nil {
		return selection{}, err
	}
	plain := make([]netip.Prefix, len(hosts))
	for i, prefix := range hosts {
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		if !prefix.IsValid() || prefix.Addr().Is4In6() {
			return selection{}, fmt.Errorf("host %s is no prefix of IPv4 or IPv6 addresses", prefix)
		}
		plain[i] = prefix.Masked()
	}
	return selection{ports, plain, expr}, nil
}

// has reports whether one of the addresses is wanted.
func (s selection) has(a, b netip.Addr) bool {
	return len(s.hosts) == 0 || slices.ContainsFunc(s.hosts, func(p netip.Prefix) bool {
		return p.Contains(a) || p.Contains(b)
	})
}

// tests returns what the kernel is to test.
func (s selection) tests() []test {
	var tests []test
	if len(s.ports) > 0 {
		tests = append(tests, portList(s.ports))
	}
	if n := len(s.hosts); n > 0 && n <= maxKernelHosts {
		hosts := make([]test, n)
		for i, prefix := range s.hosts {
			hosts[i] = hostTest{kind: typeIPv4, prefix: prefix}
			if !prefix.Addr().Is4() {
				hosts[i] = hostTest{kind: typeIPv6, prefix: prefix}
			}
		}
		tests = append(tests, anyOf(hosts))
	}
	if s.filter != nil {
		tests = append(tests, s.filter.root)
	}
	return tests
}

// kernelFilter returns the classic BPF program that passes snapLen bytes of the
// frames that are wanted, and of those that only the process can judge: later
// fragments, IPv6 with extension headers where ports are listed, and frames that
// have a VLAN tag left when the card's own has been taken off. Frames begin
// behind the link-layer header, as those of a SOCK_DGRAM packet socket do.
func kernelFilter(s selection, snapLen int) ([]bpf.RawInstruction, error) {
	return bpf.Assemble(append(loopbackOnce(), kernelProgram(s, snapLen)...))
}

// Values of linux/if_arp.h and linux/if_packet.h.
const (
	arphrdLoopback = 772
	packetOutgoing = 4
)

// loopbackOnce rejects what leaves by a loopback interface: the kernel shows it
// again when it arrives there.
func loopbackOnce() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtLinkLayerType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: arphrdLoopback, SkipTrue: 3},
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: packetOutgoing, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	}
}

func kernelProgram(s selection, snapLen int) matcher {
	c := &code{aux: true, kernel: true}
	accept, reject := c.label(), c.label()
	tests := s.tests()
	if len(tests) > 0 {
		// Whether a tag precedes the IP header depends on the version of the
		// kernel; the process finds out.
		plain := c.label()
		c.protocol(0)
		c.oneOf(accept, plain, uint32(typeVLAN), uint32(typeQinQ), uint32(typeOldQinQ))
		c.place(plain)
	}
	for _, t := range tests {
		next := c.label()
		t.emit(c, next, reject)
		c.place(next)
	}
	c.end(accept, reject, snapLen)
	return c.link()
}

// rejectAll is the program that passes nothing.
func rejectAll() []bpf.RawInstruction {
	return []bpf.RawInstruction{{Op: 0x06}} // ret #0
}

// portList is the test of TCP ports that the process repeats once it has found
// them: it passes what may have them.
type portList []uint16

func (t portList) emit(c *code, yes, no label) {
	v4, other, v6 := c.label(), c.label(), c.label()
	c.protocol(0)
	c.branch(bpf.JumpEqual, uint32(typeIPv4), v4, other)
	c.place(other)
	c.branch(bpf.JumpEqual, uint32(typeIPv6), v6, no)
	c.place(v4)
	t.ipv4(c, yes, no)
	c.place(v6)
	t.ipv6(c, yes, no)
}

func (t portList) ipv4(c *code, yes, no label) {
	tcp, first := c.label(), c.label()
	c.load(9, 1)
	c.branch(bpf.JumpEqual, protoTCP, tcp, no)
	c.place(tcp)
	c.load(6, 2)
	c.branch(bpf.JumpBitsSet, 0x1fff, yes, first)
	c.place(first)
	c.add(bpf.LoadMemShift{})
	t.compare(c, yes, no, func(off uint32) { c.add(bpf.LoadIndirect{Off: off, Size: 2}) })
}

func (t portList) ipv6(c *code, yes, no label) {
	plain, tcp := c.label(), c.label()
	c.load(6, 1)
	c.oneOf(yes, plain, protoHopByHop, protoRouting, protoFragment, protoAH, protoDestOpts)
	c.place(plain)
	c.branch(bpf.JumpEqual, protoTCP, tcp, no)
	c.place(tcp)
	t.compare(c, yes, no, func(off uint32) { c.load(40+off, 2) })
}

func (t portList) compare(c *code, yes, no label, load func(off uint32)) {
	if len(t) > maxKernelPorts {
		c.goTo(yes)
		return
	}
	ports := make([]uint32, 0, len(t))
	for _, port := range slices.Compact(slices.Sorted(slices.Values(t))) {
		ports = append(ports, uint32(port))
	}
	destination := c.label()
	load(0)
	c.oneOf(yes, destination, ports...)
	c.place(destination)
	load(2)
	c.oneOf(yes, no, ports...)
}
