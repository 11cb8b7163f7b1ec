package send_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"twinspect.dev/replay/send"
)

// peersH2 returns one function a client, for a server of net/http over HTTP/2
// without TLS.
func peersH2(b *testing.B) map[string]func() error {
	body := append(append([]byte(`{"items":[`), make1(`{"id":17,"name":"anvil","price":"12.50"},`, 7)...), `{"id":18}]}`...)
	s := protocols(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}, h2c, false)
	c := clientOf(b, s, protocol(send.H2C), func(cfg *send.Config) { cfg.Timeout = 10 * time.Second })
	req := get2("/v1/items?page=2", benchFields...)
	std := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	std.Protocols.SetUnencryptedHTTP2(true)
	b.Cleanup(std.CloseIdleConnections)
	x := &http2.Transport{ //nolint:staticcheck // a peer as it is in use
		AllowHTTP: true, DisableCompression: true, //nolint:staticcheck // as above
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) { //nolint:staticcheck // as above
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	b.Cleanup(x.CloseIdleConnections) //nolint:staticcheck // as above
	ctx := b.Context()
	return map[string]func() error{
		"twinspect": func() error {
			if a := c.Send(ctx, ask(req)); !a.OK() {
				return &net.OpError{Op: a.Err}
			}
			return nil
		},
		"net-http": func() error { return roundTrip(std, s.URL+req.Target) },
		"x-net":    func() error { return roundTrip(x, s.URL+req.Target) },
	}
}

func roundTrip(t http.RoundTripper, url string) error {
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

// BenchmarkSendH2 asks one in-process server through each client, 32 requests
// at a time; the allocations are those of client and server together.
func BenchmarkSendH2(b *testing.B) {
	all := peersH2(b)
	for _, name := range []string{"twinspect", "net-http", "x-net"} {
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

// BenchmarkSendH2BesidePeers asks through the three in turn, so that each sees
// the same machine, and reports their times as multiples of ours.
func BenchmarkSendH2BesidePeers(b *testing.B) {
	all := peersH2(b)
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
	b.ReportMetric(float64(took["x-net"])/float64(took["twinspect"]), "x-net/twinspect")
}
