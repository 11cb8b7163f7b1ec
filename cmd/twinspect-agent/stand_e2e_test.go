//go:build e2e && linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

const (
	user     = "recorder"
	password = "r1ght-w0rd"
)

// sharedKafka is the broker of all tests: a start takes longer than most of
// them. It makes no topic that nobody asked for, finds a broker dead within 3 s
// instead of 9, and gives a leader that came back its partitions within a second.
var sharedKafka = sync.OnceValues(func() (*kafkastand.Broker, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	b, err := kafkastand.Start(ctx, kafkastand.Options{
		SASLUser: user, SASLPassword: password, Properties: map[string]string{
			"auto.create.topics.enable": "false", "leader.imbalance.check.interval.seconds": "1",
			"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500",
		},
	})
	if err == nil {
		atEnd = append(atEnd, func() { _ = b.Stop() })
	}
	return b, err
})

// stand is the broker with a topic that is one test's own. Tests that run in
// parallel leave the broker as it is: those that stop it come before them.
type stand struct {
	*kafkastand.Broker
	topic string
}

// behind is the same topic, reached through a door.
func (b stand) behind(t *testing.T) (*door, string) {
	d := newDoor(t, b.Addr())
	return d, "--kafka=kafka://" + user + ":" + password + "@" + d.addr() + "/" + b.topic
}

var topics atomic.Int64

// withoutTopic has a running broker, and a name for a topic.
func withoutTopic(t *testing.T) stand {
	t.Helper()
	if err := kafkastand.Available(); err != nil {
		t.Skipf("the agent is not tested with a broker: %v", err)
	}
	b, err := sharedKafka()
	require.NoError(t, err)
	if !b.Running() { // a test that failed left it so
		require.NoError(t, b.Restart(t.Context()))
	}
	return stand{b, fmt.Sprintf("exchanges-%d", topics.Add(1))}
}

func withTopic(t *testing.T, topic kafkastand.Topic) stand {
	t.Helper()
	b := withoutTopic(t)
	topic.Name = b.topic
	require.NoError(t, b.Create(t.Context(), topic))
	return b
}

func withKafka(t *testing.T) stand {
	t.Helper()
	return withTopic(t, kafkastand.Topic{Partitions: 3})
}

// url is where the agent sends to, with these credentials.
func (b stand) url(credentials string, others ...string) string {
	return "kafka://" + credentials + "@" + strings.Join(append(others, b.Addr()), ",") + "/" + b.topic
}

func address(b stand) string { return b.url(user + ":" + password) }

// each reads the topic, a partition's records in their order and each exchange
// once, and returns how many came again.
func (b stand) each(t *testing.T, do func(*capture.Exchange)) (again int64) {
	t.Helper()
	target, err := kafka.ParseURL(address(b) + "?from=earliest&to=latest")
	require.NoError(t, err)
	src, err := kafka.Open(t.Context(), target, kafka.SourceOptions{})
	require.NoError(t, err)
	defer src.Close()
	var e capture.Exchange
	for {
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			account := src.Account()
			return int64(account[len(account)-1].Filtered["duplicate"])
		}
		require.NoError(t, err)
		do(&e)
	}
}

// unique counts the records of the topic by identity, and those that came again.
func (b stand) unique(t *testing.T) (records, again int64) {
	t.Helper()
	ids := map[capture.ID]bool{}
	again = b.each(t, func(e *capture.Exchange) {
		assert.True(t, e.Complete(), "%s %s", e.Request.Incomplete, e.Response.Incomplete)
		assert.Equal(t, "shop", e.Context.Service)
		ids[e.ID] = true
	})
	return int64(len(ids)), again
}

// balances expects that what was served is in the topic or was counted as
// dropped, to the last one.
func (b stand) balances(t *testing.T, s *service, ship capture.Stats) (records int64) {
	t.Helper()
	records, again := b.unique(t)
	t.Logf("served %d, unique records %d, sent again %d, dropped %v", s.served.Load(), records, again, ship.Dropped)
	assert.Equal(t, s.served.Load(), records+int64(ship.Lost()))
	return records
}
