package wire

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"twinspect.dev/capture/httpwire"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/tcpstream"
)

// volume scales the size of an attack down to a sixty-fourth with the race
// detector or -short: 4 GiB become 64 MiB, which is still eight times the body
// limit, and 131072 connections 2048.
func volume[T int | int64](n T) T {
	if withRace || testing.Short() {
		return n / 64
	}
	return n
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// little bounds what connections may make the parser hold, so that an attack of
// tens of MiB goes well beyond.
var little = Config{HTTP: httpwire.Config{MaxMemory: 4 * mib, MaxBody: mib}, Streams: tcpstream.Config{MaxBuffer: 4 * mib, MaxConnectionBuffer: mib}}

// then one more exchange, which must be exact.
func (f *flow) nextAndClose() {
	f.ask(next)
	f.answer(fine)
	f.close()
}

// sized is a body beyond the limit, as it is told and as it is counted.
type sized struct {
	size int64
	told string
	lost string
}

func beyond(size int64) sized {
	const kept = 8 * mib
	return sized{size, fmt.Sprintf("%d/%d body-limit", kept, size), fmt.Sprintf("http/body-limit %d", size-kept)}
}

func (s sized) length() string { return fmt.Sprintf("Content-Length: %d\r\n\r\n", s.size) }

func (s sized) up() *outcome {
	return &outcome{exchanges: []string{"POST /a " + s.told + " > 200 2", "GET /next 0 > 200 2"}, lost: s.lost}
}

func (s sized) down() *outcome {
	return &outcome{exchanges: []string{"GET /a 0 > 200 " + s.told, "GET /next 0 > 200 2"}, lost: s.lost}
}

// largeBodies holds one body beyond the 32 bits of sequence numbers and lengths.
// The others need to be beyond the limit on bodies and no more.
func largeBodies() []attack {
	huge := beyond(volume[int64](4 * gib))
	large := beyond(max(volume[int64](256*mib), 64*mib))
	const chunk = 1 << 16
	// The buffer of a body grows by append, to a quarter more than it holds.
	const live, why = 8 * mib * 9 / 4, "a body at its limit, and the buffer that append copies it from"
	block := fmt.Sprintf("%x;x=y\r\n%s\r\n", chunk, strings.Repeat("c", chunk))
	return []attack{
		{name: "a body of 4 GiB up, by length", want: huge.up(), live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("POST /a HTTP/1.1\r\n" + huge.length())
			f.repeat(fromClient, "0123456789", huge.size)
			f.answer(fine)
			f.nextAndClose()
		}},
		{name: "a body of 256 MiB down, by length", want: large.down(), live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\n" + large.length())
			f.repeat(fromServer, "0123456789", large.size)
			f.nextAndClose()
		}},
		{name: "a body of 256 MiB down, in chunks", want: large.down(), live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			f.repeat(fromServer, block, large.size/chunk*int64(len(block)))
			f.answer("0\r\n\r\n")
			f.nextAndClose()
		}},
		{name: "a body of 256 MiB up, in chunks", want: large.up(), live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
			f.repeat(fromClient, block, large.size/chunk*int64(len(block)))
			f.ask("0\r\n\r\n")
			f.answer(fine)
			f.nextAndClose()
		}},
		{name: "a body of 256 MiB that the close ends", scaled: true, live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\n\r\n")
			f.repeat(fromServer, "0123456789", large.size)
			f.close()
		}},
		{name: "a body of 4 MiB in chunks of one byte", cfg: Config{HTTP: httpwire.Config{MaxBody: 64 * kib}}, scaled: true, live: live, why: why, script: func(w *tap) {
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			f.repeat(fromServer, "1\r\nx\r\n", 6*max(volume[int64](4*mib), 128*kib))
			f.answer("0\r\n\r\n")
			f.nextAndClose()
		}},
	}
}

// bombs are bodies of 16 MiB of zeros in 16 KiB on the wire. It is those bytes
// that are kept and counted: nothing is decompressed.
func bombs() []attack {
	bomb := zipped(16 * mib)
	half := len(bomb) / 2
	bodyOf := func(limit int) Config { return Config{HTTP: httpwire.Config{MaxBody: limit}} }
	down := func(w *tap) {
		f := w.open(0)
		f.ask("GET /a HTTP/1.1\r\n\r\n")
		f.answer(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(bomb), bomb))
		f.nextAndClose()
	}
	up := func(w *tap) {
		f := w.open(0)
		f.ask(fmt.Sprintf("POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(bomb), bomb))
		f.answer(fine)
		f.nextAndClose()
	}
	told := fmt.Sprintf("%d/%d body-limit", half, len(bomb))
	lost := fmt.Sprintf("http/body-limit %d", len(bomb)-half)
	whole := fmt.Sprint(len(bomb))
	return []attack{
		{name: "a zip bomb at the limit, down", cfg: bodyOf(len(bomb)), script: down, want: &outcome{exchanges: []string{"GET /a 0 > 200 " + whole, "GET /next 0 > 200 2"}}},
		{name: "a zip bomb at the limit, up", cfg: bodyOf(len(bomb)), script: up, want: &outcome{exchanges: []string{"POST /a " + whole + " > 200 2", "GET /next 0 > 200 2"}}},
		{name: "a zip bomb over the limit, down", cfg: bodyOf(half), script: down, want: &outcome{exchanges: []string{"GET /a 0 > 200 " + told, "GET /next 0 > 200 2"}, lost: lost}},
		{name: "a zip bomb over the limit, up", cfg: bodyOf(half), script: up, want: &outcome{exchanges: []string{"POST /a " + told + " > 200 2", "GET /next 0 > 200 2"}, lost: lost}},
	}
}

// zipped is n zeros, a thousandth of that on the wire.
func zipped(n int) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, n))
	_ = z.Close()
	return b.String()
}

func endless() []attack {
	// Lines cost more than bytes: there are half a million, or 128 MiB of one,
	// each beyond the limit on a head of 256 KiB.
	many := func(block string) int64 {
		if strings.Contains(block, "\n") {
			return int64(len(block)) * max(volume[int64](1<<19), 1<<17)
		}
		return volume[int64](128*mib) / int64(len(block)) * int64(len(block))
	}
	head := func(begin, block string) func(w *tap) {
		return func(w *tap) {
			f := w.open(0)
			f.ask(begin)
			f.repeat(fromClient, block, many(block))
			f.ask("\r\n\r\n")
			f.answer(fine)
			f.nextAndClose()
		}
	}
	down := func(begin, block string) func(w *tap) {
		return func(w *tap) {
			f := w.open(0)
			f.ask("GET /a HTTP/1.1\r\n\r\n")
			f.answer(begin)
			f.repeat(fromServer, block, many(block))
			f.answer("\r\n\r\n")
			f.nextAndClose()
		}
	}
	return []attack{
		{name: "a header field without end", scaled: true, script: head("GET /a HTTP/1.1\r\nX: ", "x")},
		{name: "a field name without end", scaled: true, script: head("GET /a HTTP/1.1\r\n", "x")},
		{name: "header fields without end", scaled: true, script: head("GET /a HTTP/1.1\r\n", "X-Field: value\r\n")},
		{name: "header fields of one letter", scaled: true, script: head("GET /a HTTP/1.1\r\n", "x:\n")},
		{name: "a folded field without end", scaled: true, script: head("GET /a HTTP/1.1\r\nX: y\r\n", " z\r\n")},
		{name: "a request line without end", scaled: true, script: head("GET /", "a")},
		{name: "a method without end", scaled: true, script: head("G", "G")},
		{name: "blank lines without end", scaled: true, script: head("", "\r\n")},
		{name: "a chunk extension without end", scaled: true, script: head("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;", "ext")},
		{name: "a chunk size of zeros without end", scaled: true, script: head("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "0")},
		{name: "a trailer without end", scaled: true, script: head("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-T: t\r\n")},
		{name: "a status line without end", scaled: true, script: down("HTTP/1.1 200 ", "OK")},
		{name: "response fields without end", scaled: true, script: down("HTTP/1.1 200 OK\r\n", "X-Field: value\r\n")},
		{name: "interim answers without end", scaled: true, script: down("", "HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "interim answers with a field without end", scaled: true, script: down("", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n")},
		{name: "bytes that are no HTTP", scaled: true, script: head("\x01\x02\x03", "garbage\x00\n")},
		{name: "a TLS record without end", scaled: true, script: head("\x16\x03\x01\xff\xff\x01", "\x00")},
		{name: "answers that nobody asked for", scaled: true, script: func(w *tap) {
			f := w.open(0)
			f.repeat(fromServer, fine, volume[int64](16*mib)/int64(len(fine))*int64(len(fine)))
			f.close()
		}},
		{name: "requests that nobody answers", scaled: true, script: func(w *tap) {
			f := w.open(0)
			f.repeat(fromClient, next, volume[int64](16*mib)/int64(len(next))*int64(len(next)))
			f.close()
		}},
	}
}

// crowd is how many connections are followed at once, a half of those that come.
// One attack plays with the default.
type crowd int

const (
	usual crowd = 65536
	small crowd = 16384
)

func (c crowd) limit() Config {
	return Config{Streams: tcpstream.Config{MaxConnections: volume(int(c))}}
}

func (c crowd) all() int { return volume(2 * int(c)) }

const (
	// perConnection is what a connection takes: 1.2 KiB in the assembler with its
	// place in the map and the lists, 1.1 KiB in the parser, and a request that
	// waits with its head.
	perConnection = 4 * kib
	crowdedWhy    = "the connections that are followed at once"
)

func crowds() []attack {
	half := "GET /half HTTP/1.1\r\nHost: x\r\nX-"
	return []attack{
		{name: "131072 connections with half a request", cfg: usual.limit(), scaled: true, live: perConnection * uint64(usual), why: crowdedWhy, script: func(w *tap) {
			for i := range usual.all() {
				f := w.open(i)
				f.ask(half)
			}
		}},
		{name: "32768 connections with a whole request", cfg: small.limit(), scaled: true, live: perConnection * uint64(small), why: crowdedWhy, script: func(w *tap) {
			for i := range small.all() {
				f := w.open(i)
				f.ask(next)
			}
		}},
		{name: "32768 handshakes", cfg: small.limit(), scaled: true, live: perConnection * uint64(small), why: crowdedWhy, script: func(w *tap) {
			for i := range small.all() {
				w.flow(i).segment(fromClient, packet.SYN, -1, nil)
			}
		}},
		{name: "32768 answers alone", cfg: small.limit(), scaled: true, live: perConnection * uint64(small), why: crowdedWhy, script: func(w *tap) {
			for i := range small.all() {
				w.flow(i).answer(fine)
			}
		}},
		{name: "heads of 200 KiB that do not end", cfg: little, live: 4 * mib, script: func(w *tap) {
			for i := range 256 {
				f := w.open(i)
				f.ask("GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", 200*kib))
			}
		}},
		{name: "unanswered requests of many fields", cfg: little, live: 8 * mib, script: func(w *tap) {
			for i := range 16 {
				f := w.open(i)
				f.ask("GET /a HTTP/1.1\r\n" + strings.Repeat("x:\n", 200*kib/3) + "\r\n")
			}
		}},
		{name: "unanswered requests with trailers", cfg: little, live: 8 * mib, script: func(w *tap) {
			for i := range 256 {
				f := w.open(i)
				f.ask("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("x", 200*kib) + "\r\n\r\n")
			}
		}},
		{name: "bodies that do not end", cfg: little, live: 8 * mib, script: func(w *tap) {
			for i := range 64 {
				f := w.open(i)
				f.ask("POST /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n")
				f.repeat(fromClient, "x", 512*kib)
			}
		}},
		{name: "bodies that are announced and do not come", cfg: little, live: 8 * mib, script: func(w *tap) {
			for i := range 4096 {
				f := w.open(i)
				f.ask("POST /a HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n")
			}
		}},
	}
}

func TestAdversarialBodies(t *testing.T)  { checkAll(t, append(largeBodies(), bombs()...)) }
func TestAdversarialEndless(t *testing.T) { checkAll(t, endless()) }
func TestAdversarialCrowds(t *testing.T)  { checkAll(t, crowds()) }
