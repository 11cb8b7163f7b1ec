package message

import (
	"strconv"
	"strings"
)

// deep writes a value in the style deepObject: a[b]=c. What is nested, which
// OpenAPI leaves open, is written as is common: a[b][c]=d, lists of scalars by
// repeating a[b], lists of others by index.
func (w *writer) deep(p *param, v any) error {
	if members, ok := v.(map[string]any); ok && len(members) == 0 {
		return noForm("deepObject writes an empty object as nothing")
	}
	if list, ok := v.([]any); ok && len(list) == 0 {
		return noForm("deepObject writes an empty list as nothing")
	}
	w.buf = append(w.buf, p.before...)
	d := deepWriter{writer: w, p: p, start: len(w.buf)}
	return d.value(string(appendEscaped(nil, p.Name, unreserved)), p.shape, v, 0)
}

type deepWriter struct {
	*writer
	p     *param
	start int
}

func (d *deepWriter) value(name string, s *shape, v any, depth int) error {
	if depth > MaxDepth {
		return ErrTooDeep
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return noForm("deepObject writes an empty object as nothing")
		}
		return d.each(v, func(key string, v any) error {
			if key == "" || strings.ContainsAny(key, "[]") {
				return noForm("deepObject cannot tell the name %q from its brackets", key)
			}
			inner := name + "%5B" + string(appendEscaped(nil, key, unreserved)) + "%5D"
			return d.value(inner, d.codec.shape(s.property(key)), v, depth+1)
		})
	case []any:
		return d.list(name, s, v, depth)
	}
	text, err := d.codec.scalar(s, v)
	if err != nil {
		return err
	}
	if len(d.buf) > d.start {
		d.buf = append(d.buf, d.p.between...)
	}
	d.buf = append(append(d.buf, name...), '=')
	d.buf = appendEscaped(d.buf, text, d.p.keep)
	return nil
}

func (d *deepWriter) list(name string, s *shape, items []any, depth int) error {
	if len(items) == 0 {
		return noForm("deepObject writes an empty list as nothing")
	}
	indexed := false
	for _, v := range items {
		indexed = indexed || kindOf(v)&scalars == 0
	}
	for i, v := range items {
		inner := name
		if indexed {
			inner += "%5B" + strconv.Itoa(i) + "%5D"
		}
		if err := d.value(inner, d.codec.shape(s.item(i)), v, depth+1); err != nil {
			return err
		}
	}
	return nil
}
