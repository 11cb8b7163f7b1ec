package kafka_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
)

// slow makes the broker answer what is produced after a while only, and counts.
func slow(c *kfake.Cluster, after time.Duration) (requests *atomic.Int64) {
	requests = new(atomic.Int64)
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		requests.Add(1)
		c.SleepControl(func() { <-time.After(after) })
		return nil, nil, false
	})
	return requests
}

func TestABrokerSlowerThanTheTimeoutIsNotSentTheSameForEver(t *testing.T) {
	c, cfg := cluster(t, 1)
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	const first, answer = 50 * time.Millisecond, 300 * time.Millisecond
	p.SetPatience(first, 2*time.Second)
	requests := slow(c, answer)
	all := recording(30, 3)

	require.Nil(t, p.Produce(t.Context(), all[:10]))
	tries := requests.Load()
	assert.Greater(t, tries, int64(1), "the broker is slower than the first timeout")
	assert.LessOrEqual(t, tries, int64(4), "50, 100, 200, 400 ms")
	require.Nil(t, p.Produce(t.Context(), all[10:20]))
	require.Nil(t, p.Produce(t.Context(), all[20:]))
	assert.Equal(t, tries+2, requests.Load(), "what a broker needs is remembered")

	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	assert.Empty(t, capturetest.Diff(all, capturetest.ReadAll(t, src)))
	assert.EqualValues(t, 10*(tries-1), stage(t, src).Filtered[kafka.Duplicate], "what was sent again is counted")
}

// A leader answers with a timeout of its own where its replicas take longer than
// it was told to wait.
func TestALeaderMayWaitForItsReplicasForHalfOfTheTimeout(t *testing.T) {
	c, cfg := cluster(t, 1)
	var told atomic.Int64
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		told.Store(int64(r.(*kmsg.ProduceRequest).TimeoutMillis))
		return nil, nil, false
	})
	publish(t, cfg, recording(1, 1)...)
	assert.InDelta(t, 7500, told.Load(), 500, "ms")
}

func TestProduceSaysSoonWhyTheBrokerIsAway(t *testing.T) {
	c, cfg := cluster(t, 1)
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	require.Nil(t, p.Produce(t.Context(), recording(1, 1)))
	c.Close()
	for _, within := range []time.Duration{10 * time.Second, 5 * time.Second} {
		begin := time.Now()
		errs := p.Produce(t.Context(), recording(1, 1))
		require.Len(t, errs, 1)
		require.ErrorContains(t, errs[0], "no broker can be reached")
		assert.Less(t, time.Since(begin), within)
	}
}
