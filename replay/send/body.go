package send

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"twinspect.dev/capture"
)

const (
	// firstBody is how much memory a promised length is trusted for at once:
	// what is longer grows as it comes.
	firstBody = 256 << 10
	// maxChunkLine bounds a chunk's size and extensions; nginx and Node give up
	// at a quarter of that.
	maxChunkLine = 16 << 10
)

// exactly reads a body of n bytes.
func (r *reader) exactly(n, maxBody int64, res *capture.Response) error {
	if n == 0 {
		return nil
	}
	return r.take(n, maxBody, res)
}

// take appends the next n bytes to the body, which stays within maxBody.
func (r *reader) take(n, maxBody int64, res *capture.Response) error {
	room := maxBody - int64(len(res.Body))
	tooLarge := n > room
	n = min(n, room)
	if res.Body == nil {
		res.Body = make([]byte, 0, min(n, firstBody))
	}
	buffered := min(n, int64(r.to-r.from))
	res.Body = append(res.Body, r.buf[r.from:r.from+int(buffered)]...)
	r.from += int(buffered)
	for n -= buffered; n > 0; {
		m, err := r.into(res, n)
		if err != nil {
			return early(err)
		}
		n -= int64(m)
	}
	if tooLarge {
		return errTooLarge
	}
	return nil
}

// into reads up to n bytes straight to the end of the body.
func (r *reader) into(res *capture.Response, n int64) (int, error) {
	b := res.Body
	if len(b) == cap(b) {
		b = append(b, 0)[:len(b)]
	}
	free := b[len(b):cap(b)]
	m, err := r.read(free[:min(n, int64(len(free)))])
	res.Body = b[:len(b)+m]
	return m, err
}

// toEnd reads a body that ends with the connection.
func (r *reader) toEnd(maxBody int64, res *capture.Response) error {
	for {
		if n := int64(r.to - r.from); n > 0 {
			if err := r.take(n, maxBody, res); err != nil {
				return err
			}
		}
		if err := r.fill(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return early(err)
		}
	}
}

// chunked reads a chunked body and its trailers (RFC 9112 section 7.1).
func (r *reader) chunked(maxBody int64, res *capture.Response) error {
	for {
		line, err := r.chunkLine()
		if err != nil {
			return err
		}
		n, err := chunkSize(line)
		if err != nil {
			return err
		}
		if n == 0 {
			return r.trailer(res)
		}
		if err := r.take(n, maxBody, res); err != nil {
			return err
		}
		end, err := r.chunkLine()
		if err != nil {
			return err
		}
		if len(end) > 0 {
			return malformedf("%q follows a chunk of %d bytes, where its line should end", clip(string(end)), n)
		}
	}
}

func (r *reader) trailer(res *capture.Response) error {
	b, _, err := r.section("the trailer section")
	if err != nil {
		return err
	}
	res.Trailer, err = fields(string(b))
	return err
}

// chunkLine returns the next line without its end; it is valid until the next
// read.
func (r *reader) chunkLine() ([]byte, error) {
	for {
		if i := bytes.IndexByte(r.unread(), '\n'); i >= 0 {
			line := r.unread()[:i]
			r.from += i + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if r.to-r.from > maxChunkLine {
			return nil, malformedf("a chunk's line is longer than %d bytes", maxChunkLine)
		}
		if err := r.fill(); err != nil {
			return nil, early(err)
		}
	}
}

// chunkSize reads the size; extensions are left out. Spaces before an extension
// are accepted (RFC 9112 section 7.1.1).
func chunkSize(line []byte) (int64, error) {
	size, _, _ := bytes.Cut(line, []byte(";"))
	size = bytes.TrimRight(size, " \t")
	if len(size) == 0 || len(size) > 15 {
		return 0, malformedf("chunk line %q has no size of 1 to 15 hexadecimal digits", clip(string(line)))
	}
	for _, c := range size {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, malformedf("chunk line %q has no size of 1 to 15 hexadecimal digits", clip(string(line)))
		}
	}
	n, err := strconv.ParseInt(string(size), 16, 64)
	if err != nil {
		return 0, malformedf("chunk size %q: %v", size, err)
	}
	return n, nil
}
