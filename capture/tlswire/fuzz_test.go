package tlswire

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// A script is a sequence of calls to connections: each begins with an operation
// of one byte and a number of two, of bytes that follow or are missing.
const (
	opServer = 1 << 0 // the direction
	opGap    = 1 << 1
	opEnd    = 1 << 2
	opNext   = 1 << 3 // ends the connection and opens another first
	opAcked  = 1 << 4 // everything of the other direction was received
	opFar    = 1 << 5 // a gap is 2^24 times as long
)

func script(talks []talk) []byte {
	var b []byte
	for i, tk := range talks {
		for j, c := range tk.calls {
			op := byte(c.dir)
			if i > 0 && j == 0 {
				op |= opNext
			}
			for p := c.p; len(p) > 0; op &^= opNext {
				n := min(len(p), 0xFFFF)
				b = binary.BigEndian.AppendUint16(append(b, op), uint16(n))
				b, p = append(b, p[:n]...), p[n:]
			}
		}
	}
	return b
}

// player makes the calls of a script, as their contract allows them, and keeps
// what it gave.
type player struct {
	d     *Decrypter
	conn  *Conn
	got   *sink
	given sink
	ended [2]bool
	check func(p *player)
}

func (p *player) play(b []byte) {
	p.open()
	for len(b) >= 3 {
		op, n := b[0], int(binary.BigEndian.Uint16(b[1:]))
		b = b[3:]
		if op&opNext != 0 {
			p.finish()
			p.open()
		}
		data := b[:min(n, len(b))]
		if op&(opGap|opEnd) != 0 {
			data = nil
		}
		p.step(op, int64(n), data)
		b = b[len(data):]
	}
	p.finish()
}

func (p *player) open() {
	p.got, p.given, p.ended = &sink{}, sink{}, [2]bool{}
	p.conn = p.d.Open(p.got)
}

func (p *player) step(op byte, n int64, data []byte) {
	dir := int(op & opServer)
	acked := int64(-1)
	if op&opAcked != 0 {
		acked = p.given.pos[1-dir]
	}
	if op&opFar != 0 {
		n <<= 24
	}
	switch {
	case op&opEnd != 0:
		p.end(dir)
	case op&opGap != 0:
		p.gap(dir, n)
	default:
		p.data(call{dir: dir, acked: acked}, data)
	}
}

func (p *player) data(c call, b []byte) {
	if !p.ended[c.dir] {
		p.given.Data(c.dir, time.Time{}, c.acked, b)
		p.conn.Data(c.dir, time.Time{}, c.acked, b)
	}
}

func (p *player) gap(dir int, n int64) {
	if !p.ended[dir] {
		p.given.Gap(dir, time.Time{}, n, capture.Gap)
		p.conn.Gap(dir, time.Time{}, n, capture.Gap)
	}
}

func (p *player) end(dir int) {
	if !p.ended[dir] {
		p.ended[dir] = true
		p.conn.End(dir, time.Time{}, capture.Closed)
	}
}

func (p *player) finish() {
	p.end(0)
	p.end(1)
	p.check(p)
}

// requireTrue asserts that a connection was passed on as it is, or that what
// was given of it was sent, in order, of the right length together with its
// gaps.
func requireTrue(t require.TestingT, p *player, sent [][]byte) {
	require.Zero(t, p.d.held)
	require.NoError(t, p.d.Account().Balance())
	require.Nil(t, p.conn.opening)
	for dir := range 2 {
		require.Len(t, p.got.ends[dir], 1)
		if p.conn.passing != nil {
			require.Equal(t, p.given.bytes(dir), p.got.bytes(dir))
			require.Equal(t, p.given.gaps[dir], p.got.gaps[dir])
			continue
		}
		require.LessOrEqual(t, p.got.pos[dir], p.given.pos[dir])
		require.True(t, wasSent(p.got.pieces[dir], sent), "%q", p.got.bytes(dir))
	}
}

// wasSent reports whether one of the conversations has the pieces in order.
func wasSent(pieces []piece, sent [][]byte) bool {
	for _, s := range sent {
		ok := true
		for _, p := range pieces {
			i := bytes.Index(s, p.p)
			if ok = ok && i >= 0; !ok {
				break
			}
			s = s[i+len(p.p):]
		}
		if ok {
			return true
		}
	}
	return false
}

func FuzzConn(f *testing.F) {
	var keys strings.Builder
	var sent [][]byte
	for _, r := range recordings(f) {
		keys.WriteString(r.Keys)
		for _, tk := range r.talks() {
			sent = append(sent, tk.sent[0], tk.sent[1])
		}
		f.Add(script(r.talks()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// A key log of its own, as it remembers sessions.
		p := &player{d: New(keyLog(t, keys.String())), check: func(p *player) { requireTrue(t, p, sent) }}
		p.play(b)
	})
}
