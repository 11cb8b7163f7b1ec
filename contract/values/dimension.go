package values

import (
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
)

const (
	// maxLevels is how many levels a dimension has: the rows that cover all pairs
	// grow with its square.
	maxLevels = 12
	// maxDimensions is how many fields are varied together: all pairs of more are
	// beyond what is run.
	maxDimensions = 64
)

// Dimension is a field of a value that can be varied by itself.
type Dimension struct {
	// At is the JSON pointer to the field, "" where it is the whole value.
	At string
	// Levels are its values, the ordinary one first. Their At is "": they are about
	// the field alone.
	Levels []Value
}

// Dimensions returns the fields of an object, those of objects and of first items
// within it too, and their levels: bounds, listed values, and, where it is
// optional and holds no fields of its own, absent. That a nested object is absent
// is among the valid values. Every level is valid while all other fields are
// ordinary. What is no object has one dimension.
func (g *Generator) Dimensions(s *schema.Schema) []Dimension {
	m := g.maker(s)
	defer m.mu.Unlock()
	if m.dimensions == nil {
		m.begin()
		m.dimensions = m.allDimensions()
		m.end()
	}
	return m.dimensions
}

func (m *maker) allDimensions() []Dimension {
	first, err := m.ordinary()
	if err != nil {
		return []Dimension{}
	}
	all := m.fields(m.root, first.Data, "", "", true, variantDepth)
	out := make([]Dimension, 0, len(all))
	for _, d := range all {
		kept := d.Levels[:1]
		for _, l := range d.Levels[1:] {
			if v, ok := m.put(first.Data, d.At, l); ok && m.schema.Valid(v) {
				kept = append(kept, l)
			}
		}
		if len(kept) > 1 && len(out) < maxDimensions {
			out = append(out, Dimension{d.At, kept})
		}
	}
	return out
}

// fields returns the dimensions of what stands at a pointer.
func (m *maker) fields(n *node, v any, at, hint string, required bool, depth int) []Dimension {
	sh := m.shapeOf(n, v)
	if sh == nil || depth < 0 {
		return nil
	}
	var out []Dimension
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sorted(v) {
			if schemas, ok := m.property(sh, name); ok {
				need := slices.Contains(sh.required, name)
				out = append(out, m.fields(m.node(schemas...), v[name], pointer.Join(at, name), name, need, depth-1)...)
			}
		}
	case []any:
		if len(v) > 0 {
			out = m.fields(m.node(m.itemSchemas(sh, 0)...), v[0], at+"/0", hint, true, depth-1)
		}
	}
	own := Dimension{At: at, Levels: []Value{{Data: v, Rule: contract.RuleOrdinary, Source: contract.FromSchema, Why: "ordinary"}}}
	own.Levels = append(own.Levels, m.levels(n, v, hint, len(out) > 0)...)
	if !required && len(out) == 0 {
		own.Levels = append(own.Levels, Value{Absent: true, Rule: "required", Source: contract.FromSchema, Why: "absent"})
	}
	if len(own.Levels) == 1 {
		return out
	}
	return append([]Dimension{own}, out...)
}

// shapeOf returns the shape of the way through the unions that a value takes.
func (m *maker) shapeOf(n *node, v any) *shape {
	for _, a := range m.alternatives(n) {
		fits := a.mask&kindOf(v) != 0
		for _, s := range a.schemas {
			fits = fits && m.keeps(s, v)
		}
		if fits {
			return m.shape(a)
		}
	}
	return nil
}

// levels returns the values of a field that are worth a pair. Where it holds
// fields of its own, only those that leave them there.
func (m *maker) levels(n *node, ordinary any, hint string, holds bool) []Value {
	key, _ := canonical(ordinary, maxSize)
	seen := map[string]bool{key: true}
	var out, last []Value
	for _, v := range m.variants(n, 0, hint).values {
		key, ok := canonical(v.Data, maxLargest)
		if v.At != "" || !ok || seen[key] {
			continue
		}
		if list, is := v.Data.([]any); holds && (!is || len(list) == 0) {
			continue
		}
		seen[key] = true
		v.Source = contract.FromSchema
		switch v.Rule {
		case "type", "format", "pattern", contract.RuleUnicode:
			last = append(last, v)
		default:
			out = append(out, v)
		}
	}
	out = append(out, last[:min(len(last), 3)]...)
	return out[:min(len(out), maxLevels-2)]
}

// Compose returns the ordinary value with fields, by their pointers, at levels;
// false where that is not valid.
func (g *Generator) Compose(s *schema.Schema, levels map[string]Value) (any, bool) {
	m := g.maker(s)
	defer m.mu.Unlock()
	if m.first == nil {
		m.begin()
		defer m.end()
	}
	first, err := m.ordinary()
	if err != nil {
		return nil, false
	}
	tree := first.Data
	order := sorted(levels)
	slices.SortStableFunc(order, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	for _, at := range order {
		var ok bool
		if tree, ok = m.put(tree, at, levels[at]); !ok {
			return nil, false
		}
	}
	return tree, m.schema.Valid(tree)
}

// put sets one field. A field whose parent is gone cannot be set.
func (m *maker) put(tree any, at string, level Value) (any, bool) {
	if level.Absent {
		if _, ok := pointer.Get(tree, at); !ok {
			return tree, true
		}
		return pointer.Delete(tree, at)
	}
	if i := strings.LastIndexByte(at, '/'); i > 0 {
		if _, ok := pointer.Get(tree, at[:i]); !ok {
			return tree, false
		}
	}
	return pointer.Set(tree, at, level.Data)
}
