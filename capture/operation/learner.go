// Package operation names the operations of a service that nobody has
// described: "GET /products/{id}" for all requests that differ only in which
// product they ask for.
//
// A segment of a path is a variable if it looks like an identifier, or if there
// are many values in its place that have the same below them. The query names no
// operation.
package operation

import (
	"slices"
	"strings"
)

const (
	// maxNodes bounds the segments that are told apart over all paths. Each
	// takes up to about 400 bytes, so that all take 26 MB at worst. A service has
	// some thousands; the rest is made up by callers.
	maxNodes = 1 << 16
	// maxMethods bounds the methods that are told apart. Nine are standard, and
	// WebDAV has some twenty.
	maxMethods = 48
)

// Learner learns the paths of a service from its requests. Call Observe for as
// many as there are, then Name. Without any, Name goes by the looks of segments
// alone. A Learner is used by one goroutine at a time. Its memory is bounded,
// and so is the number of names it gives.
type Learner struct {
	root     *node
	nodes    int
	methods  map[string]bool
	settled  bool
	overflow uint64
}

// NewLearner returns a learner that has seen nothing.
func NewLearner() *Learner {
	return &Learner{root: newNode(), methods: make(map[string]bool)}
}

// Observe takes one request into account.
func (l *Learner) Observe(method, target string) {
	if _, ok := special(method, target); ok {
		return
	}
	l.settled = false
	at := l.root
	list, _ := segments(target)
	for _, segment := range list {
		at.hits++
		next := at.next(segment)
		if next == nil {
			if next = l.grow(at, segment); next == nil {
				return
			}
		}
		at = next
	}
	at.hits++
	at.end(method)
}

// grow adds a child, nil where the limit is reached. From many children on it
// looks now and then whether they are values of a variable.
func (l *Learner) grow(at *node, segment string) *node {
	if l.nodes >= maxNodes {
		return nil
	}
	l.nodes++
	child := newNode()
	at.children[strings.Clone(segment)] = child
	if n := len(at.children); n >= early && n&(n-1) == 0 {
		l.nodes -= at.fold(at == l.root)
		return at.next(segment)
	}
	return child
}

// early is from how many children on a variable is recognised before all was
// seen, so that a path with endless values does not fill the memory.
const early = 1024

// Name returns the name of the operation that a request belongs to. The same
// request always has the same name until more is observed. A path beyond the
// limits ends in "/{...}", and a method beyond them is "{method}"; both are
// counted by [Learner.Overflow].
func (l *Learner) Name(method, target string) string {
	if !l.settled {
		l.nodes -= l.root.settle(true)
		l.settled = true
	}
	method = l.method(method)
	if name, ok := special(method, target); ok {
		return method + " " + name
	}
	list, more := segments(target)
	b := append(make([]byte, 0, len(method)+len(target)+2), method...)
	b = append(b, ' ')
	at := l.root
	for i, segment := range list {
		segment, at = l.step(at, segment)
		b = append(append(b, '/'), segment...)
		if at == nil {
			l.overflow++
			return string(b)
		}
		if i == maxSegments-1 && more {
			l.overflow++
			return string(append(b, "/"+rest...))
		}
	}
	if len(list) == 0 {
		b = append(b, '/')
	}
	return string(b)
}

// step returns the name of the segment under at, and its node, nil where it
// cannot be told apart any more. A segment that was never seen is remembered,
// so that the bound holds for names as well.
func (l *Learner) step(at *node, segment string) (string, *node) {
	if child := at.children[segment]; child != nil {
		return segment, child
	}
	if at.variable != nil && !isVariable(segment) {
		return variableName, at.variable
	}
	if l.nodes >= maxNodes {
		return rest, nil
	}
	l.nodes++
	child := newNode()
	at.children[strings.Clone(segment)] = child
	return segment, child
}

func (l *Learner) method(method string) string {
	switch {
	case l.methods[method]:
	case len(l.methods) < maxMethods && len(method) <= maxSegment:
		l.methods[strings.Clone(method)] = true
	default:
		l.overflow++
		return "{method}"
	}
	return method
}

// Overflow returns how many requests were named beyond the limits.
func (l *Learner) Overflow() uint64 { return l.overflow }

func isVariable(segment string) bool { return strings.HasPrefix(segment, variableID) }

// sortedKeys keeps folding independent of the order of maps.
func sortedKeys(m map[string]*node) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
