package openapi

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/s2"
)

// pack puts the text of a file, which is needed for lines alone from then on, into a
// tenth of its room.
func (f *file) pack() {
	const block = 256 << 10 // more takes more room while packing, and saves little
	var b bytes.Buffer
	w := s2.NewWriter(&b, s2.WriterConcurrency(1), s2.WriterBlockSize(block))
	_, err := w.Write(f.data)
	if w.Close() != nil || err != nil { // a buffer takes all
		return
	}
	f.packed, f.size, f.data = bytes.Clone(b.Bytes()), len(f.data), nil
}

// text returns the text of a file.
func (f *file) text() []byte {
	if f.packed == nil {
		return f.data
	}
	var b bytes.Buffer
	b.Grow(f.size + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(s2.NewReader(bytes.NewReader(f.packed)), int64(f.size))); err != nil {
		return nil // it was packed by pack
	}
	return b.Bytes()
}
