package packet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"twinspect.dev/capture"
)

// records reads the frames of one file format. next returns io.EOF at the end,
// a [*capture.RecordError] for damage behind which it can go on (if only to
// io.EOF), or the error that the file gave.
type records interface {
	next(f *frame) error
	// noted returns the losses that the file says its recorder had.
	noted() map[capture.Reason]uint64
}

// openRecords finds out the format by the first bytes of the stream.
func openRecords(in *stream) (records, error) {
	magic := in.peek(4)
	switch {
	case len(magic) == 0 && in.atEnd():
		return nil, errors.New("the file is empty, not a capture: a capture without frames still has a file header")
	case len(magic) < 4:
		return nil, in.headerCut("magic number", len(magic), 4)
	case binary.LittleEndian.Uint32(magic) == ngSectionHeader:
		return openNg(in)
	}
	if r := openPcap(in); r != nil {
		return r, r.readHeader()
	}
	return nil, fmt.Errorf("unknown magic number %s: want pcap or pcapng, plain or compressed by gzip or zstd%s", hexBytes(magic), hint(magic))
}

// hint names formats that are often taken for captures.
func hint(magic []byte) string {
	switch {
	case bytes.Equal(magic, []byte("snoo")):
		return "; this is a Solaris snoop file: convert it with `editcap -F pcapng`"
	case bytes.Equal(magic, []byte("PK\x03\x04")):
		return "; this is a zip archive: unpack it first"
	case bytes.HasPrefix(magic, []byte("BZh")), bytes.Equal(magic, []byte("\xfd7zX")):
		return "; this is compressed by bzip2 or xz: unpack it first"
	}
	return ""
}

func hexBytes(b []byte) string { return fmt.Sprintf("%x", b) }

// stream is the window on a file with what its readers have in common.
type stream struct {
	*window
	raw *counter
	big bool // numbers are big-endian
}

func (s *stream) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if s.big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (s *stream) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if s.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (s *stream) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if s.big {
		return bits.ReverseBytes64(v)
	}
	return v
}

// headerCut is the error for a file that ends inside of its header.
func (s *stream) headerCut(what string, got, want int) error {
	switch {
	case s.raw.err != nil:
		return fmt.Errorf("read %s: %w", what, s.raw.err)
	case !s.atEnd():
		return fmt.Errorf("unpack %s: %w", what, s.err)
	}
	return fmt.Errorf("the file ends inside of its header: %d of %d bytes of the %s", got, want, what)
}

// end is the error where want bytes of a record were to come and got came. The
// stream ends there.
func (s *stream) end(what string, got, want int) error {
	if s.raw.err != nil {
		return fmt.Errorf("read at offset %d: %w", s.off, s.raw.err)
	}
	at := s.off
	cause := s.err
	if s.atEnd() && got == 0 {
		return io.EOF
	}
	broken := !s.atEnd()
	s.drop()
	if broken {
		return &capture.RecordError{Offset: at, Reason: damagedCompression, Lost: 1,
			Err: fmt.Errorf("unpack: %w; what follows is lost", cause)}
	}
	return &capture.RecordError{Offset: at, Reason: truncatedFile, Lost: 1,
		Err: fmt.Errorf("the file ends inside of a %s: %d of %d bytes", what, got, want)}
}

// damage reports the record at hand as damaged and goes on behind it where a
// record is plausible.
func (s *stream) damage(plausible func() bool, format string, args ...any) error {
	at := s.off
	cause := fmt.Errorf(format, args...)
	skipped, found := s.resync(plausible)
	if found {
		cause = fmt.Errorf("%w; went on %d bytes further", cause, skipped)
	} else {
		s.skipRest()
		cause = fmt.Errorf("%w; no further record found, the rest is lost", cause)
	}
	return &capture.RecordError{Offset: at, Reason: damagedRecord, Lost: 1, Err: cause}
}

// skipRest gives up what is left. An error of the file itself stays.
func (s *stream) skipRest() {
	if s.raw.err == nil {
		s.drop()
	}
}

// damageInside reports a record of known length that cannot be used; the
// caller has gone behind it.
func damageInside(at int64, reason capture.Reason, format string, args ...any) error {
	return &capture.RecordError{Offset: at, Reason: reason, Lost: 1, Err: fmt.Errorf(format, args...)}
}
