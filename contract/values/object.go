package values

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// builder puts an object together.
type builder struct {
	m      *maker
	sh     *shape
	h      how
	object map[string]any
}

// object makes an object.
func (m *maker) object(sh *shape, h how) (map[string]any, error) {
	b := &builder{m, sh, h, map[string]any{}}
	for _, name := range sh.required {
		if err := b.put(name); err != nil {
			return nil, fmt.Errorf("property %s: %w", name, err)
		}
	}
	if h.mode != minimal && h.depth > 0 {
		b.optional()
	}
	if err := b.depending(); err != nil {
		return nil, err
	}
	if h.mode == maximal && h.depth > 0 || len(sh.declared) == 0 && h.mode == ordinary && h.depth > 0 {
		b.further()
	}
	if err := b.fill(sh.minProperties); err != nil {
		return nil, err
	}
	return b.object, b.depending()
}

// put makes a property.
func (b *builder) put(name string) error {
	if _, ok := b.object[name]; ok {
		return nil
	}
	schemas, ok := b.m.property(b.sh, name)
	if !ok {
		return fmt.Errorf("it may not be there")
	}
	if err := b.m.nameFits(b.sh, name); err != nil {
		return err
	}
	v, err := b.m.make(b.m.node(schemas...), b.h.below(name))
	if err == nil {
		b.object[name] = v
	}
	return err
}

// nameFits holds a name against the schemas of names.
func (m *maker) nameFits(sh *shape, name string) error {
	for _, s := range sh.schemas {
		if s.PropertyNames != nil && !m.keeps(s.PropertyNames, name) {
			return fmt.Errorf("the name %q is not allowed", name)
		}
	}
	return nil
}

// optional adds what is declared and may be there: in an ordinary value nothing
// that is deprecated, and never what the direction leaves out.
func (b *builder) optional() {
	for _, name := range b.sh.declared {
		if b.full() {
			return
		}
		schemas, ok := b.m.property(b.sh, name)
		if !ok || b.sh.leftOut(schemas) {
			continue
		}
		if b.h.mode == ordinary && slices.ContainsFunc(schemas, func(s *jsonschema.Schema) bool { return s.Deprecated }) {
			continue
		}
		_ = b.put(name) // its variants tell why it could not be made
	}
}

func (b *builder) full() bool {
	return b.sh.maxProperties >= 0 && len(b.object) >= b.sh.maxProperties
}

// depending adds what depends on what is there; what then cannot be there is
// taken out.
func (b *builder) depending() error {
	for range 2 + len(b.sh.declared) {
		changed := false
		for _, name := range sorted(b.object) {
			if _, there := b.object[name]; !there {
				continue
			}
			for _, need := range dependents(b.sh, name) {
				if _, there := b.object[need]; there {
					continue
				}
				changed = true
				if err := b.put(need); err == nil {
					continue
				} else if slices.Contains(b.sh.required, name) {
					return fmt.Errorf("property %s, which %s depends on: %w", need, name, err)
				}
				delete(b.object, name)
				break
			}
		}
		if !changed {
			break
		}
	}
	return nil
}

// dependents returns the properties that must be there where name is.
func dependents(sh *shape, name string) []string {
	var out []string
	for _, s := range sh.schemas {
		out = append(out, s.DependentRequired[name]...)
		if list, ok := s.Dependencies[name].([]string); ok {
			out = append(out, list...)
		}
	}
	return out
}

// further adds one property of each pattern, and one that is not declared where
// there is a schema for such.
func (b *builder) further() {
	for _, name := range b.m.patternNames(b.sh) {
		if !b.full() {
			_ = b.put(name)
		}
	}
	if b.sh.hasExtra() && !b.full() {
		if name, ok := b.m.extraName(b.sh, 0, b.object); ok {
			_ = b.put(name)
		}
	}
}

// hasExtra reports whether there is a schema for properties that are not
// declared.
func (sh *shape) hasExtra() bool {
	return slices.ContainsFunc(sh.schemas, func(s *jsonschema.Schema) bool {
		extra, ok := s.AdditionalProperties.(*jsonschema.Schema)
		return ok && (extra.Bool == nil || *extra.Bool)
	})
}

// patternNames returns a name for each pattern of properties.
func (m *maker) patternNames(sh *shape) []string {
	var out []string
	for _, s := range sh.schemas {
		for _, re := range expressions(s) {
			p, err := m.pattern(re.String())
			if err != nil {
				continue
			}
			if name, err := p.Generate(m.source(m.node(s), how{hint: re.String(), fixed: true}), 1, 24); err == nil {
				out = append(out, name)
			}
		}
	}
	return out
}

// extraName returns a name that is not declared and may be there.
func (m *maker) extraName(sh *shape, from int, have map[string]any) (string, bool) {
	for i := range 32 {
		name := fmt.Sprintf("extra%d", from+i+1)
		if i >= 8 {
			var ok bool
			if name, ok = m.nameBySchema(sh, from+i-8); !ok {
				return "", false
			}
		}
		_, there := have[name]
		if !there && !slices.Contains(sh.declared, name) && m.nameFits(sh, name) == nil {
			return name, true
		}
	}
	return "", false
}

// nameBySchema makes a name that the schemas of names allow.
func (m *maker) nameBySchema(sh *shape, salt int) (string, bool) {
	var text jsonschema.Types
	text.Add("string")
	schemas := []*jsonschema.Schema{{DraftVersion: draft, Types: &text}}
	for _, s := range sh.schemas {
		if s.PropertyNames != nil {
			schemas = append(schemas, s.PropertyNames)
		}
	}
	v, err := m.find(&node{schemas: schemas, mark: fingerprint(schemas)}, how{salt: salt + 1, hint: "name", fixed: true})
	name, ok := v.(string)
	return name, ok && err == nil
}

// fill adds properties until there are n.
func (b *builder) fill(n int) error {
	if n > maxItemsMade/10 {
		return fmt.Errorf("an object of %d properties is larger than those that are made", n)
	}
	for _, name := range append(slices.Clone(b.sh.declared), b.m.patternNames(b.sh)...) {
		schemas, ok := b.m.property(b.sh, name)
		if len(b.object) < n && ok && !b.sh.leftOut(schemas) {
			_ = b.put(name)
		}
	}
	for i := 0; len(b.object) < n; i++ {
		name, ok := b.m.extraName(b.sh, i, b.object)
		if !ok || i > 2*n+8 {
			return fmt.Errorf("no %d properties were found that may be there", n)
		}
		if err := b.put(name); err != nil {
			return fmt.Errorf("property %s: %w", name, err)
		}
	}
	return nil
}

// with returns a copy of an object with a property, and what depends on it.
func (m *maker) with(sh *shape, object map[string]any, name string, v any) map[string]any {
	b := &builder{m, sh, how{}, maps.Clone(object)}
	if b.object == nil {
		b.object = map[string]any{}
	}
	_, had := b.object[name]
	if !had && b.full() {
		for _, other := range sorted(b.object) {
			if !slices.Contains(sh.required, other) {
				delete(b.object, other)
				break
			}
		}
	}
	b.object[name] = v
	if !had && len(dependents(sh, name)) > 0 {
		_ = b.depending()
		b.object[name] = v
	}
	return b.object
}
