package packet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	gzipMagic = []byte{0x1f, 0x8b}             // RFC 1952 section 2.3.1
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 section 3.1.1
)

// maxZstdWindow is the window that the zstd tool itself takes without being
// asked to (--long=27); it bounds the memory that a file can demand.
const maxZstdWindow = 128 << 20

// input is the stream of a file after decompression.
type input struct {
	raw   counter
	total int64
	plain io.Reader
	close func()
}

// counter counts the bytes read from a file and keeps the error of the file
// itself apart from that of its decompression.
type counter struct {
	src io.Reader
	n   atomic.Int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// openInput finds out by its first bytes how r is compressed.
func openInput(r io.Reader) (*input, error) {
	in := &input{raw: counter{src: r}, total: sizeOf(r), close: func() {}}
	// The window above reads as much at once as it can take; this buffer
	// serves the decompressors, which read in small steps.
	buffered := bufio.NewReaderSize(&in.raw, 64<<10)
	magic, err := buffered.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read: %w", err)
	}
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", err)
		}
		in.plain = z
	case bytes.HasPrefix(magic, zstdMagic):
		// One goroutine decodes in step with the reader: the stream may be
		// left at any point without leaving goroutines behind.
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, fmt.Errorf("open zstd: %w", err)
		}
		in.plain, in.close = z, z.Close
	default:
		in.plain = buffered
	}
	return in, nil
}

// sizeOf returns the length of a regular file or of bytes in memory, else -1.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	case interface{ Size() int64 }:
		return r.Size()
	}
	return -1
}
