package httpwire

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

// round is one exchange on the wire, by direction.
type round [2][]byte

// benchRounds pushes exchanges as streams of one connection, in segments of 1448
// bytes. Fields are in the dynamic tables after the first exchange, so each round
// stands for any: only its stream's number changes.
func benchRounds(b *testing.B, exchange func(client, server *peer, stream uint32) (request, response string)) {
	p := New(Config{Agent: "bench"})
	c := p.Open(conn)
	client, server := newPeer(), newPeer()
	var e capture.Exchange
	push := func(r round) {
		for dir, rest := range r {
			for len(rest) > 0 {
				n := min(len(rest), 1448)
				c.Data(dir, noon, 0, rest[:n])
				rest = rest[n:]
			}
		}
	}
	c.Data(0, noon, 0, []byte(hello))
	request, response := exchange(client, server, 1)
	push(round{[]byte(request), []byte(response)})
	request, response = exchange(client, server, 3)
	r := round{[]byte(request), []byte(response)}
	p.Next(&e)
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for stream := uint32(3); b.Loop(); stream += 2 {
		renumber(r, stream)
		push(r)
		if !p.Next(&e) || !e.Complete() {
			b.Fatal("an exchange was lost")
		}
	}
}

// renumber writes the number of a stream into each frame.
func renumber(r round, stream uint32) {
	for _, text := range r {
		for len(text) > 0 {
			binary.BigEndian.PutUint32(text[5:], stream)
			text = text[h2.HeaderSize+h2.ParseHeader((*[h2.HeaderSize]byte)(text)).Length:]
		}
	}
}

func BenchmarkHTTP2(b *testing.B) {
	for _, size := range []int{300, 16 << 10} {
		body := strings.Repeat("x", size)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			benchRounds(b, func(client, server *peer, stream uint32) (string, string) {
				return client.get(stream, "/items/1"), server.ok(stream, body)
			})
		})
	}
}

func BenchmarkGRPC(b *testing.B) {
	for _, n := range []int{1, 100} {
		message := "\x00\x00\x00\x01\x00" + strings.Repeat("x", 256)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchRounds(b, func(client, server *peer, stream uint32) (string, string) {
				request := client.headers(stream, 0, ":method POST", ":scheme http", ":path /shop.Items/List", ":authority shop", "content-type application/grpc", "te trailers", "grpc-timeout 1S") +
					data(stream, h2.EndStream, message)
				response := server.headers(stream, 0, ":status 200", "content-type application/grpc")
				for range n {
					response += data(stream, 0, message)
				}
				return request, response + server.headers(stream, h2.EndStream, "grpc-status 0", "grpc-message ")
			})
		})
	}
}
