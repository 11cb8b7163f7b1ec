package values

import (
	"math/rand/v2"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// randomTries bounds the values that are drawn for one that fits.
	randomTries = 8
	// randomDepth is how deep a random value is filled in.
	randomDepth = 5
	// maxMade is how many parts are kept from one random value to the next, of
	// which most are texts and numbers.
	maxMade = 10_000
)

// random draws a value; where none fits, it is one of the valid ones.
func (m *maker) random(rng *rand.Rand) (any, bool) {
	if m.root == nil || len(m.made) > maxMade {
		m.begin()
	}
	m.work = maxWork
	if m.first == nil {
		_, _ = m.ordinary() // says how deep values are
	}
	for range randomTries {
		steps := 400
		if v, ok := m.draw(m.root, rng, randomDepth, "", &steps); ok && small(v, maxSize) && m.schema.Valid(v) {
			return v, true
		}
	}
	if m.valid == nil {
		m.begin()
		m.valid = m.allValid()
	}
	if len(m.valid.values) == 0 {
		return nil, false
	}
	return m.valid.values[rng.IntN(len(m.valid.values))].Data, true
}

// draw makes a value of a random way through the unions. steps bounds the parts
// of one value.
func (m *maker) draw(n *node, rng *rand.Rand, depth int, hint string, steps *int) (any, bool) {
	alts := m.alternatives(n)
	if *steps--; *steps < 0 || len(alts) == 0 || depth < -bottom {
		return nil, false
	}
	sh := m.shape(alts[rng.IntN(len(alts))])
	order := inOrder(sh)
	if len(order) == 0 {
		return nil, false
	}
	k := order[0]
	if rng.IntN(4) == 0 {
		k = order[rng.IntN(len(order))]
	}
	if !sh.isFixed && depth > 0 {
		switch k {
		case isObject:
			return m.drawObject(sh, rng, depth, steps)
		case isArray:
			return m.drawArray(sh, rng, depth, hint, steps)
		}
	}
	return m.drawLeaf(n, rng, depth, hint)
}

// drawLeaf takes a value at an edge, or an ordinary one of a random salt.
func (m *maker) drawLeaf(n *node, rng *rand.Rand, depth int, hint string) (any, bool) {
	if list := m.variants(n, 0, hint).values; len(list) > 0 && rng.IntN(2) == 0 {
		return list[rng.IntN(len(list))].Data, true
	}
	v, err := m.make(n, how{depth: min(depth, 0), hint: hint, salt: rng.IntN(64)})
	return v, err == nil
}

func (m *maker) drawObject(sh *shape, rng *rand.Rand, depth int, steps *int) (any, bool) {
	b := &builder{m, sh, how{}, map[string]any{}}
	share := 1 + rng.IntN(4)
	for _, name := range append(slices.Clone(sh.required), sh.declared...) {
		if _, there := b.object[name]; there {
			continue
		}
		need := slices.Contains(sh.required, name)
		schemas, ok := m.property(sh, name)
		if !need && (b.full() || !ok || sh.leftOut(schemas) || rng.IntN(4) >= share) {
			continue
		}
		v, ok := m.drawProperty(schemas, rng, depth, name, steps)
		if ok {
			b.object[name] = v
		} else if need {
			return nil, false
		}
	}
	if sh.hasExtra() && rng.IntN(3) == 0 && !b.full() {
		b.further()
	}
	return b.object, b.depending() == nil && b.fill(sh.minProperties) == nil
}

func (m *maker) drawProperty(schemas []*jsonschema.Schema, rng *rand.Rand, depth int, name string, steps *int) (any, bool) {
	return m.draw(m.node(schemas...), rng, depth-1, name, steps)
}

func (m *maker) drawArray(sh *shape, rng *rand.Rand, depth int, hint string, steps *int) (any, bool) {
	n := sh.minItems + rng.IntN(5)
	if sh.maxItems >= 0 {
		n = min(n, sh.maxItems)
	}
	if n > 64 {
		list, err := m.array(sh, n, how{hint: hint})
		return list, err == nil
	}
	list, seen := make([]any, 0, n), map[string]bool{}
	for i := 0; i < n; i++ {
		v, ok := m.draw(m.node(m.itemSchemas(sh, i)...), rng, depth-1, hint, steps)
		key, _ := canonical(v, maxSize)
		if !ok || sh.unique && seen[key] {
			if i >= sh.minItems && i >= sh.prefix {
				break
			}
			return nil, false
		}
		seen[key] = true
		list = append(list, v)
	}
	return list, true
}
