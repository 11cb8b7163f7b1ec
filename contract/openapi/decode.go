package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// The library decodes each level of a schema by reading what is below it again, so
// that time grows with the product of size and depth. The greatest document that
// is published (13 MB, 1,223 operations) has 258,000 values, 22 deep at most, and
// 2.3 million for the sum of their depths; it takes some seconds and 250 MB. The
// bounds are about ten times as much.
const (
	maxDepth  = 256
	maxWeight = 30_000_000
	maxValues = 2_000_000
	// Text is weighed as a value for each so many bytes of it, as in that document.
	valueSize = 50
)

// tree makes values of what a parser reads: map[string]any, []any, string, bool,
// nil and [json.Number].
type tree struct {
	weight, values int
	// names holds the names of fields once: a document repeats a few thousand.
	names map[string]string
	// plain says that what is alike is made once, and must not be changed.
	plain bool
	// twice are the places of names that an object has twice; the last is taken.
	twice []Place
}

func newTree() *tree { return &tree{names: make(map[string]string)} }

// enter counts a value of that size in bytes at that depth.
func (t *tree) enter(depth, size int) error {
	t.weight += depth * (1 + size/valueSize)
	t.values++
	switch {
	case depth > maxDepth:
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	case t.weight > maxWeight || t.values > maxValues:
		return errors.New("it is too large and too deeply nested to be read")
	}
	return nil
}

func (t *tree) name(s string) string {
	if known, ok := t.names[s]; ok {
		return known
	}
	t.names[s] = s
	return s
}

// isJSON reports whether a file is JSON rather than YAML.
func isJSON(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte{'{'}) }

// decode reads JSON or YAML. An error begins with line and column.
func (t *tree) decode(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if isJSON(data) {
		return t.decodeJSON(data)
	}
	return new(yamlReader).read(t, data)
}

func (t *tree) decodeJSON(data []byte) (any, error) {
	d := newJSONReader(data)
	v, err := t.root(d)
	if err == nil {
		if _, end := d.ReadToken(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more after the end of the document")
		}
	}
	if err == nil {
		return v, nil
	}
	offset := d.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset, err = syntax.ByteOffset, syntax.Err
	}
	line, column := position(data, int(offset))
	return nil, fmt.Errorf("%d:%d: not JSON: %w", line, column, err)
}

func (t *tree) root(d *jsontext.Decoder) (any, error) {
	if !t.plain {
		return t.value(d, 1)
	}
	p := newPool(t)
	id, err := p.value(d, 1)
	return p.values[id], err
}

func newJSONReader(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func (t *tree) value(d *jsontext.Decoder, depth int) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if err := t.enter(depth, 0); err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return t.object(d, depth)
	case '[':
		return t.list(d, depth)
	case '"':
		text := token.String()
		return text, t.enter(depth, len(text))
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func (t *tree) object(d *jsontext.Decoder, depth int) (any, error) {
	m := make(map[string]any)
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.name(token.String())
		if _, ok := m[name]; ok {
			t.twice = append(t.twice, Place("#"+string(d.StackPointer())))
		}
		v, err := t.value(d, depth+1)
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	_, err := d.ReadToken()
	return m, err
}

func (t *tree) list(d *jsontext.Decoder, depth int) (any, error) {
	list := []any{}
	for d.PeekKind() != ']' {
		v, err := t.value(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return list, err
}

// position returns line and column, from 1, of the byte at offset.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	return 1 + bytes.Count(before, []byte{'\n'}), len(before) - bytes.LastIndexByte(before, '\n')
}
