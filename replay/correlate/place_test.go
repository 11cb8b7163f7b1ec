package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/replay"
)

// A value that the recording's first answer gave as rec is given as own by the
// side, and used by the second request.
var placePairs = []struct {
	name     string
	give     func(v string) message
	operate  func(v string) string
	use      func(v string) message
	from, to string
	rec, own string
	sent     string // how own stands in the request, if otherwise
}{
	{name: "JSON id to path", give: jsonBody(`{"id":"%s"}`), operate: target("GET /orders/%s/lines"), from: "body: $.id", to: "path: 2",
		rec: "a1b2c3d4e5", own: "ü b/ä", sent: "%C3%BC%20b%2F%C3%A4"},
	{name: "JSON number to path", give: jsonBody(`{"order":{"id":%s}}`), operate: target("GET /orders/%s?x=1"), from: "body: $.order.id", to: "path: 2",
		rec: "7", own: "12"},
	{name: "element of an array to query", give: jsonBody(`[{"id":"x"},{"id":"%s"}]`), operate: target("GET /find?a=b&id=%s&c"), from: `body: "$[*].id"`, to: "query: id",
		rec: "a1b2c3d4e5", own: "p q&r", sent: "p+q%26r"},
	{name: "a position to query", give: jsonBody(`[{"id":"x"},{"id":"%s"}]`), operate: target("GET /find?id=%s"), from: `body: "$[1].id"`, to: "query: id",
		rec: "x", own: "y"},
	{name: "ETag to If-Match", give: fields("ETag: \"%s\""), operate: target("PUT /orders/5"), use: fields(`If-Match: "zz", "%s"`), from: "header: ETag", to: "header: If-Match",
		rec: "1", own: "2"},
	{name: "weak ETag to If-None-Match", give: fields("ETag: W/\"%s\""), operate: target("GET /orders/5"), use: fields(`If-None-Match: W/"%s"`), from: "header: ETag", to: "header: If-None-Match",
		rec: "abc-1", own: "def-2"},
	{name: "token to bearer", give: jsonBody(`{"token":"%s"}`), operate: target("GET /me"), use: fields("Authorization: Bearer %s"), from: "body: $.token", to: "header: Authorization",
		rec: "tok-8f3k2j", own: "tok-999"},
	{name: "header to header", give: fields("X-CSRF-Token: %s"), operate: target("POST /x"), use: fields("x-csrf-token: %s"), from: "header: X-CSRF-Token", to: "header: X-CSRF-Token",
		rec: "t1", own: "t2"},
	{name: "cookie to cookie", give: fields("Set-Cookie: sid=%s; Path=/"), operate: target("GET /me"), use: fields("Cookie: a=b; sid=%s; c=d"), from: "cookie: sid", to: "cookie: sid",
		rec: "s1", own: "s2"},
	{name: "encoded cookie to header", give: fields("Set-Cookie: xsrf=%s; Path=/"), operate: target("POST /x"), use: fields("X-XSRF: %s"), from: "cookie: xsrf", to: "header: X-XSRF",
		rec: "one%3D", own: "two%3D"},
	{name: "Location to path", give: fields("Location: http://h:1/orders/%s?x=1"), operate: target("GET /orders/%s"), from: "location: 2", to: "path: 2",
		rec: "5", own: "6"},
	{name: "Location's query to form", give: fields("Location: /next?code=%s"), operate: target("POST /token"), use: formBody("grant=x&code=%s&z="), from: "location-query: code", to: "form: code",
		rec: "c0de", own: "c%2Bd", sent: "c%2Bd"},
	{name: "hidden input to form", give: htmlBody(`<form><input type="hidden" name="csrf" value="%s"><input name=q value=1></form>`), operate: target("POST /x"), use: formBody("csrf=%s"), from: "html: csrf", to: "form: csrf",
		rec: "t0k", own: "n3w"},
	{name: "meta to header", give: htmlBody(`<META content='%s' name=csrf-token />`), operate: target("POST /x"), use: fields("X-CSRF-Token: %s"), from: "html: csrf-token", to: "header: X-CSRF-Token",
		rec: "t0k", own: "n3w"},
	{name: "JSON to JSON string", give: jsonBody(`{"id":"%s"}`), operate: target("POST /x"), use: jsonBody(`{ "a" : [1, {"orderId":"%s"}],"b":"\u00e9" }`), from: "body: $.id", to: `body: "$.a[*].orderId"`,
		rec: "abc", own: `q\"q`, sent: `q\"q`},
	{name: "JSON number to JSON number", give: jsonBody(`{"id": %s}`), operate: target("POST /x"), use: jsonBody(`{"orderId":%s , "n":7}`), from: "body: $.id", to: "body: $.orderId",
		rec: "7", own: "8e2"},
	{name: "plain text to header", give: textBody("%s\n"), operate: target("POST /x"), use: fields("X-Token: %s"), from: "body: $", to: "header: X-Token",
		rec: "t0k", own: "n3w"},
}

func jsonBody(f string) func(string) message {
	return func(v string) message { return message{body: fmt.Sprintf(f, v)} }
}
func htmlBody(f string) func(string) message {
	return func(v string) message { return message{body: fmt.Sprintf(f, v), kind: "text/html; charset=utf-8"} }
}
func textBody(f string) func(string) message {
	return func(v string) message { return message{body: fmt.Sprintf(f, v), kind: "text/plain"} }
}
func formBody(f string) func(string) message {
	return func(v string) message {
		return message{body: fmt.Sprintf(f, v), kind: "application/x-www-form-urlencoded"}
	}
}
func fields(f string) func(string) message {
	return func(v string) message { return message{header: []string{fmt.Sprintf(f, v)}} }
}
func target(f string) func(string) string {
	return func(v string) string { return strings.Replace(f, "%s", v, 1) }
}

func TestEachPlaceGivesToEachPlace(t *testing.T) {
	for _, p := range placePairs {
		for _, coding := range []string{"", "gzip", "deflate", "br", "zstd"} {
			t.Run(p.name+coding, func(t *testing.T) {
				var k talk
				giveTarget := "POST /orders"
				if strings.Contains(p.from, "ETag") {
					giveTarget = "GET /orders/5"
				}
				use := p.use
				if use == nil {
					use = func(string) message { return message{} }
				}
				used := p.rec
				if strings.Contains(p.name, "encoded cookie") {
					used = strings.ReplaceAll(used, "%3D", "=")
				}
				first := k.add("a", giveTarget, message{}, 200, p.give(p.rec))
				code(t, &first.Response.Message, coding)
				second := k.add("b", p.operate(used), use(used), 200, message{})
				code(t, &second.Request.Message, coding)
				before := second.Clone()
				rules := parse(t, fmt.Sprintf("correlate:\n  cookies: false\n  rules:\n  - from: {operation: \"*\", %s}\n    to: {operation: \"*\", %s}\n    reason: test\n", p.from, p.to))
				c := New(rules, names{}, Limits{})
				var got capture.Request
				side := answering(func(r *capture.Request) capture.Response {
					if r.Method+" "+r.Target == giveTarget && got.Method == "" && r.Header.Get("If-None-Match") == "" {
						m := p.give(p.own).build()
						code(t, &m, coding)
						return capture.Response{Status: 200, Message: m}
					}
					got = *r
					return capture.Response{Status: 200}
				})
				replayed(t, &k, c, map[replay.Side]replay.Sender{"to": side}, nil)
				sent := p.sent
				if sent == "" {
					sent = strings.ReplaceAll(p.own, "%3D", "=")
				}
				var want talk
				wanted := want.add("b", p.operate(sent), use(sent), 200, message{})
				code(t, &wanted.Request.Message, coding)
				assert.Equal(t, wanted.Request.Target, got.Target)
				assert.Equal(t, wanted.Request.Header, got.Header)
				gotBody, err := decode(&got.Message)
				require.NoError(t, err)
				wantBody, err := decode(&wanted.Request.Message)
				require.NoError(t, err)
				assert.Equal(t, string(wantBody), string(gotBody))
				assert.Equal(t, before, second, "the recording is not written to")
				r := c.Report()
				require.Len(t, r.Links, 1)
				assert.Equal(t, []Tally{{Side: "to", Bound: 1, Differing: 1}}, r.Links[0].Sides)
			})
		}
	}
}

// code applies a content coding to a message with a body.
func code(t *testing.T, m *capture.Message, name string) {
	t.Helper()
	if name == "" || len(m.Body) == 0 {
		return
	}
	m.Header = append(m.Header, capture.Field{Name: "Content-Encoding", Value: name})
	var err error
	m.Body, err = coding.Encode([]string{name}, m.Body)
	require.NoError(t, err)
	m.BodySize = int64(len(m.Body))
}

// decode undoes the content codings; without any it returns the body itself.
func decode(m *capture.Message) ([]byte, error) {
	d := coding.Decoder{Limit: maxDecoded}
	return d.Decode(nil, m.Body, coding.Of(m.Header))
}
