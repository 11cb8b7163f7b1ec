package message

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// json writes a value, the members of objects by their names.
func (w *writer) json(v any, depth int) error {
	if depth > MaxDepth {
		return ErrTooDeep
	}
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case string:
		return w.quote(v)
	case []any:
		return w.jsonList(v, depth)
	case map[string]any:
		return w.jsonObject(v, depth)
	default:
		text, ok := textOf(v)
		if !ok || kindOf(v) == kindNumber && !isNumber(text) {
			return noForm("%.40q of type %T is no value of JSON", fmt.Sprint(v), v)
		}
		w.buf = append(w.buf, text...)
	}
	return nil
}

func (w *writer) jsonList(items []any, depth int) error {
	w.buf = append(w.buf, '[')
	for i, v := range items {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if err := w.json(v, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

func (w *writer) jsonObject(members map[string]any, depth int) error {
	w.buf = append(w.buf, '{')
	start := w.sorted(members)
	for i := start; i < start+len(members); i++ {
		if i > start {
			w.buf = append(w.buf, ',')
		}
		if err := w.quote(w.members[i].name); err != nil {
			return err
		}
		w.buf = append(w.buf, ':')
		if err := w.json(w.members[i].value, depth+1); err != nil {
			return err
		}
	}
	w.members = w.members[:start]
	w.buf = append(w.buf, '}')
	return nil
}

// unescaped holds the bytes that stand for themselves in a string of JSON, but
// for those beyond ASCII, which must be looked at together.
var unescaped = func() *set {
	var s set
	for c := ' '; c < 0x7f; c++ {
		s[c] = c != '"' && c != '\\'
	}
	return &s
}()

// quote writes a string of JSON.
func (w *writer) quote(text string) error {
	for i := range len(text) {
		if !unescaped[text[i]] {
			return w.escape(text)
		}
	}
	w.buf = append(append(append(w.buf, '"'), text...), '"')
	return nil
}

func (w *writer) escape(text string) (err error) {
	if w.buf, err = jsontext.AppendQuote(w.buf, text); err != nil {
		return noForm("%.40q is not UTF-8", text)
	}
	return nil
}

// parseLines reads texts of JSON that are ended by line feeds, or that record
// separators stand before (RFC 7464).
func parseLines(data []byte, separator byte) ([]any, error) {
	items := []any{}
	offset := 0
	for line := range bytes.SplitSeq(data, []byte{separator}) {
		if len(bytes.TrimSpace(line)) > 0 {
			v, err := parseJSON(line)
			if err != nil {
				return nil, fmt.Errorf("the text at byte %d: %w", offset, err)
			}
			items = append(items, v)
		}
		offset += len(line) + 1
	}
	return items, nil
}

// recordSeparator stands before each text of application/json-seq.
const recordSeparator = 0x1e

// lines writes the items of a list, or the one value, as texts of JSON.
func (w *writer) lines(v any, f bodyForm) error {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	for _, item := range items {
		if f == sequenceForm {
			w.buf = append(w.buf, recordSeparator)
		}
		if err := w.json(item, 0); err != nil {
			return err
		}
		w.buf = append(w.buf, '\n')
	}
	return nil
}
