package compare

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// encoders write each coding; "raw" is what some servers call deflate.
var encoders = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip":    func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"x-gzip":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"deflate": func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
	"raw":     func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) },
	"br":      func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil },
	"zstd": func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	},
}

// encode applies the codings in their order.
func encode(t require.TestingT, data []byte, names ...string) []byte {
	for _, name := range names {
		if name == "identity" {
			continue
		}
		var b bytes.Buffer
		w, err := encoders[name](&b)
		require.NoError(t, err)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		data = b.Bytes()
	}
	return data
}

func encoded(t require.TestingT, body, contentType string, names ...string) *capture.Response {
	list := strings.ReplaceAll(strings.Join(names, ", "), "raw", "deflate")
	r := answer(200, string(encode(t, []byte(body), names...)), "Content-Type: "+contentType)
	if list != "" {
		r.Header = append(r.Header, capture.Field{Name: "Content-Encoding", Value: list})
	}
	return r
}

func TestContentCodingsAreUndone(t *testing.T) {
	const doc = `{"items":[{"id":1,"price":2.50},{"id":2,"price":3}]}`
	changed := strings.Replace(doc, "2.50", "2.51", 1)
	for _, names := range [][]string{{"gzip"}, {"x-gzip"}, {"deflate"}, {"raw"}, {"br"}, {"zstd"}, {"identity"}, {"br", "gzip"}, {"zstd", "identity", "raw", "gzip"}} {
		t.Run(strings.Join(names, "+"), func(t *testing.T) {
			plain, coded := encoded(t, doc, "application/json"), encoded(t, doc, "application/json", names...)
			assert.Equal(t, []string{"added header content-encoding"}, places(plain, coded))
			other := encoded(t, changed, "application/json", names...)
			assert.Equal(t, []string{`changed $.items[*].price at $.items[0].price: "2.50" -> "2.51"`}, told(t, coded, other))
		})
	}
}

func TestDamagedCodingsAreMalformed(t *testing.T) {
	body := strings.Repeat("a long line of text, to be cut short\n", 100)
	for _, name := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		t.Run(name, func(t *testing.T) {
			sound, cut := encoded(t, body, "text/plain", name), encoded(t, body, "text/plain", name)
			cut.Body = cut.Body[:len(cut.Body)-3]
			assert.Equal(t, []string{"malformed body"}, places(sound, cut))
			assert.Equal(t, []string{"malformed body"}, places(cut, sound))
			again := encoded(t, body+"x", "text/plain", name)
			again.Body = again.Body[:len(again.Body)-3]
			assert.Equal(t, []string{"changed bytes"}, places(again, cut), "both are damaged")
		})
	}
	got := told(t, encoded(t, "a", "text/plain", "gzip"), answer(200, "a", "Content-Type: text/plain", "Content-Encoding: gzip"))
	assert.Equal(t, []string{`malformed body at content-encoding: "25 bytes, sound content-encoding" -> "1 bytes, broken gzip: unexpected EOF"`}, got)
}

func TestBombsAreComparedByHash(t *testing.T) {
	const limit = 1 << 20
	zeros := make([]byte, limit+1)
	bomb := encoded(t, string(zeros), "text/plain", "gzip")
	small := encoded(t, "x", "text/plain", "gzip")
	c := New(nil)
	c.codings.Limit = limit
	var got []string
	c.Compare("GET /", small, bomb, func(ch diff.Change) { got = append(got, render(ch)) })
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "(not decoded: gzip decodes to more than 1048576 bytes)")
	assert.Contains(t, got[0], "changed bytes at bytes")
}

func TestUnknownCodingsAreComparedByHash(t *testing.T) {
	got := told(t, answer(200, "a", "Content-Encoding: sdch"), answer(200, "b", "Content-Encoding: sdch"))
	assert.Equal(t, []string{`changed bytes at bytes: "1 bytes, sha256 ca978112ca1bbdca (not decoded: content coding \"sdch\" is not known)" -> "1 bytes, sha256 3e23e8160039594a (not decoded: content coding \"sdch\" is not known)"`}, got)
	many := "Content-Encoding: gzip, gzip, gzip, gzip, gzip"
	assert.Equal(t, []string{"changed bytes"}, places(answer(200, "a", many), answer(200, "b", many)))
}
