package message

import (
	"bytes"
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Encode writes a request to an operation. Its bytes depend on r alone. Where r
// has a target, that is the whole of it, and values for path and query are left
// out. Credentials, Host and Content-Length are for the sender to add. The error
// is a [Problem] and wraps ErrNoForm, ErrField, ErrUndeclared or ErrTooDeep.
func (c *Codec) Encode(op *openapi.Operation, r *contract.Request) (capture.Request, error) {
	return c.encode(op, r, true)
}

// Write is [Codec.Encode] for a request that was proven to have a form on the wire,
// as those of a suite were when they were made: its body is not read again, which
// costs as much as writing it. A value without a form is written as well as it can
// be.
func (c *Codec) Write(op *openapi.Operation, r *contract.Request) (capture.Request, error) {
	return c.encode(op, r, false)
}

func (c *Codec) encode(op *openapi.Operation, r *contract.Request, proves bool) (capture.Request, error) {
	p := c.plan(op)
	w := c.writer()
	defer c.release(w)
	w.proves = proves
	out := capture.Request{Method: op.Method, Target: r.Target, Proto: "HTTP/1.1"}
	if r.Method != "" {
		out.Method = r.Method
	}
	if !isToken(out.Method) {
		return out, Problem{"method", fmt.Errorf("%w: %q is no method", ErrField, out.Method)}
	}
	var err error
	if out.Target == "" {
		if out.Target, err = w.target(p, r); err != nil {
			return out, err
		}
	} else if strings.ContainsFunc(out.Target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return out, Problem{"target", fmt.Errorf("%w: %q has spaces or control characters", ErrField, out.Target)}
	}
	w.buf = w.buf[:0]
	contentType, err := w.body(op, r.Body)
	if err != nil {
		return out, err
	}
	if len(w.buf) > 0 {
		out.Body = bytes.Clone(w.buf)
	}
	out.BodySize = int64(len(out.Body))
	w.buf = w.buf[:0]
	out.Header, err = w.header(p, r.Header, r.Cookie, contentType)
	return out, err
}

// target writes path and query.
func (w *writer) target(p *plan, r *contract.Request) (string, error) {
	if err := w.path(p, r.Path); err != nil {
		return "", err
	}
	mark := len(w.buf)
	err := w.ordered(p.query, "query", r.Query, func(param *param, v any) error {
		sign := byte('&')
		if len(w.buf) == mark {
			sign = '?'
		}
		w.buf = append(w.buf, sign)
		return w.checked(param, v)
	})
	return string(w.buf), err
}

// checked writes a value by its style, and reads it again where the schema leaves
// open what the text stands for.
func (w *writer) checked(p *param, v any) error {
	from := len(w.buf)
	if err := w.styled(p, v); err != nil {
		return err
	}
	if !p.shape.ambiguous() && !p.deep || p.MediaType != "" || p.shape.allow&kindOf(v) == 0 {
		return nil
	}
	r := w.codec.reader(schema.Request)
	back, err := r.again(p, string(w.buf[from:]))
	if err != nil || !r.same(p.shape, v, back) {
		return noForm("it would be read as another value")
	}
	return nil
}

// again reads what was just written for one parameter.
func (r *reader) again(p *param, text string) (any, error) {
	switch {
	case p.In == "path":
		return r.inPath(p, text)
	case !p.apart:
		return r.styled(p, input{values: []string{text}})
	}
	pairs := splitPairs(text, strings.TrimSpace(p.between))
	return r.apart(p, pairs, make([]bool, len(pairs)))
}

// body writes the body and returns its Content-Type.
func (w *writer) body(op *openapi.Operation, b *contract.Body) (contentType string, err error) {
	if b == nil {
		return "", nil
	}
	if b.Raw != nil {
		w.buf = append(w.buf, b.Raw...)
		return b.MediaType, nil
	}
	m := mediaOf(op, b.MediaType)
	contentType, err = w.value(m, concrete(b.MediaType, b.Value), b.Value)
	if err != nil {
		return "", Problem{"body", err}
	}
	return contentType, nil
}

// mediaOf returns what is declared for a media type, or nothing but the type.
func mediaOf(op *openapi.Operation, mediaType string) *openapi.Media {
	if op.Body == nil {
		return &openapi.Media{Type: mediaType}
	}
	for _, m := range op.Body.Media {
		if m.Type == mediaType {
			return m
		}
	}
	if m := Best(op.Body.Media, mediaType); m != nil {
		return m
	}
	return &openapi.Media{Type: mediaType}
}

// value writes a value in a media type. What is written by the schema is read
// again, as these forms leave much open.
func (w *writer) value(m *openapi.Media, contentType string, v any) (string, error) {
	s := w.codec.shape(m.Schema)
	var err error
	switch f := formOf(contentType); f {
	case jsonForm:
		return contentType, w.json(v, 0)
	case linesForm, sequenceForm:
		err = w.lines(v, f)
	case urlForm:
		err = w.form(m, s, v)
	case multipartForm:
		contentType, err = w.multipart(m, s, contentType, v)
	case xmlForm:
		err = w.xml(s, v)
	default:
		return contentType, w.simple(v)
	}
	if err != nil {
		return "", err
	}
	if !w.proves {
		return contentType, nil
	}
	r := w.codec.reader(schema.Request)
	back, err := r.message(m, contentType, w.buf)
	if err != nil || !r.same(s, v, back) {
		return "", noForm("it would be read as another value")
	}
	return contentType, nil
}

// simple writes a text or bytes as they are, and what is neither as JSON.
func (w *writer) simple(v any) error {
	if text, ok := v.(string); ok {
		w.buf = append(w.buf, text...)
		return nil
	}
	return w.json(v, 0)
}
