package send

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// FuzzH2 lets a server send any bytes after its SETTINGS. Whatever comes, the
// request ends with an answer or a fault, and so does the connection.
func FuzzH2(f *testing.F) {
	var wire, block bytes.Buffer
	fr := http2.NewFramer(&wire, nil)
	enc := hpack.NewEncoder(&block)
	_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	_ = enc.WriteField(hpack.HeaderField{Name: "content-length", Value: "3"})
	_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
	_ = fr.WriteData(1, false, []byte("ab"))
	_ = fr.WriteDataPadded(1, true, []byte("c"), []byte{0, 0})
	f.Add(bytes.Clone(wire.Bytes()))
	wire.Reset()
	_ = fr.WritePing(false, [8]byte{})
	_ = fr.WriteWindowUpdate(1, 5)
	_ = fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
	_ = fr.WriteRSTStream(1, http2.ErrCodeRefusedStream)
	_ = fr.WriteGoAway(0, http2.ErrCodeNo, []byte("x"))
	f.Add(bytes.Clone(wire.Bytes()))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		const limit = 100
		client, server := net.Pipe()
		defer server.Close()
		cn := newH2conn(client, "http", func() {})
		go func() { _, _ = io.Copy(io.Discard, server) }()
		go func() {
			_ = http2.NewFramer(server, nil).WriteSettings()
			_, _ = server.Write(wire)
			_ = server.Close()
		}()
		if cn.take() {
			var a replay.Answer
			a.Response.Incomplete = capture.Unseen
			a.Request.Method, a.Request.Target, a.Request.Body = "POST", "/", make([]byte, 100<<10)
			a.Request.Header = capture.Header{{Name: "Host", Value: "b"}}
			err := cn.exchange(context.Background(), &a, time.Now().Add(10*time.Second), limit)
			if len(a.Response.Body) > limit {
				t.Fatalf("body of %d bytes, limit %d", len(a.Response.Body), limit)
			}
			if (err == nil) != (a.Response.Incomplete == "") {
				t.Fatalf("error %v, incomplete %q", err, a.Response.Incomplete)
			}
			if timedOut(err) {
				t.Fatal("it hangs")
			}
		}
		<-cn.ended
	})
}
