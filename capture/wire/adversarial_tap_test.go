package wire

import (
	"encoding/binary"
	"io"
	"iter"
	"net/netip"
	"time"

	"twinspect.dev/capture/packet"
)

// tap writes the records of a pcap of raw IP (link type 101) one by one, while
// they are read: a capture of any size takes the memory of one frame.
type tap struct {
	yield func([]byte) bool
	at    time.Duration // since the capture began
	buf   []byte
	over  bool // nobody reads any more
	snap  int  // bytes of a frame that are captured; 0 means all
	id    uint32
}

const maxPayload = 65000 // of a segment: with its headers below the 65535 bytes of IPv4

// frame writes one frame, a microsecond after the one before.
func (w *tap) frame(ip ...[]byte) {
	w.at += time.Microsecond
	w.buf = append(w.buf[:0], make([]byte, 16)...)
	for _, part := range ip {
		w.buf = append(w.buf, part...)
	}
	n := len(w.buf) - 16
	if w.snap > 0 && n > w.snap {
		w.buf = w.buf[:16+w.snap]
	}
	const began = 1_800_000_000
	le := binary.LittleEndian
	le.PutUint32(w.buf, uint32(began+w.at/time.Second))
	le.PutUint32(w.buf[4:], uint32(w.at%time.Second/time.Microsecond))
	le.PutUint32(w.buf[8:], uint32(len(w.buf)-16))
	le.PutUint32(w.buf[12:], uint32(n))
	w.raw(w.buf)
}

// raw writes bytes of the file as they are.
func (w *tap) raw(b []byte) { w.over = w.over || !w.yield(b) }

// wait moves the capture's time on.
func (w *tap) wait(d time.Duration) { w.at += d }

var pcapHeader = []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00")

// written is what a script writes to a tap, as a reader.
type written struct {
	next  func() ([]byte, bool)
	stop  func()
	rest  []byte
	bytes int64
	look  func()
}

// written begins with header, which may be empty. look is called now and then.
func writtenBy(header []byte, script func(*tap), look func()) *written {
	r := &written{look: look}
	r.next, r.stop = iter.Pull(func(yield func([]byte) bool) {
		w := &tap{yield: yield}
		if w.raw(header); !w.over {
			script(w)
		}
	})
	return r
}

func (r *written) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(r.rest) == 0 {
			var ok bool
			if r.rest, ok = r.next(); !ok {
				break
			}
		}
		m := copy(p[n:], r.rest)
		r.rest = r.rest[m:]
		n += m
	}
	const every = 1 << 20
	if before := r.bytes; (before+int64(n))/every != before/every {
		r.look()
	}
	r.bytes += int64(n)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ip4 is an IPv4 header for n bytes of content.
func ip4(protocol uint8, src, dst netip.Addr, n int) []byte {
	b := make([]byte, 20, 64)
	b[0], b[8], b[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(b[2:], uint16(20+n))
	copy(b[12:], src.AsSlice())
	copy(b[16:], dst.AsSlice())
	return b
}

func ip6(next uint8, src, dst netip.Addr, n int) []byte {
	b := make([]byte, 40, 64)
	b[0], b[6], b[7] = 0x60, next, 64
	binary.BigEndian.PutUint16(b[4:], uint16(n))
	copy(b[8:], src.AsSlice())
	copy(b[24:], dst.AsSlice())
	return b
}

func tcp(src, dst uint16, seq, ack uint32, flags uint8) []byte {
	b := make([]byte, 20)
	be := binary.BigEndian
	be.PutUint16(b, src)
	be.PutUint16(b[2:], dst)
	be.PutUint32(b[4:], seq)
	be.PutUint32(b[8:], ack)
	b[12], b[13] = 5<<4, flags
	return b
}

const (
	fromClient = 0
	fromServer = 1

	protoTCP, protoUDP = 6, 17
)

// flow is one connection of a tap.
type flow struct {
	w     *tap
	addr  [2]netip.Addr
	port  [2]uint16
	isn   [2]uint32
	pos   [2]int64 // bytes sent in each direction
	shape func(src, dst netip.Addr, segment ...[]byte)
}

// flow makes the n-th connection of a capture, without its handshake.
func (w *tap) flow(n int) *flow {
	a := netip.AddrFrom4([4]byte{10, byte(n >> 24), byte(n >> 16), byte(1 + n>>15&1)})
	f := &flow{w: w, addr: [2]netip.Addr{a, netip.AddrFrom4([4]byte{10, 255, 0, 1})}}
	f.port = [2]uint16{uint16(1024 + n&0x7fff), 80}
	f.isn = [2]uint32{1000, 9000}
	f.shape = func(src, dst netip.Addr, segment ...[]byte) {
		size := 0
		for _, part := range segment {
			size += len(part)
		}
		w.frame(append([][]byte{ip4(protoTCP, src, dst, size)}, segment...)...)
	}
	return f
}

// open makes the n-th connection with its handshake.
func (w *tap) open(n int) *flow {
	f := w.flow(n)
	f.handshake()
	return f
}

func (f *flow) handshake() {
	f.segment(fromClient, packet.SYN, -1, nil)
	f.segment(fromServer, packet.SYN|packet.ACK, -1, nil)
	f.ack(fromClient)
}

// segment sends payload at a position of a direction; nothing else is changed.
func (f *flow) segment(dir int, flags uint8, pos int64, payload []byte) {
	seq := f.isn[dir] + 1 + uint32(pos)
	ack := f.isn[1-dir] + 1 + uint32(f.pos[1-dir])
	f.shape(f.addr[dir], f.addr[1-dir], tcp(f.port[dir], f.port[1-dir], seq, ack, flags), payload)
}

// send sends the next bytes of a direction.
func (f *flow) send(dir int, b []byte) {
	for first := true; (len(b) > 0 || first) && !f.w.over; first = false {
		n := min(len(b), maxPayload)
		f.segment(dir, packet.ACK|packet.PSH, f.pos[dir], b[:n])
		f.pos[dir] += int64(n)
		b = b[n:]
	}
}

func (f *flow) ask(text string)    { f.send(fromClient, []byte(text)) }
func (f *flow) answer(text string) { f.send(fromServer, []byte(text)) }
func (f *flow) ack(dir int)        { f.segment(dir, packet.ACK, f.pos[dir], nil) }

// lose sends bytes that are not captured, and has them acknowledged.
func (f *flow) lose(dir int, text string) {
	f.pos[dir] += int64(len(text))
	f.ack(1 - dir)
	f.w.wait(time.Second)
}

func (f *flow) close() {
	for dir := range 2 {
		f.segment(dir, packet.FIN|packet.ACK, f.pos[dir], nil)
		f.pos[dir]++
	}
	f.ack(fromClient)
}

// repeat sends block over and over until n bytes were sent. The segments are
// full: a block is repeated inside of them.
func (f *flow) repeat(dir int, block string, n int64) {
	size := max(maxPayload/len(block), 1) * len(block)
	full := make([]byte, 0, size)
	for len(full) < size {
		full = append(full, block...)
	}
	for n > 0 && !f.w.over {
		m := min(n, int64(size))
		f.send(dir, full[:m])
		n -= m
	}
}
