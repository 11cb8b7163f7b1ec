package jsonform

import (
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"twinspect.dev/capture"
)

// Exchange is the JSON form of [capture.Exchange]. What is empty is left out.
type Exchange struct {
	ID       *capture.ID `json:"id,omitempty"`
	Request  Request     `json:"request,omitzero"`
	Response Response    `json:"response,omitzero"`
	Context  Context     `json:"context,omitzero"`
}

// Request is the JSON form of [capture.Request].
type Request struct {
	Method Text `json:"method,omitempty"`
	Target Text `json:"target,omitempty"`
	Proto  Text `json:"proto,omitempty"`
	Message
}

// Response is the JSON form of [capture.Response].
type Response struct {
	Status  int       `json:"status,omitempty"`
	Reason  Text      `json:"reason,omitempty"`
	Proto   Text      `json:"proto,omitempty"`
	Interim []Interim `json:"interim,omitempty"`
	Message
}

// Interim is the JSON form of [capture.Interim].
type Interim struct {
	Status int    `json:"status,omitempty"`
	Header Header `json:"header,omitempty"`
	Time   Time   `json:"time,omitzero"`
}

// Message is the JSON form of [capture.Message].
type Message struct {
	Header  Header `json:"header,omitempty"`
	Trailer Header `json:"trailer,omitempty"`
	// Body is given where it is text, BodyBase64 otherwise.
	Body       *string `json:"body,omitempty"`
	BodyBase64 *string `json:"body_base64,omitempty"`
	// BodySize is left out where it is the length of the body.
	BodySize   *int64 `json:"body_size,omitempty"`
	Start      Time   `json:"start,omitzero"`
	End        Time   `json:"end,omitzero"`
	Incomplete Text   `json:"incomplete,omitempty"`
}

// Context is the JSON form of [capture.Context].
type Context struct {
	Agent      Text        `json:"agent,omitempty"`
	Service    Text        `json:"service,omitempty"`
	Caller     Text        `json:"caller,omitempty"`
	Client     Text        `json:"client,omitempty"`
	Server     Text        `json:"server,omitempty"`
	Connection Text        `json:"connection,omitempty"`
	Index      uint64      `json:"index,omitempty"`
	Session    Text        `json:"session,omitempty"`
	TraceID    Text        `json:"trace_id,omitempty"`
	SpanID     Text        `json:"span_id,omitempty"`
	Recorded   *capture.ID `json:"recorded,omitempty"`
	Labels     Labels      `json:"labels,omitempty"`
}

// FromExchange returns the JSON form of e; the two share memory.
func FromExchange(e *capture.Exchange) *Exchange {
	x := &Exchange{
		ID: fromID(e.ID),
		Request: Request{
			Method: Text(e.Request.Method), Target: Text(e.Request.Target), Proto: Text(e.Request.Proto),
			Message: FromMessage(&e.Request.Message),
		},
		Response: Response{
			Status: e.Response.Status, Reason: Text(e.Response.Reason), Proto: Text(e.Response.Proto),
			Interim: FromInterim(e.Response.Interim),
			Message: FromMessage(&e.Response.Message),
		},
		Context: FromContext(&e.Context),
	}
	return x
}

// FromMessage returns the JSON form of m.
func FromMessage(m *capture.Message) Message {
	j := Message{
		Header: Header(m.Header), Trailer: Header(m.Trailer),
		Start: Time{m.Start}, End: Time{m.End}, Incomplete: Text(m.Incomplete),
	}
	if len(m.Body) > 0 {
		if IsText(m.Body) {
			s := string(m.Body)
			j.Body = &s
		} else {
			s := base64.StdEncoding.EncodeToString(m.Body)
			j.BodyBase64 = &s
		}
	}
	if m.BodySize != int64(len(m.Body)) {
		size := m.BodySize
		j.BodySize = &size
	}
	return j
}

// FromInterim returns the JSON form of a list of interim answers.
func FromInterim(list []capture.Interim) []Interim {
	var out []Interim
	for _, i := range list {
		out = append(out, Interim{Status: i.Status, Header: Header(i.Header), Time: Time{i.Time}})
	}
	return out
}

// FromContext returns the JSON form of c.
func FromContext(c *capture.Context) Context {
	return Context{
		Agent: Text(c.Agent), Service: Text(c.Service), Caller: Text(c.Caller),
		Client: Text(c.Client), Server: Text(c.Server),
		Connection: Text(c.Connection), Index: c.Index, Session: Text(c.Session),
		TraceID: Text(c.TraceID), SpanID: Text(c.SpanID),
		Recorded: fromID(c.Recorded), Labels: Labels(c.Labels),
	}
}

func fromID(id capture.ID) *capture.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}

// Into fills e, overwriting it.
func (x *Exchange) Into(e *capture.Exchange) error {
	*e = capture.Exchange{
		ID: toID(x.ID),
		Request: capture.Request{
			Method: string(x.Request.Method), Target: string(x.Request.Target), Proto: string(x.Request.Proto),
		},
		Response: capture.Response{
			Status: x.Response.Status, Reason: string(x.Response.Reason), Proto: string(x.Response.Proto),
			Interim: ToInterim(x.Response.Interim),
		},
		Context: x.Context.To(),
	}
	if err := x.Request.Message.Into(&e.Request.Message); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if err := x.Response.Message.Into(&e.Response.Message); err != nil {
		return fmt.Errorf("response: %w", err)
	}
	return nil
}

// Into fills m, overwriting it.
func (j *Message) Into(m *capture.Message) error {
	*m = capture.Message{
		Header: capture.Header(j.Header), Trailer: capture.Header(j.Trailer),
		Start: j.Start.Time, End: j.End.Time, Incomplete: capture.Incomplete(j.Incomplete),
	}
	switch {
	case j.Body != nil && j.BodyBase64 != nil:
		return errors.New(`both "body" and "body_base64"`)
	case j.Body != nil:
		m.Body = []byte(*j.Body)
	case j.BodyBase64 != nil:
		body, err := base64.StdEncoding.DecodeString(*j.BodyBase64)
		if err != nil {
			return fmt.Errorf("body_base64: %w", err)
		}
		m.Body = body
	}
	m.BodySize = int64(len(m.Body))
	if j.BodySize != nil {
		m.BodySize = *j.BodySize
	}
	return nil
}

// ToInterim returns the interim answers of the list.
func ToInterim(list []Interim) []capture.Interim {
	var out []capture.Interim
	for _, i := range list {
		out = append(out, capture.Interim{Status: i.Status, Header: capture.Header(i.Header), Time: i.Time.Time})
	}
	return out
}

// To returns the context.
func (j *Context) To() capture.Context {
	return capture.Context{
		Agent: string(j.Agent), Service: string(j.Service), Caller: string(j.Caller),
		Client: string(j.Client), Server: string(j.Server),
		Connection: string(j.Connection), Index: j.Index, Session: string(j.Session),
		TraceID: string(j.TraceID), SpanID: string(j.SpanID),
		Recorded: toID(j.Recorded), Labels: j.Labels,
	}
}

func toID(id *capture.ID) capture.ID {
	if id == nil {
		return capture.ID{}
	}
	return *id
}

// IsText reports whether a body is written as text: UTF-8 without control
// characters other than tab, line feed and carriage return. Text then takes at
// most twice its size in JSON, and anything else 4/3 as base64.
func IsText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return utf8.Valid(b)
}
