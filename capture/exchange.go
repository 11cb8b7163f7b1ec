package capture

import (
	"maps"
	"slices"
	"time"
)

// Exchange is one HTTP request and its response, as they were on the wire.
//
// Either half may be missing: its Incomplete then says [Unseen].
type Exchange struct {
	// ID identifies the exchange; a record delivered twice has the same one.
	ID       ID
	Request  Request
	Response Response
	Context  Context
}

// Request is the request half of an [Exchange].
type Request struct {
	Method string
	// Target is the request-target as it was sent, undecoded (RFC 9112 section
	// 3.2). For HTTP/2 it is the :path pseudo-header.
	Target string
	// Proto is the protocol of the wire: "HTTP/0.9", "HTTP/1.0", "HTTP/1.1" or
	// "HTTP/2.0".
	Proto string
	Message
}

// Response is the response half of an [Exchange].
type Response struct {
	// Status is the final status code, 0 where none was seen.
	Status int
	// Reason is the reason phrase, empty for HTTP/2.
	Reason string
	Proto  string
	// Interim holds the 1xx answers that came before the final one (RFC 9110
	// section 15.2). A 101 is final, not interim, but for an upgrade to HTTP/2,
	// which answers the same request once more (RFC 7540 section 3.2).
	Interim []Interim
	Message
}

// Interim is one 1xx answer.
type Interim struct {
	Status int
	Header Header
	Time   time.Time
}

// Message is what a request and a response have in common.
type Message struct {
	Header  Header
	Trailer Header
	// Body holds the bytes after transfer-decoding and before
	// content-decoding: chunked framing is undone, gzip is not.
	Body []byte
	// BodySize is the length in bytes that the body had on the wire after
	// transfer-decoding. It is len(Body) unless Incomplete says that a part of
	// the body is missing, and -1 where that part's length is not known.
	BodySize int64
	// Start is when the first byte of the message was seen, End the last.
	Start, End time.Time
	// Incomplete says why a part of the message is missing; it is empty for a
	// whole message.
	Incomplete Incomplete
}

// Incomplete is the reason why a message is not whole.
type Incomplete string

// The reasons for an incomplete message.
const (
	// Unseen: nothing of this half was captured.
	Unseen Incomplete = "unseen"
	// Gap: bytes inside the message were not captured.
	Gap Incomplete = "gap"
	// MidConnection: the capture began inside the message.
	MidConnection Incomplete = "mid-connection"
	// SnapLength: the capture cut the packets short.
	SnapLength Incomplete = "snap-length"
	// Reset: the connection was reset before the message ended.
	Reset Incomplete = "reset"
	// Closed: the sender closed the connection before the message ended.
	Closed Incomplete = "closed"
	// EndOfCapture: the capture ended before the message did.
	EndOfCapture Incomplete = "end-of-capture"
	// BodyLimit: the body is longer than the recorder keeps.
	BodyLimit Incomplete = "body-limit"
	// Evicted: the recorder gave the connection up to stay within its memory.
	Evicted Incomplete = "evicted"
	// AmbiguousFraming: where the message ends is disputed between recipients
	// (RFC 9112 section 6.3), so it is not guessed.
	AmbiguousFraming Incomplete = "ambiguous-framing"
	// Malformed: the bytes break the grammar of the protocol.
	Malformed Incomplete = "malformed"
	// Timeout: the answer did not come in time.
	Timeout Incomplete = "timeout"
	// Withheld: the body was left out because it could not be read to be
	// redacted: its content coding or character set is unknown, broken, or it
	// decodes to more than is bounded. BodySize still tells its length.
	Withheld Incomplete = "withheld"
	// Refused: there was no connection to send the request on.
	Refused Incomplete = "refused"
)

// Context says where an exchange was seen and what it belongs to.
type Context struct {
	// Agent names the recorder.
	Agent string
	// Service is the recorded service, Caller the one that called it.
	Service, Caller string
	// Client and Server are the ends of the connection, as "host:port".
	Client, Server string
	// Connection names the connection within the agent; Index is the position
	// of the exchange in it, from 0.
	Connection string
	Index      uint64
	// Session is the key under which order is kept on replay; where it is
	// empty, the connection is the session.
	Session string
	// TraceID and SpanID are what [TraceOf] reads from the request, in
	// lower-case hexadecimal.
	TraceID, SpanID string
	// Recorded is set on what a replay got back: the ID of the recorded
	// exchange that was sent again. It is zero on a recording.
	Recorded ID
	// Labels are free: cluster, namespace, pod, version, lane.
	Labels map[string]string
}

// SessionKey returns the key under which the order of exchanges is kept: the
// session, else the connection, else the exchange's own identity.
func (e *Exchange) SessionKey() string {
	switch {
	case e.Context.Session != "":
		return e.Context.Session
	case e.Context.Connection != "":
		return e.Context.Connection
	}
	return e.ID.String()
}

// Complete reports whether both halves were seen whole.
func (e *Exchange) Complete() bool {
	return e.Request.Incomplete == "" && e.Response.Incomplete == ""
}

// Reset empties e and keeps nothing of what it held.
func (e *Exchange) Reset() { *e = Exchange{} }

// Clone returns a copy that shares no memory with e.
func (e *Exchange) Clone() *Exchange {
	c := *e
	c.Request.Message = e.Request.Message.clone()
	c.Response.Message = e.Response.Message.clone()
	c.Response.Interim = slices.Clone(e.Response.Interim)
	for i := range c.Response.Interim {
		c.Response.Interim[i].Header = slices.Clone(c.Response.Interim[i].Header)
	}
	c.Context.Labels = maps.Clone(e.Context.Labels)
	return &c
}

func (m Message) clone() Message {
	m.Header = slices.Clone(m.Header)
	m.Trailer = slices.Clone(m.Trailer)
	m.Body = slices.Clone(m.Body)
	return m
}
