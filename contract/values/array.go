package values

import (
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
)

// maxItemsMade is how many items are made: one byte and a comma each would fill a
// value, and a server that takes a hundred thousand takes more.
const maxItemsMade = 100_000

// items returns how many items an array gets.
func (sh *shape) items(h how) int {
	n := sh.minItems
	switch {
	case h.mode == minimal, h.depth <= 0:
	case h.mode == maximal:
		n = max(n, sh.prefix, 3)
	default:
		n = max(n, sh.prefix, 1)
	}
	if sh.maxItems >= 0 {
		n = min(n, max(sh.maxItems, sh.minItems))
	}
	return n
}

// array makes an array of n items.
func (m *maker) array(sh *shape, n int, h how) (any, error) {
	if sh.maxItems >= 0 && n > sh.maxItems {
		return nil, fmt.Errorf("no array has at least %d items and at most %d", n, sh.maxItems)
	}
	return m.items(sh, n, h)
}

// items makes n items, whatever the bounds say of their number.
func (m *maker) items(sh *shape, n int, h how) (any, error) {
	if n > maxItemsMade {
		return nil, fmt.Errorf("an array of %d items is longer than the %d that are made", n, maxItemsMade)
	}
	list := make([]any, 0, n)
	seen, size := map[string]bool{}, 0
	var last *node
	var v any
	var key string
	for i := range n {
		if same := m.node(m.itemSchemas(sh, i)...); same != last || sh.unique {
			last = same
			var err error
			if v, key, err = m.item(sh, i, h, seen); err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
		}
		if size += len(key); size > maxSize {
			return nil, fmt.Errorf("an array of %d items has more than %d bytes", n, maxSize)
		}
		seen[key] = true
		list = append(list, v)
	}
	return list, nil
}

// item makes the i-th item, other than those before it where they must be
// unique.
func (m *maker) item(sh *shape, i int, h how, seen map[string]bool) (any, string, error) {
	return m.itemOf(sh, m.node(m.itemSchemas(sh, i)...), i, h, seen)
}

func (m *maker) itemOf(sh *shape, n *node, i int, h how, seen map[string]bool) (any, string, error) {
	g := h.below(h.hint)
	if !sh.unique {
		v, err := m.make(n, g)
		key, _ := canonical(v, maxSize)
		return v, key, err
	}
	var err error
	for try := range 64 {
		g.salt = h.salt + i + try
		var v any
		if v, err = m.make(n, g); err != nil {
			continue
		}
		if key, _ := canonical(v, maxSize); !seen[key] {
			return v, key, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no further value that is unlike the %d before it was found", len(seen))
	}
	return nil, "", err
}

// itemSchemas are those of the i-th item, what "contains" asks for included: the
// first items after the prefix are those that it counts.
func (m *maker) itemSchemas(sh *shape, i int) []*jsonschema.Schema {
	schemas := item(sh, i)
	start := sh.prefix
	for _, s := range sh.schemas {
		if s.Contains == nil {
			continue
		}
		need := 1
		if s.MinContains != nil {
			need = *s.MinContains
		}
		from := start
		if sh.maxItems >= 0 {
			from = max(min(from, sh.maxItems-need), 0)
		}
		if i >= from && i < from+need {
			schemas = append(slices.Clip(schemas), s.Contains)
		} else if s.MaxContains != nil {
			schemas = append(slices.Clip(schemas), m.not(s.Contains))
		}
		start += need
	}
	return schemas
}

// not returns the schema that refuses what s allows, the same one for the same s.
func (m *maker) not(s *jsonschema.Schema) *jsonschema.Schema {
	n, ok := m.nots[s]
	if !ok {
		n = &jsonschema.Schema{DraftVersion: draft, Not: s}
		m.nots[s] = n
	}
	return n
}

// breakContains makes arrays with one item too few and one too many of those that
// "contains" counts.
func (m *maker) breakContains(f *found, sh *shape, s *jsonschema.Schema, size int, h how) {
	add := func(count, size int, rule contract.Rule, why string) {
		list, err := m.counted(sh, s.Contains, count, max(size, count), h)
		if err != nil {
			f.gap("", rule, why+": "+err.Error())
			return
		}
		f.add(Value{Data: list, Rule: rule, Why: why})
	}
	need := 1
	if s.MinContains != nil {
		need = *s.MinContains
	}
	if need > 0 {
		add(need-1, size, "contains", fmt.Sprintf("one item fewer than the %d that must be among them", need))
	}
	if s.MaxContains != nil {
		add(*s.MaxContains+1, size, "maxContains", fmt.Sprintf("one item more than the %d that may be among them", *s.MaxContains))
	}
}

// counted makes an array of which so many items fit a schema, and no others.
func (m *maker) counted(sh *shape, of *jsonschema.Schema, count, size int, h how) (any, error) {
	if size > maxItemsMade || sh.maxItems >= 0 && size > sh.maxItems {
		return nil, fmt.Errorf("no array of %d items is made", size)
	}
	list, seen := make([]any, 0, size), map[string]bool{}
	for i := range size {
		also := of
		if i >= count {
			also = m.not(of)
		}
		v, key, err := m.itemOf(sh, m.node(append(slices.Clip(item(sh, i)), also)...), i, h, seen)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		seen[key] = true
		list = append(list, v)
	}
	return list, nil
}
