package h2

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var server = Sender{MaxFrame: DefaultFrame, MaxStream: 1000}

// find gives bytes in pieces and returns the offset that was found, or -1.
func find(from Sender, text string, size int) int {
	f := NewFinder(from)
	at := 0
	for rest := []byte(text); len(rest) > 0; {
		n, ahead, found := f.Feed(rest[:min(size, len(rest))])
		at += n
		if found {
			return at - len(f.Last()) + ahead
		}
		rest = rest[n:]
	}
	return -1
}

func TestAFrameIsFoundOnlyWhereItIsCertain(t *testing.T) {
	ping, body := frame(Ping, 0, 0, "12345678"), frame(Data, 0, 1, strings.Repeat("x", 1000))
	row := strings.Repeat(body+ping, 30)
	inside := strings.Repeat(ping, DefaultFrame/len(ping))
	outer := frame(Data, 0, 3, inside)
	tests := []struct {
		name, text string
		least      int // where the first true frame begins that is certain, -1 for none
	}{
		{"less than the largest frame", "rest of a body" + strings.Repeat(ping, 900), -1},
		{"no frames", strings.Repeat("GET / HTTP/1.1\r\n\r\n", 3000), -1},
		{"zeros", strings.Repeat("\x00", 50000), -1},
		{"a row", "rest" + row, 4},
		{"frames within a frame", inside[5:] + row, 0},
		{"frames within a frame in the next", strings.Repeat("x", 16000) + outer + row, 16000 + len(outer)},
		{"frames within frames without end", strings.Repeat("x", 16000) + strings.Repeat(outer[:len(outer)-1]+"x", 20), 16000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := find(server, test.text, 1<<20)
			for _, size := range []int{1, 10, 1448} {
				assert.Equal(t, got, find(server, test.text, size), "in pieces of %d", size)
			}
			if test.least < 0 {
				assert.Equal(t, -1, got)
				return
			}
			require.GreaterOrEqual(t, got, test.least)
			if got < len(test.text) {
				assert.True(t, Plausible((*[HeaderSize]byte)([]byte(test.text[got:]))))
			}
		})
	}
}

func TestWhatASenderMayBegin(t *testing.T) {
	client := Sender{Client: true, MaxFrame: 100, MaxStream: 9}
	tests := []struct {
		name   string
		from   Sender
		length int
		t      Type
		stream uint32
		want   bool
	}{
		{"data of the client", client, 100, Data, 9, true},
		{"too long", client, 101, Data, 9, false},
		{"beyond the streams", client, 1, Data, 11, false},
		{"data on a promised stream", client, 1, Data, 2, false},
		{"data on a promised stream, of the server", server, 1, Data, 2, true},
		{"a promise of the client", client, 9, PushPromise, 1, false},
		{"a reset of a promised stream", client, 4, RSTStream, 2, true},
		{"an extension", client, 9, 0x10, 0, true},
		{"an unknown type", client, 9, 0x11, 0, false},
	}
	for _, test := range tests {
		h := head(test.length, test.t, 0, test.stream)
		assert.Equal(t, test.want, test.from.mayBegin(&h), test.name)
	}
}

// TestWhatIsFoundIsAFrame makes rows of frames whose payloads are mostly frames
// themselves, and begins anywhere.
func TestWhatIsFoundIsAFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := Sender{MaxFrame: rapid.IntRange(8, 300).Draw(t, "largest"), MaxStream: 1000}
		var text bytes.Buffer
		begins := map[int]bool{}
		for text.Len() < 4*small.MaxFrame {
			begins[text.Len()] = true
			var payload string
			for range rapid.IntRange(0, 9).Draw(t, "inner") {
				payload += frame(Data, 0, 1, strings.Repeat("\x00", rapid.IntRange(0, 20).Draw(t, "zeros")))
			}
			payload = payload[:min(len(payload), small.MaxFrame)]
			text.WriteString(frame(Data, 0, uint32(rapid.IntRange(1, 9).Draw(t, "stream")), payload))
		}
		begins[text.Len()] = true
		from := rapid.IntRange(0, text.Len()-1).Draw(t, "from")
		size := rapid.IntRange(1, 50).Draw(t, "size")
		if at := find(small, text.String()[from:], size); at >= 0 {
			require.True(t, begins[from+at], "at %d", from+at)
		}
	})
}

// FuzzFinder holds the finder to one result however the bytes are cut, and to its
// bounds.
func FuzzFinder(f *testing.F) {
	f.Add([]byte(strings.Repeat(frame(Ping, 0, 0, "12345678"), 9)), uint8(3))
	f.Add([]byte(strings.Repeat(frame(Data, 0, 1, ""), 9)), uint8(8))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		small := Sender{MaxFrame: 32, MaxStream: 1 << 20}
		require.Equal(t, find(small, string(b), 1<<20), find(small, string(b), 1+int(size)))
		finder := NewFinder(small)
		for len(b) > 0 {
			n, _, found := finder.Feed(b)
			require.Positive(t, n)
			require.LessOrEqual(t, len(finder.ends), maxRows)
			require.Less(t, len(finder.Last()), HeaderSize)
			if found {
				return
			}
			b = b[n:]
		}
	})
}
