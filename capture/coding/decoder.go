package coding

import (
	"bytes"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

const (
	// TextRatio is a [Decoder.Ratio] beyond any text; gzip's zeros reach 1032.
	TextRatio = 200
	// minBomb is too little to harm, whatever its ratio.
	minBomb = 1 << 20
	// minWindow is the memory that a zstd stream may ask for whatever the limit
	// (RFC 9659). A body in a single segment asks for its whole length.
	minWindow = 8 << 20
	// maxKept is how long a buffer may be that is kept for the next body.
	maxKept = 4 << 20
)

// Decoder undoes content codings within its bounds. It keeps what it needs for
// the next body, has nothing to close, and is used by one goroutine at a time.
type Decoder struct {
	// Limit is how many bytes a body may become, at each coding.
	Limit int
	// Ratio, where it is not 0, is how many times its own length a body may
	// become, at each coding. A body that becomes no more than 1 MiB may always.
	Ratio int
	// Cut says that the end of the body is missing: what is there is decoded.
	Cut bool

	in   bytes.Reader
	gzip *gzip.Reader
	zstd *zstd.Decoder
	step bytes.Buffer // what lies between two codings
}

// Decode undoes the codings of body, the last one first, into the memory of dst.
// Without codings, and without a body, there is nothing to undo and the body
// itself is returned. The error is [ErrUnknown], [ErrTooLong] or [ErrDamaged].
func (d *Decoder) Decode(dst, body []byte, names []string) ([]byte, error) {
	if len(names) > Max {
		return nil, tooMany(len(names))
	}
	if len(body) == 0 || len(names) == 0 {
		return body, nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		out := bytes.NewBuffer(dst[:0])
		if err := d.undo(out, body, names[i]); err != nil {
			return nil, err
		}
		if dst = out.Bytes(); i > 0 { // dst is the next one's memory
			d.step.Reset()
			d.step.Write(dst)
			body = d.step.Bytes()
		}
	}
	if d.step.Cap() > maxKept {
		d.step = bytes.Buffer{}
	}
	return dst, nil
}

// undo writes body, decoded by one coding, to out.
func (d *Decoder) undo(out *bytes.Buffer, body []byte, name string) error {
	defer d.in.Reset(nil) // the body is the caller's
	r, err := d.reader(body, name)
	switch {
	case errors.Is(err, ErrUnknown):
		return err
	case err != nil:
		return damaged(name, err)
	}
	limit := d.limit(len(body))
	_, err = out.ReadFrom(io.LimitReader(r, int64(limit)+1))
	switch {
	case out.Len() > limit:
		return tooLong(name, limit)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tooWide(name, err, d.window())
	case err != nil && !d.Cut:
		return damaged(name, err)
	}
	return nil
}

func (d *Decoder) limit(size int) int {
	if d.Ratio == 0 {
		return d.Limit
	}
	return min(d.Limit, max(minBomb, d.Ratio*size))
}

func (d *Decoder) window() int { return max(d.Limit, minWindow) }

func (d *Decoder) reader(body []byte, name string) (io.Reader, error) {
	in := &d.in
	in.Reset(body)
	switch name {
	case "gzip", "x-gzip":
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		return d.gzip, d.gzip.Reset(in)
	case "deflate":
		if isZlib(body) {
			return zlib.NewReader(in)
		}
		return flate.NewReader(in), nil
	case "br":
		return brotli.NewReader(in), nil
	case "zstd":
		return d.zstdReader(in)
	}
	return nil, unknown(name)
}

// isZlib tells the zlib format, which "deflate" means (RFC 9110 section 8.4.1.2,
// RFC 1950 section 2.2), from the bare one that some send under its name.
func isZlib(body []byte) bool {
	return len(body) >= 2 && body[0]&15 == 8 && (int(body[0])<<8|int(body[1]))%31 == 0
}

func (d *Decoder) zstdReader(in io.Reader) (io.Reader, error) {
	if d.zstd == nil {
		// With a concurrency of one it decodes in the caller's goroutine, so
		// there is nothing to close.
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(d.window())))
		if err != nil {
			return nil, err
		}
		d.zstd = z
	}
	if err := d.zstd.Reset(in); err != nil {
		return nil, err
	}
	return d.zstd, nil
}
