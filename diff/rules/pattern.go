package rules

import (
	"fmt"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"twinspect.dev/diff/jsondiff"
)

// maxSegments is how many segments a path may have: one bit each in the set of
// states, and one for the end.
const maxSegments = 63

// pattern is a JSONPath query that is matched against the paths of values. It
// is run as a nondeterministic automaton, one state a segment, so that the time
// is bounded by the lengths of the two, whatever the number of "..".
type pattern struct {
	text     string
	segments []*spec.Segment
	// located says that the document itself is needed: for filters, and for
	// positions counted from an array's end.
	located bool
}

func newPattern(text string) (*pattern, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, err
	}
	p := &pattern{text: text, segments: path.Query().Segments()}
	if len(p.segments) > maxSegments {
		return nil, fmt.Errorf("jsonpath: %d segments are more than %d", len(p.segments), maxSegments)
	}
	for _, segment := range p.segments {
		for _, selector := range segment.Selectors() {
			p.located = p.located || isLocated(selector)
		}
	}
	return p, nil
}

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

// match reports whether the query selects the value at path or, with below, one
// that holds it. root is the decoded document, which only located patterns
// need; they select nothing without it.
func (p *pattern) match(path jsondiff.Path, root any, below bool) bool {
	if p.located && root == nil {
		return false
	}
	end := uint64(1) << len(p.segments)
	states, node := uint64(1), root
	for _, step := range path {
		if below && states&end != 0 {
			return true
		}
		at := position{step: step, parent: node, root: root}
		node = at.child()
		states = p.advance(states, at, node)
		if states == 0 {
			return false
		}
	}
	return states&end != 0
}

// advance returns the states after one more step. State i means that the first
// i segments have selected a value on the way; a descendant segment may wait.
func (p *pattern) advance(states uint64, at position, node any) uint64 {
	var next uint64
	for i, segment := range p.segments {
		if states&(1<<i) == 0 {
			continue
		}
		if segment.IsDescendant() {
			next |= 1 << i
		}
		for _, selector := range segment.Selectors() {
			if at.selected(selector, node) {
				next |= 1 << (i + 1)
				break
			}
		}
	}
	return next
}

// position is one step of a path, in the document where there is one.
type position struct {
	step         jsondiff.Step
	parent, root any
}

// child returns the value that the step leads to, nil where there is none.
func (at position) child() any {
	switch parent := at.parent.(type) {
	case map[string]any:
		if at.step.Index < 0 {
			return parent[at.step.Name]
		}
	case []any:
		if at.step.Index >= 0 && at.step.Index < len(parent) {
			return parent[at.step.Index]
		}
	}
	return nil
}

// selected reports whether the selector selects the step from its parent.
func (at position) selected(selector spec.Selector, node any) bool {
	index := at.step.Index
	switch s := selector.(type) {
	case spec.WildcardSelector:
		return true
	case spec.Name:
		return index < 0 && string(s) == at.step.Name
	case spec.Index:
		return index >= 0 && index == at.fromStart(int(s))
	case spec.SliceSelector:
		return index >= 0 && at.inSlice(s)
	case *spec.FilterSelector:
		return at.exists() && s.Eval(node, at.root)
	}
	return false
}

// exists reports whether the step leads to a value of the document.
func (at position) exists() bool {
	switch parent := at.parent.(type) {
	case map[string]any:
		_, ok := parent[at.step.Name]
		return ok && at.step.Index < 0
	case []any:
		return at.step.Index >= 0 && at.step.Index < len(parent)
	}
	return false
}

// fromStart returns the index counted from the array's start.
func (at position) fromStart(i int) int {
	if i >= 0 {
		return i
	}
	parent, ok := at.parent.([]any)
	if !ok {
		return -1
	}
	return len(parent) + i
}

// inSlice reports whether the slice selects the index (RFC 9535 section
// 2.3.4.2).
func (at position) inSlice(s spec.SliceSelector) bool {
	i, step := at.step.Index, s.Step()
	if !isLocated(s) {
		return s.Start() <= i && i < s.End() && step > 0 && (i-s.Start())%step == 0
	}
	parent, ok := at.parent.([]any)
	if !ok {
		return false
	}
	lower, upper := s.Bounds(len(parent))
	switch {
	case step > 0:
		return lower <= i && i < upper && (i-lower)%step == 0
	case step < 0:
		return lower < i && i <= upper && (upper-i)%-step == 0
	}
	return false
}
