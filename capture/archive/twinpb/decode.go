package twinpb

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
)

// Decoder reads messages of the form Exchange. It reuses the memory of header
// lists from one exchange to the next, and so is for one goroutine.
type Decoder struct {
	lists  [4]capture.Header
	fields int
}

// The lists of an exchange that a [Decoder] reuses.
const (
	requestHeader = iota
	requestTrailer
	responseHeader
	responseTrailer
)

// Exchange fills e from the message in b. What e held is overwritten. Bodies
// are parts of b and header lists belong to d, so e is only good until b
// changes or the next call. Unknown fields are passed over. After an error e
// holds nothing.
func (d *Decoder) Exchange(b []byte, e *capture.Exchange) error {
	last := *e
	*e = capture.Exchange{}
	d.fields = 0
	for i := range d.lists {
		d.lists[i] = d.lists[i][:0]
	}
	if err := d.exchange(b, e, &last); err != nil {
		*e = capture.Exchange{}
		return err
	}
	e.Request.Header, e.Request.Trailer = d.list(requestHeader), d.list(requestTrailer)
	e.Response.Header, e.Response.Trailer = d.list(responseHeader), d.list(responseTrailer)
	return nil
}

func (d *Decoder) list(which int) capture.Header {
	if len(d.lists[which]) == 0 {
		return nil
	}
	return d.lists[which]
}

func (d *Decoder) exchange(b []byte, e, last *capture.Exchange) error {
	s := scanner{rest: b}
	for s.next() {
		var err error
		switch s.key {
		case 1<<3 | length:
			err = decodeID(s.bytes, &e.ID)
		case 2<<3 | length:
			err = d.request(s.bytes, &e.Request, &last.Request)
		case 3<<3 | length:
			err = d.response(s.bytes, &e.Response, &last.Response)
		case 4<<3 | length:
			err = d.context(s.bytes, &e.Context, &last.Context)
		}
		if err != nil {
			return err
		}
	}
	return s.wrap("exchange")
}

func (d *Decoder) request(b []byte, r, last *capture.Request) error {
	s := scanner{rest: b}
	for s.next() {
		switch s.key {
		case 1<<3 | length:
			r.Method = s.text(last.Method)
		case 2<<3 | length:
			r.Target = s.text(last.Target)
		case 3<<3 | length:
			r.Proto = s.text(last.Proto)
		case 4<<3 | length:
			if err := d.message(s.bytes, &r.Message, requestHeader); err != nil {
				return fmt.Errorf("request: %w", err)
			}
		}
	}
	return s.wrap("request")
}

func (d *Decoder) response(b []byte, r, last *capture.Response) error {
	s := scanner{rest: b}
	for s.next() {
		var err error
		switch s.key {
		case 1<<3 | varint:
			r.Status = int(s.varint)
		case 2<<3 | length:
			r.Reason = s.text(last.Reason)
		case 3<<3 | length:
			r.Proto = s.text(last.Proto)
		case 4<<3 | length:
			r.Interim = append(r.Interim, capture.Interim{})
			err = d.interim(s.bytes, &r.Interim[len(r.Interim)-1])
		case 5<<3 | length:
			err = d.message(s.bytes, &r.Message, responseHeader)
		}
		if err != nil {
			return fmt.Errorf("response: %w", err)
		}
	}
	return s.wrap("response")
}

func (d *Decoder) interim(b []byte, i *capture.Interim) error {
	if err := d.count(); err != nil {
		return err
	}
	s := scanner{rest: b}
	for s.next() {
		var err error
		switch s.key {
		case 1<<3 | varint:
			i.Status = int(s.varint)
		case 2<<3 | length:
			i.Header, err = d.field(s.bytes, i.Header)
		case 3<<3 | length:
			i.Time, err = decodeTime(s.bytes)
		}
		if err != nil {
			return fmt.Errorf("interim: %w", err)
		}
	}
	return s.wrap("interim")
}

// message decodes into m; its header goes to the list that is given, its
// trailer to the one after.
func (d *Decoder) message(b []byte, m *capture.Message, header int) error {
	s := scanner{rest: b}
	for s.next() {
		var err error
		switch s.key {
		case 1<<3 | length:
			d.lists[header], err = d.field(s.bytes, d.lists[header])
		case 2<<3 | length:
			d.lists[header+1], err = d.field(s.bytes, d.lists[header+1])
		case 3<<3 | length:
			m.Body = nil
			if n := len(s.bytes); n > 0 {
				m.Body = s.bytes[:n:n]
			}
		case 4<<3 | varint:
			m.BodySize = protowire.DecodeZigZag(s.varint)
		case 5<<3 | length:
			m.Start, err = decodeTime(s.bytes)
		case 6<<3 | length:
			m.End, err = decodeTime(s.bytes)
		case 7<<3 | length:
			m.Incomplete = capture.Incomplete(s.bytes)
		}
		if err != nil {
			return err
		}
	}
	return s.wrap("message")
}

func (d *Decoder) context(b []byte, c, last *capture.Context) error {
	s := scanner{rest: b}
	for s.next() {
		var err error
		switch s.key {
		case 1<<3 | length:
			c.Agent = s.text(last.Agent)
		case 2<<3 | length:
			c.Service = s.text(last.Service)
		case 3<<3 | length:
			c.Caller = s.text(last.Caller)
		case 4<<3 | length:
			c.Client = s.text(last.Client)
		case 5<<3 | length:
			c.Server = s.text(last.Server)
		case 6<<3 | length:
			c.Connection = s.text(last.Connection)
		case 7<<3 | varint:
			c.Index = s.varint
		case 8<<3 | length:
			c.Session = s.text(last.Session)
		case 9<<3 | length:
			c.TraceID = s.text(last.TraceID)
		case 10<<3 | length:
			c.SpanID = s.text(last.SpanID)
		case 11<<3 | length:
			err = decodeID(s.bytes, &c.Recorded)
		case 12<<3 | length:
			err = d.label(s.bytes, c)
		}
		if err != nil {
			return fmt.Errorf("context: %w", err)
		}
	}
	return s.wrap("context")
}

func (d *Decoder) label(b []byte, c *capture.Context) error {
	if err := d.count(); err != nil {
		return err
	}
	var f capture.Field
	if err := pair(b, &f); err != nil {
		return err
	}
	if c.Labels == nil {
		c.Labels = make(map[string]string)
	}
	c.Labels[f.Name] = f.Value
	return nil
}

// field appends the Field in b to h. Where the memory of h still holds the same
// text from an earlier exchange, that is taken instead of a copy: headers repeat
// from one exchange to the next.
func (d *Decoder) field(b []byte, h capture.Header) (capture.Header, error) {
	if err := d.count(); err != nil {
		return h, err
	}
	if len(h) < cap(h) {
		h = h[:len(h)+1]
	} else {
		h = append(h, capture.Field{})
	}
	return h, pair(b, &h[len(h)-1])
}

func (d *Decoder) count() error {
	if d.fields++; d.fields > MaxFields {
		return ErrTooManyFields
	}
	return nil
}

// pair decodes a Field or a Label into f, whose old text is reused where it is
// the same.
func pair(b []byte, f *capture.Field) error {
	last := *f
	*f = capture.Field{}
	s := scanner{rest: b}
	for s.next() {
		switch s.key {
		case 1<<3 | length:
			f.Name = s.text(last.Name)
		case 2<<3 | length:
			f.Value = s.text(last.Value)
		}
	}
	return s.wrap("field")
}

func decodeID(b []byte, id *capture.ID) error {
	if len(b) == 0 {
		*id = capture.ID{}
		return nil
	}
	if len(b) != len(id) {
		return fmt.Errorf("id of %d bytes: want %d", len(b), len(id))
	}
	copy(id[:], b)
	return nil
}

func decodeTime(b []byte) (time.Time, error) {
	var seconds, nanos int64
	s := scanner{rest: b}
	for s.next() {
		switch s.key {
		case 1<<3 | varint:
			seconds = int64(s.varint)
		case 2<<3 | varint:
			nanos = int64(int32(s.varint))
		}
	}
	return time.Unix(seconds, nanos).UTC(), s.wrap("time")
}
