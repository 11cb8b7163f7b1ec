package trace

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
)

// framing says how messages stand behind each other.
type framing uint8

const (
	// single: the fields of one message. Messages behind each other are one, as
	// protobuf defines; its resource_spans are read one after the other.
	single framing = iota
	varintLength
	// fixedLength: 4 bytes, big-endian, before each, as the collector's file
	// exporter writes protobuf and what it compresses.
	fixedLength
)

// spansTag is that of TracesData.resource_spans, which any message begins with.
const spansTag = 1<<3 | byte(protowire.BytesType)

// framingOf tells by the first bytes. A length of 10 looks like the tag, but no
// message that holds a span is as short; a fixed length begins with 0 up to 16 MiB.
func framingOf(head []byte) framing {
	switch {
	case head[0] == spansTag:
		return single
	case head[0] <= 3 && len(head) == 5 && startsMessage(head[4:]):
		return fixedLength
	}
	return varintLength
}

// startsMessage reports whether b begins what a fixed length stands before.
func startsMessage(b []byte) bool {
	return b[0] == spansTag || b[0] == '{' || b[0] == zstdMagic[0]
}

type protoDecoder struct {
	in      *bufio.Reader
	framing framing
	max     int
	off     int64
	buf     bytes.Buffer
	ended   bool
}

func newProtoDecoder(in *bufio.Reader, f framing, limit int) *protoDecoder {
	return &protoDecoder{in: in, framing: f, max: limit}
}

func (d *protoDecoder) offset() int64 { return d.off }

func (d *protoDecoder) next(b *batch) error {
	if d.ended {
		return io.EOF
	}
	start := d.off
	size, err := d.length()
	if err != nil {
		d.ended = true
		if errors.Is(err, io.EOF) && d.off == start {
			return io.EOF
		}
		return lostAt(start, err)
	}
	if size > uint64(d.max) {
		return d.pass(start, size)
	}
	d.buf.Reset()
	n, err := io.CopyN(&d.buf, d.in, int64(size)) // grows with what is there, not with what is said
	d.off += n
	if err != nil {
		d.ended = true
		return lostAt(start, err)
	}
	if err := d.decode(b, d.buf.Bytes()); err != nil {
		return malformedAt(start, err)
	}
	return nil
}

// lostAt is the error of the record at an offset.
func lostAt(off int64, err error) *capture.RecordError {
	reason := ReasonMalformed
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		reason, err = ReasonCut, io.ErrUnexpectedEOF
	case errors.Is(err, errTooLarge):
		reason = ReasonTooLarge
	}
	return &capture.RecordError{Offset: off, Reason: reason, Lost: 1, Err: err}
}

// malformedAt is the error of a record that is there whole: an end that came too
// soon lies inside it.
func malformedAt(off int64, err error) *capture.RecordError {
	e := lostAt(off, err)
	if e.Reason == ReasonCut {
		e.Reason, e.Err = ReasonMalformed, err
	}
	return e
}

var errTooLarge = errors.New("record is longer than the limit")

// pass leaves out a record that is too long.
func (d *protoDecoder) pass(start int64, size uint64) error {
	const most = 1 << 40 // a longer one is no length; what follows cannot be found
	if size > most {
		d.ended = true
		return lostAt(start, fmt.Errorf("length of %d bytes", size))
	}
	n, err := io.CopyN(io.Discard, d.in, int64(size))
	d.off += n
	if err != nil {
		d.ended = true
		return lostAt(start, err)
	}
	return lostAt(start, fmt.Errorf("%w: %d of %d bytes", errTooLarge, size, d.max))
}

// length reads what stands before a record.
func (d *protoDecoder) length() (uint64, error) {
	switch d.framing {
	case fixedLength:
		var b [4]byte
		n, err := io.ReadFull(d.in, b[:])
		d.off += int64(n)
		return uint64(binary.BigEndian.Uint32(b[:])), err
	case single:
		tag, err := d.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if d.off++; tag != spansTag {
			return 0, fmt.Errorf("not OTLP: field %d of wire type %d at the top", tag>>3, tag&7)
		}
	}
	return binary.ReadUvarint(counted{d})
}

// counted counts the bytes of a varint.
type counted struct{ d *protoDecoder }

func (c counted) ReadByte() (byte, error) {
	b, err := c.d.in.ReadByte()
	if err == nil {
		c.d.off++
	}
	return b, err
}

// decode reads one record.
func (d *protoDecoder) decode(b *batch, raw []byte) error {
	if d.framing == single {
		return b.resourceSpans(raw)
	}
	if d.framing == fixedLength && bytes.HasPrefix(raw, zstdMagic) {
		var err error
		if raw, err = d.inflate(raw); err != nil {
			return err
		}
	}
	if d.framing == fixedLength && len(raw) > 0 && raw[0] == '{' {
		return b.otlpJSON(raw)
	}
	return b.tracesData(raw)
}

func (d *protoDecoder) inflate(raw []byte) ([]byte, error) {
	z, err := newZstd(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	plain, err := io.ReadAll(io.LimitReader(z, int64(d.max)+1))
	if err == nil && len(plain) > d.max {
		err = errTooLarge
	}
	return plain, err
}
