// Package schema compiles the JSON Schemas of an OpenAPI document, each when it
// is first asked for, and tells where a value breaks one.
//
// Schemas of OpenAPI 3.0, and of Swagger 2.0 converted to it, are read as the
// schemas of JSON Schema 2020-12 that mean the same; those of 3.1 are taken as
// they are. What cannot be used of a schema is told by [Set.Problems], and the
// rest of it holds.
package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// Direction tells whether a value is sent or answered: properties that are
// readOnly are not required of a request, and those that are writeOnly not of an
// answer (OpenAPI 3.0 section 4.7.24.2, 3.1 section 4.8.24).
type Direction uint8

// The directions.
const (
	Request Direction = iota
	Response
)

// String returns "request" or "response".
func (d Direction) String() string {
	if d == Response {
		return "response"
	}
	return "request"
}

// Set holds the schemas of one document. It may be used by many goroutines: a
// schema is compiled once for a direction, and those who ask for it meanwhile
// wait.
type Set struct {
	version string // of OpenAPI, for files that do not say it
	files   map[string]any
	ids     func() *identifiers
	sides   [2]*side
	notes   notes
}

// New returns the schemas of a document.
func New(doc *openapi.Document) *Set {
	version := doc.Version
	if version == "2.0" {
		version = "3.0" // it was converted
	}
	return Of(version, doc.Files())
}

// Of returns the schemas of the files of a document. version is that of OpenAPI
// for files that do not say it, such as "3.1.0".
func Of(version string, files map[string]any) *Set {
	s := &Set{version: version, files: files}
	s.ids = sync.OnceValue(func() *identifiers { return identify(files) })
	s.sides = [2]*side{newSide(s, Request), newSide(s, Response)}
	return s
}

// Schema compiles the schema at a place. A schema that is a reference alone is
// the one that it refers to. The error tells the place of what is wrong.
func (s *Set) Schema(p openapi.Place, d Direction) (*Schema, error) {
	if d > Response {
		return nil, fmt.Errorf("%s: no such direction: %d", p, d)
	}
	return s.sides[d].schema(p)
}

// Problems tells what could not be used of the schemas that were compiled so
// far, sorted by place.
func (s *Set) Problems() []contract.Problem {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	list := slices.SortedFunc(maps.Keys(s.notes.problems), func(a, b contract.Problem) int {
		return strings.Compare(a.String(), b.String())
	})
	if s.notes.more > 0 {
		list = append(list, contract.Problem{Message: fmt.Sprintf("and %d more problems of schemas", s.notes.more)})
	}
	return list
}

// UnknownFormats returns the formats that schemas compiled so far name and that
// are not checked, sorted.
func (s *Set) UnknownFormats() []string {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	return slices.Sorted(maps.Keys(s.notes.formats))
}

// maxProblems is how many problems are kept; a person reads no more. The others
// are counted.
const maxProblems = 1000

// notes is what was noticed while schemas were compiled.
type notes struct {
	mu       sync.Mutex
	problems map[contract.Problem]struct{}
	more     int
	formats  map[string]struct{}
}

func (n *notes) problem(place openapi.Place, format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := contract.Problem{Place: string(place), Message: fmt.Sprintf(format, args...)}
	if _, ok := n.problems[p]; ok {
		return
	}
	if len(n.problems) >= maxProblems {
		n.more++
		return
	}
	if n.problems == nil {
		n.problems = make(map[contract.Problem]struct{})
	}
	n.problems[p] = struct{}{}
}

func (n *notes) format(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.formats == nil {
		n.formats = make(map[string]struct{})
	}
	if len(n.formats) < maxProblems {
		n.formats[name] = struct{}{}
	}
}

// Schema is a compiled schema for one direction. It may be used by many
// goroutines.
type Schema struct {
	// Compiled is the schema as JSON Schema 2020-12.
	Compiled *jsonschema.Schema
	// Place is where the schema stands, references followed.
	Place     openapi.Place
	Direction Direction

	units []*unit // those that its locations are in
	// foreign tells that the library validates it, see [Schema.isForeign].
	foreign bool
}

// Violation is one way in which a value breaks a schema.
type Violation struct {
	// At is the place in the value as a JSON pointer (RFC 6901), "" for all of it.
	At string
	// Keyword is that of JSON Schema which is broken, such as "maximum".
	Keyword string
	// Schema is where the schema stands that has the keyword.
	Schema openapi.Place
	// Message says in a sentence what is wrong. It never holds the value.
	Message string
}
