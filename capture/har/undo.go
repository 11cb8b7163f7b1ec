package har

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxShown bounds a decoded body that is written for viewers; the bytes of the
// wire are kept in any case. Browsers do not show more either.
const maxShown = 32 << 20

// undo returns body without its content-encoding (RFC 9110 section 8.4.1), and
// body itself where that fails or is too long.
func undo(encoding string, body []byte) []byte {
	if len(body) == 0 {
		return body
	}
	r, err := decompressor(strings.ToLower(strings.TrimSpace(encoding)), body)
	if err != nil || r == nil {
		return body
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxShown+1))
	if z, ok := r.(*zstd.Decoder); ok {
		z.Close()
	}
	if err != nil || len(plain) > maxShown {
		return body
	}
	return plain
}

// decompressor returns nil for an encoding that it does not know.
func decompressor(encoding string, body []byte) (io.Reader, error) {
	in := bytes.NewReader(body)
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(in)
	case "br":
		return brotli.NewReader(in), nil
	case "zstd":
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxShown))
	case "deflate":
		// The name means zlib; some servers send bare deflate.
		if z, err := zlib.NewReader(in); err == nil {
			return z, nil
		}
		return flate.NewReader(bytes.NewReader(body)), nil
	}
	return nil, nil
}
