package rewrite

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
)

const (
	// maxDecoded is four times the longest body that a recorder keeps: enough
	// for text, which compresses to a quarter and less.
	maxDecoded = 32 << 20
	// maxRatio is beyond any text; gzip's zeros reach 1032.
	maxRatio = 200
	// minBomb is too little to harm, whatever its ratio.
	minBomb = 1 << 20
	// maxCodings is one more than anybody applies.
	maxCodings = 3
)

// codingsOf returns the content codings in the order they were applied (RFC 9110
// section 8.4).
func codingsOf(h capture.Header) []string {
	var codings []string
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Content-Encoding") {
			continue
		}
		for c := range strings.SplitSeq(h[i].Value, ",") {
			if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
				codings = append(codings, c)
			}
		}
	}
	return codings
}

// decodeAll undoes the codings. Without any it returns the body itself.
func decodeAll(codings []string, body []byte) ([]byte, capture.Reason) {
	if len(codings) > maxCodings {
		return nil, UnknownCoding
	}
	for _, c := range slices.Backward(codings) {
		var reason capture.Reason
		if body, reason = decode(c, body); reason != "" {
			return nil, reason
		}
	}
	return body, ""
}

func decode(coding string, body []byte) ([]byte, capture.Reason) {
	r, err := decoder(coding, body)
	switch {
	case err != nil:
		return nil, Undecodable
	case r == nil:
		return nil, UnknownCoding
	}
	if z, ok := r.(*zstd.Decoder); ok {
		defer z.Close()
	}
	limit := min(maxDecoded, max(minBomb, maxRatio*len(body)))
	plain, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case len(plain) > limit:
		return nil, DecodedLimit
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, DecodedLimit
	case err != nil:
		return nil, Undecodable
	}
	return plain, ""
}

// decoder returns nil for a coding that it does not know.
func decoder(coding string, body []byte) (io.Reader, error) {
	in := bytes.NewReader(body)
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(in)
	case "br":
		return brotli.NewReader(in), nil
	case "zstd":
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxDecoded))
	case "deflate":
		if isZlib(body) {
			return zlib.NewReader(in)
		}
		return flate.NewReader(in), nil
	}
	return nil, nil
}

// isZlib tells zlib from the bare deflate that some clients send under its name
// (RFC 1950 section 2.2).
func isZlib(body []byte) bool {
	return len(body) >= 2 && body[0]&15 == 8 && (int(body[0])<<8|int(body[1]))%31 == 0
}
