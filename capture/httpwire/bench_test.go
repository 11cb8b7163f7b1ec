package httpwire

import (
	"fmt"
	"strings"
	"testing"

	"twinspect.dev/capture"
)

// BenchmarkParse pushes exchanges through one connection in segments of 1448
// bytes.
func BenchmarkParse(b *testing.B) {
	request := []byte("GET /items/1 HTTP/1.1\r\nHost: example.org\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n")
	for _, size := range []int{300, 16 << 10} {
		response := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nServer: x\r\n\r\n%s", size, strings.Repeat("x", size))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := New(Config{Agent: "bench"})
			c := p.Open(conn)
			var pos [2]int64
			var e capture.Exchange
			b.SetBytes(int64(len(request) + len(response)))
			b.ReportAllocs()
			for b.Loop() {
				for dir, text := range [][]byte{request, response} {
					for rest := text; len(rest) > 0; {
						n := min(len(rest), 1448)
						c.Data(dir, noon, pos[1-dir], rest[:n])
						pos[dir] += int64(n)
						rest = rest[n:]
					}
				}
				if !p.Next(&e) || !e.Complete() {
					b.Fatal("an exchange was lost")
				}
			}
		})
	}
}
