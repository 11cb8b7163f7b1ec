package trace

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
)

// batchBytes is from how many bytes on a batch is written. The collector sends
// 8192 spans together by default, which are some MiB; a reader holds a batch in
// memory with what it says, five times its length.
const batchBytes = 1 << 20

// Writer writes spans as OTLP protobuf (opentelemetry-proto, TracesData): batches
// of one resource a service, each behind 4 bytes of big-endian length, as the
// collector's file exporter writes them.
//
// A [Reader] gives back what a [Reader] gave, in each field. Of other spans it
// gives back the same fields too, as far as attributes can say them; those that
// no attribute of the span says become attributes. What is not kept: times before
// 1970 and after 2262; what lies beyond [MaxAttributes] and [MaxValue], which is
// counted in Cut; the types of attributes, which a span holds as text; a peer of a
// span that is no client; events, links, scopes and further attributes of the
// resource, which a Span does not hold. The spans of one service keep their
// order; in a batch, the services stand one behind the other.
//
// A Writer is used by one goroutine at a time. It holds up to a batch in memory,
// 1 MiB and a span.
type Writer struct {
	out      io.Writer
	services map[string]int // index in groups
	groups   []group
	held     int
	frame    []byte
	span     []byte
	probe    Span // its attributes' memory serves again
	stats    capture.Stats
	err      error
}

// group holds the spans of one service as they stand in a ScopeSpans.
type group struct {
	service string
	spans   []byte
	count   uint64
}

// NewWriter returns a writer to out, which stays open.
func NewWriter(out io.Writer) *Writer {
	return &Writer{out: out, services: make(map[string]int)}
}

// WriteSpan takes the span, and keeps nothing of its memory. An error of the
// output ends the writer. A span without ids is refused and costs nothing else.
func (w *Writer) WriteSpan(s *Span) error {
	if w.err != nil {
		return w.err
	}
	w.stats.Seen++
	if s.Trace.IsZero() || s.ID.IsZero() {
		w.stats.Drop(ReasonBadSpan, 1)
		return &capture.RefusedError{Reason: ReasonBadSpan, Err: errSpanIDs}
	}
	w.span = w.appendSpan(w.span[:0], s)
	g := w.group(s.Service)
	before := len(g.spans)
	g.spans = appendMessage(g.spans, 2, w.span)
	g.count++
	w.stats.Open++
	if w.held += len(g.spans) - before; w.held >= batchBytes {
		return w.flush()
	}
	return nil
}

func (w *Writer) group(service string) *group {
	i, ok := w.services[service]
	if !ok {
		const resource = 64 // about what a service of its own takes in the batch
		i = len(w.groups)
		w.services[service] = i
		w.groups = append(w.groups, group{service: service})
		w.held += resource + len(service)
	}
	return &w.groups[i]
}

// flush writes the batch.
func (w *Writer) flush() error {
	if w.held == 0 {
		return nil
	}
	w.frame = append(w.frame[:0], 0, 0, 0, 0)
	for i := range w.groups {
		g := &w.groups[i]
		w.frame = protowire.AppendTag(w.frame, 1, protowire.BytesType)
		w.frame = protowire.AppendBytes(w.frame, g.message())
	}
	binary.BigEndian.PutUint32(w.frame, uint32(len(w.frame)-4))
	w.groups, w.held = nil, 0
	clear(w.services)
	if _, err := w.out.Write(w.frame); err != nil {
		w.err = fmt.Errorf("write spans: %w", err)
		return w.err
	}
	w.stats.Written += w.stats.Open
	w.stats.Open = 0
	return nil
}

// message returns the ResourceSpans.
func (g *group) message() []byte {
	var resource []byte
	if g.service != "" {
		resource = appendAttribute(nil, 1, "service.name", clip(g.service))
	}
	return appendMessage(appendMessage(nil, 1, resource), 2, g.spans)
}

// Account implements capture.Accounted. Spans of the batch that was not written
// yet, or could not be, are open.
func (w *Writer) Account() capture.Account {
	return capture.Account{{Name: "write traces", Unit: "spans", Stats: w.stats.Clone()}}
}

// Close writes what is held. It returns the error that ended the writer.
func (w *Writer) Close() error {
	if w.err == nil {
		if err := w.flush(); err != nil {
			return err
		}
		w.err = os.ErrClosed
		return nil
	}
	if w.err == os.ErrClosed { //nolint:errorlint // its own, set above
		return nil
	}
	return w.err
}

// appendSpan appends the fields of a Span message.
func (w *Writer) appendSpan(b []byte, s *Span) []byte {
	b = appendMessage(b, 1, s.Trace[:])
	b = appendMessage(b, 2, s.ID[:])
	if !s.Parent.IsZero() {
		b = appendMessage(b, 4, s.Parent[:])
	}
	b = appendText(b, 5, s.Name)
	b = appendNumber(b, 6, uint64(s.Kind))
	b = appendTime(b, 7, s.Start)
	b = appendTime(b, 8, s.End)
	kept := s.Attributes[:min(len(s.Attributes), MaxAttributes)]
	for i := range kept {
		b = appendAttribute(b, 9, clip(kept[i].Key), clip(kept[i].Value))
	}
	more := w.missing(s)
	for _, a := range more {
		b = appendAttribute(b, 9, a.Key, clip(a.Value))
	}
	b = appendNumber(b, 10, uint64(cutBeside(s, len(more))))
	status := appendText(nil, 2, s.Message)
	status = appendNumber(status, 3, uint64(s.Status))
	return appendMessage(b, 15, status)
}

// cutBeside is how many attributes the message says were left out, so that a
// reader, which leaves out the added ones beyond the limit, comes to Cut.
func cutBeside(s *Span, added int) int {
	cut := s.Cut + max(0, len(s.Attributes)-MaxAttributes)
	for _, a := range s.Attributes[:min(len(s.Attributes), MaxAttributes)] {
		if len(a.Value) > MaxValue {
			cut++
		}
	}
	cut -= max(0, min(len(s.Attributes), MaxAttributes)+added-MaxAttributes)
	return min(max(0, cut), math.MaxUint32)
}

func appendMessage(b []byte, field protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), msg)
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	s = clipBytes([]byte(s[:min(len(s), MaxValue+1)]))
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendNumber(b []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func appendTime(b []byte, field protowire.Number, t time.Time) []byte {
	n := t.UnixNano()
	if n <= 0 || !time.Unix(0, n).Equal(t) {
		return b
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(n))
}

func appendAttribute(b []byte, field protowire.Number, key, value string) []byte {
	pair := appendText(nil, 1, key)
	text := protowire.AppendTag(nil, 1, protowire.BytesType)
	text = protowire.AppendString(text, clipBytes([]byte(value)))
	return appendMessage(b, field, appendMessage(pair, 2, text))
}
