//go:build e2e && linux

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of two agents that are told to end while the broker is away, the one with a
// spool leaves everything to the next one, and the one without counts it.
func TestAnAgentThatIsToldToEndWhileTheBrokerIsAwayEndsInTime(t *testing.T) {
	const within, more = 3 * time.Second, 5 * time.Second // more: what the machine takes
	s, b, other := newService(t), withKafka(t), withKafka(t)
	dir := t.TempDir()
	keeps := startAgent(t, append(arguments(s, b, dir), "--shutdown="+within.String())...)
	drops := startAgent(t, append(arguments(s, other, ""), "--shutdown="+within.String())...)
	s.load(t, 50, "")
	keeps.settled(t, s)
	drops.settled(t, s)
	require.NoError(t, b.Kill())
	s.load(t, 50, "")
	keeps.seen(t, s)
	drops.seen(t, s)

	begin := time.Now()
	assert.Zero(t, keeps.stop(t), "exit code")
	assert.Less(t, time.Since(begin), within+more)
	assert.Positive(t, keeps.lastStage("ship").Open, "on disk")
	begin = time.Now()
	assert.Equal(t, 2, drops.stop(t), "exit code: the run failed")
	assert.Less(t, time.Since(begin), within+more)
	assert.Positive(t, drops.lastStage("ship").Dropped["shutdown"])

	require.NoError(t, b.Restart(t.Context()))
	keeps = startAgent(t, arguments(s, b, dir)...)
	ship := keeps.settled(t, s)
	keeps.end(t)
	b.balances(t, s, ship)
	assert.Zero(t, ship.Lost())
	other.balances(t, s, drops.lastStage("ship"))
}
