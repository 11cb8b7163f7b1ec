package send

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// firstBuffer holds the head and the small body of most answers.
	firstBuffer = 8 << 10
	// maxHead bounds one head, or one section of trailers: twice what the most
	// generous of the common servers sends (nginx 4 x 8 KiB, Tomcat 8 KiB, Go's
	// client accepts more, but nobody sends it).
	maxHead = 64 << 10
	// maxInterim bounds the 1xx answers to one request, so that a server cannot
	// fill the memory with them: a progress report a second for most timeouts.
	maxInterim = 64
)

// malformed is an answer that breaks the grammar of HTTP.
type malformed string

func (m malformed) Error() string { return string(m) }

func malformedf(format string, args ...any) error { return malformed(fmt.Sprintf(format, args...)) }

// errTooLarge means that the body passed the limit.
var errTooLarge = errors.New("the body is longer than the limit")

// errEarly means that the connection ended before the answer did.
var errEarly = errors.New("the connection was closed before the answer was whole")

// reader reads answers from one connection.
type reader struct {
	src      io.Reader
	buf      []byte
	from, to int // buf[from:to] is unread
	filled   time.Time
	silent   bool // nothing came since begin
}

// begin prepares for the next answer.
func (r *reader) begin() {
	r.from, r.to = 0, 0
	r.silent = true
	if cap(r.buf) == 0 {
		r.buf = make([]byte, firstBuffer)
	}
}

// took tells the reader of n bytes that were read to the begin of its buffer.
func (r *reader) took(n int) {
	r.from, r.to = 0, n
	r.filled, r.silent = time.Now(), false
}

// unread is what was read and not used.
func (r *reader) unread() []byte { return r.buf[r.from:r.to] }

// fill reads more; at the end of the stream it returns io.EOF. It moves or
// enlarges the buffer where there is no room.
func (r *reader) fill() error {
	if r.from == r.to {
		r.from, r.to = 0, 0
	}
	if r.to == len(r.buf) {
		if r.from > 0 {
			r.to = copy(r.buf, r.unread())
			r.from = 0
		} else {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
	}
	n, err := r.read(r.buf[r.to:])
	r.to += n
	return err
}

// read reads at least one byte, or fails.
func (r *reader) read(p []byte) (int, error) {
	// An io.Reader may return nothing without an error, but not for ever.
	for range 16 {
		n, err := r.src.Read(p)
		if n > 0 {
			r.filled, r.silent = time.Now(), false
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// section returns the bytes up to the empty line that ends a head or a section
// of trailers, and the time of its first byte. What is called what in messages.
// The bytes are valid until the next call.
func (r *reader) section(what string) ([]byte, time.Time, error) {
	start, scanned := r.filled, 0
	for {
		if n := sectionEnd(r.unread(), scanned); n > 0 {
			b := r.unread()[:n]
			r.from += n
			return b, start, nil
		}
		// The end may begin two bytes before what comes next.
		scanned = max(r.to-r.from-3, 0)
		if r.to-r.from >= maxHead {
			return nil, start, malformedf("%s is longer than %d bytes", what, maxHead)
		}
		first := r.from == r.to
		if err := r.fill(); err != nil {
			return nil, start, early(err)
		}
		if first {
			start = r.filled
		}
	}
}

// sectionEnd returns the length of the section, its empty line included, or 0
// where b does not hold all of it. A line may end with LF alone (RFC 9112
// section 2.2).
func sectionEnd(b []byte, from int) int {
	if n := emptyLine(b); n > 0 {
		return n
	}
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		if n := emptyLine(b[from:]); n > 0 {
			return from + n
		}
	}
}

func emptyLine(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == '\n':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}

// early makes the plain end of a stream an error that says what it broke.
func early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEarly
	}
	return err
}
