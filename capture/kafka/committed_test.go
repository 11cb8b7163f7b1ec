package kafka_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
)

// transactional is a producer in transactions, to partition 0.
func transactional(t testing.TB, cfg kafka.Config, id string) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.DefaultProduceTopic(cfg.Topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(id))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func produceIn(t testing.TB, c *kgo.Client, all ...*capture.Exchange) {
	t.Helper()
	require.NoError(t, c.BeginTransaction())
	for _, e := range all {
		value, err := twinpb.AppendExchange(nil, e)
		require.NoError(t, err)
		require.NoError(t, c.ProduceSync(t.Context(), &kgo.Record{Value: value}).FirstErr())
	}
}

func end(t testing.TB, c *kgo.Client, how kgo.TransactionEndTry) {
	t.Helper()
	require.NoError(t, c.EndTransaction(t.Context(), how))
}

func TestOnlyCommittedRecordsAreRead(t *testing.T) {
	_, cfg := cluster(t, 1)
	checkCommitted(t, cfg)
}

// checkCommitted writes to an empty topic of one partition.
func checkCommitted(t *testing.T, cfg kafka.Config) {
	all := recording(6, 1)
	one, other := transactional(t, cfg, "one"), transactional(t, cfg, "other")
	produceIn(t, one, all[0], all[1])
	produceIn(t, other, all[2])
	end(t, one, kgo.TryAbort)
	end(t, other, kgo.TryCommit)
	publish(t, cfg, all[3])
	produceIn(t, one, all[4])
	end(t, one, kgo.TryCommit) // the window ends in this marker
	for _, group := range []string{"", "g"} {
		src := open(t, kafka.Target{Config: cfg, Group: group}, kafka.SourceOptions{})
		assert.Equal(t, targets(all[2:5]), targets(capturetest.ReadAll(t, src)))
		assert.Equal(t, capture.Stats{
			Seen: 8, Written: 3, Filtered: map[capture.Reason]uint64{kafka.Aborted: 2, kafka.Control: 3},
		}, stage(t, src))
	}
}

func TestTheWindowEndsBeforeAnOpenTransaction(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(4, 1)
	publish(t, cfg, all[0])
	c := transactional(t, cfg, "one")
	produceIn(t, c, all[1])
	publish(t, cfg, all[2])
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	assert.Equal(t, "0:0-1", src.Window().String())
	assert.Equal(t, targets(all[:1]), targets(capturetest.ReadAll(t, src)))

	// A window that is given beyond it waits for the transaction.
	w, err := kafka.ParseWindow("0:0-4")
	require.NoError(t, err)
	src = open(t, kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{RetryFor: time.Millisecond})
	var e capture.Exchange
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, src.ReadExchange(ctx, &e), context.DeadlineExceeded)
	end(t, c, kgo.TryCommit)
	assert.Equal(t, targets(all[1:3]), targets(capturetest.ReadAll(t, src)))
}

func TestACompactedTopicIsReadToTheEndOfItsWindow(t *testing.T) {
	c, cfg := cluster(t, 1)
	require.NoError(t, c.DeleteTopic(topic))
	require.NoError(t, c.CreateTopic(topic, 1, map[string]string{"cleanup.policy": "compact"}))
	all := recording(20, 2) // of each session the last is left, and so the first record
	all[0].Context.Session = "once"
	for _, e := range all {
		publish(t, cfg, e)
	}
	for _, text := range []string{"0:0-20", "0:3-11", "0:0-9"} {
		w, err := kafka.ParseWindow(text)
		require.NoError(t, err)
		c.Compact()
		src := open(t, kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{})
		got := len(capturetest.ReadAll(t, src))
		s := stage(t, src)
		assert.EqualValues(t, w.Offsets(), s.Seen)
		assert.EqualValues(t, int(w.Offsets())-got, s.Filtered[kafka.Compacted])
		assert.Less(t, got, 5)
	}
}

func TestABatchThatSwellsIsDroppedWithItsOffset(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(3, 1)
	all[1].Response.Body = make([]byte, 8<<20)
	for _, e := range all {
		p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{MaxMessage: 16 << 20})
		require.NoError(t, err)
		require.Nil(t, p.Produce(t.Context(), []*capture.Exchange{e}))
		require.NoError(t, p.Close())
	}
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{MaxBatch: 1 << 20})
	var got []string
	for {
		var e capture.Exchange
		var bad *capture.RecordError
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, &bad) {
			assert.Equal(t, kafka.Oversized, bad.Reason)
			assert.EqualValues(t, 1, bad.Offset)
			assert.EqualValues(t, 1, bad.Lost)
			continue
		}
		require.NoError(t, err)
		got = append(got, e.Request.Target)
	}
	assert.Equal(t, []string{"/items/0", "/items/2"}, got)
	assert.Equal(t, capture.Stats{Seen: 3, Written: 2, Dropped: map[capture.Reason]uint64{kafka.Oversized: 1}}, stage(t, src))
}
