package spool_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

var null = producer(func(context.Context, []*capture.Exchange) []error { return nil })

// BenchmarkWrite is what the recorder waits for: each exchange, of 1 KiB, with
// a ledger to keep. Every thousand it waits, outside the time, for the shipper.
func BenchmarkWrite(b *testing.B) {
	for name, dir := range map[string]string{"memory": "", "ledger": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			s := open(b, spool.Config{Producer: null, Dir: dir, Linger: time.Millisecond})
			e := numbered(1, 1000)
			b.ReportAllocs()
			for i := range b.N {
				_ = s.WriteExchange(b.Context(), e)
				if i%1000 == 999 {
					b.StopTimer()
					settled(s)
					b.StartTimer()
				}
			}
			b.StopTimer()
			require.NoError(b, s.Close())
			require.Empty(b, account(b, s).Dropped)
		})
	}
}

func settled(s *spool.Sink) {
	for s.Account()[0].Open > 0 {
		time.Sleep(100 * time.Microsecond)
	}
}

// BenchmarkShip is from one end to the other, through a producer that takes all.
func BenchmarkShip(b *testing.B) {
	s := open(b, spool.Config{Producer: null, Dir: b.TempDir(), Linger: time.Millisecond})
	e := numbered(1, 1000)
	for range b.N {
		for s.State().QueuedBytes > 8<<20 {
			time.Sleep(10 * time.Microsecond)
		}
		_ = s.WriteExchange(b.Context(), e)
	}
	require.NoError(b, s.Close())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}

// BenchmarkSpool is the way to the disk and back, while the broker is away and
// then takes all. Bytes are those of the exchanges, before compression.
func BenchmarkSpool(b *testing.B) {
	f := &fake{away: true, judge: func(int, *capture.Exchange) error { return nil }}
	take := producer(func(ctx context.Context, batch []*capture.Exchange) []error {
		if f.away {
			return f.Produce(ctx, batch)
		}
		return nil
	})
	s := open(b, spool.Config{Producer: take, Dir: b.TempDir(), MaxDisk: 8 << 30, Linger: time.Millisecond, Retry: spool.Retry{Min: time.Millisecond, Max: 5 * time.Millisecond}})
	e := numbered(1, 1000)
	begin := time.Now()
	for range b.N {
		for s.State().QueuedBytes > 24<<20 {
			time.Sleep(10 * time.Microsecond)
		}
		_ = s.WriteExchange(b.Context(), e)
	}
	for s.State().SpooledExchanges < uint64(b.N) {
		time.Sleep(10 * time.Microsecond)
	}
	mb := float64(b.N) * 1300 / 1e6
	b.ReportMetric(mb/time.Since(begin).Seconds(), "MB/s-to-disk")
	begin = time.Now()
	f.set(func() { f.away = false })
	for s.Account()[0].Open > 0 {
		time.Sleep(10 * time.Microsecond)
	}
	b.ReportMetric(mb/time.Since(begin).Seconds(), "MB/s-from-disk")
	require.NoError(b, s.Close())
	require.EqualValues(b, b.N, account(b, s).Written)
}
