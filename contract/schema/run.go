package schema

import (
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// run is one value being held against one schema.
//
// The library's own validation tries every branch of every union to its end,
// which takes time exponential in the depth of a value, and prints values; so it
// checks only what cannot be checked without its inner state, see foreign.
type run struct {
	schema *Schema
	// steps is how much work may still be done.
	steps int
	// quiet counts the unions that are being tried, in which nothing is reported.
	quiet int
	found []Violation
	path  []token
	scope []spot // the resources that were entered, see Dynamic
}

// token is a step into a value: a key, or an index where key is "".
type token struct {
	key   string
	index int
}

const (
	// maxViolations is how many violations of one value are told. A person mends
	// the first and asks again.
	maxViolations = 100
	// stepsMin and stepsEach bound the work on one value to the number of its
	// parts times the schemas that apply to one part. The greatest unions that are
	// published have about 100 branches.
	stepsMin  = 1 << 18
	stepsEach = 256
)

var runs = sync.Pool{New: func() any { return &run{path: make([]token, 0, 16)} }}

// Valid reports whether a value keeps to the schema.
func (s *Schema) Valid(v any) bool {
	parts, why := measure(v)
	if why != "" {
		return false
	}
	if s.foreign {
		return s.Compiled.Validate(v) == nil
	}
	r := s.start(parts)
	defer r.end()
	r.quiet = 1
	return r.eval(s.Compiled, v, nil) && r.steps > 0
}

// Validate returns how a value breaks the schema, nil where it keeps to it: at
// most 100 violations. Where it fits no branch of a union, they are those of the
// branch that it was likely meant for.
func (s *Schema) Validate(v any) []Violation {
	parts, why := measure(v)
	if why != "" {
		return []Violation{{Schema: s.Place, Message: "the value cannot be checked: " + why}}
	}
	if s.foreign {
		return s.validateForeign(v)
	}
	r := s.start(parts)
	defer r.end()
	ok := r.eval(s.Compiled, v, nil)
	if r.steps <= 0 {
		return []Violation{{Schema: s.Place, Message: "the value cannot be checked: the unions of the schema take too many steps"}}
	}
	if ok {
		return nil
	}
	return r.found
}

func (s *Schema) start(parts int) *run {
	r := runs.Get().(*run)
	*r = run{schema: s, steps: stepsMin + stepsEach*parts, path: r.path[:0], scope: r.scope[:0]}
	return r
}

func (r *run) end() {
	clear(r.path[:cap(r.path)])
	r.schema, r.found = nil, nil
	runs.Put(r)
}

// loud reports whether violations are to be told.
func (r *run) loud() bool { return r.quiet == 0 && len(r.found) < maxViolations }

// fail tells a violation of a keyword and returns false. The message is made only
// where it is wanted.
func (r *run) fail(s *jsonschema.Schema, keyword string, message func() string) bool {
	if r.loud() {
		r.found = append(r.found, Violation{
			At: r.at(), Keyword: keyword, Schema: r.schema.place(s.Location), Message: message(),
		})
	}
	return false
}

func (r *run) at() string {
	var b strings.Builder
	for _, t := range r.path {
		b.WriteByte('/')
		if t.key == "" && t.index >= 0 {
			b.WriteString(itoa(t.index))
		} else {
			b.WriteString(escape(t.key))
		}
	}
	return b.String()
}

// inKey holds the value of a property against a schema.
func (r *run) inKey(s *jsonschema.Schema, key string, v any) bool {
	r.path = append(r.path, token{key, -1})
	ok := r.eval(s, v, nil)
	r.path = r.path[:len(r.path)-1]
	return ok
}

func (r *run) inItem(s *jsonschema.Schema, i int, v any) bool {
	r.path = append(r.path, token{"", i})
	ok := r.eval(s, v, nil)
	r.path = r.path[:len(r.path)-1]
	return ok
}

// try holds a value against a schema without telling what is wrong.
func (r *run) try(s *jsonschema.Schema, v any, seen *seen) bool {
	r.quiet++
	ok := r.eval(s, v, seen)
	r.quiet--
	return ok
}

// seen is which parts of an object or a list were evaluated, for
// unevaluatedProperties and unevaluatedItems (core, section 11). nil where
// nobody asks.
type seen struct {
	allKeys  bool
	keys     map[string]bool
	items    map[int]bool
	allItems bool
}

func (e *seen) key(name string) {
	if e == nil {
		return
	}
	if e.keys == nil {
		e.keys = make(map[string]bool)
	}
	e.keys[name] = true
}

func (e *seen) item(i int) {
	if e == nil {
		return
	}
	if e.items == nil {
		e.items = make(map[int]bool)
	}
	e.items[i] = true
}

// fork returns one for a branch, which is joined where the branch fits.
func (e *seen) fork() *seen {
	if e == nil {
		return nil
	}
	return new(seen)
}

func (e *seen) join(branch *seen) {
	if e == nil || branch == nil {
		return
	}
	for name := range branch.keys {
		e.key(name)
	}
	for i := range branch.items {
		e.item(i)
	}
	e.allKeys = e.allKeys || branch.allKeys
	e.allItems = e.allItems || branch.allItems
}
