package replay_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
	"twinspect.dev/replay/send"
)

// endless is a recording of n requests, each in a session of its own.
func endless(n int) capture.Source {
	e := recorded("bench", 0)
	return capture.SourceFunc(func(_ context.Context, out *capture.Exchange) error {
		if n == 0 {
			return io.EOF
		}
		n--
		*out = e
		out.ID = capture.NewID("bench", "c", start, uint64(n))
		out.Context.Session = strconv.Itoa(n)
		return nil
	})
}

// loopback is a client of an HTTP server in this process.
func loopback(b *testing.B, conns int) replay.Sender {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(`{"id":18}`) }}
	go func() { _ = s.Serve(l) }()
	c, err := send.New(send.Config{Side: replay.To, URL: &url.URL{Scheme: "http", Host: l.Addr().String()}, Timeout: 10 * time.Second, MaxConns: conns})
	require.NoError(b, err)
	b.Cleanup(func() {
		_ = c.Close()
		_ = s.Shutdown()
	})
	return c
}

// BenchmarkLateness sends at a fixed rate for three seconds: the lateness is its
// result, the time is none.
func BenchmarkLateness(b *testing.B) {
	const inFlight = 64
	for _, rate := range []int{1000, 10_000, 30_000} {
		for name, sender := range map[string]replay.Sender{"memory": echo, "loopback": loopback(b, inFlight)} {
			b.Run(strconv.Itoa(rate)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					r := replay.Runner{
						Targets:  []replay.Target{{Side: replay.To, Sender: sender}},
						Pacer:    pace.Rate{PerSecond: float64(rate)},
						InFlight: inFlight,
					}
					require.NoError(b, r.Run(context.Background(), endless(3*rate), func(o *replay.Outcome) error {
						if !o.Answers[0].OK() {
							return io.ErrUnexpectedEOF
						}
						return nil
					}))
					late := r.Lateness()
					for _, p := range []float64{50, 99, 99.9} {
						b.ReportMetric(float64(late.Histogram.ValueAtQuantile(p)), "p"+strconv.FormatFloat(p, 'f', -1, 64)+"-µs")
					}
					b.ReportMetric(float64(late.Max.Microseconds()), "max-µs")
				}
			})
		}
	}
}
