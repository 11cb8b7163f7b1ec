package message

import (
	"fmt"
	"unicode/utf8"
)

// xml writes a value as its schema says.
func (w *writer) xml(s *shape, v any) error {
	w.buf = append(w.buf, `<?xml version="1.0" encoding="UTF-8"?>`...)
	root := rootTag(s)
	if items, ok := v.([]any); ok {
		_, item := w.codec.listTags(s, root.local)
		return w.wrapped(root, item, s, items, 0)
	}
	return w.element(root, s, v, 0)
}

// element writes one element and what is in it.
func (w *writer) element(t tag, s *shape, v any, depth int) error {
	if depth > MaxDepth {
		return ErrTooDeep
	}
	switch v := v.(type) {
	case map[string]any:
		return w.xmlObject(t, s, v, depth)
	case []any:
		_, item := w.codec.listTags(s, t.local)
		return w.wrapped(t, item, s, v, depth)
	}
	text, err := w.codec.scalar(s, v)
	if err != nil {
		return fmt.Errorf("%s: %w", t.local, err)
	}
	if err := w.open(t, nil); err != nil {
		return err
	}
	w.buf = append(w.buf, '>')
	if err := w.xmlText(text, false); err != nil {
		return err
	}
	w.close(t)
	return nil
}

// open writes a start tag but for its end. Prefixes are declared in it, those of
// its attributes too.
func (w *writer) open(t tag, attributes []tag) error {
	if !isName(t.local) || t.prefix != "" && !isName(t.prefix) {
		return noForm("%q is no name of an element", t)
	}
	w.buf = append(append(w.buf, '<'), t.String()...)
	declared := make(map[string]bool)
	for i, t := range append([]tag{t}, attributes...) {
		if t.namespace == "" || declared[t.prefix] || i > 0 && t.prefix == "" {
			continue
		}
		declared[t.prefix] = true
		w.buf = append(w.buf, " xmlns"...)
		if t.prefix != "" {
			w.buf = append(append(w.buf, ':'), t.prefix...)
		}
		w.buf = append(w.buf, `="`...)
		if err := w.xmlText(t.namespace, true); err != nil {
			return err
		}
		w.buf = append(w.buf, '"')
	}
	return nil
}

func (w *writer) close(t tag) {
	w.buf = append(append(append(w.buf, "</"...), t.String()...), '>')
}

func (w *writer) xmlObject(t tag, s *shape, members map[string]any, depth int) error {
	var attributes []tag
	for name, v := range members {
		if inner := w.codec.shape(s.property(name)); inner.xml.attribute && kindOf(v)&scalars != 0 {
			attributes = append(attributes, inner.xml.tag(name))
		}
	}
	sortTags(attributes)
	if err := w.open(t, attributes); err != nil {
		return err
	}
	if err := w.each(members, func(name string, v any) error { return w.attribute(s, name, v) }); err != nil {
		return err
	}
	w.buf = append(w.buf, '>')
	if err := w.each(members, func(name string, v any) error { return w.child(s, name, v, depth) }); err != nil {
		return err
	}
	w.close(t)
	return nil
}

// attribute writes a property that is one.
func (w *writer) attribute(s *shape, name string, v any) error {
	inner := w.codec.shape(s.property(name))
	if !inner.xml.attribute || kindOf(v)&scalars == 0 {
		return nil
	}
	text, err := w.codec.scalar(inner, v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t := inner.xml.tag(name)
	if !isName(t.local) {
		return noForm("%q is no name of an attribute", name)
	}
	w.buf = append(append(append(w.buf, ' '), t.String()...), `="`...)
	if err := w.xmlText(text, true); err != nil {
		return err
	}
	w.buf = append(w.buf, '"')
	return nil
}

// child writes a property that is an element, or several.
func (w *writer) child(s *shape, name string, v any, depth int) error {
	inner := w.codec.shape(s.property(name))
	if inner.xml.attribute && kindOf(v)&scalars != 0 {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		return w.element(inner.xml.tag(name), inner, v, depth+1)
	}
	outer, item := w.codec.listTags(inner, name)
	if inner.xml.wrapped {
		return w.wrapped(outer, item, inner, items, depth+1)
	}
	if len(items) == 0 {
		return noForm("%s: an empty list that is not wrapped has no element", name)
	}
	return w.items(item, inner, items, depth+1)
}

// wrapped writes a list within an element of its own.
func (w *writer) wrapped(outer, item tag, s *shape, items []any, depth int) error {
	if depth > MaxDepth {
		return ErrTooDeep
	}
	if err := w.open(outer, nil); err != nil {
		return err
	}
	w.buf = append(w.buf, '>')
	if err := w.items(item, s, items, depth+1); err != nil {
		return err
	}
	w.close(outer)
	return nil
}

func (w *writer) items(item tag, s *shape, items []any, depth int) error {
	for i, v := range items {
		if err := w.element(item, w.codec.shape(s.item(i)), v, depth); err != nil {
			return err
		}
	}
	return nil
}

// xmlText writes a text. A carriage return, and in attributes every line break
// and tab, is written by its number, as readers change them (XML 1.0 sections
// 2.11 and 3.3.3).
func (w *writer) xmlText(text string, attribute bool) error {
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			return noForm("%.40q is not UTF-8", text)
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0xfffe, c == 0xffff:
			return noForm("XML has no character %U", c)
		case c == '\r', attribute && (c == '\n' || c == '\t'):
			w.buf = fmt.Appendf(w.buf, "&#x%X;", c)
		case c == '&':
			w.buf = append(w.buf, "&amp;"...)
		case c == '<':
			w.buf = append(w.buf, "&lt;"...)
		case c == '>':
			w.buf = append(w.buf, "&gt;"...)
		case c == '"' && attribute:
			w.buf = append(w.buf, "&quot;"...)
		default:
			w.buf = append(w.buf, text[i:i+n]...)
		}
		i += n
	}
	return nil
}
