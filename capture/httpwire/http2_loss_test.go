package httpwire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// talk is a connection of HTTP/2 as both ends know it.
type talk struct {
	client, server *peer
	wire           []run
	asked          map[string]half2 // by target
	answered       map[string]half2 // by target
}

// half2 is a message as its sender knows it.
type half2 struct {
	body, trailer string
}

// nested is a connection of HTTP/2 inside a body, as in a tunnel or an upload of
// a capture.
func nested(stream uint32) string {
	p := newPeer()
	return p.headers(stream, h2.EndStream, ":method GET", ":scheme http", ":path /nested", ":authority evil") +
		p.headers(stream+2, 0, ":status 200", "x-target /nested") + data(stream+2, h2.EndStream, "nested") + raw(h2.Ping, 0, 0, "12345678")
}

func bodies(t *rapid.T) string {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return ""
	case 1:
		return strings.Repeat(nested(uint32(2*rapid.IntRange(0, 40).Draw(t, "stream")+1)), rapid.IntRange(1, 200).Draw(t, "times"))
	case 2:
		return string(rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "bytes"))
	case 3:
		return strings.Repeat("\x00", rapid.IntRange(1, 9000).Draw(t, "zeros"))
	}
	return strings.Repeat("text ", rapid.IntRange(1, 4000).Draw(t, "words"))
}

// message returns the frames of a body and its end, of which a trailer section is
// "" until it is sent, for its block depends on those before.
func message(t *rapid.T, stream uint32, target string) ([]string, half2) {
	m := half2{body: bodies(t)}
	var frames []string
	for rest := m.body; rest != ""; {
		n := min(len(rest), rapid.SampledFrom([]int{1 + len(rest)/3, 77, h2.DefaultFrame}).Draw(t, "frame"))
		frames = append(frames, data(stream, 0, rest[:n]))
		if n > 200 && rapid.Bool().Draw(t, "control") {
			frames = append(frames, raw(h2.WindowUpdate, 0, stream, "\x00\x00\x10\x00"))
		}
		rest = rest[n:]
	}
	if rapid.Bool().Draw(t, "trailed") {
		m.trailer = target
		return append(frames, ""), m
	}
	return append(frames, raw(h2.Data, h2.EndStream|h2.Padded, stream, "\x03\x00\x00\x00")), m
}

// sayHead writes a frame of HEADERS, in pieces or whole.
func (k *talk) sayHead(t *rapid.T, dir int, whole string) {
	h := h2.ParseHeader((*[h2.HeaderSize]byte)([]byte(whole)))
	block := whole[h2.HeaderSize:]
	if n := len(block); n > 1 && rapid.Bool().Draw(t, "continued") {
		at := rapid.IntRange(0, n).Draw(t, "at")
		k.say(dir, raw(h2.Headers, h.Flags&^h2.EndHeaders, h.Stream, block[:at]))
		k.say(dir, raw(h2.Continuation, 0, h.Stream, block[at:]))
		whole = raw(h2.Continuation, h2.EndHeaders, h.Stream, "")
	}
	k.say(dir, whole)
}

// say writes what an end sends next.
func (k *talk) say(dir int, text string) { k.wire = append(k.wire, run{dir: dir, text: text}) }

// converse makes a connection of n interleaved streams.
func converse(t *rapid.T, n int) *talk {
	k := &talk{client: newPeer(), server: newPeer(), asked: map[string]half2{}, answered: map[string]half2{}}
	if rapid.Bool().Draw(t, "without table") {
		k.client.enc.SetMaxDynamicTableSize(0)
		k.server.enc.SetMaxDynamicTableSize(0)
	}
	k.say(0, hello)
	k.say(1, settings)
	type stream struct {
		id     uint32
		target string
		parts  [2][]string
		state  [2]int // 0 no header yet, 1 body, 2 over
	}
	var open []*stream
	for next := 0; next < n || len(open) > 0; {
		if next < n && (len(open) == 0 || rapid.Bool().Draw(t, "open")) {
			st := &stream{id: uint32(2*next + 1), target: fmt.Sprint("/t", next)}
			st.parts[0], k.asked[st.target] = message(t, st.id, st.target)
			st.parts[1], k.answered[st.target] = message(t, st.id, st.target)
			k.sayHead(t, 0, k.client.headers(st.id, 0, ":method POST", ":scheme http", ":path "+st.target, ":authority shop", "x-target "+st.target))
			st.state[0] = 1
			open = append(open, st)
			next++
			continue
		}
		i := rapid.IntRange(0, len(open)-1).Draw(t, "stream")
		st := open[i]
		dir := rapid.IntRange(0, 1).Draw(t, "dir")
		p := []*peer{k.client, k.server}[dir]
		switch {
		case st.state[dir] == 2:
		case st.state[dir] == 0:
			if rapid.Bool().Draw(t, "interim") {
				k.sayHead(t, 1, p.headers(st.id, 0, ":status 103", "link "+st.target))
			}
			k.sayHead(t, 1, p.headers(st.id, 0, ":status 200", "x-target "+st.target, "content-type text/plain"))
			st.state[1] = 1
		case st.parts[dir][0] == "":
			k.sayHead(t, dir, p.headers(st.id, h2.EndStream, "x-end "+st.target))
			st.state[dir] = 2
		default:
			k.say(dir, st.parts[dir][0])
			if st.parts[dir] = st.parts[dir][1:]; len(st.parts[dir]) == 0 {
				st.state[dir] = 2
			}
		}
		if st.state == [2]int{2, 2} {
			open = append(open[:i], open[i+1:]...)
		}
	}
	return k
}

// pierce takes the bytes between from and to out of a direction.
func pierce(wire []run, dir, from, to int) (out []run) {
	pos := 0
	for _, r := range wire {
		if r.dir != dir {
			out = append(out, r)
			continue
		}
		begin, end := pos+int(r.gap), pos+int(r.gap)+len(r.text)
		pos = end
		cutFrom, cutTo := max(from, begin), min(to, end)
		if cutFrom >= cutTo {
			out = append(out, r)
			continue
		}
		if before := r.text[:cutFrom-begin]; before != "" || r.gap > 0 {
			out = append(out, run{dir, r.gap, before})
		}
		out = append(out, run{dir, int64(cutTo - cutFrom), r.text[cutTo-begin:]})
	}
	return out
}

func length(wire []run, dir int) (n int) {
	for _, r := range wire {
		if r.dir == dir {
			n += len(r.text)
		}
	}
	return n
}

// check holds one half of an exchange to what its sender knows.
func check(t require.TestingT, what string, m *capture.Message, sent half2, target string) {
	require.True(t, strings.HasPrefix(sent.body, string(m.Body)), "%s of %s: what is kept of a body is its beginning", what, target)
	if m.Trailer != nil {
		require.Equal(t, capture.Header{{Name: "x-end", Value: target}}, m.Trailer, what)
	}
	if m.Incomplete != "" {
		return
	}
	require.Equal(t, len(sent.body), len(m.Body), "%s of %s", what, target)
	require.Equal(t, target, m.Header.Get("x-target"), what)
	require.Equal(t, sent.trailer, m.Trailer.Get("x-end"), what)
	require.EqualValues(t, len(sent.body), m.BodySize)
}

// exact requires that an exchange is what the ends know, or tells that it is not.
func (k *talk) exact(t require.TestingT, all []*capture.Exchange) (complete int) {
	seen := map[string]bool{}
	for _, e := range all {
		asked, answered := e.Request.Header.Get("x-target"), e.Response.Header.Get("x-target")
		target := max(asked, answered)
		require.False(t, asked != "" && answered != "" && asked != answered, "%s is answered by %s", asked, answered)
		if target == "" {
			require.False(t, e.Request.Incomplete == "" || e.Response.Incomplete == "", "complete without its fields")
			continue
		}
		sent, known := k.asked[target]
		require.True(t, known, "%s was never asked", target)
		check(t, "the request", &e.Request.Message, sent, target)
		check(t, "the response", &e.Response.Message, k.answered[target], target)
		require.False(t, seen[target] && e.Complete(), "%s twice", target)
		seen[target] = true
		if e.Complete() {
			complete++
		}
	}
	return complete
}

func TestWhatGapsLeaveIsExactOrTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := converse(t, rapid.IntRange(1, 12).Draw(t, "streams"))
		wire := k.wire
		gaps := rapid.IntRange(0, 3).Draw(t, "gaps")
		for range gaps {
			dir := rapid.IntRange(0, 1).Draw(t, "dir")
			n := length(k.wire, dir)
			from := rapid.IntRange(len(hello)*(1-dir), n-1).Draw(t, "from")
			wire = pierce(wire, dir, from, from+rapid.IntRange(1, 3000).Draw(t, "length"))
		}
		p := New(Config{MaxHead: rapid.SampledFrom([]int{0, 20000}).Draw(t, "head")})
		play(p, conn, rapid.SampledFrom([]int{1 << 20, 1448, 131}).Draw(t, "segment"), capture.Closed, wire...)
		complete := k.exact(t, drain(p))
		if gaps == 0 {
			require.Equal(t, len(k.asked), complete)
		}
		account := p.Account()
		require.NoError(t, account.Balance())
		for _, stage := range account {
			require.Zero(t, stage.Open, stage.Name)
		}
		require.Zero(t, p.held)
	})
}

func TestAfterAGapReadingGoesOnAfterTheLargestFrame(t *testing.T) {
	tests := []struct {
		name string
		body int
		n    int
		lost int // how many messages lie within the largest frame
	}{{"small answers", 100, 400, 1 + (h2.DefaultFrame+h2.HeaderSize)/(9+1+9+100) + 1}, {"answers of several frames", 40000, 20, 1}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, s := newPeer(), newPeer()
			c.enc.SetMaxDynamicTableSize(0)
			s.enc.SetMaxDynamicTableSize(0)
			wire := []run{c2s(hello), s2c(settings)}
			cut := 0
			for i := range test.n {
				stream := uint32(2*i + 1)
				if i == 10 {
					cut = length(wire, 1) + 4
				}
				wire = append(wire, c2s(c.get(stream, fmt.Sprint("/", i))), s2c(s.headers(stream, 0, ":status 200")))
				for rest := test.body; rest > 0; rest -= h2.DefaultFrame {
					flags := uint8(0)
					if rest <= h2.DefaultFrame {
						flags = h2.EndStream
					}
					wire = append(wire, s2c(data(stream, flags, strings.Repeat("x", min(rest, h2.DefaultFrame)))))
				}
			}
			all, account := parse(t, Config{}, conn, capture.Closed, pierce(wire, 1, cut, cut+3)...)
			require.Len(t, all, test.n)
			whole := 0
			for _, e := range all {
				if e.Complete() {
					whole++
					assert.Len(t, e.Response.Body, test.body)
				}
			}
			assert.GreaterOrEqual(t, whole, test.n-test.lost, "%v", account[0].Dropped)
			assert.EqualValues(t, 3, account[0].Dropped[GapBytes])
		})
	}
}
