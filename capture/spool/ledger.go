package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"slices"

	"twinspect.dev/capture"
)

// ledger keeps a tally in a file. Two slots are written in turn, each with a
// number and a checksum: whatever a crash cut, the other slot holds the tally
// before. The file is mapped, so that a record costs no system call and the
// kernel holds it when the process is killed; where it cannot be mapped it is
// written. It is not safe for concurrent use.
type ledger struct {
	file   *os.File
	out    writerAtCloser
	number uint64
	buf    []byte
	// tail is the encoded form of the reasons, of tailSum drops.
	tail    []byte
	tailSum uint64
}

type writerAtCloser interface {
	io.WriterAt
	io.Closer
}

const (
	ledgerMagic = "twspool1"
	// slotSize is a page: a slot is at most 64 + 32*73 bytes.
	slotSize   = 4096
	ledgerSize = 2 * slotSize
	// slotFixed is the magic, the length, the checksum and six numbers.
	slotFixed = len(ledgerMagic) + 4 + 4 + 6*8
)

var (
	errNoLedger  = errors.New("there is no ledger")
	errBadLedger = errors.New("the ledger is torn or foreign")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

// openLedger opens the ledger at path and returns what it holds. The error
// beside a ledger is errNoLedger or errBadLedger; it then begins anew.
func openLedger(path string) (*ledger, tally, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, tally{}, fmt.Errorf("open ledger: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, ledgerSize))
	if err != nil {
		return nil, tally{}, errors.Join(fmt.Errorf("read ledger: %w", err), f.Close())
	}
	l := &ledger{file: f}
	t, number, bad := decodeLedger(b)
	l.number = number
	if len(b) < ledgerSize {
		// Written, not only sized: a mapped page without a block on the disk
		// would end the process when the disk is full.
		b = append(b, make([]byte, ledgerSize-len(b))...)
		if _, err := f.WriteAt(b, 0); err != nil {
			return nil, tally{}, errors.Join(fmt.Errorf("write ledger: %w", err), f.Close())
		}
	}
	l.out = f
	if m, err := mapFile(f, ledgerSize); err == nil {
		l.out = m
	}
	return l, t, bad
}

// store writes the tally. Its error is the disk's, and never one of a mapped
// file.
func (l *ledger) store(t *tally) error {
	l.number++
	if sum := t.lost(); sum != l.tailSum {
		l.tail, l.tailSum = appendReasons(l.tail[:0], t.dropped), sum
	}
	l.buf = appendSlot(l.buf[:0], l.number, t, l.tail)
	_, err := l.out.WriteAt(l.buf, int64(l.number%2)*slotSize)
	return err
}

func (l *ledger) close() error {
	if l.out == writerAtCloser(l.file) {
		return l.file.Close()
	}
	return errors.Join(l.out.Close(), l.file.Close())
}

// appendSlot writes the length of the whole slot and a checksum of what follows
// that.
func appendSlot(b []byte, number uint64, t *tally, reasons []byte) []byte {
	start := len(b)
	b = append(b, ledgerMagic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(slotFixed+len(reasons)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, n := range [...]uint64{number, t.seen, t.written, t.spooled, t.head.seq, t.head.pos} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	b = append(b, reasons...)
	at := start + len(ledgerMagic)
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(b[at+8:], castagnoli))
	return b
}

// appendReasons writes a length, the name and the count for each.
func appendReasons(b []byte, dropped map[capture.Reason]uint64) []byte {
	for _, r := range slices.Sorted(maps.Keys(dropped)) {
		b = append(b, byte(len(r)))
		b = append(b, r...)
		b = binary.LittleEndian.AppendUint64(b, dropped[r])
	}
	return b
}

// decodeLedger returns the newer of the slots and its number.
func decodeLedger(b []byte) (tally, uint64, error) {
	var best tally
	var newest uint64
	found := false
	for at := 0; at < len(b); at += slotSize {
		t, number, ok := decodeSlot(b[at:min(at+slotSize, len(b))])
		if ok && (!found || number > newest) {
			best, newest, found = t, number, true
		}
	}
	switch {
	case found:
		return best, newest, nil
	case len(b) == 0:
		return tally{}, 0, errNoLedger
	}
	return tally{}, 0, errBadLedger
}

func decodeSlot(b []byte) (t tally, number uint64, ok bool) {
	if len(b) < slotFixed || string(b[:len(ledgerMagic)]) != ledgerMagic {
		return t, 0, false
	}
	n := binary.LittleEndian.Uint32(b[8:])
	if int64(n) < int64(slotFixed) || int64(n) > int64(len(b)) {
		return t, 0, false
	}
	if binary.LittleEndian.Uint32(b[12:]) != crc32.Checksum(b[16:n], castagnoli) {
		return t, 0, false
	}
	for i, v := range []*uint64{&number, &t.seen, &t.written, &t.spooled, &t.head.seq, &t.head.pos} {
		*v = binary.LittleEndian.Uint64(b[16+8*i:])
	}
	ok = t.takeReasons(b[slotFixed:n]) && t.plausible()
	return t, number, ok
}

func (t *tally) takeReasons(b []byte) bool {
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+8 {
			return false
		}
		t.drop(capture.Reason(b[1:1+n]), binary.LittleEndian.Uint64(b[1+n:]))
		b = b[1+n+8:]
	}
	return true
}

// plausible reports whether no more was written, dropped and spooled than seen,
// without overflow, and the folder's place can have a name.
func (t *tally) plausible() bool {
	rest := t.seen
	if t.head.seq > maxSeq {
		return false
	}
	for _, n := range append(slices.Collect(maps.Values(t.dropped)), t.written, t.spooled) {
		if n > rest {
			return false
		}
		rest -= n
	}
	return true
}
