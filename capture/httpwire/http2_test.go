package httpwire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// peer writes the frames of one end of a connection.
type peer struct {
	table bytes.Buffer
	enc   *hpack.Encoder
}

func newPeer() *peer {
	p := &peer{}
	p.enc = hpack.NewEncoder(&p.table)
	return p
}

func raw(t h2.Type, flags uint8, stream uint32, payload string) string {
	n := len(payload)
	b := []byte{byte(n >> 16), byte(n >> 8), byte(n), byte(t), flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// block encodes fields given as "name value".
func (p *peer) block(fields ...string) string {
	p.table.Reset()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, " ")
		_ = p.enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return p.table.String()
}

func (p *peer) headers(stream uint32, flags uint8, fields ...string) string {
	return raw(h2.Headers, flags|h2.EndHeaders, stream, p.block(fields...))
}

func (p *peer) get(stream uint32, path string) string {
	return p.headers(stream, h2.EndStream, ":method GET", ":scheme http", ":path "+path, ":authority shop", "x-a 1")
}

func (p *peer) post(stream uint32, path string) string {
	return p.headers(stream, 0, ":method POST", ":scheme http", ":path "+path, ":authority shop")
}

// ok answers with a body.
func (p *peer) ok(stream uint32, body string) string {
	return p.headers(stream, 0, ":status 200", "content-type text/plain") + data(stream, h2.EndStream, body)
}

func data(stream uint32, flags uint8, body string) string { return raw(h2.Data, flags, stream, body) }

var (
	hello    = h2.Preface + raw(h2.Settings, 0, 0, "")
	settings = raw(h2.Settings, 0, 0, "")
	reset    = func(stream uint32) string { return raw(h2.RSTStream, 0, stream, "\x00\x00\x00\x08") }
)

func TestFramingByRFC9113(t *testing.T) {
	tests := []struct {
		name string
		runs func(c, s *peer) []run
		want []string
	}{
		{"a simple exchange", func(c, s *peer) []run { return []run{c2s(hello + c.get(1, "/a")), s2c(settings + s.ok(1, "hi"))} },
			[]string{"GET /a > 2.0 200 hi"}},
		{"a server that speaks first", func(c, s *peer) []run {
			return []run{s2c(settings), c2s(hello + c.get(1, "/a")), s2c(s.ok(1, "hi"))}
		}, []string{"GET /a > 2.0 200 hi"}},
		{"answers in another order", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a") + c.get(3, "/b")), s2c(settings + s.ok(3, "bb") + s.ok(1, "aa"))}
		}, []string{"GET /b > 2.0 200 bb", "GET /a > 2.0 200 aa"}},
		{"interleaved bodies", func(c, s *peer) []run {
			return []run{c2s(hello + c.post(1, "/a") + c.post(3, "/b") + data(1, 0, "a") + data(3, 0, "b") + data(1, 1, "A") + data(3, 1, "B")),
				s2c(settings + s.ok(1, "") + s.ok(3, ""))}
		}, []string{"POST /a aA > 2.0 200", "POST /b bB > 2.0 200"}},
		{"padding, priority and continuation", func(c, s *peer) []run {
			b := c.block(":method GET", ":scheme http", ":path /a", ":authority shop")
			return []run{c2s(hello + raw(h2.Headers, h2.Padded|h2.HasPriority|h2.EndStream, 1, "\x03\x00\x00\x00\x00\x10"+b[:2]+"\x00\x00\x00") +
				raw(h2.Continuation, 0, 1, b[2:4]) + raw(h2.Continuation, h2.EndHeaders, 1, b[4:])),
				s2c(settings + s.headers(1, 0, ":status 200") + raw(h2.Data, h2.Padded|h2.EndStream, 1, "\x02hi\x00\x00"))}
		}, []string{"GET /a > 2.0 200 hi"}},
		{"interim answers", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a")), s2c(settings + s.headers(1, 0, ":status 100") + s.headers(1, 0, ":status 103", "link x") + s.ok(1, "hi"))}
		}, []string{"GET /a > 1xx 1xx 2.0 200 hi"}},
		{"a reset in the answer", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a")), s2c(settings + s.headers(1, 0, ":status 200") + data(1, 0, "h") + reset(1) + s.headers(3, 0, ":status 200"))}
		}, []string{"GET /a > 2.0 200 h (reset)", " (unseen) > 2.0 200 (closed)"}},
		{"a reset by the client", func(c, _ *peer) []run { return []run{c2s(hello + c.post(1, "/a") + data(1, 0, "x") + reset(1))} },
			[]string{"POST /a x (reset) > (unseen)"}},
		{"going away", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a") + c.get(3, "/b")), s2c(settings + raw(h2.GoAway, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x00bye") + s.ok(1, "hi"))}
		}, []string{"GET /b > (unseen)", "GET /a > 2.0 200 hi"}},
		{"a push", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a")), s2c(settings + raw(h2.PushPromise, h2.EndHeaders, 1, "\x00\x00\x00\x02"+s.block(":method GET", ":scheme http", ":path /p", ":authority shop")) + s.ok(1, "hi") + s.ok(2, "pushed"))}
		}, []string{"GET /a > 2.0 200 hi", "GET /p > 2.0 200 pushed"}},
		{"a tunnel", func(c, s *peer) []run {
			return []run{c2s(hello + c.headers(1, 0, ":method CONNECT", ":authority db:5432")), s2c(settings + s.headers(1, 0, ":status 200")), c2s(data(1, 0, "sql")), s2c(data(1, 1, "rows")), c2s(data(1, 1, ""))}
		}, []string{"CONNECT db:5432 > 2.0 200"}},
		{"an upgrade", func(c, s *peer) []run {
			return []run{c2s("GET /a HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAABAA\r\n\r\n"), s2c("HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n" + settings), c2s(hello), s2c(s.ok(1, "hi")), c2s(c.get(3, "/b")), s2c(s.ok(3, "there"))}
		}, []string{"GET /a > 1xx 2.0 200 hi", "GET /b > 2.0 200 there"}},
		{"the end of the connection", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a") + c.post(3, "/b") + data(3, 0, "b")), s2c(settings + s.headers(1, 0, ":status 200") + data(1, 0, "h"))}
		}, []string{"POST /b b (closed) > (unseen)", "GET /a > 2.0 200 h (closed)"}},
		{"without method", func(c, s *peer) []run {
			return []run{c2s(hello + c.headers(1, 1, ":path /a")), s2c(settings + s.ok(1, ""))}
		}, []string{"/a (malformed) > 2.0 200"}},
		{"a frame inside a header block", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a") + raw(h2.Headers, 0, 3, c.block(":method GET")) + data(1, 0, "x")), s2c(settings + s.ok(1, "hi"))}
		}, []string{"GET (malformed) > (unseen)", "GET /a > 2.0 200 hi"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, _ := parse(t, Config{}, conn, capture.Closed, test.runs(newPeer(), newPeer())...)
			assert.ElementsMatch(t, test.want, show(all))
		})
	}
}

func TestFieldsOfHTTP2KeepTheirOrder(t *testing.T) {
	c, s := newPeer(), newPeer()
	all, account := parse(t, Config{Agent: "a"}, conn, capture.Closed,
		c2s(hello+c.headers(1, 0, ":method POST", ":scheme http", ":path /a", ":authority shop", "b 1", "cookie x=1", "cookie y=2")+data(1, 0, "body")+c.headers(1, 1, "checksum aa")),
		s2c(settings+s.headers(1, 0, ":status 200", "a 1")+s.headers(1, 1, "grpc-status 0")))
	require.Len(t, all, 1)
	e := all[0]
	assert.Equal(t, capture.Header{{Name: "Host", Value: "shop"}, {Name: "b", Value: "1"}, {Name: "cookie", Value: "x=1"}, {Name: "cookie", Value: "y=2"}}, e.Request.Header)
	assert.Equal(t, capture.Header{{Name: "checksum", Value: "aa"}}, e.Request.Trailer)
	assert.Equal(t, capture.Header{{Name: "grpc-status", Value: "0"}}, e.Response.Trailer)
	assert.Equal(t, "HTTP/2.0", e.Request.Proto)
	assert.Equal(t, capture.NewID("a", e.Context.Connection, noon, 0), e.ID)
	assert.Len(t, account, 3, "no other stage without need")
	assert.EqualValues(t, 24+9+9, account[0].Filtered[HTTP2Control])
}

func TestAGapInHTTP2CostsWhatItsFrameCarries(t *testing.T) {
	gap := func(dir int, n int, text string) run { return run{dir: dir, gap: int64(n), text: text} }
	tests := []struct {
		name string
		runs func(c, s *peer) []run
		want []string
		why  capture.Reason
	}{
		{"in DATA", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a") + c.get(3, "/b")), s2c(settings + s.headers(1, 0, ":status 200") + data(1, 1, "abcdef")[:11]), gap(1, 2, "ef"+s.ok(3, "hi"))}
		}, []string{"GET /a > 2.0 200 ab (gap)", "GET /b > 2.0 200 hi"}, AfterGap},
		{"in PING", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a")), s2c(settings + raw(h2.Ping, 0, 0, "12345678")[:12]), gap(1, 5, s.ok(1, "hi"))}
		}, []string{"GET /a > 2.0 200 hi"}, GapBytes},
		{"in a header block, later ones without the lost part", func(c, s *peer) []run {
			first := s.headers(1, 0, ":status 200", "x-lost 1")
			return []run{c2s(hello + c.get(1, "/a") + c.get(3, "/b")), s2c(settings + first[:12]), gap(1, len(first)-12, data(1, 1, "hi")+s.headers(3, 1, ":status 404", "x-new 1"))}
		}, []string{"GET /a > 2.0 200 hi (gap)", "GET /b > 2.0 404"}, IncompleteHead},
		{"in a header block, later ones with the lost part", func(c, s *peer) []run {
			first := s.headers(1, 0, ":status 200", "x-lost 1")
			return []run{c2s(hello + c.get(1, "/a") + c.get(3, "/b") + c.get(5, "/c")), s2c(settings + first[:10]), gap(1, len(first)-10, data(1, 1, "hi")+
				s.headers(3, 1, ":status 404", "x-lost 1")+s.headers(5, 1, ":status 204"))}
		}, []string{"GET /a > 2.0 200 hi (gap)", "GET /b > 2.0 404 (gap)", "GET /c > 2.0 204"}, HPACKUnknown},
		{"beyond a frame", func(c, s *peer) []run {
			return []run{c2s(hello + c.get(1, "/a")), s2c(settings + s.headers(1, 0, ":status 200")), gap(1, 11, data(1, 1, "hi")), c2s(c.get(3, "/b"))}
		}, []string{"GET /a > 2.0 200 (gap)", "GET /b > (unseen)"}, CutFrame},
		{"in the requests", func(c, s *peer) []run {
			return []run{c2s(hello), gap(0, 40, c.get(1, "/a")), s2c(settings + s.ok(1, "hi"))}
		}, []string{" (unseen) > 2.0 200 hi"}, CutFrame},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, account := parse(t, Config{}, conn, capture.Closed, test.runs(newPeer(), newPeer())...)
			got := strings.ReplaceAll(strings.Join(show(all), "\n"), "(gap) (gap)", "(gap)")
			assert.ElementsMatch(t, test.want, strings.Split(got, "\n"))
			assert.Positive(t, account[0].Dropped[test.why], "%v", account[0].Dropped)
		})
	}
}

func TestHTTP2JoinedLateIsCounted(t *testing.T) {
	late := conn
	late.Whole = false
	c, s := newPeer(), newPeer()
	runs := []run{c2s(c.get(5, "/a") + raw(h2.WindowUpdate, 0, 0, "\x00\x00\x10\x00")), s2c(s.ok(5, "hi")), c2s(c.get(7, "/b"))}
	all, account := parse(t, Config{}, late, capture.Closed, runs...)
	assert.Empty(t, all)
	assert.Equal(t, account[0].Seen, account[0].Dropped[HPACKUnknown])
}

func TestLimitsOfHTTP2AreCounted(t *testing.T) {
	c, s := newPeer(), newPeer()
	bomb := c.block("x " + strings.Repeat("v", 200))
	bomb += strings.Repeat("\xbe", 300)
	all, account := parse(t, Config{MaxHead: 1000}, conn, capture.Closed, c2s(hello+raw(h2.Headers, 5, 1, c.block(":method GET", ":path /a")+bomb)), s2c(settings+s.ok(1, "")))
	assert.Equal(t, []string{"GET /a (malformed) > 2.0 200"}, show(all))
	assert.Positive(t, account[0].Dropped[HeadLimit])

	c = newPeer()
	flood := raw(h2.Headers, 0, 1, c.block(":method GET", ":path /a"))
	for range 300 {
		flood += raw(h2.Continuation, 0, 1, "\x00\x01a\x01b")
	}
	all, account = parse(t, Config{MaxHead: 1000}, conn, capture.Closed, c2s(hello+flood+raw(h2.Continuation, h2.EndHeaders, 1, "")+c.get(3, "/b")))
	require.Len(t, all, 2)
	assert.Equal(t, capture.Malformed, all[0].Request.Incomplete)
	assert.Positive(t, account[0].Dropped[HeadLimit])

	c, s = newPeer(), newPeer()
	many := hello
	for i := range 10 {
		many += c.post(uint32(2*i+1), fmt.Sprint("/", i))
	}
	all, account = parse(t, Config{MaxPending: 3, MaxBody: 2}, conn, capture.Closed, c2s(many+data(1, 1, "late")+data(19, 1, "long")), s2c(settings+s.ok(19, "long")))
	require.Len(t, all, 10)
	assert.EqualValues(t, 7, account[1].Dropped[capture.Reason(capture.Evicted)])
	assert.EqualValues(t, 13, account[0].Dropped[UnknownStream])
	assert.EqualValues(t, 4, account[0].Dropped[BodyRest])
}

func TestMessagesOfGRPCAreCounted(t *testing.T) {
	c, s := newPeer(), newPeer()
	first := data(1, 0, "\x00\x00\x00\x00\x02hi\x00\x00\x00")
	all, account := parse(t, Config{}, conn, capture.Closed,
		c2s(hello+c.headers(1, 0, ":method POST", ":scheme http", ":path /s/m", ":authority x", "content-type application/grpc")+first+data(1, 1, "\x00\x03abc")),
		s2c(settings+s.headers(1, 0, ":status 200", "content-type application/grpc+proto")+data(1, 0, "\x01\x00\x00\x00\x04zip")[:16]), run{dir: 1, gap: 1, text: data(1, 0, "!\x00\x00\x00\x00\x01x\x00\x00") + s.headers(1, 1, "grpc-status 0")})
	require.Len(t, all, 1)
	stage := account[3]
	assert.Equal(t, "grpc", stage.Name)
	assert.EqualValues(t, 5, stage.Seen)
	assert.EqualValues(t, 2, stage.Written)
	assert.EqualValues(t, 3, stage.Dropped[GapBytes])
	assert.Equal(t, "\x00\x00\x00\x00\x02hi\x00\x00\x00\x00\x03abc", string(all[0].Request.Body))
}

func TestFramesOfWebSocketAreCounted(t *testing.T) {
	ask, agree := c2s("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), "HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\n\r\n"
	long := "\x82\x7e\x01\x00" + strings.Repeat("x", 256)
	all, account := parse(t, Config{}, conn, capture.Closed, ask, s2c(agree+"\x01\x02he\x80\x03llo\x89\x00"+long[:100]), c2s("\x8a\x80mask\x81\x82maskhi"),
		run{dir: 1, gap: 160, text: "\x88\x02\x03\xe8"}, run{dir: 0, gap: 3, text: "\x81\x01x"})
	require.Len(t, all, 1)
	assert.Equal(t, 101, all[0].Response.Status)
	stage := account[3]
	assert.Equal(t, "websocket", stage.Name)
	assert.Equal(t, map[capture.Reason]uint64{"text": 2, "continuation": 1, "ping": 1, "pong": 1, "close": 1}, stage.Filtered)
	assert.Equal(t, map[capture.Reason]uint64{"gap": 2}, stage.Dropped)
}

// A server may allow a table beyond what is kept of it here. What a request takes
// from beyond is not known, and the next one is whole.
func TestATableBeyondOursCostsOnlyWhatRefersToIt(t *testing.T) {
	c, s := newPeer(), newPeer()
	c.enc.SetMaxDynamicTableSizeLimit(1 << 20)
	c.enc.SetMaxDynamicTableSize(1 << 20)
	get := func(stream uint32, path, field string) string {
		return c.headers(stream, h2.EndStream, ":method GET", ":scheme http", ":path "+path, field)
	}
	long := " " + strings.Repeat("v", 500)
	requests := get(1, "/a", "x-a"+long) + get(3, "/b", "x-b"+long)
	unknown := get(5, "/a", "x-a"+long)
	all, account := parse(t, Config{MaxHead: 1000}, conn, capture.Closed,
		s2c(raw(h2.Settings, 0, 0, "\x00\x01\x00\x10\x00\x00")), c2s(hello+requests+unknown+get(7, "/c", "x-c 1")),
		s2c(s.ok(1, "")+s.ok(3, "")+s.ok(5, "")+s.ok(7, "")))
	require.Len(t, all, 4)
	assert.Equal(t, capture.Evicted, all[2].Request.Incomplete)
	assert.Equal(t, "GET /c > 2.0 200", show(all)[3])
	assert.EqualValues(t, len(unknown), account[0].Dropped[HPACKUnknown])
	assert.EqualValues(t, len(unknown), account[0].Lost())
}
