package send_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// A server may wait for the content, ask for it, or refuse it (RFC 9110 section
// 10.1.1): the answer comes in each case, and what is left of the content is
// never taken for the next request.
func TestExpectedContinueNeverHangs(t *testing.T) {
	body := strings.Repeat("x", 200<<10)
	readBody := func(r *bufio.Reader, n int) { _, _ = io.CopyN(io.Discard, r, int64(n)) }
	tests := []struct {
		name   string
		size   int
		serve  func(net.Conn, *bufio.Reader, int)
		status int
		conns  int32
	}{
		{"ignores it", 100, func(c net.Conn, r *bufio.Reader, n int) { readBody(r, n); _, _ = io.WriteString(c, okAnswer) }, 200, 1},
		{"asks for content", 100, func(c net.Conn, r *bufio.Reader, n int) {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			readBody(r, n)
			_, _ = io.WriteString(c, okAnswer)
		}, 200, 1},
		{"refuses and reads no content", 100, func(c net.Conn, _ *bufio.Reader, _ int) {
			_, _ = io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
		}, 417, 2},
		{"refuses a large one", len(body), func(c net.Conn, r *bufio.Reader, _ int) {
			_, _ = io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
			_, _ = io.Copy(io.Discard, r)
		}, 417, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var conns atomic.Int32
			c := client(t, serve(t, func(nc net.Conn) {
				conns.Add(1)
				r := bufio.NewReader(nc)
				for readHead(r) == nil {
					tt.serve(nc, r, tt.size)
				}
			}))
			for range 2 {
				req := get("/", capture.Field{Name: "Expect", Value: "100-continue"})
				req.Method, req.Body = "POST", []byte(body[:tt.size])
				a := c.Send(background(), ask(req))
				require.True(t, a.OK(), a.Err)
				assert.Equal(t, tt.status, a.Response.Status)
			}
			assert.Equal(t, tt.conns, conns.Load())
		})
	}
}
