package compare

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxDecoded is how long a body may become by decoding: some hundred times
	// what services answer, and little enough that four sides of it fit into a
	// small machine's memory.
	maxDecoded = 32 << 20
	// maxCodings is how many codings may lie on each other; real answers have
	// one, rarely two.
	maxCodings = 4
	// maxKept is how long a buffer may be that is kept for the next body.
	maxKept = 4 << 20
	// maxWindow is the memory that a zstd stream may ask for. RFC 9659 allows
	// 8 MiB; a body in a single segment asks for its whole length.
	maxWindow = maxDecoded
)

// damageError says that a body breaks the grammar of its content coding.
type damageError struct {
	coding string
	err    error
}

func (e *damageError) Error() string { return fmt.Sprintf("broken %s: %v", e.coding, e.err) }
func (e *damageError) Unwrap() error { return e.err }

// opaqueError says why a body was not decoded, which need not be its fault.
type opaqueError struct{ reason string }

func (e *opaqueError) Error() string { return e.reason }

// codingsOf lists the codings of a Content-Encoding in the order in which they
// were applied (RFC 9110 section 8.4); identity is left out.
func codingsOf(contentEncoding string) []string {
	var list []string
	for _, name := range strings.Split(contentEncoding, ",") {
		if name = strings.ToLower(trim(name)); name != "" && name != "identity" {
			list = append(list, name)
		}
	}
	return list
}

// codings undoes content codings. It keeps its decoders.
type codings struct {
	limit int // bytes that a body may become at each step
	zstd  *zstd.Decoder
	step  bytes.Buffer // what lies between two codings
}

// decode undoes the codings of data, the last one first, and appends the result
// to dst, whose memory it may use. Without codings, and without data, there is
// nothing to undo and data itself is returned. The error is a *damageError or an
// *opaqueError.
func (d *codings) decode(dst, data []byte, names []string) ([]byte, error) {
	if len(names) > maxCodings {
		return nil, &opaqueError{fmt.Sprintf("%d content codings, more than %d", len(names), maxCodings)}
	}
	if len(data) == 0 || len(names) == 0 {
		return data, nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		out := bytes.NewBuffer(dst[:0])
		if err := d.undo(out, data, names[i]); err != nil {
			return nil, err
		}
		if i > 0 { // dst is the next one's input
			d.step.Reset()
			d.step.Write(out.Bytes())
			data, dst = d.step.Bytes(), out.Bytes()
			continue
		}
		dst = out.Bytes()
	}
	if d.step.Cap() > maxKept {
		d.step = bytes.Buffer{}
	}
	return dst, nil
}

// undo writes data, decoded by one coding, to out.
func (d *codings) undo(out *bytes.Buffer, data []byte, name string) error {
	r, err := d.reader(data, name)
	if err == nil {
		_, err = out.ReadFrom(io.LimitReader(r, int64(d.limit)+1))
	}
	var opaque *opaqueError
	switch {
	case out.Len() > d.limit:
		return &opaqueError{fmt.Sprintf("%s decodes to more than %d bytes", name, d.limit)}
	case errors.As(err, &opaque):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &opaqueError{fmt.Sprintf("%s asks for a window above %d MiB", name, maxWindow>>20)}
	case err != nil:
		return &damageError{name, err}
	}
	return nil
}

func (d *codings) reader(data []byte, name string) (io.Reader, error) {
	switch name {
	case "gzip", "x-gzip":
		return gzip.NewReader(bytes.NewReader(data))
	case "deflate":
		return deflateReader(data)
	case "br":
		return brotli.NewReader(bytes.NewReader(data)), nil
	case "zstd":
		return d.zstdReader(data)
	}
	return nil, &opaqueError{fmt.Sprintf("content coding %q is not known", name)}
}

// deflateReader reads the zlib format, which "deflate" means (RFC 9110 section
// 8.4.1.2), or the bare one, which some servers send in its place.
func deflateReader(data []byte) (io.Reader, error) {
	const method = 8
	if len(data) >= 2 && data[0]&0x0f == method && (int(data[0])<<8|int(data[1]))%31 == 0 {
		return zlib.NewReader(bytes.NewReader(data))
	}
	return flate.NewReader(bytes.NewReader(data)), nil
}

func (d *codings) zstdReader(data []byte) (io.Reader, error) {
	if d.zstd == nil {
		// With a concurrency of one it decodes in the caller's goroutine.
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, &opaqueError{"zstd: " + err.Error()}
		}
		d.zstd = z
	}
	if err := d.zstd.Reset(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	return d.zstd, nil
}
