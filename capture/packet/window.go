package packet

import (
	"errors"
	"io"
)

// windowSize is how much is read from a file at once: large enough that the
// cost of a read call and of moving the last, partial frame to the front is
// below 1% of that of a frame, small enough to stay in the second-level cache.
const windowSize = 256 << 10

// window reads ahead of a stream and lends out its bytes without copying them.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int   // buf[r:w] was read and is not consumed
	off  int64 // position of buf[r] in the stream
	err  error // why src gave no more; io.EOF at its end
}

func newWindow(src io.Reader) *window {
	return &window{src: src, buf: make([]byte, windowSize)}
}

// peek returns the next n bytes without consuming them: fewer only where the
// stream ends or breaks, which err tells. They are valid until the next peek.
func (w *window) peek(n int) []byte {
	if w.w-w.r < n {
		w.fill(n)
	}
	return w.buf[w.r:min(w.w, w.r+n)]
}

// take consumes n bytes that peek has returned.
func (w *window) take(n int) {
	w.r += n
	w.off += int64(n)
}

// skip consumes n bytes, or as many as there are, and returns how many.
func (w *window) skip(n int64) int64 {
	var done int64
	for done < n {
		b := w.peek(int(min(n-done, windowSize)))
		if len(b) == 0 {
			break
		}
		w.take(len(b))
		done += int64(len(b))
	}
	return done
}

// drop consumes what is left and makes the stream end here.
func (w *window) drop() {
	w.take(w.w - w.r)
	w.err = io.EOF
}

func (w *window) fill(n int) {
	if w.r+n > len(w.buf) || w.r > len(w.buf)/2 {
		w.makeRoom(n)
	}
	for idle := 0; w.w-w.r < n && w.err == nil; {
		got, err := w.src.Read(w.buf[w.w:])
		w.w += got
		w.err = err
		if got > 0 {
			idle = 0
		} else if idle++; idle == 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
}

// makeRoom moves what is not consumed to the front. The buffer grows to twice
// the bytes asked for, so that a caller who goes on byte by byte does not move
// them all each time. Callers ask for at most maxBlock bytes.
func (w *window) makeRoom(n int) {
	buf := w.buf
	if 2*n > len(buf) && n > windowSize/2 {
		buf = make([]byte, 2*n)
	}
	w.w = copy(buf, w.buf[w.r:w.w])
	w.r, w.buf = 0, buf
}

// resyncLimit is how far the next record is looked for behind a damaged one:
// sixteen times the longest frame. If none begins there, what follows is no
// capture.
const resyncLimit = 16 * maxFrame

// resync goes forward to the next position at which a record is plausible. It
// returns how many bytes it passed over and whether there is one.
func (w *window) resync(plausible func() bool) (skipped int64, found bool) {
	for skipped < resyncLimit {
		if len(w.peek(1)) == 0 {
			return skipped, false
		}
		w.take(1)
		skipped++
		if plausible() {
			return skipped, true
		}
	}
	return skipped, false
}

// atEnd reports whether the stream ended as a stream should, and not broken.
func (w *window) atEnd() bool { return errors.Is(w.err, io.EOF) }
