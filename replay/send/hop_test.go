package send

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestFieldsOfTheConnectionStayBehind(t *testing.T) {
	announced := request("POST /", "abc", "Trailer: X-Sum")
	announced.Trailer = capture.Header{{Name: "Content-Length", Value: "9"}, {Name: "X-Sum", Value: "7"}, {Name: "connection", Value: "close"}}
	tests := []struct {
		name      string
		req       *capture.Request
		want, two string // over HTTP/1.1, and the fields over HTTP/2
	}{
		{"named by Connection, in any case, in two lines",
			request("GET /", "", "connection: x-A", "X-a: 1", "Connection: X-B ,, close", "x-b: 2", "X-C: 3"), "GET / HTTP/1.1|Host: b|X-C: 3||", "x-c: 3"},
		{"Connection cannot take Host or the length away",
			request("POST /", "abc", "Connection: Host, Content-Length", "Content-Length: 3"), "POST / HTTP/1.1|Host: b|Content-Length: 3||abc", "content-length: 3"},
		{"proxy's own", request("GET /", "", "Proxy-Authorization: Basic x", "Proxy-Connection: keep-alive", "Max-Forwards: 3"), "GET / HTTP/1.1|Host: b|Max-Forwards: 3||", "max-forwards: 3"},
		{"upgrade to HTTP/2", request("GET /", "", "Upgrade: h2c", "HTTP2-Settings: AAM", "A: 1"), "GET / HTTP/1.1|Host: b|A: 1||", "a: 1"},
		{"TE without trailers", request("GET /", "", "TE: gzip;q=1", "A: 1"), "GET / HTTP/1.1|Host: b|A: 1||", "a: 1"},
		{"Expect with content", request("POST /", "abc", "Expect: 100-continue", "Content-Length: 3"), "POST / HTTP/1.1|Host: b|Expect: 100-continue|Content-Length: 3||abc", "expect: 100-continue|content-length: 3"},
		{"Expect without content", request("POST /", "", "Expect: 100-continue"), "POST / HTTP/1.1|Host: b||", ""},
		{"Trailer without trailers", request("POST /", "", "Trailer: X-Sum"), "POST / HTTP/1.1|Host: b||", ""},
		{"trailers that may be", announced, "POST / HTTP/1.1|Host: b|Trailer: X-Sum|Transfer-Encoding: chunked||3|abc|0|X-Sum: 7||", "trailer: X-Sum"},
		{"HTTP/1.0 kept alive", request("GET / HTTP/1.0", "", "Connection: Keep-Alive", "Keep-Alive: 5"), "GET / HTTP/1.1|Host: b||", ""},
		{"asterisk", request("OPTIONS *", "", "A: 1"), "OPTIONS * HTTP/1.1|Host: b|A: 1||", "a: 1"},
		{"absolute form", request("GET http://x/p", "", "Host: x"), "GET /p HTTP/1.1|Host: b||", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, "http://b", false)
			got, err := wire(c, tt.req)
			require.NoError(t, err)
			assert.Equal(t, strings.ReplaceAll(tt.want, "|", "\r\n"), got)
			sent, err := c.prepareH2(tt.req)
			require.NoError(t, err)
			assert.Equal(t, capture.Field{Name: "Host", Value: "b"}, sent.Header[0])
			lines := strings.TrimSuffix(string(appendFields(nil, sent.Header[1:])), "\r\n")
			assert.Equal(t, strings.ReplaceAll(tt.two, "|", "\r\n"), lines)
		})
	}
	_, err := wire(newClient(t, "http://b", false), request("CONNECT a:80", ""))
	assert.ErrorContains(t, err, "CONNECT asks for a tunnel")
}
