package redact_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/redact"
)

func compress(t testing.TB, coding, text string) string {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "deflate":
		w = zlib.NewWriter(&buf)
	case "bare deflate":
		w, err = flate.NewWriter(&buf, 1)
	case "br":
		w = brotli.NewWriter(&buf)
	case "zstd":
		w, err = zstd.NewWriter(&buf)
	}
	require.NoError(t, err)
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.String()
}

func decompress(t testing.TB, coding string, data []byte) string {
	t.Helper()
	var r io.Reader
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(bytes.NewReader(data))
	case "deflate", "bare deflate":
		r, err = zlib.NewReader(bytes.NewReader(data))
	case "br":
		r = brotli.NewReader(bytes.NewReader(data))
	case "zstd":
		r, err = zstd.NewReader(bytes.NewReader(data))
	}
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(plain)
}

func coded(t testing.TB, coding, text string) *capture.Exchange {
	name := strings.TrimPrefix(coding, "bare ")
	return request("/", "application/json", compress(t, coding, text), capture.Field{Name: "Content-Encoding", Value: name})
}

func TestBodiesAreRedactedBelowTheirCoding(t *testing.T) {
	r := redactor(t, redact.Defaults())
	plain := body(t, r, "application/json", `{"a":1,"token":"`+secret+`"}`)
	for _, coding := range []string{"gzip", "deflate", "bare deflate", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			e := coded(t, coding, `{"a":1,"token":"`+secret+`"}`)
			require.Equal(t, 1, r.Redact(e))
			assert.Equal(t, plain, decompress(t, coding, e.Request.Body))
			assert.EqualValues(t, len(e.Request.Body), e.Request.BodySize)
			assert.Empty(t, r.Check(e))

			e = coded(t, coding, `{"a":1}`)
			before := e.Clone()
			assert.Zero(t, r.Redact(e))
			assert.Equal(t, before, e)
		})
	}
}

func TestBodiesThatCannotBeReadAreWithheldAndCounted(t *testing.T) {
	r := redactor(t, redact.Defaults())
	bomb := coded(t, "gzip", strings.Repeat("\x00", 40<<20))
	broken := coded(t, "gzip", secret)
	broken.Request.Body = broken.Request.Body[:20]
	for reason, e := range map[capture.Reason]*capture.Exchange{
		redact.DecodedLimit:   bomb,
		redact.Undecodable:    broken,
		redact.UnknownCoding:  request("/", "text/plain", secret, capture.Field{Name: "Content-Encoding", Value: "aes128gcm"}),
		redact.UnknownCharset: request("/", "text/plain; charset=UTF-16LE", "s\x00"),
	} {
		t.Run(string(reason), func(t *testing.T) {
			size := e.Request.BodySize
			given := false
			src := redact.NewSource(r, capture.SourceFunc(func(_ context.Context, into *capture.Exchange) error {
				if given {
					return io.EOF
				}
				given = true
				*into = *e
				return nil
			}))
			got := capturetest.ReadAll(t, src)[0]
			assert.Empty(t, got.Request.Body)
			assert.Equal(t, capture.Withheld, got.Request.Incomplete)
			assert.Equal(t, size, got.Request.BodySize)
			account := src.Account()
			require.NoError(t, account.Balance())
			assert.Equal(t, map[capture.Reason]uint64{reason: 1}, account[0].Dropped)
			assert.EqualValues(t, 1, account[1].Written)
		})
	}
}

func TestACutBodyIsRedactedAsFarAsItGoes(t *testing.T) {
	r := redactor(t, redact.Defaults())
	e := cut(coded(t, "gzip", `{"token":"`+secret+`","rest":"`+strings.Repeat("abcdefg ", 999)+`"}`))
	e.Request.Body = e.Request.Body[:len(e.Request.Body)-9]
	size := e.Request.BodySize
	require.Positive(t, r.Redact(e))
	assert.NotContains(t, decompress(t, "gzip", e.Request.Body), secret)
	assert.GreaterOrEqual(t, e.Request.BodySize, int64(len(e.Request.Body)))
	assert.LessOrEqual(t, size, e.Request.BodySize)
}
