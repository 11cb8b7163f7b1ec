package redact

import (
	"fmt"

	"twinspect.dev/capture/jsonquery"
)

// newPattern reads a JSONPath query that is matched while the text goes by.
// Bodies may be cut, so what asks for a whole document is refused: filters, and
// positions counted from an array's end.
func newPattern(text string) (*jsonquery.Query, error) {
	q, err := jsonquery.Parse(text)
	if err != nil {
		return nil, err
	}
	if selector := q.Located(); selector != nil {
		return nil, fmt.Errorf("jsonpath: %s needs the whole document, but bodies are redacted as they are read, even when cut", selector)
	}
	return q, nil
}

// step leads to the value that is due.
func (l *level) step() jsonquery.Step[[]byte] {
	at := jsonquery.Step[[]byte]{Name: l.key, Index: jsonquery.Member}
	switch {
	case l.array:
		at.Index = l.index
	case l.key == nil:
		at.Index = jsonquery.Unnamed
	}
	return at
}
