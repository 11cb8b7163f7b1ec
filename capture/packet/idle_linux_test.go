package packet

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLiveTicksWhileThereAreNoSegments(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}, Tick: 10 * time.Millisecond})
	echoOnce(t, server, []byte("hello"))
	var s Segment
	var last, shown time.Time
	ticks := 0
	for ticks < 3 {
		err := l.ReadSegment(t.Context(), &s)
		require.False(t, s.Time.Before(shown), "a segment is no earlier than what a tick has told")
		if errors.Is(err, ErrIdle) {
			shown = s.Time
			assert.Empty(t, s.Payload)
			if !last.IsZero() && s.Time.After(last) {
				ticks++
			}
			continue
		}
		require.NoError(t, err)
		last = s.Time
	}
	assert.False(t, last.IsZero())
	assert.False(t, shown.After(time.Now()))
}

func TestLiveWithoutTickWaits(t *testing.T) {
	_, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Ports: []uint16{port}, Tick: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var s Segment
	require.ErrorIs(t, l.ReadSegment(ctx, &s), context.DeadlineExceeded)
}

func TestLiveFilterKeepsTheRestInTheKernel(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	other, _ := loopbackServer(t, "tcp4", "127.0.0.1:0")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Filter: "host 127.0.0.1 and tcp port " + fmt.Sprint(port)})
	echoOnce(t, other, []byte("not this"))
	echoOnce(t, server, []byte("but this"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to, from := payloads(ctx, t, l, port) // checks the ports
	assert.Equal(t, "but this", string(to))
	assert.Equal(t, "but this", string(from))
	require.NoError(t, l.Account().Balance())
	var wrong *FilterError
	_, err := Listen(LiveConfig{Interface: "lo", Filter: "port"})
	require.ErrorAs(t, err, &wrong)
}

func TestListenGroupSharesTheConnectionsOut(t *testing.T) {
	server, port := loopbackServer(t, "tcp4", "127.0.0.1:0")
	group, err := ListenGroup(LiveConfig{Interface: "no-such-if"}, 2)
	require.Error(t, err)
	require.Empty(t, group)
	_, err = ListenGroup(LiveConfig{Interface: "lo"}, 0)
	require.ErrorContains(t, err, "at least 1")
	listenOrSkip(t, LiveConfig{Interface: "lo", RingSize: 2 << 20})
	group, err = ListenGroup(LiveConfig{Interface: "lo", Ports: []uint16{port}, RingSize: 4 << 20}, 2)
	require.NoError(t, err)
	for i := range 8 {
		echoOnce(t, server, []byte("connection "+fmt.Sprint(i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var to []byte
	for _, l := range group {
		got, _ := payloads(ctx, t, l, port)
		to = append(to, got...)
		require.NoError(t, l.Account().Balance())
		require.NoError(t, l.Close())
	}
	assert.Len(t, to, 8*len("connection 0"))
}
