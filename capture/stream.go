package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Source is a stream of exchanges.
//
// ReadExchange fills e with the next one. What e held before is overwritten;
// what it holds afterwards is the caller's until the next call, and may share
// memory with the source: [Exchange.Clone] keeps it for longer. It returns
// io.EOF at the end of the stream. A [*RecordError] means that one record could
// not be read; the stream goes on. Any other error ends the stream.
//
// A Source is used by one goroutine at a time. Canceling ctx makes a waiting
// call return with the context's error.
type Source interface {
	ReadExchange(ctx context.Context, e *Exchange) error
}

// Sink takes exchanges.
//
// WriteExchange does not keep e or its memory after it returns. A Sink is used
// by one goroutine at a time. Sinks that buffer are also io.Closers; what they
// were given is only kept once Close has returned nil.
type Sink interface {
	WriteExchange(ctx context.Context, e *Exchange) error
}

// SourceFunc makes a function a [Source].
type SourceFunc func(ctx context.Context, e *Exchange) error

// ReadExchange calls f.
func (f SourceFunc) ReadExchange(ctx context.Context, e *Exchange) error { return f(ctx, e) }

// SinkFunc makes a function a [Sink].
type SinkFunc func(ctx context.Context, e *Exchange) error

// WriteExchange calls f.
func (f SinkFunc) WriteExchange(ctx context.Context, e *Exchange) error { return f(ctx, e) }

// RecordError reports one record of a stream that could not be read.
type RecordError struct {
	// Input names the stream, such as a file's path; it may be empty.
	Input string
	// Line counts from 1; 0 where the stream has no lines.
	Line int
	// Offset is the position of the record in bytes.
	Offset int64
	// Reason names the kind of damage for the account.
	Reason Reason
	// Lost is how many records the damage cost; at least 1.
	Lost uint64
	Err  error
}

// Error names the input, the place in it, and the cause.
func (e *RecordError) Error() string {
	var b strings.Builder
	if e.Input != "" {
		b.WriteString(e.Input + ": ")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	} else {
		fmt.Fprintf(&b, "offset %d: ", e.Offset)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Copy reads src to its end and writes everything to dst. It returns the
// account of what it copied: records that could not be read are dropped under
// the reason of their [*RecordError], each told to damaged unless that is nil.
// A canceled ctx ends the copy with the context's error.
func Copy(ctx context.Context, dst Sink, src Source, damaged func(*RecordError)) (Stats, error) {
	var stats Stats
	var e Exchange
	for {
		err := src.ReadExchange(ctx, &e)
		var bad *RecordError
		switch {
		case errors.As(err, &bad): // before io.EOF, which may be its cause
			lost := max(bad.Lost, 1)
			stats.Seen += lost
			stats.Drop(bad.Reason, lost)
			if damaged != nil {
				damaged(bad)
			}
			continue
		case errors.Is(err, io.EOF):
			return stats, nil
		case err != nil:
			return stats, err
		}
		stats.Seen++
		if err := dst.WriteExchange(ctx, &e); err != nil {
			stats.Open++
			return stats, err
		}
		stats.Written++
	}
}
