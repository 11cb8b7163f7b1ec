package har

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/interrupt"
)

// The reasons under which entries are lost or changed.
const (
	// ReasonCut: the file ends inside the entries.
	ReasonCut capture.Reason = "har-cut"
	// ReasonMalformed: the entry is no JSON, or not that of an entry.
	ReasonMalformed capture.Reason = "har-malformed"
	// ReasonTooLarge: the entry is longer than the limit.
	ReasonTooLarge capture.Reason = "har-entry-too-large"
	// ReasonDecoded: the bytes of the body were given without their
	// content-encoding.
	ReasonDecoded capture.Reason = "content-decoded"
	// ReasonWebSocket: the message belongs to a WebSocket.
	ReasonWebSocket capture.Reason = "websocket"
)

// DefaultMaxEntry has room for two bodies of 100 MiB as base64 and their
// headers.
const DefaultMaxEntry = 512 << 20

// ReadOptions set how a HAR file is read. The zero value is good.
type ReadOptions struct {
	// MaxEntry is how long an entry may be in bytes, and what stands before the
	// entries; 0 means [DefaultMaxEntry]. Reading an entry takes memory for the
	// entry and for what it says.
	MaxEntry int
}

// Reader reads a HAR file. It is a [capture.Source] that tells bad entries as
// [*capture.RecordError], and [capture.Accounted]. A Reader is used by one
// goroutine at a time; a canceled context ends it.
type Reader struct {
	name    string
	in      *interrupt.Reader
	opts    ReadOptions
	entries *splitter
	// index is the number of the next entry, from 0.
	index      uint64
	account    capture.Account
	stats      capture.Stats
	bodies     capture.Stats
	webSockets capture.Stats
	err        error
}

// NewReader reads the HAR file in; the name is for messages.
func NewReader(name string, in io.Reader, o ReadOptions) *Reader {
	if o.MaxEntry <= 0 {
		o.MaxEntry = DefaultMaxEntry
	}
	return &Reader{name: name, in: interrupt.NewReader(in), opts: o}
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
	case errors.Is(err, io.EOF), errors.Is(err, ctx.Err()):
		r.err = err
	default:
		r.err = fmt.Errorf("read har %s: %w", r.name, err)
		return r.err
	}
	return err
}

// Account implements [capture.Accounted]: the account that the file holds, then
// the reader's own: the entries, and where the file is that of another program,
// bodies that were decoded and WebSocket messages.
func (r *Reader) Account() capture.Account {
	a := append(r.account.Clone(), capture.Stage{Name: "har-bodies", Unit: "bodies", Stats: r.bodies.Clone()},
		capture.Stage{Name: "har-websocket", Unit: "messages", Stats: r.webSockets.Clone()})
	a = removeEmpty(a, len(r.account))
	return append(a, capture.Stage{Name: "har", Unit: "exchanges", Stats: r.stats.Clone()})
}

// removeEmpty leaves out the stages from index on that saw nothing.
func removeEmpty(a capture.Account, from int) capture.Account {
	kept := a[:from]
	for _, s := range a[from:] {
		if s.Seen > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

func (r *Reader) read(e *capture.Exchange) error {
	if r.entries == nil {
		s, err := newSplitter(bufio.NewReader(r.in), r.opts.MaxEntry)
		if err != nil {
			return err
		}
		r.entries = s
	}
	text, err := r.entries.next()
	switch {
	case errors.Is(err, io.EOF):
		r.account = trailer(r.entries.in)
		return io.EOF
	case errors.Is(err, errCut):
		r.err = io.EOF
		return r.bad(ReasonCut, r.entries.offset, err)
	case errors.Is(err, errTooLarge):
		err = r.bad(ReasonTooLarge, r.entries.start, err)
	case err == nil:
		err = r.convert(text, e)
	}
	r.index++
	return err
}

func (r *Reader) convert(text []byte, e *capture.Exchange) error {
	var h entry
	if err := json.Unmarshal(text, &h); err != nil {
		return r.bad(ReasonMalformed, r.entries.start, err)
	}
	var err error
	if h.Extra == nil && h.Request.URL == "" {
		err = errors.New("there is no request.url")
	}
	if err == nil {
		err = fromEntry(&h, e)
	}
	if err == nil && h.Extra != nil {
		err = h.Extra.apply(e)
	} else if err == nil {
		err = r.adapt(&h, e)
	}
	if err != nil {
		return r.bad(ReasonMalformed, r.entries.start, err)
	}
	return nil
}

func (r *Reader) bad(reason capture.Reason, offset int64, err error) *capture.RecordError {
	return &capture.RecordError{
		Input: r.name, Offset: offset, Reason: reason, Lost: 1,
		Err: fmt.Errorf("entry %d: %w", r.index, err),
	}
}

// maxTrailer bounds what is read after the entries. Our own account is far
// shorter; pages of a browser, which can also stand here, are not needed.
const maxTrailer = 1 << 20

// trailer returns the account from what follows the entries, and none where
// that is not ours: nothing of the traffic stands there.
func trailer(in io.Reader) capture.Account {
	b, err := io.ReadAll(io.LimitReader(in, maxTrailer))
	if err != nil {
		return nil
	}
	var l struct {
		Extra logExtra `json:"_twinspect"`
	}
	text := append([]byte(`{"entries":[]`), b...)
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&l); err != nil {
		return nil
	}
	return l.Extra.Account
}
