package tlswire

import (
	"bytes"
	"crypto/tls"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// talks are conversations of each kind of protection.
func talks(t *testing.T) map[string]talk {
	t.Helper()
	cert := certificate(t, true)
	plain := [2][]byte{numbered(1, 200_000), numbered(2, 400_000)}
	all := make(map[string]talk)
	for name, config := range map[string]*tls.Config{
		"TLS 1.3": {},
		"GCM":     {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
		"ChaCha":  {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}},
		"CBC":     {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}},
	} {
		config.Certificates = []tls.Certificate{cert}
		all[name] = converse(t, config, config, plain, 20)
	}
	return all
}

func TestHowDataIsCutDoesNotMatter(t *testing.T) {
	for name, tk := range talks(t) {
		t.Run(name, func(t *testing.T) {
			keys := keyLog(t, tk.keys)
			rapid.Check(t, func(rt *rapid.T) {
				size := rapid.SampledFrom([]int{1, 5, 100, 1448, 20000, 100000}).Draw(rt, "size")
				random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
				d, s := New(keys), &sink{}
				c := d.Open(s)
				for _, e := range tk.calls {
					for p := e.p; len(p) > 0; {
						n := min(1+random.IntN(size), len(p))
						c.Data(e.dir, time.Time{}, e.acked, p[:n])
						p = p[n:]
					}
				}
				finish(c)
				for dir := range 2 {
					require.True(rt, bytes.Equal(tk.sent[dir], s.bytes(dir)))
				}
			})
		})
	}
}

// hole is a range of a direction that is not captured.
type hole struct{ from, to int64 }

// playHoles gives a conversation with a hole in either direction.
func playHoles(d *Decrypter, calls []call, holes [2]hole) *sink {
	s := &sink{}
	c := d.Open(s)
	var pos [2]int64
	for _, e := range calls {
		h := holes[e.dir]
		for p := e.p; len(p) > 0; {
			at := pos[e.dir]
			n := int64(len(p))
			switch {
			case at < h.from:
				n = min(n, h.from-at)
				c.Data(e.dir, time.Time{}, e.acked, p[:n])
			case at < h.to:
				n = min(n, h.to-at)
				c.Gap(e.dir, time.Time{}, n, capture.Gap)
			default:
				c.Data(e.dir, time.Time{}, e.acked, p)
			}
			pos[e.dir] += n
			p = p[n:]
		}
	}
	finish(c)
	return s
}

func drawHole(rt *rapid.T, size int) hole {
	from := rapid.IntRange(0, size).Draw(rt, "from")
	n := rapid.SampledFrom([]int{0, 1, 10, 1448, 30000, 150000}).Draw(rt, "length")
	return hole{int64(from), int64(min(from+n, size))}
}

func TestAGapNeverMakesWrongBytes(t *testing.T) {
	for name, tk := range talks(t) {
		t.Run(name, func(t *testing.T) {
			keys := keyLog(t, tk.keys)
			size := [2]int{len(joined(tk.calls, 0)), len(joined(tk.calls, 1))}
			rapid.Check(t, func(rt *rapid.T) {
				var holes [2]hole
				for dir := range holes {
					holes[dir] = drawHole(rt, size[dir])
				}
				d := New(keys)
				s := playHoles(d, tk.calls, holes)
				require.NoError(rt, d.Account().Balance())
				require.Zero(rt, d.held)
				if d.stats.Dropped[HandshakeLost] > 0 || d.stats.Filtered[NotTLS] > 0 {
					return // passed on
				}
				for dir := range 2 {
					requireHonest(rt, name != "CBC", tk.sent[dir], s, dir, holes[dir])
				}
			})
		})
	}
}

// requireHonest asserts that what was given was sent, in order, at the right
// place; that what is missing was told; and that a hole costs the records that
// it hit and no more.
func requireHonest(rt *rapid.T, exact bool, sent []byte, s *sink, dir int, h hole) {
	last := 0
	for _, p := range s.pieces[dir] {
		i := bytes.Index(sent[last:], p.p)
		require.GreaterOrEqual(rt, i, 0, "bytes that were not sent")
		if exact && h.from > 6000 {
			require.EqualValues(rt, last+i, p.at)
		}
		last += i + len(p.p)
	}
	missing := int64(len(sent) - len(s.bytes(dir)))
	require.LessOrEqual(rt, missing, h.to-h.from+2*maxRecord)
	if missing > 0 {
		require.Positive(rt, s.gaps[dir])
	}
	// Without a whole record behind it, the length of a gap is a guess.
	if exact && h.from > 6000 && int(h.to)+maxRecord < len(sent) {
		require.Equal(rt, missing, s.gaps[dir])
	}
}

func TestAGapThatHidesTheHandshakeOfOneSideCostsNoData(t *testing.T) {
	for name, tk := range talks(t) {
		server := joined(tk.calls, 1)
		n, ok := recordSize(server) // the ServerHello
		require.True(t, ok)
		d := New(keyLog(t, tk.keys))
		s := playHoles(d, tk.calls, [2]hole{1: {int64(n), int64(n) + 100}})
		assert.True(t, bytes.Equal(tk.sent[1], s.bytes(1)), name)
		assert.Zero(t, s.gaps[1], name)
	}
}

func TestACaptureThatBeginsAfterTheHandshakeIsPassedOn(t *testing.T) {
	tk := talks(t)["TLS 1.3"]
	keys := keyLog(t, tk.keys)
	record := joined(tk.calls, 0)
	at := bytes.Index(record, []byte{typeApplication, 3, 3})
	d, s := New(keys), &sink{}
	c := d.Open(s)
	c.Data(0, time.Time{}, -1, record[at:])
	finish(c)
	assert.Equal(t, record[at:], s.bytes(0))
	assert.Positive(t, stats(t, d).Dropped[MidConnection])
	requireWhole(t, tk, play(d, tk.calls))
}

func TestARecordThatWasAlteredCostsItself(t *testing.T) {
	for name, tk := range talks(t) {
		size, seen := 0, 0
		for i, e := range tk.calls {
			if e.dir == 0 {
				size += len(e.p)
				if seen++; seen == 8 {
					tk.calls[i].p = bytes.Clone(e.p)
					tk.calls[i].p[len(e.p)-1] ^= 1
					break
				}
			}
		}
		d := New(keyLog(t, tk.keys))
		s := play(d, tk.calls)
		assert.EqualValues(t, 1, stats(t, d).Dropped[Undecryptable], name)
		assert.Positive(t, s.gaps[0], name)
		assert.True(t, bytes.Equal(tk.sent[1], s.bytes(1)), name)
		assert.Less(t, len(tk.sent[0])-len(s.bytes(0)), maxRecord, name)
	}
}

// What looks like records after a gap may cost time: it is bounded.
func TestADirectionIsGivenUpWhereNoRecordIsFound(t *testing.T) {
	fake := append([]byte{typeApplication, 3, 3, maxPlain >> 8, 0}, make([]byte, maxPlain)...)
	for name, tk := range talks(t) {
		d, s := New(keyLog(t, tk.keys)), &sink{}
		c := d.Open(s)
		feed(c, tk.calls)
		c.Gap(1, time.Time{}, 100<<20, capture.Gap)
		for range 6 {
			c.Data(1, time.Time{}, -1, fake)
		}
		assert.True(t, c.halves[1].dead, name)
		finish(c)
		assert.EqualValues(t, 1, stats(t, d).Dropped[Unsynchronised], name)
		assert.Equal(t, tk.sent[1], s.bytes(1), name)
		assert.Positive(t, s.gaps[1], name)
	}
}
