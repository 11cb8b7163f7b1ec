package send_test

import (
	"bytes"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// wire2 is the server's end of a connection over HTTP/2, frame by frame.
type wire2 struct {
	c     net.Conn
	fr    *http2.Framer
	enc   *hpack.Encoder
	block bytes.Buffer
}

// newWire2 reads the client's preface and writes the server's SETTINGS; it
// returns nil where there is no preface.
func newWire2(c net.Conn, settings ...http2.Setting) *wire2 {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c, preface); err != nil || string(preface) != http2.ClientPreface {
		return nil
	}
	w := &wire2{c: c, fr: http2.NewFramer(c, c)}
	w.enc = hpack.NewEncoder(&w.block)
	w.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if w.fr.WriteSettings(settings...) != nil {
		return nil
	}
	return w
}

// headers writes the fields, given as names and values in turn.
func (w *wire2) headers(id uint32, last bool, pairs ...string) {
	w.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = w.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	block := w.block.Bytes()
	n := min(len(block), 16<<10)
	_ = w.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:n], EndStream: last, EndHeaders: n == len(block)})
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), 16<<10)
		_ = w.fr.WriteContinuation(id, n == len(block), block[:n])
	}
}

func (w *wire2) data(id uint32, last bool, content string) {
	_ = w.fr.WriteData(id, last, []byte(content))
}
