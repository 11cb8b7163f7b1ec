package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/kafka"
)

const topic = "exchanges"

// patience bounds what ends sooner unless something is broken.
const patience = 20 * time.Second

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func cluster(t testing.TB, partitions int32, opts ...kfake.Opt) (*kfake.Cluster, kafka.Config) {
	t.Helper()
	opts = append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic)}, opts...)
	c, err := kfake.NewCluster(opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, kafka.Config{Brokers: c.ListenAddrs(), Topic: topic, DialTimeout: 3 * time.Second}
}

// exchange is the i-th of a recording: one every second, of its session.
func exchange(i int, session string) *capture.Exchange {
	at := epoch.Add(time.Duration(i) * time.Second)
	return &capture.Exchange{
		ID: capture.NewID("agent", session, epoch, uint64(i)),
		Request: capture.Request{
			Method: "GET", Target: fmt.Sprintf("/items/%d", i), Proto: "HTTP/1.1",
			Message: capture.Message{Start: at, End: at},
		},
		Context: capture.Context{Session: session},
	}
}

func recording(n, sessions int) []*capture.Exchange {
	all := make([]*capture.Exchange, n)
	for i := range all {
		all[i] = exchange(i, fmt.Sprintf("session-%d", i%sessions))
	}
	return all
}

func publish(t testing.TB, cfg kafka.Config, all ...*capture.Exchange) {
	t.Helper()
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
	require.NoError(t, err)
	for _, err := range p.Produce(context.Background(), all) {
		require.NoError(t, err)
	}
	require.NoError(t, p.Close())
}

func open(t testing.TB, target kafka.Target, o kafka.SourceOptions) *kafka.Source {
	t.Helper()
	s, err := kafka.Open(context.Background(), target, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func targets(all []*capture.Exchange) []string {
	list := make([]string, len(all))
	for i, e := range all {
		list[i] = e.Request.Target
	}
	return list
}

func stage(t testing.TB, a capture.Accounted) capture.Stats {
	t.Helper()
	account := a.Account()
	require.NoError(t, account.Balance())
	require.Len(t, account, 1)
	return account[0].Stats
}

func TestWhatTheSinkKeepsTheSourceReads(t *testing.T) {
	capturetest.TestSourceSink(t, func(t testing.TB) (capture.Sink, func() capture.Source) {
		_, cfg := cluster(t, 1)
		sink, err := kafka.NewSink(cfg, kafka.SinkOptions{Linger: time.Millisecond})
		require.NoError(t, err)
		// The samples hold one exchange twice.
		return sink, func() capture.Source {
			return open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{Remember: -1})
		}
	})
}

func TestAWorkerAloneReadsAsWithoutAGroup(t *testing.T) {
	capturetest.TestSource(t, func(t testing.TB) capture.Source {
		_, cfg := cluster(t, 1)
		publish(t, cfg, capturetest.Samples()...)
		return open(t, kafka.Target{Config: cfg, Group: "g"}, kafka.SourceOptions{Remember: -1})
	}, capturetest.Samples())
}

func TestASourceThatWaitsReturnsWhenCanceled(t *testing.T) {
	w, err := kafka.ParseWindow("0:0-1")
	require.NoError(t, err)
	for _, group := range []string{"", "g"} {
		t.Run(group, func(t *testing.T) {
			capturetest.Waiting(t, func(t testing.TB) capture.Source {
				_, cfg := cluster(t, 1)
				return open(t, kafka.Target{Config: cfg, Window: &w, Group: group}, kafka.SourceOptions{})
			})
		})
	}
}

func TestPartitionsAreMergedByTheStartOfTheRequest(t *testing.T) {
	_, cfg := cluster(t, 4)
	want := recording(500, 37)
	publish(t, cfg, want...)
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	require.Empty(t, capturetest.Diff(want, capturetest.ReadAll(t, src)))
	done, total := src.Progress()
	assert.EqualValues(t, 500, total)
	assert.Equal(t, total, done)
	assert.Equal(t, capture.Stats{Seen: 500, Written: 500}, stage(t, src))
	assert.EqualValues(t, 500, src.Window().Offsets())
}

func TestTheWindowIsWhatFromAndToSay(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(10, 1)
	publish(t, cfg, all...)
	at := func(i int) kafka.Position { return kafka.At(epoch.Add(time.Duration(i) * time.Second)) }
	tests := []struct {
		name     string
		from, to kafka.Position
		want     []*capture.Exchange
	}{
		{"everything", kafka.Position{}, kafka.Position{}, all},
		{"earliest to latest", kafka.Earliest(), kafka.Latest(), all},
		{"times, the end not included", at(3), at(6), all[3:6]},
		{"a time between two records", kafka.At(epoch.Add(2500 * time.Millisecond)), kafka.Latest(), all[3:]},
		{"a time behind the last record", at(99), kafka.Latest(), nil},
		{"a time before 1970", kafka.At(time.Unix(-5, 0)), kafka.Latest(), all},
		{"offsets", kafka.Offset(2), kafka.Offset(4), all[2:4]},
		{"an offset beyond the end", kafka.Offset(8), kafka.Offset(1000), all[8:]},
		{"backwards", kafka.Offset(4), kafka.Offset(2), nil},
		{"longer ago than the recording", kafka.Ago(200 * 365 * 24 * time.Hour), kafka.Latest(), all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := open(t, kafka.Target{Config: cfg, From: tt.from, To: tt.to}, kafka.SourceOptions{})
			assert.Equal(t, targets(tt.want), targets(capturetest.ReadAll(t, src)))
		})
	}
}

func TestARelativeBeginningCountsFromTheOpening(t *testing.T) {
	_, cfg := cluster(t, 1)
	old, fresh := exchange(0, "s"), exchange(1, "s")
	old.Request.Start = time.Now().Add(-time.Hour)
	fresh.Request.Start = time.Now().Add(-time.Minute)
	publish(t, cfg, old, fresh)
	src := open(t, kafka.Target{Config: cfg, From: kafka.Ago(15 * time.Minute)}, kafka.SourceOptions{})
	assert.Equal(t, targets([]*capture.Exchange{fresh}), targets(capturetest.ReadAll(t, src)))
}

func TestWhatIsWrittenAfterTheOpeningIsNotRead(t *testing.T) {
	_, cfg := cluster(t, 1)
	all := recording(4, 1)
	publish(t, cfg, all[:2]...)
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	publish(t, cfg, all[2:]...)
	assert.Equal(t, targets(all[:2]), targets(capturetest.ReadAll(t, src)))
}

func TestAnExchangeThatCameTwiceIsGivenOnce(t *testing.T) {
	_, cfg := cluster(t, 2)
	all := recording(20, 3)
	publish(t, cfg, all...)
	publish(t, cfg, all...)
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	assert.Len(t, capturetest.ReadAll(t, src), 20)
	got := stage(t, src)
	assert.EqualValues(t, 40, got.Seen)
	assert.EqualValues(t, 20, got.Filtered[kafka.Duplicate])
}

func TestWhatRetentionRemovedInsideTheWindowIsCounted(t *testing.T) {
	c, cfg := cluster(t, 1)
	all := recording(10, 1)
	for _, e := range all { // one batch each, for records are removed by batches
		publish(t, cfg, e)
	}
	w, err := kafka.ParseWindow("0:0-10")
	require.NoError(t, err)
	require.NoError(t, c.DeleteRecords(topic, 0, 6))
	src := open(t, kafka.Target{Config: cfg, Window: &w}, kafka.SourceOptions{})
	assert.Equal(t, targets(all[6:]), targets(capturetest.ReadAll(t, src)))
	got := stage(t, src)
	assert.EqualValues(t, 10, got.Seen)
	assert.EqualValues(t, 6, got.Dropped[kafka.Expired])
}

func TestARecordThatIsNoExchangeIsReportedAndPassed(t *testing.T) {
	_, cfg := cluster(t, 1)
	publish(t, cfg, exchange(0, "s"))
	publishRaw(t, cfg, []byte("not an exchange"), nil)
	publish(t, cfg, exchange(1, "s"))
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	var e capture.Exchange
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	for offset := range int64(2) {
		var bad *capture.RecordError
		require.ErrorAs(t, src.ReadExchange(t.Context(), &e), &bad)
		assert.Equal(t, "exchanges/0", bad.Input)
		assert.Equal(t, offset+1, bad.Offset)
		assert.Equal(t, kafka.Malformed, bad.Reason)
	}
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	require.ErrorIs(t, src.ReadExchange(t.Context(), &e), io.EOF)
	assert.EqualValues(t, 2, stage(t, src).Dropped[kafka.Malformed])
}

func TestTooLargeAnExchangeIsRefusedAndTheOthersAreKept(t *testing.T) {
	_, cfg := cluster(t, 1)
	p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{MaxMessage: 4096})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	all := recording(3, 1)
	all[1].Request.Body = make([]byte, 5000)
	errs := p.Produce(t.Context(), all)
	require.Len(t, errs, 3)
	require.NoError(t, errors.Join(errs[0], errs[2]))
	var refused *capture.RefusedError
	require.ErrorAs(t, errs[1], &refused)
	assert.Equal(t, kafka.TooLarge, refused.Reason)
	src := open(t, kafka.Target{Config: cfg}, kafka.SourceOptions{})
	assert.Len(t, capturetest.ReadAll(t, src), 2)
}
