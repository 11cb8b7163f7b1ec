package join_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract/join"
)

// perTrace is how many spans and exchanges load makes of a trace.
const (
	spansPerTrace     = 10
	exchangesPerTrace = 2
)

// load adds traces of ten spans and two exchanges with bodies of 1 KiB, all spans
// first. A fraction of the exchanges names no trace.
func load(t require.TestingT, j *join.Joiner, traces, untracedEvery int) {
	for n := range traces {
		for i := range spansPerTrace {
			kind, service := client, "web"
			if i%2 == 0 {
				kind, service = server, "cart"
			}
			s := span(i+1, i, kind, service, fmt.Sprintf("GET /carts/%d/items/%d", n, (i+1)/2), 200, 10*n+i, 10*n+i+1)
			s.Trace = traceID(n + 1)
			s.HTTP.Route = "/carts/{id}/items/{item}"
			require.NoError(t, j.AddSpan(&s))
		}
	}
	body := []byte(strings.Repeat(`{"sku":"A-1","price":19.90},`, 36))
	for n := range traces {
		for i := range exchangesPerTrace {
			e := said(0, n+1, 4*i+2, "cart", fmt.Sprintf("GET /carts/%d/items/%d", n, 2*i+1), 200, 10*n+4*i+2, 10*n+4*i+3)
			e.ID = capture.NewID("a", "c", epoch, uint64(n*exchangesPerTrace+i))
			e.Response.Body, e.Response.BodySize = body, int64(len(body))
			if untracedEvery > 0 && n%untracedEvery == 0 {
				e.Context.TraceID, e.Context.SpanID = "", ""
			}
			require.NoError(t, j.AddExchange(e))
		}
	}
}

// live is what the heap holds after a collection.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	var most [2]uint64
	for i, traces := range []int{500, 4000} {
		j, err := join.New(join.Options{MaxBytes: 8 << 20})
		require.NoError(t, err)
		before := live()
		load(t, j, traces, 7)
		chains := 0
		require.NoError(t, j.Each(context.Background(), func(_ *join.Chain) error {
			if chains++; chains%400 == 0 {
				most[i] = max(most[i], live()-before)
			}
			return nil
		}))
		assert.Equal(t, traces, chains)
		assert.Equal(t, uint64(traces*spansPerTrace), j.Account()[0].Written)
		assert.Zero(t, j.Account()[1].Lost(), j.Account()[1].Losses())
		require.NoError(t, j.Close())
	}
	assert.Less(t, most[1], uint64(8<<20))
}

// BenchmarkJoin joins a million spans and 200,000 exchanges, and tells the highest
// heap that is in use.
func BenchmarkJoin(b *testing.B) {
	for _, bench := range []struct {
		name     string
		untraced int
	}{{"context", 0}, {"a tenth by time", 10}} {
		b.Run(bench.name, func(b *testing.B) {
			traces := 100_000
			if testing.Short() {
				traces = 2000
			}
			for b.Loop() {
				debug.FreeOSMemory()
				stop := make(chan struct{})
				peak := watch(stop)
				j, err := join.New(join.Options{Dir: b.TempDir()})
				require.NoError(b, err)
				load(b, j, traces, bench.untraced)
				joined := 0
				require.NoError(b, j.Each(context.Background(), func(c *join.Chain) error { joined += len(c.Calls); return nil }))
				close(stop)
				b.ReportMetric(float64(<-peak)/(1<<20), "peak-MiB")
				b.ReportMetric(float64(joined)/float64(traces*exchangesPerTrace), "joined")
				require.NoError(b, j.Close())
			}
			b.ReportMetric(float64(b.N*traces*spansPerTrace)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}

// watch tells the highest heap in use until stop.
func watch(stop <-chan struct{}) <-chan uint64 {
	out := make(chan uint64, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var most uint64
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				out <- most
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	return out
}
