//go:build e2e && linux

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// more is what the machine takes beside what is measured.
const more = 5 * time.Second

// Of two agents that are told to end while the broker is away, the one with a
// spool leaves everything to the next one without using up its time, and the one
// without counts it when that is over.
func TestAnAgentThatIsToldToEndWhileTheBrokerIsAwayEndsInTime(t *testing.T) {
	for name, leave := range map[string]func(*door){
		"refuses connections": func(*door) {},
		"never answers":       (*door).hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b := newService(t), withKafka(t)
			broker, away := b.behind(t)
			leave(broker)
			dir := t.TempDir()
			keeps := startAgent(t, append(arguments(s, b, dir), away, "--shutdown=1m")...)
			const within = 3 * time.Second
			drops := startAgent(t, append(arguments(s, b, ""), away, "--shutdown="+within.String())...)
			s.load(t, 50, "")
			keeps.seen(t, s)
			keeps.spooled(t)
			drops.seen(t, s)

			begin := time.Now()
			assert.Zero(t, keeps.stop(t), "exit code")
			assert.Less(t, time.Since(begin), 4*time.Second+more, "twice what a call may take before the broker is away")
			assert.EqualValues(t, s.served.Load(), keeps.lastStage("ship").Open, "on disk")
			begin = time.Now()
			assert.Equal(t, 2, drops.stop(t), "exit code: the run failed")
			assert.Less(t, time.Since(begin), within+more)
			assert.EqualValues(t, s.served.Load(), drops.lastStage("ship").Dropped["shutdown"])

			keeps = startAgent(t, arguments(s, b, dir)...)
			ship := keeps.settled(t, s)
			keeps.end(t)
			b.balances(t, s, ship)
			assert.Zero(t, ship.Lost())
		})
	}
}
