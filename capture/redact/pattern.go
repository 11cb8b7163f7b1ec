package redact

import (
	"fmt"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// maxSegments is how many segments a path may have: one bit each in the set of
// states, and one for the end.
const maxSegments = 63

// pattern is a JSONPath query (RFC 9535) that is matched while the text goes by,
// as a nondeterministic automaton with one state a segment. Bodies may be cut,
// so what asks for a whole document is refused: filters, and positions counted
// from an array's end.
type pattern struct{ segments []*spec.Segment }

func newPattern(text string) (*pattern, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, err
	}
	p := &pattern{segments: path.Query().Segments()}
	if len(p.segments) > maxSegments {
		return nil, fmt.Errorf("jsonpath: %d segments are more than %d", len(p.segments), maxSegments)
	}
	for _, segment := range p.segments {
		for _, selector := range segment.Selectors() {
			if !isStreamed(selector) {
				return nil, fmt.Errorf("jsonpath: %s needs the whole document, but bodies are redacted as they are read, even when cut", selector)
			}
		}
	}
	return p, nil
}

func isStreamed(selector spec.Selector) bool {
	switch s := selector.(type) {
	case spec.Name, spec.WildcardSelector:
		return true
	case spec.Index:
		return s >= 0
	case spec.SliceSelector:
		return s.Start() >= 0 && s.End() >= 0 && s.Step() > 0
	}
	return false
}

// end is the state of a value that the query selects.
func (p *pattern) end() uint64 { return 1 << len(p.segments) }

// advance returns the states for the value that is due at l. State i means that
// the first i segments have selected a value on the way; a descendant segment
// may wait.
func (p *pattern) advance(states uint64, l *level) uint64 {
	var next uint64
	for i, segment := range p.segments {
		if states&(1<<i) == 0 {
			continue
		}
		if segment.IsDescendant() {
			next |= 1 << i
		}
		for _, selector := range segment.Selectors() {
			if selects(selector, l) {
				next |= 1 << (i + 1)
				break
			}
		}
	}
	return next
}

func selects(selector spec.Selector, l *level) bool {
	switch s := selector.(type) {
	case spec.WildcardSelector:
		return true
	case spec.Name:
		return !l.array && l.key != nil && string(s) == string(l.key)
	case spec.Index:
		return l.array && int(s) == l.index
	case spec.SliceSelector:
		return l.array && s.Start() <= l.index && l.index < s.End() && (l.index-s.Start())%s.Step() == 0
	}
	return false
}
