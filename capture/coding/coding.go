// Package coding undoes and applies the content codings of HTTP (RFC 9110
// section 8.4.1) and of gRPC's messages: gzip, deflate, br and zstd.
package coding

import (
	"bytes"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
)

// Max is how many codings may lie on each other: one more than anybody applies.
const Max = 3

const headerName = "Content-Encoding"

// Of returns the content codings in the order in which they were applied (RFC
// 9110 section 8.4), in small letters; identity is left out.
func Of(h capture.Header) []string {
	var names []string
	for i := range h {
		if len(h[i].Name) != len(headerName) || !strings.EqualFold(h[i].Name, headerName) {
			continue
		}
		for name := range strings.SplitSeq(h[i].Value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				names = append(names, name)
			}
		}
	}
	return names
}

// Encode applies the codings in their order, as fast as they go. Compressors
// differ, and so may the bytes from those that were undone; bare deflate becomes
// the zlib that its name stands for. The error is [ErrUnknown].
func Encode(names []string, plain []byte) ([]byte, error) {
	for _, name := range names {
		var out bytes.Buffer
		w, err := encoder(name, &out)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(plain); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		plain = out.Bytes()
	}
	return plain, nil
}

func encoder(name string, w io.Writer) (io.WriteCloser, error) {
	switch name {
	case "gzip", "x-gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, zlib.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, brotli.BestSpeed), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	return nil, unknown(name)
}
