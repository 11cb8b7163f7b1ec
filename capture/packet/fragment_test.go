package packet

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// span is a part of what is fragmented.
type span struct {
	from, to int
	more     bool
}

// cut4 makes IPv4 fragments of a packet.
func cut4(packet []byte, id uint16, spans ...span) [][]byte {
	header, body := packet[:20], packet[20:]
	var out [][]byte
	for _, s := range spans {
		h := append([]byte(nil), header...)
		binary.BigEndian.PutUint16(h[2:], uint16(20+s.to-s.from))
		binary.BigEndian.PutUint16(h[4:], id)
		where := uint16(s.from / 8)
		if s.more {
			where |= 0x2000
		}
		binary.BigEndian.PutUint16(h[6:], where)
		out = append(out, joined(h, body[s.from:s.to]))
	}
	return out
}

// cut6 makes IPv6 fragments of a packet.
func cut6(packet []byte, id uint32, spans ...span) [][]byte {
	header, body := packet[:40], packet[40:]
	var out [][]byte
	for _, s := range spans {
		h := append([]byte(nil), header...)
		binary.BigEndian.PutUint16(h[4:], uint16(8+s.to-s.from))
		h[6] = 44
		where := uint16(s.from)
		if s.more {
			where |= 1
		}
		out = append(out, joined(h, []byte{header[6], 0}, u16(where), u32(id), body[s.from:s.to]))
	}
	return out
}

// evenly cuts n bytes into pieces of size.
func evenly(n, size int) []span {
	var spans []span
	for at := 0; at < n; at += size {
		end := min(at+size, n)
		spans = append(spans, span{at, end, end < n})
	}
	return spans
}

// feed decodes raw IP packets one after the other and returns the segments.
func feed(d *decoder, at time.Time, packets ...[]byte) []Segment {
	var out []Segment
	for _, p := range packets {
		f := frameOf(linkRaw, p)
		f.time = at
		var s Segment
		if d.decode(f, &s) {
			s.Payload = append([]byte(nil), s.Payload...)
			out = append(out, s)
		}
	}
	return out
}

func manyBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

func TestFragmentsAreJoinedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		payload := manyBytes(rapid.IntRange(0, 4000).Draw(rt, "payload"))
		v6 := rapid.Bool().Draw(rt, "IPv6")
		size := rapid.IntRange(1, 20).Draw(rt, "eights") * 8
		packet, cut := segment4(t, payload), func(p []byte, s ...span) [][]byte { return cut4(p, 7, s...) }
		header := 20
		if v6 {
			packet, cut = segment6(t, payload), func(p []byte, s ...span) [][]byte { return cut6(p, 7, s...) }
			header = 40
		}
		spans := evenly(len(packet)-header, size)
		if len(spans) < 2 {
			return
		}
		parts := rapid.Permutation(cut(packet, spans...)).Draw(rt, "order")
		again := rapid.IntRange(0, len(parts)-2).Draw(rt, "again")
		d := newDecoder(selection{})
		got := feed(d, frameTime, parts[:again+1]...)
		got = append(got, feed(d, frameTime, parts[again])...) // a repetition
		assert.Equal(rt, uint64(again+1), d.account().Open)
		got = append(got, feed(d, frameTime, parts[again+1:]...)...)
		require.Len(rt, got, 1)
		requireTestSegment(t, v6, got[0])
		assert.Equal(rt, string(payload), string(got[0].Payload))
		assert.Equal(rt, capture.Stats{
			Seen: uint64(len(parts) + 1), Written: 1,
			Filtered: map[capture.Reason]uint64{joinedFragment: uint64(len(parts) - 1), "duplicate-fragment": 1},
		}, d.account())
		assert.Zero(rt, d.frags.memory)
		assert.Empty(rt, d.frags.waiting)
	})
}

func TestFragmentsOfATunnelAndFragmentsInIt(t *testing.T) {
	payload := manyBytes(3000)
	inner := segment4(t, payload)
	d := newDecoder(selection{})
	var got []Segment
	for i, part := range cut4(inner, 1, evenly(len(inner)-20, 1000)...) {
		outer := over(t, 4, part)
		got = append(got, feed(d, frameTime, cut4(outer, uint16(i), evenly(len(outer)-20, 400)...)...)...)
		require.NoError(t, d.account().Balance())
	}
	require.Len(t, got, 1)
	assert.Equal(t, payload, got[0].Payload)
	require.NoError(t, d.account().Balance())
	assert.Zero(t, d.account().Open)
	assert.Zero(t, d.account().Lost())
}

func TestOverlappingFragmentsGiveTheDatagramUp(t *testing.T) {
	packet := segment4(t, manyBytes(100))
	end := len(packet) - 20
	for name, spans := range map[string][]span{
		"overlap at the end":        {{0, 24, true}, {16, end, false}},
		"overlap at the front":      {{16, end, false}, {0, 24, true}},
		"same start, other length":  {{0, 24, true}, {0, 32, true}},
		"two ends":                  {{16, end, false}, {8, 16, false}},
		"an end before other bytes": {{48, 64, true}, {8, 16, false}},
		"bytes behind the end":      {{8, 16, false}, {16, 32, true}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(selection{})
			assert.Empty(t, feed(d, frameTime, cut4(packet, 1, spans...)...))
			assert.Equal(t, uint64(2), d.account().Dropped["overlapping-fragment"], "%v", d.account())
			assert.NoError(t, d.account().Balance())
		})
	}
}

func TestFragmentsThatAreDamaged(t *testing.T) {
	packet := segment4(t, manyBytes(100))
	for name, part := range map[string][]byte{
		"not of eights":     cut4(packet, 1, span{0, 25, true})[0],
		"empty":             cut4(packet, 1, span{8, 8, false})[0],
		"beyond 64 KiB":     func() []byte { b := cut4(packet, 1, span{0, 100, false})[0]; b[6], b[7] = 0x1f, 0xff; return b }(),
		"IPv6 of no eights": cut6(segment6(t, manyBytes(100)), 1, span{0, 25, true})[0],
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(selection{})
			assert.Empty(t, feed(d, frameTime, part))
			assert.Equal(t, uint64(1), d.account().Dropped["malformed-fragment"])
			assert.Empty(t, d.frags.waiting)
		})
	}
}

func TestFragmentCutByTheSnapLengthTellsTheMissingBytes(t *testing.T) {
	payload := manyBytes(1000)
	packet := segment4(t, payload)
	parts := cut4(packet, 1, evenly(len(packet)-20, 400)...)
	d := newDecoder(selection{})
	var s Segment
	for i, part := range parts {
		f := frameOf(linkRaw, part)
		if i == 1 {
			f.data = part[:len(part)-100]
		}
		if d.decode(f, &s) {
			assert.Equal(t, payload[:800-100-24], s.Payload) // 24 bytes of TCP header
			assert.Equal(t, len(payload), len(s.Payload)+s.Missing)
		}
	}
	assert.Equal(t, uint64(1), d.account().Written)
}

func TestFragmentsOfOtherProtocolsDoNotWait(t *testing.T) {
	d := newDecoder(selection{})
	feed(d, frameTime, cut4(over(t, 1, manyBytes(100)), 1, span{0, 48, true})...)
	assert.Equal(t, uint64(1), d.account().Filtered["not-tcp"])
	assert.Zero(t, d.account().Open)
}

func TestFragmentsThatWaitTooLongAreDropped(t *testing.T) {
	packet := segment4(t, manyBytes(1000))
	parts := cut4(packet, 1, evenly(len(packet)-20, 400)...)
	d := newDecoder(selection{})
	feed(d, frameTime, parts[0], parts[1])
	assert.Equal(t, uint64(2), d.account().Open)
	other := cut4(packet, 2, evenly(len(packet)-20, 400)...)
	feed(d, frameTime.Add(fragmentAge+1), other[0])
	assert.Equal(t, uint64(2), d.account().Dropped["incomplete-fragment"])
	assert.Equal(t, uint64(1), d.account().Open)
	d.finish()
	assert.Equal(t, uint64(3), d.account().Dropped["incomplete-fragment"])
	assert.NoError(t, d.account().Balance())
}

func TestFragmentMemoryIsBounded(t *testing.T) {
	packet := segment4(t, manyBytes(60000))
	d := newDecoder(selection{})
	part := cut4(packet, 0, span{0, 56000, true})[0]
	const datagrams = 1000
	for id := range datagrams {
		binary.BigEndian.PutUint16(part[4:], uint16(id))
		feed(d, frameTime, part)
		require.LessOrEqual(t, d.frags.memory, fragmentMemory)
	}
	stats := d.account()
	require.NoError(t, stats.Balance())
	assert.Positive(t, stats.Dropped["evicted-fragment"])
	assert.Equal(t, uint64(datagrams), stats.Open+stats.Dropped["evicted-fragment"])
	assert.Len(t, d.frags.waiting, int(stats.Open))
}

// One datagram that waits must not keep the queue entries of all those that
// are done behind it.
func TestFragmentQueueIsBounded(t *testing.T) {
	packet := segment4(t, manyBytes(100))
	d := newDecoder(selection{})
	feed(d, frameTime, cut4(packet, 0, span{0, 48, true})...)
	for id := range 5000 {
		got := feed(d, frameTime, cut4(packet, uint16(id+1), evenly(len(packet)-20, 64)...)...)
		require.Len(t, got, 1)
	}
	assert.LessOrEqual(t, len(d.frags.order), 70)
	assert.Equal(t, uint64(1), d.account().Open)
}
