package values

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
)

func (m *maker) breakObject(f *found, n *node, sh *shape, h how, depth int) {
	base, err := m.base(n, sh, h)
	if err != nil {
		return
	}
	for _, name := range sh.required {
		at := pointer.Join("", name)
		less := maps.Clone(base)
		delete(less, name)
		f.add(Value{Data: less, Rule: contract.RuleMissing, At: at, Why: "the required property " + name + " is missing"})
	}
	m.breakExtra(f, sh, base)
	m.breakDependent(f, sh, base)
	m.breakSize(f, sh, base)
	m.breakNames(f, sh, base)
	m.breakDiscriminator(f, sh, base)
	if depth <= 0 {
		return
	}
	var lists []list
	for _, name := range m.varying(sh, base) {
		schemas, ok := m.property(sh, name)
		at := pointer.Join("", name)
		if !ok {
			if slices.Contains(sh.declared, name) {
				f.add(Value{Data: m.with(sh, base, name, "unexpected"), Rule: "properties", At: at, Why: "the property " + name + " may not be there"})
			}
			continue
		}
		if sh.leftOut(schemas) && !slices.Contains(sh.required, name) || m.nameFits(sh, name) != nil {
			continue
		}
		child := m.broken(m.node(schemas...), depth-1, name)
		f.merge(at, child)
		lists = append(lists, list{child.values, at, func(v any) any { return m.with(sh, base, name, v) }})
	}
	f.take(lists, maxValues)
}

// breakExtra adds a property where none beside the declared ones may be.
func (m *maker) breakExtra(f *found, sh *shape, base map[string]any) {
	const name = "unexpected_property"
	rule := contract.Rule("")
	for _, s := range sh.schemas {
		switch {
		case s.AdditionalProperties == false || isNever(s.AdditionalProperties):
			rule = "additionalProperties"
		case rule == "" && isNever(s.UnevaluatedProperties):
			rule = "unevaluatedProperties"
		}
	}
	if rule == "" {
		return
	}
	more := maps.Clone(base)
	more[name] = "text"
	f.add(Value{Data: more, Rule: rule, At: "/" + name, Why: "a property that is not declared, where no further ones are allowed"})
}

func isNever(v any) bool {
	s, ok := v.(*jsonschema.Schema)
	return ok && s != nil && s.Bool != nil && !*s.Bool
}

func (m *maker) breakDependent(f *found, sh *shape, base map[string]any) {
	for _, name := range m.varying(sh, base) {
		needs := dependents(sh, name)
		if len(needs) == 0 {
			continue
		}
		schemas, ok := m.property(sh, name)
		if !ok {
			continue
		}
		v, err := m.make(m.node(schemas...), how{hint: name})
		if err != nil {
			continue
		}
		for _, need := range needs {
			less := m.with(sh, base, name, v)
			delete(less, need)
			f.add(Value{Data: less, Rule: "dependentRequired", At: pointer.Join("", need), Why: fmt.Sprintf("%s is there without %s, which it depends on", name, need)})
		}
	}
}

func (m *maker) breakSize(f *found, sh *shape, base map[string]any) {
	if n := sh.minProperties; n > 0 {
		less := maps.Clone(base)
		for _, name := range sorted(less) {
			if len(less) >= n && !slices.Contains(sh.required, name) {
				delete(less, name)
			}
		}
		if len(less) < n {
			f.add(Value{Data: less, Rule: "minProperties", Why: fmt.Sprintf("fewer than the %d properties that are needed", n)})
		} else {
			f.gap("", "minProperties", "the required properties are enough")
		}
	}
	if sh.maxProperties < 0 {
		return
	}
	loose := *sh
	loose.maxProperties = -1
	b := &builder{m, &loose, how{}, maps.Clone(base)}
	if err := b.fill(sh.maxProperties + 1); err != nil {
		f.gap("", "maxProperties", fmt.Sprintf("one property more than %d: %v", sh.maxProperties, err))
		return
	}
	f.add(Value{Data: b.object, Rule: "maxProperties", Why: fmt.Sprintf("one property more than the %d that are allowed", sh.maxProperties)})
}

// breakNames adds a property whose name is refused.
func (m *maker) breakNames(f *found, sh *shape, base map[string]any) {
	for _, s := range sh.schemas {
		if s.PropertyNames == nil {
			continue
		}
		for _, v := range m.broken(m.node(s.PropertyNames), 0, "name").values {
			name, ok := v.Data.(string)
			if !ok || len(name) > 1000 {
				continue
			}
			more := maps.Clone(base)
			more[name] = "text"
			if schemas, ok := m.property(sh, name); ok {
				if fit, err := m.make(m.node(schemas...), how{hint: name}); err == nil {
					more[name] = fit
				}
			}
			f.add(Value{Data: more, Rule: "propertyNames", Why: "a name of a property that is refused: " + v.Why})
			break
		}
	}
}

func (m *maker) breakDiscriminator(f *found, sh *shape, base map[string]any) {
	for _, s := range sh.schemas {
		d := schema.DiscriminatorOf(s)
		if d == nil {
			continue
		}
		more := maps.Clone(base)
		more[d.Property] = "no-such-schema"
		f.add(Value{Data: more, Rule: "discriminator", At: pointer.Join("", d.Property), Why: "a schema is named that there is not"})
	}
}
