package spool_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

// gate is a producer that takes all, and lets no more exchanges be on their way
// than it has room for.
type gate chan struct{}

func (g gate) Produce(_ context.Context, batch []*capture.Exchange) []error {
	g.leave(len(batch))
	return nil
}

func (g gate) enter() { g <- struct{}{} }

func (g gate) leave(n int) {
	for range n {
		<-g
	}
}

// drain waits until all have left.
func (g gate) drain() {
	for range cap(g) {
		g.enter()
	}
	g.leave(cap(g))
}

// BenchmarkWrite is what the recorder waits for: each exchange, of 1 KiB, with
// a ledger to keep. Every thousand it waits, outside the time, for the shipper.
func BenchmarkWrite(b *testing.B) {
	for name, dir := range map[string]string{"memory": "", "ledger": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			g := make(gate, 1000)
			s := open(b, spool.Config{Producer: g, Dir: dir, Linger: time.Millisecond})
			e := numbered(1, 1000)
			b.ReportAllocs()
			for i := range b.N {
				g.enter()
				_ = s.WriteExchange(b.Context(), e)
				if i%1000 == 999 {
					b.StopTimer()
					g.drain()
					b.StartTimer()
				}
			}
			b.StopTimer()
			require.NoError(b, s.Close())
			require.Empty(b, account(b, s).Dropped)
		})
	}
}

// BenchmarkShip is from one end to the other, through a producer that takes all.
func BenchmarkShip(b *testing.B) {
	g := make(gate, 8<<10) // each takes 1.3 KiB of the queue's 32 MiB
	s := open(b, spool.Config{Producer: g, Dir: b.TempDir(), Linger: time.Millisecond})
	e := numbered(1, 1000)
	for range b.N {
		g.enter()
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
		if s.State().QueuedBytes > 24<<20 {
			until(b, func() bool { return s.State().QueuedBytes < 16<<20 })
		}
		_ = s.WriteExchange(b.Context(), e)
	}
	until(b, func() bool { return s.State().SpooledExchanges == uint64(b.N) })
	mb := float64(b.N) * 1300 / 1e6
	b.ReportMetric(mb/time.Since(begin).Seconds(), "MB/s-to-disk")
	begin = time.Now()
	f.set(func() { f.away = false })
	until(b, func() bool { return s.Account()[0].Open == 0 })
	b.ReportMetric(mb/time.Since(begin).Seconds(), "MB/s-from-disk")
	require.NoError(b, s.Close())
	require.EqualValues(b, b.N, account(b, s).Written)
}
