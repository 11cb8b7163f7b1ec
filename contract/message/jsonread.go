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

// parseJSON reads one text of JSON (RFC 8259). Names that are there twice and
// invalid UTF-8 are refused, as readers differ in what they make of them.
func parseJSON(data []byte) (any, error) {
	if v, ok := scanJSON(data); ok {
		return v, nil
	}
	return explainJSON(data)
}

// explainJSON reads a text of JSON that was refused, and tells where it breaks the
// grammar. What it takes none the less is a value.
func explainJSON(data []byte) (any, error) {
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
