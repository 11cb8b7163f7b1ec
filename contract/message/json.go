package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

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

// parseJSON reads one text of JSON (RFC 8259). Names that are there twice and
// invalid UTF-8 are refused, as readers differ in what they make of them.
func parseJSON(data []byte) (any, error) {
	p := &jsonReader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(data)), left: MaxValues}
	v, err := p.value(0)
	if err != nil {
		return nil, p.explain(err)
	}
	if _, err := p.ReadToken(); err == nil {
		return nil, fmt.Errorf("%w: JSON goes on at byte %d after its end", ErrSyntax, p.InputOffset())
	} else if !errors.Is(err, io.EOF) {
		return nil, p.explain(err)
	}
	return v, nil
}

type jsonReader struct {
	*jsontext.Decoder
	left int // values that may still come
}

// explain tells where in the body an error is.
func (p *jsonReader) explain(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, ErrTooDeep), errors.Is(err, ErrTooMany):
		return fmt.Errorf("%w at byte %d", err, p.InputOffset())
	case errors.As(err, &syntax):
		text := strings.TrimPrefix(syntax.Error(), "jsontext: ")
		if !strings.Contains(text, "offset") {
			text = fmt.Sprintf("%s at byte %d", text, syntax.ByteOffset)
		}
		return fmt.Errorf("%w: not JSON: %s", ErrSyntax, text)
	}
	return fmt.Errorf("%w: JSON ends at byte %d", ErrSyntax, p.InputOffset())
}

func (p *jsonReader) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ErrTooDeep
	}
	if p.left--; p.left < 0 {
		return nil, ErrTooMany
	}
	token, err := p.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case '[':
		return p.list(depth)
	}
	return p.object(depth)
}

func (p *jsonReader) list(depth int) (any, error) {
	items := []any{}
	for p.PeekKind() != ']' {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	_, err := p.ReadToken()
	return items, err
}

func (p *jsonReader) object(depth int) (any, error) {
	members := map[string]any{}
	for p.PeekKind() != '}' {
		name, err := p.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if members[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := p.ReadToken()
	return members, err
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
