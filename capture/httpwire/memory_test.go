package httpwire

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

const mib = 1 << 20

// crowd plays the same to each of n connections, which stay open, and takes what
// is ready as a source does. It returns the parser, the connections and the most
// that was held.
func crowd(t *testing.T, cfg Config, n int, runs func(i int) []run) (p *Parser, all []*Conn, most int) {
	p = New(cfg)
	var e capture.Exchange
	for i := range n {
		c := p.Open(conn)
		all = append(all, c)
		var pos [2]int64
		for _, r := range runs(i) {
			for text := r.text; text != ""; {
				piece := text[:min(len(text), 64<<10)]
				c.Data(r.dir, noon, pos[1-r.dir], []byte(piece))
				pos[r.dir] += int64(len(piece))
				text = text[len(piece):]
				for p.Next(&e) {
				}
				most = max(most, p.held)
			}
		}
	}
	require.NoError(t, p.Account().Balance())
	return p, all, most
}

// over ends every connection: then nothing is held, and the account is closed.
func over(t *testing.T, p *Parser, all []*Conn) capture.Account {
	for _, c := range all {
		c.End(0, noon, capture.EndOfCapture)
		c.End(1, noon, capture.EndOfCapture)
	}
	var e capture.Exchange
	for p.Next(&e) {
	}
	assert.Zero(t, p.held)
	assert.Zero(t, p.queued)
	assert.Nil(t, p.oldest)
	account := p.Account()
	require.NoError(t, account.Balance())
	for _, stage := range account {
		assert.Zero(t, stage.Open, stage.Name)
	}
	return account
}

func heapAfter(play func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	play()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

func TestWhateverIsHeldIsWithinTheMemory(t *testing.T) {
	const long = 200 << 10
	tiny := newPeer()
	repeated := strings.Repeat("\xbe", 8000)
	entry := tiny.block(":method GET", ":scheme http", ":path /a", "x y")
	tests := []struct {
		name string
		n    int
		text func(i int) string
	}{
		{"heads that do not end", 64, func(int) string { return "GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", long) }},
		{"requests of many fields", 16, func(int) string { return "GET /a HTTP/1.1\r\n" + strings.Repeat("x:\n", long/3) + "\r\n" }},
		{"requests of one long field", 64, func(int) string { return "GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", long) + "\r\n\r\n" }},
		{"trailers", 64, func(int) string {
			return "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("x", long) + "\r\n\r\n"
		}},
		{"trailers that do not end", 64, func(int) string {
			return "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("x", long)
		}},
		{"chunk extensions that do not end", 64, func(int) string {
			return "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("x", long)
		}},
		{"lengths that are announced", 1024, func(int) string { return "POST /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n" }},
		{"lengths of which one byte comes", 1024, func(int) string { return "POST /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\nx" }},
		{"bodies that do not end", 16, func(int) string {
			return "POST /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n" + strings.Repeat("x", mib)
		}},
		{"pipelined requests of one connection", 1, func(int) string {
			return strings.Repeat("GET /a HTTP/1.1\r\n"+strings.Repeat("x:\n", 4000)+"\r\n", 100)
		}},
		{"header blocks that repeat a tiny entry", 40, func(int) string {
			return hello + raw(h2.Headers, h2.EndHeaders|h2.EndStream, 1, entry+repeated)
		}},
		{"header blocks that do not end", 64, func(int) string {
			return hello + raw(h2.Headers, 0, 1, entry) + strings.Repeat(raw(h2.Continuation, 0, 1, strings.Repeat("\x00\x01a\x01b", 3000)), 12)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{MaxMemory: 2 * mib, MaxBody: mib / 4}
			var p *Parser
			var all []*Conn
			var most int
			heap := heapAfter(func() {
				p, all, most = crowd(t, cfg, test.n, func(i int) []run { return []run{c2s(test.text(i))} })
			})
			assert.LessOrEqual(t, most, cfg.MaxMemory+mib, "held, with what a segment brings")
			// Append leaves a quarter of a body, and each connection takes 1.3 KiB.
			assert.LessOrEqual(t, heap, 2*cfg.MaxMemory+mib+test.n*2048, "heap")
			over(t, p, all)
		})
	}
}

func TestDynamicTablesAreWithinTheMemory(t *testing.T) {
	const settings64 = "\x00\x01\x00\x04\x00\x00" // a table of 256 KiB
	cfg := Config{MaxMemory: 2 * mib}
	for name, value := range map[string]int{"large entries": 8000, "tiny entries": 1} {
		t.Run(name, func(t *testing.T) {
			var p *Parser
			var all []*Conn
			heap := heapAfter(func() {
				p, all, _ = crowd(t, cfg, 24, func(int) []run {
					c := newPeer()
					c.enc.SetMaxDynamicTableSizeLimit(1 << 18)
					c.enc.SetMaxDynamicTableSize(1 << 18)
					runs := []run{c2s(hello), s2c(raw(h2.Settings, 0, 0, settings64))}
					for i := range 12 {
						fields := []string{":method GET", ":scheme http", ":path /a"}
						for j := range 240000 / 12 / (value + 40) {
							fields = append(fields, fmt.Sprintf("x-%d-%d %s", i, j, strings.Repeat("v", value)))
						}
						id := uint32(2*i + 1)
						runs = append(runs, c2s(c.headers(id, h2.EndStream, fields...)+reset(id)))
					}
					return runs
				})
			})
			assert.LessOrEqual(t, heap, 2*cfg.MaxMemory+mib)
			over(t, p, all)
		})
	}
}

func TestTheSilentGiveUpWhatTheyHoldBeforeTheOthers(t *testing.T) {
	begin := "POST /a HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
	half := strings.Repeat("x", 50000)
	p := New(Config{MaxMemory: mib, MaxBody: mib})
	live := p.Open(conn)
	live.Data(0, noon, 0, []byte(begin+half))
	var all []*capture.Exchange
	for range 40 {
		live.Data(0, noon, 0, []byte("x"))
		p.Open(conn).Data(0, noon, 0, []byte(begin+half))
		all = append(all, drain(p)...)
	}
	require.Len(t, all, 41-mib*7/8/(50000+len(begin)+fieldCost))
	for _, e := range all {
		assert.Equal(t, capture.Evicted, e.Request.Incomplete)
		assert.Equal(t, capture.Unseen, e.Response.Incomplete)
		assert.EqualValues(t, 100000, e.Request.BodySize)
		assert.Equal(t, 50000, len(e.Request.Body))
	}
	live.Data(0, noon, 0, []byte(half[40:]))
	live.Data(1, noon, int64(len(begin)+100000), []byte(ok))
	all = drain(p)
	last := all[len(all)-1]
	assert.True(t, last.Complete(), "the one that talks is whole")
	assert.Equal(t, 100000, len(last.Request.Body))
}

func TestAConnectionDoesNotLiveOnWhatTheOthersLose(t *testing.T) {
	p := New(Config{MaxMemory: mib, MaxBody: mib})
	waiting := p.Open(conn)
	waiting.Data(0, noon, 0, []byte(get))
	greedy := p.Open(conn)
	request := "GET /greedy HTTP/1.1\r\nX: " + strings.Repeat("x", 50000) + "\r\n\r\n"
	for range 100 {
		greedy.Data(0, noon, 0, []byte(request))
	}
	drain(p)
	waiting.Data(1, noon, int64(len(get)), []byte(ok))
	assert.Equal(t, []string{"GET /a > 1.1 200 hi"}, show(drain(p)))
}

func TestAConnectionThatGaveUpIsReadOn(t *testing.T) {
	p := New(Config{MaxMemory: 256 << 10})
	c := p.Open(conn)
	all := []*Conn{c}
	half := "GET /half HTTP/1.1\r\nX: " + strings.Repeat("x", 20<<10)
	c.Data(0, noon, 0, []byte(half))
	for len(p.ready) == 0 {
		other := p.Open(conn)
		other.Data(0, noon, 0, []byte(strings.ReplaceAll(half, "half", "other")))
		all = append(all, other)
	}
	require.Equal(t, []string{"GET /half (evicted) > (unseen)"}, show(drain(p)))

	rest := "\r\n\r\n"
	c.Data(0, noon, 0, []byte(rest))
	at := int64(len(half) + len(rest))
	c.Data(1, noon, at, []byte(ok))
	c.Data(0, noon, int64(len(ok)), []byte(get))
	c.Data(1, noon, at+int64(len(get)), []byte(ok))
	assert.Equal(t, []string{" (unseen) > 1.1 200 hi", "GET /a > 1.1 200 hi"}, show(drain(p)))
	over(t, p, all)
}

func TestInterimAnswersAreBounded(t *testing.T) {
	const hint = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
	all, account := parse(t, Config{}, conn, capture.Closed, c2s(get), s2c(strings.Repeat(hint, maxInterim+36)+ok))
	require.Len(t, all, 1)
	assert.Len(t, all[0].Response.Interim, maxInterim)
	assert.True(t, all[0].Complete())
	assert.EqualValues(t, 36*len(hint), account[0].Dropped[HeadLimit])
	assert.EqualValues(t, 36, account[1].Dropped[HeadLimit])
	assert.EqualValues(t, 38, account[1].Seen)
}

func TestFoldedLinesCostWhatTheyAreLong(t *testing.T) {
	head := "X: y\r\n" + strings.Repeat(" z\r\n", 64<<10)
	var h capture.Header
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h, _ = fields(nil, head)
	runtime.ReadMemStats(&after)
	require.Len(t, h, 1)
	assert.Equal(t, "y"+strings.Repeat(" z", 64<<10), h[0].Value)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8*len(head)))
}

// FuzzMemory holds the parser to its memory and its account whatever comes.
func FuzzMemory(f *testing.F) {
	f.Add(get+get, ok, []byte{}, uint16(100))
	f.Add("POST / HTTP/1.1\r\nContent-Length: 90\r\n\r\nabc"+strings.Repeat("x", 80), "HTTP/1.1 103 E\r\nLink: a\r\n\r\n"+ok, []byte{0x0e, 0x0f, 3}, uint16(60))
	c, s := newPeer(), newPeer()
	f.Add(hello+c.get(1, "/a")+c.post(3, "/b")+data(3, 1, "abc"), settings+s.ok(1, "hi")+s.ok(3, "there"), []byte{0xf8, 0xf9, 0x06, 0x0f}, uint16(300))
	f.Fuzz(func(t *testing.T, client, server string, turns []byte, memory uint16) {
		if len(turns) > 64 || len(client)+len(server) > 1<<14 {
			t.Skip("larger than what one run is for")
		}
		p := New(Config{MaxMemory: int(memory) + 1, MaxHead: 1 << 10, MaxBody: 1 << 10})
		runs := script(client, server, turns)
		open := p.Open(conn)
		for range 3 {
			play(p, conn, 100, capture.Closed, runs...)
		}
		for _, r := range runs {
			open.Data(r.dir, noon, -1, []byte(r.text))
		}
		drain(p)
		require.NoError(t, p.Account().Balance())
		require.LessOrEqual(t, p.held, max(int(memory)+1, 1<<15), "an eighth over is given up at once")
		over(t, p, []*Conn{open})
	})
}
