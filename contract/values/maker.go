package values

import (
	"encoding/json"
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
	// maxOrdinary bounds the ordinary value: what a person would still read.
	maxOrdinary = 8 << 10
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
	// fixed has the seed make no difference, as for names: they are places.
	fixed bool
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
	changes  map[changeOf]*jsonschema.Schema

	// work is how much may still be done for what is being asked.
	work int
	// deep is how deep the ordinary value is filled in.
	deep int

	valid, invalid *results
	first          *first
	dimensions     []Dimension
}

// maxWork bounds the work on one question: parts made, and values checked by the
// 32 bytes. The values of the greatest schemas that are published take a tenth;
// all of it takes some seconds.
const maxWork = 1 << 20

var errWork = errors.New("the unions and recursions of the schema take more work than is done for one")

// spend takes from the work that may still be done; false where none is left.
func (m *maker) spend(n int) bool {
	m.work -= n
	return m.work > 0
}

// begin makes room for the answer to a question. What one question found is not
// kept for the next: its answer would hang on what was asked before where the work
// ends, and all that is kept for a great document takes a gigabyte.
func (m *maker) begin() {
	m.work = maxWork
	m.ids, m.nodes, m.made = map[*jsonschema.Schema]int{}, map[string]*node{}, map[made]outcome{}
	m.varied, m.breaking = map[depthOf]*found{}, map[depthOf]*found{}
	m.nots, m.changes = map[*jsonschema.Schema]*jsonschema.Schema{}, map[changeOf]*jsonschema.Schema{}
	m.root = m.node(m.schema.Compiled)
}

func (m *maker) end() {
	m.ids, m.nodes, m.made, m.varied, m.breaking, m.nots, m.changes, m.root = nil, nil, nil, nil, nil, nil, nil, nil
}

type made struct {
	n *node
	h how
}

type outcome struct {
	v   any
	err error
}

// first is the ordinary value.
type first struct {
	value Value
	err   error
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
	return &maker{seed: seed, schema: s, patterns: map[string]compiledPattern{}}
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
	return m.spend(1) && m.part(s).Valid(v)
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
		m.first = &first{}
		var data any
		for depth := ordinaryDepth; depth >= 0; depth-- {
			m.deep = depth
			data, m.first.err = m.make(m.root, how{depth: depth})
			if m.first.err == nil && small(data, maxOrdinary) {
				break
			}
		}
		if m.first.err == nil {
			m.first.value = m.named(data)
		}
		m.begin() // so that what follows has the same work left, whoever asked first
	}
	if m.first.err != nil {
		return Value{}, m.first.err
	}
	return m.first.value, nil
}

// named says whether the ordinary value is an example.
func (m *maker) named(data any) Value {
	v := Value{Data: data, Rule: contract.RuleOrdinary, Source: contract.FromSchema, Why: "every part is in the middle of what is allowed"}
	if m.isShown(data) {
		v.Rule, v.Source, v.Why = contract.RuleExample, contract.FromExample, "the schema shows it"
	}
	return v
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

// at says how a part is made whose own parts are varied so deep: as it is in the
// ordinary value.
func (m *maker) at(depth int, hint string) how {
	return how{depth: max(m.deep-(variantDepth-depth), 0), hint: hint}
}

// small reports whether a value has at most so many bytes in JSON, nearly.
func small(v any, most int) bool { return size(v, most) <= most }

// size counts the bytes of a value until there are more than most.
func size(v any, most int) int {
	n := 4
	switch v := v.(type) {
	case string:
		n += len(v)
	case json.Number:
		n += len(v)
	case map[string]any:
		for name, member := range v {
			if n += len(name) + size(member, most-n); n > most {
				break
			}
		}
	case []any:
		for _, item := range v {
			if n += size(item, most-n); n > most {
				break
			}
		}
	}
	return n
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
