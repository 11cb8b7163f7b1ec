package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

var known = []string{"gzip", "x-gzip", "deflate", "br", "zstd"}

// foreign are encoders of others; "raw" is what some servers call deflate.
var foreign = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip":    func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"x-gzip":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"deflate": func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
	"raw":     func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) },
	"br":      func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil },
	"zstd": func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	},
}

func encode(t require.TestingT, data []byte, names ...string) []byte {
	for _, name := range names {
		var b bytes.Buffer
		w, err := foreign[name](&b)
		require.NoError(t, err)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		data = b.Bytes()
	}
	return data
}

func named(names ...string) []string {
	return strings.Split(strings.ReplaceAll(strings.Join(names, ","), "raw", "deflate"), ",")
}

func TestTheCodingsOfAHeaderStandInTheOrderOfTheirUse(t *testing.T) {
	h := capture.Header{
		{Name: "Content-Encoding", Value: " GZIP ,, identity"}, {Name: "Vary", Value: "x"},
		{Name: "content-encoding", Value: "br\t, Zstd"},
	}
	assert.Equal(t, []string{"gzip", "br", "zstd"}, Of(h))
	assert.Nil(t, Of(nil))
}

func TestWhatOthersEncodeIsDecoded(t *testing.T) {
	text := []byte(strings.Repeat("a line of text\n", 100))
	for _, names := range [][]string{{"gzip"}, {"x-gzip"}, {"deflate"}, {"raw"}, {"br"}, {"zstd"}, {"br", "gzip"}, {"zstd", "raw", "gzip"}} {
		var d Decoder
		d.Limit, d.Ratio = 1<<20, TextRatio
		got, err := d.Decode(nil, encode(t, text, names...), named(names...))
		require.NoError(t, err, names)
		assert.Equal(t, string(text), string(got), names)
	}
}

func TestADamagedBodyGivesWhatThereIsWhereItWasCut(t *testing.T) {
	text := []byte(strings.Repeat("a long line of text, to be cut short\n", 100))
	for _, name := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		body := encode(t, text, name)
		body = body[:len(body)-3]
		_, err := (&Decoder{Limit: 1 << 20}).Decode(nil, body, named(name))
		require.ErrorIs(t, err, ErrDamaged, name)
		got, err := (&Decoder{Limit: 1 << 20, Cut: true}).Decode(nil, body, named(name))
		require.NoError(t, err, name)
		assert.True(t, bytes.HasPrefix(text, got), name)
	}
	_, err := (&Decoder{Limit: 1 << 20}).Decode(nil, []byte("a"), []string{"gzip"})
	require.EqualError(t, err, "broken gzip: unexpected EOF")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestBombsAreNotDecoded(t *testing.T) {
	const limit = 1 << 20
	zeros := make([]byte, limit+1)
	for _, names := range [][]string{{"gzip"}, {"br"}, {"zstd"}, {"deflate"}, {"gzip", "gzip"}} {
		d := Decoder{Limit: limit}
		_, err := d.Decode(nil, encode(t, zeros, names...), names)
		require.ErrorIs(t, err, ErrTooLong)
		require.EqualError(t, err, names[0]+" decodes to more than 1048576 bytes")
		_, err = d.Decode(nil, encode(t, zeros[1:], names...), names)
		require.NoError(t, err)
	}
}

func TestTheRatioBoundsWhatIsNotSmall(t *testing.T) {
	d := Decoder{Limit: 32 << 20, Ratio: TextRatio}
	_, err := d.Decode(nil, encode(t, make([]byte, 2<<20), "gzip"), []string{"gzip"})
	require.ErrorIs(t, err, ErrTooLong)
	_, err = d.Decode(nil, encode(t, make([]byte, minBomb), "gzip"), []string{"gzip"})
	require.NoError(t, err)
}

func TestUnknownCodingsAreTold(t *testing.T) {
	var d Decoder
	_, err := d.Decode(nil, []byte("a"), []string{"sdch"})
	require.ErrorIs(t, err, ErrUnknown)
	require.EqualError(t, err, `content coding "sdch" is not known`)
	_, err = d.Decode(nil, []byte("a"), slices.Repeat([]string{"gzip"}, Max+1))
	require.ErrorIs(t, err, ErrUnknown)
	require.EqualError(t, err, "4 content codings, more than 3")
	_, err = Encode([]string{"gzip", "sdch"}, []byte("a"))
	require.ErrorIs(t, err, ErrUnknown)
}

func TestZstdOfOneSegmentIsDecodedWithinTheLimit(t *testing.T) {
	const limit = 32 << 20
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(limit))
	require.NoError(t, err)
	d := Decoder{Limit: limit}
	got, err := d.Decode(nil, w.EncodeAll(make([]byte, 10<<20), nil), []string{"zstd"})
	require.NoError(t, err)
	assert.Len(t, got, 10<<20)
	_, err = d.Decode(nil, w.EncodeAll(make([]byte, limit+1), nil), []string{"zstd"})
	require.ErrorIs(t, err, ErrTooLong, "a sound body is not called damaged")
}

func TestCodingsRoundTrip(t *testing.T) {
	d := Decoder{Limit: 1 << 16}
	var dst []byte
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "data")
		names := rapid.SliceOfN(rapid.SampledFrom(known), 0, Max).Draw(t, "names")
		body, err := Encode(names, data)
		require.NoError(t, err)
		got, err := d.Decode(dst, body, names)
		require.NoError(t, err)
		require.Equal(t, data, got)
		if len(names) > 0 {
			dst = got
		}
	})
}

func FuzzDecode(f *testing.F) {
	text := []byte("some text, some text, some text")
	for _, names := range []string{"gzip", "deflate", "br", "zstd", "gzip,br", "identity", ", ,GZIP"} {
		f.Add(encode(f, text, "gzip"), names, false)
		f.Add(encode(f, text, "zstd"), names, true)
		f.Add(encode(f, text, "br"), names, false)
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, data []byte, value string, cut bool) {
		names := Of(capture.Header{{Name: "Content-Encoding", Value: value}})
		d.Limit, d.Cut = 1<<16, cut
		got, err := d.Decode(nil, data, names)
		again, errAgain := (&Decoder{Limit: d.Limit, Cut: cut}).Decode(nil, data, names)
		require.Equal(t, err == nil, errAgain == nil, "kept decoders do as fresh ones")
		require.True(t, bytes.Equal(got, again))
		if err != nil {
			kinds := 0
			for _, kind := range []error{ErrUnknown, ErrTooLong, ErrDamaged} {
				if errors.Is(err, kind) {
					kinds++
				}
			}
			require.Equal(t, 1, kinds, "%v", err)
			return
		}
		require.LessOrEqual(t, len(got), max(len(data), d.Limit))
	})
}
