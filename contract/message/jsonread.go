package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/contract/jsontree"
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
	p := &jsonReader{jsontree.Reader{Decoder: jsontext.NewDecoder(bytes.NewBuffer(data)), Depth: MaxDepth, Values: MaxValues}}
	v, err := p.Value()
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

type jsonReader struct{ jsontree.Reader }

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
