package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"twinspect.dev/capture/packet"
)

const data = packet.ACK | packet.PSH

// on plays on one connection, with one more exchange behind.
func on(play func(f *flow)) func(w *tap) {
	return func(w *tap) {
		f := w.open(0)
		play(f)
		f.nextAndClose()
	}
}

func gaps() []attack {
	up := func(head, lost, rest string) func(w *tap) {
		return on(func(f *flow) {
			f.ask(head)
			f.lose(fromClient, lost)
			f.ask(rest)
			f.answer(fine)
		})
	}
	down := func(head, lost, rest string) func(w *tap) {
		return on(func(f *flow) {
			f.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
			f.answer(head)
			f.lose(fromServer, lost)
			f.answer(rest)
		})
	}
	chunks := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	return []attack{
		{name: "in the request line", script: up("GET /a", "bc HT", "TP/1.1\r\nHost: x\r\n\r\n")},
		{name: "in the head of a request", script: up("GET /a HTTP/1.1\r\nHost: x\r\nX-", "Lost: y\r\nZ", ": z\r\n\r\n")},
		{name: "over the end of a head", script: up("POST /a HTTP/1.1\r\nContent-Length: 5\r\n", "\r\nhe", "llo")},
		{name: "in a body by length", script: up("POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nh", "ell", "o")},
		{name: "over the end of a body", script: down("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh", "ello", "")},
		{name: "a body as a whole", script: down("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hello", "")},
		{name: "in the data of a chunk", script: down(chunks+"5\r\nh", "ell", "o\r\n0\r\n\r\n")},
		{name: "in a chunk size", script: down(chunks+"1", "0\r\n0123456789", "abcdef\r\n0\r\n\r\n")},
		{name: "between chunks", script: down(chunks+"5\r\nhello", "\r\n", "5\r\nhello\r\n0\r\n\r\n")},
		{name: "in the last chunk", script: down(chunks+"5\r\nhello\r\n", "0\r\n", "\r\n")},
		{name: "in a trailer", script: down(chunks+"5\r\nhello\r\n0\r\nX-T: ", "t\r\n", "\r\n")},
		{name: "a whole request", script: on(func(f *flow) {
			f.lose(fromClient, "GET /a HTTP/1.1\r\n\r\n")
			f.answer(fine)
		})},
		{name: "a whole response", script: on(func(f *flow) {
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.lose(fromServer, fine)
		})},
		{name: "whole exchanges between messages", script: on(func(f *flow) {
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer(fine)
			f.lose(fromClient, strings.Repeat(next, 7))
			f.lose(fromServer, strings.Repeat(fine, 7))
		})},
		{name: "in a body that looks like HTTP behind", script: down("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", strings.Repeat("x", 100-len(fine)), fine)},
		{name: "in a chunked body that looks like HTTP behind", script: down(chunks+"64\r\n"[:1], "4\r\n"+strings.Repeat("x", 50), "\n"+fine+strings.Repeat("y", 11)+"\r\n0\r\n\r\n")},
		{name: "of 1 GiB", script: on(func(f *flow) {
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\nContent-Length: 1073741000\r\n\r\n")
			f.pos[fromServer] += 1073741000
			f.ack(fromClient)
			f.w.wait(time.Second)
		})},
	}
}

func segmentAttacks() []attack {
	request := "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
	second := "GET /other HTTP/1.1\r\nHost: x\r\n\r\n"
	return []attack{
		{name: "overlap in the queue with other bytes: the first copy wins", script: on(func(f *flow) {
			f.segment(fromClient, data, 4, []byte(request[4:]))
			f.segment(fromClient, data, 4, []byte(second[4:]))
			f.ask(request[:4])
			f.pos[fromClient] = int64(len(request))
			f.answer(fine)
		})},
		{name: "overlap from before with other bytes: the first copy wins", script: on(func(f *flow) {
			f.segment(fromClient, data, 5, []byte(request[5:]))
			f.segment(fromClient, data, 0, []byte(second))
			f.pos[fromClient] = int64(len(request))
			f.answer(fine)
		})},
		{name: "overlap in the middle with more on both sides", script: on(func(f *flow) {
			f.segment(fromClient, data, 5, []byte(request[5:10]))
			f.segment(fromClient, data, 3, []byte("XX"+second[5:]))
			f.segment(fromClient, data, 0, []byte(request[:5]))
			f.pos[fromClient] = int64(len(request))
			f.answer(fine)
		})},
		{name: "a retransmission with other bytes: the first copy wins", script: on(func(f *flow) {
			f.ask(request)
			f.segment(fromClient, data, 0, []byte(second))
			f.answer(fine)
		})},
		{name: "a retransmission with other bytes and more", script: on(func(f *flow) {
			f.ask(request[:10])
			f.segment(fromClient, data, 0, []byte(second))
			f.pos[fromClient] = int64(len(request))
			f.answer(fine)
		})},
		{name: "a retransmission after the answer", script: on(func(f *flow) {
			f.ask(request)
			f.answer(fine)
			f.segment(fromClient, data, 0, []byte(request))
		})},
		{name: "sequence numbers wrap in the head", script: func(w *tap) {
			f := w.flow(0)
			f.isn = [2]uint32{1<<32 - 10, 1<<32 - 20}
			f.handshake()
			f.ask(request)
			f.answer(fine)
			f.nextAndClose()
		}},
		{name: "sequence numbers wrap out of order", script: func(w *tap) {
			f := w.flow(0)
			f.isn = [2]uint32{1<<32 - 10, 1<<32 - 20}
			f.handshake()
			for i := len(request) - 1; i >= 0; i-- {
				f.segment(fromClient, data, int64(i), []byte{request[i]})
			}
			f.pos[fromClient] = int64(len(request))
			f.answer(fine)
			f.nextAndClose()
		}},
		{name: "RST outside of the window", script: on(func(f *flow) {
			f.ask(request)
			for i := range 1000 {
				f.segment(fromServer, packet.RST, 1<<30+int64(i+1)<<18, nil)
			}
			f.w.wait(time.Second)
			f.answer(fine)
		})},
		{name: "RST inside of the window, not at its edge", script: on(func(f *flow) {
			f.ask(request)
			f.segment(fromServer, packet.RST, 30000, nil)
			f.w.wait(time.Second)
			f.answer(fine)
		})},
		{name: "a RST that ends an answer", script: func(w *tap) {
			f := w.open(0)
			f.ask(request)
			f.answer(fine[:len(fine)-1])
			f.segment(fromServer, packet.RST, f.pos[fromServer], nil)
			w.wait(time.Second)
			f.w.open(1).nextAndClose()
		}},
		{name: "a flood of RST without connections", scaled: true, script: func(w *tap) {
			for i := range volume(1 << 18) {
				w.flow(i).segment(i&1, packet.RST, int64(i), nil)
			}
		}},
		{name: "SYN on an open connection, another number", script: func(w *tap) {
			f := w.open(0)
			f.ask("POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe")
			f.isn, f.pos = [2]uint32{77777, 88888}, [2]int64{}
			f.handshake()
			f.nextAndClose()
		}},
		{name: "SYN on an open connection, and it goes on", script: on(func(f *flow) {
			f.ask("POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe")
			f.segment(fromClient, packet.SYN, 12345678, nil)
			f.ask("llo")
			f.answer(fine)
		})},
		{name: "65536 SYN on one connection", scaled: true, script: func(w *tap) {
			f := w.open(0)
			for i := range volume(1 << 16) {
				f.segment(fromClient, packet.SYN, int64(i)<<8, nil)
			}
		}},
		{name: "segments out of the window", script: on(func(f *flow) {
			for i := range 1000 {
				f.segment(fromClient, data, 1<<30+int64(i%2)<<29, []byte("stray"))
				f.send(fromClient, []byte(fmt.Sprintf("GET /a HTTP/1.1\r\nX: %d\r\n\r\n", i))[:0])
			}
			f.ask(request)
			f.answer(fine)
		})},
		{name: "three segments out of the window", script: on(func(f *flow) {
			for i := range 3 {
				f.segment(fromClient, data, 1<<30+1<<29+int64(i), []byte("x"))
			}
			f.ask(request)
			f.answer(fine)
		})},
		{name: "FIN far ahead", script: on(func(f *flow) {
			f.segment(fromClient, packet.FIN|packet.ACK, 1<<29, nil)
			f.ask(request)
			f.answer(fine)
		})},
		{name: "acknowledgements of bytes that were never sent", script: on(func(f *flow) {
			f.pos[fromServer] = 1 << 20
			f.ack(fromClient)
			f.pos[fromServer] = 0
			f.ask(request)
			f.answer(fine)
		})},
		{name: "one byte in two, backwards", live: 4 * mib, scaled: true, script: func(w *tap) {
			f := w.open(0)
			n := max(volume(1<<17), 1<<14)
			for i := n; i > 0; i-- {
				f.segment(fromClient, data, int64(2*i), []byte{'x'})
			}
		}},
		{name: "one byte in two, on many connections", cfg: little, live: 8 * mib, script: func(w *tap) {
			for c := range 8 {
				f := w.open(c)
				for i := range 1 << 13 {
					f.segment(fromClient, data, int64(2*i+2), []byte{'x'})
				}
			}
		}},
		{name: "bytes that the snap length cut, out of order", cfg: little, live: 8 * mib, script: func(w *tap) {
			w.snap = 40
			for c := range 4 {
				f := w.open(c)
				for i := range 1 << 14 {
					f.segment(fromClient, data, int64(2*i+2), []byte{'x'})
				}
			}
		}},
		{name: "windows that wait, on many connections", cfg: little, live: 8 * mib, script: func(w *tap) {
			for c := range 64 {
				f := w.open(c)
				for i := range 16 {
					f.segment(fromClient, data, 1+int64(i)*maxPayload, make([]byte, maxPayload))
				}
			}
		}},
	}
}

func TestAdversarialGaps(t *testing.T)     { checkAll(t, gaps()) }
func TestAdversarialSegments(t *testing.T) { checkAll(t, segmentAttacks()) }
