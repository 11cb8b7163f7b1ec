package values

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pattern"
	"twinspect.dev/contract/schema"
)

const (
	// maxSize is how large one value may be in JSON, in bytes: servers commonly
	// refuse more than 1 MiB unread.
	maxSize = 1 << 20
	// maxLargest bounds the value with everything in it, of which many are made.
	maxLargest = 64 << 10
	// ordinaryDepth is how deep what is optional is filled in; maximalDepth where
	// everything is.
	ordinaryDepth = 3
	maximalDepth  = 6
	// variantDepth is how deep the parts of a value are varied.
	variantDepth = 6
	// bottom is how deep what is required may nest before it counts as bottomless.
	bottom = 48
)

var errBottomless = errors.New("what is required nests without an end")

// mode says how much of what is optional a value has.
type mode uint8

const (
	ordinary mode = iota
	minimal
	maximal
)

// how says how a value is made.
type how struct {
	mode mode
	// depth counts down; what is optional is left out from 0 on.
	depth int
	// salt tells values of one schema from each other.
	salt int
	// hint is the name of the property that it is for.
	hint string
}

func (h how) below(hint string) how {
	h.depth--
	h.hint = hint
	return h
}

// maker makes the values of one schema. Its results are kept, and do not depend
// on the order in which they are asked for.
type maker struct {
	mu     sync.Mutex
	seed   uint64
	schema *schema.Schema
	root   *node

	ids      map[*jsonschema.Schema]int
	nodes    map[string]*node
	made     map[made]outcome
	varied   map[depthOf]*found
	breaking map[depthOf]*found
	patterns map[string]compiledPattern
	nots     map[*jsonschema.Schema]*jsonschema.Schema

	valid, invalid *results
	first          *outcome
	dimensions     []Dimension
}

type made struct {
	n *node
	h how
}

type outcome struct {
	v   any
	err error
}

type depthOf struct {
	n     *node
	depth int
	hint  string
}

type compiledPattern struct {
	p   *pattern.Pattern
	err error
}

// node is schemas that hold for one value together.
type node struct {
	schemas []*jsonschema.Schema
	mark    uint64 // of what they say, wherever they stand
	alts    []*alternative
	done    bool
}

func newMaker(seed uint64, s *schema.Schema) *maker {
	m := &maker{
		seed: seed, schema: s, ids: map[*jsonschema.Schema]int{}, nodes: map[string]*node{}, made: map[made]outcome{},
		varied: map[depthOf]*found{}, breaking: map[depthOf]*found{}, patterns: map[string]compiledPattern{}, nots: map[*jsonschema.Schema]*jsonschema.Schema{},
	}
	m.root = m.node(s.Compiled)
	return m
}

// node returns the node of schemas, the same one for the same schemas.
func (m *maker) node(schemas ...*jsonschema.Schema) *node {
	var key strings.Builder
	var once []*jsonschema.Schema
	for _, s := range schemas {
		if slices.Contains(once, s) {
			continue
		}
		once = append(once, s)
		id, ok := m.ids[s]
		if !ok {
			id = len(m.ids)
			m.ids[s] = id
		}
		fmt.Fprintf(&key, "%d,", id)
	}
	if n, ok := m.nodes[key.String()]; ok {
		return n
	}
	n := &node{schemas: once, mark: fingerprint(once)}
	m.nodes[key.String()] = n
	return n
}

// fingerprint tells schemas apart by what they say at their top.
func fingerprint(schemas []*jsonschema.Schema) uint64 {
	h := fnv.New64a()
	for _, s := range schemas {
		fmt.Fprint(h, s.Types, s.Title, s.Minimum, s.Maximum, s.Required, sorted(s.Properties))
		if s.Format != nil {
			fmt.Fprint(h, s.Format.Name)
		}
		if s.Pattern != nil {
			fmt.Fprint(h, s.Pattern.String())
		}
	}
	return h.Sum64()
}

// fits reports whether a value fits all schemas of a node.
func (m *maker) fits(n *node, v any) bool {
	return !slices.ContainsFunc(n.schemas, func(s *jsonschema.Schema) bool { return !m.keeps(s, v) })
}

// keeps reports whether a value fits a schema within the one that values are made
// for.
func (m *maker) keeps(s *jsonschema.Schema, v any) bool {
	part := *m.schema
	part.Compiled = s
	return part.Valid(v)
}

func (m *maker) pattern(expr string) (*pattern.Pattern, error) {
	c, ok := m.patterns[expr]
	if !ok {
		c.p, c.err = pattern.New(expr)
		m.patterns[expr] = c
	}
	return c.p, c.err
}

// ordinary returns the ordinary value of the whole. What nests too widely is
// filled in less deep.
func (m *maker) ordinary() (Value, error) {
	if m.first == nil {
		m.first = &outcome{}
		for depth := ordinaryDepth; depth >= 0; depth-- {
			m.first.v, m.first.err = m.make(m.root, how{depth: depth})
			if m.first.err == nil && small(m.first.v, maxLargest) {
				break
			}
		}
	}
	v := Value{Data: m.first.v, Rule: contract.RuleOrdinary, Source: contract.FromSchema, Why: "every part is in the middle of what is allowed"}
	if m.first.err == nil && m.isShown(m.first.v) {
		v.Rule, v.Source, v.Why = contract.RuleExample, contract.FromExample, "the schema shows it"
	}
	return v, m.first.err
}

// largest returns the value with everything that is optional.
func (m *maker) largest() (v any, err error) {
	for depth := maximalDepth; depth > 0; depth-- {
		if v, err = m.make(m.root, how{mode: maximal, depth: depth}); err == nil && small(v, maxLargest) {
			return v, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("it has more than %d bytes", maxLargest)
	}
	return nil, err
}

func small(v any, most int) bool {
	_, ok := canonical(v, most)
	return ok
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
