package tlswire

import (
	"bytes"
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// grower is a key log that grows.
type grower struct {
	*KeyLog
	t    *testing.T
	path string
}

func newGrower(t *testing.T) *grower {
	t.Helper()
	g := &grower{t: t, path: filepath.Join(t.TempDir(), "keys")}
	g.write("# begins\n")
	k, err := OpenKeyLog(g.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	g.KeyLog = k
	return g
}

func (g *grower) write(text string) {
	g.t.Helper()
	f, err := os.OpenFile(g.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(g.t, err)
	_, err = f.WriteString(text)
	require.NoError(g.t, err)
	require.NoError(g.t, f.Close())
}

func feed(c *Conn, calls []call) {
	for _, e := range calls {
		c.Data(e.dir, time.Unix(1, 0), e.acked, e.p)
	}
}

func TestSecretsMayComeAtAnyTimeBeforeTheEnd(t *testing.T) {
	for name, r := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			tk := r.talks()[0]
			for late := range len(tk.calls) + 1 {
				g, s := newGrower(t), &sink{}
				d := New(g.KeyLog)
				c := d.Open(s)
				feed(c, tk.calls[:late])
				require.Nil(t, c.halves, "decrypted without its secret")
				require.Nil(t, c.passing)
				g.write(r.Keys)
				feed(c, tk.calls[late:])
				finish(c)
				requireWhole(t, tk, s)
				require.Zero(t, stats(t, d).Lost())
			}
		})
	}
}

func TestSecretsMayComeInPieces(t *testing.T) {
	for name, r := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			tk := r.talks()[0]
			g, s := newGrower(t), &sink{}
			d := New(g.KeyLog)
			c := d.Open(s)
			pieces := len(tk.calls)
			for i, e := range tk.calls {
				c.Data(e.dir, time.Unix(1, 0), e.acked, e.p)
				g.write(r.Keys[len(r.Keys)*i/pieces : len(r.Keys)*(i+1)/pieces])
			}
			finish(c)
			requireWhole(t, tk, s)
			assert.Zero(t, stats(t, d).Lost())
			assert.Empty(t, g.Damaged())
		})
	}
}

// long is a conversation that outgrows what may wait.
func long(t *testing.T) talk {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	return converse(t, config, config, [2][]byte{numbered(1, 3000), numbered(2, 3*maxHeld)}, 30)
}

func requirePassed(t *testing.T, tk talk, s *sink) {
	t.Helper()
	for dir := range 2 {
		require.True(t, bytes.Equal(joined(tk.calls, dir), s.bytes(dir)))
		require.Zero(t, s.gaps[dir])
		require.Equal(t, []capture.Incomplete{capture.Closed}, s.ends[dir])
	}
}

func TestASecretThatComesTooLateIsCounted(t *testing.T) {
	tk := long(t)
	g, s := newGrower(t), &sink{}
	d := New(g.KeyLog)
	c := d.Open(s)
	for _, e := range tk.calls {
		c.Data(e.dir, time.Unix(1, 0), e.acked, e.p)
		require.LessOrEqual(t, d.held, maxHeld)
		if c.passing != nil {
			g.write(tk.keys)
		}
	}
	finish(c)
	requirePassed(t, tk, s)
	got := stats(t, d)
	assert.Positive(t, got.Dropped[NoSecret])
	assert.Equal(t, got.Dropped[NoSecret], got.Seen)
	requireWhole(t, tk, play(d, tk.calls)) // it is there for the next
}

func TestASecretThatNeverComesIsCounted(t *testing.T) {
	tk := recordings(t)["tls13-go"].talks()[0]
	g := newGrower(t)
	d := New(g.KeyLog)
	requirePassed(t, tk, play(d, tk.calls))
	assert.Positive(t, stats(t, d).Dropped[NoSecret])
}

func TestNothingWaitsForAKeyLogThatDoesNotGrow(t *testing.T) {
	r := recordings(t)["tls13-go"]
	tk := r.talks()[0]
	for name, keys := range map[string]*KeyLog{"none": nil, "one that was read": keyLog(t, line("CLIENT_RANDOM", 1, 48)), "one that is closed": newGrower(t).KeyLog} {
		if keys != nil {
			require.NoError(t, keys.Close())
		}
		c := New(keys).Open(&sink{})
		for _, e := range tk.calls[:len(tk.calls)-1] {
			c.Data(e.dir, time.Time{}, -1, e.p)
		}
		assert.NotNil(t, c.passing, name)
	}
}

func TestWhatAllConnectionsHoldIsBounded(t *testing.T) {
	r := recordings(t)["tls13-go"]
	tk := r.talks()[0]
	g := newGrower(t)
	d := New(g.KeyLog)
	const others = maxHeldTotal - 1000
	d.held = others
	s := play(d, tk.calls)
	require.Equal(t, others, d.held)
	d.held = 0
	requirePassed(t, tk, s)
	assert.Positive(t, stats(t, d).Dropped[HoldLimit])
}

func TestAResumedSessionDoesNotWaitForASecretThatIsNotLogged(t *testing.T) {
	r := recordings(t)["tls12-ticket"]
	g := newGrower(t)
	g.write(r.Keys)
	d := New(g.KeyLog)
	requireWhole(t, r.talks()[0], play(d, r.talks()[0].calls))
	second, s := r.talks()[1], &sink{}
	c := d.Open(s)
	feed(c, second.calls)
	require.NotNil(t, c.halves)
	finish(c)
	requireWhole(t, second, s)
}

// cut takes n bytes from the end of what the server sent.
func cut(calls []call, n int) []call {
	var kept []call
	left := len(joined(calls, 1)) - n
	for _, e := range calls {
		if e.dir == 1 {
			e.p = e.p[:min(len(e.p), left)]
			left -= len(e.p)
		}
		kept = append(kept, e)
	}
	return kept
}

func TestARecordThatTheSenderCutIsMissing(t *testing.T) {
	for name, why := range map[string]capture.Incomplete{"closed": capture.Closed, "the capture ended": capture.EndOfCapture} {
		t.Run(name, func(t *testing.T) {
			tk := long(t)
			d, s := New(keyLog(t, tk.keys)), &sink{}
			c := d.Open(s)
			feed(c, cut(tk.calls, 1000))
			c.End(0, time.Time{}, why)
			c.End(1, time.Time{}, why)
			assert.EqualValues(t, 1, stats(t, d).Dropped[Truncated])
			assert.Equal(t, why == capture.Closed, s.gaps[1] > 0)
			assert.True(t, bytes.HasPrefix(tk.sent[1], s.bytes(1)))
			assert.Less(t, s.pos[1], int64(len(tk.sent[1])))
		})
	}
}
