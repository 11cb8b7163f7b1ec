package recording

import (
	"io"
	"sync/atomic"
)

// countingReader counts what is read through it; n may be loaded from other
// goroutines.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
