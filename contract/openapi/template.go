package openapi

import (
	"net/url"
	"strings"
)

// template is one segment of a path template: literals with a parameter between
// each two of them. A concrete segment is one literal.
type template struct{ literals []string }

// newTemplate reads a segment such as "products", "{id}", or "{id}.json". A brace
// that does not close is a literal.
func newTemplate(segment string) template {
	var t template
	for {
		before, rest, ok := strings.Cut(segment, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			t.literals = append(t.literals, unescape(segment))
			return t
		}
		t.literals = append(t.literals, unescape(before))
		segment = after
	}
}

func unescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}

// rank is 0 for a concrete segment, 1 for one with a literal part, 2 for a
// parameter alone.
func (t template) rank() int {
	switch {
	case len(t.literals) == 1:
		return 0
	case strings.Join(t.literals, "") != "":
		return 1
	}
	return 2
}

// fits reports whether the segment has the template's form, each parameter at
// least one character long.
func (t template) fits(segment string) bool {
	first, last := t.literals[0], t.literals[len(t.literals)-1]
	if len(t.literals) == 1 {
		return segment == first
	}
	segment, ok := strings.CutPrefix(segment, first)
	if !ok {
		return false
	}
	for _, literal := range t.literals[1 : len(t.literals)-1] {
		if segment == "" {
			return false
		}
		i := strings.Index(segment[1:], literal)
		if i < 0 {
			return false
		}
		segment = segment[1+i+len(literal):]
	}
	return len(segment) > len(last) && strings.HasSuffix(segment, last)
}
