package har

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

var (
	errCut      = errors.New("the file ends inside the entries")
	errTooLarge = errors.New("entry is longer than the limit")
	errNoHAR    = errors.New("not a HAR file")
)

// splitter cuts the elements out of the array log.entries without reading more
// than one into memory.
type splitter struct {
	in  *bufio.Reader
	max int
	// offset is how many bytes were read, start where the last entry begins.
	offset, start int64
	buf           []byte
}

// newSplitter goes to the first entry. It returns [errNoHAR] where there is no
// array log.entries, and errCut where the file ends first.
func newSplitter(r *bufio.Reader, limit int) (*splitter, error) {
	skipBOM(r)
	dec := json.NewDecoder(io.LimitReader(r, int64(limit)))
	for _, name := range []string{"log", "entries"} {
		if err := enter(dec, name); err != nil {
			return nil, preamble(err)
		}
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, preamble(errors.Join(err, errors.New("log.entries is no array")))
	}
	rest := io.MultiReader(dec.Buffered(), r)
	return &splitter{in: bufio.NewReaderSize(rest, 64<<10), max: limit, offset: dec.InputOffset()}, nil
}

func skipBOM(r *bufio.Reader) {
	if b, err := r.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3) // cannot fail, it was peeked
	}
}

// preamble tells a file that is cut from one that is something else.
func preamble(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it ends before log.entries", errNoHAR)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: byte %d: %w", errNoHAR, syntax.Offset, err)
	}
	return fmt.Errorf("%w: %w", errNoHAR, err)
}

// enter goes into the object that follows, to the value of the member name.
func enter(dec *json.Decoder, name string) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("want an object with %q", name)
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		if t == name {
			return nil
		}
		if err := skip(dec); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	return fmt.Errorf("there is no %q", name)
}

// skip passes over one value, token by token.
func skip(dec *json.Decoder) error {
	for depth := 0; ; {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// next returns the next element, good until the next call, and io.EOF after the
// last. After errTooLarge the next one can be read; errCut ends the file.
func (s *splitter) next() ([]byte, error) {
	s.buf = s.buf[:0]
	if cap(s.buf) > keepBuffer {
		s.buf = nil
	}
	c, err := s.first()
	if err != nil {
		return nil, err
	}
	s.start = s.offset - 1
	var v value
	tooLarge := false
	for {
		if len(s.buf) < s.max {
			s.buf = append(s.buf, c)
		} else {
			tooLarge = true
		}
		if v.take(c) {
			break
		}
		if v.scalar() {
			if b, err := s.in.Peek(1); err == nil && (b[0] == ',' || b[0] == ']') {
				break
			}
		}
		if c, err = s.byte(); err != nil {
			return nil, err
		}
	}
	if tooLarge {
		return nil, fmt.Errorf("%w of %d bytes", errTooLarge, s.max)
	}
	return s.buf, nil
}

// first returns the first byte of the next element.
func (s *splitter) first() (byte, error) {
	for {
		c, err := s.byte()
		switch {
		case err != nil:
			return 0, err
		case c == ']':
			return 0, io.EOF
		case c != ',' && c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return c, nil
		}
	}
}

func (s *splitter) byte() (byte, error) {
	c, err := s.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, errCut
	}
	if err == nil {
		s.offset++
	}
	return c, err
}

// value follows a JSON value byte by byte to its end.
type value struct {
	depth    int
	inString bool
	escaped  bool
}

// take returns true where c ends an object or array.
func (v *value) take(c byte) bool {
	switch {
	case v.escaped:
		v.escaped = false
	case v.inString && c == '\\':
		v.escaped = true
	case c == '"':
		v.inString = !v.inString
	case v.inString:
	case c == '{' || c == '[':
		v.depth++
	case c == '}' || c == ']':
		v.depth--
		return v.depth <= 0
	}
	return false
}

// scalar reports whether the value so far is outside of strings and brackets:
// a comma then ends it.
func (v *value) scalar() bool { return v.depth == 0 && !v.inString }
