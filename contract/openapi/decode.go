package openapi

import (
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
	lines *outline
	in    *input
}

func newTree() *tree { return &tree{names: make(map[string]string), lines: newOutline()} }

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

// decode reads JSON or YAML. An error begins with line and column.
func (t *tree) decode(in *input) (any, error) {
	if in.isJSON() {
		return t.decodeJSON(in)
	}
	text, err := io.ReadAll(in.text)
	if err != nil {
		return nil, fmt.Errorf("1:1: %w", err)
	}
	v, err := new(yamlReader).read(t, text)
	t.lines.finish()
	return v, err
}

func (t *tree) decodeJSON(in *input) (any, error) {
	d := jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	t.in = in
	v, err := t.root(d)
	if err == nil {
		if _, end := d.ReadToken(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more after the end of the document")
		}
	}
	if err == nil && in.err == nil {
		t.lines.finish()
		return v, nil
	}
	offset := d.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset, err = syntax.ByteOffset, syntax.Err
	}
	line, column := in.position(int(offset))
	if in.err != nil {
		return nil, fmt.Errorf("%d:%d: %w", line, column, in.err)
	}
	return nil, fmt.Errorf("%d:%d: not JSON: %w", line, column, err)
}

// line returns that of the token that was read last.
func (t *tree) line(d *jsontext.Decoder) int {
	line, _ := t.in.position(int(d.InputOffset()))
	return line
}

func (t *tree) root(d *jsontext.Decoder) (any, error) {
	if !t.plain {
		return t.value(d, 1)
	}
	p := newPool(t)
	id, err := p.value(d, 1)
	return p.values[id], err
}

func (t *tree) value(d *jsontext.Decoder, depth int) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if err := t.enter(depth, 0); err != nil {
		return nil, err
	}
	kind := token.Kind()
	if kind != '{' && kind != '[' {
		t.lines.leaf(t.line(d))
	}
	switch kind {
	case '{':
		t.lines.begin(t.line(d))
		defer t.lines.end()
		return t.object(d, depth)
	case '[':
		t.lines.begin(t.line(d))
		defer t.lines.end()
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
		t.lines.name(name)
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
