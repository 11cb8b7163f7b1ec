//go:build e2e && linux

package main

import (
	"os"
	"path"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// The broker that leads some of the partitions is killed in the middle of the
// load, and takes them back from a leader that lives.
func TestALeaderThatMovesInTheMiddleCostsNothing(t *testing.T) {
	s, b := newService(t), withoutTopic(t)
	second, err := b.Join(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, second.Stop()) })
	require.NoError(t, b.Create(t.Context(), kafkastand.Topic{Name: b.topic, Partitions: 3, Replicas: 2}))
	leads := func() bool {
		leaders, err := b.Leaders(t.Context(), b.topic)
		return err == nil && slices.Contains(leaders, second.Node())
	}
	require.True(t, leads())
	p := startAgent(t, append(arguments(s, b, t.TempDir()), "--kafka="+b.url(user+":"+password, second.Addr()))...)
	stop := s.traffic(t, 8)
	shipsOn := func() {
		t.Helper()
		at := p.stage("ship").Seen
		eventually(t, "records go on to arrive", func() bool { return p.stage("ship").Written > at+200 })
	}
	shipsOn()
	require.NoError(t, second.Kill())
	eventually(t, "the leader moves", func() bool { return !leads() })
	shipsOn()
	require.NoError(t, second.Restart(t.Context()))
	eventually(t, "the leader moves back", leads)
	shipsOn()
	stop()
	ship := p.settled(t, s)
	assert.True(t, p.ready())
	p.end(t)
	b.balances(t, s, ship)
	assert.Zero(t, ship.Lost(), "the spool had room")
}

// durationEnv is how long the broker is away, such as 30m. Without it a frozen
// one is away for longer than one request is waited for, 15 s.
const durationEnv = "TWINSPECT_E2E_DURATION"

func awayFor(t *testing.T, otherwise time.Duration) time.Duration {
	text := os.Getenv(durationEnv)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

func TestABrokerThatIsAwayInTheMiddleCostsNothingAndTheOldestAreSentFirst(t *testing.T) {
	for _, c := range []struct {
		name                    string
		connections, partitions int
		long                    time.Duration
		leave, back             func(*testing.T, stand) error
	}{
		{"killed", 8, 3, 5 * time.Second, func(_ *testing.T, b stand) error { return b.Kill() }, func(t *testing.T, b stand) error { return b.Restart(t.Context()) }},
		{"frozen", 1, 1, 17 * time.Second, func(t *testing.T, b stand) error {
			t.Cleanup(func() { _ = b.Resume() })
			return b.Pause()
		}, func(_ *testing.T, b stand) error { return b.Resume() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, b := newService(t), withTopic(t, kafkastand.Topic{Partitions: c.partitions})
			p := startAgent(t, append(arguments(s, b, t.TempDir()), "--spool-size=1GiB")...)
			stop := s.traffic(t, c.connections)
			eventually(t, "the first records arrive", func() bool { return p.stage("ship").Written > 50 })
			require.NoError(t, c.leave(t, b))
			eventually(t, "the agent notices", func() bool { return !p.ready() })
			keepsWell(t, p, awayFor(t, c.long), c.connections)
			require.NoError(t, c.back(t, b))
			eventually(t, "the agent is back", p.ready)
			stop()
			ship := p.settled(t, s)
			p.end(t)
			b.balances(t, s, ship)
			assert.Zero(t, ship.Lost(), "the spool had room")
			inOrder(t, b, s.served.Load())
		})
	}
}

// keepsWell expects that all of the time the agent puts on disk what it records,
// and hardly computes, with the race detector in it and 50 requests a second of
// each connection.
func keepsWell(t *testing.T, p *process, long time.Duration, connections int) {
	const samples = 5
	begin, computed := time.Now(), p.cpu(t)
	before := p.metric("twinspect_agent_spool_exchanges")
	for range samples {
		<-time.After(long / samples)
		now := p.metric("twinspect_agent_spool_exchanges")
		assert.Greater(t, now, before, "the spool grows")
		before = now
		assert.False(t, p.ready())
	}
	share := float64(p.cpu(t)-computed) / float64(time.Since(begin))
	size := p.metric("twinspect_agent_spool_size_bytes")
	t.Logf("away %v: %.3f of a core, %.0f exchanges in %.0f bytes on disk", long, share, before, size)
	assert.Less(t, share, 0.2+0.1*float64(connections), "share of a core")
	assert.LessOrEqual(t, size, float64(1<<30))
}

// inOrder expects the requests of each connection in their order.
func inOrder(t *testing.T, b stand, n int64) {
	t.Helper()
	next, all := map[string]int{}, int64(0)
	b.each(t, func(e *capture.Exchange) {
		connection, index := path.Split(e.Request.Target)
		require.Equal(t, strconv.Itoa(next[connection]), index, connection)
		next[connection]++
		all++
	})
	assert.Equal(t, n, all)
}

func TestASpoolThatOverflowsIsCountedToTheLastExchange(t *testing.T) {
	const bound = 512 << 10
	t.Parallel()
	s, b := newService(t), withKafka(t)
	broker, away := b.behind(t)
	p := startAgent(t, append(arguments(s, b, t.TempDir()), away, "--spool-size=512KiB", "--queue=256KiB")...)
	for p.stage("ship").Dropped["spool-full"] == 0 {
		s.load(t, 50, "random=2000")
		p.seen(t, s)
		assert.LessOrEqual(t, p.metric("twinspect_agent_spool_size_bytes"), float64(bound))
	}
	stop := s.traffic(t, 2)
	broker.open()
	eventually(t, "the agent is back", func() bool { return p.ready() && p.metric("twinspect_agent_spool_exchanges") == 0 })
	stop()
	lost := p.settled(t, s).Lost()
	s.load(t, 5, "")
	ship := p.settled(t, s)
	assert.Equal(t, lost, ship.Lost(), "once there is room, nothing is dropped")
	p.end(t)
	records := b.balances(t, s, ship)
	assert.Positive(t, records, "what was kept stays")
}
