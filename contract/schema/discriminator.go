package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Discriminator is the property of objects that names the schema which they are
// meant for (OpenAPI 3.0 section 4.7.25, 3.1 section 4.8.25).
//
// With it, a value must fit the branch that it names, and may fit others beside:
// branches that allow further properties often do.
type Discriminator struct {
	Property string
	// Names holds the values that are allowed, and which branch of OneOf, or where
	// that is empty of AnyOf, they name; -1 where the schema has no branches but
	// others extend it.
	Names map[string]int
	// Inline tells that some branches have no name. A value that names none is held
	// against them all.
	Inline bool
}

// Validate does nothing: the schema's own validation uses the discriminator.
func (d *Discriminator) Validate(*jsonschema.ValidatorContext, any) {}

// DiscriminatorOf returns the discriminator of a compiled schema, nil where it has
// none.
func DiscriminatorOf(s *jsonschema.Schema) *Discriminator {
	for _, e := range s.Extensions {
		if d, ok := e.(*Discriminator); ok {
			return d
		}
	}
	return nil
}

// keyDiscriminator is where the translation leaves the discriminator for the
// compiler.
const keyDiscriminator = "x-twinspect-discriminator"

func (d *Discriminator) chooses(object map[string]any) bool {
	name, ok := object[d.Property].(string)
	if !ok {
		return false
	}
	_, known := d.Names[name]
	return known
}

func (r *run) discriminated(s *jsonschema.Schema, d *Discriminator, object map[string]any, own *seen) bool {
	value, has := object[d.Property]
	if !has {
		return r.fail(s, "discriminator", func() string {
			return "the property " + quote(d.Property) + " is missing, which names the schema"
		})
	}
	name, isText := value.(string)
	i, known := d.Names[name]
	if !isText || !known {
		r.path = append(r.path, token{d.Property, -1})
		r.fail(s, "discriminator", func() string {
			return fmt.Sprintf("must name a schema, one of %s; it is %s", d.list(), describe(value))
		})
		r.path = r.path[:len(r.path)-1]
		return false
	}
	branches := s.OneOf
	if len(branches) == 0 {
		branches = s.AnyOf
	}
	if i < 0 || i >= len(branches) {
		return true
	}
	return r.eval(branches[i], object, own)
}

func (d *Discriminator) list() string {
	names := slices.Sorted(maps.Keys(d.Names))
	values := make([]any, len(names))
	for i := range names {
		values[i] = names[i]
	}
	return showAll(values)
}

// discriminate reads the discriminator of a schema.
func (t *translator) discriminate(e *edit, at spot) {
	raw, ok := e.from["discriminator"]
	if !ok {
		return
	}
	here := at.child("discriminator")
	object, _ := raw.(map[string]any)
	property, ok := object["propertyName"].(string)
	if !ok {
		t.problem(here, "a discriminator is an object with a propertyName; it is ignored")
		return
	}
	d := &Discriminator{Property: property, Names: make(map[string]int)}
	branches, where := t.branches(e.from, at, d)
	if branches == nil {
		t.extensions(at, d)
	}
	mapping, _ := object["mapping"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		t.mapped(d, name, mapping[name], branches, where, here)
	}
	if len(d.Names) > 0 {
		e.set(keyDiscriminator, d)
	}
}

// branches finds where the branches of a union stand, and gives them the names
// of their schemas.
func (t *translator) branches(object map[string]any, at spot, d *Discriminator) ([]spot, string) {
	key := "oneOf"
	list := listOf(object[key])
	if len(list) == 0 {
		key = "anyOf"
		list = listOf(object[key])
	}
	var spots []spot
	for i, branch := range list {
		here := at.child(key).child(itoa(i))
		ref, ok := refOf(branch)
		if !ok {
			d.Inline = true
			spots = append(spots, here)
			continue
		}
		target, err := t.side.set.resolve(here, ref)
		if err == nil {
			d.Names[schemaName(ref)] = i
		}
		spots = append(spots, target)
	}
	return spots, key
}

// schemaName is the name of the schema that a reference leads to: its last part.
func schemaName(ref string) string {
	name := ref[strings.LastIndexAny(ref, "/#")+1:]
	if !strings.Contains(ref, "#") {
		name, _, _ = strings.Cut(name, ".") // of a file
	}
	return unescape(name)
}

// mapped adds a name of the mapping, whose value is a reference or the name of a
// component.
func (t *translator) mapped(d *Discriminator, name string, value any, branches []spot, key string, at spot) {
	at = at.child("mapping").child(name)
	ref, ok := value.(string)
	if !ok {
		t.problem(at, "a mapping is text, not %s; it is ignored", describe(value))
		return
	}
	if !strings.ContainsAny(ref, "/#.") {
		ref = "#/components/schemas/" + ref
	}
	target, err := t.side.set.resolve(at, ref)
	if err != nil {
		t.problem(at, "the mapping leads nowhere and is ignored: %v", err)
		return
	}
	if branches == nil {
		d.Names[name] = -1
		return
	}
	i := slices.Index(branches, target)
	if i < 0 {
		t.problem(at, "the mapping leads to no branch of %s and is ignored", key)
		return
	}
	d.Names[name] = i
}

// extensions names the components that extend the schema at a spot by allOf, and
// the schema itself.
func (t *translator) extensions(at spot, d *Discriminator) {
	const components = "/components/schemas"
	all, _, err := t.side.set.lookup(spot{at.file, components}, 0)
	schemas, _ := all.(map[string]any)
	if err != nil || schemas == nil {
		return
	}
	for name := range schemas {
		here := spot{at.file, components}.child(name)
		if here == at || t.extends(schemas[name], here, at, 0) {
			d.Names[name] = -1
		}
	}
}

func (t *translator) extends(node any, at, parent spot, hops int) bool {
	object, _ := node.(map[string]any)
	for i, part := range listOf(object["allOf"]) {
		ref, ok := refOf(part)
		if !ok || hops > maxHops {
			continue
		}
		target, err := t.side.set.resolve(at.child("allOf").child(itoa(i)), ref)
		if err != nil {
			continue
		}
		if target == parent {
			return true
		}
		if next, there, err := t.side.set.lookup(target, 0); err == nil && t.extends(next, there, parent, hops+8) {
			return true
		}
	}
	return false
}
