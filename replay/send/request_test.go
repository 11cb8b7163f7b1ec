package send

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

func newClient(t require.TestingT, target string, keepHost bool) *Client {
	u, err := url.Parse(target)
	require.NoError(t, err)
	c, err := New(Config{URL: u, KeepHost: keepHost})
	require.NoError(t, err)
	return c
}

// wire returns the bytes of the request as the client would send them.
func wire(c *Client, req *capture.Request) (string, error) {
	sent, err := c.prepare(req)
	return string(appendBody(appendHead(nil, &sent), &sent)), err
}

// request builds a recorded request from the lines of its head.
func request(line, body string, lines ...string) *capture.Request {
	part := strings.Split(line, " ")
	req := &capture.Request{Method: part[0], Target: part[1], Proto: "HTTP/1.1"}
	if len(part) > 2 {
		req.Proto = part[2]
	}
	for _, l := range lines {
		name, value, _ := strings.Cut(l[1:], ": ")
		req.Header = append(req.Header, capture.Field{Name: l[:1] + name, Value: value})
	}
	req.Body = []byte(body)
	return req
}

func TestRequestKeepsTheWireAndReplacesWhatBelongsToTheConnection(t *testing.T) {
	trailing := request("POST /", "abc", "Transfer-Encoding: chunked", "Trailer: X-Sum")
	trailing.Trailer = capture.Header{{Name: "X-Sum", Value: "7"}}
	empty := request("POST /", "", "content-length: 0")
	empty.Trailer = trailing.Trailer
	tests := []struct {
		name, url string
		keepHost  bool
		req       *capture.Request
		want      string
	}{
		{"order, case and repeats", "http://b:1", false, request("GET /a?b=%20c", "", "hOST: x", "b: 1", "A: 2", "b: 3"),
			"GET /a?b=%20c HTTP/1.1|hOST: b:1|b: 1|A: 2|b: 3||"},
		{"host kept", "http://b", true, request("GET /", "", "Host: x", "Host: y"), "GET / HTTP/1.1|Host: x||"},
		{"host that was not recorded", "http://b", true, request("GET /", "", "A: 1"), "GET / HTTP/1.1|Host: b|A: 1||"},
		{"path of the side", "http://b/v2/", false, request("GET /x", ""), "GET /v2/x HTTP/1.1|Host: b||"},
		{"absolute form", "http://b/v2", false, request("GET http://x:8/p?q", ""), "GET /v2/p?q HTTP/1.1|Host: b||"},
		{"absolute form without a path", "http://b", false, request("GET http://x?q", ""), "GET /?q HTTP/1.1|Host: b||"},
		{"asterisk form", "http://b/v2", false, request("OPTIONS *", ""), "OPTIONS * HTTP/1.1|Host: b||"},
		{"fields of the connection", "http://b", false,
			request("GET /", "", "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Connection: a", "Upgrade: h2c", "TE: gzip", "X: 2"),
			"GET / HTTP/1.1|Host: b|X: 2||"},
		{"trailers asked for", "http://b", false, request("GET /", "", "te: gzip, trailers;q=1", "Connection: TE"), "GET / HTTP/1.1|Host: b|te: trailers|Connection: TE||"},
		{"length in its place", "http://b", false, request("POST /", "abcd", "content-length: 9", "X: 1", "Content-Length: 9"),
			"POST / HTTP/1.1|Host: b|content-length: 4|X: 1||abcd"},
		{"chunked without trailers", "http://b", false, request("POST /", "abcd", "Transfer-Encoding: chunked"), "POST / HTTP/1.1|Host: b|Content-Length: 4||abcd"},
		{"length that was not recorded", "http://b", false, request("POST / HTTP/2.0", "abcd", ":path: /", "x: 1"), "POST / HTTP/1.1|Host: b|x: 1|Content-Length: 4||abcd"},
		{"empty body from HTTP/2", "http://b", false, request("PUT / HTTP/2.0", "", "x: 1"), "PUT / HTTP/1.1|Host: b|x: 1|Content-Length: 0||"},
		{"no body", "http://b", false, request("POST /", ""), "POST / HTTP/1.1|Host: b||"},
		{"trailers", "http://b", false, trailing, "POST / HTTP/1.1|Host: b|Transfer-Encoding: chunked|Trailer: X-Sum||3|abc|0|X-Sum: 7||"},
		{"trailers after nothing", "http://b", false, empty, "POST / HTTP/1.1|Host: b|Transfer-Encoding: chunked||0|X-Sum: 7||"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := wire(newClient(t, tt.url, tt.keepHost), tt.req)
			require.NoError(t, err)
			assert.Equal(t, strings.ReplaceAll(tt.want, "|", "\r\n"), got)
		})
	}
}

func TestRequestThatWouldBecomeAnotherIsRefused(t *testing.T) {
	trailing := request("POST /", "")
	trailing.Trailer = capture.Header{{Name: "A", Value: "x\ny"}}
	tests := []struct {
		name string
		req  *capture.Request
		want string
	}{
		{"method", &capture.Request{Method: "GET /x", Target: "/"}, `method "GET /x" is not a token`},
		{"no method", &capture.Request{Target: "/"}, "not a token"},
		{"target with a space", &capture.Request{Method: "GET", Target: "/ HTTP/1.1"}, "space or control character"},
		{"no target", &capture.Request{Method: "GET"}, "neither a path nor a URL"},
		{"authority form", &capture.Request{Method: "GET", Target: "a:80"}, "neither a path nor a URL"},
		{"line break in a value", request("GET /", "", "A: x\r\nB: y"), "header field 1: value of A holds a line break"},
		{"colon in a name", &capture.Request{Method: "GET", Target: "/", Message: capture.Message{Header: capture.Header{{Name: "A:b"}}}}, "header field 1: name"},
		{"trailer", trailing, "trailer field 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := wire(newClient(t, "http://b", false), tt.req)
			assert.ErrorContains(t, err, tt.want)
			assert.ErrorAs(t, err, new(failure))
		})
	}
}

// However odd the recording, what is sent is one request: the lines that were
// recorded, no more.
func TestRequestIsAlwaysOneRequest(t *testing.T) {
	c := newClient(t, "http://b/p", false)
	text := rapid.StringOf(rapid.RuneFrom([]rune("aA:-, \t\r\n\x00é0")))
	fields := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) capture.Field {
		name := rapid.OneOf(text, rapid.SampledFrom([]string{"Host", "Connection", "content-length", "Transfer-Encoding", "TE", "X"})).Draw(t, "name")
		return capture.Field{Name: name, Value: text.Draw(t, "value")}
	}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		req := &capture.Request{Method: "POST", Target: "/" + text.Draw(t, "target")}
		req.Header = fields.Draw(t, "header")
		req.Body = []byte(text.Draw(t, "body"))
		got, err := wire(c, req)
		if err != nil {
			return
		}
		head, body, ok := strings.Cut(got, "\r\n\r\n")
		require.True(t, ok)
		require.Equal(t, string(req.Body), body)
		lines := strings.Split(head, "\r\n")
		require.LessOrEqual(t, len(lines), 1+len(req.Header)+3)
		require.Equal(t, strings.Count(head, "\n"), len(lines)-1)
		require.Len(t, strings.Split(lines[0], " "), 3)
	})
}
