package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture/httpwire"
)

// talker writes the frames of one end of a connection of HTTP/2.
type talker struct {
	f   *flow
	dir int
	out bytes.Buffer
	fr  *http2.Framer
	blk bytes.Buffer
	enc *hpack.Encoder
}

func (f *flow) talker(dir int) *talker {
	k := &talker{f: f, dir: dir}
	k.fr = http2.NewFramer(&k.out, nil)
	k.fr.AllowIllegalWrites = true
	k.enc = hpack.NewEncoder(&k.blk)
	return k
}

// flush sends what was written; sendFull only where it fills a segment.
func (k *talker) flush() {
	if k.out.Len() > 0 {
		k.f.send(k.dir, k.out.Bytes())
		k.out.Reset()
	}
}

func (k *talker) flushFull() {
	if k.out.Len() > maxPayload {
		k.flush()
	}
}

// block encodes names and values in turn.
func (k *talker) block(pairs ...string) []byte {
	k.blk.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = k.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return k.blk.Bytes()
}

// get is the header block of a request.
func (k *talker) get(path string) []byte {
	return k.block(":method", "GET", ":scheme", "http", ":authority", "x", ":path", path)
}

func (k *talker) headers(id uint32, block []byte, end bool) {
	_ = k.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: end, EndHeaders: true})
}

// speakH2 opens a connection of HTTP/2 between two talkers.
func (w *tap) speakH2(n int) (c, s *talker) {
	f := w.open(n)
	c, s = f.talker(fromClient), f.talker(fromServer)
	c.out.WriteString(http2.ClientPreface)
	_ = c.fr.WriteSettings()
	c.flush()
	_ = s.fr.WriteSettings()
	s.flush()
	return c, s
}

// exchange is one whole exchange, by which it shows that the connection is still
// understood.
func exchange(c, s *talker, id uint32) {
	c.headers(id, c.get("/next"), true)
	c.flush()
	s.headers(id, s.block(":status", "200"), false)
	_ = s.fr.WriteData(id, true, []byte("ok"))
	s.flush()
}

// ended plays an attack between the beginning and the end of a connection, with
// one more exchange on the stream id where that is not 0.
func ended(id uint32, play func(c, s *talker)) func(w *tap) {
	return func(w *tap) {
		c, s := w.speakH2(0)
		play(c, s)
		c.flush()
		s.flush()
		if id != 0 {
			exchange(c, s, id)
		}
		c.f.close()
	}
}

func setting(id, value uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingID(id), Val: value}
}

func hpackAttacks() []attack {
	big := strings.Repeat("v", 4000)
	return []attack{
		{name: "an HPACK bomb", cfg: little, live: 8 * mib, why: "MaxMemory, twice over for what append leaves", script: ended(501, func(c, _ *talker) {
			block := bytes.Clone(c.block(":method", "GET", ":scheme", "http", ":path", "/bomb", "x-bomb", big))
			c.headers(1, block, true)
			bomb := append(bytes.Clone(c.get("/bomb")), bytes.Repeat([]byte{0x80 | 62}, 16000)...)
			for id := uint32(3); id < 500; id += 2 {
				c.headers(id, bomb, true)
				c.flushFull()
			}
		})},
		{name: "a table of 4 GiB", script: ended(5, func(c, s *talker) {
			_ = s.fr.WriteSettings(setting(1, 1<<32-1))
			s.flush()
			c.headers(1, append(hpackInt(0x20, 5, 1<<32-1), c.get("/a")...), true)
			c.headers(3, c.get("/b"), true)
		})},
		{name: "an integer without end", script: ended(3, func(c, _ *talker) {
			c.headers(1, append([]byte{0xff}, bytes.Repeat([]byte{0x80}, 10000)...), true)
		})},
		{name: "Huffman that ends nowhere", script: ended(3, func(c, _ *talker) {
			c.headers(1, append([]byte{0x40, 0x80 | 3}, 0xff, 0xff, 0xff), true)
		})},
		{name: "a string of 4 GiB", script: ended(3, func(c, _ *talker) {
			c.headers(1, append([]byte{0x40}, hpackInt(0, 7, 1<<32-1)...), true)
		})},
		{name: "tables of 256 KiB on 128 connections", cfg: little, live: 8 * mib, script: func(w *tap) {
			for i := range 128 {
				c, s := w.speakH2(i)
				_ = s.fr.WriteSettings(setting(1, 1<<18))
				s.flush()
				c.enc.SetMaxDynamicTableSizeLimit(1 << 18)
				c.enc.SetMaxDynamicTableSize(1 << 18)
				for i := range 30 {
					id := uint32(2*i + 1)
					c.headers(id, c.block(":method", "GET", ":scheme", "http", ":path", "/a", fmt.Sprintf("x-%d", i), strings.Repeat("Z", 8000)), true)
					_ = c.fr.WriteRSTStream(id, http2.ErrCodeCancel)
				}
				c.flush()
			}
		}},
	}
}

// hpackInt is an integer with a prefix of n bits (RFC 7541 section 5.1).
func hpackInt(first byte, n uint, v uint64) []byte {
	limit := uint64(1)<<n - 1
	if v < limit {
		return []byte{first | byte(v)}
	}
	return binary.AppendUvarint([]byte{first | byte(limit)}, v-limit)
}

func floods() []attack {
	million := max(volume(1<<18), 1<<15) // a quarter of one
	return []attack{
		{name: "CONTINUATION without end", scaled: true, script: ended(0, func(c, _ *talker) {
			_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.get("/a"), EndStream: true})
			junk := bytes.Repeat([]byte{0x00, 0x01, 'x', 0x01, 'y'}, 3000)
			for range volume(128*mib) / len(junk) {
				_ = c.fr.WriteContinuation(1, false, junk)
				c.flushFull()
			}
		})},
		{name: "CONTINUATION that ends at last", scaled: true, script: ended(3, func(c, _ *talker) {
			_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.get("/a"), EndStream: true})
			junk := bytes.Repeat([]byte{0x00, 0x01, 'x', 0x01, 'y'}, 3000)
			for range volume(64*mib) / len(junk) {
				_ = c.fr.WriteContinuation(1, false, junk)
				c.flushFull()
			}
			_ = c.fr.WriteContinuation(1, true, nil)
		})},
		{name: "empty CONTINUATION", scaled: true, script: ended(3, func(c, _ *talker) {
			_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.get("/a"), EndStream: true})
			for range million {
				_ = c.fr.WriteContinuation(1, false, nil)
				c.flushFull()
			}
			_ = c.fr.WriteContinuation(1, true, nil)
		})},
		{name: "rapid reset", scaled: true, script: ended(uint32(2*million+1), func(c, _ *talker) {
			for i := range million {
				id := uint32(2*i + 1)
				c.headers(id, c.get("/reset"), true)
				_ = c.fr.WriteRSTStream(id, http2.ErrCodeCancel)
				c.flushFull()
			}
		})},
		{name: "streams that stay open", scaled: true, script: ended(uint32(million/4*2+1), func(c, _ *talker) {
			for i := range million / 4 {
				c.headers(uint32(2*i+1), c.get("/open"), false)
				c.flushFull()
			}
		})},
		{name: "resets of streams that never were", scaled: true, script: ended(1, func(c, _ *talker) {
			for i := range million {
				_ = c.fr.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
				c.flushFull()
			}
		})},
		{name: "SETTINGS, PING, PRIORITY", scaled: true, script: ended(1, func(c, _ *talker) {
			for range million / 4 {
				_ = c.fr.WriteSettings(setting(1, 0), setting(1, 1<<32-1), setting(4, 1<<31-1), setting(0xffff, 1))
				_ = c.fr.WritePing(false, [8]byte{1})
				_ = c.fr.WritePriority(1, http2.PriorityParam{StreamDep: 1})
				c.flushFull()
			}
		})},
		{name: "interim answers", scaled: true, script: ended(3, func(c, s *talker) {
			c.headers(1, c.get("/a"), true)
			c.flush()
			for range million / 4 {
				s.headers(1, s.block(":status", "103", "link", "</a>"), false)
				s.flushFull()
			}
			s.headers(1, s.block(":status", "200"), true)
		})},
		{name: "PUSH_PROMISE", scaled: true, script: ended(3, func(c, s *talker) {
			c.headers(1, c.get("/a"), true)
			c.flush()
			for i := range million / 4 {
				_ = s.fr.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: uint32(2*i + 2), BlockFragment: s.get("/pushed"), EndHeaders: true})
				s.flushFull()
			}
			s.headers(1, s.block(":status", "200"), true)
		})},
		{name: "empty DATA", scaled: true, script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "POST", ":scheme", "http", ":path", "/a"), false)
			for range million {
				_ = c.fr.WriteData(1, false, nil)
				c.flushFull()
			}
			_ = c.fr.WriteData(1, true, nil)
		})},
		{name: "a body of 128 MiB", cfg: Config{HTTP: httpwire.Config{MaxBody: mib}}, scaled: true, live: 4 * mib, script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "POST", ":scheme", "http", ":path", "/a"), false)
			data := make([]byte, 16384)
			for range volume(128*mib) / len(data) {
				_ = c.fr.WriteData(1, false, data)
				c.flushFull()
			}
			_ = c.fr.WriteData(1, true, nil)
		})},
	}
}

func frameTricks() []attack {
	postTo := func(c *talker) []byte { return c.block(":method", "POST", ":scheme", "http", ":path", "/a") }
	return []attack{
		{name: "windows beyond 2^31-1 and below zero", script: ended(3, func(c, s *talker) {
			_ = s.fr.WriteSettings(setting(4, 0))
			_ = s.fr.WriteRawFrame(http2.FrameWindowUpdate, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff})
			_ = s.fr.WriteRawFrame(http2.FrameWindowUpdate, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff})
			_ = s.fr.WriteRawFrame(http2.FrameWindowUpdate, 0, 1, []byte{0, 0, 0, 0})
			s.flush()
			c.headers(1, postTo(c), false)
			_ = c.fr.WriteData(1, true, make([]byte, 100000))
		})},
		{name: "padding longer than the frame", script: ended(3, func(c, _ *talker) {
			c.headers(1, postTo(c), false)
			_ = c.fr.WriteRawFrame(http2.FrameData, http2.FlagDataPadded|http2.FlagDataEndStream, 1, []byte{200, 'x'})
		})},
		{name: "a frame of 16 MiB", live: 8 * mib * 9 / 4, script: ended(3, func(c, _ *talker) {
			c.headers(1, postTo(c), false)
			c.out.Write([]byte{0xff, 0xff, 0xff, byte(http2.FrameData), byte(http2.FlagDataEndStream), 0, 0, 0, 1})
			c.flush()
			c.f.repeat(fromClient, "x", 1<<24-1)
		})},
		{name: "unknown frames", script: ended(3, func(c, _ *talker) {
			for kind := 0x0a; kind <= 0xff; kind++ {
				_ = c.fr.WriteRawFrame(http2.FrameType(kind), 0xff, uint32(kind), []byte("unknown"))
			}
			c.headers(1, c.get("/a"), true)
		})},
		{name: "DATA before HEADERS", script: ended(3, func(c, _ *talker) { _ = c.fr.WriteData(1, true, []byte("early")) })},
		{name: "HEADERS twice", script: ended(3, func(c, _ *talker) {
			c.headers(1, postTo(c), false)
			c.headers(1, postTo(c), false)
			_ = c.fr.WriteData(1, true, []byte("x"))
		})},
		{name: "a stream below the last", script: ended(7, func(c, _ *talker) {
			c.headers(5, c.get("/a"), true)
			c.headers(3, c.get("/b"), true)
		})},
		{name: "an even stream", script: ended(3, func(c, _ *talker) { c.headers(2, c.get("/a"), true) })},
		{name: "stream 0", script: ended(0, func(c, _ *talker) { c.headers(0, c.get("/a"), true) })},
		{name: "a frame inside a header block", script: ended(0, func(c, _ *talker) {
			_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.get("/a"), EndStream: true})
			_ = c.fr.WritePing(false, [8]byte{})
		})},
		{name: "pseudo-header fields twice", script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "GET", ":method", "POST", ":path", "/a", ":path", "/b", ":scheme", "http"), true)
		})},
		{name: "Transfer-Encoding inside HTTP/2", want: &outcome{exchanges: []string{"GET /next 0 > 200 2", "POST /a 29/-1 malformed > unseen"}, left: "http/http2-control 42"}, script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "POST", ":scheme", "http", ":path", "/a", "transfer-encoding", "chunked"), false)
			_ = c.fr.WriteData(1, true, []byte("0\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n"))
		})},
		{name: "a length that DATA breaks", want: &outcome{exchanges: []string{"GET /next 0 > 200 2", "POST /a 5/3 malformed > unseen"}, left: "http/http2-control 42"}, script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "POST", ":scheme", "http", ":path", "/a", "content-length", "3"), false)
			_ = c.fr.WriteData(1, true, []byte("hello"))
		})},
		{name: "a line end in a field", want: &outcome{exchanges: []string{"GET /next 0 > 200 2", "GET /a 0 malformed > unseen"}, left: "http/http2-control 42"}, script: ended(3, func(c, _ *talker) {
			c.headers(1, c.block(":method", "GET", ":scheme", "http", ":path", "/a", "x", "a\r\nTransfer-Encoding: chunked"), true)
		})},
		{name: "GOAWAY with 0", script: ended(3, func(c, s *talker) {
			c.headers(1, c.get("/a"), true)
			c.flush()
			_ = s.fr.WriteGoAway(0, http2.ErrCodeNo, nil)
		})},
		{name: "half a preface", script: func(w *tap) {
			f := w.open(0)
			f.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r")
			f.answer(fine)
			f.close()
		}},
		{name: "a preface that turns into HTTP/1.1", script: func(w *tap) {
			f := w.open(0)
			f.ask("PRI * HTTP/2.0\r\n\r\nGET /a HTTP/1.1\r\n\r\n")
			f.answer(fine)
			f.nextAndClose()
		}},
	}
}

func TestAdversarialHPACK(t *testing.T)       { checkAll(t, hpackAttacks()) }
func TestAdversarialFloods(t *testing.T)      { checkAll(t, floods()) }
func TestAdversarialFrameTricks(t *testing.T) { checkAll(t, frameTricks()) }
