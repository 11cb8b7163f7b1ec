package rewrite

import (
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// scope says which requests an entry is for.
type scope struct {
	sides      []replay.Side // none: all
	operations []operation   // none: all
}

var sideNames = []string{string(replay.Base), string(replay.Control), string(replay.Branch), string(replay.To)}

// holds reports whether the entry is for the side. What is said of base is said
// of control too, which is base asked once more: were they asked differently,
// every difference of the two would pass for noise.
func (s *scope) holds(side replay.Side) bool {
	return len(s.sides) == 0 || slices.Contains(s.sides, side) ||
		side == replay.Control && slices.Contains(s.sides, replay.Base)
}

func (s *scope) matches(method, path string) bool {
	if len(s.operations) == 0 {
		return true
	}
	for i := range s.operations {
		if s.operations[i].matches(method, path) {
			return true
		}
	}
	return false
}

func matchesRequest(s *scope, req *capture.Request) bool {
	return len(s.operations) == 0 || s.matches(req.Method, pathOf(req.Target))
}

// pathOf is [capture.PathOf], faster for the usual form.
func pathOf(target string) string {
	if target == "" || target[0] != '/' || strings.IndexByte(target, '#') >= 0 {
		return capture.PathOf(target)
	}
	if i := strings.IndexByte(target, '?'); i >= 0 {
		return target[:i]
	}
	return target
}

// operation is a pattern such as "GET /products/{id}": a method and a path. A "*"
// stands for any text, "{id}" for one segment of the path.
type operation struct {
	method, path string
	anyMethod    bool   // method is a pattern
	prefix       string // what every path begins with
}

// newOperation reads a pattern. It reports false where that is not a method and a
// path with a space between.
func newOperation(text string) (operation, bool) {
	method, path, ok := strings.Cut(text, " ")
	path = strings.TrimLeft(path, " ")
	if !ok || path == "" || path[0] != '/' && path[0] != '*' || strings.Contains(path, " ") {
		return operation{}, false
	}
	var b strings.Builder
	for rest := path; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed || strings.Contains(name, "/") {
			b.WriteString(rest)
			break
		}
		b.WriteString(before)
		b.WriteByte(segment)
		rest = tail
	}
	o := operation{method: method, path: b.String(), anyMethod: strings.Contains(method, "*")}
	o.prefix = o.path
	if i := strings.IndexAny(o.path, "*\x00"); i >= 0 {
		o.prefix = o.path[:i]
	}
	return o, true
}

// segment stands in a pattern for what "{...}" stood for; no path that was sent
// has the byte.
const segment = 0

func (o *operation) matches(method, path string) bool {
	if method != o.method && !(o.anyMethod && glob(o.method, method)) || !strings.HasPrefix(path, o.prefix) {
		return false
	}
	return glob(o.path[len(o.prefix):], path[len(o.prefix):])
}

// glob matches text against a pattern in time bounded by the product of their
// lengths. A "*" may be given up again for a later one; a segment takes all up to
// the next slash or as much as its successor leaves.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == segment && text[t] != '/':
			t += segmentLength(pattern[p+1:], text[t:])
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// segmentLength is the length of the text that a segment takes: up to the slash,
// or to the byte that the pattern has next.
func segmentLength(pattern, text string) int {
	n := strings.IndexByte(text, '/')
	if n < 0 {
		n = len(text)
	}
	if pattern != "" && pattern[0] != '/' && pattern[0] != '*' && pattern[0] != segment {
		if i := strings.LastIndexByte(text[:n], pattern[0]); i > 0 {
			return i
		}
	}
	return n
}
