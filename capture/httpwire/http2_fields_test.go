package httpwire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

const usualRequest = ":method POST|:scheme http|:path /a"

func TestMessagesThatHTTP2CallsMalformedAreNotWhole(t *testing.T) {
	tests := []struct {
		name, fields, body, trailer string
		want                        capture.Incomplete
		size                        int64
	}{
		{"a length that is the sum of DATA", "content-length 5", "hello", "", "", 5},
		{"no length", "x y", "hello", "", "", 5},
		{"a length of zero and no DATA", "content-length 0", "", "", "", 0},
		{"the same length twice", "content-length 5|content-length 5", "hello", "", "", 5},
		{"a length below", "content-length 3", "hello", "", capture.Malformed, 3},
		{"a length beyond", "content-length 9", "hello", "", capture.Malformed, 9},
		{"a length without DATA", "content-length 9", "", "", capture.Malformed, 9},
		{"two lengths", "content-length 5|content-length 6", "hello", "", capture.Malformed, 5},
		{"a length that is none", "content-length x", "hello", "", capture.Malformed, -1},
		{"a coding", "transfer-encoding chunked", "hello", "", capture.Malformed, -1},
		{"connection", "connection close", "hello", "", capture.Malformed, 5},
		{"proxy-connection", "proxy-connection close", "hello", "", capture.Malformed, 5},
		{"keep-alive", "keep-alive 5", "hello", "", capture.Malformed, 5},
		{"upgrade", "upgrade h2c", "hello", "", capture.Malformed, 5},
		{"te beyond trailers", "te gzip", "hello", "", capture.Malformed, 5},
		{"te trailers", "te trailers", "hello", "", "", 5},
		{"an upper-case name", "X-Upper y", "hello", "", capture.Malformed, 5},
		{"a CR in a value", "x a\rb", "hello", "", capture.Malformed, 5},
		{"an LF in a value", "x a\nb", "hello", "", capture.Malformed, 5},
		{"a NUL in a value", "x a\x00b", "hello", "", capture.Malformed, 5},
		{"a NUL in a name", "x\x00z b", "hello", "", capture.Malformed, 5},
		{"a colon in a name", "x:z b", "hello", "", capture.Malformed, 5},
		{"a letter beyond ASCII in a name", "x\xc3\xa9 b", "hello", "", capture.Malformed, 5},
		{"bytes beyond ASCII in a value", "x \xc3\xa9", "hello", "", "", 5},
		{"a sound trailer", "x y", "hello", "grpc-status 0", "", 5},
		{"a line end in a trailer", "x y", "hello", "x a\nb", capture.Malformed, 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			message := func(p *peer, head string) string {
				fields := strings.Split(head+"|"+test.fields, "|")
				if test.trailer == "" {
					return p.headers(1, 0, fields...) + data(1, h2.EndStream, test.body)
				}
				return p.headers(1, 0, fields...) + data(1, 0, test.body) + p.headers(1, h2.EndStream, test.trailer)
			}
			c, s := newPeer(), newPeer()
			all, account := parse(t, Config{}, conn, capture.Closed,
				c2s(hello+message(c, usualRequest)), s2c(settings+message(s, ":status 200")),
				c2s(c.get(3, "/next")), s2c(s.ok(3, "hi")))
			require.Len(t, all, 2)
			for _, m := range []capture.Message{all[0].Request.Message, all[0].Response.Message} {
				assert.Equal(t, test.want, m.Incomplete)
				assert.Equal(t, test.size, m.BodySize)
				assert.Equal(t, test.body, string(m.Body), "what came is kept")
			}
			assert.Equal(t, []string{"GET /next > 2.0 200 hi"}, show(all[1:]))
			assert.Zero(t, account[0].Lost())
		})
	}
}

func TestAResponseWithoutContentMayTellAnyLength(t *testing.T) {
	tests := []struct {
		name, method, status, body string
		want                       capture.Incomplete
	}{
		{"to HEAD", "HEAD", "200", "", ""},
		{"304", "GET", "304", "", ""},
		{"204", "GET", "204", "", ""},
		{"to GET", "GET", "200", "", capture.Malformed},
		{"to HEAD with DATA", "HEAD", "200", "hello", capture.Malformed},
		{"304 with DATA", "GET", "304", "hello", capture.Malformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := newPeer(), newPeer()
			response := s.headers(1, 0, ":status "+test.status, "content-length 9") + data(1, h2.EndStream, test.body)
			all, _ := parse(t, Config{}, conn, capture.Closed,
				c2s(hello+c.headers(1, h2.EndStream, ":method "+test.method, ":scheme http", ":path /a")), s2c(settings+response))
			require.Len(t, all, 1)
			assert.Equal(t, test.want, all[0].Response.Incomplete)
		})
	}
}

func TestOtherReasonsComeBeforeALengthThatIsNotKept(t *testing.T) {
	c, s := newPeer(), newPeer()
	long := c.headers(1, 0, append(strings.Split(usualRequest, "|"), "content-length 5")...) + data(1, h2.EndStream, "hello")
	all, _ := parse(t, Config{MaxBody: 2}, conn, capture.Closed, c2s(hello+long), s2c(settings+s.ok(1, "")))
	assert.Equal(t, capture.BodyLimit, all[0].Request.Incomplete)
	c = newPeer()
	begun := c.headers(1, 0, append(strings.Split(usualRequest, "|"), "content-length 9")...) + data(1, 0, "hello")
	all, _ = parse(t, Config{}, conn, capture.Reset, c2s(hello+begun), s2c(settings))
	assert.Equal(t, capture.Reset, all[0].Request.Incomplete)
	assert.EqualValues(t, 9, all[0].Request.BodySize)
}

func TestMoreInterimAnswersThanAreKeptAreCounted(t *testing.T) {
	c, s := newPeer(), newPeer()
	text := settings
	for range maxInterim + 3 {
		text += s.headers(1, 0, ":status 103", "link a")
	}
	all, account := parse(t, Config{}, conn, capture.Closed, c2s(hello+c.get(1, "/a")), s2c(text+s.ok(1, "hi")))
	require.Len(t, all, 1)
	assert.True(t, all[0].Complete())
	assert.Len(t, all[0].Response.Interim, maxInterim)
	assert.EqualValues(t, 3, account[1].Dropped[HeadLimit])
}
