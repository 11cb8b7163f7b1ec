//go:build unix

package send

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// step is the state of a turn: a request written and the beginning of its answer
// read in one wait for the socket. A read of its own would first ask the system
// in vain, as the answer is never there at once.
type step struct {
	do      func(fd uintptr) bool // nil where the socket itself must not be used
	message []byte
	written int
	asked   bool // the message was written as far as it went
	werr    error
	got     int
	rerr    error
}

// turn writes the message, and reads into the reader's buffer what comes first
// where it can. rerr is an error of reading.
func (cn *conn) turn(message []byte) (werr, rerr error) {
	if cn.step.do == nil {
		return cn.write(message), nil
	}
	s := &cn.step
	*s = step{do: s.do, message: message}
	err := cn.raw.Read(s.do)
	s.message = nil
	switch {
	case !s.asked:
		cn.sent = time.Now()
		return err, nil
	case s.werr != nil:
		return s.werr, nil
	case s.written < len(message):
		return cn.write(message[s.written:]), nil
	case err == nil:
		err = s.rerr
	}
	if err != nil {
		return nil, err
	}
	cn.r.took(s.got)
	return nil, nil
}

// next is called when the socket may be used: first to write, then to read. It
// returns false to be called again when there is something to read. The wait
// begins before the first call, so an answer cannot slip through between.
func (cn *conn) next(fd uintptr) bool {
	s := &cn.step
	if !s.asked {
		s.asked = true
		n, err := again(syscall.Write, int(fd), s.message)
		cn.sent = time.Now()
		s.written = max(n, 0)
		if errors.Is(err, syscall.EAGAIN) {
			err = nil // a full buffer: the rest is written as usual
		}
		s.werr = os.NewSyscallError("write", err)
		return err != nil || s.written < len(s.message)
	}
	n, err := again(syscall.Read, int(fd), cn.r.buf)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return false
	case err != nil:
		s.rerr = os.NewSyscallError("read", err)
	case n == 0:
		s.rerr = io.EOF
	}
	s.got = max(n, 0)
	return true
}

// again calls until no signal comes between.
func again(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
