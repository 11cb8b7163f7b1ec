package packet

import (
	"net/netip"
	"strconv"
	"strings"
)

// The numbers of protocols (IANA, Assigned Internet Protocol Numbers).
const (
	filterICMP  = 1
	filterICMP6 = 58
	filterSCTP  = 132
)

// protocol is the test of a protocol's name alone.
func (p *filterParser) protocol(name string) test {
	number := map[string]uint8{"tcp": protoTCP, "udp": protoUDP, "sctp": filterSCTP, "icmp": filterICMP, "icmp6": filterICMP6}[name]
	switch name {
	case "ip", "ip6", "arp", "rarp":
		return etherTest{p.tags, kindOf[name]}
	case "icmp":
		return protoTest{p.tags, typeIPv4, number}
	case "icmp6":
		return protoTest{p.tags, typeIPv6, number}
	}
	return p.transport("", number)
}

var kindOf = map[string]etherType{"ip": typeIPv4, "ip6": typeIPv6, "arp": typeARP, "rarp": typeRARP}

// transport is the test of a protocol over one version of IP, or over both.
func (p *filterParser) transport(version string, number uint8) test {
	if version != "" {
		return protoTest{p.tags, kindOf[version], number}
	}
	return either{protoTest{p.tags, typeIPv4, number}, protoTest{p.tags, typeIPv6, number}}
}

// value reads what the qualifiers qualify.
func (p *filterParser) value(q qualifiers) (test, error) {
	switch q.kind {
	case "port", "portrange":
		return p.ports(q)
	case "proto":
		return p.number(q)
	}
	prefix, err := p.prefix(q.kind)
	if err != nil {
		return nil, err
	}
	return p.hosts(q, prefix)
}

func (p *filterParser) number(q qualifiers) (test, error) {
	n, err := strconv.ParseUint(p.peek(), 0, 8)
	if err != nil {
		number, ok := map[string]uint64{`\tcp`: protoTCP, `\udp`: protoUDP, `\sctp`: filterSCTP, `\icmp`: filterICMP}[p.peek()]
		if !ok {
			return nil, p.fail("want the number of a protocol, at most 255")
		}
		n = number
	}
	p.next()
	return p.transport(q.proto, uint8(n)), nil
}

// hosts is the test of addresses. Without a protocol, those of IPv4 are looked
// for in ARP too.
func (p *filterParser) hosts(q qualifiers, prefix netip.Prefix) (test, error) {
	kinds := []etherType{typeIPv6}
	if prefix.Addr().Is4() {
		kinds = []etherType{typeIPv4, typeARP, typeRARP}
	}
	if q.proto != "" {
		kinds = []etherType{kindOf[q.proto]}
	}
	var tests []test
	for _, kind := range kinds {
		if prefix.Addr().Is4() == (kind == typeIPv6) {
			return nil, &FilterError{p.expr, p.tokens[0].pos, prefix.Addr().String() + " is not an address of " + q.proto}
		}
		tests = append(tests, hostTest{p.tags, kind, q.dir, prefix})
	}
	return anyOf(tests), nil
}

// prefix reads an address or a net.
func (p *filterParser) prefix(kind string) (netip.Prefix, error) {
	text := p.peek()
	var prefix netip.Prefix
	addr, err := netip.ParseAddr(text)
	switch {
	case err == nil && addr.Zone() != "":
		return prefix, p.fail("an address with a zone is not known here")
	case err == nil:
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	case kind == "host" && strings.Contains(text, "/"):
		return prefix, p.fail("want one address; for several: net %s", text)
	case kind == "host":
		return prefix, p.fail("want an IP address: names are not resolved")
	default:
		if prefix, err = parseNet(text); err != nil {
			return prefix, p.fail("want a net, such as 10.0.0.0/8, 10.1 or 2001:db8::/32")
		}
	}
	if prefix != prefix.Masked() {
		return prefix, p.fail("bits beyond the prefix are set; the net is %s", prefix.Masked())
	}
	p.next()
	if _, ok := p.accept("mask"); ok && kind == "net" {
		return p.masked(prefix)
	}
	return prefix, nil
}

// masked reads the mask of a net that was given as a whole address.
func (p *filterParser) masked(prefix netip.Prefix) (netip.Prefix, error) {
	mask, err := netip.ParseAddr(p.peek())
	if err != nil || !mask.Is4() || !prefix.Addr().Is4() || !prefix.IsSingleIP() {
		return prefix, p.fail("want a net and a mask of IPv4, such as: net 10.0.0.0 mask 255.0.0.0")
	}
	b := be32(mask.AsSlice())
	bits := 0
	for ; b&(1<<31) != 0; b <<= 1 {
		bits++
	}
	if b != 0 {
		return prefix, p.fail("a mask with holes is not known here")
	}
	short := netip.PrefixFrom(prefix.Addr(), bits)
	if short != short.Masked() {
		return prefix, p.fail("the address has bits beyond the mask")
	}
	p.next()
	return short, nil
}

// parseNet reads a prefix, or an IPv4 address that leaves out its last bytes,
// with or without a length: 10, 10.1, 10.1/16.
func parseNet(text string) (netip.Prefix, error) {
	if strings.Contains(text, ":") {
		return netip.ParsePrefix(text)
	}
	head, length, cut := strings.Cut(text, "/")
	missing := 3 - strings.Count(head, ".")
	if !cut {
		length = strconv.Itoa(32 - 8*missing)
	}
	return netip.ParsePrefix(head + strings.Repeat(".0", max(missing, 0)) + "/" + length)
}

var portNames = map[string]uint16{"http": 80, "https": 443, "http-alt": 8080, "domain": 53}

func (p *filterParser) ports(q qualifiers) (test, error) {
	t := portTest{tags: p.tags, dir: q.dir, protos: []uint32{protoTCP, protoUDP, filterSCTP}}
	switch q.proto {
	case "tcp":
		t.protos = t.protos[:1]
	case "udp":
		t.protos = t.protos[1:2]
	case "sctp":
		t.protos = t.protos[2:]
	}
	low, top, ranged := p.peek(), p.peek(), false
	if _, name := portNames[low]; q.kind == "portrange" && !name {
		low, top, ranged = strings.Cut(low, "-")
		if !ranged {
			top = low
		}
	}
	var ok1, ok2 bool
	t.low, ok1 = parsePort(low)
	t.top, ok2 = parsePort(top)
	switch {
	case !ok1 || !ok2:
		return nil, p.fail("want a %s from 0 to 65535", map[string]string{"port": "port", "portrange": "range of ports, such as 8000-8080,"}[q.kind])
	case t.low > t.top:
		t.low, t.top = t.top, t.low
	}
	p.next()
	return t, nil
}

func parsePort(text string) (uint16, bool) {
	if port, ok := portNames[text]; ok {
		return port, true
	}
	port, err := strconv.ParseUint(text, 0, 16)
	return uint16(port), err == nil
}
