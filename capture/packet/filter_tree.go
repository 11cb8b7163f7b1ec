package packet

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/bpf"
)

// test is a condition on a frame. emit adds the instructions that branch to yes
// or to no.
type test interface {
	emit(c *code, yes, no label)
}

type (
	both    struct{ a, b test }
	either  struct{ a, b test }
	inverse struct{ of test }
)

func (t both) emit(c *code, yes, no label) {
	next := c.label()
	t.a.emit(c, next, no)
	c.place(next)
	t.b.emit(c, yes, no)
}

func (t either) emit(c *code, yes, no label) {
	next := c.label()
	t.a.emit(c, yes, next)
	c.place(next)
	t.b.emit(c, yes, no)
}

func (t inverse) emit(c *code, yes, no label) {
	c.negated = !c.negated
	t.of.emit(c, no, yes)
	c.negated = !c.negated
}

// anyOf joins one test or more.
func anyOf(tests []test) test {
	joined := tests[0]
	for _, t := range tests[1:] {
		joined = either{joined, t}
	}
	return joined
}

// etherTest is for frames of a type, behind so many VLAN tags.
type etherTest struct {
	tags int
	kind etherType
}

func (t etherTest) emit(c *code, yes, no label) {
	c.protocol(t.tags)
	c.branch(bpf.JumpEqual, uint32(t.kind), yes, no)
}

// protoTest is for IP packets of a protocol. Of the extension headers of IPv6
// only that of fragments is followed, as by tcpdump.
type protoTest struct {
	tags  int
	kind  etherType // IPv4 or IPv6
	proto uint8
}

func (t protoTest) emit(c *code, yes, no label) {
	c.is(t.tags, t.kind, no)
	at := c.network(t.tags)
	if t.kind == typeIPv4 {
		c.load(at+9, 1)
		c.branch(bpf.JumpEqual, uint32(t.proto), yes, no)
		return
	}
	other, fragment := c.label(), c.label()
	c.load(at+6, 1)
	c.branch(bpf.JumpEqual, uint32(t.proto), yes, other)
	c.place(other)
	c.branch(bpf.JumpEqual, protoFragment, fragment, no)
	c.place(fragment)
	c.load(at+40, 1)
	c.branch(bpf.JumpEqual, uint32(t.proto), yes, no)
}

// direction says which of source and destination is meant.
type direction uint8

const (
	eitherEnd direction = iota
	bothEnds
	sourceOnly
	destinationOnly
)

// emit tests the source, the destination, or both of them as the direction says.
func (d direction) emit(c *code, yes, no label, at func(source bool, yes, no label)) {
	next := c.label()
	switch d {
	case sourceOnly, destinationOnly:
		at(d == sourceOnly, yes, no)
	case bothEnds:
		at(true, next, no)
	case eitherEnd:
		at(true, yes, next)
	}
	c.place(next)
	if d == eitherEnd || d == bothEnds {
		at(false, yes, no)
	}
}

// hostTest is for frames from or to the addresses of a prefix.
type hostTest struct {
	tags   int
	kind   etherType // IPv4, IPv6, ARP or RARP
	dir    direction
	prefix netip.Prefix
}

func (t hostTest) emit(c *code, yes, no label) {
	c.is(t.tags, t.kind, no)
	offsets := map[etherType][2]uint32{typeIPv4: {12, 16}, typeIPv6: {8, 24}, typeARP: {14, 24}, typeRARP: {14, 24}}[t.kind]
	t.dir.emit(c, yes, no, func(source bool, yes, no label) {
		off := offsets[1]
		if source {
			off = offsets[0]
		}
		t.compare(c, c.network(t.tags)+off, yes, no)
	})
}

// compare compares the bits of the prefix word by word.
func (t hostTest) compare(c *code, off uint32, yes, no label) {
	addr := t.prefix.Addr().AsSlice()
	for bits := t.prefix.Bits(); bits > 0; bits -= 32 {
		word, next := binary.BigEndian.Uint32(addr), c.label()
		c.load(off, 4)
		if bits < 32 {
			c.mask(^uint32(0) << (32 - bits))
		}
		c.branch(bpf.JumpEqual, word, next, no)
		c.place(next)
		addr, off = addr[4:], off+4
	}
	c.goTo(yes)
}

// portTest is for segments and datagrams from or to ports.
type portTest struct {
	tags     int
	protos   []uint32
	dir      direction
	low, top uint16
}

func (t portTest) emit(c *code, yes, no label) {
	v4, other, v6 := c.label(), c.label(), c.label()
	c.protocol(t.tags)
	c.branch(bpf.JumpEqual, uint32(typeIPv4), v4, other)
	c.place(other)
	c.branch(bpf.JumpEqual, uint32(typeIPv6), v6, no)
	c.place(v4)
	t.ipv4(c, yes, no)
	c.place(v6)
	t.ipv6(c, yes, no)
}

// unknown is where a later fragment goes: to where the whole expression may
// become true.
func (c *code) unknown(yes, no label) label {
	if c.negated {
		return no
	}
	return yes
}

func (t portTest) ipv4(c *code, yes, no label) {
	at, ours, ports := c.network(t.tags), c.label(), c.label()
	c.load(at+9, 1)
	c.oneOf(ours, no, t.protos...)
	c.place(ours)
	c.load(at+6, 2)
	c.branch(bpf.JumpBitsSet, 0x1fff, c.unknown(yes, no), ports)
	c.place(ports)
	c.add(bpf.LoadMemShift{Off: at})
	t.compare(c, yes, no, func(off uint32) { c.add(bpf.LoadIndirect{Off: at + off, Size: 2}) })
}

func (t portTest) ipv6(c *code, yes, no label) {
	at := c.network(t.tags)
	plain, other, fragment, ours, first := c.label(), c.label(), c.label(), c.label(), c.label()
	c.load(at+6, 1)
	c.oneOf(plain, other, t.protos...)
	c.place(other)
	c.branch(bpf.JumpEqual, protoFragment, fragment, no)
	c.place(plain)
	t.compare(c, yes, no, func(off uint32) { c.load(at+40+off, 2) })
	c.place(fragment)
	c.load(at+40, 1)
	c.oneOf(ours, no, t.protos...)
	c.place(ours)
	c.load(at+42, 2)
	c.branch(bpf.JumpBitsSet, 0xfff8, c.unknown(yes, no), first)
	c.place(first)
	t.compare(c, yes, no, func(off uint32) { c.load(at+48+off, 2) })
}

func (t portTest) compare(c *code, yes, no label, load func(off uint32)) {
	t.dir.emit(c, yes, no, func(source bool, yes, no label) {
		if source {
			load(0)
		} else {
			load(2)
		}
		if t.low == t.top {
			c.branch(bpf.JumpEqual, uint32(t.low), yes, no)
			return
		}
		above := c.label()
		c.branch(bpf.JumpGreaterOrEqual, uint32(t.low), above, no)
		c.place(above)
		c.branch(bpf.JumpGreaterThan, uint32(t.top), no, yes)
	})
}

// vlanTest is for frames with a tag behind so many others, with any identifier
// where id is negative.
type vlanTest struct{ tags, id int }

func (t vlanTest) emit(c *code, yes, no label) {
	tagged := c.label()
	if c.aux && t.tags == 0 {
		c.add(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent})
		c.branch(bpf.JumpEqual, 0, no, tagged)
		c.place(tagged)
		c.add(bpf.LoadExtension{Num: bpf.ExtVLANTag})
	} else {
		c.protocol(t.tags)
		c.oneOf(tagged, no, uint32(typeVLAN), uint32(typeQinQ), uint32(typeOldQinQ))
		c.place(tagged)
		c.load(c.network(t.tags), 2)
	}
	if t.id < 0 {
		c.goTo(yes)
		return
	}
	c.mask(0xfff)
	c.branch(bpf.JumpEqual, uint32(t.id), yes, no)
}

// lengthTest is for frames of at least so many bytes.
type lengthTest struct{ least uint32 }

func (t lengthTest) emit(c *code, yes, no label) {
	least := t.least
	if c.kernel {
		least -= min(least, ethernetHeader)
	}
	c.add(bpf.LoadExtension{Num: bpf.ExtLen})
	c.branch(bpf.JumpGreaterOrEqual, least, yes, no)
}
