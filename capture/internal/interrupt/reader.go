// Package interrupt makes waiting for a file end with a context.
package interrupt

import (
	"context"
	"io"
)

// Step is how many bytes are read from the file at a time: few system calls,
// and little to wait for on a pipe.
const Step = 128 << 10

// Reader reads r so that a context can interrupt it, even in a pipe that nobody
// writes to. The read that was interrupted stays pending until r returns, which
// closing r brings about; at most one is ever pending. It is for one goroutine.
type Reader struct {
	r       io.Reader
	ctx     context.Context
	step    []byte
	done    chan readResult
	pending bool
	have    []byte
	err     error
}

type readResult struct {
	n   int
	err error
}

// NewReader returns a Reader of r that nothing interrupts until a context is set.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, ctx: context.Background(), step: make([]byte, Step), done: make(chan readResult, 1)}
}

// Until makes the reads that follow end with ctx. It is kept here because the
// decompressors that read from a Reader pass no context on.
func (in *Reader) Until(ctx context.Context) { in.ctx = ctx }

// Read implements [io.Reader]. It returns the context's error when that is
// canceled first.
func (in *Reader) Read(p []byte) (int, error) {
	for len(in.have) == 0 {
		if in.err != nil {
			return 0, in.err
		}
		if !in.pending {
			in.pending = true
			go func() {
				n, err := in.r.Read(in.step)
				in.done <- readResult{n, err}
			}()
		}
		select {
		case <-in.ctx.Done():
			return 0, in.ctx.Err()
		case result := <-in.done:
			in.pending = false
			in.have, in.err = in.step[:result.n], result.err
		}
	}
	n := copy(p, in.have)
	in.have = in.have[n:]
	return n, nil
}
