package packet

import (
	"fmt"
	"time"

	"twinspect.dev/capture"
)

// Sizes of the headers of pcap (draft-ietf-opsawg-pcap sections 4 and 5).
const (
	pcapHeaderSize = 24
	pcapRecordSize = 16
)

const (
	pcapMicroseconds = 0xa1b2c3d4
	pcapNanoseconds  = 0xa1b23c4d
)

// resyncSeconds is how far the time of a record may lie from that of the first
// or the last good one to be believed behind damage. It keeps the reader from
// taking up a capture that is carried inside of a frame of this one.
const resyncSeconds = 7 * 24 * 3600

// pcapReader reads pcap.
//
// gopacket's pcapgo.Reader is not used: it stops at a record longer than the
// snap length in the header, which many writers do not keep to, allocates what
// a damaged header asks for, up to 4 GiB, and its copies make reading alone
// cost 4 times what reading and decoding cost here (413 to 117 ns a frame,
// BenchmarkPcapgo and BenchmarkFile).
type pcapReader struct {
	*stream
	link    linkType
	nano    bool
	swapped bool // the two lengths may be exchanged (version 2.3 and before)
	// The times of the first and last good records; started once there is one.
	firstSec, lastSec uint32
	started           bool
}

// openPcap returns nil where the magic number is not one of pcap.
func openPcap(in *stream) *pcapReader {
	r := &pcapReader{stream: in}
	for _, big := range []bool{false, true} {
		r.big = big
		switch r.u32(in.peek(4)) {
		case pcapMicroseconds:
			return r
		case pcapNanoseconds:
			r.nano = true
			return r
		}
	}
	return nil
}

func (r *pcapReader) readHeader() error {
	h := r.peek(pcapHeaderSize)
	if len(h) < pcapHeaderSize {
		return r.headerCut("pcap header", len(h), pcapHeaderSize)
	}
	major, minor := r.u16(h[4:]), r.u16(h[6:])
	if major != 2 {
		return fmt.Errorf("pcap version %d.%d: want 2.x", major, minor)
	}
	r.swapped = minor <= 3
	// The upper half holds the length of the frame check sequence, which the
	// length in the IP header trims.
	r.link = linkType(r.u32(h[20:]) & 0xffff)
	r.take(pcapHeaderSize)
	return nil
}

func (r *pcapReader) noted() map[capture.Reason]uint64 { return nil }

// lengths returns the captured length and that on the wire.
func (r *pcapReader) lengths(h []byte) (captured, wire uint32) {
	captured, wire = r.u32(h[8:]), r.u32(h[12:])
	if r.swapped && captured > wire {
		return wire, captured
	}
	return captured, wire
}

func (r *pcapReader) next(f *frame) error {
	h := r.peek(pcapRecordSize)
	if len(h) < pcapRecordSize {
		return r.end("record header", len(h), pcapRecordSize)
	}
	captured, wire := r.lengths(h)
	if captured > maxFrame {
		return r.damage(r.plausible, "a record says that it holds %d bytes of a frame of %d, more than the longest frame (%d)", captured, wire, maxFrame)
	}
	sec, sub := r.u32(h), r.u32(h[4:])
	size := pcapRecordSize + int(captured)
	sound := r.soundHeader(h)
	if !sound && !r.goesOn(sec, size) {
		return r.damage(r.plausible, "a record header is unsound (%d bytes of a frame of %d, %d parts of a second), and no record follows it", captured, wire, sub)
	}
	b := r.peek(size)
	if len(b) < size {
		return r.end("record", len(b), size)
	}
	r.take(size)
	if sound {
		r.keepTime(sec)
	}
	if !r.nano {
		f.time = time.Unix(int64(sec), int64(sub)*1000).UTC()
	} else {
		f.time = time.Unix(int64(sec), int64(sub)).UTC()
	}
	f.link = r.link
	f.data = b[pcapRecordSize:]
	// Some writers give a wire length below the captured one; a wire length
	// beyond belief would make a payload of gigabytes go missing.
	f.wire = len(f.data)
	if wire <= maxFrame {
		f.wire = max(f.wire, int(wire))
	}
	return nil
}

// plausible reports whether two records follow here, or one and the end.
func (r *pcapReader) plausible() bool {
	h := r.peek(pcapRecordSize)
	if !r.plausibleHeader(h) {
		return false
	}
	captured, _ := r.lengths(h)
	size := pcapRecordSize + int(captured)
	b := r.peek(size + pcapRecordSize)
	if len(b) <= size {
		return len(b) == size
	}
	return r.plausibleHeader(b[size:])
}

func (r *pcapReader) plausibleHeader(h []byte) bool {
	if len(h) < pcapRecordSize || !r.soundHeader(h) {
		return false
	}
	sec := r.u32(h)
	return !r.started || near(sec, r.lastSec) || near(sec, r.firstSec)
}

// soundHeader reports whether a record header has the form of a good one.
// Writers exist that do not keep to it, so that an unsound record is damage
// only where no other follows it.
func (r *pcapReader) soundHeader(h []byte) bool {
	subLimit := uint32(1e6)
	if r.nano {
		subLimit = 1e9
	}
	captured, wire := r.lengths(h)
	return captured > 0 && captured <= wire && wire <= maxFrame && r.u32(h[4:]) < subLimit
}

// goesOn reports whether behind size bytes the file ends or a record of about
// the same time begins.
func (r *pcapReader) goesOn(sec uint32, size int) bool {
	b := r.peek(size + pcapRecordSize)
	if len(b) < size+pcapRecordSize {
		return len(b) >= size
	}
	captured, _ := r.lengths(b[size:])
	return captured <= maxFrame && near(r.u32(b[size:]), sec)
}

func (r *pcapReader) keepTime(sec uint32) {
	if !r.started {
		r.firstSec, r.started = sec, true
	}
	r.lastSec = sec
}

func near(a, b uint32) bool {
	apart := int64(a) - int64(b)
	return apart > -resyncSeconds && apart < resyncSeconds
}
