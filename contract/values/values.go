// Package values makes values that fit a schema, and values that break it for one
// reason each.
//
// A value is made along the structure of its schema and then checked by the
// schema itself: nothing is returned that is not what it is said to be. What
// could not be made is told as a gap.
package values

import (
	"math/rand/v2"
	"sync"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
)

// Value is a value, and why it was made. Values share parts with each other:
// they are not to be changed in place.
type Value struct {
	// Data is a tree of map[string]any, []any, string, bool, nil and json.Number.
	Data any
	// Absent says that there is no value. Only levels of a [Dimension] are absent.
	Absent bool
	// Rule is what the value keeps to at its edge, or breaks.
	Rule contract.Rule
	// At is the JSON pointer (RFC 6901) into Data that Rule is about, "" for all of
	// it. Where a property is missing, it points to where the property would be.
	At     string
	Source contract.Source
	// Why says in a sentence what is there.
	Why string

	// up is how many steps lead from At up to the outermost union that was chosen
	// in, and one more; 0 where there is none.
	up int
}

const (
	// maxValues is how many values of one kind are made for one schema: what an
	// engineer could still review, and a run against a provider sends in a second.
	maxValues = 400
	// maxGaps is how many gaps of one schema are told one by one.
	maxGaps = 100
)

// Generator makes values. It may be used by many goroutines. The same schema and
// seed always give the same values, whatever was asked for before.
type Generator struct {
	seed  uint64
	makes sync.Map // *schema.Schema → *maker
}

// New returns a generator whose values are drawn by the seed.
func New(seed uint64) *Generator { return &Generator{seed: seed} }

// maker returns what makes values of a schema, locked.
func (g *Generator) maker(s *schema.Schema) *maker {
	m, ok := g.makes.Load(s)
	if !ok {
		m, _ = g.makes.LoadOrStore(s, newMaker(g.seed, s))
	}
	locked := m.(*maker)
	locked.mu.Lock()
	return locked
}

// Valid returns values that fit the schema, the ordinary one first, and what
// could not be made. The place of a gap is the JSON pointer into the value alone.
// There is no value where the schema has none or none was found.
func (g *Generator) Valid(s *schema.Schema) ([]Value, []contract.Gap) {
	m := g.maker(s)
	defer m.mu.Unlock()
	if m.valid == nil {
		m.begin()
		m.valid = m.allValid()
		m.end()
	}
	return m.valid.values, m.valid.gaps
}

// Invalid returns values that break the schema, each for the reason that it
// gives, and what could not be made.
func (g *Generator) Invalid(s *schema.Schema) ([]Value, []contract.Gap) {
	m := g.maker(s)
	defer m.mu.Unlock()
	if m.invalid == nil {
		m.begin()
		m.invalid = m.allInvalid()
		m.end()
	}
	return m.invalid.values, m.invalid.gaps
}

// Random draws a value that fits the schema, often at its edges; false where none
// was found.
func (g *Generator) Random(s *schema.Schema, rng *rand.Rand) (any, bool) {
	m := g.maker(s)
	defer m.mu.Unlock()
	return m.random(rng)
}

// results are the values of one kind with the gaps.
type results struct {
	values []Value
	gaps   []contract.Gap
}

// allValid puts the values of the whole first, then those of the parts.
func (m *maker) allValid() *results {
	first, err := m.ordinary()
	if err != nil {
		return &results{gaps: []contract.Gap{{Rule: contract.RuleOrdinary, Why: "no value that fits was made: " + err.Error()}}}
	}
	set := found{values: []Value{first}}
	if v, err := m.make(m.root, how{mode: minimal}); err == nil && isDeep(v) {
		set.add(Value{Data: v, Rule: contract.RuleMinimal, Why: "nothing that is optional is there"})
	}
	if v, err := m.largest(); err == nil && isDeep(v) {
		set.add(Value{Data: v, Rule: contract.RuleMaximal, Why: "everything that is optional is there"})
	}
	set.join("", m.variants(m.root, variantDepth, ""))
	return m.checked(&set, true)
}

func (m *maker) allInvalid() *results {
	if _, err := m.ordinary(); err != nil {
		return &results{gaps: []contract.Gap{{Why: "no value that breaks it for one reason was made, as there is none that fits: " + err.Error()}}}
	}
	return m.checked(m.broken(m.root, variantDepth, ""), false)
}

// checked keeps what is as it should be, once. That a value is no further one
// never leaves a rule without one: which rules there are does not hang on what was
// drawn.
func (m *maker) checked(set *found, want bool) *results {
	out := &results{}
	kept, seen := map[test]bool{}, map[string]bool{}
	for _, v := range set.values {
		if !m.passes(set, &v, want) {
			continue
		}
		t := v.test()
		key, _ := canonical(v.Data, maxSize)
		if seen[key] && kept[t] {
			continue
		}
		seen[key] = true
		if len(out.values) >= maxValues {
			set.left++
			continue
		}
		kept[t] = true
		if v.Source == "" {
			v.Source = contract.FromSchema
		}
		out.values = append(out.values, v)
	}
	for _, g := range set.tried {
		if t := (test{string(g.At), g.Rule}); !kept[t] {
			kept[t] = true
			set.gaps = append(set.gaps, g)
		}
	}
	out.gaps = set.told()
	return out
}

// test is what a value is about.
type test struct {
	at   string
	rule contract.Rule
}

func (v *Value) test() test { return test{v.At, v.Rule} }

// passes reports whether a value is as it should be. One that should be refused
// and is allowed is no gap: nothing there can be broken.
func (m *maker) passes(set *found, v *Value, want bool) bool {
	bytes := size(v.Data, maxSize)
	if !m.spend(1 + bytes/32) {
		set.left++
		return false
	}
	if v.Rule != contract.RuleOversized && bytes > maxSize {
		set.try(*v)
		return false
	}
	if want {
		ok := m.schema.Valid(v.Data)
		if !ok {
			set.try(*v)
		}
		return ok
	}
	broken, alone := m.isBroken(v)
	if broken && !alone {
		set.try(*v)
	}
	return alone
}
