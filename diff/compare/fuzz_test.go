package compare

import (
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

var fuzzedTypes = []string{
	"application/json", "text/xml", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
	"text/event-stream", "application/x-ndjson", "application/json-seq", "text/csv", "application/grpc", "",
}

// FuzzBodies checks that any two bodies are compared: nothing differs from
// itself, what differs does so either way round, and values are bounded.
func FuzzBodies(f *testing.F) {
	for i, s := range []string{
		`{"a":"{\"b\":\"eyJhbGciOiJub25lIn0.e30.\"}"}`, `<a><b/>x<c/></a>`, `<p class=x>y<p>z`, "a=1&b=2", "--b\r\n\r\nx\r\n--b--",
		"data: {}\n\n", "{}\n1\n", "\x1e{}\n", "a,b\n1,2\n", "\x01\x00\x00\x00\x01x", "x",
	} {
		f.Add(uint8(i), []byte(s), []byte(s+" "))
		f.Add(uint8(i), []byte(s), []byte(s[:len(s)/2]))
	}
	c := New(nil)
	f.Fuzz(func(t *testing.T, kind uint8, x, y []byte) {
		line := "Content-Type: " + fuzzedTypes[int(kind)%len(fuzzedTypes)]
		base, other := answer(200, string(x), line), answer(200, string(y), line)
		there, back := 0, 0
		c.Compare("GET /", base, other, func(ch diff.Change) {
			there++
			require.LessOrEqual(t, max(len(ch.Base), len(ch.Other)), maxValue+40)
		})
		c.Compare("GET /", other, base, func(diff.Change) { back++ })
		require.Equal(t, there > 0, back > 0)
		c.Compare("GET /", base, base, func(diff.Change) { t.Error("differs from itself") })
	})
}
