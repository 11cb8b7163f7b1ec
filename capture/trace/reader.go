package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"twinspect.dev/capture"
)

// The reasons under which spans are lost on reading. What is lost with a damaged
// record counts as one: how many spans stood in it is not known.
const (
	// ReasonMalformed: the record breaks the grammar of its form.
	ReasonMalformed capture.Reason = "trace-malformed"
	// ReasonCut: the input ends inside the record.
	ReasonCut capture.Reason = "trace-cut"
	// ReasonTooLarge: the record is longer than the limit.
	ReasonTooLarge capture.Reason = "trace-record-too-large"
	// ReasonBadSpan: the span has no valid ids.
	ReasonBadSpan capture.Reason = "bad-span"
)

// DefaultMaxRecord has room for a trace of 40 thousand spans in Jaeger's JSON,
// which has about 1.5 KiB a span. A record is held in memory with what it says.
const DefaultMaxRecord = 64 << 20

// ReadOptions set how a file is read. The zero value is good.
type ReadOptions struct {
	// Name is what errors call the input.
	Name string
	// MaxRecord is how many bytes a record may have: a ResourceSpans message, a
	// delimited message, a trace of Jaeger's, or a span of Zipkin's; 0 means [DefaultMaxRecord].
	MaxRecord int
}

// decoder reads record after record into a batch. A *capture.RecordError costs one
// record, every other error ends it.
type decoder interface {
	next(b *batch) error
	offset() int64
}

// Reader reads spans from a file in any of the forms of this package. It is used
// by one goroutine at a time. A waiting read of the input itself is ended by
// closing that; between records, by the context.
type Reader struct {
	opts    ReadOptions
	in      io.Reader
	dec     decoder
	batch   batch
	at      int
	record  int64
	err     error
	stats   capture.Stats
	closers []func() error
}

// NewReader returns a reader of r, whose form is found when it is first read.
func NewReader(r io.Reader, o ReadOptions) *Reader {
	if o.MaxRecord <= 0 {
		o.MaxRecord = DefaultMaxRecord
	}
	return &Reader{opts: o, in: r}
}

// Open opens the file called name. Close closes it.
func Open(name string) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	r := NewReader(f, ReadOptions{Name: name})
	r.closers = append(r.closers, f.Close)
	return r, nil
}

// ReadSpan implements [Source]. The offset of a *capture.RecordError is that of
// the record in the decompressed input.
func (r *Reader) ReadSpan(ctx context.Context, sp *Span) error {
	for r.at == len(r.batch.spans) {
		if err := r.fill(ctx); err != nil {
			return err
		}
		if n := r.batch.bad; n > 0 {
			r.stats.Seen += n
			return r.damage(&capture.RecordError{Offset: r.record, Reason: ReasonBadSpan, Lost: n, Err: errSpanIDs})
		}
	}
	r.stats.Seen++
	r.stats.Written++
	*sp = r.batch.spans[r.at]
	r.at++
	return nil
}

func (r *Reader) fill(ctx context.Context) error {
	if r.err != nil {
		return r.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.dec == nil {
		if r.dec, r.err = r.detect(); r.err != nil {
			return r.err
		}
	}
	clear(r.batch.spans) // spans handed out keep their memory, these need not
	r.record, r.at = r.dec.offset(), 0
	r.batch = batch{spans: r.batch.spans[:0]}
	err := r.dec.next(&r.batch)
	if err != nil { // what was read of the record is lost with it
		r.batch = batch{}
	}
	var damaged *capture.RecordError
	switch {
	case errors.As(err, &damaged):
		r.stats.Seen += damaged.Lost
		return r.damage(damaged)
	case err != nil:
		if r.err = err; !errors.Is(err, io.EOF) {
			r.err = fmt.Errorf("read traces %s: %w", r.opts.Name, err)
		}
		return r.err
	}
	return nil
}

func (r *Reader) damage(e *capture.RecordError) error {
	e.Input = r.opts.Name
	r.stats.Drop(e.Reason, e.Lost)
	return e
}

// Account implements capture.Accounted, in spans.
func (r *Reader) Account() capture.Account {
	return capture.Account{{Name: "traces", Unit: "spans", Stats: r.stats.Clone()}}
}

// Close frees what the reader holds, and closes the file that [Open] opened.
func (r *Reader) Close() error {
	var errs []error
	for i := len(r.closers) - 1; i >= 0; i-- {
		errs = append(errs, r.closers[i]())
	}
	r.closers, r.batch, r.at = nil, batch{}, 0
	if r.err == nil {
		r.err = os.ErrClosed
	}
	return errors.Join(errs...)
}

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 section 3.1.1

func isGzip(head []byte) bool { return len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b } // RFC 1952

// maxWindow is what the zstd command allows by default.
const maxWindow = 128 << 20

func newZstd(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
}

// detect undoes the compression and tells the forms apart by the first bytes.
func (r *Reader) detect() (decoder, error) {
	const buffer = 64 << 10
	in := bufio.NewReaderSize(r.in, buffer)
	head, err := in.Peek(4)
	switch {
	case isGzip(head):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip header of traces %s: %w", r.opts.Name, err)
		}
		in = bufio.NewReaderSize(z, buffer)
	case bytes.Equal(head, zstdMagic):
		z, err := newZstd(in)
		if err != nil {
			return nil, fmt.Errorf("create zstd decoder: %w", err)
		}
		r.closers = append(r.closers, func() error { z.Close(); return nil })
		in = bufio.NewReaderSize(z, buffer)
	case len(head) == 0 && errors.Is(err, io.EOF):
		return nil, io.EOF
	}
	head, err = in.Peek(5)
	if len(head) == 0 {
		return nil, err
	}
	return r.form(head, in)
}

func (r *Reader) form(head []byte, in *bufio.Reader) (decoder, error) {
	switch c := head[0]; {
	case c == '{', c == '[', c == 0xef: // JSON, maybe behind a byte order mark
		return newJSONDecoder(in, r.opts.MaxRecord), nil
	case c == '\n' && len(head) > 1 && (head[1] == '{' || head[1] == '['), c == ' ', c == '\r', c == '\t':
		return newJSONDecoder(in, r.opts.MaxRecord), nil
	}
	return newProtoDecoder(in, framingOf(head), r.opts.MaxRecord), nil
}
