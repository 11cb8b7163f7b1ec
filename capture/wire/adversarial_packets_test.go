package wire

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// pieces sends a segment as IPv4 fragments of size bytes, in an order.
func (f *flow) pieces(dir int, payload []byte, size int, order func(n int) []int) {
	segment := append(tcp(f.port[dir], f.port[1-dir], f.isn[dir]+1+uint32(f.pos[dir]), f.isn[1-dir]+1+uint32(f.pos[1-dir]), data), payload...)
	f.pos[dir] += int64(len(payload))
	f.w.id++
	n := (len(segment) + size - 1) / size
	for _, i := range order(n) {
		end := min((i+1)*size, len(segment))
		f.fragment(dir, f.w.id, i*size, i < n-1, segment[i*size:end])
	}
}

func (f *flow) fragment(dir int, id uint32, offset int, more bool, b []byte) {
	h := ip4(protoTCP, f.addr[dir], f.addr[1-dir], len(b))
	binary.BigEndian.PutUint16(h[4:], uint16(id))
	where := uint16(offset / 8)
	if more {
		where |= 0x2000
	}
	binary.BigEndian.PutUint16(h[6:], where)
	f.w.frame(h, b)
}

func forwards(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func backwards(n int) []int {
	order := forwards(n)
	slices.Reverse(order)
	return order
}

func twice(n int) []int { return append(forwards(n)[:n-1], backwards(n)...) }

func fragmentAttacks() []attack {
	request := []byte("GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
	pieces := func(size int, order func(int) []int) func(w *tap) {
		return on(func(f *flow) {
			f.pieces(fromClient, request, size, order)
			f.answer(fine)
		})
	}
	large := []byte("POST /first HTTP/1.1\r\nContent-Length: 60000\r\n\r\n")
	large = append(large, bytes.Repeat([]byte("x"), 60000)...)
	return []attack{
		{name: "of 8 bytes", script: pieces(8, forwards)},
		{name: "of 8 bytes, backwards", script: pieces(8, backwards)},
		{name: "of 8 bytes, twice", script: pieces(8, twice)},
		{name: "7500 of 8 bytes, backwards", script: on(func(f *flow) {
			f.pieces(fromClient, large, 8, backwards)
			f.answer(fine)
		})},
		{name: "teardrop: one inside of another", script: on(func(f *flow) {
			f.fragment(fromClient, 7, 0, true, make([]byte, 40))
			f.fragment(fromClient, 7, 24, false, make([]byte, 4))
		})},
		{name: "overlap with other bytes", script: on(func(f *flow) {
			f.fragment(fromClient, 7, 0, true, make([]byte, 40))
			f.fragment(fromClient, 7, 32, true, bytes.Repeat([]byte{1}, 40))
			f.fragment(fromClient, 7, 72, false, make([]byte, 8))
		})},
		{name: "two ends", script: on(func(f *flow) {
			f.fragment(fromClient, 7, 80, false, make([]byte, 8))
			f.fragment(fromClient, 7, 160, false, make([]byte, 8))
		})},
		{name: "beyond 64 KiB: ping of death", script: on(func(f *flow) {
			f.fragment(fromClient, 7, 65528, true, make([]byte, 400))
			f.fragment(fromClient, 7, 65528, false, make([]byte, 400))
		})},
		{name: "empty", script: on(func(f *flow) { f.fragment(fromClient, 7, 8, true, nil) })},
		{name: "of odd length, more to come", script: on(func(f *flow) { f.fragment(fromClient, 7, 0, true, make([]byte, 9)) })},
		{name: "that never complete", live: 3 * 16 * mib, why: "the memory for fragments; a datagram of one piece of 24 bytes is charged 152 and takes 420", script: func(w *tap) {
			for i := range 1 << 17 {
				f := w.flow(0)
				f.addr[fromClient] = netip.AddrFrom4([4]byte{10, 1, 0, byte(i >> 16)})
				f.fragment(fromClient, uint32(i), 0, true, make([]byte, 24))
			}
		}},
		{name: "large ones that never complete", live: 16 * mib, why: "the memory for fragments", script: func(w *tap) {
			for i := range 1 << 10 {
				f := w.flow(i >> 5)
				f.fragment(fromClient, uint32(i), 0, true, make([]byte, 32768))
			}
		}},
		{name: "that come after a minute", script: on(func(f *flow) {
			f.fragment(fromClient, 7, 0, true, make([]byte, 24))
			f.w.wait(2 * time.Minute)
			f.fragment(fromClient, 7, 24, false, make([]byte, 24))
		})},
	}
}

// over6 sends segments over IPv6 behind extension headers.
func (f *flow) over6(next uint8, headers []byte) {
	for dir := range f.addr {
		f.addr[dir] = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(dir + 1)})
	}
	f.shape = func(src, dst netip.Addr, segment ...[]byte) {
		n := len(headers)
		for _, part := range segment {
			n += len(part)
		}
		f.w.frame(append([][]byte{ip6(next, src, dst, n), headers}, segment...)...)
	}
}

const destinationOptions = 60

// chain is n extension headers of 8 bytes, before what comes last.
func chain(n int, last uint8) []byte {
	one := []byte{destinationOptions, 0, 1, 4, 0, 0, 0, 0}
	all := bytes.Repeat(one, n)
	if n > 0 {
		all[8*(n-1)] = last
	}
	return all
}

// vxlan wraps what an inner flow sends into UDP and VXLAN n times.
func (f *flow) vxlan(n int, ether bool) {
	f.shape = func(src, dst netip.Addr, segment ...[]byte) {
		b := slices.Concat(segment...)
		b = slices.Concat(ip4(protoTCP, src, dst, len(b)), b)
		for range n {
			b = slices.Concat(make([]byte, 12), []byte{8, 0}, b)
			if ether {
				b = slices.Concat([]byte{8, 0, 0, 0, 0, 0, 5, 0}, b) // VXLAN
				udp := binary.BigEndian.AppendUint16(nil, 55555)
				udp = binary.BigEndian.AppendUint16(udp, 4789)
				udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(b)))
				b = slices.Concat(udp, []byte{0, 0}, b)
			}
			b = slices.Concat(ip4(protoUDP, f.addr[0], f.addr[1], len(b)), b)
		}
		f.w.frame(b)
	}
}

// nested wraps into IP in IP n times.
func (f *flow) nested(n int) {
	f.shape = func(src, dst netip.Addr, segment ...[]byte) {
		b := slices.Concat(segment...)
		b = slices.Concat(ip4(protoTCP, src, dst, len(b)), b)
		for range n {
			b = slices.Concat(ip4(4, f.addr[0], f.addr[1], len(b)), b)
		}
		f.w.frame(b)
	}
}

func layerAttacks() []attack {
	shaped := func(shape func(f *flow)) func(w *tap) {
		return func(w *tap) {
			f := w.flow(0)
			shape(f)
			f.handshake()
			f.nextAndClose()
		}
	}
	return []attack{
		{name: "hundreds of extension headers", script: shaped(func(f *flow) { f.over6(destinationOptions, chain(500, protoTCP)) })},
		{name: "thousands of extension headers", script: shaped(func(f *flow) { f.over6(destinationOptions, chain(8000, protoTCP)) })},
		{name: "extension headers without end", script: shaped(func(f *flow) { f.over6(destinationOptions, chain(500, destinationOptions)) })},
		{name: "an extension header longer than the packet", script: shaped(func(f *flow) { f.over6(destinationOptions, []byte{protoTCP, 255, 1, 4, 0, 0, 0, 0}) })},
		{name: "hop-by-hop options in a circle", script: shaped(func(f *flow) { f.over6(0, make([]byte, 800)) })},
		{name: "VXLAN in VXLAN, eight deep", script: shaped(func(f *flow) { f.vxlan(8, true) })},
		{name: "VXLAN in VXLAN, a hundred deep", script: shaped(func(f *flow) { f.vxlan(100, true) })},
		{name: "IP in IP, thirty deep", script: shaped(func(f *flow) { f.nested(30) })},
		{name: "IP in IP, a hundred deep", script: shaped(func(f *flow) { f.nested(100) })},
		{name: "IPv4 that says it is shorter than its header", script: func(w *tap) {
			h := ip4(protoTCP, netip.AddrFrom4([4]byte{1}), netip.AddrFrom4([4]byte{2}), 0)
			binary.BigEndian.PutUint16(h[2:], 19)
			w.frame(h, make([]byte, 40))
		}},
		{name: "a TCP header longer than the packet", script: func(w *tap) {
			b := tcp(1, 2, 3, 4, data)
			b[12] = 0xf0
			w.frame(ip4(protoTCP, netip.AddrFrom4([4]byte{1}), netip.AddrFrom4([4]byte{2}), 20), b)
		}},
		{name: "the snap length cuts the body", script: func(w *tap) {
			w.snap = 100
			f := w.open(0)
			f.ask("POST /a HTTP/1.1\r\nContent-Length: 500\r\n\r\n")
			f.ask(string(bytes.Repeat([]byte("x"), 500)))
			f.answer(fine)
			f.nextAndClose()
		}},
		{name: "the snap length cuts heads", script: func(w *tap) {
			w.snap = 64
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\nHost: x\r\nX-Long: yes\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			f.nextAndClose()
		}},
		{name: "the snap length cuts the TCP header", script: func(w *tap) {
			w.snap = 30
			w.open(0).nextAndClose()
		}},
		{name: "empty frames", script: func(w *tap) {
			for range 1000 {
				w.frame(nil)
			}
			w.open(0).nextAndClose()
		}},
	}
}

// block is a block of pcapng that says it is size bytes long at its beginning
// and at its end.
func block(kind, size uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, size)
	return binary.LittleEndian.AppendUint32(append(b, body...), size)
}

func wholeBlock(kind uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	return block(kind, uint32(12+len(body)), body)
}

var (
	ngSection   = wholeBlock(0x0a0d0d0a, []byte("\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	ngInterface = wholeBlock(1, []byte{101, 0, 0, 0, 0, 0, 0, 0})
)

// packets makes a tap write enhanced packet blocks: what its script writes as
// records of pcap is put into blocks.
func inBlocks(script func(w *tap)) func(w *tap) {
	return func(w *tap) {
		inner := *w
		inner.yield = func(record []byte) bool {
			body := binary.LittleEndian.AppendUint32(nil, 0)
			ticks := uint64(binary.LittleEndian.Uint32(record))*1e6 + uint64(binary.LittleEndian.Uint32(record[4:]))
			body = binary.LittleEndian.AppendUint32(body, uint32(ticks>>32))
			body = binary.LittleEndian.AppendUint32(body, uint32(ticks))
			w.raw(wholeBlock(6, append(body, record[8:]...)))
			return !w.over
		}
		script(&inner)
		w.at = inner.at
	}
}

func fileAttacks() []attack {
	whole := inBlocks(func(w *tap) { w.open(0).nextAndClose() })
	ng := slices.Concat(ngSection, ngInterface)
	before := func(bad []byte) func(w *tap) {
		return func(w *tap) {
			w.raw(bad)
			whole(w)
		}
	}
	option := func(code, size uint16) []byte {
		return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, code), size)
	}
	interfaceWith := func(options []byte) []byte {
		return wholeBlock(1, append([]byte{101, 0, 0, 0, 0, 0, 0, 0}, options...))
	}
	return []attack{
		{name: "a block of 4 GiB", header: ng, script: before(block(6, 0xfffffffc, make([]byte, 64)))},
		{name: "a block of no length", header: ng, script: before(block(6, 0, make([]byte, 20)))},
		{name: "a block of odd length", header: ng, script: before(block(6, 33, make([]byte, 21)))},
		{name: "a block whose two lengths differ", header: ng, script: before(append(block(6, 52, make([]byte, 40))[:48], 1, 2, 3, 4))},
		{name: "an unknown block of 60 MiB", header: ng, script: func(w *tap) {
			const size = 60 * mib
			w.raw(block(0xbad, size, nil)[:8])
			for range size/mib - 1 {
				w.raw(make([]byte, mib))
			}
			w.raw(make([]byte, mib-12))
			w.raw(binary.LittleEndian.AppendUint32(nil, size))
			whole(w)
		}},
		{name: "an unknown block of 2 GiB that does not come", header: ng, script: before(block(0xbad, 1<<31, make([]byte, 64)))},
		{name: "a packet longer than its block", header: ng, script: before(wholeBlock(6, append(make([]byte, 12), 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0)))},
		{name: "a packet of an interface that is not there", header: ng, script: before(wholeBlock(6, append([]byte{9, 0, 0, 0}, make([]byte, 16)...)))},
		{name: "options of no length without end", header: ngSection, script: before(interfaceWith(bytes.Repeat(option(0xbad, 0), 100_000)))},
		{name: "an option longer than the block", header: ngSection, script: before(interfaceWith(option(9, 0xffff)))},
		{name: "time in units of 2^-127 s", header: ngSection, script: before(interfaceWith(append(option(9, 1), 0xff, 0, 0, 0)))},
		{name: "time in units of 10^-127 s", header: ngSection, script: before(interfaceWith(append(option(9, 1), 0x7f, 0, 0, 0)))},
		{name: "262144 sections", scaled: true, header: ng, script: func(w *tap) {
			for range volume(1 << 18) {
				w.raw(ngSection)
			}
			w.raw(ngInterface)
			whole(w)
		}},
		{name: "100000 interfaces", header: ng, live: 16 * mib, why: "65536 interfaces of 150 bytes, and the list that append copies", script: func(w *tap) {
			for range 100_000 {
				w.raw(ngInterface)
			}
			whole(w)
		}},
		{name: "a pcap record of 4 GiB", script: func(w *tap) {
			w.raw(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32([]byte("\x00\xd2\x49\x6b\x00\x00\x00\x00"), 0xffffffff), 0xffffffff))
			w.open(0).nextAndClose()
		}},
		{name: "a pcap record that wants more than the file has", script: func(w *tap) {
			w.open(0).nextAndClose()
			w.raw(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32([]byte("\x00\xd2\x49\x6b\x00\x00\x00\x00"), 200000), 200000))
		}},
		{name: "damage that looks like blocks", header: ng, script: func(w *tap) {
			w.raw(block(6, 33, nil))
			trap := block(6, 500_000, nil)[:8] // plausible but for its end
			w.raw(bytes.Repeat(trap, 300_000))
			whole(w)
		}},
	}
}

func TestAdversarialFragments(t *testing.T) { checkAll(t, fragmentAttacks()) }
func TestAdversarialLayers(t *testing.T)    { checkAll(t, layerAttacks()) }
func TestAdversarialFiles(t *testing.T)     { checkAll(t, fileAttacks()) }
