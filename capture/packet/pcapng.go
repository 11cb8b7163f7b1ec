package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"twinspect.dev/capture"
)

// The block types of pcapng that are read (draft-ietf-opsawg-pcapng section 4).
const (
	ngInterface     = 0x00000001
	ngPacket        = 0x00000002 // obsolete
	ngSimplePacket  = 0x00000003
	ngNames         = 0x00000004
	ngStatistics    = 0x00000005
	ngEnhanced      = 0x00000006
	ngSectionHeader = 0x0a0d0d0a
	ngByteOrder     = 0x1a2b3c4d
)

const (
	// maxBlock bounds the blocks that are read as a whole: the longest frame
	// and as much again for its options.
	maxBlock = 2 * maxFrame
	// maxSkippedBlock bounds the blocks that are passed over (names, secrets,
	// custom blocks); a longer one is damage.
	maxSkippedBlock = 64 << 20
	// maxInterfaces bounds the memory of one section. Linux allows as many
	// devices in a network namespace as their names of 15 bytes tell apart;
	// clusters have thousands.
	maxInterfaces = 1 << 16
)

var errBlockCut = errors.New("shorter than its type needs")

// ngReader reads pcapng.
//
// gopacket's pcapgo.NgReader is not used: it panics on options shorter than
// their type (if_tsoffset, if_tsresol, if_filter) and on a resolution of 2^-64,
// wraps around on block lengths below 8, does not compare the two lengths of a
// block, and ends at the first damage.
type ngReader struct {
	*stream
	ifaces []ngIface
	// past holds the recorder's losses in the sections before this one.
	past map[capture.Reason]uint64
}

func openNg(in *stream) (*ngReader, error) {
	r := &ngReader{stream: in, past: map[capture.Reason]uint64{}}
	h := r.peek(12)
	if len(h) < 12 {
		return nil, r.headerCut("section header", len(h), 12)
	}
	if !r.setOrder(h) {
		return nil, errors.New("pcapng section header without a byte order: want 1a2b3c4d at offset 8, have " + hexBytes(h[8:12]))
	}
	size := r.u32(h[4:])
	if size > maxBlock {
		return nil, fmt.Errorf("a pcapng section header says that it is %d bytes long", size)
	}
	if b := r.peek(int(size)); len(b) < int(size) {
		return nil, r.headerCut("section header", len(b), int(size))
	}
	return r, nil
}

// setOrder takes the byte order from a section header.
func (r *ngReader) setOrder(h []byte) bool {
	switch uint32(ngByteOrder) {
	case binary.LittleEndian.Uint32(h[8:]):
		r.big = false
	case binary.BigEndian.Uint32(h[8:]):
		r.big = true
	default:
		return false
	}
	return true
}

func (r *ngReader) noted() map[capture.Reason]uint64 {
	sum := maps.Clone(r.past)
	for _, i := range r.ifaces {
		sum[recorderInterfaceDrop] += i.ifDrop
		sum[recorderKernelDrop] += i.osDrop
	}
	return sum
}

func (r *ngReader) next(f *frame) error {
	for {
		h := r.peek(12)
		if len(h) < 12 {
			return r.end("block header", len(h), 12)
		}
		kind := r.u32(h)
		if kind == ngSectionHeader && !r.setOrder(h) {
			return r.damage(r.plausible, "a section header has no byte order")
		}
		size := r.u32(h[4:])
		if size < 12 || size%4 != 0 || size > maxSize(kind) {
			return r.damage(r.plausible, "a block of type %#x says that it is %d bytes long", kind, size)
		}
		if !isRead(kind) {
			if err := r.pass(int64(size)); err != nil {
				return err
			}
			continue
		}
		b := r.peek(int(size))
		if len(b) < int(size) {
			if r.atEnd() && !r.likely(kind, size, b) {
				return r.damage(r.plausible, "a block of type %#x says that it is %d bytes long, beyond the end of the file", kind, size)
			}
			return r.end("block", len(b), int(size))
		}
		if tail := r.u32(b[size-4:]); tail != size {
			return r.damage(r.plausible, "a block of type %#x says at its start that it is %d bytes long, and %d at its end", kind, size, tail)
		}
		at := r.off
		r.take(int(size))
		if done, err := r.block(kind, b[8:size-4], at, f); done || err != nil {
			return err
		}
	}
}

// likely reports whether the length of a block fits to what is in it, as far as
// that was read: the file was cut then, and else the length is damaged.
func (r *ngReader) likely(kind, size uint32, b []byte) bool {
	const usualOptions = 4 << 10
	switch {
	case kind != ngEnhanced && kind != ngPacket:
		return size <= usualOptions || kind == ngSimplePacket
	case len(b) < 24:
		return true
	}
	captured := r.u32(b[20:])
	return captured < size && size-captured <= usualOptions
}

func isRead(kind uint32) bool {
	switch kind {
	case ngInterface, ngPacket, ngSimplePacket, ngStatistics, ngEnhanced, ngSectionHeader:
		return true
	}
	return false
}

func maxSize(kind uint32) uint32 {
	if isRead(kind) {
		return maxBlock
	}
	return maxSkippedBlock
}

// pass goes behind a block that is not read.
func (r *ngReader) pass(size int64) error {
	if got := r.skip(size); got < size {
		return r.end("block", int(got), int(size))
	}
	return nil
}

// block reads the body of one block. It reports whether f holds a frame.
func (r *ngReader) block(kind uint32, body []byte, at int64, f *frame) (bool, error) {
	var err error
	switch kind {
	case ngEnhanced:
		return r.enhanced(body, at, f)
	case ngSimplePacket:
		return r.simple(body, at, f)
	case ngPacket:
		return r.obsolete(body, at, f)
	case ngSectionHeader:
		r.past = r.noted()
		r.ifaces = nil
	case ngInterface:
		err = r.describe(body)
	case ngStatistics:
		err = r.statistics(body)
	}
	if err != nil {
		return false, damageInside(at, damagedRecord, "a block of type %#x: %w", kind, err)
	}
	return false, nil
}

func (r *ngReader) enhanced(b []byte, at int64, f *frame) (bool, error) {
	if len(b) < 20 {
		return false, damageInside(at, damagedRecord, "a packet block: %w", errBlockCut)
	}
	ticks := uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:]))
	return r.packet(r.u32(b), ticks, r.u32(b[12:]), r.u32(b[16:]), b[20:], at, f)
}

// obsolete reads a Packet Block (appendix A): the interface has 16 bits, a
// count of drops the others.
func (r *ngReader) obsolete(b []byte, at int64, f *frame) (bool, error) {
	if len(b) < 20 {
		return false, damageInside(at, damagedRecord, "a packet block: %w", errBlockCut)
	}
	ticks := uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:]))
	return r.packet(uint32(r.u16(b)), ticks, r.u32(b[12:]), r.u32(b[16:]), b[20:], at, f)
}

// simple reads a Simple Packet Block, which has no time and belongs to the
// first interface; the interface's snap length tells what was captured.
func (r *ngReader) simple(b []byte, at int64, f *frame) (bool, error) {
	if len(b) < 4 {
		return false, damageInside(at, damagedRecord, "a simple packet block: %w", errBlockCut)
	}
	if len(r.ifaces) == 0 {
		return false, damageInside(at, unknownInterface, "a simple packet block before any interface")
	}
	wire := r.u32(b)
	captured := min(wire, uint32(len(b)-4))
	if snap := r.ifaces[0].snapLen; snap > 0 {
		captured = min(captured, snap)
	}
	*f = frame{link: r.ifaces[0].link, data: b[4 : 4+captured], wire: int(captured)}
	if wire <= maxFrame {
		f.wire = int(wire)
	}
	return true, nil
}

func (r *ngReader) packet(iface uint32, ticks uint64, captured, wire uint32, b []byte, at int64, f *frame) (bool, error) {
	if iface >= uint32(len(r.ifaces)) {
		return false, damageInside(at, unknownInterface, "a packet block names interface %d, the section has %d", iface, len(r.ifaces))
	}
	if captured > uint32(len(b)) || captured > maxFrame {
		return false, damageInside(at, damagedRecord, "a packet block says that it holds %d bytes of a frame, there is room for %d", captured, min(len(b), maxFrame))
	}
	i := &r.ifaces[iface]
	f.time = i.clock.time(ticks)
	f.link = i.link
	f.data = b[:captured]
	f.wire = len(f.data)
	if wire <= maxFrame {
		f.wire = max(f.wire, int(wire))
	}
	return true, nil
}

// plausible reports whether a block of a known type follows here whose two
// lengths agree. A section header brings its own byte order.
func (r *ngReader) plausible() bool {
	h := r.peek(12)
	if len(h) < 12 {
		return false
	}
	kind := r.u32(h)
	if !isRead(kind) && kind != ngNames {
		return false
	}
	big := r.big
	if kind == ngSectionHeader && !r.setOrder(h) {
		return false
	}
	size := r.u32(h[4:])
	if size < 12 || size%4 != 0 || size > maxBlock {
		r.big = big
		return false
	}
	b := r.peek(int(size))
	ok := len(b) == int(size) && r.u32(b[size-4:]) == size
	if !ok {
		r.big = big
	}
	return ok
}

// describe adds an interface. One that cannot be read is added all the same,
// so that those behind it keep their numbers.
func (r *ngReader) describe(b []byte) error {
	if len(r.ifaces) == maxInterfaces {
		return errors.New("more interfaces than are believed")
	}
	i, err := parseInterface(r.stream, b)
	r.ifaces = append(r.ifaces, i)
	return err
}

func (r *ngReader) statistics(b []byte) error {
	if len(b) < 12 {
		return errBlockCut
	}
	iface := r.u32(b)
	if iface >= uint32(len(r.ifaces)) {
		return errors.New("statistics of an interface that the section does not have")
	}
	return r.ifaces[iface].count(r.stream, b[12:])
}
