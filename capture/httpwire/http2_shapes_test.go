package httpwire

import (
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

// set is a frame of SETTINGS with one of them.
func set(id uint16, value uint32) string {
	b := binary.BigEndian.AppendUint16(nil, id)
	return raw(h2.Settings, 0, 0, string(binary.BigEndian.AppendUint32(b, value)))
}

func tableSize(n uint32) string { return set(1, n) }

// resize takes over a size of the table that the other end announced.
func (p *peer) resize(sizes ...uint32) {
	for _, n := range sizes {
		p.enc.SetMaxDynamicTableSizeLimit(n)
		p.enc.SetMaxDynamicTableSize(n)
	}
}

func (p *peer) answer(stream uint32, path string) string {
	return p.headers(stream, h2.EndStream, ":status 200", "x-path "+path, "x-long "+strings.Repeat(path, 900))
}

func TestTheSizeOfTheTableChangesInBothDirections(t *testing.T) {
	const agreed = "\x00\x00\x00\x04\x01\x00\x00\x00\x00"
	tests := []struct {
		name   string
		before []uint32 // announced in the connection's first frames
		later  []uint32 // announced after the first exchange, and taken over
	}{
		{"to nothing", nil, []uint32{0}},
		{"to nothing and back in one block", nil, []uint32{0, 4096}},
		{"up", nil, []uint32{64 << 10}},
		{"up from the beginning", []uint32{64 << 10}, []uint32{64 << 10}},
		{"down from the beginning", []uint32{64 << 10}, []uint32{100}},
		{"down and up", []uint32{64 << 10}, []uint32{100, 0, 32 << 10}},
		{"nothing from the beginning, then up", []uint32{0}, []uint32{8192}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := newPeer(), newPeer()
			first, later := "", ""
			for _, n := range test.before {
				first += tableSize(n)
			}
			for _, n := range test.later {
				later += tableSize(n)
			}
			c.resize(test.before...)
			s.resize(test.before...)
			runs := []run{c2s(hello + first + c.get(1, "/1")), s2c(settings + first + agreed + s.answer(1, "/1")), c2s(agreed + later), s2c(agreed + later), c2s(agreed)}
			c.resize(test.later...)
			s.resize(test.later...)
			want := []string{"GET /1 > 2.0 200"}
			for i := 3; i < 12; i += 2 {
				path := fmt.Sprint("/", i)
				runs = append(runs, c2s(c.get(uint32(i), path)), s2c(s.answer(uint32(i), path)))
				want = append(want, "GET "+path+" > 2.0 200")
			}
			all, account := parse(t, Config{}, conn, capture.Closed, runs...)
			assert.Equal(t, want, show(all))
			for _, e := range all {
				assert.Equal(t, e.Request.Target, e.Response.Header.Get("x-path"))
				assert.Equal(t, strings.Repeat(e.Request.Target, 900), e.Response.Header.Get("x-long"))
			}
			assert.Empty(t, account[0].Dropped)
		})
	}
}

func TestWebSocketOverHTTP2IsCounted(t *testing.T) {
	c, s := newPeer(), newPeer()
	ask := func(stream uint32, protocol string) string {
		return c.headers(stream, 0, ":method CONNECT", ":protocol "+protocol, ":scheme http", ":path /chat", ":authority shop", "sec-websocket-version 13")
	}
	all, account := parse(t, Config{}, conn, capture.Closed,
		c2s(hello), s2c(set(8, 1)), c2s(ask(1, "websocket")+ask(3, "websocket")+ask(5, "other")+c.get(7, "/a")),
		s2c(s.headers(1, 0, ":status 200")+s.headers(3, h2.EndStream, ":status 403")+s.headers(5, 0, ":status 200")+s.ok(7, "hi")),
		c2s(data(1, 0, "\x81\x82maskhi\x81")+data(5, 0, "opaque")), s2c(data(1, 0, "\x81\x02h")+data(1, 0, "i\x89\x00")),
		c2s(data(1, 0, "\x82maskhi")+raw(h2.Data, h2.Padded|h2.EndStream, 1, "\x02\x88\x80mask\x00\x00")), s2c(data(1, h2.EndStream, "\x88\x00\x82")))
	assert.ElementsMatch(t, []string{"CONNECT /chat > 2.0 200", "CONNECT /chat > 2.0 403", "CONNECT /chat > 2.0 200", "GET /a > 2.0 200 hi"}, show(all))
	assert.Equal(t, "websocket", all[0].Request.Header.Get(":protocol"))
	stage := account[3]
	assert.Equal(t, "websocket", stage.Name)
	assert.Equal(t, map[capture.Reason]uint64{"text": 3, "ping": 1, "close": 2}, stage.Filtered)
	assert.Equal(t, map[capture.Reason]uint64{"malformed": 1}, stage.Dropped, "the frame that the end of the stream cut")
	assert.EqualValues(t, 9+6, account[0].Filtered[Tunnel])
	assert.Empty(t, account[0].Dropped)
}

// crumbs splits a header block into CONTINUATION frames of one byte.
func crumbs(stream uint32, flags uint8, block string) string {
	all := raw(h2.Headers, flags, stream, "")
	for i := range len(block) {
		all += raw(h2.Continuation, 0, stream, block[i:i+1])
	}
	return all + raw(h2.Continuation, h2.EndHeaders, stream, "")
}

func TestTinyFramesMakeTheSameMessages(t *testing.T) {
	c, s := newPeer(), newPeer()
	asked := hello + crumbs(1, 0, c.block(":method POST", ":scheme http", ":path /a", ":authority shop", "x-a "+strings.Repeat("v", 300)))
	answered := settings + crumbs(1, 0, s.block(":status 103", "link x")) + crumbs(1, 0, s.block(":status 200", "trailer x-t"))
	body := strings.Repeat("tiny", 50)
	for i := range len(body) {
		asked += data(1, 0, "") + data(1, 0, body[i:i+1])
		answered += raw(h2.Data, h2.Padded, 1, "\x01"+body[i:i+1]+"\x00") + raw(h2.Data, h2.Padded, 1, "\x00")
	}
	asked += data(1, h2.EndStream, "")
	answered += crumbs(1, h2.EndStream, s.block("x-t end"))
	all, account := parse(t, Config{}, conn, capture.Closed, c2s(asked), s2c(answered))
	require.Equal(t, []string{"POST /a " + body + " > 1xx 2.0 200 " + body}, show(all))
	assert.Equal(t, "end", all[0].Response.Trailer.Get("x-t"))
	assert.Empty(t, account[0].Dropped)
}

func TestPadding(t *testing.T) {
	tests := []struct {
		name  string
		frame func(c *peer) string
		want  []string
	}{
		{"nothing else", func(c *peer) string { return c.post(1, "/a") + raw(h2.Data, 9, 1, "\x03\x00\x00\x00") }, []string{"POST /a > (unseen)", "GET /b > (unseen)"}},
		{"of 255 bytes", func(c *peer) string { return c.post(1, "/a") + raw(h2.Data, 9, 1, "\xffx"+strings.Repeat("\x00", 255)) }, []string{"POST /a x > (unseen)", "GET /b > (unseen)"}},
		{"longer than the frame", func(c *peer) string { return c.post(1, "/a") + raw(h2.Data, 9, 1, "\x03\x00\x00") }, []string{"POST /a (malformed) > (unseen)"}},
		{"that is no zeros", func(c *peer) string { return c.post(1, "/a") + raw(h2.Data, 9, 1, "\x01xy") }, []string{"POST /a x > (unseen)", "GET /b > (unseen)"}},
		{"of a header", func(c *peer) string {
			return raw(h2.Headers, h2.Padded|5, 1, "\x02"+c.block(":method GET", ":scheme http", ":path /a", ":authority x")+"\x00\x00")
		}, []string{"GET /a > (unseen)", "GET /b > (unseen)"}},
		{"without a length", func(c *peer) string { return c.post(1, "/a") + raw(h2.Data, 9, 1, "") }, []string{"POST /a (malformed) > (unseen)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newPeer()
			all, _ := parse(t, Config{}, conn, capture.Closed, c2s(hello+test.frame(c)+c.get(3, "/b")), s2c(settings))
			assert.Equal(t, test.want, show(all))
		})
	}
}

func TestPromises(t *testing.T) {
	promise := func(s *peer, on, promised uint32) string {
		b := string(binary.BigEndian.AppendUint32(nil, promised))
		return raw(h2.PushPromise, h2.EndHeaders, on, b+s.block(":method GET", ":scheme http", ":path /p", ":authority shop"))
	}
	tests := []struct {
		name string
		runs func(c, s *peer) []run
		want []string
	}{
		{"padded and continued", func(_, s *peer) []run {
			b := s.block(":method GET", ":scheme http", ":path /p", ":authority shop")
			return []run{s2c(raw(h2.PushPromise, h2.Padded, 1, "\x01\x00\x00\x00\x02"+b[:3]+"\x00") + raw(h2.Continuation, 4, 1, b[3:]) + s.ok(2, "pushed"))}
		}, []string{"GET /p > 2.0 200 pushed"}},
		{"refused by the client", func(_, s *peer) []run {
			return []run{s2c(promise(s, 1, 2)), c2s(reset(2)), s2c(s.headers(2, 0, ":status 200"))}
		}, []string{"GET /p > (unseen)"}},
		{"of an odd stream", func(_, s *peer) []run { return []run{s2c(promise(s, 1, 3))} }, nil},
		{"of the client", func(c, _ *peer) []run { return []run{c2s(promise(c, 1, 2))} }, nil},
		{"never kept", func(_, s *peer) []run { return []run{s2c(promise(s, 1, 2))} }, []string{"GET /p > (unseen)"}},
		{"twice", func(_, s *peer) []run { return []run{s2c(promise(s, 1, 2) + promise(s, 1, 2) + s.ok(2, "x"))} }, []string{"GET /p > 2.0 200 x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := newPeer(), newPeer()
			runs := append([]run{c2s(hello + c.get(1, "/a")), s2c(settings)}, test.runs(c, s)...)
			all, _ := parse(t, Config{}, conn, capture.Closed, append(runs, s2c(s.ok(1, "hi")))...)
			assert.ElementsMatch(t, append(test.want, "GET /a > 2.0 200 hi"), show(all))
		})
	}
}

func TestEndsOfStreams(t *testing.T) {
	away := func(last byte) string {
		return raw(h2.GoAway, 0, 0, "\x00\x00\x00"+string(last)+"\x00\x00\x00\x00debug")
	}
	tests := []struct {
		name string
		runs func(c, s *peer) []run
		want []string
	}{
		{"a reset in both bodies", func(c, s *peer) []run {
			return []run{c2s(c.post(1, "/a") + data(1, 0, "as")), s2c(s.headers(1, 0, ":status 200") + data(1, 0, "an") + reset(1)), c2s(data(1, 1, "late"))}
		}, []string{"POST /a as (reset) > 2.0 200 an (reset)"}},
		{"a whole answer before the request's end", func(c, s *peer) []run {
			return []run{c2s(c.post(1, "/a") + data(1, 0, "as")), s2c(s.ok(1, "early") + reset(1))}
		}, []string{"POST /a as (reset) > 2.0 200 early"}},
		{"going away twice, the last time for good", func(c, s *peer) []run {
			return []run{c2s(c.get(1, "/a") + c.get(3, "/b")), s2c(raw(h2.GoAway, 0, 0, "\x7f\xff\xff\xff\x00\x00\x00\x00")), c2s(c.get(5, "/c")), s2c(away(3) + s.ok(3, "b") + s.ok(1, "a"))}
		}, []string{"GET /c > (unseen)", "GET /b > 2.0 200 b", "GET /a > 2.0 200 a"}},
		{"going away of the client", func(c, s *peer) []run {
			return []run{c2s(c.get(1, "/a") + raw(h2.GoAway, 0, 0, strings.Repeat("\x00", 8))), s2c(s.ok(1, "a"))}
		}, []string{"GET /a > 2.0 200 a"}},
		{"trailers of both", func(c, s *peer) []run {
			return []run{c2s(c.post(1, "/a") + data(1, 0, "as") + c.headers(1, 1, "x-t 1")), s2c(s.headers(1, 0, ":status 200") + s.headers(1, 1, "x-t 2"))}
		}, []string{"POST /a as > 2.0 200"}},
		{"trailers that do not end", func(c, s *peer) []run {
			return []run{c2s(c.get(1, "/a")), s2c(s.headers(1, 0, ":status 200") + s.headers(1, 0, "x-t 2") + data(1, 1, "x"))}
		}, []string{"GET /a > 2.0 200 x (malformed)"}},
		{"nothing but interim answers", func(c, s *peer) []run {
			return []run{c2s(c.get(1, "/a")), s2c(s.headers(1, 0, ":status 103") + s.headers(1, 1, ":status 100"))}
		}, []string{"GET /a > (unseen)"}},
		{"a stream once more", func(c, s *peer) []run {
			return []run{c2s(c.get(3, "/a")), s2c(s.ok(3, "a") + s.ok(3, "b")), c2s(c.get(3, "/b") + c.get(1, "/c"))}
		}, []string{"GET /a > 2.0 200 a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := newPeer(), newPeer()
			all, _ := parse(t, Config{}, conn, capture.Closed, append([]run{c2s(hello), s2c(settings)}, test.runs(c, s)...)...)
			assert.Equal(t, test.want, show(all))
		})
	}
}

func TestTheNextConnectionOfTheSamePortsIsReadWhole(t *testing.T) {
	late := conn
	late.Whole = false
	next := conn
	next.Start = noon.Add(1)
	p := New(Config{})
	c, s := newPeer(), newPeer()
	play(p, late, 1448, capture.Closed, c2s(c.get(5, "/a")+raw(h2.WindowUpdate, 0, 0, "\x00\x00\x10\x00")), s2c(s.ok(5, "hi")), c2s(c.get(7, "/b")), s2c(s.ok(7, "hi")))
	require.Empty(t, drain(p))
	counted := p.Account()[0]
	require.Equal(t, counted.Seen, counted.Dropped[HPACKUnknown])
	c, s = newPeer(), newPeer()
	play(p, next, 1448, capture.Closed, c2s(hello+c.get(1, "/c")), s2c(settings+s.ok(1, "hi")), c2s(c.get(3, "/d")), s2c(s.ok(3, "there")))
	assert.Equal(t, []string{"GET /c > 2.0 200 hi", "GET /d > 2.0 200 there"}, show(drain(p)))
	after := p.Account()[0]
	assert.Equal(t, counted.Dropped, after.Dropped)
	require.NoError(t, after.Balance())
}

func TestBombsAndFloodsAreBounded(t *testing.T) {
	const limit = 64 << 10
	table := func(entry int, times int) string {
		p := newPeer()
		return p.block(":method GET", ":scheme http", ":path /a", "x "+strings.Repeat("v", entry)) + strings.Repeat("\xbe", times)
	}
	var crumb strings.Builder
	for range 20000 {
		crumb.WriteString(raw(h2.Continuation, 0, 1, "\x00\x01a\x01b"))
	}
	var empty strings.Builder
	for range 50000 {
		empty.WriteString(raw(h2.Continuation, 0, 1, ""))
	}
	begun := raw(h2.Headers, 0, 1, newPeer().block(":method GET", ":scheme http", ":path /a"))
	over := raw(h2.Continuation, h2.EndHeaders, 1, "")
	tests := []struct {
		name, frames string
		want         string
		reason       capture.Reason // "" where it does no harm
	}{
		{"a huge entry referred to over and over", raw(h2.Headers, 5, 1, table(4000, 12000)), "GET /a (malformed) > (unseen)", HeadLimit},
		{"an entry larger than the limit", raw(h2.Headers, 5, 1, table(2*limit, 0)), "GET /a (malformed) > (unseen)", HeadLimit},
		{"fields without end", begun + crumb.String() + over, "GET /a (malformed) > (unseen)", HeadLimit},
		{"empty continuations", begun + empty.String() + over, "GET /a (closed) > (unseen)", ""},
		{"a block that never ends", begun + crumb.String(), "GET /a (malformed) > (unseen)", HeadLimit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := New(Config{MaxHead: limit})
			c := p.Open(conn)
			c.Data(0, noon, 0, []byte(hello))
			text := []byte(test.frames)
			allocated := testing.AllocsPerRun(1, func() {
				for rest := text; len(rest) > 0; {
					n := min(len(rest), 1448)
					c.Data(0, noon, 0, rest[:n])
					rest = rest[n:]
				}
				text = nil
			})
			assert.LessOrEqual(t, cap(c.side[0].buf), 2*limit)
			assert.LessOrEqual(t, p.held, 2*limit)
			assert.Less(t, allocated, 20000.0)
			c.End(0, noon, capture.Closed)
			c.End(1, noon, capture.Closed)
			assert.Equal(t, []string{test.want}, show(drain(p)))
			account := p.Account()
			require.NoError(t, account.Balance())
			if test.reason != "" {
				assert.Positive(t, account[0].Dropped[test.reason], "%v", account[0].Dropped)
			}
		})
	}
}

func TestABombOfManyTablesIsHeldByTheMemoryLimit(t *testing.T) {
	var bomb strings.Builder
	p := newPeer()
	bomb.WriteString(hello)
	for i := range 500 {
		_ = p.enc.WriteField(hpack.HeaderField{})
		bomb.WriteString(p.headers(uint32(2*i+1), h2.EndStream, ":method GET", ":scheme http", ":path /a", "x "+strings.Repeat("v", 3000)))
	}
	parser := New(Config{MaxMemory: 100 << 10})
	c := parser.Open(conn)
	c.Data(0, noon, 0, []byte(bomb.String()))
	waiting := len(c.h2.streams)
	assert.LessOrEqual(t, waiting, 100<<10/3000+1)
	c.End(0, noon, capture.Closed)
	c.End(1, noon, capture.Closed)
	assert.Len(t, drain(parser), 500)
	assert.Zero(t, parser.held)
}
