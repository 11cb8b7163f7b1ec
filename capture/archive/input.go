package archive

import (
	"context"
	"io"
)

// inputStep is how much is read from the file at a time: few system calls, and
// little to wait for on a pipe.
const inputStep = 128 << 10

// input reads r so that a context can interrupt it, even in a pipe that nobody
// writes to. The read that was interrupted stays pending until r returns, which
// closing r brings about; at most one is ever pending.
type input struct {
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

func newInput(r io.Reader) *input {
	return &input{r: r, ctx: context.Background(), step: make([]byte, inputStep), done: make(chan readResult, 1)}
}

// Read implements [io.Reader]. It returns the context's error when that is
// canceled first.
func (in *input) Read(p []byte) (int, error) {
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
