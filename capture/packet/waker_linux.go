package packet

import (
	"encoding/binary"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// waker ends a poll from another goroutine.
type waker struct {
	mu     sync.Mutex
	fd     int
	closed bool
}

func newWaker() (*waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("open eventfd: %w", err)
	}
	return &waker{fd: fd}, nil
}

// up may come late, from a context that was canceled before Close: the
// descriptor may then belong to someone else.
func (w *waker) up() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	// The only error is that the counter is full, which wakes as well.
	_, _ = unix.Write(w.fd, binary.NativeEndian.AppendUint64(nil, 1))
}

func (w *waker) clear() {
	var b [8]byte
	_, _ = unix.Read(w.fd, b[:]) // fails where it is clear already
}

func (w *waker) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return unix.Close(w.fd)
}
