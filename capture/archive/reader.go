package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/interrupt"
)

// decoder reads one form of recording.
type decoder interface {
	read(*capture.Exchange) error
	// stored returns the account that the recording holds, as far as read.
	stored() capture.Account
	close()
}

// Reader reads a recording. It is a [capture.Source] that tells damage as
// [*capture.RecordError], and [capture.Accounted]. Bodies and headers that it
// gives are in its own memory until the next call.
//
// A Reader is used by one goroutine at a time. A canceled context ends it.
type Reader struct {
	name    string
	in      *interrupt.Reader
	opts    ReadOptions
	file    io.Closer
	decoder decoder
	stats   capture.Stats
	err     error
}

// Open reads the recording at path. The form is told from what the file holds:
// .twin, or JSONL that is plain or compressed with gzip or zstd. That happens on
// the first read.
func Open(path string, o ReadOptions) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	r, err := NewReader(path, f, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.file = f
	return r, nil
}

// NewReader reads a recording from in, as [Open] does; Close leaves in open. The
// name is for messages, and tells the form where the content does not.
func NewReader(name string, in io.Reader, o ReadOptions) (*Reader, error) {
	if err := o.setDefaults(); err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	return &Reader{name: name, in: interrupt.NewReader(fileReader{in}), opts: o}, nil
}

// ReadExchange implements [capture.Source].
func (r *Reader) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if r.err != nil {
		return r.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.in.Until(ctx)
	err := r.read(e)
	var bad *capture.RecordError
	switch {
	case err == nil:
		r.stats.Seen++
		r.stats.Written++
	case errors.As(err, &bad):
		r.stats.Seen += bad.Lost
		r.stats.Drop(bad.Reason, bad.Lost)
	case errors.Is(err, io.EOF):
		r.err = io.EOF
		return io.EOF
	case isCanceled(err):
		r.err = err
	default:
		r.err = fmt.Errorf("read recording %s: %w", r.name, err)
		return r.err
	}
	return err
}

func (r *Reader) read(e *capture.Exchange) error {
	if r.decoder == nil {
		d, err := r.detect()
		if err != nil {
			return err
		}
		r.decoder = d
	}
	return r.decoder.read(e)
}

// Account implements [capture.Accounted]: the account that the recording holds,
// which is its last record, and then the reader's own.
func (r *Reader) Account() capture.Account {
	var a capture.Account
	if r.decoder != nil {
		a = r.decoder.stored().Clone()
	}
	return append(a, capture.Stage{Name: "archive", Unit: "exchanges", Stats: r.stats.Clone()})
}

// Close ends the reader and closes the file that [Open] opened.
func (r *Reader) Close() error {
	if r.decoder != nil {
		r.decoder.close()
	}
	if r.err == nil {
		r.err = fmt.Errorf("read recording %s: %w", r.name, os.ErrClosed)
	}
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// sniffSize is how much of a file is looked at to tell its form: enough for the
// first zstd block to be whole.
const sniffSize = 256 << 10

func (r *Reader) detect() (decoder, error) {
	in := bufio.NewReaderSize(r.in, sniffSize)
	head, err := peek(in, 4)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, zstdMagic):
		return r.detectZstd(in)
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip header: %w", err)
		}
		return newJSONLReader(r.name, bufio.NewReaderSize(z, interrupt.Step), r.opts.MaxRecord), nil
	case isSkippable(head), strings.HasSuffix(strings.ToLower(r.name), ".twin"):
		return newTwinReader(r.name, in, r.opts.MaxRecord)
	case looksLikeJSON(head), strings.HasSuffix(strings.ToLower(r.name), ".jsonl"):
		return newJSONLReader(r.name, in, r.opts.MaxRecord), nil
	case bytes.HasPrefix(zstdMagic, head):
		return newTwinReader(r.name, in, r.opts.MaxRecord)
	}
	return nil, fmt.Errorf("not a recording: it begins with % x; want .twin or JSONL", head)
}

// detectZstd tells a .twin file from compressed JSONL by what is in its first
// bytes: a line begins with a brace, and a record with its length and a tag.
func (r *Reader) detectZstd(in *bufio.Reader) (decoder, error) {
	head, err := peek(in, sniffSize)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(bytes.NewReader(head), zstdOptions()...)
	if err != nil {
		return nil, fmt.Errorf("create zstd decoder: %w", err)
	}
	defer z.Close()
	plain := make([]byte, 16)
	n, _ := io.ReadFull(z, plain) // damage is for the reader to tell
	isLines := n > 0 && looksLikeJSON(plain[:n]) || n == 0 && strings.Contains(r.name, ".jsonl")
	if !isLines {
		return newTwinReader(r.name, in, r.opts.MaxRecord)
	}
	lines, err := zstd.NewReader(in, zstdOptions()...)
	if err != nil {
		return nil, fmt.Errorf("create zstd decoder: %w", err)
	}
	return zstdLines{newJSONLReader(r.name, bufio.NewReaderSize(lines, interrupt.Step), r.opts.MaxRecord), lines}, nil
}

// zstdOptions keep a stream in one goroutine and in the 128 MiB of memory that
// the zstd command allows by default.
func zstdOptions() []zstd.DOption {
	return []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128 << 20)}
}

type zstdLines struct {
	*jsonlReader
	z *zstd.Decoder
}

func (l zstdLines) close() { l.z.Close() }

// looksLikeJSON reports whether an object begins here. A record of 123 bytes
// begins with a brace too, but then not with a name.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	rest, ok := bytes.CutPrefix(b, []byte("{"))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(b) == 0 || ok && (len(rest) == 0 || rest[0] == '"' || rest[0] == '}')
}

// peek returns the next n bytes, fewer only at the end.
func peek(in *bufio.Reader, n int) ([]byte, error) {
	b, err := in.Peek(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// fileError is an error of the file itself, as against damage to what it holds.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// fileReader marks the errors of the file.
type fileReader struct{ io.Reader }

func (f fileReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &fileError{err}
	}
	return n, err
}
