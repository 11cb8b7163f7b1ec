package join

import "strings"

const (
	// mostCompared is how many spans are compared with exchanges in one trace, or in
	// one window of time: 1000 calls of two ends at one path, with as many exchanges,
	// take a quarter of a second.
	mostCompared = 2 << 20
	// fewCompared are always compared: what takes so little is linear in the input.
	fewCompared = 64
)

// effort is the time that one trace, or one window, may take. What is much alike is
// compared each with each, so that a thousand records would cost a million
// comparisons.
type effort struct{ left int }

func newEffort() *effort { return &effort{mostCompared} }

// allows takes n comparisons, or tells that they are too many.
func (e *effort) allows(n int) bool {
	if n <= fewCompared {
		return true
	}
	if n > e.left {
		return false
	}
	e.left -= n
	return true
}

// byRoute leads from a path to what stands at the routes that it is of.
type byRoute[T any] struct {
	of map[string]*T
	// first has the routes by their first segment, "" where that is a variable.
	first map[string][]string
}

func (b *byRoute[T]) at(route string) *T {
	if v := b.of[route]; v != nil {
		return v
	}
	if b.of == nil {
		b.of, b.first = make(map[string]*T), make(map[string][]string)
	}
	v := new(T)
	b.of[route] = v
	first := firstSegment(route)
	if isVariable(first) || isRest(first) {
		first = ""
	}
	b.first[first] = append(b.first[first], route)
	return v
}

// match finds what stands at the routes of a path; not ok, where these are too many
// to look through.
func (b *byRoute[T]) match(path string, e *effort) (found []*T, ok bool) {
	first := firstSegment(path)
	lists := [][]string{b.first[first], b.first[""]}
	if first == "" {
		lists = lists[:1]
	}
	for _, routes := range lists {
		if !e.allows(len(routes)) {
			return nil, false
		}
		for _, r := range routes {
			if routeMatches(r, path) {
				found = append(found, b.of[r])
			}
		}
	}
	return found, true
}

func firstSegment(path string) string {
	s, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
	return s
}
