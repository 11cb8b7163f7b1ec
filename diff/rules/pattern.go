package rules

import (
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"twinspect.dev/capture/jsonquery"
	"twinspect.dev/diff/jsondiff"
)

// pattern is a JSONPath query that is matched against the paths of values.
type pattern struct {
	text     string
	query    *jsonquery.Query
	segments []*spec.Segment
}

func newPattern(text string) (*pattern, error) {
	q, err := jsonquery.Parse(text)
	if err != nil {
		return nil, err
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, err
	}
	return &pattern{text: text, query: q, segments: path.Query().Segments()}, nil
}

// lastName returns the member's name that the query ends in.
func (p *pattern) lastName() (string, bool) {
	if len(p.segments) == 0 {
		return "", false
	}
	selectors := p.segments[len(p.segments)-1].Selectors()
	if len(selectors) != 1 {
		return "", false
	}
	name, ok := selectors[0].(spec.Name)
	return string(name), ok
}

// located reports whether the document itself is needed.
func (p *pattern) located() bool { return p.query.Located() != nil }

// match reports whether the query selects the value at path or, with below, one
// that holds it. root is the decoded document, which only located patterns
// need; they select nothing without it.
func (p *pattern) match(path jsondiff.Path, root any, below bool) bool {
	if p.located() && root == nil {
		return false
	}
	end := p.query.End()
	states, node := jsonquery.Start, root
	for _, step := range path {
		if below && states&end != 0 {
			return true
		}
		at := jsonquery.Step[string]{Name: step.Name, Index: step.Index, Root: root}
		if child, ok := jsonquery.Child(node, step.Name, step.Index); ok {
			at.Parent, at.Node = node, child
		}
		node = at.Node
		if states = at.Advance(p.query, states); states == 0 {
			return false
		}
	}
	return states&end != 0
}
