package message

import (
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/contract/openapi"
)

// formParams returns how the properties of a form are written: by the encoding
// that is declared for them, else scalars as they are, lists by repeating the
// name and objects as JSON (OpenAPI 3.1 section 4.8.14.4).
func (c *Codec) formParam(m *openapi.Media, s *shape, name string) *param {
	e := m.Encoding[name]
	declared := &openapi.Parameter{Name: name, In: "query", Style: "form", Explode: true, Schema: s.property(name)}
	p := &param{Parameter: declared, shape: c.shape(declared.Schema)}
	switch {
	case e.ContentType != "" && formOf(first(e.ContentType)) == jsonForm:
		declared.MediaType, p.json = first(e.ContentType), true
	case e.Style != "":
		declared.Style, declared.Explode, declared.AllowReserved = e.Style, e.Explode, e.AllowReserved
		p.deep = e.Style == "deepObject"
	}
	if e.Style == "" || e.Style == "form" && e.Explode {
		p.json = p.json || c.nested(p.shape)
	}
	if p.json && declared.MediaType == "" {
		declared.MediaType = "application/json"
	}
	p.layout = newLayout(declared)
	return p
}

// first returns the first of the media types that an encoding lists.
func first(types string) string {
	t, _, _ := strings.Cut(types, ",")
	return strings.TrimSpace(t)
}

// nested reports whether a property of a form is an object, or a list of other
// things than scalars.
func (c *Codec) nested(s *shape) bool {
	if s.place == "" {
		return false
	}
	if s.allow&scalars != 0 {
		return false
	}
	return s.allow&kindObject != 0 || s.items != "" && c.shape(s.items).allow&scalars == 0
}

// form writes an object as application/x-www-form-urlencoded.
func (w *writer) form(m *openapi.Media, s *shape, v any) error {
	members, ok := v.(map[string]any)
	if !ok {
		return noForm("a form is an object")
	}
	from := len(w.buf)
	return w.each(members, func(name string, v any) error {
		if len(w.buf) > from {
			w.buf = append(w.buf, '&')
		}
		p := w.codec.formParam(m, s, name)
		if k := kindOf(v); p.MediaType == "" && !p.deep && p.shape.place == "" && k == kindObject {
			p.MediaType, p.json = "application/json", true
		}
		if err := w.styled(p, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// urlForm reads a form. The names that the schema does not have are scalars, or
// lists where they are there more than once.
func (r *reader) urlForm(m *openapi.Media, s *shape, text string) (any, error) {
	if s.place == "" {
		s = &shape{allow: kindObject}
	}
	return r.branches(s, func(s *shape) (any, error) {
		pairs := splitPairs(text, "&")
		used := make([]bool, len(pairs))
		members := make(map[string]any)
		for name := range s.properties {
			v, err := r.apart(r.codec.formParam(m, s, name), pairs, used)
			if errors.Is(err, errAbsent) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			members[name] = v
		}
		return members, r.restOf(m, s, pairs, used, members)
	})
}

func (r *reader) restOf(m *openapi.Media, s *shape, pairs []pair, used []bool, members map[string]any) error {
	values := make(map[string]input)
	for i, pair := range pairs {
		if used[i] {
			continue
		}
		name := nameOf(form, pair.name)
		in := values[name]
		in.values = append(in.values, pair.value)
		values[name] = in
	}
	for name, in := range values {
		if _, ok := members[name]; ok {
			return fmt.Errorf("%w: %q is there twice", ErrSyntax, name)
		}
		v, err := r.styled(r.codec.formParam(m, s, name), in)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		members[name] = v
	}
	return nil
}
