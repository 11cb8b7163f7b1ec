package project

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzz checks that a projector takes any bytes: its output is JSON, bounded, and
// behind what was there.
func fuzz(f *testing.F, contentType string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Append([]byte("x"), data, contentType)
		if err != nil {
			require.Equal(t, "x", string(out))
			require.NotEmpty(t, err.Error())
			return
		}
		require.LessOrEqual(t, len(out)-1, outputLimit(len(data)))
		require.True(t, json.Valid(out[1:]), "%s", out)
	})
}

func FuzzXML(f *testing.F) {
	fuzz(f, "text/xml", `<a b="c"><d/>x<![CDATA[y]]><d>z</d></a>`, `<?xml version="1.0" encoding="latin1"?><a xmlns="u" xml:x="&#1;"/>`, "\xff\xfe<\x00", `<a xmlns:p="u"><p:b p:c=""/></a>`)
}

func FuzzHTML(f *testing.F) {
	fuzz(f, "text/html", `<p class="b a">x <b>y<p>z`, `<table><td><b><tr>`, `<svg><foreignObject><p>`, `<script type=application/json>{}</script>`, `<!doctype x><frameset>`, "<b 1><b 2><p><p>", "\x00<select><option selected>")
}

func FuzzForm(f *testing.F) {
	fuzz(f, "application/x-www-form-urlencoded", "a=b&a=%20+&%", "&&=")
}

func FuzzMultipart(f *testing.F) {
	fuzz(f, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--", "--b\n\n--b--", "--b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\n\r\n--c--\r\n--b--")
}

func FuzzEvents(f *testing.F) {
	fuzz(f, "text/event-stream", "data: {}\nid:1\n\n", "data\r\rretry:5\n\n:x")
}

func FuzzLines(f *testing.F) { fuzz(f, "application/jsonl", "{}\n[1]\n", "1 2") }

func FuzzSequence(f *testing.F) { fuzz(f, "application/json-seq", "\x1e{}\n\x1e1\n") }

func FuzzCSV(f *testing.F) { fuzz(f, "text/csv", "a,b\n1,\"2\"\n", "a\n\"", "\n\n,") }
