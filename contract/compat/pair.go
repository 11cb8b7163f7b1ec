package compat

import (
	"errors"

	"twinspect.dev/contract/openapi"
)

// mode says how two schemas are compared.
type mode struct {
	direction Direction
	// text says that values are written as plain text, where "1" is a number too.
	text bool
	// branch says that null was looked at by the union that this is a branch of.
	branch bool
}

// pair is two schemas that are compared in a mode.
type pair struct {
	old, next *view
	mode      mode
}

// result is what comparing a pair found. Results are shared: they hold no places in
// messages, but the step from one to the next.
type result struct {
	found []finding
	below []edge
}

type edge struct {
	token string // "" where it is the same value
	to    *result
}

// finding is one change.
type finding struct {
	kind      int
	token     string // of a property, "" for the value itself
	text      string
	old, next openapi.Place
}

// comparer compares the schemas of two documents. A pair is compared once.
type comparer struct {
	old, next *side
	memo      map[pair]*result
	same      map[string]bool
	depth     int
	err       error
}

// The greatest public document has 60,000 schemas, nested 30 deep. A comparison
// needs a pair for each that changed; what needs more is put together of itself in
// ever new ways.
const (
	maxPairs = 1_000_000
	maxDepth = 2_000
)

var errTooLarge = errors.New("the documents are too large or too deeply nested to be compared")

// sources compares what two lists of sources say together. What is alike is not
// looked into.
func (c *comparer) sources(a, b []source, m mode) *result {
	if len(a) == 1 && len(b) == 1 && c.alike(a[0], b[0]) {
		return nil
	}
	return c.pair(c.old.view(a...), c.next.view(b...), m)
}

func (c *comparer) pair(a, b *view, m mode) *result {
	key := pair{a, b, m}
	if r, ok := c.memo[key]; ok {
		return r
	}
	if len(c.memo) >= maxPairs || c.depth >= maxDepth {
		c.err = errTooLarge
		return nil
	}
	r := new(result)
	c.memo[key] = r
	c.depth++
	(&matcher{comparer: c, result: r, a: a, b: b, mode: m}).compare()
	c.depth--
	return r
}

// breaks reports whether a result, or one below it, breaks. Pairs that are being
// compared count as far as they are known: what breaks in them is told there.
func (c *comparer) breaks(r *result, d Direction) bool {
	return r.any(func(f *finding) bool { return kinds[f.kind].level(d) == Breaking })
}

// any reports whether a finding fits, of a result or of one below it.
func (r *result) any(fits func(f *finding) bool) bool {
	seen := make(map[*result]bool)
	var visit func(r *result) bool
	visit = func(r *result) bool {
		if r == nil || seen[r] {
			return false
		}
		seen[r] = true
		for i := range r.found {
			if fits(&r.found[i]) {
				return true
			}
		}
		for _, e := range r.below {
			if visit(e.to) {
				return true
			}
		}
		return false
	}
	return visit(r)
}

// matcher compares one pair.
type matcher struct {
	*comparer
	result *result
	a, b   *view
	mode   mode
	tries  int
}

func (m *matcher) tell(kind int, old, next openapi.Place, text string) {
	m.tellAt("", kind, old, next, text)
}

func (m *matcher) tellAt(token string, kind int, old, next openapi.Place, text string) {
	m.result.found = append(m.result.found, finding{kind, token, text, old, next})
}

// step compares what stands below, or beside where token is "".
func (m *matcher) step(token string, a, b []source, mode mode) {
	if r := m.sources(a, b, mode); r != nil {
		m.result.below = append(m.result.below, edge{token, r})
	}
}

func (m *matcher) inner() mode {
	return mode{direction: m.mode.direction, text: m.mode.text}
}

func (m *matcher) compare() {
	a, b := m.a, m.b
	switch {
	case a.never && b.never:
		return
	case b.never:
		m.tell(schemaForbidden, a.place, b.place, "no value is allowed any longer")
		return
	case a.never:
		m.tell(schemaAllowed, a.place, b.place, "values are allowed where none was")
		return
	}
	m.nulls()
	if a.deprecated != b.deprecated {
		m.tell(pick(b.deprecated, deprecatedSet, deprecatedUnset), a.place, b.place, "deprecated is "+show(b.deprecated))
	}
	if m.hoisted() {
		return
	}
	common := m.types()
	if common == 0 {
		return
	}
	m.values()
	m.scalars(common)
	if common&array != 0 {
		m.arrays()
	}
	if common&object != 0 {
		m.objects()
	}
	m.unions()
	m.wholes()
}

func pick[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}
