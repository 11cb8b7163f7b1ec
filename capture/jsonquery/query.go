// Package jsonquery matches JSONPath queries (RFC 9535) against values one step
// after the other, while a document is read or along a path into it.
package jsonquery

import (
	"fmt"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// MaxSegments is how many segments a query may have: one bit each in the set of
// states, and one for the end.
const MaxSegments = 63

// Start is the states at the root of a document.
const Start uint64 = 1

// Query is run as a nondeterministic automaton, one state a segment, so that the
// time is bounded by the lengths of query and path, whatever the number of "..".
// State i means that the first i segments have selected a value on the way; a
// descendant segment may wait. A Query is for concurrent use.
type Query struct {
	segments []*spec.Segment
	located  spec.Selector
}

// Parse reads a query.
func Parse(text string) (*Query, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, err
	}
	q := &Query{segments: path.Query().Segments()}
	if len(q.segments) > MaxSegments {
		return nil, fmt.Errorf("jsonpath: %d segments are more than %d", len(q.segments), MaxSegments)
	}
	for _, segment := range q.segments {
		for _, selector := range segment.Selectors() {
			if q.located == nil && isLocated(selector) {
				q.located = selector
			}
		}
	}
	return q, nil
}

// Located returns the first selector that needs the decoded document itself, nil
// where none does: a filter, or a position counted from an array's end.
func (q *Query) Located() fmt.Stringer {
	if q.located == nil {
		return nil
	}
	return q.located
}

// End is the state of a value that the query selects.
func (q *Query) End() uint64 { return 1 << len(q.segments) }

// IsRoot reports whether the query selects the root, and nothing else.
func (q *Query) IsRoot() bool { return len(q.segments) == 0 }

func isLocated(selector spec.Selector) bool {
	switch s := selector.(type) {
	case spec.Name, spec.WildcardSelector:
		return false
	case spec.Index:
		return s < 0
	case spec.SliceSelector:
		return s.Start() < 0 || s.End() < 0 || s.Step() <= 0
	}
	return true
}
