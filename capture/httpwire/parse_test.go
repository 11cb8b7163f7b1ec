package httpwire

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	conn = Connection{
		Client: netip.MustParseAddrPort("10.0.0.1:40000"), Server: netip.MustParseAddrPort("10.0.0.2:80"),
		Start: noon, Whole: true,
	}
)

// run is what one side says before the other one does. A gap comes first.
type run struct {
	dir  int
	gap  int64
	text string
}

func c2s(text string) run { return run{dir: 0, text: text} }
func s2c(text string) run { return run{dir: 1, text: text} }

// play pushes runs through a connection, cut into pieces of at most size bytes.
func play(p *Parser, c Connection, size int, end capture.Incomplete, runs ...run) {
	conn := p.Open(c)
	var pos [2]int64
	for _, r := range runs {
		if r.gap > 0 {
			conn.Gap(r.dir, noon, r.gap, capture.Gap)
			pos[r.dir] += r.gap
		}
		for text := r.text; text != ""; {
			n := min(size, len(text))
			conn.Data(r.dir, noon, pos[1-r.dir], []byte(text[:n]))
			pos[r.dir] += int64(n)
			text = text[n:]
		}
	}
	conn.End(0, noon, end)
	conn.End(1, noon, end)
}

func drain(p *Parser) (all []*capture.Exchange) {
	var e capture.Exchange
	for p.Next(&e) {
		all = append(all, e.Clone())
	}
	return all
}

// parse plays runs whole and byte by byte and requires the same of both.
func parse(t *testing.T, cfg Config, c Connection, end capture.Incomplete, runs ...run) ([]*capture.Exchange, capture.Account) {
	t.Helper()
	whole, pieces := New(cfg), New(cfg)
	play(whole, c, 1<<20, end, runs...)
	play(pieces, c, 1, end, runs...)
	all := drain(whole)
	require.Equal(t, len(all), len(drain(pieces)))
	account := whole.Account()
	require.NoError(t, account.Balance())
	require.Equal(t, account[0], pieces.Account()[0])
	for _, stage := range account {
		require.Zero(t, stage.Open, stage.Name)
	}
	return all, account
}

// show writes exchanges in one line each.
func show(all []*capture.Exchange) (lines []string) {
	for _, e := range all {
		q, r := &e.Request, &e.Response
		line := strings.TrimSpace(q.Method+" "+q.Target) + half(&q.Message) + " >"
		if r.Status != 0 || r.Incomplete == "" {
			line += strings.Repeat(" 1xx", len(r.Interim)) + " " + r.Proto[len("HTTP/"):] + " " + itoa(r.Status)
		}
		lines = append(lines, line+half(&r.Message))
	}
	return lines
}

func half(m *capture.Message) (s string) {
	if len(m.Body) > 0 {
		s = " " + string(m.Body)
	}
	if m.Incomplete != "" {
		s += " (" + string(m.Incomplete) + ")"
	}
	return s
}

func itoa(n int) string {
	return string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
}

const (
	get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	ok  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
)

func TestFramingByRFC9112(t *testing.T) {
	tests := []struct {
		name string
		runs []run
		want []string
	}{
		{"a simple exchange", []run{c2s(get), s2c(ok)}, []string{"GET /a > 1.1 200 hi"}},
		{"pipelined", []run{c2s(get + "HEAD /b HTTP/1.1\r\n\r\n" + get), s2c(ok + "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + ok)},
			[]string{"GET /a > 1.1 200 hi", "HEAD /b > 1.1 200", "GET /a > 1.1 200 hi"}},
		{"bodies that status and method forbid", []run{c2s(get), s2c("HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n"), c2s(get), s2c("HTTP/1.1 204 N\r\n\r\n")},
			[]string{"GET /a > 1.1 304", "GET /a > 1.1 204"}},
		{"interim answers", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"), s2c("HTTP/1.1 100 Continue\r\n\r\n"), c2s("abc"), s2c("HTTP/1.1 103 E\r\nLink: a\r\n\r\n" + ok)},
			[]string{"POST / abc > 1xx 1xx 1.1 200 hi"}},
		{"chunks with extensions and trailers", []run{c2s("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2 \r\nde\r\n0\r\nT: 1\r\n\r\n"), s2c(ok)},
			[]string{"POST / abcde > 1.1 200 hi"}},
		{"bare LF", []run{c2s("GET /a HTTP/1.1\nHost: x\n\n"), s2c("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\r\nhi\r\n0\r\nT: 1\n\n")}, []string{"GET /a > 1.1 200 hi"}},
		{"empty lines before", []run{c2s("\r\n\r\n" + get), s2c(ok)}, []string{"GET /a > 1.1 200 hi"}},
		{"a response that the close ends", []run{c2s(get), s2c("HTTP/1.0 200 OK\r\n\r\nuntil the end")}, []string{"GET /a > 1.0 200 until the end"}},
		{"HTTP/0.9", []run{c2s("GET /old\r\n"), s2c("<html>")}, []string{"GET /old > 0.9 000 <html>"}},
		{"other methods and targets", []run{c2s("QUERY http://x/ HTTP/1.1\r\n\r\nget * HTTP/1.1\r\n\r\n"), s2c(ok + ok)},
			[]string{"QUERY http://x/ > 1.1 200 hi", "get * > 1.1 200 hi"}},
		{"no reason phrase", []run{c2s(get), s2c("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")}, []string{"GET /a > 1.1 200"}},
		{"a status of no class", []run{c2s(get), s2c("HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nhi"), c2s(get), s2c("HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\nhi")},
			[]string{"GET /a > hi (malformed)", "GET /a > hi (malformed)"}},
		{"a status of an unknown class", []run{c2s(get), s2c("HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nhi")}, []string{"GET /a > 1.1 999 hi"}},
		{"a status of no class for HEAD", []run{c2s("HEAD / HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 1000 Odd\r\nContent-Length: 2\r\n\r\n")}, []string{"HEAD / > (malformed)"}},
		{"a status that is no number", []run{c2s(get), s2c("HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nhi")}, []string{"GET /a > hi (malformed)"}},
		{"lengths that agree", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"), s2c(ok)}, []string{"POST / ab > 1.1 200 hi"}},
		{"lengths that differ", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), s2c(ok)}, []string{"POST / (ambiguous-framing) > 1.1 200 hi"}},
		{"a negative length", []run{c2s("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"), s2c(ok)}, []string{"POST / (malformed) > 1.1 200 hi"}},
		{"a length beyond 64 bits", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nabc")}, []string{"POST / (ambiguous-framing) > (unseen)"}},
		{"length and chunks", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), s2c(ok)},
			[]string{"POST / a (ambiguous-framing) > 1.1 200 hi"}},
		{"chunked is not the last coding of a request", []run{c2s("POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + get), s2c(ok)},
			[]string{"POST / (ambiguous-framing) > 1.1 200 hi"}},
		{"chunked is not the last coding of a response", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nzzz")}, []string{"GET /a > 1.1 200 zzz"}},
		{"a space before the colon of a framing field", []run{c2s("POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc"), s2c(ok)}, []string{"POST / (ambiguous-framing) > 1.1 200 hi"}},
		{"a chunk size that is none", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n")}, []string{"GET /a > 1.1 200 hi (malformed)"}},
		{"an answer before the request has ended", []run{c2s("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"), s2c(ok), c2s("cd")}, []string{"POST / abcd > 1.1 200 hi"}},
		{"a request alone", []run{c2s(get)}, []string{"GET /a > (unseen)"}},
		{"a response alone", []run{s2c(ok)}, []string{" (unseen) > 1.1 200 hi"}},
		{"a body cut off", []run{c2s(get), s2c("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")}, []string{"GET /a > 1.1 200 ab (closed)"}},
		{"a head cut off", []run{c2s("GET /a HTTP/1.1\r\nHost: x\r\nAcc")}, []string{"GET /a (closed) > (unseen)"}},
		{"a failed CONNECT", []run{c2s("CONNECT x:443 HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"), c2s(get), s2c(ok)},
			[]string{"CONNECT x:443 > 1.1 403 no", "GET /a > 1.1 200 hi"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, _ := parse(t, Config{}, conn, capture.Closed, test.runs...)
			assert.Equal(t, test.want, show(all))
		})
	}
}

func TestBytesThatAreNotHTTPAreCounted(t *testing.T) {
	const frames = "\x81\x05hello"
	tests := []struct {
		name string
		runs []run
		why  capture.Reason
		want uint64
	}{
		{"a tunnel", []run{c2s("CONNECT x:443 HTTP/1.1\r\n\r\n"), s2c("HTTP/1.1 200 OK\r\n\r\n"), c2s("hello"), s2c("there")}, Tunnel, 10},
		{"websocket", []run{c2s("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), s2c("HTTP/1.1 101 S\r\nUpgrade: WebSocket\r\n\r\n" + frames), c2s(frames)}, WebSocket, 14},
		{"h2c", []run{c2s("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"), s2c("HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n\x00\x00\x00\x04\x01\x00\x00\x00\x00")}, HTTP2Control, 9},
		{"another upgrade", []run{c2s("GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n"), s2c("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n\x00\x00")}, Upgrade, 2},
		{"prior knowledge", []run{c2s("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), s2c("\x00\x00\x00\x04\x01\x00\x00\x00\x00")}, HTTP2Control, 33},
		{"TLS", []run{c2s("\x16\x03\x01\x00\x05GET /"), s2c("\x16\x03\x03\x00\x01x")}, TLS, 16},
		{"another protocol", []run{s2c("SSH-2.0-x\r\n"), c2s("SSH-2.0-y\r\n")}, NotHTTP, 22},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, account := parse(t, Config{}, conn, capture.Closed, test.runs...)
			assert.Equal(t, test.want, account[0].Filtered[test.why])
			assert.Zero(t, account[0].Lost())
		})
	}
}

func TestHeadersKeepTheirOrderCaseAndFolds(t *testing.T) {
	all, _ := parse(t, Config{Agent: "a"}, conn, capture.Closed,
		c2s("GET /a HTTP/1.1\r\nb: 1\r\nA:2 \r\nFold: x\r\n\t y\r\nb:\r\nno colon\r\n\r\n"), s2c(ok))
	require.Len(t, all, 1)
	e := all[0]
	assert.Equal(t, capture.Header{{Name: "b", Value: "1"}, {Name: "A", Value: "2"}, {Name: "Fold", Value: "x y"}, {Name: "b"}, {Name: "no colon"}}, e.Request.Header)
	assert.Equal(t, "10.0.0.1:40000", e.Context.Client)
	assert.Equal(t, capture.NewID("a", e.Context.Connection, noon, 0), e.ID)
}

func TestTheTraceOfTheRequestIsRecorded(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	all, _ := parse(t, Config{}, conn, capture.Closed, c2s("GET / HTTP/1.1\r\nTraceparent: 00-"+trace+"-"+span+"-01\r\n\r\n"), s2c(ok))
	require.Len(t, all, 1)
	assert.Equal(t, trace, all[0].Context.TraceID)
	assert.Equal(t, span, all[0].Context.SpanID)
}

func TestContentDecidesWhichEndIsTheClient(t *testing.T) {
	all, _ := parse(t, Config{}, conn, capture.Closed, run{dir: 1, text: get}, run{dir: 0, text: ok})
	require.Equal(t, []string{"GET /a > 1.1 200 hi"}, show(all))
	assert.Equal(t, "10.0.0.2:80", all[0].Context.Client)
	assert.Equal(t, "10.0.0.1:40000", all[0].Context.Server)
}

func TestLimitsCutAndCount(t *testing.T) {
	all, account := parse(t, Config{MaxBody: 1}, conn, capture.Closed, c2s(get), s2c(ok))
	require.Equal(t, []string{"GET /a > 1.1 200 h (body-limit)"}, show(all))
	assert.EqualValues(t, 2, all[0].Response.BodySize)
	assert.EqualValues(t, 1, account[0].Dropped[BodyRest])

	all, _ = parse(t, Config{MaxHead: 20}, conn, capture.Closed, c2s(get), s2c(ok))
	assert.Equal(t, capture.Malformed, all[0].Request.Incomplete)

	all, _ = parse(t, Config{MaxPending: 2}, conn, capture.Closed, c2s(get+get+get))
	assert.Len(t, all, 3)
}

func TestTheMemoryOfAllConnectionsIsBounded(t *testing.T) {
	p := New(Config{MaxMemory: 150})
	for range 3 {
		c := p.Open(conn)
		c.Data(0, noon, 0, []byte(get))
		c.Data(1, noon, int64(len(get)), []byte("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"+strings.Repeat("x", 60)))
	}
	account := p.Account()
	require.NoError(t, account.Balance())
	assert.Positive(t, account[0].Dropped[MemoryLimit])
	all := drain(p)
	require.Len(t, all, 3)
	assert.Equal(t, capture.BodyLimit, all[2].Response.Incomplete)
	assert.EqualValues(t, 60, all[2].Response.BodySize)
	assert.Zero(t, p.held)
}

func TestTheEndNamesWhatIsMissing(t *testing.T) {
	for _, why := range []capture.Incomplete{capture.Reset, capture.EndOfCapture, capture.Evicted, capture.Gap} {
		all, account := parse(t, Config{}, conn, why, c2s(get), s2c("HTTP/1.1 200 OK\r\n\r\nab"))
		require.Equal(t, []string{"GET /a > 1.1 200 ab (" + string(why) + ")"}, show(all))
		assert.EqualValues(t, -1, all[0].Response.BodySize)
		assert.EqualValues(t, 1, account[1].Dropped[capture.Reason(why)])
	}
}
