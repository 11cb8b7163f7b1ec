package openapi

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// input is the text of a file while it is read: no more of it is held than a parser
// holds, so that a document takes the room of its values alone.
type input struct {
	text *bufio.Reader
	hash hash.Hash
	size int
	// err is what reading failed with.
	err  error
	read int // bytes that were read
	// ends are the offsets of the ends of lines that were read; passed of them are
	// before the last position.
	ends   []int
	passed int
	line   int // of the last position, from 0
	begin  int // the offset where it begins
}

// newInput returns the text that r gives, which must not be longer than limit, beyond
// which reading fails with tooLong.
func newInput(r io.Reader, limit int, tooLong error) *input {
	const room = 64 << 10 // a read of a file costs as much as going through some 10 KB
	in := &input{hash: sha256.New()}
	in.text = bufio.NewReaderSize(&limited{r, in, limit, tooLong}, room)
	if start, _ := in.text.Peek(len(bom)); string(start) == bom {
		_, _ = in.text.Discard(len(bom))
	}
	return in
}

const bom = "\xef\xbb\xbf"

// limited counts, sums and bounds what is read.
type limited struct {
	r       io.Reader
	in      *input
	left    int
	tooLong error
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	_, _ = l.in.hash.Write(b[:n])
	l.in.size += n
	if l.left -= n; l.left < 0 {
		n, err = 0, l.tooLong
	}
	if err != nil && err != io.EOF {
		l.in.err = err
	}
	return n, err
}

// isJSON reports whether it is JSON rather than YAML; that of more blanks than it
// looks at may be read as YAML, which it is too.
func (in *input) isJSON() bool {
	for n := 1; ; n *= 2 {
		start, err := in.text.Peek(n)
		if start = bytes.TrimSpace(start); len(start) > 0 || err != nil {
			return bytes.HasPrefix(start, []byte{'{'})
		}
	}
}

// Read implements [io.Reader].
func (in *input) Read(b []byte) (int, error) {
	n, err := in.text.Read(b)
	in.ends = append(in.ends[:0], in.ends[in.passed:]...)
	in.passed = 0
	for i := 0; i < n; i++ {
		next := bytes.IndexByte(b[i:n], '\n')
		if next < 0 {
			break
		}
		i += next
		in.ends = append(in.ends, in.read+i)
	}
	in.read += n
	return n, err
}

// position returns line and column, from 1, of the byte at an offset. Offsets must
// not become smaller.
func (in *input) position(offset int) (line, column int) {
	for in.passed < len(in.ends) && in.ends[in.passed] < offset {
		in.begin = in.ends[in.passed] + 1
		in.passed++
		in.line++
	}
	return in.line + 1, max(offset-in.begin, 0) + 1
}

// sum names the text, when all of it was read.
func (in *input) sum() string { return hex.EncodeToString(in.hash.Sum(nil)) }
