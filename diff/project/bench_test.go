package project

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// corpus returns a body of about 100 kB of each kind, as services answer them.
func corpus(testing.TB) map[string][]byte {
	var xml, html, form, multi, events, lines, table strings.Builder
	xml.WriteString(`<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="urn:m">`)
	html.WriteString("<!doctype html><html><head><title>Orders</title></head><body><main class='list wide'>\n")
	table.WriteString("id,name,price,note\n")
	for i := range 700 {
		fmt.Fprintf(&xml, "\n  <entry m:id=\"%d\">\n    <title>Order %d &amp; more</title>\n    <price currency=\"EUR\">%d.99</price><m:note/>\n  </entry>", i, i, i)
		fmt.Fprintf(&html, "<article class=\"card big\" id=\"o%d\">\n  <h2>Order %d</h2>\n  <p>Costs <b>%d.99</b> EUR &amp; more</p>\n  <a href=\"/orders/%d\">open</a>\n</article>\n", i, i, i, i)
		fmt.Fprintf(&form, "item%d=Order+%d%%20more&", i%50, i)
		fmt.Fprintf(&multi, "--b\r\nContent-Disposition: form-data; name=\"item%d\"\r\nContent-Type: application/json\r\n\r\n{\"id\":%d,\"name\":\"Order\"}\r\n", i%50, i)
		fmt.Fprintf(&events, "event: order\nid: %d\ndata: {\"id\":%d,\"choices\":[{\"delta\":{\"content\":\" word\"}}]}\n\n", i, i)
		fmt.Fprintf(&lines, "{\"id\":%d,\"name\":\"Order %d\",\"tags\":[\"a\",\"b\"],\"price\":12.5}\n", i, i)
		fmt.Fprintf(&table, "%d,\"Order, %d\",%d.99,nothing to say\n", i, i, i)
	}
	return map[string][]byte{
		"text/xml":                          []byte(xml.String() + "\n</feed>"),
		"text/html":                         []byte(html.String() + "</main></body></html>"),
		"application/x-www-form-urlencoded": []byte(strings.TrimSuffix(form.String(), "&")),
		"multipart/form-data; boundary=b":   []byte(multi.String() + "--b--\r\n"),
		"text/event-stream":                 []byte(events.String()),
		"application/x-ndjson":              []byte(lines.String()),
		"application/json-seq":              []byte("\x1e" + strings.ReplaceAll(strings.TrimSpace(lines.String()), "\n", "\n\x1e")),
		"text/csv":                          []byte(table.String()),
	}
}

func BenchmarkAppend(b *testing.B) {
	for contentType, body := range corpus(b) {
		b.Run(KindOf(contentType).String(), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				var err error
				out, err = Append(out[:0], body, contentType)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(len(out))/float64(len(body)), "out/in")
		})
	}
}

func BenchmarkOpener(b *testing.B) {
	doc := `{"user":{"id":1,"name":"x"},"list":[` + strings.Repeat(`{"a":1,"b":"two"},`, 50) + `0]}`
	url := base64.RawURLEncoding.EncodeToString
	for name, s := range map[string]string{
		"JSON":   doc,
		"base64": base64.StdEncoding.EncodeToString([]byte(doc)),
		"gzip":   base64.StdEncoding.EncodeToString(zipped(b, doc)),
		"token":  url([]byte(`{"alg":"RS256"}`)) + "." + url([]byte(doc)) + "." + strings.Repeat("x", 342),
		"text":   "everything that is no document: " + doc,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			var o Opener
			var out []byte
			for b.Loop() {
				out, _ = o.Append(out[:0], []byte(s))
			}
		})
	}
}
