package send

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// parse reads one answer from text as a connection would give it.
func parse(src io.Reader, method string, maxBody int64) (capture.Response, bool, error) {
	r := reader{src: src}
	r.begin()
	res := capture.Response{}
	res.Incomplete, res.BodySize = capture.Unseen, -1
	keep, err := r.response(method, maxBody, &res)
	return res, keep, err
}

func message(body string, fields ...capture.Field) capture.Message {
	return capture.Message{Header: fields, Body: []byte(body), BodySize: int64(len(body))}
}

func field2(name, value string) capture.Field { return capture.Field{Name: name, Value: value} }

func TestResponseReadsWhatRFC9112Allows(t *testing.T) {
	tests := []struct {
		name, method, wire string
		want               capture.Response
		keep               bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\ncontent-TYPE: a\r\nContent-Length: 3\r\n\r\nabc",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("abc", field2("content-TYPE", "a"), field2("Content-Length", "3"))}, true},
		{"equal fields kept in order", "GET", "HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\nB: 3\r\nContent-Length: 0\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("", field2("B", "1"), field2("A", "2"), field2("B", "3"), field2("Content-Length", "0"))}, true},
		{"the same length twice", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\nContent-Length: 1\r\n\r\nx",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("x", field2("Content-Length", "1, 1"), field2("Content-Length", "1"))}, true},
		{"chunks, extensions, trailers", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n00A \r\n0123456789\r\n0;last\r\nX-Sum: 7\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: capture.Message{Header: capture.Header{{Name: "Transfer-Encoding", Value: "chunked"}}, Body: []byte("abc0123456789"), BodySize: 13, Trailer: capture.Header{{Name: "X-Sum", Value: "7"}}}}, true},
		{"both framings: chunked, then closed", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("x", field2("Content-Length", "9"), field2("Transfer-Encoding", "chunked"))}, false},
		{"to the end", "GET", "HTTP/1.1 200 OK\r\n\r\nabc",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("abc")}, false},
		{"HTTP/1.0 closes", "GET", "HTTP/1.0 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
			capture.Response{Status: 404, Reason: "Not Found", Proto: "HTTP/1.0", Message: message("x", field2("Content-Length", "1"))}, false},
		{"HTTP/1.0 kept alive", "GET", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.0", Message: message("", field2("Connection", "Keep-Alive"), field2("Content-Length", "0"))}, true},
		{"asked to close", "GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("", field2("Connection", "x, Close"), field2("Content-Length", "0"))}, false},
		{"HEAD has no body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("", field2("Content-Length", "30"))}, true},
		{"204 has no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n",
			capture.Response{Status: 204, Reason: "No Content", Proto: "HTTP/1.1", Message: message("")}, true},
		{"304 has no body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
			capture.Response{Status: 304, Reason: "Not Modified", Proto: "HTTP/1.1", Message: message("", field2("Content-Length", "5"))}, true},
		{"interim", "GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Interim: []capture.Interim{{Status: 103, Header: capture.Header{{Name: "Link", Value: "</a>"}}}, {Status: 100}}, Message: message("", field2("Content-Length", "0"))}, true},
		{"101 is final", "GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nopaque",
			capture.Response{Status: 101, Reason: "Switching Protocols", Proto: "HTTP/1.1", Message: message("", field2("Upgrade", "x"))}, false},
		{"bare LF, no reason, folded field", "GET", "HTTP/1.1 200\nA: x\n  y\nB:\t\nContent-Length:0\n\n",
			capture.Response{Status: 200, Proto: "HTTP/1.1", Message: message("", field2("A", "x y"), field2("B", ""), field2("Content-Length", "0"))}, true},
		{"bytes after the answer", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 408 Timeout\r\n\r\n",
			capture.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Message: message("x", field2("Content-Length", "1"))}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, keep, err := parse(strings.NewReader(tt.wire), tt.method, 100)
			require.NoError(t, err)
			times := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(capture.Message{}, "Start", "End"), cmpopts.IgnoreFields(capture.Interim{}, "Time")}
			assert.Empty(t, cmp.Diff(tt.want, got, times))
			assert.Equal(t, tt.keep, keep)

			slow, _, err := parse(iotest.OneByteReader(strings.NewReader(tt.wire)), tt.method, 100)
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(got, slow, times), "read byte by byte")
		})
	}
}

func TestResponseRefusesWhatIsMalformed(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	tests := []struct{ name, wire, want string }{
		{"no status line", "hello\r\n\r\n", `status line "hello"`},
		{"empty line first", "\r\n", `status line ""`},
		{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", "does not begin with HTTP/1.1"},
		{"short status", "HTTP/1.1 20 OK\r\n\r\n", "no status of three digits"},
		{"long status", "HTTP/1.1 2000 OK\r\n\r\n", "no status of three digits"},
		{"status 0", "HTTP/1.1 012 OK\r\n\r\n", "no status of three digits"},
		{"bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", "control character"},
		{"no colon", ok + "Broken\r\n\r\n", `"Broken" has no colon`},
		{"no name", ok + ": x\r\n\r\n", "not a token"},
		{"space before the colon", ok + "A : x\r\n\r\n", "not a token"},
		{"nothing to continue", ok + " x\r\n\r\n", "continues a field"},
		{"NUL in a value", ok + "A: x\x00\r\n\r\n", "bare CR or NUL"},
		{"bare CR in a value", ok + "A: x\ry\r\n\r\n", "bare CR or NUL"},
		{"two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "both 1 and 2"},
		{"a list of two lengths", ok + "Content-Length: 1, 2\r\n\r\nxx", "different lengths"},
		{"negative length", ok + "Content-Length: -1\r\n\r\n", "not a number of bytes"},
		{"signed length", ok + "Content-Length: +1\r\n\r\nx", "not a number of bytes"},
		{"empty length", ok + "Content-Length:\r\n\r\n", "not a number of bytes"},
		{"huge length", ok + "Content-Length: 99999999999999999999\r\n\r\n", "not a number of bytes"},
		{"unknown coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", "not the chunked"},
		{"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "not the chunked"},
		{"bad chunk size", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "hexadecimal"},
		{"signed chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "hexadecimal"},
		{"no chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n;a\r\n", "hexadecimal"},
		{"huge chunk", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "hexadecimal"},
		{"chunk longer than its size", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", "follows a chunk"},
		{"broken trailer", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nbroken\r\n\r\n", "no colon"},
		{"long head", ok + "A: " + strings.Repeat("x", maxHead) + "\r\n\r\n", "longer than 65536 bytes"},
		{"long chunk line", ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 2*maxChunkLine), "longer than 16384 bytes"},
		{"endless interim", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", maxInterim+1), "more than 64 interim"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, keep, err := parse(strings.NewReader(tt.wire), "GET", 100)
			assert.ErrorAs(t, err, new(malformed))
			assert.ErrorContains(t, err, tt.want)
			assert.False(t, keep)
		})
	}
}

func TestResponseCutShortKeepsWhatCame(t *testing.T) {
	tests := []struct {
		name, wire, body string
		size             int64
		reason           capture.Incomplete
	}{
		{"nothing", "", "", -1, capture.Unseen},
		{"in the head", "HTTP/1.1 200 OK\r\nA:", "", -1, capture.Unseen},
		{"in a body of known length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "ab", 5, capture.Closed},
		{"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "ab", -1, capture.Closed},
		{"before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "ab", -1, capture.Closed},
		{"in the trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", "", -1, capture.Closed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := parse(strings.NewReader(tt.wire), "GET", 100)
			assert.ErrorIs(t, err, errEarly)
			assert.Equal(t, tt.body, string(got.Body))
			assert.Equal(t, tt.size, got.BodySize)
			assert.Equal(t, tt.reason, got.Incomplete)
		})
	}
}

func TestResponseStopsAtTheBodyLimit(t *testing.T) {
	for name, wire := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
		"to end":  "HTTP/1.1 200 OK\r\n\r\nabcdef",
	} {
		t.Run(name, func(t *testing.T) {
			got, keep, err := parse(strings.NewReader(wire), "GET", 5)
			assert.ErrorIs(t, err, errTooLarge)
			assert.Equal(t, "abcde", string(got.Body))
			assert.False(t, keep)
			whole, _, err := parse(strings.NewReader(wire), "GET", 6)
			require.NoError(t, err)
			assert.Equal(t, "abcdef", string(whole.Body))
		})
	}
}

func FuzzResponse(f *testing.F) {
	for _, wire := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204\nA: b\n c\n\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		f.Add([]byte(wire), "GET", uint16(100))
	}
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), "HEAD", uint16(0))
	f.Fuzz(func(t *testing.T, wire []byte, method string, limit uint16) {
		got, keep, err := parse(bytes.NewReader(wire), method, int64(limit))
		if len(got.Body) > int(limit) {
			t.Fatalf("body of %d bytes, limit %d", len(got.Body), limit)
		}
		if err == nil && (got.Incomplete != "" || got.BodySize != int64(len(got.Body)) || got.Status < 100) {
			t.Fatalf("whole answer with status %d, body size %d of %d, %s", got.Status, len(got.Body), got.BodySize, got.Incomplete)
		}
		slow, slowKeep, slowErr := parse(iotest.OneByteReader(bytes.NewReader(wire)), method, int64(limit))
		if (err == nil) != (slowErr == nil) || !bytes.Equal(got.Body, slow.Body) || got.Status != slow.Status || len(got.Header) != len(slow.Header) {
			t.Fatalf("read at once: %v %d %q\nbyte by byte: %v %d %q", err, got.Status, got.Body, slowErr, slow.Status, slow.Body)
		}
		// Bytes after the answer have not been read yet byte by byte.
		if keep && !slowKeep {
			t.Fatal("the connection is only kept when read at once")
		}
	})
}
