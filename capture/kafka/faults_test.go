package kafka_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
)

func TestWritingSurvivesWhatPasses(t *testing.T) {
	for _, fault := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.RequestTimedOut, kerr.NotEnoughReplicas, kerr.UnknownTopicOrPartition,
	} {
		t.Run(fault.Message, func(t *testing.T) {
			c, cfg := cluster(t, 2)
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: fault, Count: 2})
			all := recording(50, 5)
			publish(t, cfg, all...)
			assert.Equal(t, 2, h.Hits())
			src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
			assert.Empty(t, capturetest.Diff(all, capturetest.ReadAll(t, src)))
		})
	}
}

func TestReadingSurvivesWhatPasses(t *testing.T) {
	for _, fault := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch, kerr.KafkaStorageError} {
		t.Run(fault.Message, func(t *testing.T) {
			c, cfg := cluster(t, 2)
			all := recording(50, 5)
			publish(t, cfg, all...)
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: fault, Count: 2})
			src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
			assert.Empty(t, capturetest.Diff(all, capturetest.ReadAll(t, src)))
			assert.Equal(t, 2, h.Hits())
		})
	}
}

func TestALeaderThatMovesIsFollowed(t *testing.T) {
	c, cfg := cluster(t, 1, kfake.NumBrokers(3))
	all := recording(30, 3)
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	for i := range 3 {
		require.NoError(t, c.MoveTopicPartition(topic, 0, int32(i)))
		require.Nil(t, p.Produce(t.Context(), all[10*i:10*i+10]))
	}
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{Prefetch: 1})
	require.NoError(t, c.MoveTopicPartition(topic, 0, 0))
	assert.Empty(t, capturetest.Diff(all, capturetest.ReadAll(t, src)))
}

func TestABatchThatTheBrokerFindsTooLargeIsHalvedDownToTheOneRecord(t *testing.T) {
	c, cfg := cluster(t, 1)
	all := recording(8, 1)
	all[5].Request.Body = noise(4000)
	require.NoError(t, c.DeleteTopic(topic))
	require.NoError(t, c.CreateTopic(topic, 1, map[string]string{"max.message.bytes": "2000"}))
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	errs := p.Produce(t.Context(), all)
	require.Len(t, errs, 8)
	for i, err := range errs {
		if i != 5 {
			require.NoError(t, err)
		}
	}
	var refused *capture.RefusedError
	require.ErrorAs(t, errs[5], &refused)
	assert.Equal(t, kafka.TooLarge, refused.Reason)
}

func TestTheSinkCountsWhatItCouldNotWrite(t *testing.T) {
	c, cfg := cluster(t, 1)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{
		ProducerOptions: kafka.ProducerOptions{MaxMessage: 4096, Timeout: 200 * time.Millisecond},
		Linger:          time.Hour,
	})
	require.NoError(t, err)
	all := recording(3, 1)
	all[1].Request.Body = make([]byte, 5000)
	require.NoError(t, sink.WriteExchange(t.Context(), all[0]))
	var refused *capture.RefusedError
	require.ErrorAs(t, sink.WriteExchange(t.Context(), all[1]), &refused)
	require.NoError(t, sink.WriteExchange(t.Context(), all[2]))
	assert.EqualValues(t, 2, stage(t, sink).Open)
	require.Error(t, sink.Flush(t.Context()))
	require.Error(t, sink.WriteExchange(t.Context(), all[0]), "the failure stays")
	require.Error(t, sink.Close())
	assert.Equal(t, capture.Stats{Seen: 3, Dropped: map[capture.Reason]uint64{
		kafka.TooLarge: 1, kafka.Unacknowledged: 2,
	}}, stage(t, sink))
}

func TestTheSinkSendsWhatLingers(t *testing.T) {
	c, cfg := cluster(t, 1)
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Observe: true, Count: -1})
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{Linger: time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, sink.WriteExchange(t.Context(), exchange(0, "s")))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, h.Wait(ctx, 1))
	require.NoError(t, sink.Flush(ctx))
	assert.EqualValues(t, 1, stage(t, sink).Written)
	require.NoError(t, sink.Close())
	require.ErrorIs(t, sink.WriteExchange(ctx, exchange(1, "s")), kafka.ErrClosed)
}

func TestAMissingTopicIsSaidAtOnce(t *testing.T) {
	_, cfg := cluster(t, 1)
	cfg.Topic = "mistyped"
	_, err := kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.ErrorContains(t, err, "the topic does not exist: create it")
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, p.Check(t.Context()), "the topic does not exist: create it")
	require.NoError(t, p.Close())
}

func TestABrokerThatIsAwayIsSaid(t *testing.T) {
	c, cfg := cluster(t, 1)
	publish(t, cfg, recording(10, 1)...)
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{RetryFor: 100 * time.Millisecond})
	var e capture.Exchange
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	c.Close()
	_, err := kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.ErrorContains(t, err, "no broker can be reached")
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	errs := p.Produce(t.Context(), recording(1, 1))
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "no broker can be reached")
	require.NoError(t, p.Close())
}

func TestReadingGivesUpWhenTheBrokerStaysAway(t *testing.T) {
	c, cfg := cluster(t, 1)
	w, err := kafka.ParseWindow("0:0-20")
	require.NoError(t, err)
	publish(t, cfg, recording(10, 1)...)
	src := open(t, kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{RetryFor: 100 * time.Millisecond})
	var e capture.Exchange
	for range 10 {
		require.NoError(t, src.ReadExchange(t.Context(), &e))
	}
	c.Close()
	err = src.ReadExchange(t.Context(), &e)
	require.ErrorContains(t, err, "read partition 0 at offset 10: gave up after")
	require.Equal(t, err, src.ReadExchange(t.Context(), &e), "the failure stays")
}

func TestCredentials(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			_, cfg := cluster(t, 1, kfake.EnableSASL(), kfake.Superuser(mechanism, "ann", "right"))
			cfg.SASL = &kafka.SASL{Mechanism: mechanism, User: "ann", Password: "right"}
			publish(t, cfg, exchange(0, "s"))
			for _, group := range []string{"", "g"} {
				src := open(t, kafka.Target{Config: cfg, Group: group}, kafka.SourceOptions{})
				assert.Len(t, capturetest.ReadAll(t, src), 1)
			}
			cfg.SASL = &kafka.SASL{Mechanism: mechanism, User: "ann", Password: "mistaken"}
			_, err := kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
			require.ErrorContains(t, err, `user "ann"`)
			require.NotContains(t, err.Error(), "mistaken")
			t.Log(err)
			cfg.SASL = nil
			_, err = kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
			require.ErrorContains(t, err, "it may want TLS or credentials")
		})
	}
}

func TestEncryptedConnections(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	certificate := server.TLS.Certificates
	_, cfg := cluster(t, 1, kfake.TLS(&tls.Config{Certificates: certificate}))
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	trusting, strict := cfg, cfg
	trusting.TLS, strict.TLS = &tls.Config{RootCAs: pool}, &tls.Config{}
	publish(t, trusting, exchange(0, "s"))
	for _, group := range []string{"", "g"} {
		src := open(t, kafka.Target{Config: trusting, Group: group}, kafka.SourceOptions{})
		assert.Len(t, capturetest.ReadAll(t, src), 1)
	}
	_, err := kafka.Open(t.Context(), kafka.Target{Config: strict}, kafka.SourceOptions{})
	require.ErrorContains(t, err, "certificate is not trusted")
	_, err = kafka.Open(t.Context(), kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.ErrorContains(t, err, "it may want TLS")
	_, plain := cluster(t, 1)
	plain.TLS = trusting.TLS
	_, err = kafka.Open(t.Context(), kafka.Target{Config: plain}, kafka.SourceOptions{})
	require.Error(t, err)
}

func TestAWindowThatDoesNotFitTheTopicIsAnError(t *testing.T) {
	_, cfg := cluster(t, 2)
	for text, want := range map[string]string{
		"2:0-1":  "has 2 partitions, and none is 2",
		"1:5-10": "partition 1 ends at offset 0, before 5",
	} {
		w, err := kafka.ParseWindow(text)
		require.NoError(t, err)
		_, err = kafka.Open(t.Context(), kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{})
		require.ErrorContains(t, err, want)
	}
	src := open(t, kafka.Target{Config: cfg, Partitions: []int{1}}, kafka.SourceOptions{})
	require.ErrorIs(t, src.ReadExchange(t.Context(), new(capture.Exchange)), io.EOF)
	assert.Equal(t, "1:0-0", src.Window().String())
}

// noise does not compress.
func noise(n int) []byte {
	b, state := make([]byte, n), uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return b
}

func TestLeadersThatMoveWhileTheSinkWritesLoseNothing(t *testing.T) {
	c, cfg := cluster(t, 2, kfake.NumBrokers(3))
	all := recording(2000, 20)
	writeThrough(t, cfg, all, func(i int) {
		if i%200 == 0 {
			require.NoError(t, c.MoveTopicPartition(topic, int32(i/200%2), int32(i/200%3)))
		}
	})
	checkSessions(t, cfg, all)
}

// writeThrough writes everything by a sink with small batches, and calls between
// before each exchange.
func writeThrough(t testing.TB, cfg kafka.Config, all []*capture.Exchange, between func(i int)) {
	t.Helper()
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{Records: 50, Linger: time.Millisecond})
	require.NoError(t, err)
	for i, e := range all {
		between(i)
		require.NoError(t, sink.WriteExchange(t.Context(), e))
	}
	require.NoError(t, sink.Close())
	assert.Equal(t, capture.Stats{Seen: uint64(len(all)), Written: uint64(len(all))}, stage(t, sink))
}

// checkSessions reads everything back, each session in its order.
func checkSessions(t testing.TB, cfg kafka.Config, all []*capture.Exchange) {
	t.Helper()
	want, got := make(map[string][]string), make(map[string][]string)
	for _, e := range all {
		want[e.SessionKey()] = append(want[e.SessionKey()], e.Request.Target)
	}
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	for _, e := range capturetest.ReadAll(t, src) {
		got[e.SessionKey()] = append(got[e.SessionKey()], e.Request.Target)
	}
	assert.Equal(t, want, got)
	s := stage(t, src)
	assert.EqualValues(t, len(all), s.Written)
	t.Logf("%d records came twice", s.Filtered[kafka.Duplicate])
}
