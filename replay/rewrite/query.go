package rewrite

import (
	"fmt"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// maxSegments is how many segments a path may have: one bit each in the set of
// states, and one for the end.
const maxSegments = 63

// query is a JSONPath query (RFC 9535) that is matched while a body is read. It
// is run as a nondeterministic automaton, one state a segment, so that the time
// is bounded by the lengths of the two and the memory by the body's depth,
// whatever the number of "..".
type query struct {
	segments []*spec.Segment
	// located says that the decoded document itself is needed: for filters, and
	// for positions counted from an array's end.
	located bool
}

func newQuery(text string) (*query, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "jsonpath: "))
	}
	q := &query{segments: path.Query().Segments()}
	if len(q.segments) > maxSegments {
		return nil, fmt.Errorf("%d segments are more than %d", len(q.segments), maxSegments)
	}
	for _, segment := range q.segments {
		for _, selector := range segment.Selectors() {
			q.located = q.located || isLocated(selector)
		}
	}
	return q, nil
}

func (q *query) end() uint64 { return 1 << len(q.segments) }

func isLocated(selector spec.Selector) bool {
	switch s := selector.(type) {
	case spec.Name, spec.WildcardSelector:
		return false
	case spec.Index:
		return s < 0
	case spec.SliceSelector:
		return s.Start() < 0 || s.End() < 0 || s.Step() < 0
	}
	return true
}

// step leads from a value to one that it holds.
type step struct {
	name  []byte // of a member
	index int    // of an element; -1 for a member
	// parent, node and root are decoded where a query is located, else nil.
	parent, node, root any
}

// advance returns the states after one more step. State i means that the first
// i segments have selected a value on the way; a descendant segment may wait.
func (q *query) advance(states uint64, at *step) uint64 {
	var next uint64
	for i, segment := range q.segments {
		if states>>i == 0 {
			break
		}
		if states&(1<<i) == 0 {
			continue
		}
		if segment.IsDescendant() {
			next |= 1 << i
		}
		for _, selector := range segment.Selectors() {
			if at.selected(selector) {
				next |= 1 << (i + 1)
				break
			}
		}
	}
	return next
}

// selected reports whether the selector selects the value that the step leads to.
func (at *step) selected(selector spec.Selector) bool {
	switch s := selector.(type) {
	case spec.WildcardSelector:
		return true
	case spec.Name:
		return at.index < 0 && string(s) == string(at.name)
	case spec.Index:
		return at.index >= 0 && at.index == at.fromStart(int(s))
	case spec.SliceSelector:
		return at.index >= 0 && at.inSlice(s)
	case *spec.FilterSelector:
		return at.parent != nil && s.Eval(at.node, at.root)
	}
	return false
}

// fromStart returns the index counted from the array's start.
func (at *step) fromStart(i int) int {
	if i >= 0 {
		return i
	}
	parent, ok := at.parent.([]any)
	if !ok {
		return -1
	}
	return len(parent) + i
}

// inSlice reports whether the slice selects the index (RFC 9535 section 2.3.4.2).
func (at *step) inSlice(s spec.SliceSelector) bool {
	i, by := at.index, s.Step()
	if !isLocated(s) {
		return s.Start() <= i && i < s.End() && by > 0 && (i-s.Start())%by == 0
	}
	parent, ok := at.parent.([]any)
	if !ok {
		return false
	}
	lower, upper := s.Bounds(len(parent))
	switch {
	case by > 0:
		return lower <= i && i < upper && (i-lower)%by == 0
	case by < 0:
		return lower < i && i <= upper && (upper-i)%-by == 0
	}
	return false
}

// child returns the decoded value below parent, nil where there is none.
func child(parent any, name []byte, index int) any {
	switch parent := parent.(type) {
	case map[string]any:
		if index < 0 {
			return parent[string(name)]
		}
	case []any:
		if index >= 0 && index < len(parent) {
			return parent[index]
		}
	}
	return nil
}
