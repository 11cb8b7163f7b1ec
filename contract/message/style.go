package message

import (
	"fmt"
	"reflect"
	"strings"

	"twinspect.dev/contract/schema"
)

// noForm returns ErrNoForm with the reason.
func noForm(why string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNoForm, fmt.Sprintf(why, args...))
}

// styled writes a value by its parameter's style, the names in it where the
// style has them.
func (w *writer) styled(p *param, v any) error {
	if p.MediaType != "" {
		return w.content(p, v)
	}
	if p.deep {
		return w.deep(p, v)
	}
	switch v := v.(type) {
	case []any:
		return w.list(p, v)
	case map[string]any:
		return w.object(p, v)
	}
	w.buf = append(w.buf, p.before...)
	return w.named(p, p.Name, p.shape, v, p.keep)
}

// named writes one scalar, its name before it where the style has one.
func (w *writer) named(p *param, name string, s *shape, v any, keep *set) error {
	text, err := w.codec.scalar(s, v)
	if err != nil {
		return err
	}
	if p.named {
		w.buf = appendEscaped(w.buf, name, unreserved)
		if text != "" || !p.bare {
			w.buf = append(w.buf, '=')
		}
	}
	return w.text(p, text, keep)
}

// text writes one text; in a header field it must be one that can stand there.
func (w *writer) text(p *param, text string, keep *set) error {
	if p.In == "header" {
		if err := field(text); err != nil {
			return err
		}
	}
	if p.In == "cookie" && p.coded == plain && strings.ContainsFunc(text, notInCookie) {
		return noForm("%q cannot be in a cookie without being encoded (RFC 6265 section 4.1.1)", text)
	}
	w.buf = appendEscaped(w.buf, text, keep)
	return nil
}

func notInCookie(c rune) bool {
	return c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\'
}

// part writes one scalar of a list or object that is not exploded, or that has no
// names.
func (w *writer) part(p *param, s *shape, v any) error {
	text, err := w.codec.scalar(s, v)
	if err != nil {
		return err
	}
	if err := w.separable(p, text); err != nil {
		return err
	}
	return w.text(p, text, p.item)
}

// separable reports that a text of a list could not be told from its separators.
func (w *writer) separable(p *param, text string) error {
	switch {
	case p.In == "header" && strings.Contains(text, ","):
		return noForm("%q has the comma that separates the parts of a list", text)
	case p.inner != "," && !p.Explode && strings.Contains(text, p.separator()):
		return noForm("%q has the character that separates the parts of a list", text)
	}
	return nil
}

func (w *writer) list(p *param, items []any) error {
	if len(items) == 0 {
		return noForm("the style %s writes an empty list as nothing", p.Style)
	}
	w.buf = append(w.buf, p.before...)
	if p.Explode && p.named {
		for i, v := range items {
			if i > 0 {
				w.buf = append(w.buf, p.between...)
			}
			if err := w.named(p, p.Name, w.codec.shape(p.shape.item(i)), v, p.keep); err != nil {
				return err
			}
		}
		return nil
	}
	w.name(p)
	between := p.inner
	if p.Explode {
		between = p.between
	}
	for i, v := range items {
		if i > 0 {
			w.buf = append(w.buf, between...)
		}
		if err := w.part(p, w.codec.shape(p.shape.item(i)), v); err != nil {
			return err
		}
	}
	return nil
}

// name writes the name before a value that is not exploded.
func (w *writer) name(p *param) {
	if p.named {
		w.buf = append(appendEscaped(w.buf, p.Name, unreserved), '=')
	}
}

func (w *writer) object(p *param, members map[string]any) error {
	if len(members) == 0 {
		return noForm("the style %s writes an empty object as nothing", p.Style)
	}
	w.buf = append(w.buf, p.before...)
	if !p.Explode {
		w.name(p)
	}
	first := true
	return w.each(members, func(name string, v any) error {
		if !first && p.Explode {
			w.buf = append(w.buf, p.between...)
		} else if !first {
			w.buf = append(w.buf, p.inner...)
		}
		first = false
		return w.member(p, name, v)
	})
}

// member writes one property of an object.
func (w *writer) member(p *param, name string, v any) error {
	s := w.codec.shape(p.shape.property(name))
	if p.Explode && p.apart && p.others != nil && !p.claims(name) {
		return noForm("%q would not be read as a property of %s", name, p.Name)
	}
	if p.Explode && p.named {
		return w.named(p, name, s, v, p.keep)
	}
	if err := w.separable(p, name); err != nil {
		return err
	}
	if p.Explode && p.In == "header" && strings.Contains(name, "=") {
		return noForm("the name %q has the sign that separates it from its value", name)
	}
	if err := w.text(p, name, p.item); err != nil {
		return err
	}
	if p.Explode {
		w.buf = append(w.buf, '=')
	} else {
		w.buf = append(w.buf, p.inner...)
	}
	return w.part(p, s, v)
}

// content writes a value in the media type that the parameter declares for it
// (OpenAPI 3.1 section 4.8.12.2, content).
func (w *writer) content(p *param, v any) error {
	text, ok := v.(string)
	if p.json || !ok {
		inner := w.codec.writer()
		defer w.codec.release(inner)
		if err := inner.json(v, 0); err != nil {
			return err
		}
		text = string(inner.buf)
	}
	w.buf = append(w.buf, p.before...)
	w.name(p)
	return w.text(p, text, p.keep)
}

// scalar returns the text of a scalar. A value that its schema has, and whose
// text would be read as another one, has no form.
func (c *Codec) scalar(s *shape, v any) (string, error) {
	text, ok := textOf(v)
	if !ok {
		return "", noForm("a value within a list or an object is not written in this style")
	}
	kind := kindOf(v)
	if s.place == "" || s.allow&kind == 0 || s.allow&scalars == kind && kind != kindNull {
		return text, nil
	}
	if back := c.reader(schema.Request).scalar(s, text); kindOf(back) != kind {
		return "", noForm("%q would be read as another type than %s", text, typeName(kind))
	}
	return text, nil
}

func typeName(k kinds) string {
	switch k {
	case kindNull:
		return "null"
	case kindBool:
		return "boolean"
	case kindNumber:
		return "number"
	}
	return "string"
}

// same reports whether a value that was read back is the one that was written.
// Scalars of a value that is not valid may have become others: such a value is
// written as it is.
func (r *reader) same(s *shape, v, back any) bool {
	return reflect.DeepEqual(v, back) || alike(v, back) && s.place != "" && !r.valid(s, v)
}
