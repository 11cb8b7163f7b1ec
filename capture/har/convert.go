package har

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/jsonform"
)

// fromEntry fills e with what the standard fields of h say, as they say it.
func fromEntry(h *entry, e *capture.Exchange) error {
	*e = capture.Exchange{}
	e.Request.Method = h.Request.Method
	e.Request.Target = target(h.Request.URL)
	e.Request.Proto = h.Request.HTTPVersion
	e.Request.Header = header(h.Request.Headers)
	var err error
	if p := h.Request.PostData; p != nil {
		if e.Request.Body, err = body(p.Text, p.Encoding); err != nil {
			return fmt.Errorf("request.postData: %w", err)
		}
	}
	e.Response.Status = int(h.Response.Status)
	e.Response.Reason = h.Response.StatusText
	e.Response.Proto = h.Response.HTTPVersion
	e.Response.Header = header(h.Response.Headers)
	if c := h.Response.Content; c.Text != nil {
		if e.Response.Body, err = body(*c.Text, c.Encoding); err != nil {
			return fmt.Errorf("response.content: %w", err)
		}
	}
	return nil
}

// target returns the origin-form of a URL, undecoded, without its fragment.
func target(url string) string {
	url, _, _ = strings.Cut(url, "#")
	if _, rest, ok := strings.Cut(url, "://"); ok {
		i := strings.IndexAny(rest, "/?")
		if i < 0 {
			return "/"
		}
		url = rest[i:]
	}
	if strings.HasPrefix(url, "?") {
		return "/" + url
	}
	return url
}

func header(fields []field) capture.Header {
	var h capture.Header
	for _, f := range fields {
		h = append(h, capture.Field(f))
	}
	return h
}

func body(text, encoding string) ([]byte, error) {
	switch {
	case text == "":
		return nil, nil
	case strings.EqualFold(encoding, "base64"):
		return base64.StdEncoding.DecodeString(text)
	case encoding != "":
		return nil, fmt.Errorf("encoding %q: want base64 or none", encoding)
	}
	return []byte(text), nil
}

// newExtra returns what is in e and not in derived, which is what the standard
// fields give.
func newExtra(e, derived *capture.Exchange) *extra {
	x := &extra{Exchange: *jsonform.FromExchange(&capture.Exchange{
		ID:       e.ID,
		Request:  capture.Request{Message: rest(&e.Request.Message)},
		Response: capture.Response{Interim: e.Response.Interim, Message: rest(&e.Response.Message)},
		Context:  e.Context,
	})}
	x.Override = override{
		Method:         differs(jsonform.Text(e.Request.Method), jsonform.Text(derived.Request.Method)),
		Target:         differs(jsonform.Text(e.Request.Target), jsonform.Text(derived.Request.Target)),
		RequestProto:   differs(jsonform.Text(e.Request.Proto), jsonform.Text(derived.Request.Proto)),
		RequestHeader:  differentHeader(e.Request.Header, derived.Request.Header),
		RequestBody:    differentBody(e.Request.Body, derived.Request.Body),
		Status:         differs(e.Response.Status, derived.Response.Status),
		Reason:         differs(jsonform.Text(e.Response.Reason), jsonform.Text(derived.Response.Reason)),
		ResponseProto:  differs(jsonform.Text(e.Response.Proto), jsonform.Text(derived.Response.Proto)),
		ResponseHeader: differentHeader(e.Response.Header, derived.Response.Header),
		ResponseBody:   differentBody(e.Response.Body, derived.Response.Body),
	}
	// The form leaves the size out where it is that of the body, here none.
	x.Request.BodySize = differs(e.Request.BodySize, int64(len(e.Request.Body)))
	x.Response.BodySize = differs(e.Response.BodySize, int64(len(e.Response.Body)))
	return x
}

// rest returns what of a message HAR has no field for.
func rest(m *capture.Message) capture.Message {
	return capture.Message{Trailer: m.Trailer, Start: m.Start, End: m.End, Incomplete: m.Incomplete}
}

func differs[T comparable](is, derived T) *T {
	if is == derived {
		return nil
	}
	return &is
}

func differentHeader(is, derived capture.Header) *jsonform.Header {
	if slices.Equal(is, derived) {
		return nil
	}
	h := jsonform.Header(is)
	return &h
}

func differentBody(is, derived []byte) *[]byte {
	if bytes.Equal(is, derived) {
		return nil
	}
	if is == nil {
		is = []byte{} // null would not override
	}
	return &is
}

// apply completes e, which fromEntry filled, with what the standard fields did
// not give.
func (x *extra) apply(e *capture.Exchange) error {
	var r capture.Exchange
	if err := x.Exchange.Into(&r); err != nil {
		return fmt.Errorf("_twinspect: %w", err)
	}
	e.ID, e.Context = r.ID, r.Context
	o := &x.Override
	set(&e.Request.Method, o.Method)
	set(&e.Request.Target, o.Target)
	set(&e.Request.Proto, o.RequestProto)
	set(&e.Response.Reason, o.Reason)
	set(&e.Response.Proto, o.ResponseProto)
	if o.Status != nil {
		e.Response.Status = *o.Status
	}
	e.Response.Interim = r.Response.Interim
	complete(&e.Request.Message, &r.Request.Message, o.RequestHeader, o.RequestBody, x.Request.BodySize)
	complete(&e.Response.Message, &r.Response.Message, o.ResponseHeader, o.ResponseBody, x.Response.BodySize)
	return nil
}

func set(field *string, value *jsonform.Text) {
	if value != nil {
		*field = string(*value)
	}
}

func complete(m, r *capture.Message, header *jsonform.Header, body *[]byte, size *int64) {
	m.Trailer, m.Start, m.End, m.Incomplete = r.Trailer, r.Start, r.End, r.Incomplete
	if header != nil {
		m.Header = capture.Header(*header)
	}
	if body != nil {
		m.Body = *body
	}
	m.BodySize = int64(len(m.Body))
	if size != nil {
		m.BodySize = *size
	}
}
