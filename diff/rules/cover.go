package rules

import (
	"strings"

	"github.com/theory/jsonpath/spec"

	"twinspect.dev/capture/jsonquery"
	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
)

// Whether one rule covers another is decided where it can be: false means that
// it does not, or that the rules alone do not tell.

// coversAll reports whether every answer that other is for is one of f's.
func (f filter) coversAll(other filter) bool {
	return f.coversOperations(other.operations) && f.coversStatuses(other.statuses)
}

// coversOperations takes a * of other for a letter, which only a * of f matches.
func (f filter) coversOperations(other []string) bool {
	for _, o := range other {
		if !f.hasOperation(o) {
			return false
		}
	}
	return len(other) > 0 || len(f.operations) == 0
}

func (f filter) coversStatuses(other []statusRange) bool {
	for _, o := range other {
		if !f.hasRange(o) {
			return false
		}
	}
	return len(other) > 0 || len(f.statuses) == 0
}

func (f filter) hasRange(o statusRange) bool {
	for _, r := range f.statuses {
		if r.from <= o.from && o.to <= r.to {
			return true
		}
	}
	return len(f.statuses) == 0
}

// coversAll reports whether every value at other is one at p or, with below,
// under it.
func (p place) coversAll(other place, below bool) bool {
	switch {
	case p.part != other.part:
		return false
	case p.part == diff.Body:
		return p.pattern == nil || other.pattern != nil && p.pattern.coversAll(other.pattern, below)
	case p.name == "" || p.name == other.name:
		return true
	}
	return rulefile.Glob(p.name, other.name)
}

func (p *pattern) coversAll(other *pattern, below bool) bool {
	if p.text == other.text {
		return true
	}
	if len(p.segments) == 1 && p.segments[0].IsDescendant() && p.isEverything() {
		return len(other.segments) > 0 // $..* is all but the root
	}
	steps, whole := other.anyPath()
	return (whole || below) && p.match(steps, nil, below)
}

// anyPath returns a path that stands for all that the query selects, up to its
// first descendant segment, and whether that is all of it. A step that is not
// one name or index is any step, which only a wildcard selects.
func (p *pattern) anyPath() (path jsondiff.Path, whole bool) {
	for _, segment := range p.segments {
		if segment.IsDescendant() {
			return path, false
		}
		path = append(path, anyStep(segment.Selectors()))
	}
	return path, true
}

func anyStep(selectors []spec.Selector) jsondiff.Step {
	if len(selectors) == 1 {
		switch s := selectors[0].(type) {
		case spec.Name:
			return jsondiff.Step{Name: string(s), Index: jsonquery.Member}
		case spec.Index:
			if s >= 0 {
				return jsondiff.Step{Index: int(s)}
			}
		}
	}
	return jsondiff.Step{Index: jsonquery.Unnamed}
}

// isEverything reports whether the query names nothing: $, $.*, $..* and the
// like.
func (p *pattern) isEverything() bool {
	for _, segment := range p.segments {
		for _, selector := range segment.Selectors() {
			if _, ok := selector.(spec.WildcardSelector); !ok {
				return false
			}
		}
	}
	return true
}

// isEverything reports whether the place is a whole part of an answer.
func (p place) isEverything() bool {
	switch {
	case p.part == diff.Latency:
		return false // a shared machine has no meaningful times
	case p.pattern != nil:
		return p.pattern.isEverything()
	}
	return strings.Trim(p.name, "*") == ""
}
