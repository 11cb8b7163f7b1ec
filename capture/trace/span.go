package trace

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// TraceID identifies a trace; all zeros is none (W3C Trace Context section
// 3.2.2.3).
type TraceID [16]byte //nolint:revive // an ID would be a span's as well

// SpanID identifies a span within its trace; all zeros is none.
type SpanID [8]byte

// String returns 32 lower-case hexadecimal digits.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is no trace's.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// String returns 16 lower-case hexadecimal digits.
func (id SpanID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is no span's.
func (id SpanID) IsZero() bool { return id == SpanID{} }

var errID = errors.New("not an id of hexadecimal digits, or all zeros")

// ParseTraceID reads up to 32 hexadecimal digits. Fewer stand for leading zeros:
// Jaeger leaves these out, and a trace of 64 bits has no more than 16 digits.
func ParseTraceID(s string) (id TraceID, err error) {
	if !parseHex(id[:], s) {
		return TraceID{}, errID
	}
	return id, nil
}

// ParseSpanID reads up to 16 hexadecimal digits, as [ParseTraceID] does.
func ParseSpanID(s string) (id SpanID, err error) {
	if !parseHex(id[:], s) {
		return SpanID{}, errID
	}
	return id, nil
}

func parseHex(dst []byte, s string) bool {
	if n := 2*len(dst) - len(s); n > 0 {
		s = strings.Repeat("0", n) + s
	}
	if len(s) != 2*len(dst) || strings.Trim(s, "0") == "" {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// Kind says which end of a call a span is.
type Kind uint8

// The kinds, in the numbers of OTLP.
const (
	KindUnknown Kind = iota
	Internal
	Server
	Client
	Producer
	Consumer
)

// String returns the name in lower case.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return kinds[0]
}

var kinds = [...]string{"unknown", "internal", "server", "client", "producer", "consumer"}

// Status is what the program says of the span, in the numbers of OTLP.
type Status uint8

// The statuses. Unset is what a program says that has seen no error.
const (
	Unset Status = iota
	OK
	Error
)

// HTTP is what the semantic conventions say of an HTTP request.
type HTTP struct {
	Method string
	// Route is the template, such as "/products/{id}"; servers know it.
	Route string
	// Target is the path and the query, or the path alone.
	Target string
	Status int // 0 where there was no answer
}

// RPC is what the semantic conventions say of a remote procedure call.
type RPC struct {
	System, Service, Method string
	// Status is the code as text, "0" or "OK" for success in gRPC.
	Status string
}

// DB is what the semantic conventions say of a database's client.
type DB struct {
	System, Operation, Collection, Statement string
}

// Messaging is what the semantic conventions say of a message.
type Messaging struct {
	System, Operation, Destination string
}

// Attribute is one attribute of a span, its value as text.
type Attribute struct {
	Key, Value string
}

// Span is one unit of work in a trace.
type Span struct {
	Trace TraceID
	ID    SpanID
	// Parent is zero for a span that nothing caused.
	Parent  SpanID
	Service string
	Name    string
	Kind    Kind
	// Start and End are in the clock of the service's machine.
	Start, End time.Time
	Status     Status
	// Message tells an error to a person.
	Message   string
	HTTP      HTTP
	RPC       RPC
	DB        DB
	Messaging Messaging
	// Peer is what a client asked: the service's name, else "host" or "host:port".
	Peer string
	// Attributes are the first [MaxAttributes], each cut to [MaxValue] bytes, in
	// the order of the source; Cut counts those left out or cut.
	Attributes []Attribute
	Cut        int
}

const (
	// MaxAttributes is the limit that SDKs have by default
	// (OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT).
	MaxAttributes = 128
	// MaxValue holds a long URL or statement; SDKs have no limit by default.
	MaxValue = 4 << 10
)

// Duration is the time from start to end, 0 where these contradict each other.
func (s *Span) Duration() time.Duration { return max(0, s.End.Sub(s.Start)) }

// Failed reports whether the span says that it failed: by its status, by an HTTP
// status from 500 on, or by a code of gRPC other than OK.
func (s *Span) Failed() bool {
	return s.Status == Error || s.HTTP.Status >= 500 || s.RPC.failed()
}

func (r *RPC) failed() bool {
	return r.Status != "" && r.Status != "0" && !strings.EqualFold(r.Status, "OK")
}

// Size is about how many bytes of memory the span takes.
func (s *Span) Size() int {
	const fixed = 560 // unsafe.Sizeof(Span{}), rounded up
	n := fixed + len(s.Service) + len(s.Name) + len(s.Message) + len(s.Peer)
	n += len(s.HTTP.Method) + len(s.HTTP.Route) + len(s.HTTP.Target)
	n += len(s.RPC.System) + len(s.RPC.Service) + len(s.RPC.Method) + len(s.RPC.Status)
	n += len(s.DB.System) + len(s.DB.Operation) + len(s.DB.Collection) + len(s.DB.Statement)
	n += len(s.Messaging.System) + len(s.Messaging.Operation) + len(s.Messaging.Destination)
	for i := range s.Attributes {
		n += 32 + len(s.Attributes[i].Key) + len(s.Attributes[i].Value)
	}
	return n
}

// Source is a stream of spans.
//
// ReadSpan sets sp to the next one, which is the caller's and shares no memory
// that will change. It returns io.EOF at the end. A *capture.RecordError tells of
// one record that could not be read; the stream goes on. Any other error ends the
// stream. A Source is used by one goroutine at a time; canceling ctx makes a
// waiting call return with the context's error.
type Source interface {
	ReadSpan(ctx context.Context, sp *Span) error
}
