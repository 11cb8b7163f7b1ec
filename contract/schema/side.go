package schema

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract/openapi"
)

func itoa(i int) string { return strconv.Itoa(i) }

// side holds the schemas of one direction.
//
// Every schema that is referred to is a unit: a resource of its own for the
// library, which keeps the pointers inside it as they are in the document.
// Giving it the whole document costs a copy of its tables for each schema.
type side struct {
	set       *Set
	direction Direction
	done      sync.Map // openapi.Place → *result

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	units    map[spot]*unit
	surveyed map[*jsonschema.Schema]bool // whether it is foreign
	list     []*unit
}

type result struct {
	schema *Schema
	err    error
}

// unit is a schema that is compiled by itself.
type unit struct {
	number int
	at     spot
	refs   []*unit
	moves  []move
	state  state
	err    error
}

// state tells how far a unit has come.
type state uint8

const (
	added state = iota
	compiling
	compiled
)

// move tells that what stands at a pointer of the compiled unit stands elsewhere
// in the document.
type move struct{ from, to string }

func newSide(s *Set, d Direction) *side {
	return &side{set: s, direction: d, compiler: newCompiler(), units: make(map[spot]*unit), surveyed: make(map[*jsonschema.Schema]bool)}
}

// newCompiler returns a compiler that asserts formats and contents, and reads
// nothing.
func newCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.AssertContent()
	c.AssertVocabs()
	c.UseLoader(noLoader{})
	c.UseRegexpEngine(func(expr string) (jsonschema.Regexp, error) { return compilePattern(expr) })
	registerFormats(c)
	for _, v := range vocabularies() {
		c.RegisterVocabulary(v)
	}
	return c
}

type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("schemas are read from the document alone")
}

func (sd *side) schema(p openapi.Place) (*Schema, error) {
	if r, ok := sd.done.Load(p); ok {
		return r.(*result).schema, r.(*result).err
	}
	sd.mu.Lock()
	defer sd.mu.Unlock()
	if r, ok := sd.done.Load(p); ok {
		return r.(*result).schema, r.(*result).err
	}
	node, at, err := sd.set.find(p)
	if err != nil {
		return nil, err // not kept: there is no end of places that do not exist
	}
	r := new(result)
	r.schema, r.err = sd.build(node, at)
	sd.done.Store(p, r)
	return r.schema, r.err
}

func (sd *side) build(node any, at spot) (*Schema, error) {
	at, err := sd.set.follow(node, at)
	if err != nil {
		return nil, err
	}
	u := sd.unit(at)
	if err := sd.compile(u); err != nil {
		return nil, err
	}
	schema, err := sd.compiler.Compile(u.url())
	if err != nil {
		return nil, sd.explain(u, err)
	}
	foreign, err := sd.survey(schema)
	if err != nil {
		return nil, err
	}
	return &Schema{
		Compiled: schema, Place: at.place(), Direction: sd.direction,
		units: sd.list[:len(sd.list):len(sd.list)], foreign: foreign,
	}, nil
}

// follow returns where a schema stands that may be a reference alone.
func (s *Set) follow(node any, at spot) (spot, error) {
	for range maxHops {
		ref, ok := refOf(node)
		if object, _ := node.(map[string]any); !ok || len(object) > 1 && !s.old(at.file) {
			return at, nil
		}
		target, err := s.resolve(at, ref)
		if err != nil {
			return at, err
		}
		if node, at, err = s.lookup(target, 0); err != nil {
			return at, err
		}
	}
	return at, fmt.Errorf("%s: the reference leads back to itself", at.place())
}

// unit returns the unit at a spot, which is added when it is not yet there.
func (sd *side) unit(at spot) *unit {
	if u, ok := sd.units[at]; ok {
		return u
	}
	u := &unit{number: len(sd.list), at: at}
	sd.units[at] = u
	sd.list = append(sd.list, u)
	return u
}

// origin begins the URIs of units. The library holds what is below it for a
// published meta-schema and does not check it against another one, which costs
// more than everything else; the translation has checked it.
const origin = "https://json-schema.org/-/"

func (u *unit) url() string { return origin + itoa(u.number) }

// compile compiles a unit after those that it refers to, so that the library
// works on few schemas at a time: its time grows with the square of them.
func (sd *side) compile(u *unit) error {
	if u.state != added {
		return u.err
	}
	u.state = compiling
	defer func() { u.state = compiled }()
	node, _, err := sd.set.lookup(u.at, 0)
	if err != nil {
		u.err = err
		return err
	}
	t := &translator{side: sd, unit: u, old: sd.set.old(u.at.file)}
	t.dynamics = !t.old && sd.set.ids().refs
	tree := t.schema(node, u.at, 0)
	if u.err = t.err; u.err != nil {
		return u.err
	}
	if err := sd.compiler.AddResource(u.url(), tree); err != nil {
		u.err = fmt.Errorf("%s: %w", u.at.place(), err)
		return u.err
	}
	for _, ref := range u.refs {
		if err := sd.compile(ref); err != nil {
			u.err = err
			return err
		}
	}
	return nil
}

// place returns where a schema stands in the document, by the library's location
// of it.
func (s *Schema) place(location string) openapi.Place { return placeIn(s.units, location) }

func placeIn(units []*unit, location string) openapi.Place {
	rest, ok := strings.CutPrefix(location, origin)
	number, fragment, _ := strings.Cut(rest, "#")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n >= len(units) {
		return openapi.Place(location)
	}
	ptr, err := url.PathUnescape(fragment)
	if err != nil {
		ptr = fragment
	}
	u := units[n]
	return spot{u.at.file, u.at.ptr + u.original(ptr)}.place()
}

// original undoes the moves of a unit, innermost first.
func (u *unit) original(ptr string) string {
	for _, m := range u.moves {
		if rest, ok := strings.CutPrefix(ptr, m.from); ok && (rest == "" || rest[0] == '/') {
			ptr = m.to + rest
		}
	}
	return ptr
}

// explain gives an error of the library the place in the document.
func (sd *side) explain(u *unit, err error) error {
	text := err.Error()
	for _, unit := range sd.list {
		text = strings.ReplaceAll(text, unit.url()+"#", string(unit.at.place()))
	}
	return fmt.Errorf("%s: the schema cannot be used: %s", u.at.place(), text)
}
