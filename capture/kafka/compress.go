package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/kafka-go/compress"
)

// The codecs of a batch (Kafka protocol guide, "Record Batch", attributes).
const (
	codecNone = iota
	codecGzip
	codecSnappy
	codecLZ4
	codecZstd
)

// errOversized says that a batch decompresses to more than is allowed. It is
// found out before the memory is taken.
var errOversized = errors.New("the batch decompresses to more than the limit (MaxBatch)")

// decompressor unpacks the records of batches, to at most limit bytes. It is
// safe for concurrent use.
type decompressor struct {
	limit int
	zstd  *zstd.Decoder
}

func newDecompressor(limit int) (*decompressor, error) {
	// A window needs no more room than what is unpacked; 1 KiB is the least.
	size := uint64(max(limit, 1<<10))
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(size),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &decompressor{limit: limit, zstd: d}, nil
}

func (d *decompressor) close() { d.zstd.Close() }

// unpack returns what b holds, in new memory unless it is not compressed.
func (d *decompressor) unpack(codec int, b []byte) ([]byte, error) {
	switch codec {
	case codecNone:
		if len(b) > d.limit {
			return nil, errOversized
		}
		return b, nil
	case codecGzip, codecLZ4:
		return d.stream(compress.Compression(codec), b)
	case codecSnappy:
		return d.snappy(b)
	case codecZstd:
		return d.frames(b)
	}
	return nil, fmt.Errorf("unknown codec %d", codec)
}

func (d *decompressor) frames(b []byte) ([]byte, error) {
	out, err := d.zstd.DecodeAll(b, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), len(out) > d.limit:
		return nil, errOversized
	case err != nil:
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return out, nil
}

// streamBuffers are for what grows while it is unpacked.
var streamBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (d *decompressor) stream(codec compress.Compression, b []byte) ([]byte, error) {
	buf := streamBuffers.Get().(*bytes.Buffer)
	defer func() {
		buf.Reset()
		streamBuffers.Put(buf)
	}()
	r := codec.Codec().NewReader(bytes.NewReader(b))
	defer func() { _ = r.Close() }()
	n, err := buf.ReadFrom(io.LimitReader(r, int64(d.limit)+1))
	switch {
	case n > int64(d.limit):
		return nil, errOversized
	case err != nil:
		return nil, fmt.Errorf("%s: %w", codec, err)
	}
	return bytes.Clone(buf.Bytes()), nil
}

// xerial begins what snappy-java writes, as all of Kafka's clients do: two
// versions of 4 bytes follow, then blocks, each with its length before it.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

const xerialHeader = 16

func (d *decompressor) snappy(b []byte) ([]byte, error) {
	if len(b) < xerialHeader || !bytes.HasPrefix(b, xerial) {
		return d.snappyBlock(nil, b)
	}
	var out []byte
	for b = b[xerialHeader:]; len(b) > 0; {
		if len(b) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if b = b[4:]; n > uint64(len(b)) {
			return nil, io.ErrUnexpectedEOF
		}
		var err error
		if out, err = d.snappyBlock(out, b[:n]); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return out, nil
}

func (d *decompressor) snappyBlock(out, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	if err != nil {
		return nil, fmt.Errorf("snappy: %w", err)
	}
	if n > d.limit-len(out) {
		return nil, errOversized
	}
	// Compression is at most 64 bytes for 3 (format description of snappy, 2.2).
	if n > 32*len(block) {
		return nil, fmt.Errorf("snappy: %d bytes cannot hold %d", len(block), n)
	}
	decoded, err := snappy.Decode(nil, block)
	if err != nil {
		return nil, fmt.Errorf("snappy: %w", err)
	}
	return append(out, decoded...), nil
}
