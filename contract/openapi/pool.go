package openapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// pool makes values of JSON, each once: a large document says the same again and
// again, and nine in ten of its objects are like another one. A value has a number;
// an object is known by the numbers of its names and values in their order, so that
// a known one is found without being made.
type pool struct {
	*tree
	values []any
	texts  map[string]int
	known  map[string]int // lists and objects
	// parts are the numbers of what the lists and objects hold that are being read.
	parts   []int
	scratch []byte
}

// The numbers of the values that have no text.
const (
	pooledNull = iota
	pooledFalse
	pooledTrue
)

func newPool(t *tree) *pool {
	return &pool{
		tree: t, values: []any{nil, false, true},
		texts: make(map[string]int), known: make(map[string]int),
	}
}

func (p *pool) add(v any) int {
	p.values = append(p.values, v)
	return len(p.values) - 1
}

func (p *pool) value(d *jsontext.Decoder, depth int) (int, error) {
	switch d.PeekKind() {
	case '{', '[':
		if err := p.enter(depth, 0); err != nil {
			return 0, err
		}
		return p.container(d, depth)
	case '"':
		id, size, err := p.text(d)
		if err != nil {
			return 0, err
		}
		p.lines.leaf(p.line(d))
		return id, p.enter(depth, size)
	}
	token, err := d.ReadToken()
	if err != nil {
		return 0, err
	}
	p.lines.leaf(p.line(d))
	if err := p.enter(depth, 0); err != nil {
		return 0, err
	}
	switch token.Kind() {
	case '0':
		return p.number(token.String()), nil
	case 't':
		return pooledTrue, nil
	case 'f':
		return pooledFalse, nil
	}
	return pooledNull, nil
}

// number keeps numbers among the texts, under what no text of JSON is in its quotes.
func (p *pool) number(s string) int {
	key := "\x00" + s
	id, ok := p.texts[key]
	if !ok {
		id = p.add(json.Number(s))
		p.texts[key] = id
	}
	return id
}

// text reads a string or a name, and tells its size.
func (p *pool) text(d *jsontext.Decoder) (id, size int, err error) {
	raw, err := d.ReadValue()
	if err != nil {
		return 0, 0, err
	}
	plain := raw[1 : len(raw)-1]
	if bytes.IndexByte(plain, '\\') >= 0 || !utf8.Valid(plain) {
		p.scratch, _ = jsontext.AppendUnquote(p.scratch[:0], raw) // what is no UTF-8 is replaced
		plain = p.scratch
	}
	if id, ok := p.texts[string(plain)]; ok && (len(plain) == 0 || plain[0] != 0) {
		return id, len(plain), nil
	}
	s := string(plain)
	id = p.add(s)
	if s == "" || s[0] != 0 {
		p.texts[s] = id
	}
	return id, len(s), nil
}

// container reads a list or an object.
func (p *pool) container(d *jsontext.Decoder, depth int) (int, error) {
	open, err := d.ReadToken()
	if err != nil {
		return 0, err
	}
	begin, isObject := len(p.parts), open.Kind() == '{'
	p.lines.begin(p.line(d))
	end := jsontext.Kind(']')
	if isObject {
		end = '}'
	}
	for d.PeekKind() != end {
		if isObject {
			name, _, err := p.text(d)
			if err != nil {
				return 0, err
			}
			p.parts = append(p.parts, name)
			p.lines.name(p.values[name].(string)) // by text
		}
		id, err := p.value(d, depth+1)
		if err != nil {
			return 0, err
		}
		p.parts = append(p.parts, id)
	}
	if _, err := d.ReadToken(); err != nil {
		return 0, err
	}
	p.lines.end()
	id := p.make(d, begin, isObject)
	p.parts = p.parts[:begin]
	return id, nil
}

// make returns the list or object of the parts from begin on. One that has a name
// twice is made anew each time, so that it is told each time.
func (p *pool) make(d *jsontext.Decoder, begin int, isObject bool) int {
	parts := p.parts[begin:]
	kind := byte('[')
	if isObject {
		kind = '{'
	}
	p.scratch = append(p.scratch[:0], kind)
	for _, id := range parts {
		p.scratch = binary.AppendUvarint(p.scratch, uint64(id))
	}
	if id, ok := p.known[string(p.scratch)]; ok {
		return id
	}
	if !isObject {
		list := make([]any, len(parts))
		for i, id := range parts {
			list[i] = p.values[id]
		}
		return p.keep(list)
	}
	m := make(map[string]any, len(parts)/2)
	for i := 0; i < len(parts); i += 2 {
		name := p.values[parts[i]].(string) // by text
		if _, ok := m[name]; ok {
			p.twice = append(p.twice, Place("#"+string(d.StackPointer())).Join(name))
		}
		m[name] = p.values[parts[i+1]]
	}
	if len(m) < len(parts)/2 {
		return p.add(m)
	}
	return p.keep(m)
}

func (p *pool) keep(v any) int {
	id := p.add(v)
	p.known[string(p.scratch)] = id
	return id
}
