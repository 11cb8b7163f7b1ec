package jsonquery

import "github.com/theory/jsonpath/spec"

// What Step.Index is where the value is no element of an array.
const (
	Member  = -1 // of an object
	Unnamed = -2 // the same, and its name is not known
)

// Step leads from a value to one that it holds.
type Step[N ~string | ~[]byte] struct {
	Name  N   // of a member
	Index int // of an element, else Member or Unnamed
	// Parent and Node are the values decoded, Root the document. They are nil
	// where the query is not located, or the step leads to nothing.
	Parent, Node, Root any
}

// Advance returns the states after one more step.
func (at *Step[N]) Advance(q *Query, states uint64) uint64 {
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
func (at *Step[N]) selected(selector spec.Selector) bool {
	switch s := selector.(type) {
	case spec.WildcardSelector:
		return true
	case spec.Name:
		return at.Index == Member && string(s) == string(at.Name)
	case spec.Index:
		return at.Index >= 0 && at.Index == at.fromStart(int(s))
	case spec.SliceSelector:
		return at.Index >= 0 && at.inSlice(s)
	case *spec.FilterSelector:
		return at.Parent != nil && s.Eval(at.Node, at.Root)
	}
	return false
}

// fromStart returns the index counted from the array's start.
func (at *Step[N]) fromStart(i int) int {
	if i >= 0 {
		return i
	}
	parent, ok := at.Parent.([]any)
	if !ok {
		return -1
	}
	return len(parent) + i
}

// inSlice reports whether the slice selects the index (RFC 9535 section 2.3.4.2).
func (at *Step[N]) inSlice(s spec.SliceSelector) bool {
	i, by := at.Index, s.Step()
	if !isLocated(s) {
		return s.Start() <= i && i < s.End() && (i-s.Start())%by == 0
	}
	parent, ok := at.Parent.([]any)
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

// Child returns the decoded value that a step leads to, and whether there is one.
func Child[N ~string | ~[]byte](parent any, name N, index int) (any, bool) {
	switch parent := parent.(type) {
	case map[string]any:
		if index == Member {
			node, ok := parent[string(name)]
			return node, ok
		}
	case []any:
		if index >= 0 && index < len(parent) {
			return parent[index], true
		}
	}
	return nil, false
}
