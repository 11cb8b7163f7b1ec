package correlate

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
)

const (
	// maxDecoded is twice the longest body that a recorder keeps by default. What
	// decodes to more is not looked into.
	maxDecoded = 16 << 20
	// maxCodings is one more than anybody applies.
	maxCodings = 3
)

var errCoding = errors.New("the content coding cannot be undone")

// codingsOf returns the content codings in the order in which they were applied
// (RFC 9110 section 8.4).
func codingsOf(h capture.Header) []string {
	var codings []string
	for i := range h {
		if len(h[i].Name) != len("Content-Encoding") || !strings.EqualFold(h[i].Name, "Content-Encoding") {
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

func decodeAll(codings []string, body []byte) ([]byte, error) {
	if len(codings) > maxCodings {
		return nil, errCoding
	}
	for _, c := range slices.Backward(codings) {
		var err error
		if body, err = decode(c, body); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func decode(coding string, body []byte) ([]byte, error) {
	r, err := decoder(coding, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // nothing is lost by it
	plain, err := io.ReadAll(io.LimitReader(r, maxDecoded+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxDecoded {
		return nil, errCoding
	}
	return plain, nil
}

func decoder(coding string, r io.Reader) (io.ReadCloser, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "deflate":
		return zlib.NewReader(r)
	case "br":
		return io.NopCloser(brotli.NewReader(r)), nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, errCoding
}

// encodeAll applies the codings again, in their order, so that the header that
// names them stays true. Compressors differ, and so may the bytes.
func encodeAll(codings []string, body []byte) ([]byte, error) {
	for _, c := range codings {
		var out bytes.Buffer
		z, err := encoder(c, &out)
		if err != nil {
			return nil, err
		}
		if _, err := z.Write(body); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		body = out.Bytes()
	}
	return body, nil
}

func encoder(coding string, w io.Writer) (io.WriteCloser, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewWriter(w), nil
	case "deflate":
		return zlib.NewWriter(w), nil
	case "br":
		return brotli.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, errCoding
}
