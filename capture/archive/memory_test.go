package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
)

// shop returns n exchanges like those of a JSON service: about 3 KB each, with
// values that differ as they do in traffic.
func shop(n int) []*capture.Exchange {
	rng := rand.New(rand.NewPCG(7, 8))
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	list := make([]*capture.Exchange, n)
	for i := range list {
		at = at.Add(time.Duration(rng.IntN(1e7)))
		e := &capture.Exchange{ID: capture.NewID("agent", "c", at, uint64(i))}
		e.Request.Method, e.Request.Proto = "GET", "HTTP/1.1"
		e.Request.Target = fmt.Sprintf("/shop/v1/customers/%d/orders?limit=20&cursor=%x", rng.IntN(1e6), rng.Uint64())
		e.Request.Header = capture.Header{
			{Name: "Host", Value: "orders.shop.svc.cluster.local"},
			{Name: "User-Agent", Value: "okhttp/4.12.0"},
			{Name: "Accept", Value: "application/json"},
			{Name: "Accept-Encoding", Value: "identity"},
			{Name: "X-Request-Id", Value: fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())},
			{Name: "Traceparent", Value: fmt.Sprintf("00-%016x%016x-%016x-01", rng.Uint64(), rng.Uint64(), rng.Uint64())},
		}
		e.Request.Start, e.Request.End = at, at.Add(3e5)
		e.Response.Status, e.Response.Reason, e.Response.Proto = 200, "OK", "HTTP/1.1"
		e.Response.Header = capture.Header{
			{Name: "Content-Type", Value: "application/json; charset=utf-8"},
			{Name: "Date", Value: at.Format(time.RFC1123)},
			{Name: "Server", Value: "istio-envoy"},
			{Name: "X-Envoy-Upstream-Service-Time", Value: fmt.Sprint(rng.IntN(100))},
		}
		e.Response.Body = orders(rng)
		e.Response.BodySize = int64(len(e.Response.Body))
		e.Response.Start, e.Response.End = at.Add(5e6), at.Add(6e6)
		e.Context = capture.Context{
			Agent: "agent-7f9c", Service: "orders", Caller: "shop",
			Client: "10.1.2.3:41234", Server: "10.1.2.4:8080",
			Connection: fmt.Sprintf("c%d", rng.IntN(50)), Index: uint64(i),
			TraceID: fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()), SpanID: fmt.Sprintf("%016x", rng.Uint64()),
			Labels: map[string]string{"cluster": "eu-1", "namespace": "shop", "pod": "orders-5d8"},
		}
		list[i] = e
	}
	return list
}

func orders(rng *rand.Rand) []byte {
	b := []byte(`{"orders":[`)
	for i := range 5 + rng.IntN(20) {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"id":"%08x","state":"%s","total":{"amount":%d.%02d,"currency":"EUR"},"lines":%d,"created":"2026-02-%02dT%02d:11:42Z"}`,
			rng.Uint32(), []string{"new", "paid", "sent"}[rng.IntN(3)], rng.IntN(900), rng.IntN(100), rng.IntN(9), 1+rng.IntN(28), rng.IntN(24))
	}
	return append(b, `]}`...)
}

// repeated writes the list over and over until the records take so many bytes,
// and returns how many there are.
func repeated(t testing.TB, file io.Writer, format archive.Format, list []*capture.Exchange, size int) int {
	w, err := archive.NewWriter(file, format, archive.WriteOptions{})
	require.NoError(t, err)
	n := 0
	for written := 0; written < size; n++ {
		e := list[n%len(list)]
		written += recordSize(e)
		require.NoError(t, w.WriteExchange(context.Background(), e))
	}
	require.NoError(t, w.Close())
	return n
}

// recordSize is about what a record takes uncompressed: its texts and bodies.
func recordSize(e *capture.Exchange) int {
	n := len(e.Request.Target) + len(e.Request.Body) + len(e.Response.Body) + 150
	for _, h := range []capture.Header{e.Request.Header, e.Response.Header} {
		for _, f := range h {
			n += len(f.Name) + len(f.Value) + 6
		}
	}
	return n
}

// The heap while reading holds the frame as it stands in the file and
// decompressed, the input buffers and the decoder's tables, 4 MiB in all, and
// garbage of as much again or of the 4 MiB below which nothing is collected.
// None of that depends on how long the file is: 24 MiB is well above it, and far
// below the 200 MB that are read.
func TestReadingTakesTheMemoryOfAFrameNotOfTheFile(t *testing.T) {
	const limit = 24 << 20
	path := filepath.Join(t.TempDir(), "a.twin")
	file, err := os.Create(path)
	require.NoError(t, err)
	n := repeated(t, file, archive.Twin, shop(500), 200_000_000)
	require.NoError(t, file.Close())

	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := open(t, path)
	var e capture.Exchange
	for i := range n {
		require.NoError(t, r.ReadExchange(t.Context(), &e))
		if i%2000 == 0 {
			runtime.ReadMemStats(&during)
			require.Less(t, during.HeapAlloc, before.HeapAlloc+limit, "after %d exchanges", i)
		}
	}
	require.ErrorIs(t, r.ReadExchange(t.Context(), &e), io.EOF)
}

func BenchmarkWrite(b *testing.B) {
	list := shop(2000)
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		b.Run(string(format), func(b *testing.B) {
			plain := 0
			var out counter
			w, err := archive.NewWriter(&out, format, archive.WriteOptions{})
			require.NoError(b, err)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := list[i%len(list)]
				plain += recordSize(e)
				require.NoError(b, w.WriteExchange(b.Context(), e))
			}
			require.NoError(b, w.Close())
			b.SetBytes(int64(plain / b.N))
			b.ReportMetric(float64(plain)/float64(out), "ratio")
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func BenchmarkRead(b *testing.B) {
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		b.Run(string(format), func(b *testing.B) {
			var file bytes.Buffer
			n := repeated(b, &file, format, shop(2000), 20_000_000)
			b.SetBytes(20_000_000)
			b.ReportAllocs()
			var e capture.Exchange
			for b.Loop() {
				r, err := archive.NewReader("a."+string(format), bytes.NewReader(file.Bytes()), archive.ReadOptions{})
				require.NoError(b, err)
				for err == nil {
					err = r.ReadExchange(b.Context(), &e)
				}
				require.ErrorIs(b, err, io.EOF)
			}
			b.ReportMetric(float64(n), "exchanges/op")
		})
	}
}
