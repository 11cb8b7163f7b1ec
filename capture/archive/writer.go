package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
)

// encoder is one form of recording.
type encoder interface {
	writeExchange(*capture.Exchange) error
	flush() error
	// end writes what stands after the last exchange.
	end(capture.Account) error
}

// Writer writes a recording. It is a [capture.Sink]. What it was given is only
// kept once Close has returned nil; what was flushed outlives a crash.
//
// A Writer is used by one goroutine at a time. After an error of the file it
// takes nothing more and returns the same error.
type Writer struct {
	name    string
	enc     encoder
	out     *output
	closers []io.Closer
	sync    func() error
	account capture.Account
	// written counts the exchanges taken.
	written uint64
	err     error
	closed  bool
}

var errClosed = errors.New("write to a closed recording")

// Create makes the file at path and writes to it. The name gives the form:
// .twin, .jsonl, .jsonl.gz, .jsonl.zst. It does not replace a file unless
// o.Overwrite. The file is written in place, so that it can be read up to
// where a crash cut it.
func Create(path string, o WriteOptions) (*Writer, error) {
	format, compression, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !o.Overwrite {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("create recording: %w; remove it or allow overwriting", err)
	}
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	w, err := newWriter(path, f, format, compression, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w.closers = append(w.closers, f)
	if o.Sync {
		w.sync = f.Sync
	}
	return w, nil
}

// NewWriter writes a recording to out, which Close leaves open.
func NewWriter(out io.Writer, format Format, o WriteOptions) (*Writer, error) {
	return newWriter("recording", out, format, "", o)
}

func newWriter(name string, out io.Writer, format Format, compression string, o WriteOptions) (*Writer, error) {
	if err := o.setDefaults(); err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	w := &Writer{name: name, out: &output{w: out}}
	switch format {
	case Twin:
		enc, err := newTwinEncoder(w.out, o)
		if err != nil {
			return nil, err
		}
		w.enc = enc
	case JSONL:
		z, err := compress(w.out, compression)
		if err != nil {
			return nil, err
		}
		w.closers = append(w.closers, z)
		w.enc = newJSONLEncoder(z, o)
	default:
		return nil, fmt.Errorf("create recording: unknown format %q: want %q or %q", format, Twin, JSONL)
	}
	return w, nil
}

// WriteExchange implements [capture.Sink]. An exchange that is too large for
// the format gives [ErrTooLarge] and is not kept; the Writer can go on.
func (w *Writer) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.usable(); err != nil {
		return err
	}
	if err := w.enc.writeExchange(e); err != nil {
		return w.fail(err)
	}
	w.written++
	return nil
}

// WriteAccount sets the account that Close writes as the last record. A later
// call replaces it.
func (w *Writer) WriteAccount(a capture.Account) error {
	if err := w.usable(); err != nil {
		return err
	}
	w.account = a.Clone()
	return nil
}

// Flush hands everything written so far to the file, so that a crash of the
// process does not lose it.
func (w *Writer) Flush() error {
	if err := w.usable(); err != nil {
		return err
	}
	if err := w.enc.flush(); err != nil {
		return w.fail(err)
	}
	return nil
}

// Close writes the account and what is still held, and closes the file that
// [Create] made. The second call does nothing and returns the same.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	var errs []error
	if w.err == nil {
		errs = append(errs, w.enc.end(w.account))
	}
	for i, c := range w.closers {
		if last := i == len(w.closers)-1; last && w.sync != nil && w.err == nil {
			errs = append(errs, w.sync())
		}
		errs = append(errs, c.Close())
	}
	if err := errors.Join(errs...); err != nil && w.err == nil {
		w.err = w.explain(err)
	}
	return w.err
}

func (w *Writer) usable() error {
	if w.closed && w.err == nil {
		return fmt.Errorf("%s: %w", w.name, errClosed)
	}
	return w.err
}

// fail keeps an error of the file; one of the exchange alone is only reported.
func (w *Writer) fail(err error) error {
	if w.out.err == nil {
		return fmt.Errorf("%s: exchange %d: %w", w.name, w.written, err)
	}
	w.err = w.explain(err)
	return w.err
}

func (w *Writer) explain(err error) error {
	return fmt.Errorf("write recording %s: %w; it holds what fits in %d bytes", w.name, err, w.out.written)
}

// output counts what the file took, and remembers its first error.
type output struct {
	w       io.Writer
	written int64
	err     error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.written += int64(n)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// formatOf tells the format and the compression on top of it from a path.
func formatOf(path string) (Format, string, error) {
	name := strings.ToLower(path)
	switch {
	case strings.HasSuffix(name, ".twin"):
		return Twin, "", nil
	case strings.HasSuffix(name, ".jsonl"):
		return JSONL, "", nil
	case strings.HasSuffix(name, ".jsonl.gz"):
		return JSONL, "gz", nil
	case strings.HasSuffix(name, ".jsonl.zst"):
		return JSONL, "zst", nil
	}
	return "", "", fmt.Errorf("%s: cannot tell the format from the name: want .twin, .jsonl, .jsonl.gz or .jsonl.zst", path)
}

// flushCloser is a compressor.
type flushCloser interface {
	io.WriteCloser
	Flush() error
}

type uncompressed struct{ io.Writer }

func (uncompressed) Flush() error { return nil }
func (uncompressed) Close() error { return nil }

func compress(w io.Writer, compression string) (flushCloser, error) {
	switch compression {
	case "gz":
		return gzip.NewWriter(w), nil
	case "zst":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return uncompressed{w}, nil
}
