package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture/internal/interrupt"
)

// The magic numbers of zstd (RFC 8878 sections 3.1.1 and 3.1.2). The low half
// of the first byte of a skippable frame is free.
var (
	zstdMagic      = []byte{0x28, 0xb5, 0x2f, 0xfd}
	skippableMagic = []byte{0x50, 0x2a, 0x4d, 0x18}
)

// maxBlock is the largest content of a zstd block (RFC 8878 section 3.1.1.2.4).
const maxBlock = 128 << 10

var (
	errCut      = errors.New("the file ends inside a frame")
	errNoFrame  = errors.New("no zstd frame begins here")
	errBadBlock = errors.New("damaged zstd frame")
)

// frame is one zstd frame as it stands in the file.
type frame struct {
	offset int64
	// data is good until the next frame is asked for.
	data []byte
	// cut says that the file ends inside the frame.
	cut bool
	// aligned says that another frame or the end of the file follows. Where it
	// is not, either this frame's lengths are damaged or the next one's magic.
	aligned bool
}

// frames finds the zstd frames of a file by the lengths of their blocks,
// without decompressing them.
type frames struct {
	in io.Reader
	// buf[at:] are the bytes from offset on that were read.
	buf    []byte
	at     int
	offset int64
	eof    bool
	// strict makes a cut frame an error.
	strict bool
	// blocks and reached tell how far the last walk got.
	blocks, reached int
	// max is the size that a frame may have, compressed or not.
	max int
}

// next returns the next frame, or io.EOF. An error that is errNoFrame or
// errBadBlock leaves the place unchanged: resync goes on from there.
func (f *frames) next() (frame, error) {
	for {
		head, err := f.peek(8)
		if err != nil {
			return frame{}, err
		}
		if len(head) == 0 {
			return frame{}, io.EOF
		}
		if isSkippable(head) {
			if err := f.skip(head); err != nil {
				return frame{}, err
			}
			continue
		}
		if !bytes.HasPrefix(head, zstdMagic[:min(4, len(head))]) {
			return frame{}, fmt.Errorf("%w: found % x", errNoFrame, head[:min(4, len(head))])
		}
		return f.take()
	}
}

// isSkippable reports whether a skippable frame begins with head; less than a
// magic number of it is enough, at the end of a file.
func isSkippable(head []byte) bool {
	n := min(len(head), len(skippableMagic))
	return n > 0 && head[0]&0xf0 == skippableMagic[0] && bytes.Equal(head[1:n], skippableMagic[1:n])
}

// skip passes over a skippable frame, such as the index. One that is cut ends
// the file: it holds no records.
func (f *frames) skip(head []byte) error {
	if len(head) < 8 {
		f.advance(len(head))
		return f.cutSkippable()
	}
	for n := 8 + int64(binary.LittleEndian.Uint32(head[4:])); n > 0; {
		have, err := f.peek(1)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			return f.cutSkippable()
		}
		step := min(n, int64(len(f.buf)-f.at))
		f.advance(int(step))
		n -= step
	}
	return nil
}

func (f *frames) cutSkippable() error {
	if f.strict {
		return errCut
	}
	return nil
}

// take returns the frame that begins here. Where it seems cut, but a series of
// whole frames inside it leads to the very end of the file, the file is not cut:
// a length in this frame is damaged.
func (f *frames) take() (frame, error) {
	n, err := f.walk()
	cut := errors.Is(err, errCut)
	if cut && !f.strict && f.continues() {
		return frame{}, errBadBlock
	}
	if err != nil && (!cut || f.strict) {
		return frame{}, err
	}
	if cut {
		n = len(f.buf) - f.at
	}
	next, err := f.peek(n + 4)
	if err != nil {
		return frame{}, err
	}
	next = next[n:]
	taken := frame{offset: f.offset, data: f.buf[f.at : f.at+n], cut: cut}
	taken.aligned = len(next) == 0 || isSkippable(next) || bytes.HasPrefix(next, zstdMagic)
	f.advance(n)
	return taken, nil
}

// giveBack makes the frame just taken the one that is next again, so that
// resync looks for another inside of it.
func (f *frames) giveBack(taken frame) { f.advance(-len(taken.data)) }

// walk returns the length of the frame that begins here, reading as far as its
// end. The error is errCut, errBadBlock, or that of the file.
func (f *frames) walk() (int, error) {
	f.blocks, f.reached = 0, 0
	b, err := f.peek(zstd.HeaderMaxSize)
	if err != nil {
		return 0, err
	}
	var h zstd.Header
	if err := h.Decode(b); errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errCut
	} else if err != nil {
		return 0, fmt.Errorf("%w: %w", errBadBlock, err)
	}
	if h.HasFCS && h.FrameContentSize > uint64(f.max) {
		return 0, fmt.Errorf("%w: it claims %d bytes, the limit is %d", errBadBlock, h.FrameContentSize, f.max)
	}
	n := h.HeaderSize
	for last := false; !last; f.blocks++ {
		if b, err = f.peek(n + 3); err != nil {
			return 0, err
		}
		if len(b) < n+3 {
			return 0, errCut
		}
		var size int
		if last, size, err = blockHeader(b[n:]); err != nil {
			return 0, err
		}
		f.reached = n
		if n += 3 + size; n > f.max {
			return 0, fmt.Errorf("%w: longer than the limit of %d bytes", errBadBlock, f.max)
		}
	}
	if h.HasFCS && h.FrameContentSize > uint64(f.blocks)*maxBlock {
		return 0, fmt.Errorf("%w: it claims %d bytes in %d blocks", errBadBlock, h.FrameContentSize, f.blocks)
	}
	if h.HasCheckSum {
		n += 4
	}
	if b, err = f.peek(n); err == nil && len(b) < n {
		err = errCut
	}
	return n, err
}

// blockHeader reads the header of a block (RFC 8878 section 3.1.1.2): whether
// it is the last, and how many bytes of content follow.
func blockHeader(b []byte) (last bool, size int, err error) {
	header := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	kind := header >> 1 & 3
	size = header >> 3
	if kind == 3 || size > maxBlock {
		return false, 0, fmt.Errorf("%w: impossible block", errBadBlock)
	}
	if kind == 1 { // one byte, repeated size times
		size = 1
	}
	return header&1 == 1, size, nil
}

// continuations bounds how many places [frames.continues] tries, so that its
// time stays linear in the size of what is left of the file.
const continuations = 64

// continues reports whether whole frames lead from somewhere in what is left to
// the end of the file.
func (f *frames) continues() bool {
	rest := f.buf[f.at:]
	for range continuations {
		i := bytes.Index(rest[1:], zstdMagic)
		if i < 0 {
			return false
		}
		rest = rest[1+i:]
		chain := frames{buf: rest, eof: true, max: f.max, strict: true}
		var err error
		for err == nil {
			_, err = chain.next()
		}
		if errors.Is(err, io.EOF) {
			return true
		}
	}
	return false
}

// manyBlocks is how many blocks make a damaged frame credible. One that has as
// many is passed over as far as it was good; otherwise bytes that only look like
// a frame could each cost a walk over the same blocks.
const manyBlocks = 256

// resync goes from a damaged frame to the next place where one may begin.
func (f *frames) resync() error {
	from := 1
	if f.blocks > manyBlocks {
		from = f.reached
	}
	f.blocks, f.reached = 0, 0
	for {
		f.advance(min(from, len(f.buf)-f.at))
		b, err := f.peek(interrupt.Step)
		if err != nil {
			return err
		}
		if i := bytes.Index(b, zstdMagic); i >= 0 {
			f.advance(i)
			return nil
		}
		if len(b) < interrupt.Step {
			f.advance(len(b))
			return nil
		}
		from = len(b) - len(zstdMagic) + 1
	}
}

// peek returns at least n bytes from here, fewer only at the end of the file.
// The buffer grows with what was read, by doubling.
func (f *frames) peek(n int) ([]byte, error) {
	for len(f.buf)-f.at < n && !f.eof {
		if f.at > 0 && cap(f.buf)-len(f.buf) < interrupt.Step {
			f.buf = f.buf[:copy(f.buf, f.buf[f.at:])]
			f.at = 0
		}
		f.buf = slices.Grow(f.buf, interrupt.Step)
		m, err := f.in.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+m]
		if errors.Is(err, io.EOF) {
			f.eof = true
		} else if err != nil {
			return nil, err
		}
	}
	return f.buf[f.at:], nil
}

func (f *frames) advance(n int) {
	f.at += n
	f.offset += int64(n)
}
