// Package jsontree reads JSON into trees of map[string]any, []any, string, bool, nil
// and json.Number, within bounds.
package jsontree

import (
	"encoding/json"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	// ErrTooDeep: a value is nested deeper than [Reader.Depth].
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooMany: there are more values than [Reader.Values].
	ErrTooMany = errors.New("too many values")
)

// Reader reads values off a decoder, whose errors it returns as they are.
type Reader struct {
	*jsontext.Decoder
	// Depth bounds how deep values nest, Values how many may still come.
	Depth, Values int
}

// Value reads the next value.
func (r *Reader) Value() (any, error) { return r.value(0) }

func (r *Reader) value(depth int) (any, error) {
	if depth > r.Depth {
		return nil, ErrTooDeep
	}
	if r.Values--; r.Values < 0 {
		return nil, ErrTooMany
	}
	token, err := r.ReadToken()
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
		return r.list(depth)
	}
	return r.object(depth)
}

func (r *Reader) list(depth int) (any, error) {
	items := []any{}
	for r.PeekKind() != ']' {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	_, err := r.ReadToken()
	return items, err
}

func (r *Reader) object(depth int) (any, error) {
	members := map[string]any{}
	for r.PeekKind() != '}' {
		name, err := r.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if members[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.ReadToken()
	return members, err
}
