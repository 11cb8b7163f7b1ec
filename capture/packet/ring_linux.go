package packet

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// blockSize holds the longest frame four times; the kernel fills block
	// after block and gives each one over as a whole.
	blockSize = 1 << 20
	// ringFrame is only an alignment with TPACKET_V3.
	ringFrame = 1 << 11
	// retireAfter is how long the kernel may keep a block that is not full. It
	// is the most by which a live segment is late.
	retireAfter = 50 * time.Millisecond
)

// ring is the memory that the kernel and the process share by TPACKET_V3
// (Documentation/networking/packet_mmap.rst).
type ring struct {
	mem  []byte
	at   int // the block to read
	held bool
	left uint32 // packets of the block that are not read
	pos  int    // the next one in mem
}

// received is a packet in the ring; data is valid until the next one is read.
type received struct {
	time     time.Time
	data     []byte
	wire     int
	vlan     uint16
	protocol uint16
}

func openRing(fd, size int) (*ring, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, fmt.Errorf("ask for TPACKET_V3 (Linux 3.2 or later): %w", err)
	}
	blocks := max((size+blockSize-1)/blockSize, 2)
	req := unix.TpacketReq3{
		Block_size: blockSize, Block_nr: uint32(blocks),
		Frame_size: ringFrame, Frame_nr: uint32(blocks * (blockSize / ringFrame)),
		Retire_blk_tov: uint32(retireAfter / time.Millisecond),
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, fmt.Errorf("ask for a ring of %d MiB (a smaller ring may help): %w", blocks, err)
	}
	mem, err := unix.Mmap(fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map a ring of %d MiB: %w", blocks, err)
	}
	return &ring{mem: mem}, nil
}

func (r *ring) close() error { return unix.Munmap(r.mem) }

// status is the word by which a block changes hands.
func (r *ring) status() *uint32 {
	const offset = int(unsafe.Offsetof(unix.TpacketBlockDesc{}.Hdr) + unsafe.Offsetof(unix.TpacketHdrV1{}.Block_status))
	return (*uint32)(unsafe.Pointer(&r.mem[r.at*blockSize+offset]))
}

// next fills p with the next packet and reports whether there is one. Calling
// it gives the block of the packet before back to the kernel.
func (r *ring) next(p *received) bool {
	for r.left == 0 {
		if r.held {
			atomic.StoreUint32(r.status(), unix.TP_STATUS_KERNEL)
			r.held = false
			r.at = (r.at + 1) % (len(r.mem) / blockSize)
		}
		if atomic.LoadUint32(r.status())&unix.TP_STATUS_USER == 0 {
			return false
		}
		desc := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.mem[r.at*blockSize]))
		head := (*unix.TpacketHdrV1)(unsafe.Pointer(&desc.Hdr))
		r.held = true
		r.left = head.Num_pkts
		r.pos = r.at*blockSize + int(head.Offset_to_first_pkt)
	}
	r.read(p)
	return true
}

func (r *ring) read(p *received) {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.pos]))
	// The address stands behind the header, both aligned to 16 bytes.
	const addressAt = (int(unsafe.Sizeof(unix.Tpacket3Hdr{})) + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[r.pos+addressAt]))
	start := r.pos + int(h.Mac)
	*p = received{
		time:     time.Unix(int64(h.Sec), int64(h.Nsec)).UTC(),
		data:     r.mem[start : start+int(h.Snaplen)],
		wire:     int(h.Len),
		protocol: networkOrder(from.Protocol),
	}
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		p.vlan = uint16(h.Hv1.Vlan_tci)
	}
	r.left--
	r.pos += int(h.Next_offset)
}

// networkOrder exchanges the bytes of v between the order of the network and
// that of the machine.
func networkOrder(v uint16) uint16 {
	return binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v))
}
