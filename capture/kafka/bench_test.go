package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/capture/sample"
)

// kilobytes are exchanges whose records have about 1 KB, half of it the same
// from one to the next, as headers and the shape of JSON are.
func kilobytes(n int) []*capture.Exchange {
	random := rand.New(rand.NewPCG(1, 2))
	all := recording(n, 1000)
	for _, e := range all {
		e.Request.Header = capture.Header{
			{Name: "Host", Value: "orders.shop.svc"}, {Name: "User-Agent", Value: "shop/1.2.3 (linux)"},
			{Name: "Accept", Value: "application/json"},
		}
		e.Response.Status, e.Response.Proto = 200, "HTTP/1.1"
		e.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
		for len(e.Response.Body) < 720 {
			e.Response.Body = fmt.Appendf(e.Response.Body, `{"id":%d,"price":%d,"state":"open"},`, random.Uint64(), random.Uint32())
		}
		e.Response.BodySize = int64(len(e.Response.Body))
	}
	return all
}

const benchmarked = 50_000

// BenchmarkSink writes the same exchanges by turns through the sink and through
// the library's own writer, so that both meet the same load of the machine. The
// processor time is that of the whole process, with the broker that it holds.
func BenchmarkSink(b *testing.B) {
	all := kilobytes(benchmarked)
	for _, partitions := range []int32{1, 4} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			_, cfg := cluster(b, partitions, kfake.BlackholeProduce())
			var ours, theirs usage
			for b.Loop() {
				ours.add(b, func() { writeBySink(b, cfg, all) })
				theirs.add(b, func() { writeByLibrary(b, cfg, all) })
			}
			records := float64(benchmarked * b.N)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(records/ours.wall.Seconds(), "records/s")
			b.ReportMetric(records/theirs.wall.Seconds(), "writer-records/s")
			b.ReportMetric(theirs.wall.Seconds()/ours.wall.Seconds(), "times-the-writer")
			b.ReportMetric(float64(ours.cpu.Microseconds())/records, "cpu-µs/record")
			b.ReportMetric(float64(theirs.cpu.Microseconds())/records, "writer-cpu-µs/record")
		})
	}
}

// usage sums up what was used by several runs.
type usage struct{ wall, cpu time.Duration }

func (u *usage) add(b *testing.B, run func()) {
	before, err := sample.ReadUsage()
	require.NoError(b, err)
	run()
	after, err := sample.ReadUsage()
	require.NoError(b, err)
	u.wall += after.At.Sub(before.At)
	u.cpu += after.CPU - before.CPU
}

func writeBySink(b *testing.B, cfg kafka.Config, all []*capture.Exchange) {
	sink, err := kafka.NewSink(cfg, kafka.SinkOptions{})
	require.NoError(b, err)
	for _, e := range all {
		if err := sink.WriteExchange(context.Background(), e); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, sink.Close())
}

// writeByLibrary writes with the guarantees, the compression and the batches of
// the sink.
func writeByLibrary(b *testing.B, cfg kafka.Config, all []*capture.Exchange) {
	w := &kafkago.Writer{
		Addr: kafkago.TCP(cfg.Brokers...), Topic: cfg.Topic, Balancer: kafkago.Murmur2Balancer{Consistent: true},
		RequiredAcks: kafkago.RequireAll, Compression: kafkago.Zstd,
		BatchSize: 4096, BatchBytes: 1 << 20, BatchTimeout: 50 * time.Millisecond,
		Transport: new(kafkago.Transport),
	}
	messages := make([]kafkago.Message, 0, 4096)
	for part := range slices.Chunk(all, cap(messages)) {
		messages = messages[:0]
		for _, e := range part {
			value, err := twinpb.AppendExchange(make([]byte, 0, 1200), e)
			require.NoError(b, err)
			messages = append(messages, kafkago.Message{Key: []byte(e.SessionKey()), Value: value, Time: e.Request.Start})
		}
		require.NoError(b, w.WriteMessages(context.Background(), messages...))
	}
	require.NoError(b, w.Close())
	w.Transport.(*kafkago.Transport).CloseIdleConnections()
}

func BenchmarkSource(b *testing.B) {
	for _, group := range []string{"", "g"} {
		for _, partitions := range []int32{1, 4} {
			b.Run(fmt.Sprintf("group=%t/partitions=%d", group != "", partitions), func(b *testing.B) {
				_, cfg := cluster(b, partitions)
				publish(b, cfg, kilobytes(benchmarked)...)
				run := 0
				var reading time.Duration
				for b.Loop() {
					target := kafka.Target{Config: cfg}
					if run++; group != "" {
						target.Group = fmt.Sprintf("g%d", run)
					}
					reading += drain(b, target)
				}
				b.ReportMetric(float64(benchmarked*b.N)/reading.Seconds(), "records/s")
			})
		}
	}
}

// drain reads to the last exchange, from the first one on: joining a group and
// the wait for others at its end are not the reader's.
func drain(b *testing.B, target kafka.Target) time.Duration {
	src, err := kafka.Open(context.Background(), target, kafka.SourceOptions{})
	require.NoError(b, err)
	defer func() { require.NoError(b, src.Close()) }()
	var e capture.Exchange
	var first, last time.Time
	for n := 0; ; n++ {
		err := src.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			require.Equal(b, benchmarked, n)
			return last.Sub(first)
		}
		require.NoError(b, err)
		if n == 0 {
			first = time.Now()
		}
		if n == benchmarked-1 {
			last = time.Now()
		}
	}
}
