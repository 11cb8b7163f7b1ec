package send_test

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"twinspect.dev/capture"
	"twinspect.dev/replay/send"
)

// benchServer answers every request with a JSON body of about 300 bytes.
func benchServer(b *testing.B) string {
	body := []byte(`{"items":[` + string(make1(`{"id":17,"name":"anvil","price":"12.50"},`, 7)) + `{"id":18}]}`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBody(body)
	}}
	go func() { _ = s.Serve(l) }()
	b.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

func make1(s string, n int) (out []byte) {
	for range n {
		out = append(out, s...)
	}
	return out
}

var benchFields = []capture.Field{
	{Name: "User-Agent", Value: "bench/1.0"},
	{Name: "Accept", Value: "application/json"},
	{Name: "Accept-Encoding", Value: "identity"},
	{Name: "X-Request-Id", Value: "4f1c0f0e-6f0a-4a51-9c1c-2b1d3c0a9f11"},
}

// peers returns one function a client; each sends one request and takes the
// whole answer.
func peers(b *testing.B, address string) map[string]func() error {
	c := client(b, address, func(cfg *send.Config) { cfg.Timeout = 10 * time.Second })
	req := get("/v1/items?page=2", benchFields...)
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	fast := &fasthttp.HostClient{Addr: address, MaxConns: 256, ReadTimeout: 10 * time.Second, DisableHeaderNamesNormalizing: true}
	b.Cleanup(fast.CloseIdleConnections)
	ctx := b.Context()
	return map[string]func() error{
		"twinspect": func() error {
			if a := c.Send(ctx, ask(req)); !a.OK() {
				return &net.OpError{Op: a.Err}
			}
			return nil
		},
		"net-http": func() error { return sendNetHTTP(transport, "http://"+address+req.Target) },
		"fasthttp": func() error { return sendFast(fast, "http://"+address+req.Target) },
	}
}

func sendNetHTTP(t *http.Transport, url string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	for _, f := range benchFields {
		r.Header.Add(f.Name, f.Value)
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	return err
}

func sendFast(c *fasthttp.HostClient, url string) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(url)
	for _, f := range benchFields {
		req.Header.Set(f.Name, f.Value)
	}
	return c.Do(req, res)
}

// BenchmarkSend asks one in-process server through each client.
func BenchmarkSend(b *testing.B) {
	address := benchServer(b)
	all := peers(b, address)
	for _, name := range []string{"twinspect", "net-http", "fasthttp"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := all[name](); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkSendBesidePeers asks through the three in turn, so that each sees
// the same machine, and reports their times as multiples of ours.
func BenchmarkSendBesidePeers(b *testing.B) {
	all := peers(b, benchServer(b))
	took := make(map[string]time.Duration)
	for b.Loop() {
		for name, send := range all {
			start := time.Now()
			if err := send(); err != nil {
				b.Fatal(err)
			}
			took[name] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took["net-http"])/float64(took["twinspect"]), "net-http/twinspect")
	b.ReportMetric(float64(took["fasthttp"])/float64(took["twinspect"]), "fasthttp/twinspect")
}
