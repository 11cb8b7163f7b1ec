package units

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// part is bytes of a direction, or a gap where there are none.
type part struct {
	text string
	gap  int64
}

type counts = map[capture.Reason]uint64

// feed gives parts whole, then byte by byte, and requires the same of both.
func feed(t *testing.T, parts []part, walk func(t *capture.Stats) (data func([]byte), gap func(int64), end func())) capture.Stats {
	t.Helper()
	var results [2]capture.Stats
	for i, size := range []int{math.MaxInt, 1} {
		data, gap, end := walk(&results[i])
		for _, p := range parts {
			if p.gap > 0 {
				gap(p.gap)
			}
			for b := []byte(p.text); len(b) > 0; {
				n := min(size, len(b))
				data(b[:n])
				require.NoError(t, results[i].Balance())
				b = b[n:]
			}
		}
		end()
		require.NoError(t, results[i].Balance())
		require.Zero(t, results[i].Open)
	}
	require.Equal(t, results[0], results[1], "however the bytes are cut")
	return results[0]
}

func TestMessagesOfGRPC(t *testing.T) {
	const hi = "\x00\x00\x00\x00\x02hi"
	long := "\x01\x00\x00\x01\x00" + strings.Repeat("x", 256)
	tests := []struct {
		name    string
		parts   []part
		kept    int64
		end     capture.Incomplete
		written uint64
		dropped counts
	}{
		{"none", nil, 99, "", 0, nil},
		{"whole ones", []part{{text: hi + long + hi}}, 999, "", 3, nil},
		{"empty ones", []part{{text: strings.Repeat("\x00\x00\x00\x00\x00", 3)}}, 99, "", 3, nil},
		{"beyond what is kept", []part{{text: hi + hi + hi}}, 10, "", 1, counts{"body-limit": 2}},
		{"a flag that is not defined", []part{{text: hi + "\x02\x00\x00\x00\x02hi" + hi}}, 99, "", 1, counts{"malformed": 1}},
		{"an end inside the prefix", []part{{text: hi + "\x00\x00"}}, 99, "", 1, counts{"malformed": 1}},
		{"an end inside a message", []part{{text: hi + hi[:6]}}, 99, capture.Reset, 1, counts{"reset": 1}},
		{"a gap inside a message", []part{{text: hi + long[:100]}, {gap: 100, text: long[200:] + hi}}, 999, "", 2, counts{"gap": 1}},
		{"a gap up to the end of a message", []part{{text: long[:100]}, {gap: int64(len(long)) - 100, text: hi}}, 999, "", 1, counts{"gap": 1}},
		{"a gap beyond a message", []part{{text: hi + hi[:6]}, {gap: 2, text: hi[1:] + hi}}, 99, "", 1, counts{"gap": 1}},
		{"a gap before a message", []part{{text: hi}, {gap: 1, text: hi[1:]}}, 99, "", 1, counts{"gap": 1}},
		{"a gap inside the prefix", []part{{text: hi[:3]}, {gap: 1, text: hi[4:]}}, 99, "", 0, counts{"gap": 1}},
		{"a gap of unknown length", []part{{text: hi[:6]}, {gap: math.MaxInt64, text: hi}}, 99, "", 0, counts{"gap": 1}},
		{"the reason of the gap stays", []part{{text: long[:100]}, {gap: 1}}, 999, capture.Reset, 0, counts{"gap": 1}},
		{"the largest length", []part{{text: "\x00\xff\xff\xff\xffx"}}, 99, capture.Closed, 0, counts{"closed": 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := feed(t, test.parts, func(t *capture.Stats) (func([]byte), func(int64), func()) {
				var w GRPC
				return func(p []byte) { w.Feed(p, test.kept, capture.BodyLimit, t) },
					func(n int64) { w.Skip(n, capture.Gap, t) },
					func() { w.End(test.end, t); w.End(test.end, t) }
			})
			assert.Equal(t, test.written, got.Written)
			assert.Equal(t, test.dropped, got.Dropped)
		})
	}
}

func TestFramesOfWebSocket(t *testing.T) {
	medium := "\x82\x7e\x01\x00" + strings.Repeat("x", 256)
	large := "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00mask" + strings.Repeat("x", 1<<16)
	tests := []struct {
		name     string
		parts    []part
		end      capture.Incomplete
		filtered counts
		dropped  counts
	}{
		{"none", nil, "", nil, nil},
		{"each kind", []part{{text: "\x01\x01x\x80\x00\x82\x01x\x88\x02\x03\xe8\x89\x00\x8a\x00\x83\x00\x8b\x01x"}}, "",
			counts{"text": 1, "continuation": 1, "binary": 1, "close": 1, "ping": 1, "pong": 1, "reserved": 2}, nil},
		{"each form of length", []part{{text: "\x81\x7d" + strings.Repeat("x", 125) + medium + large}}, "", counts{"text": 1, "binary": 2}, nil},
		{"masked ones", []part{{text: "\x81\x82maskhi\x8a\x80mask"}}, "", counts{"text": 1, "pong": 1}, nil},
		{"a length beyond 63 bits", []part{{text: "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00xyz"}}, "", nil, counts{"malformed": 1}},
		{"a length of 63 bits", []part{{text: "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffxyz"}}, capture.Closed, nil, counts{"closed": 1}},
		{"an end inside the head", []part{{text: "\x81\x00\x81"}}, capture.Reset, counts{"text": 1}, counts{"reset": 1}},
		{"an end inside the payload", []part{{text: medium[:9]}}, "", nil, counts{"malformed": 1}},
		{"a gap inside a payload", []part{{text: medium[:9]}, {gap: 9, text: medium[18:] + "\x89\x00"}}, "", counts{"ping": 1}, counts{"gap": 1}},
		{"a gap up to the end", []part{{text: medium[:9]}, {gap: int64(len(medium)) - 9, text: "\x89\x00"}}, "", counts{"ping": 1}, counts{"gap": 1}},
		{"a gap beyond the end", []part{{text: "\x89\x00" + medium[:9]}, {gap: int64(len(medium)), text: "\x89\x00"}}, "", counts{"ping": 1}, counts{"gap": 1}},
		{"a gap inside the head", []part{{text: medium[:3]}, {gap: 1, text: medium[4:]}}, "", nil, counts{"gap": 1}},
		{"a gap between frames", []part{{text: "\x89\x00"}, {gap: 2, text: "\x89\x00"}}, "", counts{"ping": 1}, counts{"gap": 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := feed(t, test.parts, func(t *capture.Stats) (func([]byte), func(int64), func()) {
				var w WebSocket
				return func(p []byte) { w.Feed(p, t) },
					func(n int64) { w.Skip(n, capture.Gap, t) },
					func() { w.End(test.end, t); w.End(test.end, t) }
			})
			assert.Equal(t, test.filtered, got.Filtered)
			assert.Equal(t, test.dropped, got.Dropped)
		})
	}
}

// FuzzUnits holds both walkers to one account however the bytes are cut.
func FuzzUnits(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x02hi\x01\x00"), uint8(3), uint16(2))
	f.Add([]byte("\x81\x82maskhi\x82\x7e\x01\x00xyz"), uint8(9), uint16(300))
	f.Fuzz(func(t *testing.T, b []byte, at uint8, gap uint16) {
		i := min(int(at), len(b))
		parts := []part{{text: string(b[:i])}, {gap: int64(gap), text: string(b[i:])}}
		feed(t, parts, func(t *capture.Stats) (func([]byte), func(int64), func()) {
			var w GRPC
			return func(p []byte) { w.Feed(p, 99, capture.BodyLimit, t) },
				func(n int64) { w.Skip(n, capture.Gap, t) }, func() { w.End("", t) }
		})
		feed(t, parts, func(t *capture.Stats) (func([]byte), func(int64), func()) {
			var w WebSocket
			return func(p []byte) { w.Feed(p, t) },
				func(n int64) { w.Skip(n, capture.Gap, t) }, func() { w.End("", t) }
		})
	})
}
