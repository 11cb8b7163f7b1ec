package cli

import (
	"errors"
	"io"
	"sync"

	"github.com/vbauerster/mpb/v8"
)

// terminal is a terminal that messages share with a bar: what is written while
// the bar is drawn goes above it. The bar would draw over it otherwise. It may be
// used by many goroutines at once; each write is whole lines.
type terminal struct {
	w    io.Writer
	mu   sync.Mutex
	bars io.Writer // nil while none is drawn
}

// share sets the bars, nil for none.
func (t *terminal) share(bars *mpb.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bars = nil
	if bars != nil {
		t.bars = bars
	}
}

// Write implements io.Writer.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bars != nil {
		if n, err := t.bars.Write(p); !errors.Is(err, mpb.ErrDone) {
			return n, err
		}
	}
	return t.w.Write(p)
}
