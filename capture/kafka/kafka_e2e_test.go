//go:build e2e

package kafka_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// startUp bounds the start of a broker, the first fetch of Kafka among it.
const startUp = 5 * time.Minute

func broker(t *testing.T, o kafkastand.Options) (*kafkastand.Broker, kafka.Config) {
	t.Helper()
	if err := kafkastand.Available(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startUp)
	defer cancel()
	b, err := kafkastand.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Stop()) })
	return b, kafka.Config{Brokers: []string{b.Addr()}, Topic: topic}
}

// quickGroups lets a worker's death show soon.
var quickGroups = map[string]string{"group.min.session.timeout.ms": "500", "auto.create.topics.enable": "false"}

func TestOnARealBroker(t *testing.T) {
	b, cfg := broker(t, kafkastand.Options{MaxMessageBytes: 1 << 16, Properties: quickGroups})
	named := func(name string, partitions int) kafka.Config {
		require.NoError(t, b.CreateTopic(t.Context(), name, partitions))
		of := cfg
		of.Topic = name
		return of
	}
	t.Run("a worker that is killed is replaced", func(t *testing.T) {
		checkKilledWorker(t, kafka.Target{Config: named("killed", 4), Group: "g"})
	})
	t.Run("only committed records are read", func(t *testing.T) { checkCommitted(t, named("committed", 1)) })
	t.Run("a record above message.max.bytes is counted", func(t *testing.T) { checkTooLarge(t, named("large", 2)) })
	t.Run("a missing topic is said", func(t *testing.T) { checkMissing(t, cfg) })
	t.Run("a compacted topic is read to its end", func(t *testing.T) { checkCompaction(t, b, cfg) })
}

func checkTooLarge(t *testing.T, cfg kafka.Config) {
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{})
	require.NoError(t, err)
	all := recording(20, 4)
	all[7].Request.Body = noise(100_000)
	for _, e := range all {
		require.NoError(t, sink.WriteExchange(t.Context(), e))
	}
	require.NoError(t, sink.Close())
	assert.Equal(t, capture.Stats{Seen: 20, Written: 19, Dropped: map[capture.Reason]uint64{kafka.TooLarge: 1}}, stage(t, sink))
	checkSessions(t, cfg, append(all[:7:7], all[8:]...))
}

func checkMissing(t *testing.T, cfg kafka.Config) {
	cfg.Topic = "missing"
	_, err := kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.ErrorContains(t, err, "the topic does not exist: create it")
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{ProducerOptions: kafka.ProducerOptions{Timeout: time.Second}})
	require.NoError(t, err)
	require.ErrorContains(t, sink.Check(t.Context()), "the topic does not exist: create it")
	require.NoError(t, sink.WriteExchange(t.Context(), exchange(0, "s")))
	require.ErrorContains(t, sink.Close(), "the topic does not exist: create it")
	assert.EqualValues(t, 1, stage(t, sink).Dropped[kafka.Unacknowledged])
}

func checkCompaction(t *testing.T, b *kafkastand.Broker, cfg kafka.Config) {
	cfg.Topic = "compacted"
	require.NoError(t, b.Create(t.Context(), kafkastand.Topic{Name: cfg.Topic, Settings: map[string]string{
		"cleanup.policy": "compact", "segment.bytes": "1048576", "segment.ms": "100",
		"min.cleanable.dirty.ratio": "0.0001", "delete.retention.ms": "0",
	}}))
	const records = 40
	all := recording(records, 2)
	all[0].Context.Session = "once"
	w, err := kafka.ParseWindow(fmt.Sprintf("0:0-%d", records))
	require.NoError(t, err)
	for _, e := range all {
		publish(t, cfg, e)
	}
	require.Eventually(t, func() bool {
		publish(t, cfg, exchange(records, "later")) // the segment before is closed
		src, err := kafka.Open(t.Context(), kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{})
		require.NoError(t, err)
		defer func() { require.NoError(t, src.Close()) }()
		got := capturetest.ReadAll(t, src)
		s := stage(t, src)
		require.EqualValues(t, records, s.Seen)
		require.EqualValues(t, records-len(got), s.Filtered[kafka.Compacted])
		return len(got) == 3
	}, startUp, 100*time.Millisecond)
}

// quickElections let a broker's death show within 3 s instead of 9.
var quickElections = map[string]string{"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}

func TestRecordsOutliveTheirLeader(t *testing.T) {
	first, cfg := broker(t, kafkastand.Options{Properties: quickElections})
	ctx, cancel := context.WithTimeout(t.Context(), startUp)
	defer cancel()
	second, err := first.Join(ctx)
	require.NoError(t, err)
	defer func() { assert.NoError(t, second.Stop()) }()
	require.NoError(t, first.Create(ctx, kafkastand.Topic{Name: topic, Partitions: 4, Replicas: 2}))
	leaders, err := first.Leaders(ctx, topic)
	require.NoError(t, err)
	require.Contains(t, leaders, second.Node())
	all := recording(6000, 50)
	writeThrough(t, cfg, all, func(i int) {
		switch i {
		case 2000:
			require.NoError(t, second.Kill())
		case 4000:
			require.NoError(t, second.Restart(ctx))
		}
	})
	leaders, err = first.Leaders(ctx, topic)
	require.NoError(t, err)
	require.NotContains(t, leaders, -1)
	checkSessions(t, cfg, all)
}

func TestARealBrokerRefusesStrangers(t *testing.T) {
	b, cfg := broker(t, kafkastand.Options{TLS: true, SASLUser: "ann", SASLPassword: "right"})
	require.NoError(t, b.CreateTopic(t.Context(), topic, 1))
	cfg.DialTimeout = 10 * time.Second
	with := func(encryption *tls.Config, password string) kafka.Config {
		of := cfg
		of.TLS, of.SASL = encryption, &kafka.SASL{Mechanism: "SCRAM-SHA-512", User: "ann", Password: password}
		return of
	}
	publish(t, with(b.TLSConfig(), "right"), exchange(0, "s"))
	for want, refused := range map[string]kafka.Config{
		`the broker refuses user "ann" (SCRAM-SHA-512): check user, password`: with(b.TLSConfig(), "mistaken"),
		"the broker's certificate is not trusted: give its authority (ca)":    with(&tls.Config{}, "right"),
		"whether it wants TLS on this port":                                   with(nil, "right"),
	} {
		_, err := kafka.Open(t.Context(), kafka.Target{Config: refused}, kafka.SourceOptions{})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "mistaken")
		p, err := kafka.NewProducer(refused, kafka.ProducerOptions{Timeout: 5 * time.Second})
		require.NoError(t, err)
		errs := p.Produce(t.Context(), recording(1, 1))
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], want)
		require.NoError(t, p.Close())
	}
	checkSessions(t, with(b.TLSConfig(), "right"), []*capture.Exchange{exchange(0, "s")})
}
