package message

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

// field reports what keeps a text from being the value of a header field (RFC
// 9110 section 5.5): control characters, and spaces at its ends, which a reader
// takes away.
func field(text string) error {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("%w: it has the control character %#02x at byte %d", ErrField, c, i)
		}
	}
	if text != strings.Trim(text, " \t") {
		return noForm("spaces at the ends of a header field are taken away")
	}
	return nil
}

func onlyField(text string) bool { return field(text) == nil }

// isToken reports whether s can be a method or the name of a field (RFC 9110
// section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !unreserved[c] && strings.IndexByte("!#$%&'*+^`|", c) < 0 {
			return false
		}
	}
	return s != ""
}

// header writes the fields: Accept, the declared ones in the order of the
// document, others by their names, the cookies, the Content-Type.
func (w *writer) header(p *plan, values, cookies map[string]any, contentType string) (capture.Header, error) {
	h := make(capture.Header, 0, len(values)+3)
	accept, typed := overrides(values)
	if !accept {
		h = append(h, capture.Field{Name: "Accept", Value: p.accept})
	}
	h, err := w.fields(p, h, values)
	if err != nil {
		return nil, err
	}
	if len(cookies) > 0 {
		if h, err = w.cookies(p, h, cookies); err != nil {
			return nil, err
		}
	}
	if contentType != "" && !typed {
		if err := field(contentType); err != nil {
			return nil, Problem{"header Content-Type", err}
		}
		h = append(h, capture.Field{Name: "Content-Type", Value: contentType})
	}
	return h, nil
}

// overrides reports which of the fields that are made here have values already.
func overrides(values map[string]any) (accept, contentType bool) {
	for name := range values {
		accept = accept || strings.EqualFold(name, "Accept")
		contentType = contentType || strings.EqualFold(name, "Content-Type")
	}
	return accept, contentType
}

func (w *writer) fields(p *plan, h capture.Header, values map[string]any) (capture.Header, error) {
	err := w.ordered(p.header, "header", values, func(param *param, v any) error {
		if !isToken(param.Name) {
			return fmt.Errorf("%w: %q is no name of one", ErrField, param.Name)
		}
		from := len(w.buf)
		if err := w.checked(param, v); err != nil {
			return err
		}
		if err := field(string(w.buf[from:])); err != nil {
			return err
		}
		h = append(h, capture.Field{Name: param.Name, Value: string(w.buf[from:])})
		w.buf = w.buf[:from]
		return nil
	})
	return h, err
}

func (w *writer) cookies(p *plan, h capture.Header, values map[string]any) (capture.Header, error) {
	from := len(w.buf)
	err := w.ordered(p.cookie, "cookie", values, func(param *param, v any) error {
		if len(w.buf) > from {
			w.buf = append(w.buf, "; "...)
		}
		return w.checked(param, v)
	})
	h = append(h, capture.Field{Name: "Cookie", Value: string(w.buf[from:])})
	w.buf = w.buf[:from]
	return h, err
}

// ordered calls write for the declared values in the order of the document, then
// for the others by their names.
func (w *writer) ordered(params []*param, in string, values map[string]any, write func(*param, any) error) error {
	left := len(values)
	for _, p := range params {
		v, ok := lookup(values, in, p.Name)
		if !ok {
			continue
		}
		left--
		if err := write(p, v); err != nil {
			return Problem{contract.At(in, p.Name), err}
		}
	}
	if left == 0 {
		return nil
	}
	return w.each(values, func(name string, v any) error {
		if declares(params, in, name) {
			return nil
		}
		if err := write(undeclared(in, name), v); err != nil {
			return Problem{contract.At(in, name), err}
		}
		return nil
	})
}

// lookup finds a value; names of header fields are compared without case.
func lookup(values map[string]any, in, name string) (any, bool) {
	v, ok := values[name]
	if ok || in != "header" {
		return v, ok
	}
	for other, v := range values {
		if strings.EqualFold(other, name) {
			return v, true
		}
	}
	return nil, false
}

func declares(params []*param, in, name string) bool {
	for _, p := range params {
		if p.Name == name || in == "header" && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}
